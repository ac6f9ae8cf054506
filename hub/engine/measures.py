"""What a document would cost, counted on the syntax tree alone: depth and fields with fragments expanded.

Exponential fragment bombs are counted, not expanded: a fragment's size is computed once.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    Node,
    OperationDefinitionNode,
    SelectionSetNode,
    StringValueNode,
    VariableDefinitionNode,
)

from hub.engine.limits import Limits
from schema.catalogue import LITERAL_ARGUMENTS
from schema.errors import ErrorCode, RequestError

__all__ = ["check_literals", "check_size", "fragments_of"]

_LONGEST_INTEGER = 6
_LONGEST_DIVISION = 12
_LONGEST_NUMBER = 24
_UNBOUNDED = 1_000_000


@dataclass(frozen=True, slots=True)
class _Size:
    depth: int
    fields: int


def fragments_of(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    """The fragments a document defines, by name."""
    return {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}


def check_size(document: DocumentNode, limits: Limits) -> None:
    """Raise DOCUMENT_TOO_DEEP or DOCUMENT_TOO_COMPLEX; a fragment cycle counts as too deep.

    Every operation and fragment is held to the limits, not only the one to run: validation reads them all, and its
    time grows with the square of a selection.
    """
    fragments = fragments_of(document)
    known: dict[str, _Size] = {}
    for node in document.definitions:
        if not isinstance(node, OperationDefinitionNode | FragmentDefinitionNode):
            continue
        size = _selection_size(node.selection_set, fragments, known, 0)
        if size.depth > limits.depth:
            raise RequestError(ErrorCode.DOCUMENT_TOO_DEEP)
        if size.fields > limits.fields:
            raise RequestError(ErrorCode.DOCUMENT_TOO_COMPLEX)


def _selection_size(
    selections: SelectionSetNode | None,
    fragments: Mapping[str, FragmentDefinitionNode],
    known: dict[str, _Size],
    level: int,
) -> _Size:
    if selections is None:
        return _Size(0, 0)
    if level > 100:
        raise RequestError(ErrorCode.DOCUMENT_TOO_DEEP)
    depth, fields = 0, 0
    for node in selections.selections:
        if isinstance(node, FragmentSpreadNode):
            inner = _fragment_size(node.name.value, fragments, known, level)
        elif isinstance(node, FieldNode | InlineFragmentNode):
            inner = _selection_size(node.selection_set, fragments, known, level + 1)
            fields += isinstance(node, FieldNode)
        else:
            continue
        depth = max(depth, inner.depth)
        fields = min(fields + inner.fields, _UNBOUNDED)
    return _Size(depth + 1, fields)


def _fragment_size(
    name: str, fragments: Mapping[str, FragmentDefinitionNode], known: dict[str, _Size], level: int
) -> _Size:
    if name not in known:
        if name not in fragments:
            raise RequestError(ErrorCode.DOCUMENT_INVALID)
        known[name] = _Size(_UNBOUNDED, 0)  # INVARIANT: met again while open means a cycle
        known[name] = _selection_size(fragments[name].selection_set, fragments, known, level + 1)
    return known[name]


def check_literals(document: DocumentNode) -> None:
    """Raise IDENTIFIER_LITERAL where a string, or an integer long enough to be a number of a document, is written out.

    It runs before anything of the document is logged or cached (DESIGN section 4).
    """
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            for variable in definition.variable_definitions or ():
                _refuse_default(variable)
        if isinstance(definition, OperationDefinitionNode | FragmentDefinitionNode):
            _check_selections(definition.selection_set)


def _refuse_default(variable: VariableDefinitionNode) -> None:
    if variable.default_value is not None and _holds_identifier(variable.default_value):
        raise RequestError(ErrorCode.IDENTIFIER_LITERAL)


def _check_selections(selections: SelectionSetNode | None) -> None:
    for node in selections.selections if selections is not None else ():
        if isinstance(node, FieldNode):
            for argument in node.arguments or ():
                exempt = (node.name.value, argument.name.value) in LITERAL_ARGUMENTS
                if _holds_identifier(argument.value) and not (exempt and _is_no_number(argument.value)):
                    raise RequestError(ErrorCode.IDENTIFIER_LITERAL)
        for directive in getattr(node, "directives", None) or ():
            if any(_holds_identifier(argument.value) for argument in directive.arguments or ()):
                raise RequestError(ErrorCode.IDENTIFIER_LITERAL)
        if isinstance(node, FieldNode | InlineFragmentNode):
            _check_selections(node.selection_set)


def _holds_identifier(value: Node) -> bool:
    return any(
        isinstance(node, StringValueNode)
        or (isinstance(node, IntValueNode) and len(node.value.lstrip("-")) > _LONGEST_INTEGER)
        for node in _walk(value)
    )


def _is_no_number(value: Node) -> bool:
    """Whether an exempt literal is no number of a document: a division has 12 digits at most, a number 15 or 18."""
    text = value.value if isinstance(value, StringValueNode) else ""
    return len(text) > _LONGEST_NUMBER or sum(map(str.isdigit, text)) <= _LONGEST_DIVISION


def _walk(value: Node) -> Iterator[Node]:
    yield value
    for child in getattr(value, "values", None) or ():
        yield from _walk(child)
    for field in getattr(value, "fields", None) or ():
        yield from _walk(field.value)
