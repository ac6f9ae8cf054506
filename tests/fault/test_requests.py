"""Bad requests over HTTP: not JSON, too large, the wrong type, the wrong method, headers given twice, broken text."""

import gzip
import json
import random

import pytest

from hub.config import LimitSettings
from schema.errors import ErrorCode
from tests.fault.wire import BY_ID, Wire, assert_refused

PLAIN = b'{"query": "{ __typename }"}'


def deep(levels: int) -> bytes:
    """A variable nested so deeply."""
    return b'{"query": "{ __typename }", "variables": {"a": ' + b"[" * levels + b"]" * levels + b"}}"


BODIES: dict[str, bytes] = {
    "nothing": b"",
    "no json": b"hello",
    "null": b"null",
    "a number": b"7",
    "a batch": b"[" + PLAIN + b", " + PLAIN + b"]",
    "half an object": PLAIN[:-1],
    "two objects": PLAIN + PLAIN,
    "invalid UTF-8": b'{"query": "{ __typename } # \xff\xfe"}',
    "UTF-16": PLAIN.decode().encode("utf-16"),
    "compressed": gzip.compress(PLAIN),
    "not a number": b'{"query": "{ __typename }", "variables": {"a": NaN}}',
    "five thousand levels": deep(5_000),
    "a lone surrogate": b'{"query": "{ __typename }", "variables": {"a": "\\ud800"}}',
    "a lone surrogate in a name": b'{"query": "{ __typename }", "variables": {"\\udc00": "a"}}',
    "a lone surrogate in the document": b'{"query": "{ __typename } # \\ud800"}',
    "no query": b'{"variables": {}}',
    "an empty object": b"{}",
    "query null": b'{"query": null}',
    "query a list": b'{"query": ["{ __typename }"]}',
    "variables a list": b'{"query": "{ __typename }", "variables": []}',
    "variables a text": b'{"query": "{ __typename }", "variables": "{}"}',
    "operation a number": b'{"query": "{ __typename }", "operationName": 7}',
}


@pytest.mark.parametrize("body", BODIES)
def test_a_body_that_is_no_request(wire: Wire, body: str) -> None:
    """Whatever is not one JSON object with a document is REQUEST_INVALID."""
    assert_refused(wire.send(BODIES[body]), 400, ErrorCode.REQUEST_INVALID)


@pytest.mark.parametrize("kind", ["text/plain", "application/graphql", "multipart/form-data; boundary=x", "", None])
def test_another_content_type(wire: Wire, kind: str | None) -> None:
    """Only JSON is read: what a browser can send to a stranger without asking is not."""
    assert_refused(wire.send(PLAIN, kind=kind), 415, ErrorCode.REQUEST_INVALID)


def test_a_huge_body(wire: Wire) -> None:
    """A body beyond the limit is refused, with its length told or not, compressed away or not."""
    limit = LimitSettings().body_bytes
    huge = json.dumps({"query": "{ __typename }", "variables": {"a": "x" * limit}}).encode()
    assert_refused(wire.send(huge), 413, ErrorCode.REQUEST_TOO_LARGE)
    assert_refused(wire.send_in_chunks(huge), 413, ErrorCode.REQUEST_TOO_LARGE)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_another_method(wire: Wire, method: str) -> None:
    """Only POST: nothing of a request may stand in an address. The answer says so (RFC 9110 section 15.5.6)."""
    response = wire.get("/graphql?query={__typename}", method)
    assert response.status_code == 405
    assert response.headers["allow"] == "POST"
    if method != "HEAD":
        assert response.json()["errors"][0]["extensions"]["code"] == "NOT_FOUND"


@pytest.mark.parametrize("path", ["/nothing", "/graphql/more", "/../etc/passwd", "/%00", "/console/../../keys.json"])
def test_another_address(wire: Wire, path: str) -> None:
    """There is nothing at other addresses."""
    assert_refused(wire.get(path), 404, ErrorCode.NOT_FOUND)


@pytest.mark.parametrize("name", ["hub-purpose", "hub-case", "hub-agreement"])
def test_a_header_twice(wire: Wire, name: str) -> None:
    """A header that decides is given once, and is not longer than any code is."""
    rest = [one for one in wire.headers if one[0] != name]
    twice = [*rest, (name, "social-insurance"), (name, "settlement")]
    for headers in (twice, [*rest, (name, "x" * 257)]):
        assert_refused(wire.send(PLAIN, headers), 400, ErrorCode.REQUEST_INVALID)


def test_a_header_of_strange_letters(wire: Wire) -> None:
    """Bytes beyond ASCII in a header are no purpose."""
    headers = [("authorization", f"Bearer {wire.token}"), ("hub-purpose", "é\xff")]
    body = json.dumps({"query": BY_ID, "variables": {"id": wire.worker}}).encode()
    response = wire.send(body, [(name, value.encode("latin-1")) for name, value in headers])  # type: ignore[misc]
    assert_refused(response, 400, ErrorCode.PURPOSE_UNKNOWN)


@pytest.mark.parametrize(
    "data",
    [
        b"\x00\x01\x02\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
    ],
)
def test_what_is_no_http(wire: Wire, data: bytes) -> None:
    """Bytes that are no HTTP end the connection, with no more than a line of text."""
    answer = wire.raw(data)
    assert b"Traceback" not in answer
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400")


def test_a_body_that_never_ends(wire: Wire) -> None:
    """A client that announces more than it sends is let go of."""
    head = f"POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {wire.token}\r\n"
    wire.raw((head + 'Content-Type: application/json\r\nContent-Length: 500\r\n\r\n{"query"').encode())
    assert wire.raw(b"GET /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").startswith(b"HTTP/1.1 200")


def test_random_bodies_are_refused_one_by_one(wire: Wire) -> None:
    """Five hundred damaged requests get an error of the catalogue each, and never a fault of the hub's own."""
    chance = random.Random(7)  # noqa: S311  reproducible, not secret
    whole = json.dumps({"query": BY_ID, "variables": {"id": wire.worker}, "operationName": None}).encode()
    codes = set()
    for _ in range(500):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 4)):
            place = chance.randrange(len(damaged))
            damaged[place : place + chance.randint(0, 3)] = chance.randbytes(chance.randint(0, 3))
        told = wire.send(bytes(damaged)).json()
        codes |= {ErrorCode(error["extensions"]["code"]) for error in told.get("errors", ())}
    assert ErrorCode.INTERNAL not in codes
    assert codes >= {ErrorCode.REQUEST_INVALID, ErrorCode.DOCUMENT_SYNTAX, ErrorCode.DOCUMENT_INVALID}
