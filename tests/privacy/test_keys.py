"""Named, versioned keys: independent, rotated with overlap, never shown."""

import os

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from privacy.keys import KEY_CATALOGUE, KeyKind, KeyRing, SecretKey, SigningKey, Suite, sector_key_name
from schema.errors import ConfigurationError
from schema.vocabulary import Department


@pytest.fixture(scope="module")
def ring() -> KeyRing:
    """Version 1 of every key."""
    return KeyRing.from_seed(bytes(32))


def test_catalogue_is_complete(ring: KeyRing) -> None:
    """Every department, the person and the hub included, has a key of its own, and a new ring lacks nothing."""
    assert {sector_key_name(department) for department in Department} <= set(KEY_CATALOGUE)
    assert {key.name for key in ring} == set(KEY_CATALOGUE)
    assert {key.name for key in KeyRing(()).completed(os.urandom)} == set(KEY_CATALOGUE)


def test_derived_keys_are_independent(ring: KeyRing) -> None:
    """Another name, version or label gives another key; the same three give the same one."""
    index = ring.current("index")
    derived = [
        index.derive("a"),
        index.derive("b"),
        ring.current("crosswalk").derive("a"),
        SecretKey("index", 2, Suite.INTL_1, index.root).derive("a"),
        index.root,
    ]
    assert len(set(derived)) == len(derived)
    assert index.derive("a") == ring.current("index").derive("a")
    assert len(index.derive("a", 64)) == 64


def test_rotation_overlaps(ring: KeyRing) -> None:
    """A rotated key is current at once and its older versions stay accepted, newest first, until retired."""
    rotated = ring.rotated("index", os.urandom).rotated("index", os.urandom)
    assert [key.version for key in rotated.accepted("index")] == [3, 2, 1]
    assert rotated.current("index").version == 3
    assert rotated.accepted("index")[2].root == ring.current("index").root
    assert [key.version for key in rotated.retired("index", 1).accepted("index")] == [3, 2]
    assert [key.version for key in ring.accepted("index")] == [1]


def test_signing_keys_rotate(ring: KeyRing) -> None:
    """Signatures of an older version verify under one of the accepted public keys."""
    rotated = ring.rotated("agreement", os.urandom)
    signature = ring.signer("agreement").sign(b"text")
    Ed25519PublicKey.from_public_bytes(rotated.public_keys("agreement")[1]).verify(signature, b"text")
    assert rotated.signer("agreement").version == 2
    assert rotated.public_keys("agreement")[0] == rotated.signer("agreement").public_key


def test_refused_changes(ring: KeyRing) -> None:
    """Audit keys do not rotate, the current version does not retire, unknown names and versions are errors."""
    for change in (
        lambda: ring.rotated("audit", os.urandom),
        lambda: ring.rotated("nothing", os.urandom),
        lambda: ring.retired("index", 1),
        lambda: ring.retired("index", 7),
        lambda: ring.current("checkpoint"),
        lambda: ring.signer("index"),
    ):
        with pytest.raises(ConfigurationError):
            change()


@pytest.mark.parametrize(
    "key",
    [
        SecretKey("unheard-of", 1, Suite.INTL_1, bytes(32)),
        SecretKey("index", 1, Suite.INTL_1, bytes(31)),
        SecretKey("index", 0, Suite.INTL_1, bytes(32)),
        SecretKey("index", 256, Suite.INTL_1, bytes(32)),
        SecretKey("checkpoint", 1, Suite.INTL_1, bytes(32)),
        SigningKey("index", 1, Suite.INTL_1, bytes(32)),
    ],
)
def test_unsound_keys(key: SecretKey | SigningKey) -> None:
    """A key of an unknown name, wrong kind, length or version is refused."""
    with pytest.raises(ConfigurationError):
        KeyRing([key])


def test_same_version_twice() -> None:
    """One name cannot have two keys of one version."""
    with pytest.raises(ConfigurationError):
        KeyRing(SecretKey("index", 1, Suite.INTL_1, bytes([n] * 32)) for n in (1, 2))


def test_versions_run_out() -> None:
    """After version 255 a key cannot rotate: the version is one byte wherever it is named."""
    with pytest.raises(ConfigurationError, match="no versions left"):
        KeyRing([SecretKey("index", 255, Suite.INTL_1, bytes(32))]).rotated("index", os.urandom)


def test_keys_stay_hidden(ring: KeyRing) -> None:
    """No secret shows when a key or a ring is printed."""
    secret = SecretKey("index", 1, Suite.INTL_1, b"canary" * 5 + b"..")
    signing = SigningKey("agreement", 1, Suite.INTL_1, b"canary" * 5 + b"..")
    assert "canary" not in repr([secret, signing, KeyRing([secret, signing])]) + str(secret) + str(signing)
    assert KEY_CATALOGUE["checkpoint"].kind is KeyKind.SIGNING
