"""`python -m hub` is the `hub` command."""

from hub.commands import main

__all__: list[str] = []

if __name__ == "__main__":
    main()
