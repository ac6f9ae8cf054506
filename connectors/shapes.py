"""One way of reading one collection, compiled once: what to select, how to keep, convert and group rows.

Columns are handled whole (a zip, a few maps, a zip), so that the cost per row lies in C. A kind of source applies the
row filter where the data lives; the shape applies it again, so that a source that forgets is harmless.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import compress, repeat
from operator import and_
from typing import Final

from connectors.contract import NEVER_KEY, Row, RowFilter, Value
from connectors.mapping import CollectionMapping, ColumnMapping, Condition, Raise, RaiseScope
from connectors.quality import Finding, Problem, QualityCounts
from connectors.values import Converter, LiveType, code_names, code_table, converter_for, plain_text
from schema.catalogue import COLLECTIONS
from schema.ids import SourceKey
from schema.vocabulary import RowScope

__all__ = ["KeyCodec", "Raw", "Shape", "compile_shape", "hidden_codes", "row_rules"]

Raw = Sequence[Sequence[object]]
"""Rows as the source sent them: the key first, then `Shape.selected`."""

_NOBODY: Final = "~never"
_NOBODY_NUMBER: Final = -(2**63)
_LARGEST_NUMBER: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class KeyCodec:
    """How keys travel. What no source can hold (NEVER_KEY, text for a numeric key) travels as a key that matches
    nothing, so that the source sees a call like any other."""

    live: LiveType

    @property
    def numeric(self) -> bool:
        """Whether the source's keys are numbers."""
        return self.live is LiveType.INTEGER

    def send(self, keys: Sequence[SourceKey]) -> list[str] | list[int]:
        """Each distinct key once, as the source spells it."""
        distinct = dict.fromkeys(keys)
        if self.numeric:
            return list(dict.fromkeys(map(_number, distinct)))
        return list(dict.fromkeys(_NOBODY if "\x00" in key else key for key in distinct))

    def receive(self, column: Sequence[object]) -> Sequence[object]:
        """The keys of the rows as our callers know them."""
        if self.live is LiveType.TEXT:
            return column
        return [str(key).rstrip(" ") for key in column] if self.live is LiveType.PADDED else list(map(str, column))


def _number(key: SourceKey) -> int:
    """Only the one spelling that the source would give back is a key: `007` is not `7`."""
    if not (key.isascii() and key.isdigit()) or len(key) > 19:
        return _NOBODY_NUMBER
    number = int(key)
    return number if str(number) == key and number <= _LARGEST_NUMBER else _NOBODY_NUMBER


Keep = tuple[int, Callable[[object], object]]


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Shape:
    """How one request reads one collection. `selected` are source columns; indexes count them after the key."""

    collection: CollectionMapping
    columns: tuple[str, ...]
    rows: RowFilter
    selected: tuple[str, ...]
    codec: KeyCodec
    outputs: tuple[tuple[int, Converter], ...] = field(repr=False)
    keeps: tuple[Keep, ...] = field(repr=False)
    latest: tuple[int, Converter] | None = field(repr=False)
    quality: QualityCounts = field(repr=False)

    @property
    def current(self) -> bool:
        """Whether only the current rows may leave."""
        return self.rows.scope is RowScope.CURRENT and self.collection.current is not None

    def build(self, keys: Sequence[SourceKey], raw: Raw) -> list[Sequence[Row]]:
        """The rows of each key, in order. `raw` must be in the source's stable order within each key."""
        if not raw:
            return [()] * len(keys)
        columns: list[Sequence[object]] = list(zip(*raw, strict=True))
        if self.keeps:
            columns = self._kept(columns)
            if not columns[0]:
                return [()] * len(keys)
        found = self._grouped(self.codec.receive(columns[0]), self._converted(columns), columns)
        found.pop(_NOBODY, None)
        found.pop(str(_NOBODY_NUMBER), None)
        found.pop(NEVER_KEY, None)
        return [found.get(key, ()) for key in keys]

    def _kept(self, columns: list[Sequence[object]]) -> list[Sequence[object]]:
        masks = [map(bool, map(keep, columns[index])) for index, keep in self.keeps]
        mask: Iterable[bool] = masks[0]
        for other in masks[1:]:
            mask = map(and_, mask, other)
        kept = list(mask)
        return columns if all(kept) else [list(compress(column, kept)) for column in columns]

    def _converted(self, columns: list[Sequence[object]]) -> list[Row]:
        count = len(columns[0])
        if not self.outputs:
            return [()] * count
        return list(zip(*(convert(columns[index]) for index, convert in self.outputs), strict=True))

    def _grouped(
        self, keys: Sequence[object], rows: list[Row], columns: list[Sequence[object]]
    ) -> dict[object, Sequence[Row]]:
        if self.latest is not None:
            return self._latest(keys, rows, columns)
        if self.collection.single:
            return self._single(keys, rows)
        found: dict[object, Sequence[Row]] = {}
        groups: dict[object, list[Row]] = {}
        for key, row in zip(keys, rows, strict=True):
            if key in groups:
                groups[key].append(row)
            else:
                found[key] = groups[key] = [row]
        return found

    def _single(self, keys: Sequence[object], rows: list[Row]) -> dict[object, Sequence[Row]]:
        """One row per key; the first counts, further ones are reported."""
        found: dict[object, Sequence[Row]] = {}
        for key, row in zip(keys, rows, strict=True):
            if found.setdefault(key, (row,))[0] is not row:
                self.quality.add(Finding(self.collection.name, "", Problem.DUPLICATE))
        return found

    def _latest(
        self, keys: Sequence[object], rows: list[Row], columns: list[Sequence[object]]
    ) -> dict[object, Sequence[Row]]:
        """The row with the latest date; rows without a date come last, of equal ones the first counts."""
        assert self.latest is not None  # noqa: S101  only called then
        index, converter = self.latest
        dates = converter(columns[index])
        best: dict[object, tuple[str, Row]] = {}
        for key, row, day in zip(keys, rows, dates, strict=True):
            moment = "" if day is None else str(day)
            if key not in best or moment > best[key][0]:
                best[key] = (moment, row)
        return {key: (row,) for key, (_, row) in best.items()}


def compile_shape(
    collection: CollectionMapping,
    columns: tuple[str, ...],
    rows: RowFilter,
    live: Mapping[str, LiveType],
    quality: QualityCounts,
) -> Shape:
    """The shape of one request. Raises ValueError for a column that the catalogue does not list."""
    known = COLLECTIONS[collection.name].columns
    if unknown := [name for name in columns if name not in known]:
        raise ValueError(f"collection {collection.name} has no column {unknown[0]}")
    current = collection.current if rows.scope is RowScope.CURRENT else None
    selected = _selection(collection, columns, rows)
    at = {name: index for index, name in enumerate(selected, start=1)}
    latest = None if current is None or current.latest is None else current.latest
    return Shape(
        collection=collection,
        columns=columns,
        rows=rows,
        selected=selected,
        codec=KeyCodec(live.get(collection.key, LiveType.UNKNOWN)),
        outputs=tuple(_output(collection, name, rows, (at, live), quality) for name in columns),
        keeps=tuple(_keeps(collection, rows, at)),
        latest=None if latest is None else (at[latest], _silent(collection.origins[latest], live)),
        quality=quality,
    )


def _selection(collection: CollectionMapping, columns: tuple[str, ...], rows: RowFilter) -> tuple[str, ...]:
    names = [collection.columns[name].origin for name in columns if name in collection.columns]
    names += collection.only.columns
    if rows.scope is RowScope.CURRENT and collection.current is not None:
        names += [*collection.current.condition.columns, collection.current.latest]
    names += [collection.columns[rule.column].origin for rule in row_rules(collection, rows)]
    return tuple(dict.fromkeys(name for name in names if name is not None))


def row_rules(collection: CollectionMapping, rows: RowFilter) -> list[Raise]:
    """The rules that hide rows under this filter."""
    return [
        r for r in collection.raises if r.scope is RaiseScope.ROW and not rows.raised.issuperset(r.classes.values())
    ]


def hidden_codes(rule: Raise, rows: RowFilter) -> frozenset[str]:
    """Our codes whose values or rows may not leave under this filter."""
    return frozenset(code for code, class_ in rule.classes.items() if class_ not in rows.raised)


def _silent(column: ColumnMapping, live: Mapping[str, LiveType]) -> Converter:
    """A converter that reports nothing: the same values are converted, and reported, for the answer."""
    return converter_for(column, live.get(column.origin or "", LiveType.UNKNOWN), lambda _: None)


def _output(
    collection: CollectionMapping,
    name: str,
    rows: RowFilter,
    source: tuple[Mapping[str, int], Mapping[str, LiveType]],
    quality: QualityCounts,
) -> tuple[int, Converter]:
    at, live = source
    column = collection.columns.get(name)
    hidden = _hidden_values(collection, name, rows)
    if column is None or column.origin is None:
        return 0, _constant(None if column is None or column.constant in hidden else column.constant)

    def report(problem: Problem) -> None:
        quality.add(Finding(collection.name, name, problem))

    converter = converter_for(column, live.get(column.origin, LiveType.UNKNOWN), report)
    return at[column.origin], _hiding(converter, hidden) if hidden else converter


def _hidden_values(collection: CollectionMapping, name: str, rows: RowFilter) -> frozenset[str]:
    rules = [rule for rule in collection.raises if rule.column == name and rule.scope is RaiseScope.VALUE]
    return frozenset(code for rule in rules for code in hidden_codes(rule, rows))


def _constant(value: Value) -> Converter:
    return lambda raw: repeat(value, len(raw))


def _hiding(converter: Converter, hidden: frozenset[str]) -> Converter:
    nothing: dict[Value, Value] = dict.fromkeys(hidden)

    def convert(raw: Sequence[object]) -> Iterable[Value]:
        values = list(converter(raw))
        return map(nothing.get, values, values)

    return convert


def _keeps(collection: CollectionMapping, rows: RowFilter, at: Mapping[str, int]) -> Iterable[Keep]:
    yield from _condition_keeps(collection.only, at)
    if rows.scope is RowScope.CURRENT and collection.current is not None:
        yield from _condition_keeps(collection.current.condition, at)
    for rule in row_rules(collection, rows):
        column = collection.columns[rule.column]
        # INVARIANT: a code that is missing or not mapped may stand for a raised one, so its row does not leave
        shown = frozenset(code_names(column.info)) - hidden_codes(rule, rows)
        if column.origin is None:
            yield 0, partial(_always, column.constant in shown)
        else:
            yield at[column.origin], partial(_shown, code_table(column, lambda _: None), shown)


def _condition_keeps(condition: Condition, at: Mapping[str, int]) -> Iterable[Keep]:
    for name in condition.empty:
        yield at[name], _is_empty
    for name, values in condition.values.items():
        yield at[name], partial(_is_one_of, values)


def _shown(table: Mapping[object, Value], shown: frozenset[str], raw: object) -> bool:
    return table[raw] in shown


def _always(answer: bool, _raw: object) -> bool:
    return answer


def _is_empty(raw: object) -> bool:
    return raw is None or raw == "" or (isinstance(raw, str) and raw.isspace())


def _is_one_of(values: frozenset[str], raw: object) -> bool:
    try:
        return plain_text(raw) in values
    except ValueError:
        return False
