"""Listings: who stands on a page, and how the next one is reached."""

from collections.abc import Sequence
from typing import Any

import pytest

from connectors.memory import Fault, FaultKind
from hub.engine.subjects import Target
from hub.engine.targets import Found, Who
from privacy.model import Agreement
from schema.errors import ErrorCode
from schema.ids import MigrantId, SectorId
from schema.vocabulary import Source, SourceStatus
from tests.hub.engine.desk import (
    IDS,
    agreement_of,
    migrant,
    subject,
)
from tests.hub.engine.finding import HEALTH, HR, KIND, LISTED, NAME, NUMBER, TOWNSHIP, Registry, code_of, nurse


def county(agreement: Agreement | None = None) -> Who:
    """Health of a city, under an agreement for it."""
    return nurse("3205", agreement or agreement_of())


def town(count: int = 10) -> Registry:
    """Persons of one county, every other one in the township."""
    divisions = {f"K{i}": "320505001002" if i % 2 else "320505999001" for i in range(count)}
    return Registry(*(subject(i, police=f"K{i}") for i in range(count)), divisions=divisions)


def ids_of(refs: Sequence[Any]) -> list[MigrantId]:
    """The migrants of a page."""
    return [ref.migrant for ref in refs]


def test_a_page_of_a_county() -> None:
    """In the order of the department's ids, by one statement; police are not asked."""
    registry = town()
    _, target = registry.listed(county(), "320505", 4)
    assert [ref.sector_id for ref in target.subjects] == sorted(IDS.seal(HEALTH, migrant(i)) for i in range(10))[:4]
    assert (target.has_next_page, target.end_cursor, registry.police.calls) == (True, None, [])


@pytest.mark.parametrize(
    ("division", "code"),
    [
        ("", ErrorCode.DIVISION_UNKNOWN),
        ("32", ErrorCode.DIVISION_UNKNOWN),
        ("329999", ErrorCode.DIVISION_UNKNOWN),
        ("3205051", ErrorCode.DIVISION_UNKNOWN),
        ("３２０５０５", ErrorCode.DIVISION_UNKNOWN),
    ],
)
def test_a_division_that_does_not_exist(division: str, code: ErrorCode) -> None:
    """Nor whole provinces."""
    registry = town()
    assert registry.find(county(), LISTED, d=division, n=5, a=None) == Found(error=code)
    assert registry.directory.statements == []


@pytest.mark.parametrize("first", [0, -1, 101, 2**31 - 1])
def test_pages_have_a_size(first: int) -> None:
    """At least one person, at most the limit."""
    assert town().find(county(), LISTED, d="320505", n=first, a=None).error is ErrorCode.PAGE_INVALID


@pytest.mark.parametrize("after", ["", "x", IDS.seal(HR, migrant(1))])
def test_a_cursor_is_an_id_of_one_s_own_department(after: str) -> None:
    """Anything else is no cursor."""
    assert town().find(county(), LISTED, d="320505", n=5, a=after).error is ErrorCode.PAGE_INVALID


def test_the_cursor_of_a_phantom_tells_nothing() -> None:
    """It has a place in the order of ids, as a random id has."""
    registry = town()
    phantom = registry.directory.phantom(KIND, NUMBER, NAME)
    _, target = registry.listed(county(), "320505", 100, IDS.seal(HEALTH, phantom))
    behind = {i for i in range(10) if IDS.seal(HEALTH, migrant(i)) > IDS.seal(HEALTH, phantom)}
    assert set(ids_of(target.subjects)) == {migrant(i) for i in behind}


def test_a_listing_stays_within_agreement_and_jurisdiction() -> None:
    """Both must cover the division; without an agreement there is none."""
    outside = [
        (nurse("320505", agreement_of(jurisdiction="3205")), "320581"),
        (nurse("3205", agreement_of(jurisdiction="320505")), "320581"),
        (nurse("3205", agreement_of(jurisdiction="320505")), "3205"),
        (nurse("3205"), "320505"),
    ]
    for asker, division in outside:
        registry = town()
        assert code_of(lambda r=registry, a=asker, d=division: r.listed(a, d)) is ErrorCode.AGREEMENT_INVALID
        assert registry.directory.statements == []


def test_a_listing_below_county_level_has_those_who_live_there_now() -> None:
    """By one call to police for the whole page."""
    registry = town()
    _, target = registry.listed(nurse(TOWNSHIP, agreement_of()), TOWNSHIP)
    assert set(ids_of(target.subjects)) == {migrant(i) for i in range(1, 10, 2)}
    assert len(registry.police.calls) == 1


def test_a_county_may_list_a_township() -> None:
    """The division asked for decides, not the caller's level."""
    _, target = town().listed(county(), TOWNSHIP)
    assert len(target.subjects) == 5


def test_paging_below_county_level_reaches_everybody() -> None:
    """Also over pages on which nobody lives there: each has a cursor that leads on."""
    registry, seen, after, pages = town(12), [], None, 0
    while True:
        _, target = registry.listed(county(), TOWNSHIP, 1, after)
        seen += ids_of(target.subjects)
        pages += 1
        if not target.has_next_page:
            break
        after = target.end_cursor or target.subjects[-1].sector_id
    assert pages == 12
    assert sorted(seen) == [migrant(i) for i in range(1, 12, 2)]


def test_such_a_cursor_is_nobody_s_id() -> None:
    """It stands behind somebody who lives elsewhere, and opens to no migrant at all."""
    registry = town(12)
    cursors, after = [], None
    for _ in range(11):
        found, target = registry.listed(county(), TOWNSHIP, 1, after)
        after = target.end_cursor or found.sector_ids[-1]
        cursors += [] if target.end_cursor is None else [target.end_cursor]
    people = {migrant(i) for i in range(12)}
    assert len(cursors) >= 5
    assert people.isdisjoint({IDS.open(HEALTH, cursor) for cursor in cursors})


def test_a_listing_fails_when_police_do_not_answer() -> None:
    """An empty page would say that nobody lives there."""
    registry = town()
    registry.police.fail_next(Fault(FaultKind.ERROR))
    _, target = registry.listed(county(), TOWNSHIP)
    assert target == Target(error=ErrorCode.SOURCE_UNAVAILABLE)
    assert registry.reports.statuses == {Source.POLICE: SourceStatus.UNAVAILABLE}


@pytest.mark.parametrize("place", ["320505", TOWNSHIP])
def test_a_protected_person_is_absent_from_listings(place: str) -> None:
    """Though the registry still listed her, as in the moment after she was protected; the next page is reached."""
    people = [subject(i, protected=i == 3, police=f"K{i}") for i in range(6)]
    registry = Registry(*people, divisions={f"K{i}": "320505001002" for i in range(6)})
    seen: list[MigrantId] = []
    after: SectorId | None = None
    for _ in range(6):
        _, target = registry.listed(county(), place, 1, after)
        seen += ids_of(target.subjects)
        after = target.end_cursor or target.subjects[-1].sector_id
    assert sorted(seen) == [migrant(i) for i in (0, 1, 2, 4, 5)]
