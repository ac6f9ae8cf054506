"""HMAC: the same as the standard library's."""

import hmac

from hypothesis import given
from hypothesis import strategies as st

from hub.audit.mac import KeyedHash, mac


@given(st.binary(max_size=200), st.binary(max_size=300))
def test_macs_are_rfc_2104(key: bytes, message: bytes) -> None:
    """For every key and message both forms give what the standard library's HMAC-SHA-256 gives."""
    expected = hmac.digest(key, message, "sha256")
    assert mac(key, message) == expected
    assert KeyedHash(key).digest(message) == expected


def test_keyed_hash_forgets_messages() -> None:
    """A keyed hash gives the same digest for the same message, whatever was digested before."""
    keyed = KeyedHash(b"key")
    first = keyed.digest(b"one")
    keyed.digest(b"two")
    assert keyed.digest(b"one") == first
