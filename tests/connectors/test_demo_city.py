"""The five mapping files of the demo city, against the five systems as the city makes them."""

import asyncio
import json
import secrets
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import pytest

from connectors.contract import CheckRequest, Connector, Row, RowFilter
from connectors.credentials import Credentials
from connectors.file import StagingPlace
from connectors.mapping_reader import read_mapping
from connectors.opening import SourceKind, SourceSpec, create, mapping_path
from connectors.quality import Problem
from hub.city.directory import CityDirectory, write_city
from hub.city.tables import TABLES
from hub.demo.systems.business import SERVICE_TOKEN_FILE, business_app, write_business_system
from hub.demo.systems.civil_affairs import write_civil_affairs_database, write_civil_affairs_file
from hub.demo.systems.health import CLIENT_ID, SECRET_FILE, health_app, write_health_system
from hub.demo.systems.human_resources import deliver_human_resources
from hub.demo.systems.police import Reader, write_police_system
from schema.catalogue import COLLECTIONS
from schema.identity import display_name
from schema.ids import CollectionName, SourceKey
from schema.vocabulary import Answer, FieldClass, RowScope, Source
from tests.connectors.services import serve
from tests.connectors.sites import MARIADB, mariadb_is_required, mariadb_is_there

T = TypeVar("T")
EVERYTHING = RowFilter(raised=frozenset(FieldClass))
PEOPLE = 200
MATERNITY = CollectionName("health.maternity_services")
Truth = Mapping[str, Any]


@dataclass
class DemoTown:
    """The city, its truth by department and key, and how to reach its systems."""

    city: CityDirectory
    specs: Mapping[Source, SourceSpec]
    truth: Mapping[Source, Mapping[SourceKey, Truth]]

    def keys(self, source: Source) -> list[SourceKey]:
        """Everybody a department knows."""
        return list(self.truth[source])


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, postgres: Any) -> Iterator[DemoTown]:
    """All five systems over one small city."""
    folder = tmp_path_factory.mktemp("demo")
    city = write_city(PEOPLE, 7, folder / "city")
    with ExitStack() as stack:
        specs = {
            Source.POLICE: _police(city, postgres),
            Source.CIVIL_AFFAIRS: _civil_affairs(city, folder),
            Source.HUMAN_RESOURCES: _human_resources(city, folder),
            Source.HEALTH: _health(city, folder, stack),
            Source.BUSINESS: _business(city, folder, stack),
        }
        yield DemoTown(city, specs, _truth(city))


def _spec(source: Source, kind: SourceKind, address: str, **others: Any) -> SourceSpec:
    return SourceSpec(source, kind, mapping_path("demo-city", source), address, **others)


def _police(city: CityDirectory, postgres: Any) -> SourceSpec:
    url = postgres.create_database()
    asyncio.run(write_police_system(url, city, Reader("hub_service")))
    return _spec(Source.POLICE, SourceKind.SQL_POSTGRES, postgres.service_url(url))


def _civil_affairs(city: CityDirectory, folder: Path) -> SourceSpec:
    path = folder / "civil.sqlite"
    write_civil_affairs_file(path, city)
    return _spec(Source.CIVIL_AFFAIRS, SourceKind.SQL, f"sqlite+aiosqlite:///{path}")


def _human_resources(city: CityDirectory, folder: Path) -> SourceSpec:
    deliver_human_resources(folder / "inbox", city)
    staging = StagingPlace(folder / "staging", secrets.token_bytes(32))
    return _spec(Source.HUMAN_RESOURCES, SourceKind.FILE, str(folder / "inbox"), staging=staging)


def _health(city: CityDirectory, folder: Path, stack: ExitStack) -> SourceSpec:
    data = folder / "health"
    write_health_system(data, city)
    secret = (data / SECRET_FILE).read_text()
    address = stack.enter_context(serve(health_app(data, secret)))
    return _spec(Source.HEALTH, SourceKind.HTTP, address, credentials=Credentials(CLIENT_ID, secret))


def _business(city: CityDirectory, folder: Path, stack: ExitStack) -> SourceSpec:
    data = folder / "business"
    write_business_system(data, city)
    token = (data / SERVICE_TOKEN_FILE).read_text()
    address = stack.enter_context(serve(business_app(data, token)))
    return _spec(Source.BUSINESS, SourceKind.GRAPHQL, f"{address}/graphql", credentials=Credentials(token=token))


def _truth(city: CityDirectory) -> Mapping[Source, Mapping[SourceKey, Truth]]:
    found: dict[Source, dict[SourceKey, Truth]] = defaultdict(dict)
    for line in city.truth.read_text(encoding="utf-8").splitlines():
        person = json.loads(line)
        for source, one in person["keys"].items():
            found[Source(source)][SourceKey(one)] = person
    return found


def run(spec: SourceSpec, work: Callable[[Connector], Awaitable[T]]) -> T:
    """Open a connector, work with it, close it."""

    async def all_of_it() -> T:
        connector = create(spec)
        await connector.open()
        try:
            return await work(connector)
        finally:
            await connector.close()

    return asyncio.run(all_of_it())


def rows_of(
    town: DemoTown, collection: str, columns: Sequence[str] = (), rows: RowFilter = EVERYTHING
) -> Mapping[SourceKey, Sequence[Row]]:
    """The rows of everybody the department knows."""
    name = CollectionName(collection)
    source = COLLECTIONS[name].source
    keys = town.keys(source)

    async def work(connector: Connector) -> Mapping[SourceKey, Sequence[Row]]:
        found = await connector.fetch(name, keys, columns or list(COLLECTIONS[name].columns), rows)
        return dict(zip(keys, found.rows, strict=True))

    return run(town.specs[source], work)


def counted(town: DemoTown, table: str, key_column: str, **where: str | None) -> Mapping[SourceKey, int]:
    """Rows per key in the city's own files, of those with the given cells."""
    counts: dict[SourceKey, int] = defaultdict(int)
    header = TABLES[table]
    for cells in town.city.read(table):
        row = dict(zip(header, cells, strict=True))
        if all(row[name] == cell for name, cell in where.items()):
            counts[SourceKey(str(row[key_column]))] += 1
    return counts


@pytest.mark.parametrize("source", list(Source))
def test_every_source_is_open_and_synthetic(town: DemoTown, source: Source) -> None:
    """Each mapping fits its live source, and each source says that it is synthetic."""

    async def work(connector: Connector) -> bool:
        return connector.synthetic

    assert run(town.specs[source], work)


@pytest.mark.parametrize("source", list(Source))
def test_persons_are_those_of_the_truth(town: DemoTown, source: Source) -> None:
    """Names, birth dates and document numbers of persons without dirt are the true ones, in our spelling."""
    columns = ["name", "birth_date", "document_kind", "id_number"]
    found = rows_of(town, f"{source.value.replace('-', '_')}.persons", columns)
    clean = 0
    for one, person in town.truth[source].items():
        ((name, birth, kind, number),) = found[one]
        if person["dirt"].get(source.value):
            continue
        clean += 1
        true = person["true"]
        assert str(name).replace(" ", "") == display_name(true["name"]).replace(" ", "")
        assert birth == date.fromisoformat(true["birthDate"])
        assert (kind, number) == (true["documentKind"], true["number"])
    assert clean > 5


def test_police_hold_what_is_true(town: DemoTown) -> None:
    """Sex, place of registration and current residence of persons without dirt are the true ones."""
    columns = ["sex", "ethnicity", "hukou_county", "residence_division", "residence_address"]
    found = rows_of(town, "police.persons", columns)
    names = ["sex", "ethnicity", "hukouCounty", "residenceDivision", "residenceAddress"]
    clean = [one for one, person in town.truth[Source.POLICE].items() if not person["dirt"].get("police")]
    assert len(clean) > 50
    for one in clean:
        assert found[one] == (tuple(town.truth[Source.POLICE][one]["true"][name] for name in names),)


@pytest.mark.parametrize(
    ("collection", "table", "key_column"),
    [
        ("police.residence_registrations", "police/residence_registrations", "rybh"),
        ("police.residence_permits", "police/residence_permits", "rybh"),
        ("civil_affairs.marriage_registrations", "civil-affairs/marriage_registrations", "renyuan_id"),
        ("civil_affairs.social_assistances", "civil-affairs/social_assistances", "renyuan_id"),
        ("human_resources.employments", "human-resources/employments", "人员编号"),
        ("human_resources.social_insurances", "human-resources/social_insurances", "人员编号"),
        ("health.enrolments", "health/enrolments", "cardNumber"),
        ("health.immunisations", "health/immunisations", "cardNumber"),
        ("health.services", "health/services", "cardNumber"),
        ("business.licences", "business/licences", "sourceKey"),
    ],
)
def test_every_row_of_every_collection_arrives(town: DemoTown, collection: str, table: str, key_column: str) -> None:
    """Each person has as many rows as the department's system holds."""
    wanted = counted(town, table, key_column)
    found = rows_of(town, collection)
    assert sum(wanted.values()) > 0
    assert {one: len(rows) for one, rows in found.items() if rows} == dict(wanted)


def test_dates_codes_and_amounts_are_read(town: DemoTown) -> None:
    """No mapped column comes out empty for everybody: formats and codes fit."""
    for source in Source:
        mapping = read_mapping(town.specs[source].mapping)
        for name, collection in mapping.collections.items():
            columns = list(collection.columns)
            rows = [row for group in rows_of(town, name, columns).values() for row in group]
            empty = [column for index, column in enumerate(columns) if all(row[index] is None for row in rows)]
            assert empty == [], name


def test_employments_come_newest_first_and_current_is_one(town: DemoTown) -> None:
    """The order is the mapping's; the current employment is the latest that has not ended."""
    columns = ["started_on", "ended_on"]
    everything = rows_of(town, "human_resources.employments", columns)
    current = rows_of(town, "human_resources.employments", columns, RowFilter(RowScope.CURRENT))
    for one, rows in everything.items():
        assert [str(row[0]) for row in rows] == sorted((str(row[0]) for row in rows), reverse=True)
        running = [row for row in rows if row[1] is None]
        assert list(current[one]) == running[:1]
        assert bool(running) == town.truth[Source.HUMAN_RESOURCES][one]["facts"]["employed"]


def test_current_registration_is_the_latest_not_cancelled(town: DemoTown) -> None:
    """Of registrations that nobody cancelled only the latest is current."""
    columns = ["registered_on", "cancelled_on"]
    everything = rows_of(town, "police.residence_registrations", columns)
    current = rows_of(town, "police.residence_registrations", columns, RowFilter(RowScope.CURRENT))
    for one, rows in everything.items():
        open_rows = [row for row in rows if row[1] is None]
        assert list(current[one]) == ([max(open_rows)] if open_rows else [])


def test_raised_rows_and_values_stay_at_home(town: DemoTown) -> None:
    """Without HEALTH and REPRODUCTIVE no medical reason, illness programme, medical or maternity insurance leaves."""
    closed = RowFilter()
    reasons = _values(rows_of(town, "police.residence_registrations", ["reason"], closed))
    programmes = _values(rows_of(town, "civil_affairs.social_assistances", ["programme"], closed))
    kinds = _values(rows_of(town, "human_resources.social_insurances", ["kind"], closed))
    assert "MEDICAL" not in reasons
    assert "WORK" in reasons
    assert not programmes & {"ILLNESS", "DISABILITY"}
    assert kinds == {"PENSION", "UNEMPLOYMENT", "INJURY"}
    opened = _values(rows_of(town, "human_resources.social_insurances", ["kind"]))
    assert opened == kinds | {"MEDICAL", "MATERNITY"}


def _values(found: Mapping[SourceKey, Sequence[Row]]) -> set[Any]:
    return {row[0] for rows in found.values() for row in rows}


def test_ended_guardianships_are_not_held(town: DemoTown) -> None:
    """Guardianship of children who came of age is no row at all."""
    wanted = counted(town, "civil-affairs/guardianships", "jianhuren_id", zhongzhi_riqi=None)
    found = rows_of(town, "civil_affairs.guardianships")
    assert {one: len(rows) for one, rows in found.items() if rows} == dict(wanted)


def test_checks_agree_with_the_truth(town: DemoTown) -> None:
    """guardianOf and marriedTo answer YES for the true child and spouse, and NO for a stranger."""
    keys = {person["person"]: one for one, person in town.truth[Source.CIVIL_AFFAIRS].items()}
    pairs = [
        (one, keys[child])
        for one, person in town.truth[Source.CIVIL_AFFAIRS].items()
        for child in person["facts"]["guardianOf"]
        if child in keys
    ]
    (guardian, child), stranger = pairs[0], next(iter(keys.values()))

    async def work(connector: Connector) -> list[Answer]:
        answers: list[Answer] = []
        for one in (child, stranger):
            checked = await connector.check(CheckRequest("guardianOf", town.city.as_of, {"child": one}), [guardian])
            answers += checked.answers
        return answers

    assert run(town.specs[Source.CIVIL_AFFAIRS], work) == [Answer.YES, Answer.NO]


def test_maternity_services_are_never_mapped(town: DemoTown) -> None:
    """No shipped mapping maps them (DESIGN R2), and the open connector has no row of them for anybody."""
    for path in mapping_path("demo-city", Source.HEALTH).parent.parent.glob("*/*.yaml"):
        assert MATERNITY not in read_mapping(path).collections, path
    assert not any(rows_of(town, MATERNITY).values())


def test_unmapped_codes_are_counted(town: DemoTown) -> None:
    """The city's unmapped codes are reported once each by column, and come out as None."""

    async def work(connector: Any) -> Mapping[str, int]:
        name = CollectionName("police.residence_registrations")
        await connector.fetch(name, town.keys(Source.POLICE), ["dwelling_kind"], EVERYTHING)
        return {
            finding.column: count
            for finding, count in connector.quality.snapshot().items()
            if finding.problem is Problem.UNMAPPED_CODE
        }

    wanted = sum(counted(town, "police/residence_registrations", "rybh", fwlx="7").values())
    assert run(town.specs[Source.POLICE], work).get("dwelling_kind", 0) == wanted


@pytest.mark.parametrize("source", list(Source))
def test_scans_find_everybody(town: DemoTown, source: Source) -> None:
    """A scan of persons for linkage finds each person of the department once."""
    name = CollectionName(f"{source.value.replace('-', '_')}.persons")

    async def work(connector: Connector) -> list[SourceKey]:
        pages = connector.scan(name, ["document_kind", "id_number", "name", "birth_date"], None, 30)
        return [one for page in [page async for page in pages] for one, _ in page.items]

    found = run(town.specs[source], work)
    assert len(found) == len(set(found))
    assert set(found) == set(town.keys(source))


def test_one_mapping_serves_sqlite_and_mariadb(town: DemoTown) -> None:
    """Civil affairs on MariaDB answers exactly as on SQLite."""
    if not mariadb_is_there():
        if mariadb_is_required():
            pytest.fail("HUB_REQUIRE_SERVICES=1, but no MariaDB listens at 127.0.0.1:3306")
        pytest.skip("no MariaDB at 127.0.0.1:3306")
    database = f"connectors_{secrets.token_hex(4)}"
    address = MARIADB.replace("/test", f"/{database}")
    asyncio.run(_run_mariadb(f"CREATE DATABASE {database} CHARACTER SET utf8mb4"))
    try:
        asyncio.run(write_civil_affairs_database(address, town.city))
        other = DemoTown(
            town.city, {Source.CIVIL_AFFAIRS: _spec(Source.CIVIL_AFFAIRS, SourceKind.SQL, address)}, town.truth
        )
        for name in read_mapping(mapping_path("demo-city", Source.CIVIL_AFFAIRS)).collections:
            for rows in (EVERYTHING, RowFilter(), RowFilter(RowScope.CURRENT)):
                assert rows_of(town, name, rows=rows) == rows_of(other, name, rows=rows)
    finally:
        asyncio.run(_run_mariadb(f"DROP DATABASE {database}"))


async def _run_mariadb(statement: str) -> None:
    from sqlalchemy import text
    from sqlalchemy.ext.asyncio import create_async_engine

    engine = create_async_engine(MARIADB, isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.execute(text(statement))
    await engine.dispose()
