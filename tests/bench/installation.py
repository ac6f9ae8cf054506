"""The bench's ground: one PostgreSQL with a database per department, a linked hub over it, and a plain crosswalk.

It lies in one folder and is made once: a second run with the same city finds it there. Anything else in the folder
that the bench made is removed first.
"""

import asyncio
import hashlib
import json
import secrets
import shutil
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from hub.city.directory import CityDirectory, write_city
from hub.clock import now
from hub.config import Settings, load_settings
from hub.demo.agreements import write_demo_agreements
from hub.demo.issuer import DemoIssuer
from hub.demo.systems.police import Reader, write_police_system
from hub.files import write_private
from hub.keys import KeyFile
from hub.linking import link_sources
from hub.postgres import EmbeddedServer
from hub.registry.sealing import RegistrySeal
from hub.sources import open_sources
from hub.store.database import DATABASE, OWNER_ROLE, open_database
from privacy.keys import KeyRing
from privacy.sector_ids import SectorIds
from schema.errors import ConfigurationError
from schema.vocabulary import Source
from tests.bench.databases import connected
from tests.bench.loading import SOURCES, bench_mapping, load_source
from tests.bench.permission import CALLER, JURISDICTION, write_agreements, write_policies

__all__ = ["BenchInstallation", "open_bench"]

_OWNER: Final = "bench_owner"
_READER: Final = "bench_reader"
_CROSSWALK: Final = "bench_crosswalk"
_MARK: Final = "bench.json"
_READ: Final = 5_000
_MAKERS: Final = ("loading.py", "installation.py", "mappings/*.yaml")
"""What the data in the databases depends on beside the city."""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class BenchInstallation:
    """What stands. `shipped` are the settings of a hub as shipped, `widened` of one with the bench's permission;
    `databases` the sources' addresses, `crosswalk` that of the plain crosswalk; they hold passwords."""

    folder: Path
    people: int
    server: EmbeddedServer
    shipped: Path
    widened: Path
    databases: Mapping[Source, str]
    crosswalk: str
    issuer: DemoIssuer
    keys: KeyRing
    audience: str

    @property
    def environment(self) -> dict[str, str]:
        """What a program without the hub needs to know, as JSON by variable name."""
        addresses = {source.value: url for source, url in self.databases.items()} | {"crosswalk": self.crosswalk}
        return {"BENCH_DATABASES": json.dumps(addresses)}


@asynccontextmanager
async def open_bench(folder: Path, people: int, seed: int, say: Say) -> AsyncIterator[BenchInstallation]:
    """Make the ground, or find it there; its PostgreSQL runs as long as this is open.

    Raises ConfigurationError when the folder holds something the bench did not make.
    """
    mark = json.dumps({"people": people, "seed": seed, "makers": _fingerprint()})
    fresh = _make_room(folder, mark)
    with EmbeddedServer.start(folder / "postgres") as server:
        databases = _make_databases(server)
        if fresh:
            city = await _timed(say, f"a city of {people} people", asyncio.to_thread(_city, folder, people, seed))
            await _timed(say, "five departments' databases", _load(server, city))
        bench = _set_up(folder, people, server, databases)
        if fresh:
            await _timed(say, "linked records", _link(load_settings(bench.shipped), bench.keys))
            await _timed(say, "the plain crosswalk", _copy_crosswalk(server, bench))
            (folder / _MARK).write_text(mark)
        yield bench


def _make_room(folder: Path, mark: str) -> bool:
    """Whether the ground has to be made. What is there and is not this city's goes."""
    if folder.is_dir() and any(folder.iterdir()):
        ours = (folder / _MARK).exists() or (folder / "bench.partial").exists()
        if not ours:
            raise ConfigurationError(f"{folder} holds something that is not the bench's")
        if (folder / _MARK).exists() and (folder / _MARK).read_text() == mark:
            return False
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o711)  # the server's account passes through
    (folder / "bench.partial").touch()
    return True


def _fingerprint() -> str:
    here, digest = Path(__file__).parent, hashlib.sha256()
    for pattern in _MAKERS:
        for path in sorted(here.glob(pattern)):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


async def _timed(say: Say, what: str, work: Any) -> Any:
    start = asyncio.get_running_loop().time()
    result = await work
    say(f"{what}: {asyncio.get_running_loop().time() - start:.0f} s")
    return result


def _city(folder: Path, people: int, seed: int) -> CityDirectory:
    return write_city(people, seed, folder / "city")


def _make_databases(server: EmbeddedServer) -> dict[Source, str]:
    for role in (_OWNER, _READER):
        server.create_role(role)
    for name in (*map(_database, Source), _CROSSWALK):
        server.create_database(name, _OWNER)
        server.allow_connection(name, _READER)
    return {source: server.url(_database(source), _READER) for source in Source}


def _database(source: Source) -> str:
    return f"bench_{source.value.replace('-', '_')}"


async def _load(server: EmbeddedServer, city: CityDirectory) -> None:
    await write_police_system(server.url(_database(Source.POLICE), _OWNER), city, Reader(_READER))
    for source in SOURCES:
        await load_source(server.url(_database(source), _OWNER), city, source, _READER)


def _set_up(folder: Path, people: int, server: EmbeddedServer, databases: Mapping[Source, str]) -> BenchInstallation:
    """Keys, agreements, policies, settings: written anew at every start."""
    shipped, widened = folder / "hub.toml", folder / "hub-widened.toml"
    _write_settings(shipped, databases, agreements=folder / "agreements")
    _write_settings(widened, databases, agreements=folder / "agreements-widened", policies=folder / "policies-widened")
    settings = load_settings(shipped)
    keys = KeyFile.of(settings).complete()
    expires = now() + timedelta(days=1)
    signer = keys.signer("agreement")
    write_demo_agreements(folder / "agreements", signer, jurisdiction=JURISDICTION, expires=expires)
    write_agreements(folder / "agreements-widened", signer, expires)
    write_policies(folder / "policies-widened")
    return BenchInstallation(
        folder=folder,
        people=people,
        server=server,
        shipped=shipped,
        widened=widened,
        databases=databases,
        crosswalk=server.url(_CROSSWALK, _READER),
        issuer=DemoIssuer.open(folder),
        keys=keys,
        audience=settings.audience,
    )


def _write_settings(path: Path, databases: Mapping[Source, str], **folders: Path) -> None:
    """A shard of its own for every run, so that a start does not read the records of all earlier ones."""
    lines = [
        'mode = "sandbox"',
        'log_level = "warning"',
        "port = 0",
        f"state_dir = {_quoted(path.parent)}",
        f'shard = "bench-{secrets.token_hex(4)}"',
        *(f"{name}_dir = {_quoted(folder)}" for name, folder in folders.items()),
    ]
    for source, address in databases.items():
        lines += [
            "[[sources]]",
            f"source = {_quoted(source.value)}",
            'kind = "sql"',
            f"mapping = {_quoted(bench_mapping(source))}",
            f"address = {_quoted(address)}",
            "synthetic = true",
        ]
    write_private(path, ("\n".join(lines) + "\n").encode())


def _quoted(value: object) -> str:
    return json.dumps(str(value), ensure_ascii=False)


async def _link(settings: Settings, keys: KeyRing) -> None:
    async with open_database(settings) as database, open_sources(settings, keys) as sources:
        await link_sources(settings, keys, database, sources, lambda _source, _persons: None)


async def _copy_crosswalk(server: EmbeddedServer, bench: BenchInstallation) -> None:
    """What a program without privacy would keep: ids, counties and source keys in the clear."""
    columns = ", ".join(f"{_column(source)} text" for source in Source)
    async with (
        connected(server.url(DATABASE, OWNER_ROLE)) as registry,
        connected(server.url(_CROSSWALK, _OWNER)) as crosswalk,
        registry.transaction(),
    ):
        await crosswalk.execute(
            f'CREATE TABLE crosswalk (sector_id text COLLATE "C" NOT NULL, county text NOT NULL, {columns})'
        )
        cursor = await registry.cursor("SELECT migrant_id, residence_county, sealed FROM migrants")
        while rows := await cursor.fetch(_READ):
            await crosswalk.copy_records_to_table("crosswalk", records=_opened(rows, bench.keys))
        await crosswalk.execute("ALTER TABLE crosswalk ADD PRIMARY KEY (sector_id)")
        await crosswalk.execute(f"GRANT SELECT ON crosswalk TO {_READER}")
        await crosswalk.execute("VACUUM ANALYZE crosswalk")


def _column(source: Source) -> str:
    return source.value.replace("-", "_")


def _opened(rows: list[Any], keys: KeyRing) -> Iterator[tuple[str | None, ...]]:
    seal, sector_ids = RegistrySeal(keys), SectorIds(keys)
    for migrant, county, sealed in rows:
        known = seal.open(migrant, sealed).keys
        yield (sector_ids.seal(CALLER, migrant), county, *(known.get(source) for source in Source))
