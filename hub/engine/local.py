"""Local and introspection fields: ordinary resolvers, run by graphql-core on their part of the operation."""

import logging
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    SelectionSetNode,
    execute,
)

from hub.engine.operation import Operation
from hub.engine.plan import LocalRoot
from hub.engine.splice import error_object
from schema.errors import ClientError, ErrorCode

__all__ = ["LocalContext", "LocalResult", "run_local"]

_LOG = logging.getLogger(__name__)


class LocalContext(Protocol):
    """What resolvers of local fields find in `info.context`."""

    def local(self, name: str, **arguments: Any) -> Awaitable[Any]:
        """The value of a local root field."""


@dataclass(frozen=True, slots=True)
class LocalResult:
    """Values by response key, and errors in the shape of the answer."""

    data: Mapping[str, Any]
    errors: Sequence[Mapping[str, Any]]


async def run_local(
    schema: GraphQLSchema,
    operation: Operation,
    roots: Sequence[LocalRoot],
    variables: Mapping[str, Any],
    context: LocalContext,
) -> LocalResult:
    """Run the local roots of an operation; every error becomes its fixed text."""
    if not roots:
        return LocalResult({}, ())
    outcome = execute(schema, _part(operation, roots), context_value=context, variable_values=dict(variables))
    result = outcome if isinstance(outcome, ExecutionResult) else await outcome
    return LocalResult(result.data or {}, [_error(error) for error in result.errors or ()])


def _part(operation: Operation, roots: Sequence[LocalRoot]) -> DocumentNode:
    nodes = tuple(node for root in roots for node in root.selected.nodes)
    whole = operation.definition
    part = OperationDefinitionNode(
        operation=whole.operation,
        name=whole.name,
        variable_definitions=whole.variable_definitions,
        directives=whole.directives,
        selection_set=SelectionSetNode(selections=nodes),
    )
    return DocumentNode(definitions=(part, *operation.fragments.values()))


def _error(error: GraphQLError) -> dict[str, Any]:
    cause = error.original_error
    path = tuple(error.path or ())
    if isinstance(cause, ClientError):
        return error_object(cause.code, path)
    _LOG.error("a local field failed with %s", type(cause or error).__name__)
    return error_object(ErrorCode.INTERNAL, path)
