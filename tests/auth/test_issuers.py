"""The directory knows whom to believe and notices when that changes."""

import pytest

from auth.issuers import Issuer, IssuerDirectory
from auth.key_sets import KeySet, SigningAlgorithm
from schema.errors import ConfigurationError
from schema.vocabulary import Department
from tests.auth.world import World, public_jwk

NAME = "https://education.example"


def issuer(name: str = NAME, key_set: str = "keys.json") -> Issuer:
    """An issuer of the education department."""
    return Issuer(name, SigningAlgorithm.EDDSA, frozenset({Department.EDUCATION}), key_set)


def test_names_are_unique() -> None:
    """Two issuers of one name are refused."""
    with pytest.raises(ConfigurationError):
        IssuerDirectory([issuer(), issuer(key_set="other.json")])


@pytest.mark.parametrize(
    "address", ["http://education.example/keys", "ftp://x/keys", "file:///etc/keys", "HTTPS://x", ""]
)
def test_addresses_are_https(address: str) -> None:
    """Keys come from a file or over https, and in no other way."""
    with pytest.raises(ConfigurationError):
        issuer(key_set=address)


def test_remote_and_local_are_told_apart() -> None:
    """An address is remote, a path is not."""
    assert issuer(key_set="https://education.example/keys").remote
    assert not issuer(key_set="/etc/hub/education.json").remote


def test_issuer_without_departments_is_refused() -> None:
    """An issuer that may speak for nobody is a mistake."""
    with pytest.raises(ConfigurationError):
        Issuer(NAME, SigningAlgorithm.EDDSA, frozenset(), "keys.json")


def test_same_keys_change_nothing(world: World) -> None:
    """Publishing the same keys again keeps the generation, so that remembered tokens stay."""
    jwk = public_jwk(world.keys[NAME], "education-1")
    before = world.directory.generation
    assert not world.publish(NAME, jwk)
    assert world.directory.generation == before
    assert world.publish(NAME, jwk, jwk | {"kid": "education-2"})
    assert world.directory.generation == before + 1


def test_keys_belong_to_their_issuer(world: World) -> None:
    """A key is found under its own issuer only."""
    assert world.directory.key(world.issuers[NAME], "education-1") is not None
    assert world.directory.key(world.issuers[NAME], "justice-1") is None


def test_keys_of_strangers_are_refused(world: World) -> None:
    """Keys for an issuer that is not configured, or is configured differently, are refused."""
    for stranger in (issuer(name="https://stranger.example"), issuer(key_set="elsewhere.json")):
        with pytest.raises(ConfigurationError):
            world.directory.replace(stranger, KeySet({}))


def test_unknown_key_is_reported(world: World) -> None:
    """A key that is not there is reported by its issuer's name; one that is there is not."""
    heard: list[str] = []
    world.directory.on_unknown_key(heard.append)
    world.verify(world.token())
    assert heard == []
    world.directory.key(world.issuers[NAME], "education-2")
    assert heard == [NAME]


def test_every_issuer_is_listed(world: World) -> None:
    """Iterating gives every configured issuer once, in order."""
    assert [entry.name for entry in world.directory] == list(world.issuers)
