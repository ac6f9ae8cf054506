"""Sealed bytes of the registry: a migrant's source keys, flags and consents in one piece, and cursors of builds.

    sealed = key version (1 byte) ‖ AES-256-SIV( "crosswalk" key, associated data, packed )

The associated data names suite and use, and the migrant, so that a row cannot be moved to another person. Packed
secrets are padded, so that the length of a row does not tell who is protected, consented or known to many.
"""

from datetime import date
from typing import Final

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from hub.registry.model import MigrantSecrets
from privacy.keys import KeyService, SecretKey
from privacy.model import Consent
from schema.errors import StorageError
from schema.ids import MigrantId
from schema.vocabulary import Source

__all__ = ["RegistrySeal"]

_BLOCK: Final = 192
_SOURCES: Final = tuple(Source)


class RegistrySeal:
    """Seals and opens what the registry stores. Opening costs about 4 µs per migrant."""

    def __init__(self, keys: KeyService) -> None:
        self._version, self._current, self._suite = _cipher(keys.current("crosswalk"))
        self._accepted = {cipher[0]: cipher[1] for cipher in map(_cipher, keys.accepted("crosswalk"))}
        self._row, self._cursor = self._suite + b"migrant", self._suite + b"cursor"

    def seal(self, migrant: MigrantId, secrets: MigrantSecrets) -> bytes:
        """The row's bytes."""
        packed = orjson.dumps(
            (
                [secrets.keys.get(source) for source in _SOURCES],
                secrets.protected,
                0 if secrets.minor_until is None else secrets.minor_until.toordinal(),
                [(one.department, one.purpose, one.until.toordinal()) for one in secrets.consents],
            )
        )
        padded = packed.ljust(-(-len(packed) // _BLOCK) * _BLOCK)
        return self._version + self._current.encrypt(padded, [self._row + migrant.bytes])

    def open(self, migrant: MigrantId, sealed: bytes) -> MigrantSecrets:
        """What `seal` sealed for this migrant. Raises StorageError for a changed or moved row, or a retired key."""
        keys, protected, minor_until, consents = orjson.loads(self._decrypt(sealed, self._row + migrant.bytes))
        return MigrantSecrets(
            {source: key for source, key in zip(_SOURCES, keys, strict=False) if key is not None},
            protected,
            date.fromordinal(minor_until) if minor_until else None,
            tuple(Consent(department, purpose, date.fromordinal(until)) for department, purpose, until in consents)
            if consents
            else (),
        )

    def seal_cursor(self, source: Source, cursor: str) -> bytes:
        """A cursor is a source key or holds one."""
        padded = cursor.encode().ljust(-(-len(cursor.encode()) // _BLOCK) * _BLOCK, b"\0")
        return self._version + self._current.encrypt(padded, [self._cursor + source.encode()])

    def open_cursor(self, source: Source, sealed: bytes) -> str:
        """What `seal_cursor` sealed. Raises StorageError as `open` does."""
        return self._decrypt(sealed, self._cursor + source.encode()).rstrip(b"\0").decode()

    def _decrypt(self, sealed: bytes, associated: bytes) -> bytes:
        cipher = self._accepted.get(sealed[:1])
        if cipher is None:
            raise StorageError("a row of the registry is sealed under a key that is not accepted any more")
        try:
            return cipher.decrypt(sealed[1:], [associated])
        except InvalidTag:
            raise StorageError("a row of the registry was changed outside the hub") from None


def _cipher(key: SecretKey) -> tuple[bytes, AESSIV, bytes]:
    return key.version.to_bytes(1), AESSIV(key.derive("registry", 64)), key.suite.octet
