"""The facts about a subject, as one caller sees them."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from auth.model import Caller
from privacy.model import Consent, SubjectFacts
from privacy.purposes import PURPOSES
from privacy.subjects import classify, needs_live_division
from schema.ids import SectorId
from schema.vocabulary import Department, Level, Role, SubjectClass
from tests.privacy.books import TODAY, profile

PURPOSE = PURPOSES["public-health"]
FACTS = SubjectFacts("320505", "340123", protected=False, minor_until=None)


def caller(jurisdiction: str, level: Level, department: Department = Department.HEALTH) -> Caller:
    """A caller responsible for a jurisdiction."""
    who = replace(profile(department, level=level), jurisdiction=jurisdiction)
    return Caller(who, "o", "c", "i", "t", datetime(2026, 11, 22, tzinfo=UTC) + timedelta(hours=1), frozenset())


@pytest.mark.parametrize(
    ("jurisdiction", "level", "inside"),
    [
        ("32", Level.PROVINCE, True),
        ("3205", Level.CITY, True),
        ("320505", Level.COUNTY, True),
        ("320506", Level.COUNTY, False),
        ("33", Level.PROVINCE, False),
        ("", Level.CITY, False),
    ],
)
def test_jurisdiction_is_a_code_prefix(jurisdiction: str, level: Level, inside: bool) -> None:
    """A person lives in a jurisdiction when the county's code begins with it."""
    found = classify(caller(jurisdiction, level), PURPOSE, FACTS, None, TODAY)
    assert (SubjectClass.IN_RESIDENCE in found) is inside


def test_origin_is_a_fact_of_its_own() -> None:
    """A person registered in the jurisdiction but living elsewhere is in origin, not in residence."""
    assert classify(caller("3401", Level.CITY), PURPOSE, FACTS, None, TODAY) is SubjectClass.IN_ORIGIN


@pytest.mark.parametrize(
    ("division", "inside"), [("320505101", True), ("320505101002", True), ("320505102001", False), (None, False)]
)
def test_township_looks_at_the_live_division(division: str | None, inside: bool) -> None:
    """Below county level the live division decides, and the registered county does not."""
    township = caller("320505101", Level.TOWNSHIP)
    assert needs_live_division(township)
    found = classify(township, PURPOSE, FACTS, division, TODAY)
    assert (SubjectClass.IN_RESIDENCE in found) is inside


def test_unknown_county_lies_nowhere() -> None:
    """A person without a county is in nobody's jurisdiction."""
    nowhere = SubjectFacts("", "", protected=False, minor_until=None)
    assert classify(caller("3205", Level.CITY), PURPOSE, nowhere, None, TODAY) is SubjectClass.NONE


def test_minority_ends_on_the_fourteenth_birthday() -> None:
    """A child is a minor up to the day before turning 14."""
    child = replace(FACTS, minor_until=TODAY)
    office = caller("32", Level.PROVINCE)
    assert SubjectClass.MINOR not in classify(office, PURPOSE, child, None, TODAY)
    assert SubjectClass.MINOR in classify(office, PURPOSE, child, None, TODAY - timedelta(days=1))


@pytest.mark.parametrize(
    ("consent", "counts"),
    [
        (Consent("health", "public-health", TODAY), True),
        (Consent("health", "public-health", date(2026, 11, 21)), False),
        (Consent("health", "immunisation", TODAY), False),
        (Consent("education", "public-health", TODAY), False),
    ],
)
def test_consent_is_for_one_department_and_purpose(consent: Consent, counts: bool) -> None:
    """A consent counts for its department and purpose, through its last day."""
    found = classify(caller("3205", Level.CITY), PURPOSE, replace(FACTS, consents=(consent,)), None, TODAY)
    assert (SubjectClass.CONSENTED in found) is counts


def test_person_is_always_at_home() -> None:
    """For her own look-up a person is in jurisdiction and consented; protection stays."""
    who = replace(profile(Department.PERSON, Role.PERSON, level=Level.PROVINCE), jurisdiction="")
    herself = replace(caller("", Level.PROVINCE, Department.PERSON), profile=who, subject=SectorId("s"))
    found = classify(herself, PURPOSES["subject-access"], replace(FACTS, protected=True), None, TODAY)
    assert not needs_live_division(herself)
    assert found == (
        SubjectClass.IN_RESIDENCE | SubjectClass.IN_ORIGIN | SubjectClass.CONSENTED | SubjectClass.PROTECTED
    )
