"""What a JSON answer must look like: each function gives the part asked for or raises RubbishError."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from connectors.errors import RubbishError

__all__ = ["json_list", "json_moment", "json_object", "json_row"]

_PLAIN: Final = (str, int, float, bool, type(None))


def json_object(value: object) -> Mapping[str, object]:
    """An object."""
    if not isinstance(value, dict):
        raise RubbishError("an object was expected")
    return value


def json_list(value: object) -> Sequence[object]:
    """A list."""
    if not isinstance(value, list):
        raise RubbishError("a list was expected")
    return value


def json_row(key: object, record: Mapping[str, object], names: Sequence[str]) -> Sequence[object]:
    """A raw row: the key and the named fields, each a plain value."""
    row = [key]
    for name in names:
        if name not in record:
            raise RubbishError("a named field is missing")
        value = record[name]
        if not isinstance(value, _PLAIN):
            raise RubbishError("a plain value was expected")
        row.append(value)
    return row


def json_moment(value: object) -> datetime | None:
    """A point in time in UTC; without a time zone it is UTC already."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise RubbishError("the time of the answer is not a text")
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise RubbishError("the time of the answer is not a time") from None
    return moment.astimezone(UTC) if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
