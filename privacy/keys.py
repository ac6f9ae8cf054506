"""Named, versioned keys, and what may be asked of whoever keeps them.

A key has a name (what it is for), a version (1 to 255) and a suite (which algorithms it is for). Whatever is
sealed, digested or signed names the version or the key, so that a rotated key still opens what it closed:
the newest version is *current* and used for everything new, the others stay *accepted* until retired.

Nothing uses a named secret directly. `SecretKey.derive` gives an independent key per label, so that one name
can serve a cipher and a digest without the two meeting.

A keeper that never gives out secrets (PKCS#11, SDF) keeps the signing keys inside and hands the secret ones out
unwrapped, once per process: a migrant costs microseconds, a call to a device milliseconds.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import Final, Protocol, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from schema.errors import ConfigurationError
from schema.vocabulary import Department

__all__ = [
    "KEY_CATALOGUE",
    "KEY_LENGTH",
    "KeyKind",
    "KeyRing",
    "KeyService",
    "KeySpec",
    "SecretKey",
    "Signer",
    "SigningKey",
    "Suite",
    "sector_key_name",
]

KEY_LENGTH: Final = 32
"""Bytes of every stored key: an Ed25519 seed, or the root that secret keys are derived from."""

_MOST_VERSIONS: Final = 255


class Suite(StrEnum):
    """Which algorithms a key is for.

    `intl-1`: SHA-256, HMAC, HKDF, AES-SIV, AES-GCM, Ed25519. `gm-1` (SM2, SM3, SM4) will follow.
    """

    INTL_1 = "intl-1"

    @property
    def octet(self) -> bytes:
        """The suite in one byte, where its name would be longer than what it describes."""
        return _OCTETS[self]


_OCTETS: Final[Mapping[Suite, bytes]] = {Suite.INTL_1: b"\x01"}


class KeyKind(Enum):
    """What a key does: SECRET keys seal and digest, SIGNING keys sign."""

    SECRET = "secret"  # noqa: S105  (a kind, not a password)
    SIGNING = "signing"


@dataclass(frozen=True, slots=True)
class KeySpec:
    """One key the hub needs. `rotates`: whether a new version can take over while the old ones are still accepted."""

    name: str
    kind: KeyKind
    rotates: bool
    meaning: str


def sector_key_name(department: Department) -> str:
    """Name of the key that a department's sector ids are sealed under."""
    return f"sector:{department.value}"


_SECRET, _SIGNING = KeyKind.SECRET, KeyKind.SIGNING

KEY_CATALOGUE: Final[Mapping[str, KeySpec]] = MappingProxyType(
    {
        spec.name: spec
        for spec in (
            *(
                KeySpec(sector_key_name(department), _SECRET, True, f"sector ids of {department.value}")
                for department in Department
            ),
            KeySpec("index", _SECRET, True, "digests of document numbers, names and source keys"),
            KeySpec("phantom", _SECRET, False, "ids of persons nobody knows"),
            KeySpec("crosswalk", _SECRET, True, "source keys, flags and consents in the registry"),
            KeySpec("budget", _SECRET, True, "digests of clients and persons in the daily budget"),
            KeySpec("checks", _SECRET, True, "the day's check answers; retired at its end"),
            KeySpec("audit", _SECRET, False, "subject tokens and case digests of the audit log"),
            KeySpec("audit-index", _SECRET, False, "the audit log's side index"),
            KeySpec("staging", _SECRET, False, "staging stores of file sources"),
            KeySpec("payload", _SECRET, False, "audit payloads at rest"),
            KeySpec("checkpoint", _SIGNING, False, "checkpoints of the audit log"),
            KeySpec("agreement", _SIGNING, True, "agreements"),
        )
    }
)
"""Every key by name."""


@dataclass(frozen=True, slots=True, repr=False)
class SecretKey:
    """One version of a secret key; `root` is 32 bytes and is used through `derive` only."""

    name: str
    version: int
    suite: Suite
    root: bytes

    def derive(self, label: str, length: int = KEY_LENGTH) -> bytes:
        """`length` bytes bound to suite, name, version and label (HKDF-SHA-256, RFC 5869)."""
        info = "\n".join(("hub-key/v1", self.suite, self.name, str(self.version), label)).encode()
        return HKDF(algorithm=SHA256(), length=length, salt=None, info=info).derive(self.root)


class Signer(Protocol):
    """One version of a signing key, which may never leave its keeper."""

    @property
    def name(self) -> str:
        """The key's name."""

    @property
    def version(self) -> int:
        """Its version."""

    @property
    def suite(self) -> Suite:
        """Its suite; `intl-1` signs with Ed25519 (RFC 8032)."""

    @property
    def public_key(self) -> bytes:
        """The 32 bytes that verify its signatures."""

    def sign(self, message: bytes) -> bytes:
        """The signature (64 bytes)."""


class KeyService(Protocol):
    """Whoever keeps the keys. Every method raises ConfigurationError for a name that has no key of that kind.

    Answers do not change while the process runs: a rotation takes effect with the next start.
    """

    def current(self, name: str) -> SecretKey:
        """The newest version, for everything new."""

    def accepted(self, name: str) -> tuple[SecretKey, ...]:
        """All versions that may still open what they closed, newest first."""

    def signer(self, name: str) -> Signer:
        """The newest signing key."""

    def public_keys(self, name: str) -> tuple[bytes, ...]:
        """The public keys of all versions that may still be believed, newest first."""


@dataclass(frozen=True, slots=True, repr=False)
class SigningKey:
    """A `Signer` in memory; `seed` is the Ed25519 private key (32 bytes)."""

    name: str
    version: int
    suite: Suite
    seed: bytes

    @property
    def public_key(self) -> bytes:
        return Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return Ed25519PrivateKey.from_private_bytes(self.seed).sign(message)


class KeyRing:
    """A `KeyService` over keys in memory; immutable, so that a change is a new ring to be stored first."""

    def __init__(self, keys: Iterable[SecretKey | SigningKey]) -> None:
        """Raises ConfigurationError for a name outside the catalogue, a wrong kind or length, or a version twice."""
        self._keys: dict[str, tuple[SecretKey | SigningKey, ...]] = {}
        for key in sorted(keys, key=lambda key: key.version, reverse=True):
            _check_key(key)
            earlier = self._keys.get(key.name, ())
            if earlier and earlier[-1].version == key.version:
                raise ConfigurationError(f"key `{key.name}` has version {key.version} twice")
            self._keys[key.name] = (*earlier, key)

    @classmethod
    def from_seed(cls, seed: bytes) -> Self:
        """Version 1 of every key in the catalogue, the same for the same seed; for tests."""
        source = SecretKey("seed", 0, Suite.INTL_1, seed)
        return cls(_new_key(spec, 1, source.derive(spec.name)) for spec in KEY_CATALOGUE.values())

    @property
    def missing(self) -> tuple[str, ...]:
        """Names in the catalogue that have no key here."""
        return tuple(name for name in KEY_CATALOGUE if name not in self._keys)

    def completed(self, random: Callable[[int], bytes]) -> "KeyRing":
        """This ring with version 1 of every key of the catalogue that it lacks."""
        return KeyRing([*self, *(_new_key(KEY_CATALOGUE[name], 1, random(KEY_LENGTH)) for name in self.missing)])

    def rotated(self, name: str, random: Callable[[int], bytes]) -> "KeyRing":
        """This ring with a new current version of one key; the old ones stay accepted.

        Raises ConfigurationError for an unknown key, one that cannot rotate, or after version 255.
        """
        versions = self._versions(name)
        if not KEY_CATALOGUE[name].rotates:
            raise ConfigurationError(f"key `{name}` cannot be rotated: what it closed could no longer be opened")
        if versions[0].version == _MOST_VERSIONS:
            raise ConfigurationError(f"key `{name}` has no versions left")
        return KeyRing([*self, _new_key(KEY_CATALOGUE[name], versions[0].version + 1, random(KEY_LENGTH))])

    def retired(self, name: str, version: int) -> "KeyRing":
        """This ring without one old version: what that version closed cannot be opened any more.

        Raises ConfigurationError for the current version, or one that is not there.
        """
        versions = self._versions(name)
        if versions[0].version == version:
            raise ConfigurationError(f"version {version} of key `{name}` is current: rotate it first")
        if all(key.version != version for key in versions):
            raise ConfigurationError(f"key `{name}` has no version {version}")
        return KeyRing(key for key in self if (key.name, key.version) != (name, version))

    def __iter__(self) -> Iterator[SecretKey | SigningKey]:
        """Every version of every key, for storing."""
        return (key for versions in self._keys.values() for key in versions)

    def current(self, name: str) -> SecretKey:
        return self.accepted(name)[0]

    def accepted(self, name: str) -> tuple[SecretKey, ...]:
        found = tuple(key for key in self._versions(name) if isinstance(key, SecretKey))
        if not found:
            raise ConfigurationError(f"key `{name}` is not a secret key")
        return found

    def signer(self, name: str) -> Signer:
        return self._signing_keys(name)[0]

    def public_keys(self, name: str) -> tuple[bytes, ...]:
        return tuple(key.public_key for key in self._signing_keys(name))

    def _signing_keys(self, name: str) -> tuple[SigningKey, ...]:
        found = tuple(key for key in self._versions(name) if isinstance(key, SigningKey))
        if not found:
            raise ConfigurationError(f"key `{name}` is not a signing key")
        return found

    def _versions(self, name: str) -> tuple[SecretKey | SigningKey, ...]:
        if name not in self._keys:
            raise ConfigurationError(f"there is no key `{name}`")
        return self._keys[name]


def _new_key(spec: KeySpec, version: int, secret: bytes) -> SecretKey | SigningKey:
    kind = SecretKey if spec.kind is KeyKind.SECRET else SigningKey
    return kind(spec.name, version, Suite.INTL_1, secret)


def _check_key(key: SecretKey | SigningKey) -> None:
    spec = KEY_CATALOGUE.get(key.name)
    if spec is None:
        raise ConfigurationError("the keys hold one that this version of the hub does not know")
    secret, kind = (key.root, KeyKind.SECRET) if isinstance(key, SecretKey) else (key.seed, KeyKind.SIGNING)
    if kind is not spec.kind or len(secret) != KEY_LENGTH or not 1 <= key.version <= _MOST_VERSIONS:
        raise ConfigurationError(f"key `{key.name}` has a wrong kind, length or version")
