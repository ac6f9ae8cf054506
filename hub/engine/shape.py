"""A selection on Migrant, compiled: for each subject class a function from fetched rows to the JSON object.

`compile_shape` walks the selection once and notes what it needs; `Shape.writer(subject class)` makes, once per class,
the closures that write the object. INVARIANT: what a writer returns for a withheld field equals what it returns when
nothing is on record, and a failed source shows equally for every subject class.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from graphql import GraphQLObjectType, get_named_type

from connectors.contract import Row
from hub.engine.needs import CheckUse, Leaf, Needs
from hub.engine.selection import Collector, Selected
from hub.engine.values import Composite, WrongTypeError, renderer
from schema.catalogue import FIELDS, field_meta
from schema.checks import CHECKS
from schema.errors import ErrorCode
from schema.fields import Checked, Group, Held, Record, Records
from schema.ids import CollectionName, FieldId
from schema.vocabulary import Answer, Decision, SubjectClass

__all__ = ["Failed", "Faults", "Outcome", "Path", "Shape", "SubjectState", "Writer", "compile_shape"]

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """A call that failed, in place of its rows."""

    code: ErrorCode


@dataclass(frozen=True, slots=True)
class Outcome:
    """A check's answer; `as_of` is None when its source did not answer."""

    answer: Answer
    as_of: datetime | None


@dataclass(slots=True)
class SubjectState:
    """All that was fetched for one subject. `rows[collection]` as the plan's columns order; `outcomes[check index]`."""

    sector_id: str
    subject_class: SubjectClass
    rows: dict[CollectionName, Sequence[Row] | Failed]
    outcomes: list[Outcome]


class Faults:
    """Errors of one answer, in the order they were met; at most one per path."""

    def __init__(self) -> None:
        self.found: dict[Path, ErrorCode] = {}

    def add(self, path: Path, code: ErrorCode) -> None:
        """Note an error at a path of the answer."""
        self.found.setdefault(path, code)


Writer = Callable[[SubjectState, Faults, Path], Any]
_RowWriter = Callable[[Row, Faults, Path], Any]


@dataclass(slots=True)
class _Object:
    """Members of an object in response order; a member makes its writer for a subject class."""

    members: list[tuple[str, "_Node"]] = field(default_factory=list)

    def writer(self, needs: Needs, subject: SubjectClass) -> Writer:
        """Writes every member."""
        writers = tuple((key, node.writer(needs, subject)) for key, node in self.members)
        return lambda state, faults, path: {key: write(state, faults, path) for key, write in writers}


@dataclass(frozen=True, slots=True)
class _Constant:
    value: Any

    def writer(self, _needs: Needs, _subject: SubjectClass) -> Writer:
        """Writes the same for every subject."""
        value = self.value
        return lambda _state, _faults, _path: value


@dataclass(frozen=True, slots=True)
class _Id:
    def writer(self, _needs: Needs, _subject: SubjectClass) -> Writer:
        """Writes the sector id."""
        return lambda state, _faults, _path: state.sector_id


@dataclass(frozen=True, slots=True)
class _Value:
    """A held field of a single-row collection, directly on the migrant or in a group."""

    leaf: Leaf
    composite: Composite | None
    path: tuple[str, ...]

    def writer(self, needs: Needs, subject: SubjectClass) -> Writer:
        """Writes the value, or null."""
        if needs.widest(self.leaf.info.collection) is None or self.leaf.ruling.highest < Decision.MASK:
            return _Constant(None).writer(needs, subject)
        collection, path = self.leaf.info.collection, self.path
        write = self.row_writer(needs, subject)

        def from_state(state: SubjectState, faults: Faults, base: Path) -> Any:
            rows = state.rows[collection]
            if isinstance(rows, Failed):
                faults.add(base + path, rows.code)
                return None
            return write(rows[0], faults, base + path) if rows else None

        return from_state

    def row_writer(self, needs: Needs, subject: SubjectClass) -> _RowWriter:
        """Writes the value of a given row; the path is the value's own."""
        column, wanted = self.leaf.column(subject), needs.wanted(self.leaf.info.collection, subject)
        if column is None or wanted is None:
            return lambda _row, _faults, _path: None
        position = wanted.columns.index(column)
        render = renderer(self.leaf.info, self.leaf.ruling.of(subject), self.composite)

        def from_row(row: Row, faults: Faults, path: Path) -> Any:
            value = row[position]
            if value is None:
                return None
            try:
                return render(value)
            except WrongTypeError:
                faults.add(path, ErrorCode.SOURCE_QUALITY)
                return None

        return from_row


_RowMember = tuple[str, _Value | _Constant]


def _members_writer(members: Sequence[_RowMember], needs: Needs, subject: SubjectClass) -> _RowWriter:
    writers = tuple(
        (key, node.row_writer(needs, subject) if isinstance(node, _Value) else _fixed(node.value))
        for key, node in members
    )
    return lambda row, faults, path: {key: write(row, faults, (*path, key)) for key, write in writers}


def _fixed(value: Any) -> _RowWriter:
    return lambda _row, _faults, _path: value


def _readable(members: Sequence[_RowMember], subject: SubjectClass) -> bool:
    return any(isinstance(node, _Value) and node.leaf.column(subject) is not None for _, node in members)


def _withheld(members: Sequence[_RowMember]) -> bool:
    return all(not isinstance(node, _Value) or node.leaf.ruling.highest < Decision.MASK for _, node in members)


@dataclass(frozen=True, slots=True)
class _Rows:
    """An object (single row) or list (many rows) of one collection. Null: withheld for all, or its source failed."""

    collection: CollectionName
    members: tuple[_RowMember, ...]
    path: tuple[str, ...]
    many: bool

    def writer(self, needs: Needs, subject: SubjectClass) -> Writer:
        """Writes the rows; without a readable member it is empty, as when nothing is on record."""
        if _withheld(self.members):
            return _Constant(None).writer(needs, subject)
        readable = _readable(self.members, subject)
        write = _members_writer(self.members, needs, subject)
        collection, path, many = self.collection, self.path, self.many

        def from_state(state: SubjectState, faults: Faults, base: Path) -> Any:
            rows = state.rows[collection]
            if isinstance(rows, Failed):
                faults.add(base + path, rows.code)
                return None
            place = base + path
            if many:
                return [write(row, faults, (*place, i)) for i, row in enumerate(rows)] if readable else []
            return write(rows[0], faults, place) if rows and readable else None

        return from_state


@dataclass(frozen=True, slots=True)
class _Check:
    """A check; withheld, it answers UNKNOWN as of the time of the call, like any subject nothing is known of."""

    use: CheckUse
    parts: tuple[tuple[str, str], ...]

    def writer(self, _needs: Needs, _subject: SubjectClass) -> Writer:
        """Writes the answer."""
        index, parts, source = self.use.index, self.parts, self.use.info.source.value
        called = self.use.ruling.highest is Decision.VERIFY

        def from_state(state: SubjectState, _faults: Faults, _path: Path) -> Any:
            outcome = state.outcomes[index] if called else _UNASKED
            told = {
                "answer": outcome.answer.value,
                "asOf": None if outcome.as_of is None else outcome.as_of.isoformat(),
                "source": source,
                "__typename": "CheckAnswer",
            }
            return {key: told[name] for key, name in parts}

        return from_state


_UNASKED = Outcome(Answer.UNKNOWN, None)
_Node = _Object | _Constant | _Id | _Value | _Rows | _Check


@dataclass(slots=True)
class Shape:
    """A compiled selection on Migrant."""

    root: _Object
    needs: Needs
    _writers: dict[SubjectClass, Writer] = field(default_factory=dict)
    _shared: dict[tuple[Decision, ...], Writer] = field(default_factory=dict)

    def write(self, state: SubjectState, faults: Faults, path: Path) -> Any:
        """The JSON object of one subject."""
        writer = self._writers.get(state.subject_class)
        if writer is None:
            writer = self._writers[state.subject_class] = self._writer(state.subject_class)
        return writer(state, faults, path)

    def _writer(self, subject: SubjectClass) -> Writer:
        """Subject classes with the same decisions share one writer: it is the larger part of a plan's memory."""
        decisions = self.needs.decisions(subject)
        if decisions not in self._shared:
            self._shared[decisions] = self.root.writer(self.needs, subject)
        return self._shared[decisions]


def compile_shape(
    parent: GraphQLObjectType, selected: Sequence[Selected], path: tuple[str, ...], collector: Collector, needs: Needs
) -> Shape:
    """Compile a selection on Migrant that stands at `path` of the answer; `needs` collects what it wants."""
    return Shape(_ShapeCompiler(collector, needs, path).object(parent, selected, ()), needs)


class _ShapeCompiler:
    def __init__(self, collector: Collector, needs: Needs, place: tuple[str, ...]) -> None:
        self._collector = collector
        self._needs = needs
        self._place = place

    def object(self, parent: GraphQLObjectType, selected: Sequence[Selected], path: tuple[str, ...]) -> _Object:
        return _Object([(one.key, self._node(parent, one, (*path, one.key))) for one in selected])

    def _node(self, parent: GraphQLObjectType, one: Selected, path: tuple[str, ...]) -> _Node:
        if one.name == "__typename":
            return _Constant(parent.name)
        if parent.name == "Migrant" and one.name == "id":
            return _Id()
        meta = field_meta(parent, one.name)
        child = get_named_type(parent.fields[one.name].type)
        if isinstance(meta, Held):
            return self._value(parent, one, path)
        if isinstance(meta, Checked):
            return self._check(parent, one, path)
        below = self._collector.collect(child, one.selections)
        if isinstance(meta, Group | Records):
            members = tuple((part.key, self._member(child, part, path)) for part in below)
            return _Rows(meta.collection, members, path, isinstance(meta, Records))
        # INVARIANT: what is left are objects that hold no value of their own: a department's record, Checks
        if not (isinstance(meta, Record) or one.name == "checks"):
            raise AssertionError("a field of the schema without a way to compile it")
        return self.object(child, below, path)

    def _member(self, parent: GraphQLObjectType, one: Selected, path: tuple[str, ...]) -> _Value | _Constant:
        if one.name == "__typename":
            return _Constant(parent.name)
        return self._value(parent, one, (*path, one.key))

    def _value(self, parent: GraphQLObjectType, one: Selected, path: tuple[str, ...]) -> _Value:
        info = FIELDS[FieldId(f"{parent.name}.{one.name}")]
        leaf = Leaf(info, self._needs.table.ruling(info.id), (*self._place, *path))
        self._needs.add(leaf)
        composite: Composite | None = None
        if one.selections:
            child = get_named_type(parent.fields[one.name].type)
            composite = tuple((part.key, part.name) for part in self._collector.collect(child, one.selections))
        return _Value(leaf, composite, path)

    def _check(self, parent: GraphQLObjectType, one: Selected, path: tuple[str, ...]) -> _Check:
        info = CHECKS[one.name]
        ruling = self._needs.table.ruling(info.id)
        use = CheckUse(
            len(self._needs.checks), info, ruling, one.nodes[0], parent.fields[one.name], (*self._place, *path)
        )
        self._needs.checks.append(use)
        child = get_named_type(parent.fields[one.name].type)
        parts = tuple((part.key, part.name) for part in self._collector.collect(child, one.selections))
        return _Check(use, parts)
