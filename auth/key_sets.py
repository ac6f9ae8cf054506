"""Public keys of one issuer, read from a JWK Set (RFC 7517).

A set is taken whole or refused whole: a set with a private or symmetric key, a weak key or two keys of
one name is a sign that its publisher made a mistake, and trusting the rest of it would hide that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias, cast

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWK, PyJWTError

from auth.strict_json import JsonObject, StrictJsonError, parse_object
from schema.errors import ConfigurationError

__all__ = ["KeySet", "MAX_KEY_SET_BYTES", "PublicKey", "SigningAlgorithm", "parse_key_set"]

PublicKey: TypeAlias = Ed25519PublicKey | EllipticCurvePublicKey | RSAPublicKey

MAX_KEY_SET_BYTES: Final = 64 * 1024

_PRIVATE_MEMBERS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
_MAX_KEYS: Final = 32
_MAX_KID: Final = 128


class SigningAlgorithm(StrEnum):
    """The signatures an issuer may use, as the `alg` of its tokens spells them; all asymmetric.

    `EdDSA` (RFC 8037) and `Ed25519` (RFC 9864) are the same signature under two names.
    """

    EDDSA = "EdDSA"
    ED25519 = "Ed25519"
    ES256 = "ES256"
    RS256 = "RS256"
    PS256 = "PS256"

    @property
    def key_type(self) -> str:
        """The `kty` a key for this algorithm has."""
        return _KEY_TYPES[self]


_KEY_TYPES: Final[Mapping[SigningAlgorithm, str]] = {
    SigningAlgorithm.EDDSA: "OKP",
    SigningAlgorithm.ED25519: "OKP",
    SigningAlgorithm.ES256: "EC",
    SigningAlgorithm.RS256: "RSA",
    SigningAlgorithm.PS256: "RSA",
}
_LIBRARY_NAMES: Final[Mapping[str, str]] = {"OKP": "EdDSA", "EC": "ES256", "RSA": "RS256"}
_SAME_SIGNATURE: Final = frozenset({SigningAlgorithm.EDDSA, SigningAlgorithm.ED25519})


@dataclass(frozen=True, slots=True)
class KeySet:
    """Keys by `kid`, for one algorithm. Two sets are equal when they hold the same keys by the same names.

    `demo` says that the set marked itself as made for demonstrations.
    """

    keys: Mapping[str, PublicKey]
    demo: bool = False


def parse_key_set(document: bytes, algorithm: SigningAlgorithm) -> KeySet:
    """The keys of a JWK Set that can verify `algorithm`; keys of other types or uses are left out.

    An empty result is allowed: it is how an issuer withdraws every key at once.

    Raises ConfigurationError when the document is longer than MAX_KEY_SET_BYTES or is not a JWK Set, or holds
    a symmetric or private key, an RSA key under 2048 bits, a key without a name or two of the same name.
    """
    if len(document) > MAX_KEY_SET_BYTES:
        raise ConfigurationError("key set: longer than 64 KiB")
    try:
        members = parse_object(document)
    except StrictJsonError:
        raise ConfigurationError("key set: not one unambiguous JSON object") from None
    keys: dict[str, PublicKey] = {}
    for position, entry in enumerate(_entries(members)):
        _refuse_secrets(entry, position)
        if not _meant_for(entry, algorithm):
            continue
        kid = _key_id(entry, position)
        if kid in keys:
            raise ConfigurationError(f"key set: key {position} has the name of an earlier key")
        keys[kid] = _load(entry, position)
    return KeySet(keys=keys, demo=members.get("demo", False) is not False)


def _entries(members: JsonObject) -> Sequence[JsonObject]:
    entries = members.get("keys")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ConfigurationError("key set: `keys` is not a list of objects")
    if len(entries) > _MAX_KEYS:
        raise ConfigurationError(f"key set: more than {_MAX_KEYS} keys")
    return cast(list[JsonObject], entries)


def _refuse_secrets(entry: JsonObject, position: int) -> None:
    if entry.get("kty") == "oct" or str(entry.get("alg", "")).startswith("HS"):
        raise ConfigurationError(f"key set: key {position} is symmetric")
    if not _PRIVATE_MEMBERS.isdisjoint(entry):
        raise ConfigurationError(f"key set: key {position} holds a private part")


def _meant_for(entry: JsonObject, algorithm: SigningAlgorithm) -> bool:
    if entry.get("kty") != algorithm.key_type or entry.get("use", "sig") != "sig":
        return False
    operations = entry.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        return False
    named = entry.get("alg", algorithm.value)
    return named == algorithm or (algorithm in _SAME_SIGNATURE and named in _SAME_SIGNATURE)


def _key_id(entry: JsonObject, position: int) -> str:
    kid = entry.get("kid")
    if not isinstance(kid, str) or not 0 < len(kid) <= _MAX_KID:
        raise ConfigurationError(f"key set: key {position} has no usable `kid`")
    return kid


def _load(entry: JsonObject, position: int) -> PublicKey:
    try:
        key = PyJWK(dict(entry), algorithm=_LIBRARY_NAMES[str(entry["kty"])]).key
    except (PyJWTError, ValueError, TypeError, KeyError, UnsupportedAlgorithm):
        raise ConfigurationError(f"key set: key {position} cannot be read") from None
    if isinstance(key, RSAPublicKey):
        if not 2048 <= key.key_size <= 8192 or key.public_numbers().e < 65537:
            raise ConfigurationError(f"key set: key {position} has a weak or oversized RSA modulus or exponent")
        return key
    if isinstance(key, Ed25519PublicKey):
        return key
    if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        return key
    raise ConfigurationError(f"key set: key {position} is on a curve that is not accepted")
