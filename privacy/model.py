"""What a decision is: pure values with reasons (DESIGN sections 2 and 7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Final

from schema.ids import FieldId
from schema.vocabulary import Decision, FieldClass, Marker, RowScope, Source, SubjectClass

__all__ = ["Agreement", "Consent", "DecisionTable", "FieldRuling", "Purpose", "SubjectFacts"]

_CHINA_TIME: Final = timezone(timedelta(hours=8))


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent of a person: which department may use it, for which purpose, until when (inclusive)."""

    department: str
    purpose: str
    until: date


@dataclass(frozen=True, slots=True)
class SubjectFacts:
    """What the registry knows about a subject that changes decisions; never a personal value.

    Counties are 6-digit codes, or "" when unknown. `minor_until` is the 14th birthday (PIPL Art. 28).
    """

    residence_county: str
    origin_county: str
    protected: bool
    minor_until: date | None
    consents: tuple[Consent, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldRuling:
    """Decisions for one field or check: `decisions[int(subject class)]`, 32 of them, with their reasons."""

    field: FieldId
    decisions: tuple[Decision, ...]
    rows: RowScope
    policies: tuple[str, ...]

    def of(self, subject: SubjectClass) -> Decision:
        """The decision for one subject class."""
        return self.decisions[subject.value]

    @property
    def highest(self) -> Decision:
        """The best any subject could get."""
        return max(self.decisions)

    @property
    def marker(self) -> Marker | None:
        """Equal for every subject: computed over all subject classes at once (DESIGN section 4).

        AGGREGATE never shows in an answer about a person, so there it is the same as WITHHOLD.
        """
        if self.highest <= Decision.AGGREGATE:
            return Marker.WITHHELD
        return None if min(self.decisions) == self.highest else Marker.CONDITIONAL


@dataclass(frozen=True, slots=True)
class DecisionTable:
    """All decisions for one (policy version, profile, purpose, agreement) on one day.

    A field without a ruling is withheld. `raised[source][subject class]` are the classes raised by code value
    whose rows may leave. `expires`: the next day on which a policy, purpose or agreement begins or ends.
    """

    purpose: str
    policy_version: str
    expires: date | None
    rulings: Mapping[FieldId, FieldRuling]
    raised: Mapping[Source, tuple[frozenset[FieldClass], ...]]

    def ruling(self, field: FieldId) -> FieldRuling:
        """The ruling of a field, withheld for everyone when none stands in the table."""
        return self.rulings.get(field) or FieldRuling(field, (Decision.WITHHOLD,) * 32, RowScope.CURRENT, ())


@dataclass(frozen=True, slots=True)
class Purpose:
    """An entry of the purpose catalogue (DOMAIN section 2). `fields` gives each field's and check's highest decision.

    `data_life` in days: how long the recipient may keep an answer. Dates are inclusive. `children_only` are fields
    that the purpose grants for subjects under 14 and for nobody else. `ceiling` bounds what others' slots give;
    below VERIFY it bounds the caller's own slots too, because then nothing is said about single persons.
    """

    code: str
    name_en: str
    name_zh: str
    basis: tuple[str, ...]
    since: date
    until: date | None
    departments: frozenset[str]
    ceiling: Decision
    data_life: int
    case_required: bool
    consent_required: bool
    agreement_required: bool
    fields: Mapping[FieldId, Decision]
    children_only: frozenset[FieldId] = frozenset()


@dataclass(frozen=True, slots=True)
class Agreement:
    """A persisted document a consumer may run, in its smallest form; `fields` is what it compiles to.

    `listing`: the document may ask about persons it does not name one by one (DESIGN R4).
    """

    id: str
    document: str
    document_hash: str
    purpose: str
    department: str
    client: str | None
    jurisdiction: str
    volume_per_day: int
    expires: datetime
    fields: frozenset[FieldId]
    listing: bool = True

    @property
    def last_day(self) -> date:
        """The last day in China on which it stands; on that day only until `expires`."""
        return self.expires.astimezone(_CHINA_TIME).date()
