"""Which fields and checks a GraphQL document asks for: what an agreement compiles to."""

from functools import lru_cache

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLSchema,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    build_schema,
    parse,
    validate,
    visit,
)

from schema.catalogue import FIELDS, ROOTS
from schema.checks import CHECKS
from schema.errors import ErrorCode, RequestError
from schema.ids import FieldId
from schema.query import build_schema as build_api
from schema.vocabulary import RootKind

__all__ = ["field_set", "is_listing"]


def field_set(document: str) -> frozenset[FieldId]:
    """The held fields and checks any operation of a document can select, `@skip` and `@include` disregarded.

    Raises RequestError (DOCUMENT_SYNTAX, DOCUMENT_INVALID).
    """
    coordinates = _coordinates(document)
    known = FIELDS.keys() | {check.id for check in CHECKS.values()}
    return frozenset(FieldId(name) for _, name in coordinates if name in known)


def is_listing(document: str) -> bool:
    """Whether a document can ask about more than one person: `migrants`, or several persons under aliases (R4).

    Raises RequestError as `field_set` does.
    """
    roots = {f"Query.{name}" for name, kind in ROOTS.items() if kind is RootKind.PLANNED}
    asked = [name for _, name in _coordinates(document) if name in roots]
    return len(asked) > 1 or "Query.migrants" in asked


class _FieldVisitor(Visitor):
    """Collects (response name, schema coordinate) of every field selected."""

    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self._types = types
        self.found: list[tuple[str, str]] = []

    def enter_field(self, node: FieldNode, *_: object) -> None:
        """Note one field under the type it is selected on."""
        parent = self._types.get_parent_type()
        name = (node.alias or node.name).value
        self.found.append((name, f"{parent.name if parent else ''}.{node.name.value}"))


def _coordinates(document: str) -> list[tuple[str, str]]:
    try:
        parsed = parse(document, max_tokens=4000)
    except GraphQLError:
        raise RequestError(ErrorCode.DOCUMENT_SYNTAX) from None
    if validate(_schema(), parsed):
        raise RequestError(ErrorCode.DOCUMENT_INVALID)
    types = TypeInfo(_schema())
    visitor = _FieldVisitor(types)
    visit(parsed, TypeInfoVisitor(types, visitor))
    return visitor.found


@lru_cache(maxsize=1)
def _schema() -> GraphQLSchema:
    """The API as its own SDL says it, so that no library's inner object is needed."""
    return build_schema(build_api().as_str())
