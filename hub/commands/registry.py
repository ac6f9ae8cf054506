"""`hub registry`: link the persons of all sources, and say how far that is."""

import asyncio

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from hub.audit.events import Event
from hub.config import load_settings
from hub.keys import load_keys
from hub.linking import link_sources
from hub.operator_desk import STATEMENT_SECONDS, OperatorDesk, run_at_desk, run_command
from hub.registry.rotation import reseal_registry
from hub.registry.runs import RegistryStatus, RunStore
from hub.registry.sealing import RegistrySeal
from hub.sources import open_sources
from hub.store.database import open_database
from hub.store.pool import open_pool
from schema.errors import ConfigurationError
from schema.vocabulary import Source

__all__ = ["command"]


@click.group("registry")
def command() -> None:
    """The registry: which source knows which person under which key."""


@command.command("build")
def build() -> None:
    """Scan the persons of every source and link those who agree exactly. Interrupted, it goes on where it stopped."""
    _print(run_command(lambda: asyncio.run(_build())))


async def _build() -> RegistryStatus:
    settings = load_settings()
    keys = load_keys(settings)
    if not settings.sources:
        raise ConfigurationError("no source is configured")
    async with open_database(settings) as database, open_sources(settings, keys) as sources:
        with _Bar() as bar:
            await link_sources(settings, keys, database, sources, bar.advance)
        async with await open_pool(database.service_url, 2, STATEMENT_SECONDS) as pool:
            return await RunStore(pool, RegistrySeal(keys)).status()


@command.command("status")
def status() -> None:
    """Say how many persons are linked, and what became of each source's in the last build."""

    async def work(desk: OperatorDesk) -> RegistryStatus:
        return await RunStore(desk.pool, RegistrySeal(desk.keys)).status()

    _print(run_at_desk(work))


@command.command("reseal")
def reseal() -> None:
    """After a rotation of the key `crosswalk`: seal every row under its newest version."""

    async def work(desk: OperatorDesk) -> int:
        await desk.record(Event.OPERATOR_COMMAND, {"command": "registry reseal", "outcome": "started"})
        return await reseal_registry(desk.pool, desk.keys)

    click.echo(f"{run_at_desk(work)} rows sealed again")


class _Bar:
    """A line per source on stderr: persons so far, and the time."""

    def __init__(self) -> None:
        columns = (SpinnerColumn(), TextColumn("{task.description:<16}{task.completed:>9.0f} persons"))
        self._progress = Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True))
        self._tasks = {source: self._progress.add_task(source.value, start=False, total=None) for source in Source}

    def advance(self, source: Source, persons: int) -> None:
        """So many persons more; the first call of a source starts its clock."""
        task = self._tasks[source]
        self._progress.start_task(task)
        self._progress.advance(task, persons)

    def __enter__(self) -> "_Bar":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()


def _print(status: RegistryStatus) -> None:
    state = "a build is unfinished" if status.building else "no build has run"
    if status.finished_at is not None:
        state = f"last build ended {status.finished_at:%Y-%m-%d %H:%M} UTC"
    click.echo(f"{status.migrants} migrants, {status.links} links; {state}")
    if not status.counts:
        return
    names = ("persons", "created", "linked", "known", "unnumbered", "probable", "duplicate")
    table = Table("source", *names)
    for source, counts in status.counts.items():
        table.add_row(source.value, *(str(getattr(counts, name)) for name in names))
    Console(width=None if Console().is_terminal else 120).print(table)
