"""`hub serve`: run the hub as its settings say."""

import asyncio
from pathlib import Path

import click

from hub.config import load_settings
from hub.demo.examples import demo_examples
from hub.logs import configure_logs
from hub.server import serve
from schema.errors import InternalError

__all__ = ["command"]


@click.command("serve")
@click.option("--config", type=click.Path(path_type=Path), help="TOML file with the settings.")
@click.option("--end-with-stdin", is_flag=True, help="End when standard input closes.")
def command(config: Path | None, end_with_stdin: bool) -> None:
    """Serve the API and the query page until asked to stop."""
    try:
        settings = load_settings(config)
        configure_logs(settings.log_level.value)
        asyncio.run(serve(settings, demo_examples(settings), with_stdin=end_with_stdin))
    except InternalError as error:
        raise click.ClickException(str(error)) from None
