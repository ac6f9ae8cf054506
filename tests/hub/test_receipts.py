"""What goes with an answer: its record and its receipt say nothing that depends on what is known of the subject."""

import json
from datetime import UTC, datetime

import pytest

from hub.audit.events import check_event
from hub.audit.model import Receipt
from hub.engine.gates import Reports
from hub.engine.subjects import Involved, SubjectRef, Target
from hub.receipts import receipt_object, record_of
from schema.vocabulary import Decision, Department, Source, SourceStatus, SubjectClass
from tests.hub.engine.desk import (
    PLAIN,
    PROTECTED,
    READ,
    RESIDENT,
    VERIFY,
    Rule,
    agreement_of,
    caller,
    case_of,
    migrant,
    only,
    person,
    plan_of,
    who,
)

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
RULES: dict[str, Rule] = {"Migrant.name": only(READ, RESIDENT), "Checks.permitValid": VERIFY}
HR = Department.HUMAN_RESOURCES
OFFICER = caller(HR, case=case_of(HR, migrant(1), purpose="social-insurance"))


def involved(*refs: SubjectRef, named: tuple[SubjectRef, ...] = ()) -> Involved:
    """Each subject as a root of its own."""
    return Involved([Target([ref]) for ref in refs], {ref.sector_id: ref for ref in named})


@pytest.mark.parametrize("subject", [PLAIN, RESIDENT, PROTECTED, SubjectClass(31)])
def test_a_record_is_the_same_whoever_the_subject_is(subject: SubjectClass) -> None:
    """Fields stand by the highest decision anybody could get, statuses for every department of the plan."""
    plan = plan_of(
        "{ me { name idNumber health { immunisations { dose } } checks { permitValid { answer } } } }", RULES
    )
    reports = Reports()
    reports.note(Source.POLICE, SourceStatus.STALE)
    record = record_of(NOW, who(OFFICER, "social-insurance"), plan, involved(person(1, subject)), reports)
    assert record.fields == {
        Decision.READ: ("Migrant.name",),
        Decision.VERIFY: ("Checks.permitValid",),
        Decision.WITHHOLD: ("Immunisation.dose", "Migrant.idNumber"),
    }
    assert record.statuses == {"police": "stale"}
    assert record.subjects == (person(1).migrant,)


def test_a_record_says_who_asked_why_and_under_what() -> None:
    """Department, roles, client, officer, purpose with its basis, case, agreement, document and policy version."""
    plan = plan_of("{ me { name } }", RULES)
    asker = who(OFFICER, "social-insurance", agreement_of())
    record = record_of(NOW, asker, plan, involved(person(1)), Reports())
    assert (record.department, record.roles, record.client) == (HR, tuple(OFFICER.profile.roles), "client-1")
    assert (record.officer, record.purpose, record.case) == ("officer-1", "social-insurance", "2026-117")
    assert (record.agreement, record.operation, record.policy_version) == ("agreement-1", plan.operation.hash, "v1")
    assert record.basis == "decree-663 art. 7; decree-663 art. 12"
    assert record.time == NOW


def test_a_case_the_request_did_not_name_is_not_recorded() -> None:
    """What a token happens to carry is not what was asked under."""
    asker = who(OFFICER, "social-insurance", with_case=False)
    record = record_of(NOW, asker, plan_of("{ me { name } }", RULES), involved(person(1)), Reports())
    assert record.case == ""


BY_ID = "query($i: ID!) { a: migrant(id: $i) { %s } b: migrant(id: $i) { id } }"
CHECK = "checks { permitValid { answer } }"


@pytest.mark.parametrize(
    ("document", "persons", "event", "detail"),
    [
        ("{ me { name } }", 1, "subject-view", {"view": "record"}),
        ('{ migrants(division: "3205") { nodes { name } } }', 1, "page", {"first": "1"}),
        (BY_ID % "name", 2, "batch", {"checks": "0"}),
        (BY_ID % CHECK, 2, "batch", {"checks": "1"}),
        (BY_ID % CHECK, 1, "check", {"checks": "1"}),
        (BY_ID % f"name {CHECK}", 1, "look-up", {"lookup": "id"}),
        (
            "query($n: String!) { lookup(documentKind: PASSPORT, number: $n, name: $n) { id } }",
            1,
            "look-up",
            {"lookup": "document"},
        ),
        (BY_ID % "name", 0, "look-up", {"lookup": "id"}),
    ],
)
def test_each_kind_of_answer_is_an_event(document: str, persons: int, event: str, detail: dict[str, str]) -> None:
    """By what the document asks and about how many; every event and detail is in the catalogue."""
    refs = [person(i) for i in range(persons)]
    record = record_of(NOW, who(OFFICER, "social-insurance"), plan_of(document, RULES), involved(*refs), Reports())
    assert (record.event, record.detail) == (event, detail)
    check_event(record)


def test_persons_whom_checks_name_are_recorded_too() -> None:
    """Once each, behind the subjects; they do not make a look-up a batch."""
    plan = plan_of("query($i: ID!) { migrant(id: $i) { name checks { guardianOf(child: $i) { answer } } } }", RULES)
    record = record_of(NOW, who(OFFICER, "social-insurance"), plan, involved(person(1), named=(person(2),)), Reports())
    assert (record.event, record.subjects) == ("look-up", (person(1).migrant, person(2).migrant))


def test_the_receipt_names_the_record_and_the_terms() -> None:
    """In both languages, with how long the answer may be kept; nothing of the subject."""
    asker = who(OFFICER, "social-insurance")
    record = record_of(NOW, asker, plan_of("{ me { name } }", RULES), involved(person(1, PROTECTED)), Reports())
    told = receipt_object(record, Receipt(record.record_id, "main", 7), asker)
    assert (told["id"], told["agreement"], told["policyVersion"]) == (str(record.record_id), None, "v1")
    assert told["purpose"] == {
        "code": "social-insurance",
        "nameEn": "Transfer and continuation of social insurance",
        "nameZh": "社会保险转移接续",
    }
    assert told["terms"]["keepDays"] == 90
    assert {*told["terms"]["passingOn"]} == {*told["terms"]["neverGroundsForRefusal"]} == {"en", "zh"}
    assert str(person(1).migrant) not in json.dumps(told)
    assert "id-1" not in json.dumps(told)
