"""The pages that are written from the code: `make docs` rewrites them, a test keeps them fresh.

`python -m tests.reference [FOLDER]`, in a process of its own: click remembers help options from earlier invocations.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import click

from hub.commands import main as program
from schema.query import build_schema
from tests.house import ROOT

__all__ = ["PAGES", "write_pages"]

_WIDTH: Final = 110
_HEAD: Final = """# Commands

Every command and option, as `--help` prints them. Written by `make docs`.

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 refused or denied, 4 invalid. Errors are one line on standard error.
"""


def commands_page() -> str:
    """Help of every command, groups before what they hold."""
    return "\n".join([_HEAD, *_sections(program, "hub")])


def _sections(command: click.Command, name: str, parent: click.Context | None = None) -> Iterator[str]:
    sizes = {"terminal_width": _WIDTH, "max_content_width": _WIDTH}
    context = click.Context(command, parent, name, **{**command.context_settings, **sizes})
    text = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    yield f"## {context.command_path}\n\n```text\n{text}\n```\n"
    if isinstance(command, click.Group):
        for inner_name in command.list_commands(context):
            inner = command.get_command(context, inner_name)
            if inner is not None and not inner.hidden:
                yield from _sections(inner, inner_name, context)


def schema_page() -> str:
    """The schema in GraphQL's definition language."""
    return build_schema().as_str() + "\n"


PAGES: Final[Mapping[str, Callable[[], str]]] = {"commands.md": commands_page, "schema.graphql": schema_page}


def write_pages(folder: Path) -> None:
    """Write every page anew into a folder."""
    for name, render in PAGES.items():
        (folder / name).write_text(render(), encoding="utf-8")


if __name__ == "__main__":
    write_pages(Path(sys.argv[1]) if sys.argv[1:] else ROOT / "docs")
