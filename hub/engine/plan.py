"""An operation compiled for one decision table: roots in response order, each with its shape and its needs."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from graphql import FieldNode, GraphQLField, GraphQLSchema, get_named_type

from hub.engine.connection import ConnectionCompiler, ConnectionShape
from hub.engine.needs import Needs
from hub.engine.operation import Operation
from hub.engine.selection import Collector, Selected
from hub.engine.shape import Shape, compile_shape
from privacy.model import DecisionTable, FieldRuling
from schema.catalogue import ROOTS
from schema.vocabulary import Decision, RootKind, Source

__all__ = ["LocalRoot", "Plan", "PlannedRoot", "compile_plan", "is_planned", "selected_roots"]


@dataclass(frozen=True, slots=True)
class PlannedRoot:
    """A person-level root field. `shape` writes one migrant, or for a listing a page."""

    key: str
    name: str
    node: FieldNode
    definition: GraphQLField
    needs: Needs
    shape: Shape | ConnectionShape

    @property
    def only_ids(self) -> bool:
        """Whether nothing of a source is selected: turning a document into an id tells nothing of anybody."""
        return not self.needs.leaves and not self.needs.checks


@dataclass(frozen=True, slots=True)
class LocalRoot:
    """A root field that ordinary resolvers or introspection answer."""

    key: str
    selected: Selected


@dataclass(frozen=True, slots=True)
class Plan:
    """A compiled operation."""

    operation: Operation
    table: DecisionTable
    roots: tuple[PlannedRoot | LocalRoot, ...]
    markers: tuple[tuple[tuple[str, ...], str], ...] = field(default=())

    @property
    def planned(self) -> tuple[PlannedRoot, ...]:
        """The person-level roots."""
        return tuple(root for root in self.roots if isinstance(root, PlannedRoot))

    @property
    def local(self) -> tuple[LocalRoot, ...]:
        """The other roots."""
        return tuple(root for root in self.roots if isinstance(root, LocalRoot))

    def sources(self) -> frozenset[Source]:
        """The sources that running the plan calls, for any subject."""
        return frozenset().union(*(root.needs.sources() for root in self.planned))

    def fields(self) -> Mapping[Decision, tuple[str, ...]]:
        """Field ids by the highest decision any subject could get: equal for every subject, so that a record of a
        look-up does not tell who is protected."""
        rulings: dict[str, FieldRuling] = {}
        for root in self.planned:
            rulings.update(root.needs.fields())
        found: dict[Decision, list[str]] = {}
        for name in sorted(rulings):
            found.setdefault(rulings[name].highest, []).append(name)
        return {decision: tuple(names) for decision, names in found.items()}


def selected_roots(
    schema: GraphQLSchema, operation: Operation, switches: Mapping[str, bool] | None
) -> tuple[Selected, ...]:
    """The root fields of an operation, in response order."""
    query = schema.query_type
    if query is None:
        raise AssertionError("the schema has a query type")
    return Collector(operation.fragments, switches).collect(query, (operation.definition.selection_set,))


def is_planned(selected: Selected) -> bool:
    """Whether a root field is person-level."""
    return ROOTS.get(selected.name) is RootKind.PLANNED


def compile_plan(
    schema: GraphQLSchema, operation: Operation, switches: Mapping[str, bool] | None, table: DecisionTable
) -> Plan:
    """Compile an operation from the allowed fields of a decision table only."""
    collector = Collector(operation.fragments, switches)
    roots = tuple(
        _planned(schema, one, collector, table) if is_planned(one) else LocalRoot(one.key, one)
        for one in selected_roots(schema, operation, switches)
    )
    markers = tuple(
        (path, ruling.marker.value)
        for root in roots
        if isinstance(root, PlannedRoot)
        for path, ruling in root.needs.rulings()
        if ruling.marker is not None
    )
    return Plan(operation, table, roots, markers)


def _planned(schema: GraphQLSchema, one: Selected, collector: Collector, table: DecisionTable) -> PlannedRoot:
    query = schema.query_type
    if query is None:
        raise AssertionError("the schema has a query type")
    needs = Needs(table)
    definition = query.fields[one.name]
    returned = get_named_type(definition.type)
    selected = collector.collect(returned, one.selections)
    shape: Shape | ConnectionShape
    if returned.name == "MigrantConnection":
        shape = ConnectionCompiler(collector, needs).connection(returned, selected, (one.key,))
    else:
        shape = compile_shape(returned, selected, (one.key,), collector, needs)
    return PlannedRoot(one.key, one.name, one.nodes[0], definition, needs, shape)
