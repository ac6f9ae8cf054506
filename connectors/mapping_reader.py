"""Mapping files: read, and checked against the schema's catalogue. Every error names file and line."""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final

from connectors.documents import Entry, read_document
from connectors.mapping import (
    About,
    CollectionMapping,
    ColumnMapping,
    Condition,
    Current,
    Location,
    Place,
    Raise,
    RaiseScope,
    Service,
    SourceMapping,
)
from connectors.values import check_format, code_names
from schema.catalogue import COLLECTIONS, FIELDS, CollectionInfo, ColumnInfo
from schema.fields import ColumnType
from schema.ids import CollectionName
from schema.vocabulary import FieldClass, Source

__all__ = ["LANGUAGE", "REQUIRED_RAISES", "read_mapping"]

REQUIRED_RAISES: Final[Mapping[tuple[str, str], tuple[RaiseScope, Mapping[str, FieldClass]]]] = {
    ("police.residence_registrations", "reason"): (RaiseScope.VALUE, {"MEDICAL": FieldClass.HEALTH}),
    ("human_resources.social_insurances", "kind"): (
        RaiseScope.ROW,
        {"MEDICAL": FieldClass.HEALTH, "MATERNITY": FieldClass.REPRODUCTIVE},
    ),
    ("civil_affairs.social_assistances", "programme"): (
        RaiseScope.ROW,
        {"ILLNESS": FieldClass.HEALTH, "DISABILITY": FieldClass.HEALTH},
    ),
}
"""What no mapping may leave out (DOMAIN section 3): (collection, column) -> scope and class by code."""

LANGUAGE: Final[Mapping[str, frozenset[str]]] = {
    "file": frozenset({"source", "about", "service", "max_age", "authoritative", "codes", "encoding", "collections"}),
    "collection": frozenset({place.value for place in Place})
    | {"sheet", "records", "key", "order", "only", "current", "raises", "max_age", "columns"},
    "column": frozenset({"from", "constant", "date", "month", "codes"}),
    "only": frozenset({"empty", "values"}),
    "current": frozenset({"empty", "values", "latest"}),
    "raises": frozenset({"column", "scope", "codes"}),
    "about": frozenset({"table", "file", "endpoint", "field", "name", "value", "origin", "as_of"}),
    "service": frozenset({"token", "batch", "page", "keys", "pages", "most"}),
}
"""Every key of the mapping language, by where it may stand; `docs/connectors.md` explains each."""

_SORTABLE: Final = re.compile("%Y[^%]*%m[^%]*%d")
_AGE: Final = re.compile(r"([1-9][0-9]{0,3})([mhd])")
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days"}
_TIMED: Final = {"date": ColumnType.DATE, "month": ColumnType.MONTH}
_MOST_KEYS: Final = 1000
_CODED: Final = (ColumnType.CODE, ColumnType.ETHNIC, ColumnType.BOOLEAN)
_ENCODINGS: Final = ("utf-8", "utf-8-sig", "gb18030")

SharedCodes = Mapping[str, Mapping[str, str]]


def read_mapping(path: Path) -> SourceMapping:
    """One mapping file. Raises ConfigurationError(`file:line: what is wrong`)."""
    root = read_document(path)
    keys = root.keys(LANGUAGE["file"], required=("source", "collections"))
    source = Source(keys["source"].choice([source.value for source in Source]))
    shared = {name.text(): _code_pairs(table) for name, table in keys["codes"].pairs()} if "codes" in keys else {}
    default_age = _age(keys["max_age"]) if "max_age" in keys else None
    collections = {}
    for name, entry in keys["collections"].pairs():
        info = _collection_info(source, name)
        collections[info.name] = _read_collection(info, entry, shared, default_age)
    mapping = SourceMapping(
        file=str(path),
        source=source,
        collections=collections,
        authoritative=_authoritative(source, keys.get("authoritative")),
        about=_about(keys.get("about")),
        service=_service(keys.get("service")),
        encoding=keys["encoding"].choice(_ENCODINGS) if "encoding" in keys else "utf-8",
    )
    for collection in collections.values():
        _check_raises(mapping, collection)
    return mapping


def _collection_info(source: Source, name: Entry) -> CollectionInfo:
    full = CollectionName(f"{source.value.replace('-', '_')}.{name.text()}")
    if full not in COLLECTIONS:
        raise name.fail(f"the schema has no collection `{full}`")
    return COLLECTIONS[full]


def _read_collection(
    info: CollectionInfo, entry: Entry, shared: SharedCodes, default_age: timedelta | None
) -> CollectionMapping:
    keys = entry.keys(LANGUAGE["collection"], required=("key", "columns"))
    columns = {}
    for name, column in keys["columns"].pairs():
        if name.text() not in info.columns:
            raise name.fail(f"collection `{info.name}` has no column `{name.text()}` in the schema")
        columns[name.text()] = _read_column(info.columns[name.text()], column, shared)
    return CollectionMapping(
        name=info.name,
        location=_location(entry, keys),
        key=keys["key"].text(),
        columns=columns,
        line=entry.line,
        single=info.single,
        order=_order(keys),
        only=_condition(keys["only"]) if "only" in keys else Condition(),
        current=_current(keys["current"], columns) if "current" in keys else None,
        raises=tuple(_raise(item, columns) for item in keys["raises"].items()) if "raises" in keys else (),
        max_age=_age(keys["max_age"]) if "max_age" in keys else default_age,
    )


def _location(entry: Entry, keys: Mapping[str, Entry]) -> Location:
    places = [place for place in Place if place.value in keys]
    if len(places) != 1:
        raise entry.fail("a collection needs exactly one of `table`, `file`, `endpoint`, `type`")
    part = {Place.FILE: "sheet", Place.TYPE: "records"}.get(places[0])
    for name in ("sheet", "records"):
        if name in keys and name != part:
            raise keys[name].fail(f"`{name}` does not go with `{places[0].value}`")
    return Location(places[0], keys[places[0]].text(), keys[part].text() if part and part in keys else None)


def _order(keys: Mapping[str, Entry]) -> tuple[str, ...]:
    if "order" not in keys:
        return ()
    if "endpoint" in keys or "type" in keys:
        raise keys["order"].fail("`order` does not go with `endpoint` or `type`: a service keeps its own order")
    return tuple(keys["order"].texts())


def _read_column(info: ColumnInfo, entry: Entry, shared: SharedCodes) -> ColumnMapping:
    if entry.is_text():
        return ColumnMapping(info, entry.line, origin=entry.text())
    keys = entry.keys(LANGUAGE["column"])
    if ("from" in keys) == ("constant" in keys):
        raise entry.fail("a column needs either `from` or `constant`")
    if "constant" in keys:
        return ColumnMapping(info, entry.line, constant=_constant(info, entry, keys))
    codes = _codes(info, keys["codes"], shared) if "codes" in keys else None
    return ColumnMapping(info, entry.line, keys["from"].text(), formats=_formats(info, keys), codes=codes)


def _constant(info: ColumnInfo, entry: Entry, keys: Mapping[str, Entry]) -> str | bool:
    if len(keys) > 1:
        raise entry.fail("`constant` goes with no other key")
    if info.column_type is ColumnType.BOOLEAN:
        return keys["constant"].choice(("true", "false")) == "true"
    if info.column_type is ColumnType.STRING:
        return keys["constant"].text()
    names = code_names(info)
    if not names:
        raise keys["constant"].fail("only texts, codes and booleans can be constant")
    return keys["constant"].choice(names)


def _formats(info: ColumnInfo, keys: Mapping[str, Entry]) -> tuple[str, ...]:
    found: tuple[str, ...] = ()
    for word, type_ in _TIMED.items():
        if word not in keys:
            continue
        if info.column_type is not type_:
            raise keys[word].fail(f"column `{info.name}` is a {info.column_type}, not a {type_}")
        found = tuple(keys[word].texts())
        for form in found:
            if (problem := check_format(form, type_)) is not None:
                raise keys[word].fail(problem)
    return found


def _codes(info: ColumnInfo, entry: Entry, shared: SharedCodes) -> Mapping[str, str]:
    if info.column_type not in _CODED:
        raise entry.fail(f"column `{info.name}` is a {info.column_type} and has no codes")
    if entry.is_text():
        if entry.text() not in shared:
            raise entry.fail(f"there is no code table `{entry.text()}` under `codes`")
        pairs = shared[entry.text()]
    else:
        pairs = _code_pairs(entry)
    names = code_names(info)
    for raw, ours in pairs.items():
        if ours not in names:
            raise entry.fail(f"code `{raw}`: `{ours}` is not a code of column `{info.name}`")
    return pairs


def _code_pairs(entry: Entry) -> Mapping[str, str]:
    return {key.text().strip(): value.text() for key, value in entry.pairs()}


def _condition(entry: Entry) -> Condition:
    keys = entry.keys(LANGUAGE["only"])
    return _condition_of(keys)


def _condition_of(keys: Mapping[str, Entry]) -> Condition:
    empty = tuple(keys["empty"].texts()) if "empty" in keys else ()
    values = {}
    if "values" in keys:
        values = {name.text(): frozenset(codes.texts()) for name, codes in keys["values"].pairs()}
    return Condition(empty, values)


def _current(entry: Entry, columns: Mapping[str, ColumnMapping]) -> Current:
    keys = entry.keys(LANGUAGE["current"])
    if "latest" not in keys:
        return Current(_condition_of(keys))
    latest = keys["latest"].text()
    dated = [column for column in columns.values() if column.origin == latest]
    if not any(column.info.column_type is ColumnType.DATE for column in dated):
        raise keys["latest"].fail(f"`latest` needs a source column that is mapped to a date; `{latest}` is not")
    for column in dated:
        if len(column.formats) > 1 or not all(_SORTABLE.match(form) for form in column.formats):
            raise keys["latest"].fail(f"`latest` needs dates that sort as text (`%Y` first); `{latest}` do not")
    return Current(_condition_of(keys), latest)


def _raise(entry: Entry, columns: Mapping[str, ColumnMapping]) -> Raise:
    keys = entry.keys(LANGUAGE["raises"], required=LANGUAGE["raises"])
    name = keys["column"].choice(columns)
    names = code_names(columns[name].info)
    classes = {}
    for code, class_ in keys["codes"].pairs():
        classes[code.choice(names)] = FieldClass(class_.choice([c.value for c in FieldClass]))
    return Raise(name, RaiseScope(keys["scope"].choice([s.value for s in RaiseScope])), classes, entry.line)


def _check_raises(mapping: SourceMapping, collection: CollectionMapping) -> None:
    """Raising what the law calls sensitive is not the mapping author's choice."""
    for (place, column), (scope, classes) in REQUIRED_RAISES.items():
        if place != collection.name:
            continue
        if column not in collection.columns and scope is RaiseScope.ROW:
            raise mapping.fail(collection.line, f"column `{column}` must be mapped: its codes decide who may see a row")
        raised = {
            code: c for rule in collection.raises if _covers(rule, column, scope) for code, c in rule.classes.items()
        }
        for code, class_ in classes.items():
            if column in collection.columns and raised.get(code) is not class_:
                raise mapping.fail(collection.line, f"`raises` must raise `{column}` code `{code}` to {class_}")


def _covers(rule: Raise, column: str, scope: RaiseScope) -> bool:
    return rule.column == column and rule.scope is scope


def _authoritative(source: Source, entry: Entry | None) -> frozenset[str]:
    """Names of shared attributes; each must be one that the schema takes from this source."""
    if entry is None:
        return frozenset()
    shared = {"Migrant", "Hukou", "Residence"}
    own = {f.column for f in FIELDS.values() if f.slot.source is source and f.id.partition(".")[0] in shared}
    return frozenset(item.choice(own) for item in entry.items())


def _about(entry: Entry | None) -> About | None:
    if entry is None:
        return None
    keys = entry.keys(LANGUAGE["about"], required=("origin",))
    places = [keys[word] for word in ("table", "file", "endpoint", "field") if word in keys]
    if len(places) != 1:
        raise entry.fail("`about` needs exactly one of `table`, `file`, `endpoint`, `field`")
    if ("table" in keys) != ("name" in keys and "value" in keys):
        raise entry.fail("`name` and `value` go with `table`")
    text = {word: keys[word].text() for word in keys}
    return About(
        places[0].text(), text["origin"], text.get("as_of"), text.get("name", ""), text.get("value", ""), entry.line
    )


def _service(entry: Entry | None) -> Service:
    if entry is None:
        return Service()
    keys = entry.keys(LANGUAGE["service"])
    most = keys["most"].number(1, 10_000) if "most" in keys else _MOST_KEYS
    text = {word: keys[word].text() for word in keys if word != "most"}
    return Service(**text, most=most)


def _age(entry: Entry) -> timedelta:
    match = _AGE.fullmatch(entry.text())
    if match is None:
        raise entry.fail("expected an age such as `30m`, `12h` or `31d`")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})
