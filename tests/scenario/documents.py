"""Documents that ask for everything the schema has, or for everything of one kind."""

import re
from collections.abc import Callable

from graphql import GraphQLField, GraphQLObjectType, get_named_type, is_leaf_type

from schema.catalogue import FIELDS, FieldInfo, field_meta
from schema.fields import Checked
from schema.ids import FieldId
from schema.query import build_schema
from schema.vocabulary import Department

__all__ = ["everything", "locating"]

_ARGUMENTS = {
    "identityMatches": "(name: $name, birthDate: $birthDate)",
    "insuredMonths": "(period: MONTHS_12)",
    "marriedTo": "(person: $id)",
    "guardianOf": "(child: $id)",
}
_ABOUT_TWO = re.compile(r"(marriedTo|guardianOf)\([^)]*\) \{[^}]*\}")


def everything(department: Department) -> str:
    """All fields and all checks of one migrant; the checks about two persons name the migrant twice."""
    return _document(department, lambda _field: True)


def locating(department: Department) -> str:
    """All fields that locate, and all checks."""
    return _document(department, lambda field: field.locates)


def _document(department: Department, wanted: Callable[[FieldInfo], bool]) -> str:
    """For a person `me`, without the checks about two persons: they have no case that could name the other."""
    migrant = build_schema()._schema.type_map["Migrant"]
    assert isinstance(migrant, GraphQLObjectType)
    selection = _selection(migrant, wanted)
    if department is Department.PERSON:
        return f"query($name: String!, $birthDate: Date!) {{ me {_ABOUT_TWO.sub('', selection)} }}"
    return f"query($id: ID!, $name: String!, $birthDate: Date!) {{ migrant(id: $id) {selection} }}"


def _selection(parent: GraphQLObjectType, wanted: Callable[[FieldInfo], bool]) -> str:
    parts = [_part(parent, name, field, wanted) for name, field in parent.fields.items()]
    return "{ " + " ".join(part for part in parts if part) + " }" if any(parts) else ""


def _part(parent: GraphQLObjectType, name: str, field: GraphQLField, wanted: Callable[[FieldInfo], bool]) -> str:
    child = get_named_type(field.type)
    info = FIELDS.get(FieldId(f"{parent.name}.{name}"))
    if info is not None:
        return f"{name}{_whole(child)}" if wanted(info) else ""
    if isinstance(field_meta(parent, name), Checked):
        return f"{name}{_ARGUMENTS.get(name, '')} {{ answer asOf source }}"
    below = _selection(child, wanted) if isinstance(child, GraphQLObjectType) else ""
    return f"{name} {below}" if below else ""


def _whole(child: object) -> str:
    """A composite value with all its members."""
    if is_leaf_type(child) or not isinstance(child, GraphQLObjectType):
        return ""
    return " { " + " ".join(child.fields) + " }"
