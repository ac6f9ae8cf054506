"""Local and introspection fields, run by ordinary resolvers on their part of an operation."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

import pytest

from hub.engine.local import LocalResult, run_local
from hub.engine.plan import LocalRoot, is_planned, selected_roots
from schema.errors import TEXTS, ErrorCode, RequestError
from schema.query import Preflight
from tests.hub.engine.desk import SCHEMA, operation_of

SECRET = "王小明 110101199003070038"
ASKED = "query($d: String!, $p: String!) { a: preflight(document: $d, purpose: $p) { refused } t: __typename }"
GIVEN = {"d": "{ me { id } }", "p": "statistics"}


class Context:
    """Resolves local fields as told; keeps what it was asked."""

    def __init__(self, outcome: object) -> None:
        self.outcome = outcome
        self.asked: list[tuple[str, Mapping[str, Any]]] = []

    async def local(self, name: str, **arguments: Any) -> Any:
        """The scripted outcome, raised when it is an error."""
        self.asked.append((name, arguments))
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome


def run(
    document: str, context: Context, variables: Mapping[str, Any] | None = None, switches: dict[str, bool] | None = None
) -> LocalResult:
    """Run a document's local roots."""
    operation = operation_of(document)
    roots = selected_roots(SCHEMA, operation, switches or {})
    local = [LocalRoot(one.key, one) for one in roots if not is_planned(one)]
    return asyncio.run(run_local(SCHEMA, operation, local, variables or {}, context))


def answer() -> Preflight:
    """A prediction."""
    return Preflight(refused=None, fields=[], sources=[])


def test_local_fields_get_their_arguments() -> None:
    """Through the context, with coerced variables; introspection needs none."""
    context = Context(answer())
    result = run(ASKED, context, GIVEN)
    assert result.data == {"a": {"refused": None}, "t": "Query"}
    assert context.asked == [("preflight", {"document": "{ me { id } }", "purpose": "statistics"})]
    assert result.errors == []


def test_person_level_fields_are_left_alone() -> None:
    """Their resolvers are never run, though they stand in the same document and in its fragments."""
    document = (
        "{ me { name } ...F __schema { queryType { name } } } fragment F on Query { other: me { id } t: __typename }"
    )
    result = run(document, Context(RequestError(ErrorCode.INTERNAL)))
    assert result.data == {"t": "Query", "__schema": {"queryType": {"name": "Query"}}}
    assert result.errors == []


def test_without_local_roots_nothing_runs() -> None:
    """Most operations have none."""
    assert run("{ me { id } }", Context(answer())) == LocalResult({}, ())


def test_skipped_local_fields_do_not_run() -> None:
    """Also inside a fragment that is skipped as a whole."""
    document = """query($on: Boolean!, $d: String!, $p: String!) {
      ...F @include(if: $on) t: __typename
    } fragment F on Query { preflight(document: $d, purpose: $p) { refused } }"""
    context = Context(answer())
    result = run(document, context, {"on": False, **GIVEN}, {"on": False})
    assert (result.data, context.asked) == ({"t": "Query"}, [])


def test_a_refusal_keeps_its_code() -> None:
    """Its value is null, and the error has the fixed text and the path."""
    result = run(ASKED, Context(RequestError(ErrorCode.PURPOSE_UNKNOWN)), GIVEN)
    assert result.data == {"a": None, "t": "Query"}
    assert result.errors == [
        {
            "message": TEXTS[ErrorCode.PURPOSE_UNKNOWN],
            "path": ["a"],
            "extensions": {"code": "PURPOSE_UNKNOWN"},
        }
    ]


def test_an_unexpected_error_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """Neither the answer nor the log quotes it."""
    with caplog.at_level(logging.WARNING):
        result = run(ASKED, Context(ValueError(SECRET)), GIVEN)
    assert [error["extensions"]["code"] for error in result.errors] == ["INTERNAL"]
    assert SECRET not in str(result)
    assert [record.getMessage() for record in caplog.records if record.name == "hub.engine.local"] == [
        "a local field failed with ValueError"
    ]
    assert SECRET not in caplog.text


def test_a_merged_local_field_runs_once() -> None:
    """Two selections under one key are one field."""
    document = """query($d: String!, $p: String!) {
      preflight(document: $d, purpose: $p) { refused } preflight(document: $d, purpose: $p) { sources }
    }"""
    context = Context(answer())
    result = run(document, context, GIVEN)
    assert result.data == {"preflight": {"refused": None, "sources": []}}
    assert len(context.asked) == 1
