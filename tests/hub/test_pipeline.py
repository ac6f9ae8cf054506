"""`answer()`: the record before the first byte, nothing asked of a source for a request that is refused."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256

import pytest

from auth.model import Case
from connectors.memory import Fault, FaultKind
from hub.config import LimitSettings, Mode
from privacy.model import Agreement
from schema.errors import BusyError, ErrorCode, InternalError, StorageError
from schema.ids import FieldId
from schema.vocabulary import Department, Role, Source
from tests.hub.small_hub import BY_ID, LI, NOBODY, NUMBERS, WANG, SmallHub, officer

LOOKUP = """query($number: String!, $name: String!) {
  lookup(documentKind: RESIDENT_ID, number: $number, name: $name) { id name }
}"""


def code_of(response: object) -> str:
    """The code of a refusal."""
    return str(json.loads(response.content)["errors"][0]["extensions"]["code"])  # type: ignore[attr-defined]


def test_an_answer_has_its_record() -> None:
    """What comes back names the record that was written, and the record names the subject and the decisions."""
    small = SmallHub()
    told = small.ask(BY_ID, {"id": small.id_of(LI)}).json()
    (record,) = small.log.records
    assert told["data"]["migrant"]["name"] == "李雷"
    assert told["extensions"]["receipt"]["id"] == str(record.record_id)
    assert (record.event, record.subjects, record.purpose) == ("look-up", (LI,), "social-insurance")
    assert set(record.statuses.items()) == {("police", "ok"), ("human-resources", "ok")}


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (BusyError(ErrorCode.AUDIT_UNAVAILABLE), 503, "AUDIT_UNAVAILABLE"),
        (BusyError(ErrorCode.BUSY), 503, "BUSY"),
        (StorageError("the disk is full"), 500, "INTERNAL"),
        (InternalError("an event is not in the catalogue"), 500, "INTERNAL"),
        (RuntimeError("李雷"), 500, "INTERNAL"),
    ],
)
def test_without_a_record_nothing_leaves(failure: Exception, status: int, code: str) -> None:
    """Whatever the log raises, not one value of the answer leaves, nor a word of what was raised."""
    small = SmallHub()
    small.log.failing = failure
    response = small.ask(BY_ID, {"id": small.id_of(LI)})
    assert (response.status_code, code_of(response)) == (status, code)
    assert response.json().keys() == {"errors"}
    assert "李雷" not in response.text
    assert small.calls


def test_no_source_is_asked_while_the_log_is_away() -> None:
    """When no record could be written, no department is asked and nobody is looked up."""
    small = SmallHub()
    small.log.healthy = False
    assert code_of(small.ask(BY_ID, {"id": small.id_of(LI)})) == "AUDIT_UNAVAILABLE"
    assert small.calls == []
    assert small.registry.asked == 0
    assert small.ask("{ __typename }").json() == {"data": {"__typename": "Query"}}


def test_a_refused_request_asks_no_source() -> None:
    """A request that is refused as a whole reaches no source, and is noted as a denial of its client."""
    small = SmallHub()
    refused = {
        "PURPOSE_MISSING": small.ask(BY_ID, {"id": small.id_of(LI)}, hub_purpose=None),
        "PURPOSE_UNKNOWN": small.ask(BY_ID, {"id": small.id_of(LI)}, hub_purpose="gossip"),
        "CASE_MISMATCH": small.ask(BY_ID, {"id": small.id_of(LI)}, hub_case="another"),
        "AGREEMENT_INVALID": small.ask(BY_ID, {"id": small.id_of(LI)}, hub_agreement="none-such"),
        "FIELD_REFUSED": small.ask("{ me { name } }"),
        "AGREEMENT_REQUIRED": small.ask('{ migrants(division: "320505") { nodes { name } } }'),
    }
    assert {code: code_of(response) for code, response in refused.items()} == {code: code for code in refused}
    assert [denial.code for denial in small.denials.noted] == list(refused)
    assert {denial.client for denial in small.denials.noted} == {"desk"}
    assert (small.calls, small.log.records) == ([], [])


def test_the_budget_of_a_day() -> None:
    """A client may ask about so many distinct persons a day; the same one again costs nothing, nobody counts too."""
    small = SmallHub(LimitSettings(subjects_per_day=2))
    for _ in range(3):
        assert small.ask(BY_ID, {"id": small.id_of(LI)}).status_code == 200
    number, name = NOBODY
    assert small.ask(LOOKUP, {"number": number, "name": name}).status_code == 200
    calls = len(small.calls)
    response = small.ask(BY_ID, {"id": small.id_of(WANG)})
    assert (response.status_code, code_of(response)) == (429, "BUDGET_SPENT")
    assert len(small.calls) == calls


def test_a_protected_person_costs_as_much_as_nobody() -> None:
    """A look-up and a second request by the id it gave cost one person of the budget, whoever it is about."""
    spent = []
    for number, name in (NUMBERS[WANG], NUMBERS[LI], NOBODY):
        small = SmallHub()
        found = small.ask(LOOKUP, {"number": number, "name": name}).json()["data"]["lookup"]
        assert (found["name"] is None) == (name != "李雷")
        small.ask(BY_ID, {"id": found["id"]})
        spent += [len(one) for one in small.budget.spent.values()]
    assert spent == [1, 1, 1]


def test_a_look_up_of_a_protected_person_names_her_in_the_record() -> None:
    """She is shown as nobody, under an id that is not hers, and finds the look-up in her own list all the same."""
    small = SmallHub()
    number, name = NUMBERS[WANG]
    found = small.ask(LOOKUP, {"number": number, "name": name}).json()["data"]["lookup"]
    assert found["name"] is None
    assert found["id"] != small.id_of(WANG)
    assert [record.subjects for record in small.log.records] == [(WANG,)]


def test_production_runs_agreements_only() -> None:
    """Outside the sandbox a document without an agreement is refused; introspection is not."""
    small = SmallHub()
    small.change(settings=small.hub.settings.model_copy(update={"mode": Mode.PRODUCTION}))
    assert code_of(small.ask(BY_ID, {"id": small.id_of(LI)})) == "SANDBOX_ONLY"
    assert small.calls == []
    assert small.ask("{ __typename }").status_code == 200


def agreement(**changes: object) -> Agreement:
    """An agreement on BY_ID for human resources."""
    whole = Agreement(
        id="one",
        document=BY_ID,
        document_hash=sha256(BY_ID.encode()).hexdigest(),
        purpose="social-insurance",
        department="human-resources",
        client=None,
        jurisdiction="3205",
        volume_per_day=1,
        expires=datetime(2027, 1, 1, tzinfo=UTC),
        fields=frozenset({FieldId("Migrant.name")}),
        listing=False,
    )
    return replace(whole, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "changes",
    [
        {"expires": datetime(2026, 11, 21, 7, 59, tzinfo=UTC)},
        {"document_hash": "0" * 64},
        {"department": "health"},
        {"purpose": "employment-service"},
        {"jurisdiction": "3101"},
        {"client": "another-desk"},
    ],
)
def test_an_agreement_that_is_not_this_one(changes: dict[str, object]) -> None:
    """Expired an instant ago, for another document, department, purpose, place or client: it covers nothing."""
    small = SmallHub()
    small.change(agreements={"one": agreement(**changes)})
    assert code_of(small.ask(BY_ID, {"id": small.id_of(LI)}, hub_agreement="one")) == "AGREEMENT_INVALID"
    assert small.calls == []


def test_an_agreement_narrows_and_has_a_volume() -> None:
    """What the agreement's field set lacks is withheld, and its volume counts for all its clients."""
    small = SmallHub()
    small.change(agreements={"one": agreement()})
    told = small.ask(BY_ID, {"id": small.id_of(LI)}, hub_agreement="one").json()
    assert told["data"]["migrant"] == {"name": "李雷", "humanResources": {"employments": None}}
    assert [collection for collection, _, _ in small.calls] == ["police.persons"]
    assert code_of(small.ask(BY_ID, {"id": small.id_of(WANG)}, hub_agreement="one")) == "BUDGET_SPENT"


def test_local_and_planned_fields_stand_in_the_order_asked_for() -> None:
    """One document may hold predictions, persons and introspection; the answer keeps their order."""
    small = SmallHub()
    document = """query($id: ID!) {
      b: __typename a: migrant(id: $id) { name } p: preflight(document: "{ me { name } }", purpose: "x") { refused }
      z: __schema { queryType { name } }
    }"""
    told = small.ask(document, {"id": small.id_of(LI)}).json()
    assert list(told["data"]) == ["b", "a", "p", "z"]
    assert told["data"]["p"] == {"refused": "PURPOSE_UNKNOWN"}


def test_a_department_that_fails_does_not_fail_the_others() -> None:
    """Its part is null with an error at its path; the record says how it went."""
    small = SmallHub()
    small.sources[Source.HUMAN_RESOURCES].fail_next(Fault(FaultKind.ERROR))
    told = small.ask(BY_ID, {"id": small.id_of(LI)}).json()
    assert told["data"]["migrant"] == {"name": "李雷", "humanResources": {"employments": None}}
    assert [error["path"] for error in told["errors"]] == [["migrant", "humanResources", "employments"]]
    assert small.log.records[0].statuses["human-resources"] == "unavailable"


def test_a_case_opens_only_for_whom_it_names() -> None:
    """Under a purpose with a case: the person it names, nobody else, and ids only for the rest."""
    small = SmallHub()
    ids = small.id_of
    small.door.caller = officer("school-enrolment", department=Department.EDUCATION, role=Role.WINDOW_CLERK)
    small.door.caller = replace(small.door.caller, case=Case("7", "school-enrolment", frozenset({ids(LI)})))
    named = {"hub_purpose": "school-enrolment", "hub_case": "7"}
    assert small.ask(BY_ID, {"id": ids(LI)}, **named).status_code == 200
    assert code_of(small.ask(BY_ID, {"id": ids(WANG)}, **named)) == "CASE_MISMATCH"
    number, name = NUMBERS[WANG]
    only_id = LOOKUP.replace("{ id name }", "{ id }")
    assert small.ask(only_id, {"number": number, "name": name}, **named).status_code == 200
    assert code_of(small.ask(LOOKUP, {"number": number, "name": name}, **named)) == "CASE_MISMATCH"
