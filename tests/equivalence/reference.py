"""The reference executor: graphql-core's `execute_sync` over rows that were read with all columns, with the same
decisions applied as values. It is built from the SDL and shares with the plan engine the masks and nothing else.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any

from graphql import GraphQLResolveInfo, GraphQLSchema, execute_sync, get_named_type, parse
from graphql import build_schema as schema_of_sdl
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, collect_subfields

from connectors.contract import RowFilter
from hub.engine.subjects import SubjectRef
from privacy.masks import mask
from privacy.model import DecisionTable
from schema.catalogue import FIELDS, FieldInfo, source_of
from schema.checks import CHECKS
from schema.codes import ETHNIC_GROUPS
from schema.divisions import county_of, name_of
from schema.errors import TEXTS, ErrorCode
from schema.fields import ColumnType
from schema.ids import CollectionName, FieldId
from schema.query import build_schema
from schema.vocabulary import Decision, SubjectClass

__all__ = ["Reference", "World"]

_COMPOSED = {"Hukou": "police.persons", "Residence": "police.persons"}
_RECORDS = {"police", "civilAffairs", "humanResources", "health", "business"}
Rows = Sequence[Mapping[str, Any]]
RowReader = Callable[[SubjectRef, CollectionName, RowFilter], Rows]
CheckReader = Callable[[SubjectRef, str, Mapping[str, Any]], str]


@dataclass(frozen=True)
class World:
    """Everything an operation can be about: subjects by the id a document names, the decisions, what fails.

    `rows` reads all columns of one collection for one subject; `answer` answers one check for one subject.
    """

    subjects: Mapping[str, SubjectRef]
    listed: Sequence[str]
    table: DecisionTable
    failing: frozenset[CollectionName]
    rows: RowReader
    answer: CheckReader
    as_of: str
    today: date


class Failure(Exception):  # noqa: N818  carried through graphql-core, read back by `Reference`
    """A field error with one of our codes."""

    def __init__(self, code: ErrorCode) -> None:
        super().__init__(TEXTS[code])
        self.code = code


@dataclass(frozen=True)
class _Row:
    ref: SubjectRef
    values: Mapping[str, Any]


@lru_cache(maxsize=1)
def _schema() -> GraphQLSchema:
    return schema_of_sdl(build_schema().as_str())


class Reference:
    """Answers operations about a world, slowly and plainly."""

    def __init__(self, world: World) -> None:
        self._world = world

    def run(self, document: str, variables: Mapping[str, Any]) -> tuple[Any, list[dict[str, Any]]]:
        """`data` and `errors` of an operation."""
        result = execute_sync(_schema(), parse(document), variable_values=dict(variables), field_resolver=self._resolve)
        return result.data, [_told(error) for error in result.errors or ()]

    def _resolve(self, source: Any, info: GraphQLResolveInfo, **arguments: Any) -> Any:
        if info.parent_type.name == "Query":
            return self._root(info.field_name, arguments)
        if info.parent_type.name == "Migrant":
            return self._of_migrant(source, info)
        if info.parent_type.name == "Checks":
            return self._check(source, info.field_name, arguments)
        if isinstance(source, SubjectRef):
            return self._list(source, info)
        if isinstance(source, _Row):
            return self._value(source, FIELDS[FieldId(f"{info.parent_type.name}.{info.field_name}")])
        return source[info.field_name]

    def _root(self, name: str, arguments: Mapping[str, Any]) -> Any:
        world = self._world
        if name == "migrants":
            chosen = [world.subjects[one] for one in world.listed[: arguments["first"]]]
            return {
                "nodes": chosen,
                "edges": [{"cursor": ref.sector_id, "node": ref} for ref in chosen],
                "pageInfo": {
                    "hasNextPage": len(world.listed) > arguments["first"],
                    "endCursor": chosen[-1].sector_id if chosen else None,
                },
            }
        key = {"migrant": "id", "lookup": "number"}.get(name)
        found = world.subjects.get(arguments[key] if key else world.listed[0])
        if found is None:
            raise Failure(ErrorCode.ID_INVALID)
        return found

    def _of_migrant(self, ref: SubjectRef, info: GraphQLResolveInfo) -> Any:
        if info.field_name == "id":
            return ref.sector_id
        if info.field_name in _RECORDS or info.field_name == "checks":
            return ref
        type_name = get_named_type(info.return_type).name
        if type_name in _COMPOSED:
            rows = self._visible(ref, info, FIELDS_OF[type_name])
            return rows[0] if rows else None
        field = FIELDS[FieldId(f"Migrant.{info.field_name}")]
        if self._world.table.ruling(field.id).highest is Decision.WITHHOLD:
            return None
        rows = self._read(ref, field.collection)
        return self._value(rows[0], field) if rows else None

    def _list(self, ref: SubjectRef, info: GraphQLResolveInfo) -> Any:
        return self._visible(ref, info, FIELDS_OF[get_named_type(info.return_type).name])

    def _visible(self, ref: SubjectRef, info: GraphQLResolveInfo, fields: Mapping[str, FieldInfo]) -> list[_Row] | None:
        """Rows if any selected field may be read for this subject; None if none may be for any subject."""
        rulings = [self._world.table.ruling(fields[name].id) for name in _selected(info) if name in fields]
        if all(ruling.highest is Decision.WITHHOLD for ruling in rulings):
            return None
        rows = self._read(ref, next(iter(fields.values())).collection)
        readable = any(ruling.of(ref.subject_class) >= Decision.MASK for ruling in rulings)
        return rows if readable else []

    def _read(self, ref: SubjectRef, collection: CollectionName) -> list[_Row]:
        if collection in self._world.failing:
            raise Failure(ErrorCode.SOURCE_UNAVAILABLE)
        table = self._world.table
        scope = next(table.ruling(field.id).rows for field in FIELDS.values() if field.collection == collection)
        raised = table.raised.get(source_of(collection), ())
        rows = self._world.rows(
            ref, collection, RowFilter(scope, raised[ref.subject_class.value] if raised else frozenset())
        )
        return [_Row(ref, row) for row in rows]

    def _value(self, row: _Row, field: FieldInfo) -> Any:
        decision = self._world.table.ruling(field.id).of(row.ref.subject_class)
        if decision < Decision.MASK:
            return None
        if decision is Decision.MASK and field.masked_from is not None:
            place = row.values[field.masked_from]
            return None if place is None else name_of(county_of(place))
        value = row.values[field.column]
        if value is None:
            return None
        return _shown(field, mask(field.mask, value) if decision is Decision.MASK else value)

    def _check(self, ref: SubjectRef, name: str, arguments: Mapping[str, Any]) -> Any:
        info, world = CHECKS[name], self._world
        told = {"answer": "UNKNOWN", "asOf": None, "source": info.source.value}
        if world.table.ruling(info.id).highest is not Decision.VERIFY or info.collection in world.failing:
            return told
        told["asOf"] = world.as_of
        if world.table.ruling(info.id).of(ref.subject_class) is not Decision.VERIFY:
            return told
        given = dict(arguments)
        if info.person is not None:
            other = world.subjects[given[info.person]]
            if SubjectClass.PROTECTED in other.subject_class or info.source not in other.keys:
                return told
            given[info.person] = other.keys[info.source]
        return {**told, "answer": world.answer(ref, name, given)}


FIELDS_OF: dict[str, dict[str, FieldInfo]] = {}
for _id, _field in FIELDS.items():
    FIELDS_OF.setdefault(_id.partition(".")[0], {})[_id.partition(".")[2]] = _field


def _selected(info: GraphQLResolveInfo) -> set[str]:
    collected = collect_subfields(
        info.schema,
        {name: FragmentDetails(node, None) for name, node in info.fragments.items()},
        info.variable_values,
        info.operation,
        get_named_type(info.return_type),
        [FieldDetails(node, None, None) for node in info.field_nodes],
    )
    return {details[0].node.name.value for details in collected.grouped_field_set.values()}


def _shown(field: FieldInfo, value: Any) -> Any:
    if value is None:
        return None
    if field.column_type is ColumnType.DIVISION:
        return {"code": value, "name": name_of(value)}
    if field.column_type is ColumnType.ETHNIC:
        return {"code": value, "name": ETHNIC_GROUPS.get(value)}
    if field.id == "MarriageRegistration.spouse":
        return {"name": value}
    if isinstance(value, Decimal):
        return f"{value:.2f}"
    return value.isoformat() if isinstance(value, date) else value


def _told(error: Any) -> dict[str, Any]:
    code = getattr(error.original_error, "code", None)
    message = TEXTS[code] if code else str(error)
    return {"message": message, "path": list(error.path or ()), "extensions": {"code": code.value if code else None}}
