"""`preflight` predicts what `answer()` does, without asking anybody."""

from typing import Any

import pytest

from auth.model import Case
from hub.config import Mode
from schema.vocabulary import Department, Role
from tests.hub.engine.desk import agreement_of
from tests.hub.small_hub import LI, SmallHub, officer

ASK = """query($d: String!, $p: String!) {
  preflight(document: $d, purpose: $p) { refused sources fields { path field decision marker policies } }
}"""
BY_ID = "query($id: ID!, $on: Boolean!) { migrant(id: $id) { n: name @include(if: $on) idNumber ethnicity { code } } }"


def predict(small: SmallHub, document: str, purpose: str = "social-insurance") -> Any:
    """What is predicted."""
    told = small.ask(ASK, {"d": document, "p": purpose}, hub_purpose=None).json()
    assert "errors" not in told
    return told["data"]["preflight"]


def test_each_leaf_has_its_decision_and_reasons() -> None:
    """Also of what a switch may leave out; nobody is asked, and the prediction is recorded."""
    small = SmallHub()
    told = predict(small, BY_ID)
    assert (told["refused"], told["sources"]) == (None, ["police"])
    rows = {one["path"]: (one["field"], one["decision"], one["marker"]) for one in told["fields"]}
    assert rows == {
        "migrant.n": ("Migrant.name", "READ", "CONDITIONAL"),
        "migrant.idNumber": ("Migrant.idNumber", "MASK", "CONDITIONAL"),
        "migrant.ethnicity": ("Migrant.ethnicity", "WITHHOLD", "WITHHELD"),
    }
    assert all(one["policies"] for one in told["fields"])
    assert (small.calls, small.registry.asked, small.budget.spent) == ([], 0, {})
    (record,) = small.log.records
    assert (record.event, record.detail, record.subjects) == ("preflight", {"operations": "1"}, ())


@pytest.mark.parametrize(
    ("document", "purpose", "code"),
    [
        ("{", "social-insurance", "DOCUMENT_SYNTAX"),
        ("{ nobody }", "social-insurance", "DOCUMENT_INVALID"),
        ('{ migrant(id: "A") { name } }', "social-insurance", "IDENTIFIER_LITERAL"),
        ("query A { __typename } query B { __typename }", "social-insurance", "DOCUMENT_INVALID"),
        (BY_ID, "gossip", "PURPOSE_UNKNOWN"),
        (BY_ID, "", "PURPOSE_MISSING"),
        (BY_ID, "public-health", "PURPOSE_REFUSED"),
        ("{ me { name } }", "social-insurance", "FIELD_REFUSED"),
        ('{ migrants(division: "3205") { nodes { name } } }', "social-insurance", "AGREEMENT_REQUIRED"),
    ],
)
def test_a_refusal_is_predicted_by_its_code(document: str, purpose: str, code: str) -> None:
    """As the request itself would get it."""
    assert predict(SmallHub(), document, purpose) == {"refused": code, "fields": [], "sources": []}


def test_a_case_is_predicted_by_the_token_s() -> None:
    """A caller with a case for the purpose is not refused for want of a header."""
    small = SmallHub()
    clerk = {"department": Department.EDUCATION, "role": Role.WINDOW_CLERK}
    small.door.caller = officer("school-enrolment", **clerk)
    assert predict(small, BY_ID, "school-enrolment")["refused"] == "CASE_REQUIRED"
    case = Case("7", "school-enrolment", frozenset({small.id_of(LI)}))
    small.door.caller = officer("school-enrolment", **clerk, case=case)
    assert predict(small, BY_ID, "school-enrolment")["refused"] is None


def test_in_production_only_agreed_documents_are_open() -> None:
    """Predicted as they would be refused."""
    small = SmallHub()
    small.change(settings=small.hub.settings.model_copy(update={"mode": Mode.PRODUCTION}))
    assert predict(small, BY_ID)["refused"] == "SANDBOX_ONLY"
    one = agreement_of(BY_ID, purpose="social-insurance", department=Department.HUMAN_RESOURCES, fields=frozenset())
    small.change(agreements={one.id: one})
    assert {field["decision"] for field in predict(small, BY_ID)["fields"]} == {"WITHHOLD"}


def test_a_prediction_is_not_told_before_it_is_recorded() -> None:
    """While the log is away there is none."""
    small = SmallHub()
    small.log.failing = RuntimeError("away")
    assert small.ask(ASK, {"d": BY_ID, "p": "social-insurance"}).status_code == 500
