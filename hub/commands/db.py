"""`hub db`: bring the hub's own database up to date, or say where it stands."""

import asyncio

import click

from hub.config import load_settings
from hub.operator_desk import run_command
from hub.store.database import open_database
from hub.store.migrate import SchemaStatus, read_schema_status

__all__ = ["command"]


@click.group("db")
def command() -> None:
    """The hub's own database."""


@command.command("migrate")
def migrate() -> None:
    """Apply the migrations that are missing; `hub serve` does the same when it starts."""
    click.echo(f"the database is at {run_command(lambda: asyncio.run(_status(upgrade=True))).current}")


@command.command("status")
@click.pass_context
def status(context: click.Context) -> None:
    """Say where the database stands. Exit code 1 unless it is up to date."""
    found = run_command(lambda: asyncio.run(_status(upgrade=False)))
    state = "up to date" if found.up_to_date else "older than this hub" if found.known else "newer than this hub"
    click.echo(f"the database is at {found.current or 'nothing'}, the hub expects {found.newest}: {state}")
    context.exit(0 if found.up_to_date else 1)


async def _status(*, upgrade: bool) -> SchemaStatus:
    async with open_database(load_settings(), upgrade=upgrade) as database:
        return await read_schema_status(database.owner_url)
