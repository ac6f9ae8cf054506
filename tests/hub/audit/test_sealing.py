"""Sealed payloads: open under their key, unchanged, or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.audit.commitment import Payload
from hub.audit.mac import KeyedHash
from hub.audit.sealing import DIGEST, seal_payload, unseal_payload
from schema.errors import StorageError

KEYED = KeyedHash(bytes(32))
hashes = st.binary(min_size=32, max_size=32)
payloads = st.builds(Payload, st.binary(max_size=200), st.binary(max_size=200), hashes, st.lists(hashes, max_size=9))


@given(payloads)
def test_sealed_payloads_open_unchanged(payload: Payload) -> None:
    """Whatever is sealed opens to the same header, officer, salt, tokens and digests."""
    digests = [bytes([number] * DIGEST) for number, _ in enumerate(payload.tokens)]
    opened = unseal_payload(KEYED, seal_payload(KEYED, payload, b"".join(digests)))
    assert opened.payload == payload
    assert opened.digests == digests


@given(st.data())
def test_altered_payloads_do_not_open(data: st.DataObject) -> None:
    """One changed bit anywhere, a lost byte, or another key: the payload does not open."""
    sealed = seal_payload(KEYED, Payload(b"header", b"officer", bytes(32), [bytes(32)]), bytes(DIGEST))
    place = data.draw(st.integers(min_value=0, max_value=len(sealed) * 8 - 1))
    changed = bytearray(sealed)
    changed[place // 8] ^= 1 << place % 8
    for forged in (bytes(changed), sealed[:-1], b""):
        with pytest.raises(StorageError):
            unseal_payload(KEYED, forged)
    with pytest.raises(StorageError):
        unseal_payload(KeyedHash(b"other"), sealed)


def test_equal_payloads_do_not_look_equal() -> None:
    """Two seals of one payload have nothing in common but their suite."""
    payload = Payload(b"header", b"officer", bytes(32), [])
    one, other = seal_payload(KEYED, payload, b""), seal_payload(KEYED, payload, b"")
    assert one[:7] == other[:7] == b"intl-1\x01"
    assert one[7:23] != other[7:23]
    assert one[23:] != other[23:]
