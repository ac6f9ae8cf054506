"""Tokens: what is accepted, and every known way of getting past a verifier."""

import hmac
import json
import time
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from auth.key_sets import SigningAlgorithm
from auth.tokens import MAX_TOKEN_BYTES, TokenVerifier
from schema.errors import ErrorCode, TokenError
from schema.vocabulary import Assurance, Department, Level, Role
from tests.auth.world import World, b64, refusal


def test_valid_token_becomes_caller(world: World) -> None:
    """A valid token gives its caller with every claim in its place."""
    case = {"reference": "2026-1", "purpose": "school-enrolment", "subjects": ["child_1"], "related": ["mother-1"]}
    caller = world.verify(world.token(acr="substantial", case=case))
    assert caller.profile.department is Department.EDUCATION
    assert caller.profile.roles == {Role.WINDOW_CLERK}
    assert (caller.profile.level, caller.profile.jurisdiction) == (Level.COUNTY, "3205")
    assert caller.profile.assurance is Assurance.SUBSTANTIAL
    assert (caller.officer, caller.client, caller.token_id) == ("officer-7", "enrolment-desk", "4be1")
    assert caller.issuer == "https://education.example"
    assert caller.expires == world.clock.now + timedelta(minutes=30)
    assert caller.purposes == {"school-enrolment"}
    assert caller.case is not None
    assert caller.case.named == {"child_1", "mother-1"}
    assert caller.subject is None


@pytest.mark.parametrize("issuer", ["education", "justice", "police", "health"])
def test_every_algorithm_is_usable(world: World, issuer: str) -> None:
    """Each configured algorithm verifies tokens of its own issuer."""
    assert world.verify(world.token_of(issuer)).profile.department.value == issuer


@pytest.mark.parametrize("value", [None, "", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "bearer", "Token x"])
def test_missing_token_is_said(world: World, value: str | None) -> None:
    """A request without a bearer token is told that it needs one."""
    with pytest.raises(TokenError) as caught:
        world.verifier.verify(value)
    assert caught.value.code is ErrorCode.TOKEN_MISSING
    assert caught.value.status == 401


def test_scheme_is_read_in_any_case(world: World) -> None:
    """The scheme's name may be written in any case (RFC 9110 section 11.1)."""
    assert world.verifier.verify("bearer " + world.token()).officer == "officer-7"


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", ""])
@pytest.mark.parametrize("keep_signature", [True, False])
def test_alg_none_is_refused(world: World, name: str, keep_signature: bool) -> None:
    """A token that says it needs no signature is refused, signed or not."""
    token = world.seal(world.header(alg=name), world.claims())
    if not keep_signature:
        token = token.rsplit(".", 1)[0] + "."
    assert refusal(world, token) is ErrorCode.TOKEN_INVALID


@pytest.mark.parametrize("encoding", ["raw", "pem", "jwk"])
@pytest.mark.parametrize("alg", ["HS256", "EdDSA"])
def test_public_key_is_no_secret(world: World, encoding: str, alg: str) -> None:
    """A token signed by HMAC with the issuer's public key as secret is refused."""
    public = world.keys["https://education.example"].public_key()
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    secret = {"raw": raw, "pem": pem, "jwk": b64(raw).encode()}[encoding]
    message = world.seal(world.header(alg=alg), world.claims()).rsplit(".", 1)[0]
    signature = hmac.digest(secret, message.encode(), "sha256")
    assert refusal(world, f"{message}.{b64(signature)}") is ErrorCode.TOKEN_INVALID


@pytest.mark.parametrize("alg", [algorithm.value for algorithm in SigningAlgorithm if algorithm.value != "EdDSA"])
def test_another_issuers_algorithm_is_refused(world: World, alg: str) -> None:
    """An issuer's token under an algorithm that is only another issuer's is refused."""
    assert refusal(world, world.seal(world.header(alg=alg), world.claims())) is ErrorCode.TOKEN_INVALID


def test_padding_schemes_do_not_mix(world: World) -> None:
    """The same RSA key serves two issuers, and neither accepts the other's padding."""
    header = world.header(alg="RS256", kid="people-1")
    claims = world.claims(iss="https://people.example", department="person", roles=["person"])
    assert refusal(world, world.seal(header, claims, "https://health.example")) is ErrorCode.TOKEN_INVALID
    header["alg"] = "PS256"
    assert refusal(world, world.seal(header, claims, "https://health.example")) is ErrorCode.TOKEN_INVALID


@pytest.mark.parametrize("kid", ["education-1", "justice-1"])
def test_another_issuers_key_is_refused(world: World, kid: str) -> None:
    """Neither the name nor the signature of another issuer's key helps."""
    header = world.header(kid=kid)
    token = world.seal(header, world.claims(), "https://justice.example")
    assert refusal(world, token) is ErrorCode.TOKEN_INVALID


@pytest.mark.parametrize("issuer", ["https://elsewhere.example", "", None, 7, ["https://education.example"], {}, ...])
def test_unknown_issuer_is_refused(world: World, issuer: object) -> None:
    """A token of an issuer that is not configured, or of none, is refused."""
    assert refusal(world, world.token(iss=issuer)) is ErrorCode.TOKEN_INVALID


def test_keys_are_not_taken_from_header(world: World) -> None:
    """A key or an address of keys in the header is never used, even beside a right signature."""
    own = Ed25519PrivateKey.generate()
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": b64(own.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))}
    extras: list[dict[str, Any]] = [
        {"jwk": jwk},
        {"jku": "https://attacker.example/keys"},
        {"x5u": "https://attacker.example/chain"},
        {"x5c": ["MIIB"]},
        {"crit": ["exp"], "exp": 1},
        {"crit": []},
        {"b64": False, "crit": ["b64"]},
        {"b64": True},
        {"zip": "DEF"},
        {"enc": "A256GCM"},
    ]
    for extra in extras:
        message = world.seal(world.header(**extra), world.claims())
        assert refusal(world, message) is ErrorCode.TOKEN_INVALID
        signed = message.rsplit(".", 1)[0]
        assert refusal(world, f"{signed}.{b64(own.sign(signed.encode()))}") is ErrorCode.TOKEN_INVALID


@pytest.mark.parametrize(
    "kid", ["", "unknown", "EDUCATION-1", "education-1 ", "../keys", None, 7, ["education-1"], ...]
)
def test_unknown_key_is_refused(world: World, kid: object) -> None:
    """A key name that is empty, unknown, of another type or absent is refused."""
    assert refusal(world, world.seal(world.header(kid=kid), world.claims())) is ErrorCode.TOKEN_INVALID


@pytest.mark.parametrize("kind", ["JWT", "jwt", "id+jwt", "logout+jwt", "at+jwt ", "text/at+jwt", "", None, 1, ...])
def test_other_kinds_of_token_are_refused(world: World, kind: object) -> None:
    """Only access tokens (RFC 9068) are accepted: an identity token of the same issuer is refused."""
    assert refusal(world, world.seal(world.header(typ=kind), world.claims())) is ErrorCode.TOKEN_INVALID


@pytest.mark.parametrize("kind", ["at+jwt", "AT+JWT", "application/at+jwt"])
def test_access_token_kind_is_accepted(world: World, kind: str) -> None:
    """The type of an access token may be written in full and in any case."""
    assert world.verify(world.seal(world.header(typ=kind), world.claims())).officer == "officer-7"


DUPLICATES = [
    (b'"sub":"officer-7"', b'"sub":"officer-7","sub":"officer-8"'),
    (b'"department":"education"', b'"department":"education","\\u0064epartment":"police"'),
    (b'"purposes":["school-enrolment"]', b'"purposes":["school-enrolment"],"note":{"a":[{"b":1,"b":2}]}'),
    (b'"iss":"https://education.example"', b'"iss":"https://education.example","iss":"https://education.example"'),
]


@pytest.mark.parametrize(("old", "new"), DUPLICATES)
def test_duplicate_claims_are_refused(world: World, old: bytes, new: bytes) -> None:
    """A name given twice, also escaped or deep inside, makes the claims ambiguous and the token refused."""
    raw = json.dumps(world.claims(), separators=(",", ":")).encode()
    assert old in raw
    assert refusal(world, world.seal(world.header(), raw.replace(old, new))) is ErrorCode.TOKEN_INVALID


def test_duplicate_header_names_are_refused(world: World) -> None:
    """A header that names its algorithm or key twice is refused, whichever comes last."""
    for raw in (
        b'{"alg":"none","alg":"EdDSA","typ":"at+jwt","kid":"education-1"}',
        b'{"alg":"EdDSA","typ":"at+jwt","kid":"justice-1","kid":"education-1"}',
    ):
        assert refusal(world, world.seal(raw, world.claims())) is ErrorCode.TOKEN_INVALID


def test_expiry_of_forged_token_is_not_told(world: World) -> None:
    """A token with a wrong signature learns nothing about its claims."""
    token = world.seal(world.header(), world.claims(exp=1, aud="x"), "https://justice.example")
    assert refusal(world, token) is ErrorCode.TOKEN_INVALID


def test_token_is_8_kib_at_most(world: World) -> None:
    """A token of 8 KiB is read; one byte more is refused for its length before anything is decoded."""
    token = world.token(note="")
    token = world.token(note="x" * ((MAX_TOKEN_BYTES - len(token)) * 3 // 4 - 3))
    assert MAX_TOKEN_BYTES - 8 < len(token) <= MAX_TOKEN_BYTES
    assert world.verify(token).officer == "officer-7"
    assert refusal(world, world.token(note="x" * 9000)) is ErrorCode.TOKEN_TOO_LONG
    assert refusal(world, "x" * (MAX_TOKEN_BYTES + 1)) is ErrorCode.TOKEN_TOO_LONG
    assert refusal(world, "x" * MAX_TOKEN_BYTES) is ErrorCode.TOKEN_INVALID


def test_trailing_garbage_is_refused(world: World) -> None:
    """Nothing may stand before, after or between the three segments, padding included."""
    token = world.token()
    head, body, tail = token.split(".")
    for changed in (
        *(token + extra for extra in (" ", "=", "==", ".", ".x", "\n", "\x00", "!", ", Bearer x", "é")),
        *(extra + token for extra in (" ", ".", "\t", "Bearer ")),
        f"{head}.{body}=.{tail}",
        f"{head}..{body}.{tail}",
        f"{head}.{body}",
        f"{head}.{body}.",
        f".{body}.{tail}",
        "..",
        token + "A",
        token[:-1],
        token.replace("_", "/").replace("-", "+") + "+",
    ):
        assert refusal(world, changed) is ErrorCode.TOKEN_INVALID


def test_stray_bits_are_refused(world: World) -> None:
    """A last character that decodes to the same bytes by dropping bits is refused: one token, one spelling."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    head, body, tail = world.token().split(".")
    position = alphabet.index(tail[-1])
    assert position % 16 == 0
    assert refusal(world, f"{head}.{body}.{tail[:-1]}{alphabet[position + 1]}") is ErrorCode.TOKEN_INVALID


@pytest.mark.parametrize(
    "text", [b"{}x", b"[]", b"null", b'"x"', b"1", b"", b"{", b"\xef\xbb\xbf{}", b"\xff\xfe{\x00}\x00"]
)
def test_claims_are_one_json_object(world: World, text: bytes) -> None:
    """Claims that are not exactly one JSON object in UTF-8 are refused, and so is such a header."""
    assert refusal(world, world.seal(world.header(), text or b" ")) is ErrorCode.TOKEN_INVALID
    assert refusal(world, world.seal(text or b" ", world.claims())) is ErrorCode.TOKEN_INVALID


def test_other_encodings_are_refused(world: World) -> None:
    """The right claims in UTF-16, with a byte order mark or with broken UTF-8 are refused."""
    text = json.dumps(world.claims())
    for raw in (text.encode("utf-16"), text.encode("utf-32-be"), text.encode("utf-8-sig"), text.encode() + b"\xff"):
        assert refusal(world, world.seal(world.header(), raw)) is ErrorCode.TOKEN_INVALID


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_deep_nesting_is_refused(world: World, opening: bytes) -> None:
    """Nesting as deep as a token can hold neither crashes nor passes."""
    depth = 5500 // len(opening)
    claims = json.dumps(world.claims(note="HERE")).encode().replace(b'"HERE"', opening * depth)
    assert refusal(world, world.seal(world.header(), claims)) is ErrorCode.TOKEN_INVALID
    closed = opening * (depth // 2) + b"1" + (b"]" if opening == b"[" else b"}") * (depth // 2)
    assert refusal(world, world.seal(closed, world.claims())) is ErrorCode.TOKEN_INVALID


def test_hot_token_is_cheap(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token seen a moment ago is not verified again: its signature is read once."""
    token = world.token()
    first = world.verify(token)
    monkeypatch.setattr(TokenVerifier, "_verify_fresh", None)
    assert world.verify(token) is first


def test_memory_does_not_outlive_token(world: World) -> None:
    """A remembered token is refused from the second it expires, within the minute of memory."""
    issued = int(world.clock.now.timestamp())
    token = world.token(exp=issued + 10)
    world.clock.pass_seconds(9.9)
    assert world.verify(token).officer == "officer-7"
    world.clock.pass_seconds(0.1)
    assert refusal(world, token) is ErrorCode.TOKEN_EXPIRED


def test_rotation_drops_memory(world: World) -> None:
    """A token remembered under a key is refused as soon as that key is withdrawn."""
    name = "https://education.example"
    token = world.token()
    assert world.verify(token) is world.verify(token)
    world.publish(name)
    assert refusal(world, token) is ErrorCode.TOKEN_INVALID


def test_key_of_same_name_is_another_key(world: World) -> None:
    """A new key under an old name ends the old key's tokens, remembered ones included."""
    token = world.token()
    assert world.verify(token).officer == "officer-7"
    key = Ed25519PrivateKey.generate()
    jwk = {"kty": "OKP", "crv": "Ed25519", "kid": "education-1"}
    jwk["x"] = b64(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
    assert world.publish("https://education.example", jwk)
    assert refusal(world, token) is ErrorCode.TOKEN_INVALID


def test_verified_token_costs_little(world: World) -> None:
    """A remembered token costs a small part of a signature's time (figures in `docs/tokens.md`)."""
    token = f"Bearer {world.token()}"

    def cost(rounds: int) -> float:
        started = time.perf_counter()
        for _ in range(rounds):
            world.verifier.verify(token)
        return (time.perf_counter() - started) / rounds

    first = min(fresh_cost(world, token) for _ in range(5))
    assert min(cost(200) for _ in range(5)) < first / 10


def fresh_cost(world: World, header: str) -> float:
    """Seconds for one verification by a verifier that remembers nothing."""
    verifier = TokenVerifier(world.directory, "https://hub.example", world.clock)
    started = time.perf_counter()
    verifier.verify(header)
    return time.perf_counter() - started


@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_any_header_gives_token_error_only(lasting_world: World, value: str) -> None:
    """Whatever stands in the header, nothing but a TokenError comes out."""
    for header in (
        value,
        "Bearer " + value,
        "Bearer " + ".".join(b64(part.encode("utf-8", "replace")) for part in (value, "{}", "x")),
    ):
        with pytest.raises(TokenError):
            lasting_world.verifier.verify(header)


@given(st.integers(min_value=0), st.integers(min_value=1, max_value=255))
def test_any_changed_byte_is_noticed(lasting_world: World, position: int, change: int) -> None:
    """A token with any one character changed is refused."""
    token = lasting_world.token()
    place = position % len(token)
    changed = token[:place] + chr(ord(token[place]) ^ change) + token[place + 1 :]
    with pytest.raises(TokenError):
        lasting_world.verify(changed)
