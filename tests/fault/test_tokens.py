"""Bad tokens at the door: each is refused with 401 and one code, whatever else the request holds."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from schema.errors import ErrorCode
from tests.fault.wire import Wire, assert_refused

Claims = dict[str, Any]


def claims_of(token: str) -> Claims:
    """The claims of a token."""
    return dict(json.loads(_decoded(token.split(".")[1])))


def _decoded(segment: str) -> bytes:
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def _encoded(content: object) -> str:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def resigned(wire: Wire, change: Callable[[Claims], object]) -> str:
    """A token of the right issuer over changed claims."""
    claims = claims_of(wire.token)
    change(claims)
    return wire.city.issuer.sign("at+jwt", claims)


def reheaded(wire: Wire, **header: object) -> str:
    """The same token under another header; its signature no longer holds."""
    head, claims, signature = wire.token.split(".")
    return ".".join([_encoded(json.loads(_decoded(head)) | header), claims, signature])


def shared_secret(wire: Wire) -> str:
    """The public key taken for a secret (the classic confusion of algorithms)."""
    key = json.loads(wire.city.issuer.key_set)["keys"][0]
    signed = ".".join([_encoded({"alg": "HS256", "typ": "at+jwt", "kid": key["kid"]}), wire.token.split(".")[1]])
    return f"{signed}.{_encoded(hmac.digest(_decoded(key['x']), signed.encode(), hashlib.sha256))}"


def claims_twice(wire: Wire) -> str:
    """Claims whose second `department` is another."""
    head, claims, signature = wire.token.split(".")
    text = _decoded(claims).rstrip(b"}") + b', "department": "police"}'
    return ".".join([head, _encoded(text), signature])


SHAPES: dict[str, Callable[[Wire], str]] = {
    "one word": lambda _: "x",
    "two parts": lambda wire: wire.token.rpartition(".")[0],
    "four parts": lambda wire: f"{wire.token}.e30",
    "no base64": lambda _: "ab!c.d$f.gh",
    "no json": lambda _: f"{_encoded(b'x')}.{_encoded(b'y')}.{_encoded(b'z')}",
    "an array": lambda wire: ".".join([wire.token.split(".")[0], _encoded([]), "e30"]),
    "nothing signed": lambda wire: wire.token.rpartition(".")[0] + ".",
    "another signature": lambda wire: wire.token[:-8] + "AAAAAAAA",
    "other claims": lambda wire: ".".join(
        [wire.token.split(".")[0], _encoded(claims_of(wire.token) | {"department": "police"}), wire.token.split(".")[2]]
    ),
    "algorithm none": lambda wire: reheaded(wire, alg="none").rpartition(".")[0] + ".",
    "a shared secret": shared_secret,
    "another type": lambda wire: wire.city.issuer.sign("JWT", claims_of(wire.token)),
    "a key in the header": lambda wire: reheaded(wire, jwk={"kty": "OKP"}),
    "an address in the header": lambda wire: reheaded(wire, jku="https://attacker.invalid/keys"),
    "another key": lambda wire: reheaded(wire, kid="0" * 32),
    "claims twice": claims_twice,
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_malformed_token(wire: Wire, shape: str) -> None:
    """What is no token of the issuer is TOKEN_INVALID."""
    assert_refused(wire.with_token(SHAPES[shape](wire)), 401, ErrorCode.TOKEN_INVALID)


CLAIMS: dict[str, tuple[Claims, ErrorCode]] = {
    "expired": ({"exp": int(time.time()) - 5, "iat": int(time.time()) - 600}, ErrorCode.TOKEN_EXPIRED),
    "from the future": ({"iat": int(time.time()) + 600, "exp": int(time.time()) + 900}, ErrorCode.TOKEN_INVALID),
    "for a day": ({"exp": int(time.time()) + 86_400}, ErrorCode.TOKEN_INVALID),
    "for another service": ({"aud": "another"}, ErrorCode.TOKEN_AUDIENCE),
    "for two services": ({"aud": ["migrant-data-hub", "another"]}, ErrorCode.TOKEN_AUDIENCE),
    "from another issuer": ({"iss": "https://attacker.invalid"}, ErrorCode.TOKEN_INVALID),
    "an unknown role": ({"roles": ["emperor"]}, ErrorCode.TOKEN_ROLE),
    "an unknown department": ({"department": "customs"}, ErrorCode.TOKEN_ROLE),
    "an unknown level": ({"level": "galaxy"}, ErrorCode.TOKEN_ROLE),
    "a person's role": ({"roles": ["person"]}, ErrorCode.TOKEN_ROLE),
    "a treating institution elsewhere": ({"roles": ["treating-institution"]}, ErrorCode.TOKEN_ROLE),
    "a village with a city": ({"level": "village", "jurisdiction": "3205"}, ErrorCode.TOKEN_ROLE),
    "no roles": ({"roles": []}, ErrorCode.TOKEN_INVALID),
    "a name for a pseudonym": ({"sub": "王小明"}, ErrorCode.TOKEN_INVALID),
    "an expiry as text": ({"exp": "tomorrow"}, ErrorCode.TOKEN_INVALID),
    "true for a number": ({"iat": True}, ErrorCode.TOKEN_INVALID),
    "a case that is none": ({"case": {"reference": "1"}}, ErrorCode.TOKEN_INVALID),
}


@pytest.mark.parametrize("kind", CLAIMS)
def test_a_signed_token_that_says_what_it_must_not(wire: Wire, kind: str) -> None:
    """A sound signature does not help claims that are expired, for others, or of roles that do not exist."""
    change, code = CLAIMS[kind]
    assert_refused(wire.with_token(resigned(wire, lambda claims: claims.update(change))), 401, code)


@pytest.mark.parametrize("claim", ["iss", "sub", "aud", "exp", "iat", "jti", "client_id", "department", "level"])
def test_a_token_without_a_required_claim(wire: Wire, claim: str) -> None:
    """Every required claim is required."""
    assert_refused(wire.with_token(resigned(wire, lambda claims: claims.pop(claim))), 401, ErrorCode.TOKEN_INVALID)


def test_an_over_long_token(wire: Wire) -> None:
    """8 KiB are enough for any token; more is refused before it is read, by however much."""
    for length in (8_193, 60_000):
        assert_refused(wire.with_token("a" * length), 401, ErrorCode.TOKEN_TOO_LONG)


@pytest.mark.parametrize("header", [None, "", "Bearer", "Basic dXNlcjpwYXNz"])
def test_no_token(wire: Wire, header: str | None) -> None:
    """Without a bearer token the answer says that one is needed, and how (RFC 6750 section 3)."""
    response = wire.send(b"{}", [] if header is None else [("authorization", header)])
    assert_refused(response, 401, ErrorCode.TOKEN_MISSING)
    assert response.headers["www-authenticate"] == "Bearer"


def test_two_tokens(wire: Wire) -> None:
    """Two `Authorization` headers are refused, in whatever order, so that no gateway can look at the other one."""
    other, _ = wire.city.clerk("child")
    pair = [("authorization", f"Bearer {wire.token}"), ("authorization", f"Bearer {other}")]
    for headers in (pair, pair[::-1]):
        response = wire.send(b'{"query": "{ __typename }"}', headers)
        assert_refused(response, 401, ErrorCode.TOKEN_INVALID)
        assert response.headers["www-authenticate"] == 'Bearer error="invalid_token"'
