"""Payloads at rest: packed into one blob and sealed, so that a dump of the database does not read as a log.

    sealed = suite ‖ 0x01 ‖ iv (16 random bytes) ‖ AES-256-GCM(HMAC(payload key, iv), nonce 0, packed)

A key per row, from a random iv, leaves no limit on the number of rows under one payload key.
"""

import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.audit.commitment import SUITE, Payload
from hub.audit.mac import KeyedHash
from schema.errors import StorageError

__all__ = ["DIGEST", "Opened", "seal_payload", "unseal_payload"]

DIGEST: Final = 16
TOKEN: Final = 32
SALT: Final = 32
IV: Final = 16
NONCE: Final = bytes(12)
FORMAT: Final = SUITE.encode() + b"\x01"
COUNTS: Final = struct.Struct(">III")


@dataclass(frozen=True, slots=True, repr=False)
class Opened:
    """A payload, and the side-index digests of its subjects (16 bytes each, in order)."""

    payload: Payload
    digests: Sequence[bytes]


def split_bytes(blob: bytes, size: int) -> list[bytes]:
    """The blob cut into pieces of one size."""
    return [blob[start : start + size] for start in range(0, len(blob), size)]


def seal_payload(keyed: KeyedHash, payload: Payload, digests: bytes) -> bytes:
    """One blob of the payload and its joined digests; `keyed` is HMAC under the payload key."""
    iv = os.urandom(IV)
    counts = COUNTS.pack(len(payload.header), len(payload.officer), len(payload.tokens))
    packed = b"".join((counts, payload.salt, payload.header, payload.officer, *payload.tokens, digests))
    return FORMAT + iv + AESGCM(keyed.digest(iv)).encrypt(NONCE, packed, FORMAT)


def unseal_payload(keyed: KeyedHash, sealed: bytes) -> Opened:
    """What `seal_payload` sealed. Raises StorageError when it was altered or sealed under another key."""
    start = len(FORMAT) + IV
    if sealed[: len(FORMAT)] != FORMAT:
        raise StorageError("an audit payload has an unknown format")
    try:
        packed = AESGCM(keyed.digest(sealed[len(FORMAT) : start])).decrypt(NONCE, sealed[start:], FORMAT)
    except InvalidTag:
        raise StorageError("an audit payload does not open") from None
    header, officer, subjects = COUNTS.unpack_from(packed)
    salt_end = COUNTS.size + SALT
    header_end = salt_end + header
    officer_end = header_end + officer
    tokens_end = officer_end + subjects * TOKEN
    payload = Payload(
        header=packed[salt_end:header_end],
        officer=packed[header_end:officer_end],
        salt=packed[COUNTS.size : salt_end],
        tokens=split_bytes(packed[officer_end:tokens_end], TOKEN),
    )
    return Opened(payload, split_bytes(packed[tokens_end:], DIGEST))
