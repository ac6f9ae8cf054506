"""How far a build is: one run over all sources, with a sealed cursor and counts per source."""

from collections.abc import Mapping
from dataclasses import astuple, dataclass, field, fields
from datetime import datetime
from typing import Final

from hub.registry.linkage import Counts
from hub.registry.sealing import RegistrySeal
from hub.store.pool import Connection, Pool
from schema.errors import StorageError
from schema.vocabulary import Source

__all__ = ["BUILD_LOCK", "Progress", "RegistryStatus", "RunStore"]

BUILD_LOCK: Final = "SELECT pg_advisory_xact_lock(7020111)"
"""One build writes at a time; flags lock the rows they change instead."""

_NAMES: Final = tuple(one.name for one in fields(Counts))
_COLUMNS: Final = ", ".join(_NAMES)
_OPEN_RUN: Final = "SELECT max(run_id) FROM registry_runs WHERE finished_at IS NULL"
_NEW_RUN: Final = "INSERT INTO registry_runs (started_at) VALUES ($1) RETURNING run_id"
_NEW_PROGRESS: Final = f"""
INSERT INTO registry_progress (run_id, source, finished, {_COLUMNS})
VALUES ($1, $2, false, {", ".join("0" for _ in _NAMES)}) ON CONFLICT DO NOTHING
"""  # noqa: S608  (column names of our own table)
_READ_PROGRESS: Final = f"""
SELECT source, cursor, finished, {_COLUMNS} FROM registry_progress WHERE run_id = $1
"""  # noqa: S608
_SAVE_PROGRESS: Final = f"""
UPDATE registry_progress SET cursor = $3, finished = $4,
    ({_COLUMNS}) = ROW ({", ".join(f"${place}" for place in range(5, 5 + len(_NAMES)))})
WHERE run_id = $1 AND source = $2 AND NOT finished AND persons = ${5 + len(_NAMES)}
"""  # noqa: S608
_FINISH_RUN: Final = """
UPDATE registry_runs SET finished_at = $2 WHERE run_id = $1 AND finished_at IS NULL
AND NOT EXISTS (SELECT FROM registry_progress WHERE run_id = $1 AND NOT finished)
"""
_TOTALS: Final = f"""
SELECT source, {", ".join(f"sum({name})::bigint" for name in _NAMES)} FROM registry_progress
WHERE run_id = ANY($1::bigint[]) GROUP BY source
"""  # noqa: S608


@dataclass(slots=True)
class Progress:
    """Where one source stands in a run. `cursor` is the connector's; None before the first page."""

    run: int
    source: Source
    cursor: str | None = None
    finished: bool = False
    counts: Counts = field(default_factory=Counts)


@dataclass(frozen=True, slots=True)
class RegistryStatus:
    """The registry in numbers; `counts` are those of the last run, `building` whether it is unfinished."""

    migrants: int
    links: int
    building: bool
    finished_at: datetime | None
    counts: Mapping[Source, Counts]


class RunStore:
    """Reads and writes runs. Every method raises StorageError when the database fails."""

    def __init__(self, pool: Pool, seal: RegistrySeal) -> None:
        self._pool = pool
        self._seal = seal

    async def resume(self, sources: tuple[Source, ...], now: datetime) -> dict[Source, Progress]:
        """The unfinished run's progress, or a new run's, for these sources in this order."""
        async with self._pool.transaction() as connection:
            await connection.execute(BUILD_LOCK)
            run = await connection.fetchval(_OPEN_RUN) or await connection.fetchval(_NEW_RUN, now)
            await connection.executemany(_NEW_PROGRESS, [(run, source.value) for source in sources])
            rows = await connection.fetch(_READ_PROGRESS, run)
        found = {Source(row[0]): row for row in rows}
        return {source: self._progress(run, source, found[source]) for source in sources}

    async def save(self, connection: Connection, progress: Progress, before: int) -> None:
        """Store progress in the transaction of its batch; `before` is how many persons were done until then.

        Raises StorageError when another build has gone on from there meanwhile.
        """
        cursor = None if progress.cursor is None else self._seal.seal_cursor(progress.source, progress.cursor)
        place = (progress.run, progress.source.value, cursor, progress.finished)
        status = await connection.execute(_SAVE_PROGRESS, *place, *astuple(progress.counts), before)
        if status != "UPDATE 1":
            raise StorageError("another build of the registry is running")

    async def finish(self, run: int, now: datetime) -> None:
        """Close a run, if all of its sources are finished."""
        await self._pool.execute(_FINISH_RUN, run, now)

    async def status(self) -> RegistryStatus:
        """The registry in numbers."""
        run = await self._pool.fetchrow("SELECT run_id, finished_at FROM registry_runs ORDER BY run_id DESC LIMIT 1")
        rows = await self._pool.fetch(_TOTALS, [run[0]]) if run is not None else []
        return RegistryStatus(
            await self._pool.fetchval("SELECT count(*) FROM migrants"),
            await self._pool.fetchval("SELECT count(*) FROM links"),
            run is not None and run[1] is None,
            None if run is None else run[1],
            {source: Counts(*row[1:]) for source in Source for row in rows if row[0] == source.value},
        )

    def _progress(self, run: int, source: Source, row: tuple[object, ...]) -> Progress:
        _, cursor, finished, *counts = row
        opened = self._seal.open_cursor(source, cursor) if isinstance(cursor, bytes) else None
        return Progress(run, source, opened, bool(finished), Counts(*(int(str(count)) for count in counts)))
