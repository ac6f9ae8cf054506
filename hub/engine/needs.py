"""What a selection of a migrant needs from the sources, per subject class: columns, rows and checks."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from graphql import FieldNode, GraphQLField

from connectors.contract import RowFilter
from privacy.model import DecisionTable, FieldRuling
from schema.catalogue import FieldInfo, source_of
from schema.checks import CheckInfo
from schema.ids import CollectionName
from schema.vocabulary import ALL_SUBJECT_CLASSES, Decision, FieldClass, RowScope, Source, SubjectClass

__all__ = ["CheckUse", "Leaf", "Needs", "Wanted"]


@dataclass(frozen=True, slots=True)
class Leaf:
    """One selected held field. `path` is its place in the answer, without list indexes."""

    info: FieldInfo
    ruling: FieldRuling
    path: tuple[str, ...]

    def column(self, subject: SubjectClass) -> str | None:
        """The column fetched for a subject class; None when withheld. A masked address fetches a division only."""
        decision = self.ruling.of(subject)
        if decision < Decision.MASK:
            return None
        return self.info.masked_from or self.info.column if decision is Decision.MASK else self.info.column


@dataclass(frozen=True, slots=True)
class CheckUse:
    """One selected check with the syntax its arguments are read from at run time."""

    index: int
    info: CheckInfo
    ruling: FieldRuling
    node: FieldNode
    definition: GraphQLField
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Columns and rows of one collection for one subject class; columns sorted, so that equal needs merge."""

    columns: tuple[str, ...]
    rows: RowFilter


@dataclass(slots=True)
class Needs:
    """Collected while a selection is compiled; asked while it runs."""

    table: DecisionTable
    leaves: dict[CollectionName, list[Leaf]] = field(default_factory=dict)
    checks: list[CheckUse] = field(default_factory=list)
    _wanted: dict[tuple[CollectionName, SubjectClass], Wanted | None] = field(default_factory=dict)
    _widest: dict[CollectionName, Wanted | None] = field(default_factory=dict)

    def add(self, leaf: Leaf) -> None:
        """Note a leaf."""
        self.leaves.setdefault(leaf.info.collection, []).append(leaf)
        self._wanted.clear()
        self._widest.clear()

    def wanted(self, collection: CollectionName, subject: SubjectClass) -> Wanted | None:
        """What may be fetched for a subject class; None when nothing."""
        # Remembered, because every leaf asks: 490 aliases of one field took six seconds to compile.
        key = (collection, subject)
        if key not in self._wanted:
            self._wanted[key] = self._merged(collection, subject)
        return self._wanted[key]

    def _merged(self, collection: CollectionName, subject: SubjectClass) -> Wanted | None:
        leaves = self.leaves.get(collection, ())
        columns = {column for leaf in leaves if (column := leaf.column(subject)) is not None}
        if not columns:
            return None
        scope = min(leaf.ruling.rows for leaf in leaves if leaf.column(subject) is not None)
        raised = self.table.raised.get(source_of(collection), ())
        return Wanted(tuple(sorted(columns)), RowFilter(scope, raised[subject.value] if raised else frozenset()))

    def widest(self, collection: CollectionName) -> Wanted | None:
        """What the best-placed subject class may get; None: withheld for all, and so never called."""
        if collection not in self._widest:
            found = [w for subject in ALL_SUBJECT_CLASSES if (w := self.wanted(collection, subject)) is not None]
            self._widest[collection] = max(found, key=_reach, default=None)
        return self._widest[collection]

    def decisions(self, subject: SubjectClass) -> tuple[Decision, ...]:
        """The decision of every leaf for a subject class: all that the writing of an object depends on."""
        return tuple(leaf.ruling.of(subject) for leaves in self.leaves.values() for leaf in leaves)

    def sources(self) -> frozenset[Source]:
        """The sources that will be called."""
        of_rows = {source_of(name) for name in self.leaves if self.widest(name) is not None}
        return frozenset(of_rows | {use.info.source for use in self.checks if use.ruling.highest is Decision.VERIFY})

    def rulings(self) -> Iterable[tuple[tuple[str, ...], FieldRuling]]:
        """Every selected path with its ruling."""
        for leaves in self.leaves.values():
            for leaf in leaves:
                yield leaf.path, leaf.ruling
        for use in self.checks:
            yield use.path, use.ruling

    def fields(self) -> Mapping[str, FieldRuling]:
        """The rulings by schema coordinate."""
        return {ruling.field: ruling for _, ruling in self.rulings()}


def _reach(wanted: Wanted) -> tuple[int, RowScope, list[FieldClass]]:
    return len(wanted.columns), wanted.rows.scope, sorted(wanted.rows.raised)
