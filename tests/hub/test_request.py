"""Reading a request: any bytes are a request or an error of the catalogue, and never more is read than the limit."""

import asyncio
from collections.abc import Iterable
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from hub.request import GraphQLRequest, read_request
from schema.errors import ErrorCode, RequestError

LIMIT = 1_000
JSON = [(b"content-type", b"application/json")]
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


class Chunks:
    """A body in pieces; counts what was taken."""

    def __init__(self, pieces: Iterable[bytes], *, broken: bool = False) -> None:
        self._pieces = list(pieces)
        self._broken = broken
        self.taken = 0

    async def __call__(self) -> dict[str, Any]:
        """The next ASGI message."""
        if not self._pieces:
            return {"type": "http.disconnect"} if self._broken else {"type": "http.request", "body": b""}
        piece = self._pieces.pop(0)
        self.taken += len(piece)
        more = bool(self._pieces) or self._broken
        return {"type": "http.request", "body": piece, "more_body": more}


def read(chunks: Chunks, headers: list[tuple[bytes, bytes]] | None = None) -> GraphQLRequest:
    """Read one request."""
    scope = {"type": "http", "method": "POST", "headers": JSON if headers is None else headers}
    return asyncio.run(read_request(Request(scope, chunks), LIMIT))


def refusal(chunks: Chunks, headers: list[tuple[bytes, bytes]] | None = None) -> tuple[int, ErrorCode]:
    """Status and code of a refused one."""
    with pytest.raises(RequestError) as caught:
        read(chunks, headers)
    return caught.value.status, caught.value.code


def test_a_request() -> None:
    """Document, variables, name and the three headers, without blanks around them."""
    body = {"query": "{ a }", "variables": {"b": 1}, "operationName": "C", "extensions": {"d": 2}}
    headers = [*JSON, (b"hub-purpose", b" legal-aid "), (b"hub-case", b"7"), (b"hub-agreement", b"")]
    found = read(Chunks([orjson.dumps(body)]), headers)
    assert found == GraphQLRequest("{ a }", {"b": 1}, "C", "legal-aid", "7", None)


def outcome(body: bytes) -> GraphQLRequest | tuple[int, ErrorCode]:
    """The request, or status and code of its refusal; nothing else is ever raised."""
    try:
        return read(Chunks([body]))
    except RequestError as error:
        return error.status, error.code


@given(st.binary(max_size=200))
def test_any_bytes(body: bytes) -> None:
    """Bytes are a request or refused with 400."""
    found = outcome(body)
    assert isinstance(found, GraphQLRequest) or found == (400, ErrorCode.REQUEST_INVALID)


@given(ANYTHING, ANYTHING, ANYTHING)
def test_any_members(document: object, variables: object, name: object) -> None:
    """Members of any type are what the protocol says or refused."""
    body = orjson.dumps({"query": document, "variables": variables, "operationName": name})
    fits = isinstance(document, str) and isinstance(variables, dict | None) and isinstance(name, str | None)
    if len(body) > LIMIT:
        assert outcome(body) == (413, ErrorCode.REQUEST_TOO_LARGE)
    elif fits:
        assert outcome(body) == GraphQLRequest(str(document), variables or {}, name or None)  # type: ignore[arg-type]
    else:
        assert outcome(body) == (400, ErrorCode.REQUEST_INVALID)


def test_no_more_is_read_than_the_limit() -> None:
    """A body without end is left as soon as it is too large."""
    chunks = Chunks([b"x" * 300] * 100)
    assert refusal(chunks) == (413, ErrorCode.REQUEST_TOO_LARGE)
    assert chunks.taken == 1_200


def test_a_client_that_goes_away() -> None:
    """Half a request and then nothing is no request."""
    assert refusal(Chunks([b'{"query"'], broken=True)) == (400, ErrorCode.REQUEST_INVALID)


@pytest.mark.parametrize("kind", [b"text/plain", b"application/jsonp", b"text/plain; application/json", b""])
def test_other_content_types(kind: bytes) -> None:
    """JSON only, whatever else the header says."""
    assert refusal(Chunks([b"{}"]), [(b"content-type", kind)]) == (415, ErrorCode.REQUEST_INVALID)
    assert refusal(Chunks([b"{}"]), []) == (415, ErrorCode.REQUEST_INVALID)


@pytest.mark.parametrize("name", [b"hub-purpose", b"hub-case", b"hub-agreement"])
def test_headers_that_decide_are_given_once(name: bytes) -> None:
    """Twice, or longer than any code, is refused."""
    body = Chunks([b'{"query": "{ a }"}'])
    assert refusal(body, [*JSON, (name, b"a"), (name, b"a")]) == (400, ErrorCode.REQUEST_INVALID)
    assert refusal(Chunks([b'{"query": "{ a }"}']), [*JSON, (name, b"a" * 257)]) == (400, ErrorCode.REQUEST_INVALID)
