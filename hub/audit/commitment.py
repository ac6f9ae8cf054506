"""From a record to its commitment, and back to a proof for the person concerned. Pure.

    h_p = HMAC(HMAC(salt, "p"), header)      h_o = HMAC(HMAC(salt, "o"), officer)
    b_i = HMAC(HMAC(salt, i), token_i)       token_i = HMAC(audit key, subject ‖ record id)
    entry = suite ‖ SHA-256("hub-audit/v1\\n" ‖ h_p ‖ h_o ‖ b_1 ‖ … ‖ b_n)

`i` is written in decimal ASCII, from 1. Subject and record id are the 16 bytes of their UUIDs. The header also names
the shard and position, so that a moved record betrays itself. Each part opens with its own key, so the header can
be shown without officer or other subjects; the salt opens everything and never leaves the payload.
"""

import hashlib
import hmac
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final
from uuid import UUID

import orjson

from hub.audit.mac import KeyedHash, mac
from hub.audit.model import Record
from schema.errors import InternalError
from schema.ids import MigrantId

__all__ = [
    "Payload",
    "SubjectProof",
    "SUITE",
    "canonical_json",
    "case_digest",
    "entry_of",
    "header_json",
    "officer_json",
    "prove_subject",
    "subject_marks",
    "subject_token",
    "utc_text",
    "verify_subject",
]

SUITE: Final = "intl-1"
PREFIX: Final = b"hub-audit/v1\n"
HASH: Final = 32


@dataclass(frozen=True, slots=True, repr=False)
class Payload:
    """What an entry commits to: header and officer (canonical JSON), salt and tokens (32 bytes each)."""

    header: bytes
    officer: bytes
    salt: bytes
    tokens: Sequence[bytes]


def canonical_json(value: object) -> bytes:
    """JSON with sorted keys, no spaces, UTF-8: RFC 8785 for the objects, strings and integers used here."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        raise InternalError("an audit record holds text that is not valid Unicode") from None


def utc_text(time: datetime) -> str:
    """RFC 3339 in UTC with microseconds. Raises InternalError when the time has no zone."""
    if time.tzinfo is None:
        raise InternalError("an audit record's time has no zone")
    return time.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def header_json(record: Record, shard: str, position: int) -> bytes:
    """The part of a record that the person concerned may read."""
    header: dict[str, object] = {
        "agreement": record.agreement,
        "basis": record.basis,
        "department": record.department,
        "detail": dict(record.detail),
        "event": record.event,
        "fields": {decision.name: list(fields) for decision, fields in record.fields.items() if fields},
        "operation": record.operation,
        "policy": record.policy_version,
        "position": position,
        "purpose": record.purpose,
        "record": str(record.record_id),
        "roles": list(record.roles),
        "shard": shard,
        "statuses": dict(record.statuses),
        "subjects": len(record.subjects),
        "time": utc_text(record.time),
    }
    return canonical_json(header)


def officer_json(record: Record, audit_key: bytes) -> bytes:
    """The part of a record that only auditors and the asking department may read."""
    case = case_digest(audit_key, record.case) if record.case else ""
    return canonical_json({"case": case, "client": record.client, "officer": record.officer})


def case_digest(audit_key: bytes, reference: str) -> str:
    """Keyed digest of a case reference (hex), equal for every record of the case."""
    return mac(mac(audit_key, b"case"), reference.encode()).hex()


def subject_token(keyed: KeyedHash, subject: MigrantId, record_id: UUID) -> bytes:
    """token_i: who, in this record only; `keyed` is HMAC under the audit key."""
    return keyed.digest(subject.bytes + record_id.bytes)


@lru_cache(maxsize=4096)
def numeral(number: int) -> bytes:
    """`i` as the commitment writes it."""
    return b"%d" % number


def subject_marks(salt: bytes, tokens: Sequence[bytes], first: int = 1) -> Iterator[bytes]:
    """b_first, b_first+1, … of the tokens."""
    keyed = KeyedHash(salt)
    for number, token in enumerate(tokens, first):
        yield mac(keyed.digest(numeral(number)), token)


def entry_of(payload: Payload, marks: bytes | None = None) -> bytes:
    """The entry that the log publishes; `marks` are b_1 … b_n joined, where already known."""
    salted = KeyedHash(payload.salt)
    header = mac(salted.digest(b"p"), payload.header)
    officer = mac(salted.digest(b"o"), payload.officer)
    return join_entry(
        header, officer, b"".join(subject_marks(payload.salt, payload.tokens)) if marks is None else marks
    )


def join_entry(header: bytes, officer: bytes, marks: bytes) -> bytes:
    """suite ‖ SHA-256(prefix ‖ h_p ‖ h_o ‖ marks)."""
    return SUITE.encode() + hashlib.sha256(PREFIX + header + officer + marks).digest()


@dataclass(frozen=True, slots=True, repr=False)
class SubjectProof:
    """What shows one person that an entry is about them, and what its header says; about nobody else.

    `header_key` and `token_key` open h_p and the person's own b; `officer` is h_o and `marks` are all the b's, opaque.
    `number` is the person's place among the subjects, from 1.
    """

    header: bytes
    header_key: bytes
    officer: bytes
    marks: tuple[bytes, ...]
    number: int
    token: bytes
    token_key: bytes


def prove_subject(payload: Payload, token: bytes) -> SubjectProof:
    """The proof for the person with this token. Raises ValueError when the record is not about them."""
    index = list(payload.tokens).index(token)
    salted = KeyedHash(payload.salt)
    return SubjectProof(
        header=payload.header,
        header_key=salted.digest(b"p"),
        officer=mac(salted.digest(b"o"), payload.officer),
        marks=tuple(subject_marks(payload.salt, payload.tokens)),
        number=index + 1,
        token=token,
        token_key=salted.digest(numeral(index + 1)),
    )


def verify_subject(proof: SubjectProof, entry: bytes) -> bool:
    """Whether the entry commits to this header and to this token."""
    if not 1 <= proof.number <= len(proof.marks) or any(len(mark) != HASH for mark in proof.marks):
        return False
    own = mac(proof.token_key, proof.token)
    if len(proof.officer) != HASH or not hmac.compare_digest(own, proof.marks[proof.number - 1]):
        return False
    header = mac(proof.header_key, proof.header)
    return hmac.compare_digest(join_entry(header, proof.officer, b"".join(proof.marks)), entry)
