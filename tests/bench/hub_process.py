"""`hub`, with the bench's purpose in its catalogue: `python -m tests.bench.hub_process serve --config FILE …`."""

from hub.commands import main as hub
from tests.bench.permission import widened_catalogue

__all__ = ["main"]


def main() -> None:
    """Run the command line as installed."""
    with widened_catalogue():
        hub()


if __name__ == "__main__":
    main()
