"""From a source's values to ours, a column at a time.

A converter takes one column of raw values and gives the column's values in the catalogue's types. What cannot be
read comes out as None and is reported, never guessed.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from functools import partial
from typing import Final, cast

from connectors.contract import Value
from connectors.mapping import ColumnMapping
from connectors.quality import Problem
from schema.catalogue import ColumnInfo
from schema.codes import ETHNIC_GROUPS
from schema.fields import ColumnType
from schema.identity import display_name

__all__ = ["Converter", "LiveType", "check_format", "code_names", "code_table", "converter_for", "plain_text"]

Converter = Callable[[Sequence[object]], Iterable[Value]]
Report = Callable[[Problem], None]


class LiveType(Enum):
    """What the source's own catalogue says of a column; UNKNOWN where types are not enforced."""

    UNKNOWN = "unknown"
    TEXT = "text"
    PADDED = "padded text"
    DATE = "date"
    INTEGER = "integer"
    NUMERIC = "numeric"
    BOOLEAN = "boolean"


_CHINA: Final = timezone(timedelta(hours=8))
_MEMO: Final = 50_000
_BLANKS: Final[dict[str | None, str | None]] = {"": None, " ": None, "\u3000": None}
_NAMES: Final = frozenset({"name", "spouse_name"})
_ODD_IN_NAMES: Final = frozenset(" \t\r\n\u3000\u00a0\u2022\u30fb\u2027\u22c5\uff65")
_DIVISION_LENGTHS: Final = frozenset({6, 9, 12})
_FLAGS: Final[Mapping[str, bool]] = {"true": True, "false": False, "1": True, "0": False}
_DIRECTIVES: Final = {
    "%Y": r"(?P<year>[0-9]{4})",
    "%H": r"(?P<hour>[0-9]{2})",
    "%M": r"(?P<minute>[0-9]{2})",
    "%S": r"[0-9]{2}(?:\.[0-9]+)?",
    "%z": r"(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})",
}
_NATIVE: Final[Mapping[ColumnType, LiveType]] = {
    ColumnType.DATE: LiveType.DATE,
    ColumnType.INTEGER: LiveType.INTEGER,
    ColumnType.DECIMAL: LiveType.NUMERIC,
    ColumnType.BOOLEAN: LiveType.BOOLEAN,
}


def code_names(info: ColumnInfo) -> frozenset[str]:
    """The values a column of codes can have; empty for other columns."""
    if info.column_type is ColumnType.ETHNIC:
        return frozenset(ETHNIC_GROUPS)
    if info.column_type is ColumnType.BOOLEAN:
        return frozenset({"true", "false"})
    return frozenset(info.codes.__members__) if info.codes is not None else frozenset()


def check_format(form: str, type_: ColumnType) -> str | None:
    """What is wrong with a date or month format, or None."""
    needed = {"%Y", "%m", "%d"} if type_ is ColumnType.DATE else {"%Y", "%m"}
    found = re.findall(r"%.?", form)
    if unknown := [directive for directive in found if directive not in {*_DIRECTIVES, "%m", "%d"}]:
        return f"`{unknown[0]}` is not a known part of a format"
    if missing := sorted(part for part in needed if found.count(part) != 1):
        return f"the format needs `{missing[0]}` once"
    return None


def plain_text(raw: object) -> str | None:
    """A raw value as text: stripped, None when blank. Raises ValueError for what is no text, number or nothing."""
    if isinstance(raw, str):
        return raw.strip() or None
    if raw is None:
        return None
    if isinstance(raw, bool) or not isinstance(raw, int | float | Decimal):
        raise ValueError("not a text")
    if isinstance(raw, float) and raw.is_integer():
        return str(int(raw))
    return str(raw)


class _Memo(dict[object, Value]):
    """Raw value -> value for columns with few distinct values; reads what it has not met.

    It holds codes, dates and divisions only: never names, numbers or addresses.
    """

    def __init__(self, read: Callable[[object], Value], report: Callable[[], None]) -> None:
        super().__init__({None: None, "": None})
        self._read = read
        self._report = report

    def __missing__(self, raw: object) -> Value:
        try:
            value = self._read(raw)
        except ValueError:
            self._report()
            return None
        if len(self) < _MEMO:
            self[raw] = value
        return value


def converter_for(column: ColumnMapping, live: LiveType, report: Report) -> Converter:
    """The converter of one mapped column whose raw values are of one live type."""
    info = column.info
    if code_names(info) and not (info.column_type is ColumnType.BOOLEAN and column.codes is None):
        return partial(map, code_table(column, report).__getitem__)
    if _NATIVE.get(info.column_type) is live:
        return _as_is
    unreadable = partial(report, Problem.UNREADABLE)
    if info.column_type in (ColumnType.DATE, ColumnType.MONTH):
        return partial(map, _Memo(_time_reader(column), unreadable).__getitem__)
    if info.column_type is ColumnType.DIVISION:
        return partial(map, _Memo(_read_division, unreadable).__getitem__)
    if info.column_type in (ColumnType.STRING, ColumnType.KEY):
        return _text_converter(info, live, unreadable)
    readers: Mapping[ColumnType, Callable[[object], Value]] = {
        ColumnType.INTEGER: _read_integer,
        ColumnType.DECIMAL: _read_decimal,
        ColumnType.BOOLEAN: _read_flag,
    }
    return partial(map, _each(readers[info.column_type], unreadable))


def _as_is(raw: Sequence[object]) -> Iterable[Value]:
    """For columns that the source keeps as we do."""
    return cast(Sequence[Value], raw)


def code_table(column: ColumnMapping, report: Report) -> Mapping[object, Value]:
    """Raw code -> our code; an unmapped code is reported and comes out as None."""
    names = code_names(column.info)
    codes = column.codes if column.codes is not None else {name: name for name in names}
    flag = column.info.column_type is ColumnType.BOOLEAN
    table: dict[str, Value] = {raw: ours == "true" if flag else ours for raw, ours in codes.items()}

    def read(raw: object) -> Value:
        text = plain_text(raw)
        if text is None:
            return None
        if text not in table:
            raise ValueError("unmapped")
        return table[text]

    return _Memo(read, partial(report, Problem.UNMAPPED_CODE))


def _each(read: Callable[[object], Value], report: Callable[[], None]) -> Callable[[object], Value]:
    def one(raw: object) -> Value:
        if raw is None:
            return None
        try:
            return read(raw)
        except (ValueError, ArithmeticError):
            report()
            return None

    return one


def _text_converter(info: ColumnInfo, live: LiveType, report: Callable[[], None]) -> Converter:
    if info.name in _NAMES:
        return partial(map, _name_reader(report))
    if live is LiveType.TEXT:
        return _blanked
    return partial(map, _each(plain_text, report))


def _blanked(raw: Sequence[object]) -> Iterable[Value]:
    texts = cast(Sequence[str | None], raw)
    return map(_BLANKS.get, texts, texts)


def _name_reader(report: Callable[[], None]) -> Callable[[object], Value]:
    def read(raw: object) -> Value:
        text = plain_text(raw)
        return None if text is None else display_name(text) or None

    slow, is_plain = _each(read, report), _ODD_IN_NAMES.isdisjoint

    def one(raw: object) -> Value:
        if raw.__class__ is str and raw and is_plain(raw):
            return raw
        return slow(raw)

    return one


def _time_reader(column: ColumnMapping) -> Callable[[object], Value]:
    month = column.info.column_type is ColumnType.MONTH
    default = "%Y-%m" if month else "%Y-%m-%d"
    patterns = [_pattern(form) for form in column.formats or (default,)]

    def read(raw: object) -> Value:
        found = _native_date(raw)
        text = plain_text(raw) if found is None else None
        if found is None and text is None:
            return None
        for pattern in patterns if text is not None else ():
            if (match := pattern.fullmatch(text or "")) is not None:
                found = _matched_date(match.groupdict())
                break
        if found is None:
            raise ValueError("no format fits")
        return found.isoformat()[:7] if month else found

    return read


def _native_date(raw: object) -> date | None:
    """A date, or the date in China of a point in time."""
    if isinstance(raw, datetime):
        return (raw.astimezone(_CHINA) if raw.tzinfo is not None else raw).date()
    return raw if isinstance(raw, date) else None


def _matched_date(parts: Mapping[str, str]) -> date:
    """The date written, or with a time zone the date in China of that point in time."""
    day = date(int(parts["year"]), int(parts["month"]), int(parts.get("day", "1")))
    if "zone" not in parts:
        return day
    clock = f"{parts.get('hour', '00')}:{parts.get('minute', '00')}"
    return datetime.fromisoformat(f"{day.isoformat()}T{clock}{parts['zone']}").astimezone(_CHINA).date()


def _pattern(form: str) -> re.Pattern[str]:
    """Months and days may have one digit where a separator stands beside them."""
    digits = "[0-9]{2}" if re.search("%[Ymd]%[md]", form) else "[0-9]{1,2}"
    parts = {**_DIRECTIVES, "%m": f"(?P<month>{digits})", "%d": f"(?P<day>{digits})"}
    pieces = re.split("(%[A-Za-z])", form)
    return re.compile("".join(parts.get(piece) or re.escape(piece) for piece in pieces))


def _read_integer(raw: object) -> int | None:
    if isinstance(raw, int) and not isinstance(raw, bool):
        return raw
    if isinstance(raw, float | Decimal):
        if raw != int(raw):
            raise ValueError("not whole")
        return int(raw)
    text = plain_text(raw)
    if text is not None and "_" in text:
        raise ValueError("not a number")
    return None if text is None else int(text)


def _read_decimal(raw: object) -> Decimal | None:
    text = plain_text(raw)
    if text is None:
        return None
    value = Decimal(text)
    if "_" in text or not value.is_finite():
        raise ValueError("not a number")
    return value


def _read_flag(raw: object) -> bool | None:
    if isinstance(raw, bool):
        return raw
    text = plain_text(raw)
    if text is not None and text not in _FLAGS:
        raise ValueError("neither true nor false")
    return None if text is None else _FLAGS[text]


def _read_division(raw: object) -> str | None:
    text = plain_text(raw)
    if text is not None and not (len(text) in _DIVISION_LENGTHS and text.isascii() and text.isdigit()):
        raise ValueError("not a division code")
    return text
