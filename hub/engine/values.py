"""How a value of a source is written into an answer: checked for its type, masked, rendered.

A renderer takes a value that is not None and returns what stands in the JSON; it raises WrongTypeError when the
value is not what the catalogue says, which withholds it with SOURCE_QUALITY.
"""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from privacy.masks import mask
from schema.catalogue import FieldInfo
from schema.codes import ETHNIC_GROUPS
from schema.divisions import county_of, name_of
from schema.fields import ColumnType
from schema.vocabulary import Decision, Mask

__all__ = ["Composite", "Renderer", "WrongTypeError", "renderer"]

Renderer = Callable[[Any], object]
Composite = tuple[tuple[str, str], ...]
"""Selected (response key, field name) pairs of an object made from one value."""

_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
_DIVISION = re.compile(r"[0-9]{6}([0-9]{3}([0-9]{3})?)?")
_INT_LIMIT = 2**31
_AMOUNT_LIMIT = Decimal(10) ** 15
"""Yuan. Written out, `1E+999999` has a million digits."""


class WrongTypeError(Exception):
    """A source sent a value of the wrong type; it names nothing of the value."""


def renderer(field: FieldInfo, decision: Decision, composite: Composite | None) -> Renderer:
    """The renderer of one selected field under READ or MASK; `composite` is None for scalars."""
    if decision is Decision.MASK and field.masked_from is not None:
        return _county_name
    check = _CHECKS[field.column_type]
    members = frozenset(field.codes.__members__) if field.codes is not None else frozenset()
    checked = _member_check(members) if field.column_type is ColumnType.CODE else check
    write = _WRITERS.get(field.column_type, _same)
    if decision is Decision.MASK:
        write = _masked(field.mask)
    return _finish(checked, write, None if composite is None else _object_writer(field, composite))


def _finish(check: Renderer, write: Renderer, build: Renderer | None) -> Renderer:
    if build is None:
        return lambda value: write(check(value))

    def finish(value: Any) -> object:
        written = write(check(value))
        return None if written is None else build(written)

    return finish


def _masked(kind: Mask) -> Renderer:
    return lambda value: mask(kind, value)


def _object_writer(field: FieldInfo, composite: Composite) -> Renderer:
    parts = _PARTS[field.column_type]
    writers = tuple((key, parts[name]) for key, name in composite)
    return lambda value: {key: write(value) for key, write in writers}


def _same(value: Any) -> object:
    return value


def _county_name(value: Any) -> object:
    return name_of(county_of(_division(value)))


def _text(value: Any) -> str:
    if type(value) is not str or not _is_writable(value):
        raise WrongTypeError
    return value


def _is_writable(text: str) -> bool:
    """Half a surrogate pair is no character: one of them would make the whole answer impossible to write."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _date(value: Any) -> date:
    if type(value) is not date:
        raise WrongTypeError
    return value


def _integer(value: Any) -> int:
    if type(value) is not int or not -_INT_LIMIT <= value < _INT_LIMIT:
        raise WrongTypeError
    return value


def _amount(value: Any) -> Decimal:
    if type(value) is not Decimal or not value.is_finite() or abs(value) >= _AMOUNT_LIMIT:
        raise WrongTypeError
    return value


def _flag(value: Any) -> bool:
    if type(value) is not bool:
        raise WrongTypeError
    return value


def _division(value: Any) -> str:
    if type(value) is not str or _DIVISION.fullmatch(value) is None:
        raise WrongTypeError
    return value


def _month(value: Any) -> str:
    if type(value) is not str or _MONTH.fullmatch(value) is None:
        raise WrongTypeError
    return value


def _member_check(members: frozenset[str]) -> Renderer:
    def check(value: Any) -> object:
        if type(value) is not str or value not in members:
            raise WrongTypeError
        return value

    return check


_CHECKS: dict[ColumnType, Renderer] = {
    ColumnType.STRING: _text,
    ColumnType.DATE: _date,
    ColumnType.INTEGER: _integer,
    ColumnType.DECIMAL: _amount,
    ColumnType.BOOLEAN: _flag,
    ColumnType.CODE: _same,
    ColumnType.DIVISION: _division,
    ColumnType.MONTH: _month,
    ColumnType.ETHNIC: _text,
    ColumnType.KEY: _text,
}
_WRITERS: dict[ColumnType, Renderer] = {
    ColumnType.DATE: date.isoformat,
    ColumnType.DECIMAL: lambda value: f"{value:.2f}",
}
_PARTS: dict[ColumnType, dict[str, Renderer]] = {
    ColumnType.DIVISION: {"code": _same, "name": name_of, "__typename": lambda _: "Division"},
    ColumnType.ETHNIC: {"code": _same, "name": ETHNIC_GROUPS.get, "__typename": lambda _: "EthnicGroup"},
    ColumnType.STRING: {"name": _same, "__typename": lambda _: "PersonRef"},
}
