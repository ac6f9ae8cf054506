"""Run a plan: one batched call per collection and check, all departments at once; then write the objects.

Subjects for whom a collection is withheld ride along under a key that matches nothing, so that neither the calls nor
their time tell them apart. Columns a subject class may not have are not in its batch's columns.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from graphql import VariableValues

from connectors.contract import NEVER_KEY, CheckArgument, CheckRequest
from hub.engine.arguments import arguments_of
from hub.engine.connection import ConnectionShape, Page
from hub.engine.gates import Gate, Reports
from hub.engine.needs import CheckUse, Needs, Wanted
from hub.engine.plan import Plan, PlannedRoot
from hub.engine.shape import Failed, Faults, Outcome, SubjectState
from hub.engine.subjects import SubjectRef, Target
from schema.catalogue import source_of
from schema.errors import ErrorCode
from schema.ids import CollectionName, SectorId, SourceKey
from schema.vocabulary import Answer, Decision, Source, SourceStatus, SubjectClass

__all__ = ["Execution", "person_argument"]

_UNKNOWN = Outcome(Answer.UNKNOWN, None)


def person_argument(use: CheckUse, variables: VariableValues) -> SectorId | None:
    """The sector id a check names as its other person, if it takes one."""
    if use.info.person is None:
        return None
    return SectorId(str(arguments_of(use.definition, use.node, variables)[use.info.person]))


@dataclass(slots=True)
class _Batch:
    """One call to come: keys, and where each key's rows go."""

    keys: list[SourceKey] = field(default_factory=list)
    states: list[SubjectState] = field(default_factory=list)

    def add(self, key: SourceKey, state: SubjectState) -> None:
        self.keys.append(key)
        self.states.append(state)


@dataclass(slots=True)
class _CheckBatch:
    request: CheckRequest
    source: Source
    keys: list[SourceKey] = field(default_factory=list)
    places: list[tuple[SubjectState, int]] = field(default_factory=list)


class Execution:
    """One run of a plan. `named` holds the other persons that checks name, by sector id."""

    def __init__(
        self,
        gates: Mapping[Source, Gate],
        variables: VariableValues,
        named: Mapping[SectorId, SubjectRef],
        today: date,
        reports: Reports,
    ) -> None:
        self.reports = reports
        self.faults = Faults()
        self._gates = gates
        self._variables = variables
        self._named = named
        self._today = today
        self._batches: dict[tuple[CollectionName, Wanted], _Batch] = {}
        self._failed: dict[CollectionName, Failed] = {}
        self._checks: dict[tuple[str, tuple[tuple[str, Any], ...]], _CheckBatch] = {}

    async def run(self, plan: Plan, targets: Sequence[Target]) -> dict[str, Any]:
        """The value of every planned root by response key; `targets` stand in the order of `plan.planned`."""
        states = [self._prepare(root, target) for root, target in zip(plan.planned, targets, strict=True)]
        await self._call_sources()
        return {
            root.key: self._write(root, target, own)
            for root, target, own in zip(plan.planned, targets, states, strict=True)
        }

    def _prepare(self, root: PlannedRoot, target: Target) -> list[SubjectState]:
        states = [SubjectState(ref.sector_id, ref.subject_class, {}, []) for ref in target.subjects]
        for collection in root.needs.leaves:
            self._add_rows(root.needs, collection, target.subjects, states)
        for use in root.needs.checks:
            self._add_check(use, target.subjects, states)
        return states

    def _add_rows(
        self, needs: Needs, collection: CollectionName, refs: Sequence[SubjectRef], states: Sequence[SubjectState]
    ) -> None:
        widest = needs.widest(collection)
        if widest is None:
            return
        source, chosen, without = source_of(collection), {}, []
        for ref, state in zip(refs, states, strict=True):
            if ref.subject_class not in chosen:
                chosen[ref.subject_class] = needs.wanted(collection, ref.subject_class)
            wanted = chosen[ref.subject_class]
            if wanted is None:
                without.append(state)
            else:
                self._batch(collection, wanted).add(ref.key(source), state)
        if without:
            shared = next((wanted for wanted in chosen.values() if wanted is not None), widest)
            for state in without:
                self._batch(collection, shared).add(NEVER_KEY, state)

    def _batch(self, collection: CollectionName, wanted: Wanted) -> _Batch:
        return self._batches.setdefault((collection, wanted), _Batch())

    def _add_check(self, use: CheckUse, refs: Sequence[SubjectRef], states: Sequence[SubjectState]) -> None:
        if use.ruling.highest is not Decision.VERIFY:
            for state in states:
                state.outcomes.append(_UNKNOWN)
            return
        given = arguments_of(use.definition, use.node, self._variables)
        arguments, answerable = self._arguments(use, given)
        # By what was asked, not by the key it leads to: two persons nobody knows make two calls with two times.
        batch = self._checks.setdefault(
            (use.info.name, tuple(sorted(given.items()))),
            _CheckBatch(CheckRequest(use.info.name, self._today, arguments), use.info.source),
        )
        for ref, state in zip(refs, states, strict=True):
            state.outcomes.append(_UNKNOWN)
            batch.places.append((state, use.index))
            allowed = answerable and use.ruling.of(ref.subject_class) is Decision.VERIFY
            batch.keys.append(ref.key(use.info.source) if allowed else NEVER_KEY)

    def _arguments(self, use: CheckUse, given: Mapping[str, Any]) -> tuple[dict[str, CheckArgument], bool]:
        """The arguments as the source takes them, and whether there can be an answer other than UNKNOWN."""
        arguments: dict[str, CheckArgument] = {name: getattr(value, "value", value) for name, value in given.items()}
        if use.info.person is None:
            return arguments, True
        other = self._named[SectorId(str(given[use.info.person]))]
        hidden = SubjectClass.PROTECTED in other.subject_class
        key = NEVER_KEY if hidden else other.key(use.info.source)
        return {use.info.person: key}, key != NEVER_KEY

    async def _call_sources(self) -> None:
        async with asyncio.TaskGroup() as group:
            for (collection, wanted), batch in self._batches.items():
                group.create_task(self._fetch(collection, wanted, batch))
            for check in self._checks.values():
                group.create_task(self._check(check))
        self._fail_equally()

    async def _fetch(self, collection: CollectionName, wanted: Wanted, batch: _Batch) -> None:
        gate = self._gates.get(source_of(collection))
        result = (
            self._missing(source_of(collection))
            if gate is None
            else await gate.fetch(collection, batch.keys, wanted, self.reports)
        )
        if isinstance(result, Failed):
            self._failed[collection] = result
            return
        for index, state in enumerate(batch.states):
            state.rows[collection] = result.rows[index]

    def _fail_equally(self) -> None:
        """INVARIANT: a collection fails for every subject or for none. Subjects of different classes may be asked for
        in different calls; a failure of one alone would tell which of them are of one class."""
        for (collection, _), batch in self._batches.items():
            if collection in self._failed:
                for state in batch.states:
                    state.rows[collection] = self._failed[collection]

    async def _check(self, batch: _CheckBatch) -> None:
        gate = self._gates.get(batch.source)
        result = (
            self._missing(batch.source) if gate is None else await gate.check(batch.request, batch.keys, self.reports)
        )
        if isinstance(result, Failed):
            return
        for (state, index), answer in zip(batch.places, result.answers, strict=True):
            state.outcomes[index] = Outcome(answer, result.as_of)

    def _missing(self, source: Source) -> Failed:
        self.reports.note(source, SourceStatus.UNAVAILABLE)
        return Failed(ErrorCode.SOURCE_UNAVAILABLE)

    def _write(self, root: PlannedRoot, target: Target, states: Sequence[SubjectState]) -> Any:
        if target.error is not None:
            self.faults.add((root.key,), target.error)
            return None
        if isinstance(root.shape, ConnectionShape):
            page = Page(states, target.has_next_page, target.end_cursor)
            return root.shape.write(page, self.faults, (root.key,))
        return root.shape.write(states[0], self.faults, (root.key,)) if states else None
