"""Keyed digests: how the registry recognises documents, names and source keys without holding any.

    digest = suite (1 byte) ‖ version of the key "index" (1 byte) ‖ HMAC-SHA-256( key per use, parts )      34 bytes

Parts are normalised first (`schema.identity`), and joined so that no two lists of parts give one message.
"""

from collections.abc import Callable
from datetime import date
from typing import Final
from uuid import UUID

from hub.audit.mac import KeyedHash
from privacy.keys import KeyService, SecretKey
from schema.codes import DocumentKind
from schema.identity import normalise_name
from schema.ids import MigrantId, SourceKey
from schema.vocabulary import Source

__all__ = ["DigestVersion", "RegistryDigests"]

_FIRST_MOMENT: Final = 1_735_689_600_000
_SPAN: Final = 31_536_000_000


class DigestVersion:
    """All digests under one version of the key. Numbers come normalised; names are normalised here."""

    def __init__(self, key: SecretKey) -> None:
        self._prefix = key.suite.octet + key.version.to_bytes(1)
        self._number, self._person, self._lookup, self._source_key = (
            KeyedHash(key.derive(label)).digest for label in ("number", "person", "lookup", "source-key")
        )

    def number(self, kind: DocumentKind, number: str) -> bytes:
        """The blind index of a document number."""
        return self._digest(self._number, kind.name, number)

    def person(self, name: str, birth_date: date) -> bytes:
        """Name and birth date together."""
        return self._digest(self._person, normalise_name(name), birth_date.isoformat())

    def lookup(self, kind: DocumentKind, number: str, name: str) -> bytes:
        """Number and name together: one comparison, so that a wrong name costs no more time than a wrong number."""
        return self._digest(self._lookup, kind.name, number, normalise_name(name))

    def source_key(self, source: Source, key: SourceKey) -> bytes:
        """A person's key in one source."""
        return self._digest(self._source_key, source.value, key)

    def _digest(self, hashed: Callable[[bytes], bytes], *parts: str) -> bytes:
        return self._prefix + hashed(_message(*parts))


class RegistryDigests:
    """The digests under every accepted version, newest first, and the ids of persons nobody knows."""

    def __init__(self, keys: KeyService) -> None:
        self.versions = tuple(DigestVersion(key) for key in keys.accepted("index"))
        self.current = self.versions[0]
        self._phantom = KeyedHash(keys.current("phantom").derive("phantom")).digest

    def phantom(self, kind: DocumentKind, number: str, name: str) -> MigrantId:
        """An id shaped like a migrant's (UUIDv7), always the same for one document and name, that no migrant has."""
        digest = self._phantom(_message(kind.name, number, normalise_name(name)))
        moment = _FIRST_MOMENT + int.from_bytes(digest[16:24]) % _SPAN
        tail = int.from_bytes(digest[:10])
        return MigrantId(UUID(int=moment << 80 | 0x7 << 76 | (tail >> 68) << 64 | 0b10 << 62 | tail & (1 << 62) - 1))


def _message(*parts: str) -> bytes:
    return b"".join(len(encoded).to_bytes(2) + encoded for encoded in map(str.encode, parts))
