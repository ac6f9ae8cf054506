"""From the text of a document to a valid, bounded operation; cached by document hash.

Library messages quote values, so none is passed on: every failure is a RequestError with its fixed text.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
    Visitor,
    parse,
    specified_rules,
    validate,
    visit,
)

from hub.engine.bounded import BoundedCache
from hub.engine.limits import Limits
from hub.engine.measures import check_literals, check_size, fragments_of
from hub.engine.selection import Collector
from schema.errors import ErrorCode, RequestError

__all__ = ["Operation", "OperationCache"]

_MOST_CHARACTERS: Final = 2_000_000
"""Characters of all documents together: parsed, a document takes some sixty times its text."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One query operation of a valid document.

    `hash` is SHA-256 of the document's text, in hex, `length` its characters.
    `switches` are the Boolean variables that @skip and @include read: a plan depends on their values.
    """

    hash: str
    length: int
    name: str | None
    document: DocumentNode
    definition: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]
    switches: tuple[str, ...]


class OperationCache:
    """Parsed and validated operations, bounded, least recently used out first."""

    def __init__(self, schema: GraphQLSchema, limits: Limits, size: int = 512) -> None:
        self._schema = schema
        self._limits = limits
        self._held: BoundedCache[tuple[str, str | None], Operation] = BoundedCache(
            size, _MOST_CHARACTERS, lambda operation: operation.length
        )

    def get(self, text: str, name: str | None = None) -> Operation:
        """The operation of a document; `name` chooses among several.

        Raises RequestError: DOCUMENT_TOO_LONG, DOCUMENT_SYNTAX, DOCUMENT_TOO_DEEP, DOCUMENT_TOO_COMPLEX,
        DOCUMENT_INVALID, IDENTIFIER_LITERAL, OPERATION_UNSUPPORTED.
        """
        if len(text) > self._limits.length:
            raise RequestError(ErrorCode.DOCUMENT_TOO_LONG)
        key = (_hash(text), name)
        return self._held.get(key) or self._held.put(key, self._read(text, name, key[0]))

    def _read(self, text: str, name: str | None, digest: str) -> Operation:
        document = _parse(text, self._limits)
        check_literals(document)
        definition = _choose(document, name)
        fragments = fragments_of(document)
        if len(fragments) > self._limits.fragments:
            raise RequestError(ErrorCode.DOCUMENT_TOO_COMPLEX)
        check_size(document, self._limits)
        if self._roots(definition, fragments) > self._limits.roots:
            raise RequestError(ErrorCode.DOCUMENT_TOO_COMPLEX)
        if validate(self._schema, document, specified_rules, max_errors=1, hide_suggestions=True):
            raise RequestError(ErrorCode.DOCUMENT_INVALID)
        return Operation(digest, len(text), name, document, definition, fragments, _switches(document))

    def _roots(self, definition: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]) -> int:
        """Root fields, those in fragments and those merged into others included."""
        query = self._schema.query_type
        if query is None:
            raise AssertionError("the schema has a query type")
        found = Collector(fragments, None).collect(query, (definition.selection_set,))
        return sum(len(one.nodes) for one in found)


def _hash(text: str) -> str:
    try:
        return hashlib.sha256(text.encode()).hexdigest()
    except UnicodeEncodeError as error:
        raise RequestError(ErrorCode.DOCUMENT_SYNTAX) from error


def _parse(text: str, limits: Limits) -> DocumentNode:
    try:
        return parse(text, no_location=True, max_tokens=limits.tokens, allow_empty_selection_sets=False)
    except GraphQLSyntaxError as error:
        raise RequestError(_syntax_code(error.message, limits)) from error
    except (GraphQLError, RecursionError) as error:
        raise RequestError(ErrorCode.DOCUMENT_TOO_DEEP) from error


def _syntax_code(message: str, limits: Limits) -> ErrorCode:
    """The parser refuses what is too large in the same way as what it does not understand."""
    if f"more than {limits.tokens}" in message:
        return ErrorCode.DOCUMENT_TOO_LONG
    return ErrorCode.DOCUMENT_TOO_DEEP if "nested too deeply" in message else ErrorCode.DOCUMENT_SYNTAX


def _choose(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if name is not None:
        operations = [node for node in operations if node.name is not None and node.name.value == name]
    if len(operations) != 1:
        raise RequestError(ErrorCode.DOCUMENT_INVALID)
    if operations[0].operation is not OperationType.QUERY:
        raise RequestError(ErrorCode.OPERATION_UNSUPPORTED)
    return operations[0]


class _SwitchFinder(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_directive(self, node: object, *_: object) -> None:
        for argument in getattr(node, "arguments", None) or ():
            if isinstance(argument.value, VariableNode):
                self.names.add(argument.value.name.value)


def _switches(document: DocumentNode) -> tuple[str, ...]:
    finder = _SwitchFinder()
    visit(document, finder)
    return tuple(sorted(finder.names))
