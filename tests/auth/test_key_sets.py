"""Key sets are taken whole or refused whole."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from auth.key_sets import MAX_KEY_SET_BYTES, KeySet, SigningAlgorithm, parse_key_set
from schema.errors import ConfigurationError
from tests.auth.world import key_set, public_jwk

ED = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
EC = ec.derive_private_key(20260901, ec.SECP256R1())
RSA = rsa.generate_private_key(65537, 2048)
EDDSA, ES256, RS256 = SigningAlgorithm.EDDSA, SigningAlgorithm.ES256, SigningAlgorithm.RS256


def refused(document: bytes, algorithm: SigningAlgorithm = EDDSA) -> str:
    """What the operator reads about a set that is refused."""
    with pytest.raises(ConfigurationError) as caught:
        parse_key_set(document, algorithm)
    return str(caught.value)


@pytest.mark.parametrize(
    ("algorithm", "kid"), [("EdDSA", "ed"), ("Ed25519", "ed"), ("ES256", "ec"), ("RS256", "rsa"), ("PS256", "rsa")]
)
def test_keys_of_the_algorithm_are_taken(algorithm: str, kid: str) -> None:
    """Of a mixed set, the keys that fit the issuer's algorithm are taken and the others left."""
    document = key_set(public_jwk(ED, "ed"), public_jwk(EC, "ec"), public_jwk(RSA, "rsa"))
    assert list(parse_key_set(document, SigningAlgorithm(algorithm)).keys) == [kid]


@pytest.mark.parametrize("member", [{"use": "enc"}, {"key_ops": ["sign"]}, {"key_ops": "verify"}, {"alg": "RS512"}])
def test_keys_for_other_ends_are_left(member: dict[str, Any]) -> None:
    """A key meant for encryption, signing or another algorithm is not used to verify."""
    assert not parse_key_set(key_set(public_jwk(RSA, "a") | member), RS256).keys


def test_symmetric_keys_are_refused() -> None:
    """One shared secret among the keys spoils the whole set."""
    secret = {"kty": "oct", "k": "c2VjcmV0", "kid": "s"}
    assert refused(key_set(public_jwk(ED, "a"), secret)) == "key set: key 1 is symmetric"
    assert refused(key_set(public_jwk(ED, "a") | {"alg": "HS256"})) == "key set: key 0 is symmetric"


@pytest.mark.parametrize(
    ("jwk", "algorithm"),
    [
        (OKPAlgorithm.to_jwk(ED, as_dict=True), EDDSA),
        (ECAlgorithm.to_jwk(EC, as_dict=True), ES256),
        (RSAAlgorithm.to_jwk(RSA, as_dict=True), RS256),
        (ECAlgorithm.to_jwk(EC, as_dict=True), EDDSA),
    ],
)
def test_private_keys_are_refused(jwk: dict[str, Any], algorithm: SigningAlgorithm) -> None:
    """A private key in a public set is refused, also one of another type, and never quoted."""
    message = refused(key_set(jwk | {"kid": "a"}), algorithm)
    assert message == "key set: key 0 holds a private part"


def test_weak_rsa_keys_are_refused() -> None:
    """RSA under 2048 bits, or with a small exponent, is refused."""
    small = rsa.generate_private_key(65537, 1024)  # noqa: S505 - the weak key is what is tested
    assert "weak" in refused(key_set(public_jwk(small, "a")), RS256)
    assert "weak" in refused(key_set(public_jwk(RSA, "a") | {"e": "Aw"}), RS256)


def test_other_curves_are_refused() -> None:
    """Only Ed25519 and P-256 are accepted of their families."""
    other = ec.generate_private_key(ec.SECP384R1())
    assert "key 0" in refused(key_set(public_jwk(other, "a")), ES256)
    jwk = OKPAlgorithm.to_jwk(Ed448PrivateKey.generate().public_key(), as_dict=True) | {"kid": "a"}
    assert "curve" in refused(key_set(jwk))


def test_duplicate_names_are_refused() -> None:
    """Two keys of one name would make it a matter of luck which one verifies."""
    assert "earlier key" in refused(key_set(public_jwk(ED, "a"), public_jwk(Ed25519PrivateKey.generate(), "a")))


@pytest.mark.parametrize("kid", [None, "", 7, ["a"], "x" * 129])
def test_keys_need_names(kid: object) -> None:
    """A key without a usable name is refused: nothing could point at it."""
    assert "kid" in refused(key_set(public_jwk(ED, "a") | {"kid": kid}))


@pytest.mark.parametrize("x", [None, "", "AA", "!!!!", 7, "A" * 44])
def test_broken_keys_are_refused(x: object) -> None:
    """A key that cannot be read is refused with its position and without its content."""
    assert refused(key_set(public_jwk(ED, "a") | {"x": x})) == "key set: key 0 cannot be read"


def test_points_off_the_curve_are_refused() -> None:
    """Coordinates that are no point of the curve are refused."""
    jwk = public_jwk(EC, "a")
    assert refused(key_set(jwk | {"x": jwk["y"]}), ES256) == "key set: key 0 cannot be read"


@pytest.mark.parametrize(
    "document",
    [b"", b"[]", b"{}", b'{"keys": {}}', b'{"keys": [1]}', b'{"keys": [[]]}', b'{"keys": [], "keys": []}', b"\xff"],
)
def test_other_documents_are_refused(document: bytes) -> None:
    """A document that is not one unambiguous JWK Set is refused."""
    assert refused(document).startswith("key set: ")


def test_set_is_bounded() -> None:
    """A huge document and a set of very many keys are refused before any key is read."""
    assert "64 KiB" in refused(b" " * (MAX_KEY_SET_BYTES + 1))
    assert "more than 32 keys" in refused(key_set(*({"kty": "x"} for _ in range(33))))


def test_empty_set_withdraws_all() -> None:
    """An issuer can withdraw every key by publishing none."""
    assert parse_key_set(key_set(), EDDSA) == KeySet({})


def test_demo_mark_is_kept() -> None:
    """A set that marks itself as made for demonstrations is known as such, whatever the mark's form."""
    jwk = public_jwk(ED, "a")
    assert not parse_key_set(json.dumps({"keys": [jwk]}).encode(), EDDSA).demo
    assert not parse_key_set(json.dumps({"keys": [jwk], "demo": False}).encode(), EDDSA).demo
    for mark in (True, "yes", 1, None):
        assert parse_key_set(json.dumps({"keys": [jwk], "demo": mark}).encode(), EDDSA).demo


def test_sets_compare_by_keys() -> None:
    """The same keys by the same names are an equal set, in any order and spelling."""
    other = public_jwk(Ed25519PrivateKey.from_private_bytes(bytes(32)), "b")
    first = parse_key_set(key_set(public_jwk(ED, "a"), other), EDDSA)
    assert first == parse_key_set(key_set(other, public_jwk(ED, "a") | {"note": "x"}), EDDSA)
    assert first != parse_key_set(key_set(public_jwk(ED, "b"), other | {"kid": "a"}), EDDSA)


@given(st.binary())
def test_any_bytes_give_set_or_refusal(document: bytes) -> None:
    """Whatever the bytes, nothing but a set or a ConfigurationError comes out."""
    with pytest.raises(ConfigurationError):
        parse_key_set(document, EDDSA)


scalars = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["AQAB", "P-256", "RSA"])
members = st.sampled_from(["kty", "crv", "x", "y", "n", "e", "use", "key_ops", "alg", "kid"])


@given(
    st.sampled_from([ED, EC, RSA]),
    st.sampled_from(list(SigningAlgorithm)),
    st.dictionaries(members, scalars, max_size=3),
)
def test_any_changed_key_gives_set_or_refusal(key: Any, algorithm: SigningAlgorithm, changes: dict[str, Any]) -> None:
    """A key with any member changed is read, left out or refused, never another failure."""
    try:
        found = parse_key_set(key_set(public_jwk(key, "a") | changes), algorithm).keys
    except ConfigurationError:
        return
    assert len(found) <= 1
