"""What Cedar says about slots."""

import json
from itertools import product
from pathlib import Path

import cedarpy
import pytest

from privacy.policy_rules import FACTS
from privacy.policybook import PolicyBook, load_policies
from privacy.purposes import PURPOSES
from privacy.slot_rulings import CEDAR_ERROR, Question, Situation, ask_slots
from schema.catalogue import Slot
from schema.vocabulary import ALL_SUBJECT_CLASSES, Department, FieldClass, Level, Role, Source, SubjectClass
from tests.privacy.books import TODAY, forbid, permit, profile, write_policies

OVERFLOW = "9223372036854775807 + 1 > 0"
NAMES = Question(Slot(FieldClass.PERSONAL, Source.POLICE), "readMasked")


def situation(department: Department, purpose: str, *roles: Role, level: Level = Level.COUNTY) -> Situation:
    """A situation without an agreement."""
    who = profile(department, *roles, level=level)
    return Situation(who, purpose, agreement=purpose == "record-linkage", emergency=purpose == "emergency", on=TODAY)


def word(kind: str, id: str) -> dict[str, object]:
    """An entity in Cedar's JSON."""
    return {"__entity": {"type": kind, "id": id}}


def asked_in_full(book: PolicyBook, where: Situation, question: Question) -> tuple[bool, ...]:
    """All rules of law and owner, all 32 contexts, nothing left out: the slow way."""
    source = question.slot.source
    rules = [rule for rule in book.rules if rule.file in {"law.cedar", f"{source.value}.cedar"} and rule.stands(TODAY)]
    text = "\n".join(rule.text for rule in rules)
    caller = {
        "department": word("Department", where.profile.department.value),
        "roles": [word("Role", role.value) for role in where.profile.roles],
        "level": word("Level", where.profile.level.value),
    }
    slot = {
        "class": word("Class", question.slot.field_class.value),
        "source": word("Source", source.value),
        "owner": word("Department", source.value),
    }
    entities = [
        {"uid": {"type": "Caller", "id": "c"}, "attrs": caller, "parents": []},
        {"uid": {"type": "Slot", "id": "s"}, "attrs": slot, "parents": []},
    ]
    requests = [
        {
            "principal": 'Caller::"c"',
            "action": f'Action::"{question.action}"',
            "resource": 'Slot::"s"',
            "context": {
                "purpose": word("Purpose", where.purpose),
                "agreement": where.agreement,
                "emergency": where.emergency,
                **{fact: bool(subject.value >> bit & 1) for bit, fact in enumerate(FACTS)},
            },
        }
        for subject in ALL_SUBJECT_CLASSES
    ]
    results = cedarpy.is_authorized_batch(requests, text, json.dumps(entities))
    return tuple(result.allowed and not result.diagnostics.errors for result in results)


QUESTIONS = [
    Question(Slot(field_class, source), action)
    for source, field_class, action in product(Source, FieldClass, ("read", "readMasked", "verify", "aggregate"))
]
SITUATIONS = [
    situation(Department.EDUCATION, "school-enrolment"),
    situation(Department.EDUCATION, "school-enrolment", Role.COMMUNITY_ASSISTANT, level=Level.VILLAGE),
    situation(Department.HEALTH, "public-health", level=Level.TOWNSHIP),
    situation(Department.HEALTH, "birth-service-registration", Role.TREATING_INSTITUTION),
    situation(Department.POLICE, "residence-permit", Role.PROTECTION_DESK),
    situation(Department.CIVIL_AFFAIRS, "social-assistance"),
    situation(Department.PERSON, "subject-access", Role.PERSON),
    situation(Department.PERSON, "complaint", Role.GUARDIAN),
    situation(Department.PERSON, "complaint", Role.GUARDIAN, Role.PERSON),
    situation(Department.HUB, "record-linkage", Role.SYSTEM_CLIENT),
    situation(Department.HOUSING, "emergency"),
    situation(Department.BUSINESS, "statistics"),
    situation(Department.HUMAN_RESOURCES, "employment-service", Role.DATA_STEWARD),
]


@pytest.mark.parametrize("where", SITUATIONS, ids=lambda s: f"{s.profile.department.value} {s.purpose}")
def test_shortcuts_change_no_answer(book: PolicyBook, where: Situation) -> None:
    """Leaving out rules and facts that cannot matter gives what asking everything gives."""
    questions = QUESTIONS[SITUATIONS.index(where) :: len(SITUATIONS)]
    short = ask_slots(book, where, QUESTIONS)
    for question in questions:
        assert short[question].allowed == asked_in_full(book, where, question), question


def test_forbid_that_errors_withholds(tmp_path: Path) -> None:
    """Cedar skips a forbid that fails and would allow; we do not, and say why."""
    text = permit("police", "all") + forbid("police", "broken", f"context.consented && {OVERFLOW}")
    found = load_policies(write_policies(tmp_path, police=text))
    where = situation(Department.EDUCATION, "school-enrolment")
    ruling = ask_slots(found, where, [NAMES])[NAMES]
    assert ruling.allowed == tuple(SubjectClass.CONSENTED not in subject for subject in ALL_SUBJECT_CLASSES)
    assert CEDAR_ERROR in ruling.forbids
    result = cedarpy.is_authorized(
        {
            "principal": 'Caller::"c"',
            "action": 'Action::"read"',
            "resource": 'Slot::"s"',
            "context": {"consented": True},
        },
        text,
        [],
    )
    assert result.allowed  # the library's own answer, which is why we look at its errors


def test_permit_that_errors_withholds(tmp_path: Path) -> None:
    """Where one permit fails, another's consent does not count."""
    text = permit("police", "all") + permit("police", "broken", OVERFLOW)
    found = load_policies(write_policies(tmp_path, police=text))
    ruling = ask_slots(found, situation(Department.EDUCATION, "school-enrolment"), [NAMES])[NAMES]
    assert not any(ruling.allowed)


def test_owner_is_judged_by_its_own_file(tmp_path: Path) -> None:
    """What health allows in its file opens nothing at police."""
    found = load_policies(write_policies(tmp_path, health=permit("health", "all")))
    health = Question(Slot(FieldClass.HEALTH, Source.HEALTH), "verify")
    rulings = ask_slots(found, situation(Department.EDUCATION, "school-enrolment"), [NAMES, health])
    assert all(rulings[health].allowed)
    assert not any(rulings[NAMES].allowed)


def test_reasons_are_the_rules_own_ids(book: PolicyBook) -> None:
    """A ruling names the permit that allowed and the forbids that stood against it."""
    ruling = ask_slots(book, situation(Department.EDUCATION, "school-enrolment"), [NAMES])[NAMES]
    assert ruling.permits == {"police.school-enrolment.names"}
    assert ruling.forbids == {"law.jurisdiction"}


def test_every_rule_can_be_a_reason(book: PolicyBook) -> None:
    """No packaged rule is dead: each permit allows something to somebody."""
    reasons: set[str] = set()
    asked = [question for question in QUESTIONS if question.action != "read"]
    for purpose in PURPOSES.values():
        for department in purpose.departments:
            roles = [Role.PERSON, Role.GUARDIAN] if department is Department.PERSON else [Role.CASE_OFFICER]
            roles += [Role.TREATING_INSTITUTION] if department is Department.HEALTH else []
            for role in roles:
                level = Level.COUNTY if role is Role.TREATING_INSTITUTION else Level.TOWNSHIP
                who = profile(Department(department), role, level=level)
                where = Situation(who, purpose.code, True, purpose.code == "emergency", TODAY)
                reasons |= {id for ruling in ask_slots(book, where, asked).values() for id in ruling.permits}
    assert {rule.id for rule in book.rules if rule.effect == "permit"} <= reasons
