"""CollectFields of the GraphQL specification (section 6.3.2), ahead of time.

@skip and @include are decided here from the switches a plan is compiled for.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from graphql import (
    DirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    InlineFragmentNode,
    SelectionSetNode,
    VariableNode,
)

__all__ = ["Collector", "Selected"]


@dataclass(frozen=True, slots=True)
class Selected:
    """One response key: the field nodes merged under it, the first of which carries name and arguments."""

    key: str
    nodes: tuple[FieldNode, ...]

    @property
    def name(self) -> str:
        """The field's name in the schema."""
        return self.nodes[0].name.value

    @property
    def selections(self) -> tuple[SelectionSetNode, ...]:
        """The merged selection sets below."""
        return tuple(node.selection_set for node in self.nodes if node.selection_set is not None)


@dataclass(frozen=True, slots=True)
class Collector:
    """Collects the fields of selection sets in response order. Without switches every field is included."""

    fragments: Mapping[str, FragmentDefinitionNode]
    switches: Mapping[str, bool] | None

    def collect(self, parent: GraphQLObjectType, selections: Iterable[SelectionSetNode]) -> tuple[Selected, ...]:
        """What of the selections applies to `parent`, merged by response key."""
        found: dict[str, list[FieldNode]] = {}
        visited: set[str] = set()
        for selection_set in selections:
            self._gather(parent, selection_set, found, visited)
        return tuple(Selected(key, tuple(nodes)) for key, nodes in found.items())

    def _gather(
        self,
        parent: GraphQLObjectType,
        selections: SelectionSetNode,
        found: dict[str, list[FieldNode]],
        visited: set[str],
    ) -> None:
        for node in selections.selections:
            if not self._included(node.directives or ()):
                continue
            if isinstance(node, FieldNode):
                found.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
            elif isinstance(node, InlineFragmentNode):
                if node.type_condition is None or node.type_condition.name.value == parent.name:
                    self._gather(parent, node.selection_set, found, visited)
            elif isinstance(node, FragmentSpreadNode) and node.name.value not in visited:
                visited.add(node.name.value)
                fragment = self.fragments[node.name.value]
                if fragment.type_condition.name.value == parent.name:
                    self._gather(parent, fragment.selection_set, found, visited)

    def _included(self, directives: Iterable[DirectiveNode]) -> bool:
        if self.switches is None:
            return True
        for directive in directives:
            if directive.name.value in ("skip", "include"):
                (argument,) = directive.arguments or ()
                value = argument.value
                switch = self.switches[value.name.value] if isinstance(value, VariableNode) else value.value  # type: ignore[attr-defined]
                if switch is (directive.name.value == "skip"):
                    return False
        return True
