"""Whom an answer is about: each subject with the class that decisions depend on and the keys it is fetched under."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from connectors.contract import NEVER_KEY
from schema.errors import ErrorCode
from schema.ids import MigrantId, SectorId, SourceKey
from schema.vocabulary import Source, SubjectClass

__all__ = ["CaseNames", "Involved", "SubjectRef", "Target"]


@dataclass(frozen=True, slots=True)
class SubjectRef:
    """One subject of an answer. `keys` is empty for a person nobody knows, and for one nothing may be said of."""

    migrant: MigrantId
    sector_id: SectorId
    subject_class: SubjectClass
    keys: Mapping[Source, SourceKey]

    def key(self, source: Source) -> SourceKey:
        """The key in a source, or the key that matches nothing."""
        return self.keys.get(source, NEVER_KEY)


@dataclass(frozen=True, slots=True)
class Target:
    """What one planned root is about: its subjects, or the error the root answers with.

    `concerned`: whom the record names where that is somebody else than whom the answer shows. `end_cursor`: where a
    listing's next page begins, when that is not behind its last subject.
    """

    subjects: Sequence[SubjectRef] = ()
    has_next_page: bool = False
    error: ErrorCode | None = None
    concerned: Sequence[MigrantId] = ()
    end_cursor: SectorId | None = None


@dataclass(frozen=True, slots=True)
class CaseNames:
    """Whom the caller's case names, as migrants, so that ids sealed under an older key compare equal."""

    subjects: frozenset[MigrantId] = frozenset()
    related: frozenset[MigrantId] = frozenset()

    @property
    def named(self) -> frozenset[MigrantId]:
        """Everyone the case names."""
        return self.subjects | self.related


@dataclass(frozen=True, slots=True)
class Involved:
    """Everybody one answer is about: the roots' targets, and the other persons its checks name (by the id given)."""

    targets: Sequence[Target]
    named: Mapping[SectorId, SubjectRef]

    @property
    def subjects(self) -> tuple[MigrantId, ...]:
        """Whom the roots are about, each once."""
        each = (target.concerned or [ref.migrant for ref in target.subjects] for target in self.targets)
        return tuple(dict.fromkeys(chain.from_iterable(each)))

    @property
    def everyone(self) -> tuple[MigrantId, ...]:
        """Subjects and named persons, each once."""
        return tuple(dict.fromkeys([*self.subjects, *(ref.migrant for ref in self.named.values())]))
