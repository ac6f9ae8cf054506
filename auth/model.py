"""Who asks: the caller, as established from one verified token."""

from dataclasses import dataclass
from datetime import datetime

from schema.ids import SectorId
from schema.vocabulary import Assurance, Department, Level, Role

__all__ = ["Caller", "Case", "Profile"]


@dataclass(frozen=True, slots=True)
class Case:
    """A case claim signed by the department's case system, carried in the token.

    `subjects` are the persons the case is about (applicant, child); `related` are persons it names
    besides them (guardians, a spouse). Both hold sector ids of the caller's department.
    """

    reference: str
    purpose: str
    subjects: frozenset[SectorId]
    related: frozenset[SectorId] = frozenset()

    @property
    def named(self) -> frozenset[SectorId]:
        """Everyone the case names."""
        return self.subjects | self.related


@dataclass(frozen=True, slots=True)
class Profile:
    """The part of a caller that decisions depend on; hashable, so tables can be cached by it."""

    department: Department
    roles: frozenset[Role]
    level: Level
    jurisdiction: str
    assurance: Assurance


@dataclass(frozen=True, slots=True)
class Caller:
    """The whole caller. `officer` is a pseudonym (`sub`); `expires` is UTC.

    `jurisdiction` in the profile is a division code prefix (GB/T 2260: 2, 4, 6, 9 or 12 digits).
    `subject` is set for persons only: their sector id of the pseudo-department `person`. A person has no
    `officer` and no `jurisdiction` (both empty), and `level` is PROVINCE: no administrative ceiling applies.
    """

    profile: Profile
    officer: str
    client: str
    issuer: str
    token_id: str
    expires: datetime
    purposes: frozenset[str]
    case: Case | None = None
    subject: SectorId | None = None
