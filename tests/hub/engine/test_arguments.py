"""Arguments and switches, where null meets a place that may not be null."""

from typing import Any

import pytest

from hub.engine.arguments import arguments_of, switches_of
from hub.engine.plan import Plan
from schema.errors import ErrorCode, RequestError
from tests.hub.engine.desk import coerced, plan_of

LISTED = "query($d: String!, $n: Int = 5) { migrants(division: $d, first: $n) { nodes { id } } }"


def arguments(plan: Plan, given: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a plan's first root."""
    root = plan.planned[0]
    return dict(arguments_of(root.definition, root.node, coerced(plan, given)))


def test_defaults_of_variables_and_of_arguments() -> None:
    """What is not given comes from the variable's default, then from the argument's."""
    assert arguments(plan_of(LISTED, {}), {"d": "3205"}) == {"division": "3205", "first": 5, "after": None}
    bare = (
        "query($d: String!, $n: Int = 7, $a: String) { migrants(division: $d, first: $n, after: $a) { nodes { id } } }"
    )
    assert arguments(plan_of(bare, {}), {"d": "3205", "n": 2}) == {"division": "3205", "first": 2, "after": None}


def test_null_where_a_default_was_allowed_is_refused() -> None:
    """A variable with a default may stand in a place for non-null; given as null it refuses the request."""
    with pytest.raises(RequestError) as refused:
        arguments(plan_of(LISTED, {}), {"d": "3205", "n": None})
    assert refused.value.code is ErrorCode.VARIABLES_INVALID
    assert refused.value.__cause__ is None


def test_a_switch_is_true_or_false() -> None:
    """Null is no switch, though a variable with a default can be given it."""
    plan = plan_of("query($on: Boolean = true) { me { id @include(if: $on) } }", {}, {"on": True})
    assert switches_of(["on"], coerced(plan, {})) == {"on": True}
    assert switches_of(["on"], coerced(plan, {"on": False})) == {"on": False}
    with pytest.raises(RequestError) as refused:
        switches_of(["on"], coerced(plan, {"on": None}))
    assert refused.value.code is ErrorCode.VARIABLES_INVALID


def test_switches_of_another_operation_are_off() -> None:
    """A document's other operation may have variables that this one does not declare."""
    plan = plan_of("query($on: Boolean!) { me { id @include(if: $on) } }", {}, {"on": True})
    assert switches_of(["on", "other"], coerced(plan, {"on": True})) == {"on": True, "other": False}
