"""Decision tables, computed once for all who wait, never for another day; plans, one for each table and switches."""

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest

import hub.engine.caches
from hub.engine.caches import PlanCache, TableCache
from privacy.model import DecisionTable
from privacy.policybook import PolicyBook, load_policies
from privacy.purposes import PURPOSES
from schema.vocabulary import Department, Role
from tests.hub.engine.desk import READ, SCHEMA, TODAY, agreement_of, caller, operation_of, table_of

PURPOSE = PURPOSES["social-insurance"]
PROFILE = caller().profile
TOMORROW = TODAY + timedelta(days=1)


class Deciding:
    """Stands in for `decide`: counts, waits when told to, and dates what it gives."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.expires: date | None = None
        self.failure: Exception | None = None

    def __call__(self, profile: Any, purpose: Any, agreement: Any, _book: Any, on: date) -> DecisionTable:
        self.asked.append((profile, purpose.code, None if agreement is None else agreement.id, on))
        if self.failure is not None:
            raise self.failure
        return DecisionTable(purpose.code, f"made on {on}", self.expires, {}, {})


@pytest.fixture(scope="module")
def book() -> PolicyBook:
    """The packaged policies."""
    return load_policies()


@pytest.fixture
def deciding(monkeypatch: pytest.MonkeyPatch) -> Deciding:
    """Replaces the computation of tables."""
    one = Deciding()
    monkeypatch.setattr(hub.engine.caches, "decide", one)
    return one


def test_a_table_is_computed_once_for_all_who_wait(book: PolicyBook, deciding: Deciding) -> None:
    """Twenty requests at once on a cold cache cost one computation."""

    async def ask() -> list[DecisionTable]:
        tables = TableCache(book)
        return await asyncio.gather(*(tables.get(PROFILE, PURPOSE, None, TODAY) for _ in range(20)))

    found = asyncio.run(ask())
    assert len(deciding.asked) == 1
    assert all(table is found[0] for table in found)


def test_every_part_of_the_decision_input_makes_its_own_table(book: PolicyBook, deciding: Deciding) -> None:
    """Another role, department, place, purpose or agreement never finds a table made for this one."""

    async def ask() -> None:
        tables = TableCache(book)
        profiles = [
            PROFILE,
            caller(Department.HUMAN_RESOURCES, Role.WINDOW_CLERK).profile,
            caller(Department.HEALTHCARE_SECURITY).profile,
            caller(jurisdiction="320505").profile,
        ]
        for _ in range(2):
            for profile in profiles:
                await tables.get(profile, PURPOSE, None, TODAY)
            await tables.get(PROFILE, PURPOSES["employment-service"], None, TODAY)
            await tables.get(PROFILE, PURPOSE, agreement_of(id="one"), TODAY)
            await tables.get(PROFILE, PURPOSE, agreement_of(id="two"), TODAY)

    asyncio.run(ask())
    assert len(deciding.asked) == 7


def test_a_table_ends_with_its_day(book: PolicyBook, deciding: Deciding) -> None:
    """On the day on which something begins or ends the table is made anew, and not before."""
    deciding.expires = TOMORROW

    async def ask() -> list[str]:
        tables = TableCache(book)
        days = (TODAY, TODAY, TOMORROW)
        return [(await tables.get(PROFILE, PURPOSE, None, day)).policy_version for day in days]

    assert asyncio.run(ask()) == [f"made on {TODAY}", f"made on {TODAY}", f"made on {TOMORROW}"]


def test_a_request_after_midnight_does_not_wait_for_yesterdays_table(book: PolicyBook, deciding: Deciding) -> None:
    """Two requests at once on two days are two computations, and each gets its own."""
    deciding.expires = TOMORROW

    async def ask() -> list[str]:
        tables = TableCache(book)
        both = await asyncio.gather(*(tables.get(PROFILE, PURPOSE, None, day) for day in (TODAY, TOMORROW)))
        return [table.policy_version for table in both]

    assert asyncio.run(ask()) == [f"made on {TODAY}", f"made on {TOMORROW}"]


def test_a_failure_is_told_to_all_and_not_kept(book: PolicyBook, deciding: Deciding) -> None:
    """Whoever waits gets the error; who asks later gets a new computation."""
    deciding.failure = RuntimeError()

    async def ask() -> str:
        tables = TableCache(book)
        both = await asyncio.gather(
            *(tables.get(PROFILE, PURPOSE, None, TODAY) for _ in range(2)), return_exceptions=True
        )
        assert [type(one) for one in both] == [RuntimeError, RuntimeError]
        deciding.failure = None
        return (await tables.get(PROFILE, PURPOSE, None, TODAY)).policy_version

    assert asyncio.run(ask()) == f"made on {TODAY}"
    assert len(deciding.asked) == 2


def test_who_leaves_does_not_take_the_table_away(book: PolicyBook, deciding: Deciding) -> None:
    """A client that disconnects while a table is computed does not fail the others who wait for it."""

    async def ask() -> DecisionTable:
        tables = TableCache(book)
        first = asyncio.ensure_future(tables.get(PROFILE, PURPOSE, None, TODAY))
        second = asyncio.ensure_future(tables.get(PROFILE, PURPOSE, None, TODAY))
        await asyncio.sleep(0)
        first.cancel()
        return await second

    assert asyncio.run(ask()).purpose == PURPOSE.code
    assert len(deciding.asked) == 1


def test_a_plan_belongs_to_its_table_and_switches() -> None:
    """The same document is compiled for each table, each value of a switch, and once for a prediction."""
    plans = PlanCache(SCHEMA)
    operation = operation_of("query($on: Boolean!) { me { name @include(if: $on) } }")
    one, other = table_of({"Migrant.name": READ}), table_of({})
    made = [
        plans.get(operation, {"on": True}, one),
        plans.get(operation, {"on": False}, one),
        plans.get(operation, None, one),
        plans.get(operation, {"on": True}, other),
    ]
    assert len({id(plan) for plan in made}) == 4
    assert plans.get(operation, {"on": True}, one) is made[0]
    assert [len(plan.markers) for plan in made] == [0, 0, 0, 1]


def test_operations_of_one_document_have_plans_of_their_own() -> None:
    """They share a hash, not a plan."""
    plans, table = PlanCache(SCHEMA), table_of({})
    text = "query A { me { name } } query B { me { sex } }"
    found = [plans.get(operation_of(text, name), {}, table).markers for name in "AB"]
    assert found == [((("me", "name"), "WITHHELD"),), ((("me", "sex"), "WITHHELD"),)]


def test_large_plans_push_others_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The plans in memory are bounded by what they select, not only by their number."""
    monkeypatch.setattr(hub.engine.caches, "_MOST_LEAVES", 100)
    plans, table = PlanCache(SCHEMA), table_of({})
    small = plans.get(operation_of("{ me { name } }"), {}, table)
    large = " ".join(f"a{i}: name" for i in range(99))
    plans.get(operation_of(f"{{ me {{ {large} }} }}"), {}, table)
    assert plans.get(operation_of("{ me { name } }"), {}, table) is not small
