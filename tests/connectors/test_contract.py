"""The contract of `connectors.contract`, one test body over all kinds of source."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import pytest

from connectors.contract import NEVER_KEY, CheckRequest, Connector, Row, RowFilter
from connectors.opening import create
from schema.errors import ConfigurationError, ErrorCode, SourceError
from schema.ids import CollectionName, SourceKey
from schema.vocabulary import Answer, FieldClass, RowScope, Source
from tests.connectors.sites import KINDS, Site, build_site
from tests.connectors.town import ASKED, INSURANCES, PERSONS, REGISTRATIONS, SERVICES, Table, key

T = TypeVar("T")
EVERY_CLASS = frozenset(FieldClass)
ALL, CURRENT = RowFilter(raised=EVERY_CLASS), RowFilter(RowScope.CURRENT, EVERY_CLASS)


@pytest.fixture(scope="module", params=KINDS)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The same town at one kind of source."""

    def database() -> str:
        return str(request.getfixturevalue("postgres").create_database())

    with build_site(request.param, tmp_path_factory.mktemp(request.param), database) as built:
        yield built


def run(site: Site, source: Source, work: Callable[[Connector], Awaitable[T]]) -> T:
    """Open a connector, work with it, close it."""

    async def all_of_it() -> T:
        connector = site.make(source)
        await connector.open()
        try:
            return await work(connector)
        finally:
            await connector.close()

    return asyncio.run(all_of_it())


def fetched(
    site: Site, table: Table, keys: list[SourceKey], columns: list[str], rows: RowFilter = ALL
) -> list[list[Row]]:
    """The rows of one fetch, as lists."""

    async def work(connector: Connector) -> list[list[Row]]:
        found = await connector.fetch(table.name, keys, columns, rows)
        return [list(group) for group in found.rows]

    return run(site, table.source, work)


def expected(table: Table, one: SourceKey, columns: list[str]) -> list[Row]:
    """What the town says."""
    return [tuple(row[name] for name in columns) for row in table.rows.get(one, ())]


@pytest.mark.parametrize("table", [PERSONS, REGISTRATIONS, INSURANCES, SERVICES], ids=lambda table: table.name)
def test_every_column_comes_back_as_ours(site: Site, table: Table) -> None:
    """Names, dates, months, codes, flags, amounts, numbers and nulls arrive in the catalogue's types."""
    keys = [key(1), key(2), key(3)]
    found = fetched(site, table, keys, table.columns)
    assert found == [expected(table, one, table.columns) for one in keys]
    assert [type(value) for value in found[0][0]] == [
        type(value) for value in expected(table, keys[0], table.columns)[0]
    ]


def test_types_are_exact(site: Site) -> None:
    """A date is a date, an amount a Decimal, a count an int and not a bool."""
    columns = ["months_paid", "contribution_base", "last_paid_month"]
    ((months, base, month), *_), _ = fetched(site, INSURANCES, [key(1), key(2)], columns)
    assert (type(months), type(base), type(month)) == (int, Decimal, str)
    ((day, free),) = fetched(site, SERVICES, [key(2)], ["provided_on", "free"])[0]
    assert (type(day), free) == (date, True)


def test_answers_are_in_the_order_asked(site: Site) -> None:
    """Keys in any order, repeated, unknown or never: one group of rows for each, in the order asked."""
    keys = [key(3), key(1), SourceKey("K99999"), NEVER_KEY, key(1), SourceKey("x' OR '1'='1")]
    found = fetched(site, PERSONS, keys, ["id_number", "name"])
    assert found == [expected(PERSONS, one, ["id_number", "name"]) for one in keys]


def test_columns_are_in_the_order_asked(site: Site) -> None:
    """A row holds just the columns asked for, in that order, even twice the same."""
    columns = ["sex", "name", "sex"]
    assert fetched(site, PERSONS, [key(2)], columns) == [[("FEMALE", "阿依古丽·买买提", "FEMALE")]]


def test_no_columns_tell_presence_only(site: Site) -> None:
    """Asking for no column gives an empty tuple per row."""
    assert fetched(site, INSURANCES, [key(2), key(9)], []) == [[()], []]


def test_no_keys_no_rows(site: Site) -> None:
    """Asking for nobody is allowed."""
    assert fetched(site, PERSONS, [], ["name"]) == []


def test_unmapped_is_empty(site: Site) -> None:
    """A collection that is not mapped has no rows, a column that is not mapped is None."""
    permits = Table(CollectionName("police.residence_permits"), {})
    assert fetched(site, permits, [key(1)], ["number"]) == [[]]
    assert fetched(site, PERSONS, [key(1)], ["residence_address"]) == [[(None,)]]


def test_unknown_names_are_refused(site: Site) -> None:
    """A column or collection the schema does not have is a mistake of the caller."""
    with pytest.raises(ValueError, match="has no column nickname"):
        fetched(site, PERSONS, [key(1)], ["nickname"])

    async def foreign(connector: Connector) -> Any:
        return await connector.fetch(SERVICES.name, [key(1)], ["item"], ALL)

    with pytest.raises(ValueError, match="does not belong"):
        run(site, Source.POLICE, foreign)


def test_current_by_empty_and_latest(site: Site) -> None:
    """Of the rows not cancelled only the latest is current; a person may have none."""
    keys = [key(1), key(2), key(3)]
    found = fetched(site, REGISTRATIONS, keys, ["address"], CURRENT)
    assert found == [[("示例路 3 号",)], [("演示巷 9 号",)], []]


def test_current_by_code(site: Site) -> None:
    """Only the rows with the code that means current; also when its column is not asked for."""
    found = fetched(site, INSURANCES, [key(1), key(2)], ["kind"], CURRENT)
    assert found == [[("PENSION",), ("MEDICAL",), ("MATERNITY",)], []]


def test_raised_values_stay(site: Site) -> None:
    """A raised value is None unless its class may leave; the rest of the row is there."""
    columns = ["reason", "address"]
    closed = fetched(site, REGISTRATIONS, [key(1)], columns, RowFilter())
    opened = fetched(site, REGISTRATIONS, [key(1)], columns, RowFilter(raised=frozenset({FieldClass.HEALTH})))
    assert closed == [[("WORK", "示例路 3 号"), (None, "示例路 2 号"), ("WORK", "示例路 1 号")]]
    assert opened[0][1] == ("MEDICAL", "示例路 2 号")


@pytest.mark.parametrize(
    ("raised", "kinds"),
    [
        (frozenset(), ["PENSION", "INJURY"]),
        (frozenset({FieldClass.HEALTH}), ["PENSION", "MEDICAL", "INJURY"]),
        (frozenset({FieldClass.REPRODUCTIVE}), ["PENSION", "INJURY", "MATERNITY"]),
        (EVERY_CLASS, ["PENSION", "MEDICAL", "INJURY", "MATERNITY"]),
    ],
)
def test_raised_rows_stay(site: Site, raised: frozenset[FieldClass], kinds: list[str]) -> None:
    """A raised row leaves only with its class, whether or not the code itself is asked for."""
    shown = fetched(site, INSURANCES, [key(1)], ["kind", "months_paid"], RowFilter(raised=raised))
    counted = fetched(site, INSURANCES, [key(1)], ["months_paid"], RowFilter(raised=raised))
    assert [row[0] for row in shown[0]] == kinds
    assert len(counted[0]) == len(kinds)


def test_a_thousand_keys_in_one_call(site: Site) -> None:
    """A thousand persons are one fetch."""
    keys = [key(number) for number in range(ASKED, 0, -1)]
    found = fetched(site, SERVICES, keys, ["provided_on"])
    assert found == [expected(SERVICES, one, ["provided_on"]) for one in keys]


def test_concurrent_calls(site: Site) -> None:
    """Calls at the same time do not mix."""

    async def work(connector: Connector) -> list[Any]:
        calls = [connector.fetch(SERVICES.name, [key(n), key(n + 1)], ["provided_on"], ALL) for n in range(1, 41)]
        return [result.rows for result in await asyncio.gather(*calls)]

    for number, rows in enumerate(run(site, Source.HEALTH, work), start=1):
        wanted = [
            expected(SERVICES, key(number), ["provided_on"]),
            expected(SERVICES, key(number + 1), ["provided_on"]),
        ]
        assert [list(group) for group in rows] == wanted


def test_scan_is_complete_and_resumable(site: Site) -> None:
    """A scan gives every row once in key order, and goes on after a cursor as if it had never stopped."""

    async def work(connector: Connector) -> tuple[list[Any], list[Any]]:
        whole: list[Any] = []
        resumed: list[Any] = []
        cursor = None
        async for page in connector.scan(SERVICES.name, ["provided_on"], None, 300):
            whole += page.items
        while True:
            page = await anext(aiter(connector.scan(SERVICES.name, ["provided_on"], cursor, 170)))
            resumed += page.items
            cursor = page.after
            if cursor is None:
                return whole, resumed

    whole, resumed = run(site, Source.HEALTH, work)
    assert (
        whole
        == resumed
        == [(one, rows[0]) for one in SERVICES.rows for rows in [expected(SERVICES, one, ["provided_on"])]]
    )


def test_scan_keeps_the_rows_of_a_key_together(site: Site) -> None:
    """Pages of one key hold all its rows, without those that are raised."""

    async def work(connector: Connector) -> list[Any]:
        scan = connector.scan(INSURANCES.name, ["kind"], None, 1)
        return [list(page.items) async for page in scan]

    pages = [page for page in run(site, Source.HUMAN_RESOURCES, work) if page]
    assert pages == [[(key(1), ("PENSION",)), (key(1), ("INJURY",))], [(key(2), ("PENSION",))]]


def test_scan_of_an_unmapped_collection_is_empty(site: Site) -> None:
    """There is nothing to scan where nothing is mapped."""

    async def work(connector: Connector) -> list[Any]:
        name = CollectionName("police.residence_permits")
        return [page async for page in connector.scan(name, ["number"], None, 10)]

    assert run(site, Source.POLICE, work) == []


def test_checks_are_answered_beside_the_source(site: Site) -> None:
    """Each key has an answer in order; unknown keys and NEVER_KEY are UNKNOWN."""

    async def work(connector: Connector) -> list[Answer]:
        request = CheckRequest("residentHalfYear", date(2026, 11, 1))
        checked = await connector.check(request, [key(2), key(3), NEVER_KEY, SourceKey("K99999"), key(2)])
        assert checked.as_of.tzinfo is not None
        return list(checked.answers)

    assert run(site, Source.POLICE, work) == [Answer.YES, Answer.NO, Answer.UNKNOWN, Answer.UNKNOWN, Answer.YES]


def test_a_check_of_another_source_is_refused(site: Site) -> None:
    """A check belongs to one source."""

    async def work(connector: Connector) -> Any:
        return await connector.check(CheckRequest("employedNow", date(2026, 11, 1)), [key(1)])

    with pytest.raises(ValueError, match="does not belong"):
        run(site, Source.POLICE, work)


def test_age_is_in_utc(site: Site) -> None:
    """Every fetch says how old its data is, in UTC, and live data is not stale."""

    async def work(connector: Connector) -> tuple[datetime, bool]:
        found = await connector.fetch(PERSONS.name, [key(1)], ["name"], ALL)
        return found.as_of, found.stale

    as_of, stale = run(site, Source.POLICE, work)
    assert as_of.tzinfo is UTC
    assert not stale


def test_the_source_says_that_it_is_synthetic(site: Site) -> None:
    """The mark of the source is read when it is opened."""

    async def work(connector: Connector) -> tuple[Source, bool]:
        return connector.source, connector.synthetic

    assert run(site, Source.POLICE, work) == (Source.POLICE, True)


def test_a_source_without_the_mark_never_opens(site: Site) -> None:
    """Where only synthetic sources are allowed, one that does not say so is refused, with the mapping's name."""
    if site.kind == "memory":
        return  # it is told what it is, and has no mark to read
    spec = site.specs[Source.POLICE]
    path = spec.mapping.with_name("unmarked.yaml")
    unmarked = spec.mapping.read_text(encoding="utf-8")
    for word in ('"data_origin"', '"dataOrigin"'):
        unmarked = unmarked.replace(word, '"asOf"' if site.kind == "graphql" else '"nothing"')
    path.write_text(unmarked, encoding="utf-8")

    async def work() -> None:
        connector = create(replace(spec, mapping=path, synthetic_only=True))
        with pytest.raises(ConfigurationError, match="does not say that it is synthetic"):
            await connector.open()
        await connector.close()

    asyncio.run(work())


def test_closing_twice_is_safe_and_final(site: Site) -> None:
    """After closing, a fetch is refused as an unavailable source."""

    async def work() -> None:
        connector = site.make(Source.POLICE)
        await connector.open()
        await connector.close()
        await connector.close()
        with pytest.raises(SourceError) as caught:
            await connector.fetch(PERSONS.name, [key(1)], ["name"], ALL)
        assert caught.value.code is ErrorCode.SOURCE_UNAVAILABLE

    asyncio.run(work())


def test_opening_again_works(site: Site) -> None:
    """A connector that was closed can be opened again; opening twice changes nothing."""

    async def work() -> Any:
        connector = site.make(Source.POLICE)
        for _ in range(2):
            await connector.open()
            await connector.open()
            found = await connector.fetch(PERSONS.name, [key(1)], ["name"], ALL)
            await connector.close()
        return found.rows

    assert list(asyncio.run(work())[0]) == [("张三",)]


def test_cancelled_fetches_leave_the_connector_whole(site: Site, tmp_path: Path) -> None:
    """Fetches cancelled at any moment release what they held: the next ones answer."""

    async def work(connector: Connector) -> Any:
        for round_ in range(30):
            calls = [asyncio.create_task(connector.fetch(SERVICES.name, [key(n)], ["item"], ALL)) for n in range(1, 21)]
            await asyncio.sleep(round_ * 0.0004)
            for call in calls:
                call.cancel()
            await asyncio.gather(*calls, return_exceptions=True)
        calls = [asyncio.create_task(connector.fetch(SERVICES.name, [key(n)], ["item"], ALL)) for n in range(1, 41)]
        return [list(found.rows[0]) for found in await asyncio.wait_for(asyncio.gather(*calls), 10)]

    assert run(site, Source.HEALTH, work) == [[("CHECK_UP",)]] * 40
