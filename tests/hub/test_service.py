"""Which agreement a request runs under, and who pays for the persons it asks about."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from auth.model import Caller
from hub.config import Mode
from hub.request import GraphQLRequest
from hub.service import Hub
from privacy.model import Agreement
from schema.errors import ErrorCode, RefusedError
from schema.ids import MigrantId
from schema.vocabulary import Department
from tests.hub.engine.desk import agreement_of, caller, migrant, operation_of, who
from tests.hub.small_hub import NOW, SmallHub

DOCUMENT = "query($id: ID!) { migrant(id: $id) { name } }"
OPERATION = operation_of(DOCUMENT)
NURSE, HERSELF = caller(Department.HEALTH), caller(me=migrant(1))


def hub_with(*agreements: Agreement, production: bool = False) -> tuple[Hub, SmallHub]:
    """A hub with these agreements."""
    small = SmallHub()
    mode = Mode.PRODUCTION if production else Mode.SANDBOX
    settings = small.hub.settings.model_copy(update={"mode": mode})
    small.change(agreements={one.id: one for one in agreements}, settings=settings)
    return small.hub, small


def agreed(**changes: Any) -> Agreement:
    """An agreement of health on the document."""
    return agreement_of(DOCUMENT, **changes)


def refusal(work: Any) -> ErrorCode | None:
    """The code of a refusal, or None."""
    try:
        work()
    except RefusedError as error:
        return error.code
    return None


def named(hub: Hub, name: str | None, one: Caller = NURSE) -> ErrorCode | None:
    """How naming an agreement goes."""
    return refusal(lambda: hub.agreement(one, GraphQLRequest(DOCUMENT, agreement=name), OPERATION))


def test_an_agreement_runs_its_own_document() -> None:
    """To the letter and until its instant; unknown, expired and another's document have one code."""
    hub, _ = hub_with(agreed(), agreed(id="ends", expires=NOW), replace(agreed(id="other"), document_hash="0" * 64))
    assert hub.agreement(NURSE, GraphQLRequest(DOCUMENT, agreement="agreement-1"), OPERATION) == agreed()
    assert [named(hub, name) for name in ("ends", "other", "nobody's")] == [ErrorCode.AGREEMENT_INVALID] * 3


def test_without_an_agreement_only_the_sandbox_and_persons() -> None:
    """In production every agency's document is agreed on; a person's about themselves needs none."""
    assert named(hub_with()[0], None) is None
    production, _ = hub_with(production=True)
    assert named(production, None) is ErrorCode.SANDBOX_ONLY
    assert named(production, None, HERSELF) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"department": Department.EDUCATION},
        {"purpose": "immunisation"},
        {"client": "another"},
        {"expires": datetime(2020, 1, 1, tzinfo=UTC)},
        {"document_hash": "0" * 64},
    ],
)
def test_a_prediction_takes_the_caller_s_own_agreement(changes: dict[str, Any]) -> None:
    """Others' agreements on the same document, whatever their order, neither help nor hinder, nor show."""
    hub, _ = hub_with(agreed(id="a", **changes), agreed(id="b"))
    found = hub.agreement_for(NURSE, "public-health", OPERATION)
    assert found is not None
    assert found.id == "b"
    alone, _ = hub_with(agreed(id="a", **changes))
    assert alone.agreement_for(NURSE, "public-health", OPERATION) is None
    closed, _ = hub_with(agreed(id="a", **changes), production=True)
    assert refusal(lambda: closed.agreement_for(NURSE, "public-health", OPERATION)) is ErrorCode.SANDBOX_ONLY


def spend(small: SmallHub, one: Caller, *persons: MigrantId, agreement: Agreement | None = None) -> ErrorCode | None:
    """How spending goes."""
    asker = who(one, "public-health", agreement)
    return refusal(lambda: asyncio.run(small.hub.spend(asker, persons)))


def test_each_client_pays_for_itself_and_each_agreement_too() -> None:
    """Departments share no budget, nor do a client and the agreement it runs."""
    small = SmallHub()
    other = replace(NURSE, client="client-2")
    clerk = caller(Department.EDUCATION)
    for one in (NURSE, other, clerk):
        assert spend(small, one, migrant(1)) is None
    assert spend(small, NURSE, migrant(2), agreement=agreed()) is None
    assert sorted(small.budget.spent) == [
        "education client-1",
        "health agreement agreement-1",
        "health client-1",
        "health client-2",
    ]


def test_the_volume_of_an_agreement_is_for_all_its_clients() -> None:
    """The persons it may release on a day, whoever asks."""
    small, one = SmallHub(), agreed(volume_per_day=2)
    other = replace(NURSE, client="client-2")
    assert spend(small, NURSE, migrant(1), agreement=one) is None
    assert spend(small, other, migrant(1), migrant(2), agreement=one) is None
    assert spend(small, other, migrant(3), agreement=one) is ErrorCode.BUDGET_SPENT


def test_persons_and_empty_requests_pay_nothing() -> None:
    """No statement is made for them."""
    small = SmallHub()
    assert spend(small, HERSELF, migrant(1)) is None
    assert spend(small, NURSE) is None
    assert small.budget.spent == {}


def test_which_documents_lead_to_persons() -> None:
    """One that does so only where a switch says so does it only then."""
    hub, _ = hub_with()
    operation = operation_of("query($on: Boolean!) { __typename me @include(if: $on) { id } }")
    assert hub.is_person_level(operation, {"on": True})
    assert not hub.is_person_level(operation, {"on": False})
