"""The commitment: exactly the published formulas, and a proof that shows one person and nobody else."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.audit.commitment import (
    Payload,
    canonical_json,
    case_digest,
    entry_of,
    header_json,
    officer_json,
    prove_subject,
    subject_token,
    verify_subject,
)
from hub.audit.mac import KeyedHash
from hub.audit.model import Record
from schema.errors import InternalError
from schema.ids import MigrantId

AUDIT_KEY = bytes(range(32))
RECORD_ID = UUID(int=7)

hashes = st.binary(min_size=32, max_size=32)
payloads = st.builds(
    Payload,
    st.binary(max_size=80),
    st.binary(max_size=80),
    hashes,
    st.lists(hashes, min_size=1, max_size=12, unique=True),
)


def hmac_sha256(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")


def flip(value: bytes) -> bytes:
    return bytes([value[0] ^ 1]) + value[1:]


def formula(payload: Payload) -> bytes:
    """The entry, written as the design does, with the standard library only."""
    parts = [
        hmac_sha256(hmac_sha256(payload.salt, b"p"), payload.header),
        hmac_sha256(hmac_sha256(payload.salt, b"o"), payload.officer),
    ]
    for number, token in enumerate(payload.tokens, 1):
        parts.append(hmac_sha256(hmac_sha256(payload.salt, str(number).encode()), token))
    return b"intl-1" + hashlib.sha256(b"hub-audit/v1\n" + b"".join(parts)).digest()


@given(payloads)
def test_entry_is_the_published_formula(payload: Payload) -> None:
    """Every entry is what the design's formulas give, and names its suite."""
    assert entry_of(payload) == formula(payload)


def test_entry_is_frozen() -> None:
    """The commitment to one fixed payload never changes: old logs must stay verifiable."""
    payload = Payload(b'{"event":"look-up"}', b'{"officer":"o"}', bytes(32), [bytes([1] * 32), bytes([2] * 32)])
    assert entry_of(payload).hex() == "696e746c2d3146082a750240acd309f12745ed1ae607bed0e6bdc663e96027106bae75d27d43"


@given(payloads, st.data())
def test_a_person_can_prove_their_own_access(payload: Payload, data: st.DataObject) -> None:
    """Each subject's proof verifies against the entry; it holds neither salt, nor officer, nor another token."""
    token = data.draw(st.sampled_from(payload.tokens))
    proof = prove_subject(payload, token)
    assert verify_subject(proof, entry_of(payload))
    shown = b"".join([proof.header_key, proof.officer, *proof.marks, proof.token, proof.token_key])
    for hidden in [payload.salt, *payload.tokens]:
        assert hidden == token or hidden not in shown


@given(payloads, payloads)
def test_a_proof_shows_nothing_else(payload: Payload, other: Payload) -> None:
    """Another header, token, officer, mark, number or entry does not verify."""
    proof, entry = prove_subject(payload, payload.tokens[0]), entry_of(payload)
    for forged in (
        replace(proof, header=proof.header + b" "),
        replace(proof, token=flip(proof.token)),
        replace(proof, token_key=flip(proof.token_key)),
        replace(proof, header_key=flip(proof.header_key)),
        replace(proof, officer=flip(proof.officer)),
        replace(proof, officer=proof.officer + proof.marks[0], marks=proof.marks[1:]),
        replace(proof, marks=(*proof.marks, bytes(32))),
        replace(proof, number=0),
        replace(proof, number=len(proof.marks) + 1),
    ):
        assert not verify_subject(forged, entry)
    assert entry_of(other) == entry or not verify_subject(proof, entry_of(other))


def test_a_token_belongs_to_one_person_and_one_record() -> None:
    """Tokens of one person in two records, or of two persons in one record, have nothing in common."""
    keyed = KeyedHash(AUDIT_KEY)
    person, other = MigrantId(UUID(int=1)), MigrantId(UUID(int=2))
    token = subject_token(keyed, person, RECORD_ID)
    assert token == hmac_sha256(AUDIT_KEY, person.bytes + RECORD_ID.bytes)
    assert len({token, subject_token(keyed, other, RECORD_ID), subject_token(keyed, person, UUID(int=8))}) == 3


def test_header_holds_what_was_asked_and_never_about_whom(new_record: Callable[..., Record]) -> None:
    """The header is canonical JSON of the request; it names neither subject, officer, client nor case."""
    record = new_record(time=datetime(2026, 11, 21, 8, 30, 0, 42, tzinfo=UTC), record_id=RECORD_ID)
    header = header_json(record, "main", 5)
    assert orjson.loads(header) == {
        "agreement": "",
        "basis": "663 Art. 12(1)",
        "department": "education",
        "detail": {},
        "event": "look-up",
        "fields": {"MASK": ["Migrant.name"]},
        "operation": "ab" * 32,
        "policy": "7",
        "position": 5,
        "purpose": "school-enrolment",
        "record": str(RECORD_ID),
        "roles": ["window-clerk"],
        "shard": "main",
        "statuses": {"police": "ok"},
        "subjects": 1,
        "time": "2026-11-21T08:30:00.000042Z",
    }
    assert header == canonical_json(orjson.loads(header))
    for hidden in (record.officer, record.client, record.case, str(record.subjects[0])):
        assert hidden.encode() not in header


def test_case_is_a_keyed_digest(new_record: Callable[..., Record]) -> None:
    """The officer part names the case by a keyed digest only, the same for every record of the case."""
    officer = orjson.loads(officer_json(new_record(), AUDIT_KEY))
    assert officer == {"case": case_digest(AUDIT_KEY, "case-31"), "client": "education-desk", "officer": "officer-7"}
    assert case_digest(AUDIT_KEY, "case-31") != case_digest(bytes(32), "case-31")
    assert orjson.loads(officer_json(new_record(case=""), AUDIT_KEY))["case"] == ""


def test_time_without_a_zone_is_refused(new_record: Callable[..., Record]) -> None:
    """A record whose time has no zone is refused instead of guessed."""
    with pytest.raises(InternalError):
        header_json(new_record(time=datetime(2026, 1, 1)), "main", 0)


def test_broken_text_is_refused(new_record: Callable[..., Record]) -> None:
    """Text that is not valid Unicode is refused, and the message does not repeat it."""
    with pytest.raises(InternalError) as caught:
        header_json(new_record(purpose="\ud800secret"), "main", 0)
    assert "secret" not in str(caught.value)
