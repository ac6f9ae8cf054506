"""A small world for the token tests: a clock that stands still, issuers, and a mint that can also forge."""

import base64
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from auth.issuers import Issuer, IssuerDirectory
from auth.key_sets import SigningAlgorithm, parse_key_set
from auth.tokens import TokenVerifier
from schema.errors import TEXTS, ErrorCode, TokenError
from schema.vocabulary import Department

AUDIENCE = "https://hub.example"
START = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
PrivateKey = Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

_RSA = rsa.generate_private_key(65537, 2048)


def b64(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sign(key: PrivateKey, algorithm: str, message: bytes) -> bytes:
    """A JWS signature, written apart from the library under test."""
    if isinstance(key, Ed25519PrivateKey):
        return key.sign(message)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        r, s = decode_dss_signature(key.sign(message, ec.ECDSA(SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
    scheme = padding.PSS(padding.MGF1(SHA256()), 32) if algorithm == "PS256" else padding.PKCS1v15()
    return key.sign(message, scheme, SHA256())


def public_jwk(key: PrivateKey, kid: str) -> dict[str, Any]:
    """The public half of a key as a JWK."""
    kinds = {Ed25519PrivateKey: OKPAlgorithm, ec.EllipticCurvePrivateKey: ECAlgorithm, rsa.RSAPrivateKey: RSAAlgorithm}
    writer = next(writer for kind, writer in kinds.items() if isinstance(key, kind))
    return {"kid": kid, "use": "sig"} | writer.to_jwk(key.public_key(), as_dict=True)


def key_set(*jwks: dict[str, Any]) -> bytes:
    """A JWK Set document."""
    return json.dumps({"keys": jwks}).encode()


@dataclass
class Clock:
    """A clock that moves when told."""

    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def pass_seconds(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


@dataclass
class World:
    """One issuer per algorithm, two of them for different departments, and a verifier that trusts them."""

    clock: Clock = field(default_factory=Clock)
    keys: dict[str, PrivateKey] = field(default_factory=dict)
    issuers: dict[str, Issuer] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.add("https://education.example", "EdDSA", Ed25519PrivateKey.generate(), {Department.EDUCATION})
        self.add("https://justice.example", "Ed25519", Ed25519PrivateKey.generate(), {Department.JUSTICE})
        self.add("https://police.example", "ES256", ec.generate_private_key(ec.SECP256R1()), {Department.POLICE})
        self.add("https://health.example", "RS256", _RSA, {Department.HEALTH})
        self.add("https://people.example", "PS256", _RSA, {Department.PERSON})
        self.directory = IssuerDirectory(self.issuers.values())
        for name, issuer in self.issuers.items():
            self.publish(name, public_jwk(self.keys[name], self.kid(issuer.name)))
        self.verifier = TokenVerifier(self.directory, AUDIENCE, self.clock)

    def add(self, name: str, algorithm: str, key: PrivateKey, departments: set[Department]) -> None:
        """Configure an issuer."""
        self.keys[name] = key
        self.issuers[name] = Issuer(name, SigningAlgorithm(algorithm), frozenset(departments), "keys.json")

    def kid(self, name: str) -> str:
        """The name of an issuer's first key."""
        return name.removeprefix("https://").removesuffix(".example") + "-1"

    def publish(self, name: str, *jwks: dict[str, Any]) -> bool:
        """Replace an issuer's keys."""
        issuer = self.issuers[name]
        return self.directory.replace(issuer, parse_key_set(key_set(*jwks), issuer.algorithm))

    def claims(self, **changes: Any) -> dict[str, Any]:
        """A clerk of the education department; a change to `...` removes the claim."""
        now = int(self.clock.now.timestamp())
        claims: dict[str, Any] = {
            "iss": "https://education.example",
            "sub": "officer-7",
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + 1800,
            "jti": "4be1",
            "client_id": "enrolment-desk",
            "department": "education",
            "roles": ["window-clerk"],
            "level": "county",
            "jurisdiction": "3205",
            "purposes": ["school-enrolment"],
        } | changes
        return {name: value for name, value in claims.items() if value is not ...}

    def header(self, **changes: Any) -> dict[str, Any]:
        """The header that goes with `claims()`."""
        header = {"alg": "EdDSA", "typ": "at+jwt", "kid": "education-1"} | changes
        return {name: value for name, value in header.items() if value is not ...}

    def seal(self, header: dict[str, Any] | bytes, claims: dict[str, Any] | bytes, signer: str | None = None) -> str:
        """A token of exactly this header and these claims (as JSON or as raw bytes), signed by an issuer's key."""
        raw_header = header if isinstance(header, bytes) else json.dumps(header).encode()
        raw_claims = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
        message = f"{b64(raw_header)}.{b64(raw_claims)}"
        name = signer or "https://education.example"
        signature = sign(self.keys[name], self.issuers[name].algorithm.value, message.encode())
        return f"{message}.{b64(signature)}"

    def token(self, **changes: Any) -> str:
        """A valid token of the education department, but for these changes to its claims."""
        return self.seal(self.header(), self.claims(**changes))

    def token_of(self, issuer: str, **changes: Any) -> str:
        """A valid token of another issuer, in that issuer's algorithm."""
        name = f"https://{issuer}.example"
        header = self.header(alg=self.issuers[name].algorithm.value, kid=self.kid(name))
        department = next(iter(self.issuers[name].departments)).value
        return self.seal(header, self.claims(**{"iss": name, "department": department} | changes), name)

    def verify(self, token: str) -> Any:
        """What the verifier makes of a token in a header."""
        return self.verifier.verify(f"Bearer {token}")


def refusal(world: World, token: str) -> ErrorCode:
    """The code a token is refused with."""
    with pytest.raises(TokenError) as caught:
        world.verify(token)
    assert str(caught.value) == TEXTS[caught.value.code]
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value.code
