"""The bytes of a response."""

import orjson

from hub.engine.gates import Reports
from hub.engine.splice import error_body, error_object, response_body, source_rows
from schema.errors import TEXTS, ErrorCode
from schema.vocabulary import Source, SourceStatus
from tests.hub.engine.desk import AS_OF


def test_an_error_has_the_fixed_text_of_its_code() -> None:
    """With a path where it stands somewhere in the answer, and without where it does not."""
    placed = error_object(ErrorCode.ID_INVALID, ("a", 0, "b"))
    assert placed == {
        "message": TEXTS[ErrorCode.ID_INVALID],
        "path": ["a", 0, "b"],
        "extensions": {"code": "ID_INVALID"},
    }
    assert "path" not in error_object(ErrorCode.ID_INVALID)


def test_every_code_has_a_text() -> None:
    """No code can fail to be told."""
    assert all(orjson.loads(error_body(code))["errors"][0]["message"] for code in ErrorCode)


def test_a_refusal_has_no_data() -> None:
    """A request refused as a whole has errors and nothing else."""
    assert orjson.loads(error_body(ErrorCode.BUSY)).keys() == {"errors"}


def test_errors_stand_only_when_there_are_some() -> None:
    """As the GraphQL specification asks (section 7.1)."""
    assert orjson.loads(response_body({"me": None}, [], {})) == {"data": {"me": None}}
    told = orjson.loads(response_body({}, [error_object(ErrorCode.BUSY)], {"receipt": 1}))
    assert list(told) == ["data", "errors", "extensions"]


def test_sources_are_those_of_the_plan_in_order() -> None:
    """A source that was not needed for these subjects counts as ok: it says nothing of them."""
    reports = Reports()
    reports.note(Source.POLICE, SourceStatus.STALE, AS_OF)
    assert source_rows({Source.POLICE, Source.BUSINESS}, reports) == [
        {"department": "business", "status": "ok", "asOf": None},
        {"department": "police", "status": "stale", "asOf": AS_OF.isoformat()},
    ]


def test_police_are_told_of_where_only_the_division_was_asked() -> None:
    """While they are away, everybody seems to live elsewhere: the answer says so."""
    reports = Reports()
    reports.note(Source.POLICE, SourceStatus.TIMEOUT)
    assert [(row["department"], row["status"]) for row in source_rows({Source.HEALTH}, reports)] == [
        ("health", "ok"),
        ("police", "timeout"),
    ]
