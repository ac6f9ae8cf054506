"""A migrated registry database, emptied before each test, and a small town of five sources."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import asyncpg
import pytest

from connectors.contract import Row, ScanPage
from hub.registry.build import BatchReport, RegistryBuild
from hub.registry.crosswalk import Crosswalk
from hub.registry.sealing import RegistrySeal
from hub.store.migrate import migrate
from hub.store.pool import Pool, open_pool
from privacy.keys import KeyRing
from privacy.sector_ids import SectorIds
from schema.identity import check_digit
from schema.ids import SourceKey
from schema.vocabulary import Source

RING = KeyRing.from_seed(bytes(32))
IDS = SectorIds(RING)
SEAL = RegistrySeal(RING)
TABLES = "migrants, identities, links, registry_runs, registry_progress, budget_subjects, budget_days RESTART IDENTITY"


@dataclass
class Registry:
    """One empty registry: opens a pool, runs a test's coroutine with it."""

    owner_url: str
    service_url: str
    ring: KeyRing = RING

    def run(self, work: Callable[[Pool], Awaitable[Any]]) -> Any:
        """Run `work` with a pool of the service role."""

        async def inside() -> Any:
            async with await open_pool(self.service_url, 4) as pool:
                return await work(pool)

        return asyncio.run(inside())

    def crosswalk(self, pool: Pool) -> Crosswalk:
        """A crosswalk under this registry's keys."""
        return Crosswalk(pool, self.ring, SectorIds(self.ring))

    def build(self, town: "Town", **options: Any) -> Any:
        """Build from a town with a recorder that keeps what it is given; (counts, reports)."""
        reports: list[BatchReport] = []

        async def record(report: BatchReport) -> None:
            reports.append(report)

        async def work(pool: Pool) -> Any:
            return await RegistryBuild(pool, self.ring, record, **options).run(town.connectors())

        return self.run(work), reports


@pytest.fixture(scope="session")
def _registry_database(postgres: Any) -> Registry:
    url = postgres.create_database()
    asyncio.run(migrate(url))
    return Registry(url, postgres.service_url(url))


@pytest.fixture
def registry(_registry_database: Registry) -> Registry:
    """An empty registry."""

    async def empty() -> None:
        connection = await asyncpg.connect(_registry_database.owner_url)
        await connection.execute(f"TRUNCATE {TABLES}")
        await connection.close()

    asyncio.run(empty())
    return _registry_database


class Roll:
    """One source's persons as a connector scans them, in key order; `fail_after` pages it drops the connection."""

    synthetic = True

    def __init__(self, source: Source, rows: dict[str, Row]) -> None:
        self.source = source
        self.rows = rows
        self.fail_after: int | None = None
        self.scanned: list[tuple[tuple[str, ...], str | None]] = []

    async def scan(
        self, collection: str, columns: Sequence[str], after: str | None, limit: int
    ) -> AsyncIterator[ScanPage]:
        """Pages of at most `limit`, from after the cursor."""
        self.scanned.append((tuple(columns), after))
        assert collection == f"{self.source.value.replace('-', '_')}.persons"
        keys = sorted(key for key in self.rows if after is None or key > after)
        for count, start in enumerate(range(0, max(len(keys), 1), limit)):
            if self.fail_after == count:
                raise ConnectionResetError
            chunk = keys[start : start + limit]
            end = start + limit >= len(keys)
            items = [(SourceKey(key), self.rows[key][: len(columns)]) for key in chunk]
            yield ScanPage(items, None if end else chunk[-1])


@dataclass
class Citizen:
    """The truth about one person."""

    name: str
    number: str
    born: date
    residence: str
    origin: str
    keys: dict[Source, str] = field(default_factory=dict)


class Town:
    """Persons and the sources that know them."""

    def __init__(self) -> None:
        self.citizens: list[Citizen] = []
        self.rolls = {source: Roll(source, {}) for source in Source}

    def add(self, citizen: Citizen, *sources: Source, **changes: Any) -> Citizen:
        """Enter a person in sources' registers, with what those write differently."""
        if citizen not in self.citizens:
            self.citizens.append(citizen)
        for source in sources:
            key = citizen.keys.setdefault(source, f"{source.value[:2].upper()}{len(self.rolls[source].rows):06d}")
            values = {"kind": "RESIDENT_ID", "number": citizen.number, "name": citizen.name, "born": citizen.born}
            values |= changes
            counties = (citizen.residence, citizen.origin) if source is Source.POLICE else ()
            self.rolls[source].rows[key] = (*values.values(), *counties)
        return citizen

    def connectors(self) -> dict[Source, Any]:
        """The sources, as a build takes them."""
        return dict(self.rolls)


def citizen(number: int, *, born: date | None = None, residence: str = "320505") -> Citizen:
    """A made-up person; the same for the same number."""
    dice = random.Random(number)  # noqa: S311  (repeatable, not secret)
    born = born or date(1960, 1, 1) + timedelta(days=dice.randrange(16_000))
    digits = f"41{dice.randrange(1, 19):02d}{dice.randrange(21, 30)}{born:%Y%m%d}{dice.randrange(1000):03d}"
    name = dice.choice("赵钱孙李周吴郑王") + dice.choice("安博成达恩") + dice.choice("飞刚海江康")
    return Citizen(f"{name}{number}", digits + check_digit(digits), born, residence, digits[:6])


@pytest.fixture
def town() -> Town:
    """Sixty persons, each known to two sources or more, half of them to all five."""
    made = Town()
    sources = list(Source)
    for number in range(60):
        made.add(citizen(number), *(sources if number % 2 else (sources[0], sources[1 + number % 4])))
    return made
