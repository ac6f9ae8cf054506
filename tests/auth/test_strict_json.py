"""JSON from outsiders has one reading or none."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth.strict_json import StrictJsonError, parse_object


def test_object_is_read() -> None:
    """A plain object comes back as Python values."""
    assert parse_object('{"a": [1, 2.5, null, true, "居住证"]}'.encode()) == {"a": [1, 2.5, None, True, "居住证"]}


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"[]",
        b'"a"',
        b"{} {}",
        b'{"a": 1, "a": 1}',
        b'{"a": 1, "\\u0061": 2}',
        b'{"a": {"b": 1, "b": 2}}',
        b'[{"a": 1}]',
        b'{"a": [{"b": 1, "b": 2}]}',
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b"\xef\xbb\xbf{}",
        b'{"a": "\xff"}',
        "{}".encode("utf-16"),
        b'{"a":' * 100_000,
        b"[" * 100_000,
        b"{'a': 1}",
        b'{"a": 1,}',
        b'{"a": 01}',
        b'{"a": "\n"}',
    ],
)
def test_ambiguous_text_is_refused(text: bytes) -> None:
    """Text with two readings, or that is no single object, is refused without quoting it."""
    with pytest.raises(StrictJsonError) as caught:
        parse_object(text)
    assert str(caught.value) in {"not one unambiguous JSON object", "not a JSON object"}


@given(st.dictionaries(st.text(), st.integers(-(2**53), 2**53) | st.text() | st.none() | st.booleans()))
def test_every_plain_object_survives(value: dict[str, object]) -> None:
    """What a plain writer wrote is read back unchanged."""
    assert parse_object(json.dumps(value).encode()) == value


@given(st.binary())
def test_any_bytes_give_object_or_refusal(text: bytes) -> None:
    """Whatever the bytes, nothing but an object or a StrictJsonError comes out."""
    try:
        assert isinstance(parse_object(text), dict)
    except StrictJsonError:
        return
