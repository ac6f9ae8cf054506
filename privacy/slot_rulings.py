"""What Cedar says about slots, for all subject classes at once.

Questions about one owner's slots go to Cedar in one batch, and only the subject facts that some rule which can
apply really reads are varied; the answers are then spread over the 32 subject classes.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import product
from typing import Final

import cedarpy

from auth.model import Profile
from privacy.policy_rules import FACTS, Action, Rule
from privacy.policybook import PolicyBook, RuleSet
from schema.catalogue import Slot
from schema.vocabulary import ALL_SUBJECT_CLASSES, FieldClass, Source

__all__ = ["CEDAR_ERROR", "Question", "SlotRuling", "Situation", "ask_slots"]

CEDAR_ERROR: Final = "cedar-error"
"""The reason given when a rule failed while it was evaluated: then nothing is allowed."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What is the same for all questions of one table: who, why, under what, when."""

    profile: Profile
    purpose: str
    agreement: bool
    emergency: bool
    on: date


@dataclass(frozen=True, slots=True)
class Question:
    """May this action be done with this slot?"""

    slot: Slot
    action: Action


@dataclass(frozen=True, slots=True)
class SlotRuling:
    """`allowed[int(subject class)]`; the ids of the permits that allowed and of the forbids that stood against it."""

    allowed: tuple[bool, ...]
    permits: frozenset[str]
    forbids: frozenset[str]


_DENIED: Final = SlotRuling((False,) * len(ALL_SUBJECT_CLASSES), frozenset(), frozenset())
_SLOTS: Final = tuple(Slot(field_class, source) for field_class in FieldClass for source in Source)
_Facts = tuple[bool, ...]
"""One flag for each of `FACTS`."""


def ask_slots(book: PolicyBook, situation: Situation, questions: Collection[Question]) -> Mapping[Question, SlotRuling]:
    """A ruling for every question.

    Allowed only where Cedar allows **and** reports no error: it skips a forbid that fails.
    """
    rulings: dict[Question, SlotRuling] = {}
    for source in {question.slot.source for question in questions}:
        mine = [question for question in questions if question.slot.source is source]
        department = situation.profile.department.value
        rule_set = book.rule_set(source, situation.purpose, department, situation.on)
        rulings |= _ask_owner(rule_set, situation, mine)
    return rulings


def _ask_owner(rule_set: RuleSet, situation: Situation, questions: Sequence[Question]) -> Mapping[Question, SlotRuling]:
    """One batch for all questions to one owner. What no permit can allow is denied unasked."""
    varied = {question: _varied(_relevant(rule_set.rules, situation, question)) for question in questions}
    asked = [(q, facts) for q, vary in varied.items() if vary is not None for facts in _combinations(vary)]
    contexts = {facts: _context(situation, facts) for _, facts in asked}
    requests = [_request(question, contexts[facts]) for question, facts in asked]
    results = iter(cedarpy.is_authorized_batch(requests, rule_set.handle, _entities(situation.profile)))
    return {
        question: _DENIED if vary is None else _spread([next(results) for _ in _combinations(vary)], vary)
        for question, vary in varied.items()
    }


def _relevant(rules: Iterable[Rule], situation: Situation, question: Question) -> list[Rule]:
    """The rules that can apply to a question; none at all when no permit among them can."""
    known = {
        "principal.level": frozenset({situation.profile.level.value}),
        "principal.roles": frozenset(role.value for role in situation.profile.roles),
        "resource.class": frozenset({question.slot.field_class.value}),
        "resource.source": frozenset({question.slot.source.value}),
        "resource.owner": frozenset({question.slot.source.value}),
    }
    found = [rule for rule in rules if question.action in rule.actions and rule.may_apply(known)]
    return found if any(rule.effect == "permit" for rule in found) else []


def _varied(rules: Sequence[Rule]) -> _Facts | None:
    """For each fact whether it must be varied; None when there is nothing to ask."""
    return tuple(any(fact in rule.facts for rule in rules) for fact in FACTS) if rules else None


@lru_cache(maxsize=32)
def _combinations(varied: _Facts) -> tuple[_Facts, ...]:
    return tuple(product(*((False, True) if vary else (False,) for vary in varied)))


@lru_cache(maxsize=32)
def _places(varied: _Facts) -> tuple[int, ...]:
    """For each subject class, the combination that stands for it."""
    combinations = _combinations(varied)
    return tuple(
        combinations.index(tuple(vary and bool(bits >> bit & 1) for bit, vary in enumerate(varied)))
        for bits in range(len(ALL_SUBJECT_CLASSES))
    )


def _spread(results: Sequence[cedarpy.AuthzResult], varied: _Facts) -> SlotRuling:
    """From one result for each combination to all subject classes."""
    verdicts = [result.allowed and not result.diagnostics.errors for result in results]
    permits = {reason for v, r in zip(verdicts, results, strict=True) if v for reason in r.diagnostics.reasons}
    forbids = {reason for result in results if not result.allowed for reason in result.diagnostics.reasons}
    if any(result.diagnostics.errors for result in results):
        forbids.add(CEDAR_ERROR)
    return SlotRuling(tuple(verdicts[place] for place in _places(varied)), frozenset(permits), frozenset(forbids))


def _request(question: Question, context: str) -> dict[str, object]:
    return {
        "principal": {"type": "Caller", "id": "caller"},
        "action": {"type": "Action", "id": question.action},
        "resource": {"type": "Slot", "id": _slot_id(question.slot)},
        "context": context,
    }


def _context(situation: Situation, facts: _Facts) -> str:
    return json.dumps(
        {
            "purpose": _word("Purpose", situation.purpose),
            "agreement": situation.agreement,
            "emergency": situation.emergency,
            **dict(zip(FACTS, facts, strict=True)),
        }
    )


@lru_cache(maxsize=256)
def _entities(profile: Profile) -> cedarpy.Entities:
    """The caller beside all slots."""
    attributes = {
        "department": _word("Department", profile.department.value),
        "roles": [_word("Role", role.value) for role in sorted(profile.roles)],
        "level": _word("Level", profile.level.value),
    }
    return _slot_entities().with_added_json_str(json.dumps([_entity("Caller", "caller", attributes)]))


@lru_cache(maxsize=1)
def _slot_entities() -> cedarpy.Entities:
    return cedarpy.Entities.from_json_str(json.dumps([_slot_entity(slot) for slot in _SLOTS]))


def _slot_entity(slot: Slot) -> dict[str, object]:
    attributes = {
        "class": _word("Class", slot.field_class.value),
        "source": _word("Source", slot.source.value),
        "owner": _word("Department", slot.source.value),
    }
    return _entity("Slot", _slot_id(slot), attributes)


def _entity(kind: str, name: str, attributes: Mapping[str, object]) -> dict[str, object]:
    return {"uid": {"type": kind, "id": name}, "attrs": attributes, "parents": []}


def _slot_id(slot: Slot) -> str:
    return f"{slot.field_class.value}@{slot.source.value}"


def _word(kind: str, word: str) -> dict[str, dict[str, str]]:
    return {"__entity": {"type": kind, "id": word}}
