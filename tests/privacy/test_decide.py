"""Decision tables: what is granted, what narrows it, and for how long."""

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import product
from pathlib import Path

import pytest

from privacy.decide import AGREEMENT, CATALOGUE, NO_RULE, decide, granted
from privacy.model import Agreement
from privacy.policybook import PolicyBook, load_policies
from privacy.purposes import PURPOSES
from privacy.refusals import EVERYBODY, REFUSALS, TARGETS, ask_of
from schema.catalogue import FIELDS
from schema.checks import CHECKS
from schema.ids import FieldId
from schema.vocabulary import (
    ALL_SUBJECT_CLASSES,
    Decision,
    Department,
    FieldClass,
    Level,
    Marker,
    Role,
    Source,
    SubjectClass,
)
from tests.privacy.books import TODAY, permit, profile, write_policies

NAME, ADDRESS, SPOUSE = FieldId("Migrant.name"), FieldId("Residence.address"), FieldId("MarriageRegistration.spouse")
HERE = SubjectClass.IN_RESIDENCE
PAIRS = [(purpose, Department(name)) for purpose in PURPOSES.values() for name in sorted(purpose.departments)]


def agreement(fields: frozenset[FieldId], *, listing: bool = False, expires: date = date(2030, 1, 1)) -> Agreement:
    """An agreement that names these fields."""
    end = datetime(expires.year, expires.month, expires.day, tzinfo=UTC)
    return Agreement("a", "", "", "", "", None, "32", 1, end, fields, listing)


def role_of(department: Department) -> Role:
    """The role that gets the most in a department."""
    return Role.PERSON if department is Department.PERSON else Role.CASE_OFFICER


def test_table_covers_everything(book: PolicyBook) -> None:
    """Every field and check has a ruling for all 32 subject classes, with at least one reason."""
    for purpose, department in PAIRS:
        table = decide(profile(department, role_of(department)), purpose, None, book, TODAY)
        assert table.rulings.keys() == FIELDS.keys() | {check.id for check in CHECKS.values()}
        assert all(len(ruling.decisions) == 32 and ruling.policies for ruling in table.rulings.values())
        assert table.raised.keys() == set(Source)
        assert all(len(classes) == 32 for classes in table.raised.values())


def test_every_grant_is_reached(book: PolicyBook) -> None:
    """Each purpose can finish its job: for some subject, each granted field gets its highest decision."""
    for purpose, department in PAIRS:
        who = [profile(department, role_of(department), level=level) for level in (Level.COUNTY, Level.TOWNSHIP)]
        terms = agreement(frozenset(TARGETS)) if purpose.agreement_required else None
        tables = [decide(one, purpose, terms, book, TODAY) for one in who]
        for id, grant in granted(department, purpose).items():
            target, ask = TARGETS[id], ask_of(who[0], purpose, terms)
            if any(refuse(ask, target) == EVERYBODY for refuse in REFUSALS.values()):
                continue  # REPRODUCTIVE, or counts of others for police: test_refusals
            reached = max(table.rulings[id].highest for table in tables)
            assert reached is min(grant, target.ceiling), (purpose.code, department, id)


def test_held_fields_are_never_verified_and_checks_never_read(allow_all_book: PolicyBook) -> None:
    """VERIFY is for checks and checks get nothing else, even where every action is allowed."""
    for purpose, department in PAIRS:
        everything = replace(purpose, fields=dict.fromkeys(TARGETS, Decision.READ))
        table = decide(profile(department, role_of(department)), everything, None, allow_all_book, TODAY)
        for id, target in TARGETS.items():
            decisions = set(table.rulings[id].decisions)
            assert decisions <= (
                {Decision.VERIFY, Decision.WITHHOLD} if target.check else set(Decision) - {Decision.VERIFY}
            )


def test_field_granted_for_verification_is_withheld(allow_all_book: PolicyBook) -> None:
    """A held field cannot be verified, so a grant to verify it gives nothing."""
    purpose = replace(PURPOSES["school-enrolment"], fields={NAME: Decision.VERIFY})
    table = decide(profile(Department.EDUCATION), purpose, None, allow_all_book, TODAY)
    assert table.rulings[NAME].highest is Decision.WITHHOLD


def test_ceiling_of_a_field_holds(allow_all_book: PolicyBook) -> None:
    """A spouse's name is masked even for its owner and for the person."""
    for department, code in ((Department.CIVIL_AFFAIRS, "social-assistance"), (Department.PERSON, "subject-access")):
        table = decide(profile(department, role_of(department)), PURPOSES[code], None, allow_all_book, TODAY)
        assert table.rulings[SPOUSE].highest is Decision.MASK


def test_field_without_a_mask_is_withheld_where_masked(allow_all_book: PolicyBook) -> None:
    """A grant of the masked value of a field that has no mask gives nothing."""
    purpose = replace(PURPOSES["school-enrolment"], fields={FieldId("Migrant.sex"): Decision.MASK})
    table = decide(profile(Department.EDUCATION), purpose, None, allow_all_book, TODAY)
    assert table.rulings[FieldId("Migrant.sex")].highest is Decision.WITHHOLD


def test_catalogue_bounds_policy(allow_all_book: PolicyBook) -> None:
    """Policies that allow everything open no field that the purpose does not list."""
    table = decide(profile(Department.EDUCATION), PURPOSES["school-enrolment"], None, allow_all_book, TODAY)
    assert table.rulings[NAME].highest is Decision.MASK
    assert table.rulings[ADDRESS].highest is Decision.WITHHOLD
    assert table.rulings[ADDRESS].policies == (CATALOGUE,)
    assert table.rulings[ADDRESS].marker is Marker.WITHHELD


def test_policy_bounds_the_catalogue(tmp_path: Path) -> None:
    """A field that the purpose lists stays closed where its owner has no rule."""
    table = decide(
        profile(Department.EDUCATION),
        PURPOSES["school-enrolment"],
        None,
        load_policies(write_policies(tmp_path)),
        TODAY,
    )
    assert all(ruling.highest is Decision.WITHHOLD for ruling in table.rulings.values())
    assert table.rulings[NAME].policies == (NO_RULE,)


def test_other_departments_get_nothing(allow_all_book: PolicyBook) -> None:
    """A department that may not name a purpose gets nothing under it, its own fields included."""
    for purpose, department in product(PURPOSES.values(), Department):
        if department not in purpose.departments:
            table = decide(profile(department, role_of(department)), purpose, None, allow_all_book, TODAY)
            assert not any(ruling.highest for ruling in table.rulings.values())
            assert not any(any(classes) for classes in table.raised.values())


def test_purpose_out_of_force_gives_nothing(book: PolicyBook) -> None:
    """Before its first day, after its last, or with every basis expired, a purpose gives nothing."""
    who, purpose = profile(Department.EDUCATION), PURPOSES["school-enrolment"]
    ended = replace(purpose, until=date(2026, 11, 21))
    repealed = replace(purpose, basis=("decree-555 art. 5",))
    tables = [
        decide(who, purpose, None, book, date(2021, 10, 31)),
        decide(who, ended, None, book, TODAY),
        decide(who, repealed, None, book, TODAY),
    ]
    assert not any(ruling.highest for table in tables for ruling in table.rulings.values())


def test_agreement_narrows_to_its_fields(book: PolicyBook) -> None:
    """Under an agreement nothing outside its document is granted, own fields included."""
    who, purpose = profile(Department.HEALTH), PURPOSES["public-health"]
    table = decide(who, purpose, agreement(frozenset({NAME})), book, TODAY)
    assert [id for id, ruling in table.rulings.items() if ruling.highest] == [NAME]
    assert table.rulings[ADDRESS].policies == (AGREEMENT,)


def test_listing_leaves_the_protected_out(book: PolicyBook) -> None:
    """In a listing a protected person has no field at all."""
    terms = agreement(frozenset(TARGETS), listing=True)
    table = decide(profile(Department.HEALTH), PURPOSES["public-health"], terms, book, TODAY)
    assert table.rulings[NAME].of(HERE) is Decision.READ
    for ruling in table.rulings.values():
        protected = [s for s in ALL_SUBJECT_CLASSES if SubjectClass.PROTECTED in s]
        assert not any(ruling.of(subject) for subject in protected)


def test_consent_purposes_give_nothing_of_others_without_consent(book: PolicyBook) -> None:
    """Where the purpose requires consent, no other department's field leaves without it."""
    for purpose, department in PAIRS:
        if purpose.consent_required:
            table = decide(profile(department), purpose, None, book, TODAY)
            for id, target in TARGETS.items():
                if target.slot.source.value != department.value:
                    without = [s for s in ALL_SUBJECT_CLASSES if SubjectClass.CONSENTED not in s]
                    assert not any(table.rulings[id].of(subject) for subject in without)


@pytest.mark.parametrize("role", [Role.POLICY_OFFICER, Role.AUDITOR, Role.OPERATOR])
def test_some_roles_see_no_values(book: PolicyBook, role: Role) -> None:
    """Policy officers, auditors and operators get nothing, not even beside another role."""
    for purpose, department in PAIRS:
        if department is not Department.PERSON:
            table = decide(profile(department, role, Role.CASE_OFFICER), purpose, None, book, TODAY)
            assert not any(ruling.highest for ruling in table.rulings.values()), (purpose.code, department)


def test_village_gets_checks_only(book: PolicyBook) -> None:
    """At village level nothing but answers to checks is given, whatever the purpose and role."""
    for purpose, department in PAIRS:
        if department is not Department.PERSON:
            table = decide(profile(department, level=Level.VILLAGE), purpose, None, book, TODAY)
            assert {d for r in table.rulings.values() for d in r.decisions} <= {Decision.WITHHOLD, Decision.VERIFY}


def test_raised_rows_leave_to_owner_and_person(book: PolicyBook) -> None:
    """Assistance for illness reaches civil affairs and the person; medical insurance the person alone."""
    owner = decide(profile(Department.CIVIL_AFFAIRS), PURPOSES["social-assistance"], None, book, TODAY)
    assert FieldClass.HEALTH in owner.raised[Source.CIVIL_AFFAIRS][HERE]
    assert not any(owner.raised[Source.HUMAN_RESOURCES])
    insurer = decide(profile(Department.HUMAN_RESOURCES), PURPOSES["social-insurance"], None, book, TODAY)
    assert FieldClass.HEALTH not in insurer.raised[Source.HUMAN_RESOURCES][HERE]
    person = decide(profile(Department.PERSON, Role.PERSON), PURPOSES["subject-access"], None, book, TODAY)
    herself = SubjectClass.IN_RESIDENCE | SubjectClass.IN_ORIGIN | SubjectClass.CONSENTED
    assert person.raised[Source.HUMAN_RESOURCES][herself] >= {FieldClass.HEALTH, FieldClass.REPRODUCTIVE}
    assert not person.raised[Source.HUMAN_RESOURCES][herself | SubjectClass.PROTECTED]


def test_markers_are_the_same_for_every_subject(book: PolicyBook) -> None:
    """A marker is computed over all subject classes, so it says nothing about one."""
    table = decide(profile(Department.HEALTH), PURPOSES["public-health"], None, book, TODAY)
    assert table.rulings[NAME].marker is Marker.CONDITIONAL
    assert table.rulings[FieldId("Migrant.ethnicity")].marker is Marker.WITHHELD
    counted = decide(profile(Department.BUSINESS), PURPOSES["statistics"], None, book, TODAY)
    assert counted.rulings[FieldId("Migrant.sex")].highest is Decision.AGGREGATE
    assert counted.rulings[FieldId("Migrant.sex")].marker is Marker.WITHHELD


def test_table_expires_with_its_agreement(tmp_path: Path) -> None:
    """A table ends on the agreement's last day, or on the next boundary of a policy where that is earlier."""
    text = permit("police", "x").replace("permit (", '@until("2026-11-30")\npermit (')
    book = load_policies(write_policies(tmp_path, police=text))
    who, purpose = profile(Department.HEALTH), PURPOSES["public-health"]
    ends = {
        decide(who, purpose, agreement(frozenset(), expires=day), book, TODAY).expires
        for day in (date(2026, 11, 25), date(2026, 12, 25))
    }
    assert ends == {date(2026, 11, 25), date(2026, 12, 1)}
    assert decide(who, purpose, agreement(frozenset(), expires=TODAY), book, TODAY).expires == date(2026, 11, 23)


def test_decisions_are_pure(book: PolicyBook) -> None:
    """Equal input gives an equal table, from another loading of the same policies too."""
    who, purpose = profile(Department.HEALTH), PURPOSES["public-health"]
    assert decide(who, purpose, None, book, TODAY) == decide(who, purpose, None, load_policies(), TODAY)
