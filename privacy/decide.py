"""From a profile and a purpose to a decision for every field and check: pure, and the same for equal input.

A decision is the lowest of four: what Cedar says for the field's slot, what the purpose catalogue grants for the
field, what the field's own ceiling and mask allow, and what the agreement names. Then the refusals take away.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from auth.model import Profile
from privacy.model import Agreement, DecisionTable, FieldRuling, Purpose
from privacy.policy_rules import Action
from privacy.policybook import PolicyBook
from privacy.purposes import EMERGENCY, purpose_in_force
from privacy.refusals import NOBODY, REFUSALS, TARGETS, Ask, Subjects, Target, ask_of, raised_target, rows
from privacy.slot_rulings import Question, Situation, SlotRuling, ask_slots
from schema.catalogue import Slot
from schema.ids import FieldId
from schema.vocabulary import ALL_SUBJECT_CLASSES, Decision, Department, FieldClass, Mask, Source, SubjectClass

__all__ = ["AGREEMENT", "CATALOGUE", "NO_RULE", "decide", "granted"]

CATALOGUE: Final = "catalogue"
"""The reason when the purpose catalogue does not grant a field to this department."""

AGREEMENT: Final = "agreement"
"""The reason when the agreement's document does not ask for a field."""

NO_RULE: Final = "no-rule"
"""The reason when the catalogue would grant a field but no rule of its owner does."""

_ACTIONS: Final[Mapping[Decision, Action]] = MappingProxyType(
    {Decision.READ: "read", Decision.MASK: "readMasked", Decision.VERIFY: "verify", Decision.AGGREGATE: "aggregate"}
)
Decisions = tuple[Decision, ...]
"""One for each subject class."""

_WITHHELD: Final[Decisions] = (Decision.WITHHOLD,) * len(ALL_SUBJECT_CLASSES)
_ADULTS: Final[Subjects] = frozenset(c for c in ALL_SUBJECT_CLASSES if SubjectClass.MINOR not in c)
_RAISED: Final = (
    FieldClass.LOCATION,
    FieldClass.FAMILY,
    FieldClass.FINANCIAL,
    FieldClass.HEALTH,
    FieldClass.REPRODUCTIVE,
    FieldClass.ETHNICITY,
)
"""Classes whose raised rows can leave at all (sensitive data, PIPL Art. 28); rows raised to others stay at home."""


@dataclass(frozen=True, slots=True)
class _Request:
    ask: Ask
    purpose: Purpose
    agreement: Agreement | None
    rulings: Mapping[Question, SlotRuling]


def decide(
    profile: Profile, purpose: Purpose, agreement: Agreement | None, book: PolicyBook, on: date
) -> DecisionTable:
    """The decision table of one profile, purpose and agreement on one day (China time).

    It has a ruling for every field and check, and answers withheld for everything when the purpose is not open to
    the department or not in force. Whether this caller may name the purpose, and whether case and agreement are
    theirs, is `privacy.admission`'s to say.
    """
    ask = ask_of(profile, purpose, agreement)
    grants = granted(profile.department, purpose) if purpose_in_force(purpose, on) else {}
    situation = Situation(profile, purpose.code, agreement is not None, purpose.code == EMERGENCY, on)
    raised = _raised_slots(ask) if grants else {}
    questions = _questions(grants) | {Question(slot, "read") for slots in raised.values() for slot in slots}
    request = _Request(ask, purpose, agreement, ask_slots(book, situation, questions))
    return DecisionTable(
        purpose=purpose.code,
        policy_version=book.version,
        expires=_expires(agreement, book, on),
        rulings=MappingProxyType({id: _rule(request, target, grants.get(id)) for id, target in TARGETS.items()}),
        raised=MappingProxyType({source: _raised(request, raised.get(source, ())) for source in Source}),
    )


def granted(department: Department, purpose: Purpose) -> Mapping[FieldId, Decision]:
    """The catalogue's highest decision for each field and check a department may hope for under a purpose.

    A department always reads its own slots, unless the purpose says nothing about single persons at all.
    """
    if department not in purpose.departments:
        return {}
    others = {id: min(decision, purpose.ceiling) for id, decision in purpose.fields.items()}
    if purpose.ceiling <= Decision.AGGREGATE:
        return others
    own = {id: t.ceiling for id, t in TARGETS.items() if t.slot.source.value == department.value}
    return others | own


def _questions(grants: Mapping[FieldId, Decision]) -> frozenset[Question]:
    found = set()
    for id, decision in grants.items():
        target = TARGETS[id]
        found |= {Question(target.slot, _ACTIONS[step]) for step in _steps(target, decision)}
    return frozenset(found)


def _steps(target: Target, grant: Decision) -> tuple[Decision, ...]:
    """The decisions a target can have under a grant, best first; VERIFY is for checks and for nothing else."""
    grant = min(grant, target.ceiling)
    if grant is Decision.AGGREGATE:
        return () if target.check else (Decision.AGGREGATE,)
    if target.check:
        return (Decision.VERIFY,) if grant >= Decision.VERIFY else ()
    masked = (Decision.MASK,) if grant >= Decision.MASK and target.mask is not Mask.NEVER else ()
    return (Decision.READ, *masked) if grant is Decision.READ else masked


def _rule(request: _Request, target: Target, grant: Decision | None) -> FieldRuling:
    scope = rows(request.ask, target)
    if grant is None:
        return FieldRuling(target.id, _WITHHELD, scope, (CATALOGUE,))
    if request.agreement is not None and target.id not in request.agreement.fields:
        return FieldRuling(target.id, _WITHHELD, scope, (AGREEMENT,))
    steps = [(step, request.rulings[Question(target.slot, _ACTIONS[step])]) for step in _steps(target, grant)]
    permitted = _permitted(tuple((step, ruling.allowed) for step, ruling in steps))
    refused, numbers = _refused(request, target)
    decisions = _narrowed(permitted, refused)
    permits = frozenset[str]().union(*(ruling.permits for step, ruling in steps if step in decisions))
    forbids = frozenset[str]().union(*(ruling.forbids for _, ruling in steps))
    narrowing = {number for number, subjects in numbers.items() if _narrowed(permitted, subjects) != permitted}
    return FieldRuling(target.id, decisions, scope, tuple(sorted(permits | forbids | narrowing)) or (NO_RULE,))


@lru_cache(maxsize=1024)
def _permitted(steps: tuple[tuple[Decision, tuple[bool, ...]], ...]) -> Decisions:
    """The best step that is allowed, for each subject class."""
    return tuple(
        next((step for step, allowed in steps if allowed[bits]), Decision.WITHHOLD)
        for bits in range(len(ALL_SUBJECT_CLASSES))
    )


@lru_cache(maxsize=1024)
def _narrowed(permitted: Decisions, refused: Subjects) -> Decisions:
    return tuple(
        Decision.WITHHOLD if subject in refused else decision
        for subject, decision in zip(ALL_SUBJECT_CLASSES, permitted, strict=True)
    )


def _refused(request: _Request, target: Target) -> tuple[Subjects, Mapping[str, Subjects]]:
    """The subjects for whom a target is refused, and by which refusal."""
    found = ((number, refuse(request.ask, target)) for number, refuse in REFUSALS.items())
    numbers = {number: subjects for number, subjects in found if subjects}
    if target.id in request.purpose.children_only and not request.ask.owns(target.slot.source):
        numbers[CATALOGUE] = _ADULTS
    return NOBODY.union(*numbers.values()), numbers


def _raised_slots(ask: Ask) -> Mapping[Source, tuple[Slot, ...]]:
    """Raised rows leave to their owner's department and to the person, if at all."""
    mine = [source for source in Source if ask.owns(source) or ask.department is Department.PERSON]
    return {source: tuple(Slot(field_class, source) for field_class in _RAISED) for source in mine}


def _raised(request: _Request, slots: Collection[Slot]) -> tuple[frozenset[FieldClass], ...]:
    if request.purpose.ceiling <= Decision.AGGREGATE:
        slots = ()
    open_to = {
        slot.field_class: (
            request.rulings[Question(slot, "read")].allowed,
            _refused(request, raised_target(slot))[0],
        )
        for slot in slots
    }
    return tuple(
        frozenset(c for c, (allowed, refused) in open_to.items() if allowed[subject.value] and subject not in refused)
        for subject in ALL_SUBJECT_CLASSES
    )


def _expires(agreement: Agreement | None, book: PolicyBook, on: date) -> date | None:
    """The next day on which anything begins or has ended; an agreement's last day counts as its end."""
    boundary = book.next_boundary(on)
    if agreement is None:
        return boundary
    ends = max(agreement.last_day, on + timedelta(days=1))
    return ends if boundary is None else min(boundary, ends)
