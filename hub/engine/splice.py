"""Bytes out: planned, local and introspection fields in the order of the operation, errors with fixed texts."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from hub.engine.gates import Reports
from hub.engine.shape import Path
from schema.errors import TEXTS, ErrorCode
from schema.vocabulary import Source, SourceStatus

__all__ = ["error_body", "error_object", "response_body", "source_rows"]


def error_object(code: ErrorCode, path: Path = ()) -> dict[str, Any]:
    """One error of the answer, in the shape of the GraphQL specification."""
    told: dict[str, Any] = {"message": TEXTS[code]}
    if path:
        told["path"] = list(path)
    told["extensions"] = {"code": code.value}
    return told


def error_body(code: ErrorCode, extensions: Mapping[str, Any] | None = None) -> bytes:
    """The body of a request that failed as a whole."""
    body: dict[str, Any] = {"errors": [error_object(code)]}
    if extensions:
        body["extensions"] = dict(extensions)
    return orjson.dumps(body)


def response_body(
    data: Mapping[str, Any] | None, errors: Sequence[Mapping[str, Any]], extensions: Mapping[str, Any]
) -> bytes:
    """The body of an answer; `errors` stands only when there are some."""
    body: dict[str, Any] = {"data": data}
    if errors:
        body["errors"] = list(errors)
    if extensions:
        body["extensions"] = dict(extensions)
    return orjson.dumps(body)


def source_rows(called: Iterable[Source], reports: Reports) -> list[dict[str, Any]]:
    """`extensions.sources`: every department of the plan, in alphabetical order, whoever the subject is.

    So is police where only the live division was asked of them: while they are away, everybody seems to live elsewhere.
    """
    rows = []
    for source in sorted({*called, *reports.statuses}):
        status = reports.statuses.get(source, SourceStatus.OK)
        age = reports.ages.get(source)
        rows.append(
            {"department": source.value, "status": status.value, "asOf": None if age is None else age.isoformat()}
        )
    return rows
