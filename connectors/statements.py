"""The SQL of all kinds that speak it, built with SQLAlchemy Core; identifiers come from the mapping and are quoted.

Constants of the mapping are rendered into the text, so that the only parameters are keys and cursors.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Select,
    and_,
    case,
    column,
    false,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    table,
)
from sqlalchemy.sql import quoted_name
from sqlalchemy.sql.expression import ColumnClause, TableClause

from connectors.mapping import CollectionMapping, Condition, Raise, RaiseScope
from connectors.shapes import Shape, hidden_codes, row_rules
from connectors.values import LiveType, code_names

__all__ = ["batch", "key_page", "source_table"]

Live = Mapping[str, LiveType]
Membership = Callable[[ColumnElement[Any]], ColumnElement[bool]]

_SPACED: Final = (LiveType.TEXT, LiveType.PADDED, LiveType.UNKNOWN)


def source_table(name: str, columns: Iterable[str]) -> TableClause:
    """A table or view, `name` or `schema.name`."""
    schema, _, bare = name.rpartition(".")
    fields: list[ColumnClause[Any]] = [column(quoted_name(field, True)) for field in dict.fromkeys(columns)]
    return table(quoted_name(bare, True), *fields, schema=quoted_name(schema, True) if schema else None)


def batch(shape: Shape, live: Live, member: Membership) -> Select[Any]:
    """Key and selected columns of the rows that may leave, for the keys that `member` accepts."""
    collection = shape.collection
    source = source_table(collection.location.name, collection.source_columns())
    key = source.c[collection.key]
    chosen = [key, *(_shown(shape, source.c[name], live) for name in shape.selected)]
    where = and_(member(key), *_conditions(shape, source, live))
    order = [_ordered(source, part) for part in collection.order]
    if shape.current and collection.current is not None and collection.current.latest is not None:
        return _latest_only(chosen, where, source.c[collection.current.latest], order)
    return select(*chosen).where(where).order_by(*order)


def key_page(collection: CollectionMapping, after: ColumnElement[Any] | None, limit: ColumnElement[int]) -> Select[Any]:
    """The next distinct keys of a collection in key order."""
    source = source_table(collection.location.name, [collection.key])
    key = source.c[collection.key]
    wanted = select(key).distinct().where(key.is_not(None)).order_by(key).limit(limit)
    return wanted if after is None else wanted.where(key > after)


def _latest_only(
    chosen: list[ColumnElement[Any]], where: ColumnElement[bool], date: ColumnElement[Any], order: list[Any]
) -> Select[Any]:
    """Of each key the row with the latest date; rows without a date come last."""
    rank = func.row_number().over(partition_by=chosen[0], order_by=[date.is_(None), date.desc(), *order])
    named = [part.label(f"c{index}") for index, part in enumerate(chosen)]
    ranked = select(*named, rank.label("place")).where(where).subquery("ranked")
    wanted = [ranked.c[f"c{index}"] for index in range(len(chosen))]
    return select(*wanted).where(ranked.c.place == literal_column("1"))


def _ordered(source: TableClause, part: str) -> ColumnElement[Any]:
    if part.startswith("-"):
        return source.c[part[1:]].desc()
    return source.c[part].asc()


def _conditions(shape: Shape, source: TableClause, live: Live) -> Iterable[ColumnElement[bool]]:
    collection = shape.collection
    yield from _condition(collection.only, source, live)
    if shape.current and collection.current is not None:
        yield from _condition(collection.current.condition, source, live)
    for rule in row_rules(collection, shape.rows):
        origin = collection.columns[rule.column].origin
        if origin is not None:
            yield _one_of(source.c[origin], _shown_codes(collection, rule, shape), live.get(origin))


def _condition(condition: Condition, source: TableClause, live: Live) -> Iterable[ColumnElement[bool]]:
    for name in condition.empty:
        nothing = source.c[name].is_(None)
        spaced = live.get(name, LiveType.UNKNOWN) in _SPACED
        yield or_(nothing, func.trim(source.c[name]) == _constant("")) if spaced else nothing
    for name, values in condition.values.items():
        yield _one_of(source.c[name], values, live.get(name))


def _shown_codes(collection: CollectionMapping, rule: Raise, shape: Shape) -> frozenset[str]:
    """The source's codes of the rows that may leave: those we know, and that are not hidden."""
    column_mapping = collection.columns[rule.column]
    shown = frozenset(code_names(column_mapping.info)) - hidden_codes(rule, shape.rows)
    if column_mapping.codes is None:
        return shown
    return frozenset(raw for raw, ours in column_mapping.codes.items() if ours in shown)


def _shown(shape: Shape, field: ColumnElement[Any], live: Live) -> ColumnElement[Any]:
    """The column, without the values raised to a class that may not leave."""
    name = str(field.key)
    hidden: set[str] = set()
    for rule in shape.collection.raises:
        mapped = shape.collection.columns[rule.column]
        if rule.scope is RaiseScope.VALUE and mapped.origin == name:
            ours = hidden_codes(rule, shape.rows)
            hidden |= ours if mapped.codes is None else {raw for raw, code in mapped.codes.items() if code in ours}
    if not hidden:
        return field
    return case((_one_of(field, frozenset(hidden), live.get(name)), null()), else_=field)


def _one_of(field: ColumnElement[Any], values: frozenset[str], live: LiveType | None) -> ColumnElement[bool]:
    constants: list[str | int] = [*sorted(values)]
    if live is LiveType.INTEGER:
        constants = [int(value) for value in sorted(values) if value.isascii() and value.isdigit()]
    return field.in_([_constant(value) for value in constants]) if constants else false()


def _constant(value: str | int) -> ColumnElement[Any]:
    return literal(value, literal_execute=True)
