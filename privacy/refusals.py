"""What no configuration can switch on: DESIGN section 7, R1 to R9, after everything else is decided.

Each refusal is a function of who asks and what is asked for; it names the subjects for whom nothing leaves. There
is no way to grant from here, so policy can only narrow what these functions leave open.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from auth.model import Profile
from privacy.model import Agreement, Purpose
from schema.catalogue import FIELDS, Slot
from schema.checks import CHECKS
from schema.ids import FieldId
from schema.vocabulary import (
    ALL_SUBJECT_CLASSES,
    Assurance,
    Decision,
    Department,
    FieldClass,
    Level,
    Mask,
    Role,
    RowScope,
    Source,
    SubjectClass,
)

__all__ = ["EVERYBODY", "NOBODY", "REFUSALS", "TARGETS", "Ask", "Subjects", "Target", "ask_of", "raised_target", "rows"]

Subjects = frozenset[SubjectClass]
"""The subject classes for whom something is refused."""

NOBODY: Final[Subjects] = frozenset()
EVERYBODY: Final[Subjects] = frozenset(ALL_SUBJECT_CLASSES)
_PROTECTED: Final[Subjects] = frozenset(c for c in ALL_SUBJECT_CLASSES if SubjectClass.PROTECTED in c)
_NOT_CONSENTED: Final[Subjects] = frozenset(c for c in ALL_SUBJECT_CLASSES if SubjectClass.CONSENTED not in c)


@dataclass(frozen=True, slots=True)
class Ask:
    """Who asks and how, as far as a refusal cares. `aggregate`: only counts are asked for. `listing`: persons are
    not named one by one. `case`: the purpose requires a case, so admission has seen one."""

    department: Department
    roles: frozenset[Role]
    level: Level
    assurance: Assurance
    aggregate: bool
    listing: bool
    agreement: bool
    case: bool

    def owns(self, source: Source) -> bool:
        """Whether the caller's department keeps that source."""
        return self.department.value == source.value

    @property
    def is_person(self) -> bool:
        """The person concerned, asking about themselves; a guardian is not."""
        return self.department is Department.PERSON and Role.PERSON in self.roles


@dataclass(frozen=True, slots=True)
class Target:
    """What is asked for: a held field, a check, or the rows of a slot that exist only by a raised class."""

    id: FieldId
    slot: Slot
    locates: bool
    check: bool
    dated_place: bool
    mask: Mask
    ceiling: Decision


def ask_of(profile: Profile, purpose: Purpose, agreement: Agreement | None) -> Ask:
    """The part of a request that refusals depend on."""
    return Ask(
        department=profile.department,
        roles=profile.roles,
        level=profile.level,
        assurance=profile.assurance,
        aggregate=purpose.ceiling <= Decision.AGGREGATE,
        listing=agreement is not None and agreement.listing,
        agreement=agreement is not None,
        case=purpose.case_required,
    )


_HEALTH: Final = frozenset({FieldClass.HEALTH, FieldClass.REPRODUCTIVE})
_INSURANCE: Final = frozenset(Slot(field_class, Source.HUMAN_RESOURCES) for field_class in _HEALTH)
_BELOW_COUNTY: Final = frozenset({Level.TOWNSHIP, Level.VILLAGE})


def r1_police_health(ask: Ask, target: Target) -> Subjects:
    """R1: police never receive HEALTH or REPRODUCTIVE, their own raised values included."""
    return EVERYBODY if ask.department is Department.POLICE and target.slot.field_class in _HEALTH else NOBODY


def r2_reproductive(ask: Ask, target: Target) -> Subjects:
    """R2: REPRODUCTIVE goes to the person, and to a treating institution for one consented subject with a case.

    Never in a list, never to management, township or village roles. Medical and maternity insurance rows that human
    resources hold belong to healthcare security and leave to the person only (DOMAIN section 3).
    """
    narrow = target.slot.field_class is FieldClass.REPRODUCTIVE or target.slot in _INSURANCE
    if ask.is_person or not narrow:
        return NOBODY
    treating = (
        ask.department is Department.HEALTH
        and ask.roles == {Role.TREATING_INSTITUTION}
        and ask.level not in _BELOW_COUNTY
    )
    one_subject = ask.case and not ask.listing and not ask.aggregate
    return _NOT_CONSENTED if treating and one_subject and ask.owns(target.slot.source) else EVERYBODY


_TRACES: Final = frozenset({FieldId("SocialInsurance.kind")})
"""Fields whose counts would tell of births: maternity insurance is a kind of insurance."""


def r3_birth_counts(ask: Ask, target: Target) -> Subjects:
    """R3: nothing is checked or counted by pregnancy, birth, contraception or their traces."""
    trace = target.slot.field_class is FieldClass.REPRODUCTIVE or target.id in _TRACES
    return EVERYBODY if trace and (target.check or ask.aggregate) else NOBODY


def r4_listing(ask: Ask, _target: Target) -> Subjects:
    """R4: no listing without an agreement."""
    return EVERYBODY if ask.listing and not ask.agreement else NOBODY


def r6_ethnicity(ask: Ask, target: Target) -> Subjects:
    """R6: ETHNICITY stays with its owner, and is not counted or listed there either; the person sees their own."""
    if target.slot.field_class is not FieldClass.ETHNICITY or ask.is_person:
        return NOBODY
    return NOBODY if ask.owns(target.slot.source) and not ask.aggregate and not ask.listing else EVERYBODY


def r7_protected(ask: Ask, target: Target) -> Subjects:
    """R7: what locates a protected person answers as nothing on record, and so does every check; lists leave her out.

    Except to the owner's protection desk under a case, and to herself when she stands at the counter.
    """
    if ask.listing or ask.aggregate:
        return _PROTECTED
    if not (target.locates or target.check):
        return NOBODY
    desk = Role.PROTECTION_DESK in ask.roles and ask.owns(target.slot.source) and ask.case
    herself = ask.is_person and ask.assurance is Assurance.IN_PERSON
    return NOBODY if desk or herself else _PROTECTED


def r8_police_checks(ask: Ask, target: Target) -> Subjects:
    """R8: police obtain others' data as checks only, for one applicant, under that application's case."""
    if ask.department is not Department.POLICE or ask.owns(target.slot.source):
        return NOBODY
    return NOBODY if target.check and ask.case and not ask.listing and not ask.aggregate else EVERYBODY


_MARKS: Final = frozenset(
    {"score", "rating", "rank", "risk", "colour", "color", "label", "credit", "watch", "watchlist", "key", "focus"}
)
_WORD: Final = re.compile(r"[A-Z]?[a-z]+")


def r9_marks(_ask: Ask, target: Target) -> Subjects:
    """R9: no score, colour, label, watch-list or "key person" mark is carried, whatever the schema comes to say."""
    return EVERYBODY if _names_mark(target.id) else NOBODY


@lru_cache(maxsize=1024)
def _names_mark(field: FieldId) -> bool:
    return any(word.lower() in _MARKS for word in _WORD.findall(field.partition(".")[2]))


REFUSALS: Final[Mapping[str, Callable[[Ask, Target], Subjects]]] = MappingProxyType(
    {
        "R1": r1_police_health,
        "R2": r2_reproductive,
        "R3": r3_birth_counts,
        "R4": r4_listing,
        "R6": r6_ethnicity,
        "R7": r7_protected,
        "R8": r8_police_checks,
        "R9": r9_marks,
    }
)
"""R5 narrows rows, not decisions: `rows()`."""


def rows(ask: Ask, target: Target) -> RowScope:
    """R5: dated rows with a place, employer or institution leave their owner as the current row only.

    The person sees all rows; so does the owner.
    """
    if not target.dated_place or ask.owns(target.slot.source) or ask.department is Department.PERSON:
        return RowScope.ALL
    return RowScope.CURRENT


def raised_target(slot: Slot) -> Target:
    """Rows of a source raised to a class by code value; they hang on fields that locate."""
    return Target(
        FieldId(""), slot, locates=True, check=False, dated_place=True, mask=Mask.NEVER, ceiling=Decision.READ
    )


def _targets() -> Mapping[FieldId, Target]:
    held = {f.id: Target(f.id, f.slot, f.locates, False, f.dated_place, f.mask, f.ceiling) for f in FIELDS.values()}
    checks = {c.id: Target(c.id, c.slot, True, True, False, Mask.NEVER, Decision.VERIFY) for c in CHECKS.values()}
    return MappingProxyType(held | checks)


TARGETS: Final[Mapping[FieldId, Target]] = _targets()
