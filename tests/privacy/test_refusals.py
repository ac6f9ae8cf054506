"""R1 to R9, restated here from the text of DESIGN section 7 and held against the code."""

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product

import pytest

from auth.model import Profile
from privacy.decide import decide
from privacy.model import Agreement, Purpose
from privacy.policybook import PolicyBook
from privacy.purposes import PURPOSES
from privacy.refusals import EVERYBODY, NOBODY, REFUSALS, TARGETS, Ask, Target, ask_of, raised_target, rows
from schema.catalogue import FIELDS, Slot
from schema.checks import CHECKS
from schema.ids import FieldId
from schema.vocabulary import (
    ALL_SUBJECT_CLASSES,
    Assurance,
    Decision,
    Department,
    FieldClass,
    Level,
    Role,
    RowScope,
    Source,
    SubjectClass,
)
from tests.privacy.books import TODAY, profile

EVERYTHING = {id: target.ceiling for id, target in TARGETS.items()}
SLOTS = [Slot(field_class, source) for field_class in FieldClass for source in Source]
PROTECTED, CONSENTED = SubjectClass.PROTECTED, SubjectClass.CONSENTED


def may_leave(  # noqa: PLR0911, PLR0912  one line for each rule of the text
    ask: Ask, target: Target, *, protected: bool, consented: bool
) -> bool:
    """DESIGN section 7 in plain words, one rule after the other; nothing here is taken from the code under test."""
    field_class, owner = target.slot.field_class.name, target.slot.source.value
    at_home = ask.department.value == owner
    the_person = ask.department is Department.PERSON and Role.PERSON in ask.roles
    as_check = target.check
    as_count = ask.aggregate
    if ask.department is Department.POLICE:
        if field_class in ("HEALTH", "REPRODUCTIVE"):
            return False  # R1
        if owner != "police" and (not as_check or not ask.case or ask.listing or as_count):
            return False  # R8
    if field_class == "REPRODUCTIVE" and (as_check or as_count):
        return False  # R3
    if as_count and target.id == "SocialInsurance.kind":
        return False  # R3, maternity insurance
    if not the_person and owner == "human-resources" and field_class in ("HEALTH", "REPRODUCTIVE"):
        return False  # DOMAIN section 3
    if not the_person and field_class == "REPRODUCTIVE":
        institution = ask.department is Department.HEALTH and ask.roles == frozenset({Role.TREATING_INSTITUTION})
        high_enough = ask.level in (Level.PROVINCE, Level.CITY, Level.COUNTY)
        if not (institution and high_enough and consented and ask.case and at_home and not ask.listing):
            return False  # R2
    if ask.listing and not ask.agreement:
        return False  # R4
    if field_class == "ETHNICITY" and not the_person and (not at_home or as_count or ask.listing):
        return False  # R6
    if protected:
        if ask.listing or as_count:
            return False  # R7, absent from lists and counts
        desk = at_home and Role.PROTECTION_DESK in ask.roles and ask.case
        counter = the_person and ask.assurance is Assurance.IN_PERSON
        if (target.locates or as_check) and not desk and not counter:
            return False  # R7
    return True


ALIKE = {
    (p, c): frozenset(s for s in ALL_SUBJECT_CLASSES if (PROTECTED in s) is p and (CONSENTED in s) is c)
    for p, c in product((False, True), repeat=2)
}


def refused_by_text(ask: Ask, target: Target) -> frozenset[SubjectClass]:
    """The restated rules for all subject classes; they know no other fact than protection and consent."""
    refused = [alike for (p, c), alike in ALIKE.items() if not may_leave(ask, target, protected=p, consented=c)]
    return NOBODY.union(*refused)


def agreement(*, listing: bool) -> Agreement:
    """An agreement as far as refusals look at it."""
    return Agreement("a", "", "", "", "", None, "32", 1, datetime(2030, 1, 1, tzinfo=UTC), frozenset(TARGETS), listing)


def asks() -> frozenset[Ask]:
    """Every department × role × level × purpose, without agreement, with one, with a listing; persons also in person.

    Purposes that refusals cannot tell apart become one ask.
    """
    under = (None, agreement(listing=False), agreement(listing=True))
    found = set()
    for department, role, level in product(Department, Role, Level):
        person = department is Department.PERSON
        for assurance in (Assurance.SUBSTANTIAL, Assurance.IN_PERSON) if person else (Assurance.SUBSTANTIAL,):
            who = profile(department, role, level=level, assurance=assurance)
            found |= {ask_of(who, purpose, terms) for purpose in PURPOSES.values() for terms in under}
    return frozenset(found | {replace(ask, agreement=False) for ask in found if ask.listing})


def kinds_of_target() -> list[Target]:
    """One field, check or raised row for every slot and every way in which refusals can tell two apart."""
    found = [*TARGETS.values(), *(raised_target(slot) for slot in SLOTS)]
    return list({(t.slot, t.locates, t.check, t.id == "SocialInsurance.kind"): t for t in found}.values())


def test_refusals_say_what_the_text_says() -> None:
    """For every department, role, level, purpose, slot and subject class the code refuses what the text does."""
    refusals = list(REFUSALS.values())
    for ask, target in product(asks(), kinds_of_target()):
        refused = NOBODY.union(*[refuse(ask, target) for refuse in refusals])
        assert refused == refused_by_text(ask, target), (ask, target.id, target.slot)


@pytest.mark.parametrize("level", [Level.CITY, Level.TOWNSHIP])
def test_no_configuration_switches_a_refusal_off(allow_all_book: PolicyBook, level: Level) -> None:
    """With every rule allowing everything, each department × role × purpose still gets nothing that is refused."""
    for department, role in product(Department, Role):
        who = profile(department, role, level=level)
        for purpose in PURPOSES.values():
            if department in purpose.departments:
                assert_within_refusals(allow_all_book, who, purpose)


def assert_within_refusals(book: PolicyBook, who: Profile, purpose: Purpose) -> None:
    """Every decision of the table, and every raised class, is one that the restated rules leave open."""
    table, ask = decide(who, purpose, None, book, TODAY), ask_of(who, purpose, None)
    for id, ruling in table.rulings.items():
        refused = refused_by_text(ask, TARGETS[id])
        open_to = {s for s, decision in zip(ALL_SUBJECT_CLASSES, ruling.decisions, strict=True) if decision}
        assert not open_to & refused, (who, purpose.code, id)
    for source, classes in table.raised.items():
        for subject, raised in zip(ALL_SUBJECT_CLASSES, classes, strict=True):
            for field_class in raised:
                assert subject not in refused_by_text(ask, raised_target(Slot(field_class, source)))


def test_even_a_catalogue_that_grants_everything_is_refused(allow_all_book: PolicyBook) -> None:
    """Neither policy nor catalogue can grant what is refused, whichever department asks for whichever purpose."""
    for department, purpose in product(Department, PURPOSES.values()):
        generous = replace(purpose, fields=EVERYTHING, departments=frozenset(Department), children_only=frozenset())
        role = Role.PERSON if department is Department.PERSON else Role.CASE_OFFICER
        assert_within_refusals(allow_all_book, profile(department, role), generous)


def table_of(
    book: PolicyBook,
    code: str,
    *roles: Role,
    level: Level = Level.COUNTY,
    assurance: Assurance = Assurance.SUBSTANTIAL,
) -> dict[FieldId, tuple[Decision, ...]]:
    """The decisions of the department that names the purpose, under a catalogue that grants everything."""
    who = profile(Department(min(PURPOSES[code].departments)), *roles, level=level, assurance=assurance)
    table = decide(who, replace(PURPOSES[code], fields=EVERYTHING), None, book, TODAY)
    return {id: ruling.decisions for id, ruling in table.rulings.items()}


def fields_of(*classes: FieldClass) -> list[FieldId]:
    """Held fields of these classes."""
    return [field.id for field in FIELDS.values() if field.slot.field_class in classes]


def test_r1_police_never_receive_health(allow_all_book: PolicyBook) -> None:
    """Police get no health field and no health check, not even an answer to one."""
    table = table_of(allow_all_book, "residence-permit")
    health = fields_of(FieldClass.HEALTH, FieldClass.REPRODUCTIVE)
    checks = [check.id for check in CHECKS.values() if check.field_class is FieldClass.HEALTH]
    assert checks
    assert all(set(table[id]) == {Decision.WITHHOLD} for id in [*health, *checks])


def test_r1_covers_police_own_raised_values(allow_all_book: PolicyBook) -> None:
    """A registration for medical treatment is HEALTH, so its reason does not reach police through the hub."""
    table = decide(profile(Department.POLICE), PURPOSES["residence-permit"], None, allow_all_book, TODAY)
    assert all(FieldClass.HEALTH not in raised for raised in table.raised[Source.POLICE])


def test_r2_reproductive_needs_treatment_consent_and_case(allow_all_book: PolicyBook) -> None:
    """A treating institution reads maternity services of a consenting patient under a case, and nobody else does."""
    maternity = FieldId("MaternityService.item")
    treating = table_of(allow_all_book, "birth-service-registration", Role.TREATING_INSTITUTION)[maternity]
    assert {bool(d) for s, d in zip(ALL_SUBJECT_CLASSES, treating, strict=True) if CONSENTED not in s} == {False}
    assert treating[CONSENTED] is Decision.READ
    for roles in ({Role.REVIEWER}, {Role.TREATING_INSTITUTION, Role.REVIEWER}):
        assert not any(table_of(allow_all_book, "birth-service-registration", *roles)[maternity])
    township = table_of(allow_all_book, "birth-service-registration", Role.TREATING_INSTITUTION, level=Level.TOWNSHIP)
    assert not any(township[maternity])
    assert not any(table_of(allow_all_book, "public-health", Role.TREATING_INSTITUTION)[maternity])


def test_r2_reaches_the_person(allow_all_book: PolicyBook) -> None:
    """A woman reads her own maternity services and insurance rows; a guardian does not read a child's."""
    who = profile(Department.PERSON, Role.PERSON)
    table = decide(who, PURPOSES["subject-access"], None, allow_all_book, TODAY)
    here = SubjectClass.IN_RESIDENCE
    assert table.rulings[FieldId("MaternityService.item")].of(here) is Decision.READ
    assert table.raised[Source.HUMAN_RESOURCES][here] >= {FieldClass.HEALTH, FieldClass.REPRODUCTIVE}
    guardian = decide(
        profile(Department.PERSON, Role.GUARDIAN), PURPOSES["subject-access"], None, allow_all_book, TODAY
    )
    assert guardian.rulings[FieldId("MaternityService.item")].highest is Decision.WITHHOLD


def test_r3_nothing_of_births_is_counted(allow_all_book: PolicyBook) -> None:
    """Statistics count neither maternity services nor kinds of insurance."""
    counted = dict.fromkeys(FIELDS, Decision.AGGREGATE)
    purpose = replace(PURPOSES["statistics"], fields=counted)
    table = decide(profile(Department.CIVIL_AFFAIRS), purpose, None, allow_all_book, TODAY)
    births = [*fields_of(FieldClass.REPRODUCTIVE), FieldId("SocialInsurance.kind"), FieldId("Migrant.ethnicity")]
    assert all(table.rulings[id].highest is Decision.WITHHOLD for id in births)
    assert table.rulings[FieldId("Migrant.sex")].highest is Decision.AGGREGATE


def test_r3_no_purpose_serves_birth_policy() -> None:
    """The catalogue holds exactly the purposes of DOMAIN section 2."""
    assert set(PURPOSES) == {
        "residence-permit", "settlement", "school-enrolment", "employment-service", "social-insurance", "housing-fund",
        "public-health", "immunisation", "birth-service-registration", "social-assistance", "marriage-registration",
        "business-licensing", "professional-qualification", "legal-aid", "document-verification",
        "origin-verification", "data-quality", "record-linkage", "statistics", "subject-access", "correction",
        "complaint", "audit-review", "emergency",
    }  # fmt: skip


def test_r5_others_see_the_current_row() -> None:
    """Rows with a place, employer or institution leave as the current one only, except to owner and person."""
    dated = [target for target in TARGETS.values() if target.dated_place]
    assert {target.id.partition(".")[0] for target in dated} >= {"Employment", "ResidenceRegistration", "Immunisation"}
    for department, target in product(Department, dated):
        role = Role.PERSON if department is Department.PERSON else Role.CASE_OFFICER
        ask = ask_of(profile(department, role), PURPOSES["emergency"], None)
        entitled = department is Department.PERSON or department.value == target.slot.source.value
        assert rows(ask, target) is (RowScope.ALL if entitled else RowScope.CURRENT)


def test_r6_ethnicity_stays_at_home(allow_all_book: PolicyBook) -> None:
    """Ethnicity reaches police and the person, and nobody else under any purpose."""
    for department, purpose in product(Department, PURPOSES.values()):
        if department not in purpose.departments or department in {Department.POLICE, Department.PERSON}:
            continue
        generous = replace(purpose, fields=EVERYTHING)
        table = decide(profile(department), generous, None, allow_all_book, TODAY)
        assert table.rulings[FieldId("Migrant.ethnicity")].highest is Decision.WITHHOLD


def test_r7_protected_leave_no_trace(allow_all_book: PolicyBook) -> None:
    """For a protected person all that locates and every check is withheld, her own department's clerks included."""
    locating = [id for id, target in TARGETS.items() if target.locates or target.check]
    for code in ("residence-permit", "public-health", "emergency", "subject-access"):
        role = Role.PERSON if code == "subject-access" else Role.CASE_OFFICER
        table = table_of(allow_all_book, code, role)
        for id in locating:
            assert not any(d for s, d in zip(ALL_SUBJECT_CLASSES, table[id], strict=True) if PROTECTED in s)


def test_r7_desk_and_counter_see_her(allow_all_book: PolicyBook) -> None:
    """The owner's protection desk under a case sees where she is, and so does she, in person."""
    address = FieldId("Residence.address")
    desk = table_of(allow_all_book, "residence-permit", Role.PROTECTION_DESK)
    assert desk[address][PROTECTED | SubjectClass.IN_RESIDENCE] is Decision.READ
    assert not desk[FieldId("Checks.employedNow")][PROTECTED]
    herself = table_of(allow_all_book, "subject-access", Role.PERSON, assurance=Assurance.IN_PERSON)
    assert herself[address][PROTECTED] is Decision.READ


def test_r8_police_get_checks_under_a_case(allow_all_book: PolicyBook) -> None:
    """Police get others' answers to checks and no other thing, and without a case not even those."""
    table = table_of(allow_all_book, "residence-permit")
    for id, target in TARGETS.items():
        if target.slot.source is not Source.POLICE:
            assert set(table[id]) <= ({Decision.WITHHOLD, Decision.VERIFY} if target.check else {Decision.WITHHOLD})
    caseless = replace(PURPOSES["residence-permit"], fields=EVERYTHING, case_required=False)
    without = decide(profile(Department.POLICE), caseless, None, allow_all_book, TODAY)
    others = [id for id, target in TARGETS.items() if target.slot.source is not Source.POLICE]
    assert all(without.rulings[id].highest is Decision.WITHHOLD for id in others)


def test_r9_no_mark_is_carried() -> None:
    """A field that names a score, colour, label or watch-list is withheld from everybody; none exists today."""
    ask = ask_of(profile(Department.POLICE), PURPOSES["residence-permit"], None)
    sample = TARGETS[FieldId("Migrant.name")]
    for name in ("riskScore", "keyPerson", "colour", "watchList", "creditRating"):
        assert REFUSALS["R9"](ask, replace(sample, id=FieldId(f"Migrant.{name}"))) == EVERYBODY
    assert all(REFUSALS["R9"](ask, target) == NOBODY for target in TARGETS.values())
