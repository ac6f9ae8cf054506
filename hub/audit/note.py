"""C2SP signed notes and checkpoints (c2sp.org/signed-note, c2sp.org/tlog-checkpoint), with Ed25519.

A key is written as `<name>+<key id, 8 hex digits>+<base64 of 0x01 ‖ public key>`, as golang.org/x/mod/sumdb/note does.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from schema.errors import InternalError

__all__ = [
    "Checkpoint",
    "NoteError",
    "NoteKey",
    "checkpoint_of",
    "claimed_size",
    "open_note",
    "parse_checkpoint",
    "parse_key",
    "sign_note",
]

ED25519: Final = b"\x01"
MOST_SIGNATURES: Final = 100
NAME: Final = re.compile(r"[^\s+]+")
CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")
SIZE: Final = re.compile(r"0|[1-9][0-9]{0,18}")


class NoteError(InternalError):
    """A note, key or checkpoint that is malformed, or not signed by a known key."""


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A named Ed25519 public key (32 bytes) that verifies notes."""

    name: str
    public_key: bytes

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name) or len(self.public_key) != 32:
            raise NoteError("malformed note key")

    @property
    def key_id(self) -> bytes:
        """SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key), first 4 bytes."""
        return hashlib.sha256(self.name.encode() + b"\n" + ED25519 + self.public_key).digest()[:4]

    def text(self) -> str:
        """The key as one word, for configuration and exports."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(ED25519 + self.public_key).decode()}"

    def verifies(self, text: str, signature: bytes) -> bool:
        """Whether the signature is this key's over the text."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public_key).verify(signature, text.encode())
        except InvalidSignature:
            return False
        return True


def decode_base64(text: str) -> bytes:
    """Strict standard base64. Raises NoteError."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NoteError("malformed base64 in a note") from None


def parse_key(text: str) -> NoteKey:
    """The key that `NoteKey.text` wrote. Raises NoteError when it is malformed or its id does not fit."""
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    key = decode_base64(encoded)
    if key[:1] != ED25519:
        raise NoteError("unknown kind of note key")
    parsed = NoteKey(name, key[1:])
    if parsed.key_id.hex() != key_id:
        raise NoteError("the note key does not match its id")
    return parsed


def sign_note(text: str, key: NoteKey, sign: Callable[[bytes], bytes]) -> str:
    """The text followed by one signature line. Raises NoteError when the text is not a note's text."""
    if not text.endswith("\n") or CONTROL.search(text):
        raise NoteError("malformed note text")
    signature = base64.b64encode(key.key_id + sign(text.encode())).decode()
    return f"{text}\n— {key.name} {signature}\n"


def open_note(note: str, keys: Sequence[NoteKey]) -> str:
    """The text of a note that at least one of `keys` signed.

    Signatures of unknown keys are ignored, as the specification asks; a wrong signature of a known key
    refuses the note. Raises NoteError.
    """
    text, separator, lines = note.rpartition("\n\n")
    text += "\n"
    if not separator or not lines.endswith("\n") or CONTROL.search(note):
        raise NoteError("malformed note")
    signatures = [parse_signature(line) for line in lines[:-1].split("\n")]
    if len(signatures) > MOST_SIGNATURES:
        raise NoteError("the note has too many signatures")
    known = {(key.name, key.key_id): key for key in keys}
    verified = 0
    for name, blob in signatures:
        key = known.get((name, blob[:4]))
        if key is None:
            continue
        if not key.verifies(text, blob[4:]):
            raise NoteError("the note has a bad signature")
        verified += 1
    if not verified:
        raise NoteError("the note is not signed by a known key")
    return text


def parse_signature(line: str) -> tuple[str, bytes]:
    """Key name, and key id with signature, of one signature line. Raises NoteError."""
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    blob = decode_base64(encoded)
    if dash != "—" or not NAME.fullmatch(name) or len(blob) < 5:
        raise NoteError("malformed signature line")
    return name, blob


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head: the log's origin, its number of leaves, its root hash (32 bytes)."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The text that is signed: three lines."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint in a note's text; extension lines are ignored. Raises NoteError."""
    lines = text.split("\n")
    if len(lines) < 4 or "" in lines[:-1] or lines[-1] or not SIZE.fullmatch(lines[1]):
        raise NoteError("malformed checkpoint")
    root = decode_base64(lines[2])
    if len(root) != 32:
        raise NoteError("malformed checkpoint")
    return Checkpoint(lines[0], int(lines[1]), root)


def checkpoint_of(note: str, key: NoteKey) -> Checkpoint:
    """The checkpoint in a note signed by the log's key, whose name must be its origin. Raises NoteError."""
    checkpoint = parse_checkpoint(open_note(note, [key]))
    if checkpoint.origin != key.name:
        raise NoteError("the checkpoint is of another log")
    return checkpoint


def claimed_size(note: str) -> int:
    """The size a checkpoint note claims, unverified; -1 when it claims none."""
    try:
        return parse_checkpoint(note.rpartition("\n\n")[0] + "\n").size
    except NoteError:
        return -1
