"""A selection on MigrantConnection (Relay), compiled: edges, nodes and page information over one list of subjects."""

from collections.abc import Sequence
from dataclasses import dataclass

from graphql import GraphQLObjectType, get_named_type

from hub.engine.needs import Needs
from hub.engine.selection import Collector, Selected
from hub.engine.shape import Faults, Path, Shape, SubjectState, compile_shape

__all__ = ["ConnectionCompiler", "ConnectionShape", "Page"]


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing; without an `end_cursor` it ends with its last migrant."""

    states: Sequence[SubjectState]
    has_next_page: bool
    end_cursor: str | None = None

    @property
    def end(self) -> str | None:
        """Where the next page begins."""
        return self.end_cursor or (self.states[-1].sector_id if self.states else None)


@dataclass(frozen=True, slots=True)
class ConnectionShape:
    """A selection on MigrantConnection: where each part stands, and the shapes of its migrants."""

    parts: tuple[tuple[str, str, object], ...]

    def write(self, page: Page, faults: Faults, path: Path) -> dict[str, object]:
        """The JSON object of a page."""
        return {key: self._part(kind, inner, page, faults, (*path, key)) for key, kind, inner in self.parts}

    def _part(self, kind: str, inner: object, page: Page, faults: Faults, path: Path) -> object:
        if isinstance(inner, Shape):
            return [inner.write(state, faults, (*path, i)) for i, state in enumerate(page.states)]
        if kind == "edges" and isinstance(inner, tuple):
            return [_edge(inner, state, faults, (*path, i)) for i, state in enumerate(page.states)]
        if kind == "pageInfo" and isinstance(inner, tuple):
            told = {
                "hasNextPage": page.has_next_page,
                "endCursor": page.end,
                "__typename": "PageInfo",
            }
            return {key: told[name] for key, name in inner}
        return inner


def _edge(parts: tuple[tuple[str, object], ...], state: SubjectState, faults: Faults, path: Path) -> dict[str, object]:
    return {
        key: inner.write(state, faults, (*path, key))
        if isinstance(inner, Shape)
        else (state.sector_id if inner == "cursor" else "MigrantEdge")
        for key, inner in parts
    }


@dataclass(frozen=True, slots=True)
class ConnectionCompiler:
    """Compiles a connection; every migrant in it adds to the same needs."""

    collector: Collector
    needs: Needs

    def connection(
        self, parent: GraphQLObjectType, selected: Sequence[Selected], path: tuple[str, ...]
    ) -> ConnectionShape:
        """The shape of a selection on MigrantConnection at `path` of the answer."""
        parts: list[tuple[str, str, object]] = []
        for one in selected:
            inner: object = parent.name
            if one.selections:
                child = get_named_type(parent.fields[one.name].type)
                inner = self._part(child, one, (*path, one.key))
            parts.append((one.key, one.name, inner))
        return ConnectionShape(tuple(parts))

    def _part(self, child: GraphQLObjectType, one: Selected, path: tuple[str, ...]) -> object:
        below = self.collector.collect(child, one.selections)
        if one.name == "nodes":
            return compile_shape(child, below, path, self.collector, self.needs)
        if one.name == "pageInfo":
            return tuple((part.key, part.name) for part in below)
        return tuple((part.key, self._edge_member(child, part, (*path, part.key))) for part in below)

    def _edge_member(self, edge: GraphQLObjectType, part: Selected, path: tuple[str, ...]) -> object:
        if part.name != "node":
            return part.name
        node_type = get_named_type(edge.fields["node"].type)
        chosen = self.collector.collect(node_type, part.selections)
        return compile_shape(node_type, chosen, path, self.collector, self.needs)
