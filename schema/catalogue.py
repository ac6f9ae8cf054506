"""What the schema says about every field, read once from the Strawberry types.

`FIELDS` is keyed by schema coordinate (`Employment.employerName`), `COLLECTIONS` by collection name. A slot is
(class, source): what policies speak about.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final

from graphql import GraphQLObjectType

from schema.fields import META, Checked, ColumnType, Group, Held, Record, Records, Root
from schema.ids import CollectionName, FieldId
from schema.query import build_schema
from schema.vocabulary import Decision, FieldClass, Mask, RootKind, Source

__all__ = [
    "COLLECTIONS",
    "CollectionInfo",
    "ColumnInfo",
    "FIELDS",
    "FieldInfo",
    "LITERAL_ARGUMENTS",
    "ROOTS",
    "Slot",
    "field_meta",
    "source_of",
]

LITERAL_ARGUMENTS: Final = frozenset(
    {("migrants", "division"), ("preflight", "document"), ("preflight", "purpose"), ("__type", "name")}
)
"""(field, argument) whose string value may be written in a document; every other string is an identifier."""

_EXTRA_COLUMNS: Final[Mapping[str, Mapping[str, ColumnType]]] = {
    "civil_affairs.persons": {
        "name": ColumnType.STRING,
        "birth_date": ColumnType.DATE,
        "document_kind": ColumnType.CODE,
        "id_number": ColumnType.STRING,
    },
    "civil_affairs.marriage_registrations": {"spouse_key": ColumnType.KEY},
    "civil_affairs.guardianships": {"child_key": ColumnType.KEY},
} | {
    f"{source}.persons": {
        "name": ColumnType.STRING,
        "birth_date": ColumnType.DATE,
        "document_kind": ColumnType.CODE,
        "id_number": ColumnType.STRING,
    }
    for source in ("human_resources", "health", "business")
}


@dataclass(frozen=True, slots=True)
class Slot:
    """What policies speak about."""

    field_class: FieldClass
    source: Source


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """A held field of the API. `locates` is effective: one locating field makes its whole object locate."""

    id: FieldId
    slot: Slot
    collection: CollectionName
    column: str
    column_type: ColumnType
    mask: Mask
    locates: bool
    codes: type[Enum] | None
    ceiling: Decision
    masked_from: str | None
    dated_place: bool
    """A field of dated rows with a place, employer or institution (DESIGN R5): others see the current row only."""


@dataclass(frozen=True, slots=True)
class ColumnInfo:
    """A column a connector may be asked for."""

    name: str
    column_type: ColumnType
    codes: type[Enum] | None = None


@dataclass(frozen=True, slots=True)
class CollectionInfo:
    """Records a source holds. `single`: at most one row per person."""

    name: CollectionName
    source: Source
    columns: Mapping[str, ColumnInfo]
    single: bool


_DATED_PLACES: Final = frozenset(
    CollectionName(name)
    for name in (
        "police.residence_registrations",
        "civil_affairs.marriage_registrations",
        "human_resources.employments",
        "health.enrolments",
        "health.immunisations",
        "health.services",
        "health.maternity_services",
        "business.licences",
    )
)


def source_of(collection: CollectionName) -> Source:
    """The source a collection belongs to."""
    return Source(collection.partition(".")[0].replace("_", "-"))


def field_meta(parent: GraphQLObjectType, name: str) -> Held | Group | Record | Records | Checked | Root | None:
    """The description a field was declared with, or None for plain fields (`id`, `Division.code` …)."""
    definition = parent.fields[name].extensions.get("strawberry-definition")
    return None if definition is None else definition.metadata.get(META)


def _object_types() -> list[GraphQLObjectType]:
    types = build_schema()._schema.type_map.values()  # strawberry has no public accessor
    return [t for t in types if isinstance(t, GraphQLObjectType) and not t.name.startswith("__")]


def _collection_of_types() -> dict[str, CollectionName]:
    places = {}
    for parent in _object_types():
        for name, field in parent.fields.items():
            meta = field_meta(parent, name)
            if isinstance(meta, Records):
                places[_named(field.type)] = meta.collection
    return places


def _named(type_: object) -> str:
    while hasattr(type_, "of_type"):
        type_ = type_.of_type
    return str(type_)


def _read_fields() -> dict[FieldId, FieldInfo]:
    places = _collection_of_types()
    found = {}
    for parent in _object_types():
        metas = {name: field_meta(parent, name) for name in parent.fields}
        helds = {name: meta for name, meta in metas.items() if isinstance(meta, Held)}
        whole = parent.name != "Migrant" and any(meta.locates for meta in helds.values())
        for name, meta in helds.items():
            info = _field_info(parent, name, meta, meta.collection or places[parent.name], whole)
            found[info.id] = info
    return found


def _field_info(parent: GraphQLObjectType, name: str, meta: Held, collection: CollectionName, whole: bool) -> FieldInfo:
    python_name = parent.fields[name].extensions["strawberry-definition"].python_name
    return FieldInfo(
        id=FieldId(f"{parent.name}.{name}"),
        slot=Slot(meta.field_class, source_of(collection)),
        collection=collection,
        column=meta.column or python_name,
        column_type=meta.column_type,
        mask=meta.mask,
        locates=meta.locates or whole,
        codes=meta.codes,
        ceiling=meta.ceiling,
        masked_from=meta.masked_from,
        dated_place=collection in _DATED_PLACES,
    )


def _read_collections() -> dict[CollectionName, CollectionInfo]:
    from_codes = {"document_kind": FIELDS[FieldId("Migrant.documentKind")].codes}
    columns: dict[str, dict[str, ColumnInfo]] = {}
    for field in FIELDS.values():
        columns.setdefault(field.collection, {})[field.column] = ColumnInfo(
            field.column, field.column_type, field.codes
        )
    for place, extra in _EXTRA_COLUMNS.items():
        for name, type_ in extra.items():
            columns.setdefault(place, {})[name] = ColumnInfo(name, type_, from_codes.get(name))
    return {
        CollectionName(name): CollectionInfo(
            CollectionName(name), source_of(CollectionName(name)), MappingProxyType(infos), name.endswith(".persons")
        )
        for name, infos in columns.items()
    }


def _read_roots() -> dict[str, RootKind]:
    query = build_schema()._schema.query_type
    assert query is not None  # noqa: S101  the schema above always has one
    metas = {name: field_meta(query, name) for name in query.fields}
    return {name: meta.kind for name, meta in metas.items() if isinstance(meta, Root)}


FIELDS: Final[Mapping[FieldId, FieldInfo]] = MappingProxyType(_read_fields())
COLLECTIONS: Final[Mapping[CollectionName, CollectionInfo]] = MappingProxyType(_read_collections())
ROOTS: Final[Mapping[str, RootKind]] = MappingProxyType(_read_roots())
