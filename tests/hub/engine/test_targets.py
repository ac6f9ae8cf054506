"""From root fields to subjects: known, unknown and protected persons go the same way."""

import asyncio
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from auth.model import Caller
from connectors.contract import NEVER_KEY
from connectors.memory import Fault, FaultKind
from hub.engine.gates import Reports
from hub.engine.subjects import CaseNames, Target
from hub.engine.targets import Finder, Found, Who
from schema.errors import ErrorCode
from schema.ids import MigrantId
from schema.vocabulary import Department, Role, Source, SourceStatus, SubjectClass
from tests.hub.engine.desk import (
    IDS,
    MemoryDirectory,
    caller,
    case_of,
    migrant,
    subject,
    who,
)
from tests.hub.engine.finding import BY_ID, HEALTH, HR, POLICE, Registry, code_of, nurse, officer

# By id


def test_an_id_of_one_s_own_department() -> None:
    """It opens to the migrant, whoever that is; whether anybody knows them does not matter here."""
    found = Registry().find(officer(), BY_ID, id=IDS.seal(HR, migrant(7)))
    assert (found.migrants, found.error) == ((migrant(7),), None)
    assert found.sector_ids == (IDS.seal(HR, migrant(7)),)


@pytest.mark.parametrize("given", ["", "x", "王小明", "A" * 45, IDS.seal(HEALTH, migrant(7)), 12345])
def test_any_other_id_is_the_root_s_error(given: Any) -> None:
    """Forged, malformed or another department's: the root says ID_INVALID, and nobody was asked."""
    registry = Registry()
    assert registry.find(officer(), BY_ID, id=given) == Found(error=ErrorCode.ID_INVALID)
    assert registry.directory.statements == []


def test_me_is_whom_the_token_says() -> None:
    """And nobody for a token without a subject."""
    herself = caller(me=migrant(3), purposes=("subject-access",))
    found = Registry().find(who(herself, "subject-access"), "{ me { id } }")
    assert found.migrants == (migrant(3),)
    assert Registry().find(officer(), "{ me { id } }").error is ErrorCode.ID_INVALID


# By document


def test_a_document_and_a_name_that_match() -> None:
    """However the number is written."""
    registry, one = Registry(subject(1, police="K1")), subject(1, police="K1")
    registry.know(one)
    assert registry.look_up(officer(), " e-1234567 ").migrants == (one.migrant,)


def test_nobody_is_found_like_somebody() -> None:
    """An unknown number or name gives an id of its own, always the same, by the same statements."""
    known, unknown = Registry(subject(1)), Registry(subject(1))
    known.know(subject(1))
    first, second = unknown.look_up(officer()), unknown.look_up(officer())
    assert first == second
    assert first.error is None
    assert first.migrants != (migrant(1),)
    known.look_up(officer())
    assert known.directory.statements == unknown.directory.statements[:2]


def test_a_malformed_number_is_the_root_s_error() -> None:
    """It depends on the input alone; the registry is not asked."""
    registry = Registry()
    assert registry.look_up(officer(), "!") == Found(error=ErrorCode.NUMBER_INVALID)
    assert registry.directory.statements == []


def found_by(one: Caller, purpose: str, *, protected: bool) -> tuple[Found, Target]:
    """A look-up of somebody known, protected or not."""
    her = subject(1, protected=protected, police="K1")
    registry = Registry(her)
    registry.know(her)
    found = registry.look_up(who(one, purpose))
    return found, registry.classified(who(one, purpose), found)[0]


def test_a_protected_person_is_nobody_to_a_look_up() -> None:
    """The id that comes back is the phantom's, so that a second request by it tells no more (R7)."""
    found, target = found_by(caller(HR), "social-insurance", protected=True)
    nobody = Registry().look_up(officer())
    assert (found.migrants, found.sector_ids) == (nobody.migrants, nobody.sector_ids)
    (ref,) = target.subjects
    assert (ref.subject_class, ref.keys) == (SubjectClass.NONE, {})
    assert target.concerned == (migrant(1),)


def desk(department: Department, purpose: str = "residence-permit", *, with_case: bool = True) -> Caller:
    """A protection desk."""
    case = case_of(department, migrant(1), purpose=purpose) if with_case else None
    return caller(department, Role.PROTECTION_DESK, purposes=(purpose,), case=case)


def test_the_owner_s_protection_desk_finds_her_under_a_case() -> None:
    """R7: the named desk, with a case."""
    found, _ = found_by(desk(POLICE), "residence-permit", protected=True)
    assert found.migrants == (migrant(1),)


@pytest.mark.parametrize(
    ("one", "purpose"),
    [
        (desk(POLICE, with_case=False), "residence-permit"),
        (desk(Department.HOUSING, "housing-fund"), "housing-fund"),
        (desk(Department.EDUCATION, "school-enrolment"), "school-enrolment"),
        (desk(HR, "social-insurance", with_case=False), "social-insurance"),
    ],
)
def test_no_other_desk_finds_her(one: Caller, purpose: str) -> None:
    """Not without a case, nor the desk of a department that keeps no records."""
    found, _ = found_by(one, purpose, protected=True)
    assert found.migrants != (migrant(1),)
    assert found_by(one, purpose, protected=False)[0].migrants == (migrant(1),)


# Cases and named persons


def test_a_case_is_read_only_when_the_request_named_it() -> None:
    """Then by migrant, so that ids of an older key compare equal."""
    one = caller(HR, case=case_of(HR, migrant(1), related=[migrant(2)], purpose="social-insurance"))
    finder = Registry().finder
    names = finder.case_names(who(one, "social-insurance"))
    assert names == CaseNames(frozenset({migrant(1)}), frozenset({migrant(2)}))
    assert finder.case_names(who(one, "social-insurance", with_case=False)).named == frozenset()


def test_a_case_with_another_department_s_ids_is_refused() -> None:
    """It is the department's own system that signed it."""
    one = caller(HR, case=case_of(HEALTH, migrant(1), purpose="social-insurance"))
    assert code_of(lambda: Registry().finder.case_names(who(one, "social-insurance"))) is ErrorCode.ID_INVALID


def test_named_persons_are_opened_or_refused() -> None:
    """An id in a check is the department's own."""
    finder = Registry().finder
    good, bad = IDS.seal(HR, migrant(1)), IDS.seal(HEALTH, migrant(1))
    assert finder.open_named(officer(), [good]).migrants == [migrant(1)]
    assert code_of(lambda: finder.open_named(officer(), [good, bad])) is ErrorCode.ID_INVALID


# Classes


def classes(asker: Who, registry: Registry, *ids: MigrantId) -> list[SubjectClass]:
    """The classes of some migrants."""
    found = [Found((one,), (IDS.seal(HR, one),)) for one in ids]
    return [target.subjects[0].subject_class for target in registry.classified(asker, *found)]


def test_everybody_is_resolved_by_one_statement() -> None:
    """Whatever the number of roots; a person twice is asked about once."""
    registry = Registry(subject(1), subject(2))
    assert len(classes(officer(), registry, migrant(1), migrant(2), migrant(1), migrant(9))) == 4
    assert registry.directory.statements == ["resolve"]


def test_a_county_is_enough_for_callers_of_county_level_and_above() -> None:
    """Police are not asked where somebody lives."""
    registry = Registry(subject(1, "320505", police="K1"), subject(2, "310101", police="K2"))
    assert classes(officer(), registry, migrant(1), migrant(2)) == [SubjectClass.IN_RESIDENCE, SubjectClass.NONE]
    assert registry.police.calls == []


def test_a_township_asks_where_somebody_lives_now() -> None:
    """One call for all subjects; who is not known to police is asked about all the same."""
    divisions = {"K1": "320505001002", "K2": "320505999001"}
    people = [subject(1, police="K1"), subject(2, police="K2"), subject(3, health="H3")]
    registry = Registry(*people, divisions=divisions)
    found = classes(nurse(), registry, migrant(1), migrant(2), migrant(3), migrant(4))
    assert found == [SubjectClass.IN_RESIDENCE, SubjectClass.NONE, SubjectClass.NONE, SubjectClass.NONE]
    (call,) = registry.police.calls
    assert (call.keys, call.columns) == (("K1", "K2", NEVER_KEY, NEVER_KEY), ("residence_division",))
    assert registry.reports.statuses == {Source.POLICE: SourceStatus.OK}


def test_without_police_everybody_lives_elsewhere() -> None:
    """For a township nobody is its own then, and the report says why."""
    registry = Registry(subject(1, police="K1"), divisions={"K1": "320505001002"})
    registry.police.fail_next(Fault(FaultKind.HANG))
    assert classes(nurse(), registry, migrant(1)) == [SubjectClass.NONE]
    assert registry.reports.statuses == {Source.POLICE: SourceStatus.TIMEOUT}


def test_a_township_without_a_police_source() -> None:
    """The same where none is configured."""
    finder = Finder(MemoryDirectory(subject(1)), IDS, None, 100)
    reports = Reports()
    found = Found((migrant(1),), (IDS.seal(HEALTH, migrant(1)),))
    (target,) = asyncio.run(finder.classified(nurse(), [found], reports))
    assert target.subjects[0].subject_class is SubjectClass.NONE
    assert reports.statuses == {Source.POLICE: SourceStatus.UNAVAILABLE}


def test_a_person_needs_no_division() -> None:
    """For oneself nothing but minority and protection counts."""
    registry = Registry(subject(3, police="K3"))
    asker = who(caller(me=migrant(3)), "subject-access")
    (found,) = classes(asker, registry, migrant(3))
    assert SubjectClass.CONSENTED in found
    assert registry.police.calls == []


def test_an_adult_whom_no_case_names_is_nobody_to_others_under_a_purpose_about_children() -> None:
    """Immunisation opens children, and the guardians that the case names; others only in health's own register."""
    adult = subject(1, police="P1", health="H1")
    child = replace(subject(2, police="P2"), facts=replace(adult.facts, minor_until=date(2040, 1, 1)))
    registry = Registry(adult, child)
    plain = who(caller(HEALTH, purposes=("immunisation",)), "immunisation")
    case = case_of(HEALTH, migrant(2), related=(migrant(1),), purpose="immunisation")
    named = who(caller(HEALTH, purposes=("immunisation",), case=case), "immunisation")

    def keys(asker: Who, number: int) -> set[Source]:
        found = registry.find(asker, BY_ID, id=IDS.seal(HEALTH, migrant(number)))
        return set(registry.classified(asker, found)[0].subjects[0].keys)

    assert keys(plain, 1) == {Source.HEALTH}
    assert keys(plain, 2) == {Source.POLICE}
    assert keys(named, 1) == {Source.POLICE, Source.HEALTH}
    public_health = who(caller(HEALTH, purposes=("public-health",)), "public-health")
    assert keys(public_health, 1) == {Source.POLICE, Source.HEALTH}
