"""Whom the hub believes: the configured issuers and the keys each of them has at the moment."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from auth.key_sets import KeySet, PublicKey, SigningAlgorithm
from schema.errors import ConfigurationError
from schema.vocabulary import Department

__all__ = ["Issuer", "IssuerDirectory", "KeyListener"]

KeyListener = Callable[[str], None]
"""Told the name of an issuer; must return at once."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """One issuer as configured.

    `name` is the `iss` of its tokens. It signs with `algorithm` and no other, and may speak for `departments`
    only. Its JWK Set is at `key_set`: a file's path, or an address that begins with `https://`.
    """

    name: str
    algorithm: SigningAlgorithm
    departments: frozenset[Department]
    key_set: str

    def __post_init__(self) -> None:
        if not self.name or not self.departments or not self.key_set:
            raise ConfigurationError("issuer: a name, a department and a key set are required")
        if "://" in self.key_set and not self.key_set.startswith("https://"):
            raise ConfigurationError("issuer: a key set address must begin with https://")

    @property
    def remote(self) -> bool:
        """Whether the key set is fetched over the network."""
        return self.key_set.startswith("https://")


class IssuerDirectory:
    """The issuers and their present keys; does no I/O.

    Keys come in by `replace` and take effect for the next `key`. `generation` grows whenever any key changed, so
    that whoever remembers a verified token knows when to forget it. Safe to use from several threads: a set of
    keys is swapped as a whole.
    """

    def __init__(self, issuers: Iterable[Issuer]) -> None:
        """Raises ConfigurationError when two issuers have one name."""
        self._issuers: dict[str, Issuer] = {}
        for issuer in issuers:
            if issuer.name in self._issuers:
                raise ConfigurationError("issuer: two issuers have one name")
            self._issuers[issuer.name] = issuer
        self._key_sets: dict[str, KeySet] = {}
        self._listener: KeyListener | None = None
        self.generation = 0

    def __iter__(self) -> Iterator[Issuer]:
        return iter(self._issuers.values())

    def find(self, name: str) -> Issuer | None:
        """The issuer of that name, or None."""
        return self._issuers.get(name)

    def key(self, issuer: Issuer, kid: str) -> PublicKey | None:
        """That issuer's key of that name; None, and a word to the listener, when there is none."""
        key_set = self._key_sets.get(issuer.name)
        key = key_set.keys.get(kid) if key_set else None
        if key is None and self._listener is not None:
            self._listener(issuer.name)
        return key

    def replace(self, issuer: Issuer, key_set: KeySet) -> bool:
        """Let `key_set` be the issuer's keys from now on; returns whether that changed anything."""
        if self._issuers.get(issuer.name) != issuer:
            raise ConfigurationError("issuer: keys for an issuer that is not configured")
        if self._key_sets.get(issuer.name) == key_set:
            return False
        self._key_sets[issuer.name] = key_set
        self.generation += 1
        return True

    def on_unknown_key(self, listener: KeyListener) -> None:
        """Have `listener` told of every look-up of a key that is not there; one listener at a time."""
        self._listener = listener
