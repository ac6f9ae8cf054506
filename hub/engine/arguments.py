"""Arguments and switches of one request, read from its variables."""

from collections.abc import Iterable, Mapping
from typing import Any

from graphql import FieldNode, GraphQLError, GraphQLField, VariableValues, get_argument_values

from schema.errors import ErrorCode, RequestError

__all__ = ["arguments_of", "switches_of"]


def arguments_of(definition: GraphQLField, node: FieldNode, variables: VariableValues) -> Mapping[str, Any]:
    """The arguments of a selected field.

    A variable with a default may stand where null may not, and then be given as null (GraphQL section 5.8.5): that
    is refused as a whole. Raises RequestError VARIABLES_INVALID.
    """
    try:
        return get_argument_values(definition, node, variables)
    except GraphQLError:
        raise RequestError(ErrorCode.VARIABLES_INVALID) from None


def switches_of(names: Iterable[str], variables: VariableValues) -> dict[str, bool]:
    """What the variables of @skip and @include say; those of another operation of the document count as false.

    Raises RequestError VARIABLES_INVALID for null.
    """
    found = {name: variables.coerced.get(name, False) for name in names}
    if not all(type(value) is bool for value in found.values()):
        raise RequestError(ErrorCode.VARIABLES_INVALID)
    return found
