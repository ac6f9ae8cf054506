"""A GraphQL request over HTTP (GraphQL-over-HTTP draft; POST only, so that nothing of it stands in an address)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.requests import ClientDisconnect, Request

from schema.errors import ErrorCode, RequestError

__all__ = ["GraphQLRequest", "read_request"]

_LONGEST_HEADER = 256


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """What the client sent. `purpose`, `case` and `agreement` come from headers, so that any gateway can carry them."""

    document: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    operation_name: str | None = None
    purpose: str | None = None
    case: str | None = None
    agreement: str | None = None


async def read_request(request: Request, limit: int) -> GraphQLRequest:
    """Read and check a request. Raises RequestError REQUEST_TOO_LARGE or REQUEST_INVALID."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise RequestError(ErrorCode.REQUEST_INVALID, status=415)
    body = _parse(await _read_body(request, limit))
    document, variables, name = body.get("query"), body.get("variables"), body.get("operationName")
    if not isinstance(document, str) or not isinstance(variables, dict | None):
        raise RequestError(ErrorCode.REQUEST_INVALID)
    if not isinstance(name, str | None) or not isinstance(body.get("extensions"), dict | None):
        raise RequestError(ErrorCode.REQUEST_INVALID)
    return GraphQLRequest(
        document,
        variables or {},
        name or None,
        _header(request, "hub-purpose"),
        _header(request, "hub-case"),
        _header(request, "hub-agreement"),
    )


async def _read_body(request: Request, limit: int) -> bytes:
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                raise RequestError(ErrorCode.REQUEST_TOO_LARGE, status=413)
    except ClientDisconnect as error:
        raise RequestError(ErrorCode.REQUEST_INVALID) from error
    return bytes(body)


def _parse(body: bytes) -> dict[str, Any]:
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RequestError(ErrorCode.REQUEST_INVALID) from error
    if not isinstance(parsed, dict):
        raise RequestError(ErrorCode.REQUEST_INVALID)
    return parsed


def _header(request: Request, name: str) -> str | None:
    values = request.headers.getlist(name)
    if len(values) > 1 or any(len(value) > _LONGEST_HEADER for value in values):
        raise RequestError(ErrorCode.REQUEST_INVALID)
    return values[0].strip() or None if values else None
