"""From a delivery to the staging store: rows are converted once, and what cannot be used is kept with its line."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from itertools import count, islice
from typing import Final

from connectors.contract import Value
from connectors.deliveries import DeliveredFile, Delivery, verify_file
from connectors.errors import RubbishError
from connectors.mapping import CollectionMapping, ColumnMapping, SourceMapping, canonical
from connectors.quality import Finding, Problem, QualityCounts
from connectors.staging import LINE, StagingStore
from connectors.tabular import Line, read_csv, read_sheet
from connectors.values import LiveType, converter_for, plain_text

__all__ = ["StageStopped", "Stager", "staged"]

_CHUNK: Final = 1000


class StageStopped(Exception):  # noqa: N818  an event, not an error
    """Staging was asked to stop."""


def staged(collection: CollectionMapping) -> CollectionMapping:
    """The collection as the store holds it; rows that tie in its order keep the order of the file."""
    ours = canonical(collection)
    return replace(ours, order=(*ours.order, LINE))


@dataclass
class Stager:
    """Writes one delivery into one store. `stopped` is asked between chunks."""

    mapping: SourceMapping
    delivery: Delivery
    store: StagingStore
    quality: QualityCounts
    stopped: Callable[[], bool] = lambda: False
    _verified: set[str] = field(default_factory=set)

    def run(self) -> None:
        """Stage every collection. Raises RubbishError when the delivery differs from its manifest, and
        ConfigurationError when a mapped column is missing."""
        for collection in self.mapping.collections.values():
            ours = staged(collection)
            self.store.add_collection(ours, _extra_columns(collection) + list(collection.columns))
            numbers = count(1)
            for file in self.delivery.files[collection.location.name]:
                self._stage_file(collection, file, numbers)

    def _stage_file(self, collection: CollectionMapping, file: DeliveredFile, numbers: Iterator[int]) -> None:
        first_time = file.path.name not in self._verified
        if first_time:
            verify_file(file)
            self._verified.add(file.path.name)
        lines = self._lines(collection, file)
        header = next(lines, None)
        reader = _FileReader(self, collection, file.path.name, _headers(self.mapping, collection, header), first_time)
        rows = 0
        while chunk := list(islice(lines, _CHUNK)):
            if self.stopped():
                raise StageStopped
            rows += len(chunk)
            reader.stage(chunk, numbers)
        if file.rows is not None and rows != file.rows:
            raise RubbishError("the number of rows differs from the manifest")

    def _lines(self, collection: CollectionMapping, file: DeliveredFile) -> Iterator[Line]:
        if file.path.suffix.lower() == ".csv":
            return read_csv(file.path, self.mapping.encoding)
        return read_sheet(file.path, collection.location.part or "Sheet1")


def _headers(mapping: SourceMapping, collection: CollectionMapping, header: Line | None) -> dict[str, int]:
    names = () if header is None or header.reason is not None else header.fields
    found = {str(name).strip(): index for index, name in enumerate(names)}
    for name, line in collection.source_columns().items():
        if name not in found:
            raise mapping.fail(line, f"file `{collection.location.name}` has no column `{name}`")
    return found


@dataclass
class _FileReader:
    """Converts the chunks of one file for one collection."""

    stager: Stager
    collection: CollectionMapping
    file: str
    headers: dict[str, int]
    first_time: bool
    _met: list[Problem] = field(default_factory=list)

    def stage(self, chunk: Sequence[Line], numbers: Iterator[int]) -> None:
        """Convert and insert one chunk; what cannot be used goes to the bad rows."""
        at = self.headers[self.collection.key]
        good, keys = [], []
        bad: list[tuple[str, int, str, str, str | None]] = []
        for line in chunk:
            key, reason = (None, line.reason) if line.reason is not None else _key(line.fields[at])
            if key is None:
                bad.append((self.file, line.number, "", str(reason), json.dumps(line.fields, default=str)))
            else:
                good.append(line)
                keys.append(key)
        columns = [self._plain(good, name) for name in _extra_columns(self.collection)]
        columns += [self._converted(good, column, bad) for column in self.collection.columns.values()]
        rows = zip(keys, islice(numbers, len(good)), *columns, strict=True)
        self.stager.store.add_rows(staged(self.collection), len(columns), rows)
        if self.first_time:
            self._note(bad)

    def _plain(self, lines: Sequence[Line], name: str) -> list[Value]:
        at = self.headers[name]
        return [_text_or_none(line.fields[at]) for line in lines]

    def _converted(
        self, lines: Sequence[Line], column: ColumnMapping, bad: list[tuple[str, int, str, str, str | None]]
    ) -> list[Value]:
        if column.origin is None:
            return [_storable(column.constant)] * len(lines)
        at = self.headers[column.origin]
        converter = converter_for(column, LiveType.UNKNOWN, self._met.append)
        raw = [line.fields[at] for line in lines]
        stored = []
        for line, value in zip(lines, converter(raw), strict=True):
            stored.append(_storable(value))
            if self._met:
                problem = self._met.pop()
                bad.append((self.file, line.number, column.info.name, problem, None))
                self.stager.quality.add(Finding(self.collection.name, column.info.name, problem))
        return stored

    def _note(self, bad: list[tuple[str, int, str, str, str | None]]) -> None:
        whole = sum(1 for row in bad if not row[2])
        if whole:
            self.stager.quality.add(Finding(self.collection.name, "", Problem.BAD_ROW), whole)
        self.stager.store.add_bad(iter(bad))


def _extra_columns(collection: CollectionMapping) -> list[str]:
    """Source columns that conditions and order need as they came, under their own names."""
    ours = canonical(collection)
    held = {ours.key, *ours.columns}
    return [name for name in ours.source_columns() if name not in held]


def _key(raw: object) -> tuple[str | None, str]:
    text = _text_or_none(raw)
    return (None, "no key") if not isinstance(text, str) or "\x00" in text else (text, "")


def _text_or_none(raw: object) -> Value:
    try:
        return plain_text(raw)
    except ValueError:
        return None


def _storable(value: Value) -> Value:
    """As SQLite keeps it: dates and amounts as text, flags as 0 and 1."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value
