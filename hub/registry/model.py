"""What the registry knows: who is who in which source, and the facts that change decisions. Never a personal value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from privacy.model import Consent, SubjectFacts
from schema.ids import MigrantId, SectorId, SourceKey
from schema.vocabulary import Source

__all__ = ["MigrantSecrets", "Page", "Resolution", "Subject"]


@dataclass(frozen=True, slots=True, repr=False)
class MigrantSecrets:
    """What is sealed in a migrant's row: source keys, flags, consents."""

    keys: Mapping[Source, SourceKey] = field(default_factory=dict)
    protected: bool = False
    minor_until: date | None = None
    consents: tuple[Consent, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Subject:
    """One person as the registry knows them; of a person nobody knows, no keys and no counties."""

    migrant: MigrantId
    facts: SubjectFacts
    keys: Mapping[Source, SourceKey]


@dataclass(frozen=True, slots=True, repr=False)
class Resolution:
    """Subjects in the order of the ids asked for, with the policy epoch at that moment."""

    subjects: Sequence[Subject]
    policy_epoch: int


@dataclass(frozen=True, slots=True, repr=False)
class Page:
    """A part of a listing: migrants with their sector ids, in the order of the ids."""

    migrants: Sequence[MigrantId]
    sector_ids: Sequence[SectorId]
    has_next_page: bool
