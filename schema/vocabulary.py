"""The closed sets of words that every other package speaks in.

Sources: `docs/glossary.md` (terms), DOMAIN sections 2 and 3 (departments, roles, classes).
Values are the spellings used in tokens, policies, mapping files and the API.
"""

from enum import Enum, IntEnum, IntFlag, StrEnum

__all__ = [
    "ALL_SUBJECT_CLASSES",
    "Answer",
    "Assurance",
    "Decision",
    "Department",
    "FieldClass",
    "Level",
    "Marker",
    "Mask",
    "Role",
    "RootKind",
    "RowScope",
    "Source",
    "SourceStatus",
    "SubjectClass",
]


class FieldClass(StrEnum):
    """How sensitive a field is; the first half of a slot."""

    PUBLIC = "PUBLIC"
    BASIC = "BASIC"
    PERSONAL = "PERSONAL"
    IDENTIFIER = "IDENTIFIER"
    LOCATION = "LOCATION"
    FAMILY = "FAMILY"
    FINANCIAL = "FINANCIAL"
    HEALTH = "HEALTH"
    REPRODUCTIVE = "REPRODUCTIVE"
    ETHNICITY = "ETHNICITY"


class Source(StrEnum):
    """The five providing departments; the second half of a slot."""

    POLICE = "police"
    CIVIL_AFFAIRS = "civil-affairs"
    HUMAN_RESOURCES = "human-resources"
    HEALTH = "health"
    BUSINESS = "business"


class Department(StrEnum):
    """Every agency that may ask, the hub itself, and the pseudo-department of the person."""

    POLICE = "police"
    CIVIL_AFFAIRS = "civil-affairs"
    HUMAN_RESOURCES = "human-resources"
    HEALTH = "health"
    BUSINESS = "business"
    EDUCATION = "education"
    JUSTICE = "justice"
    HOUSING = "housing"
    HEALTHCARE_SECURITY = "healthcare-security"
    TOWNSHIP_CENTRE = "township-centre"
    DATA_ADMINISTRATION = "data-administration"
    HUB = "hub"
    PERSON = "person"


class Role(StrEnum):
    """What the caller does in their department (DOMAIN section 2)."""

    WINDOW_CLERK = "window-clerk"
    CASE_OFFICER = "case-officer"
    REVIEWER = "reviewer"
    DATA_STEWARD = "data-steward"
    PROTECTION_DESK = "protection-desk"
    POLICY_OFFICER = "policy-officer"
    AUDITOR = "auditor"
    OPERATOR = "operator"
    SYSTEM_CLIENT = "system-client"
    COMMUNITY_ASSISTANT = "community-assistant"
    TREATING_INSTITUTION = "treating-institution"
    PERSON = "person"
    GUARDIAN = "guardian"


class Level(StrEnum):
    """Administrative level of the caller; a ceiling, never a grant."""

    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    TOWNSHIP = "township"
    VILLAGE = "village"


class Assurance(StrEnum):
    """How well the caller proved who they are."""

    LOW = "low"
    SUBSTANTIAL = "substantial"
    HIGH = "high"
    IN_PERSON = "in-person"


class Decision(IntEnum):
    """What may happen with a field, lowest first, so that `min()` takes the stricter one."""

    WITHHOLD = 0
    AGGREGATE = 1
    VERIFY = 2
    MASK = 3
    READ = 4


class RowScope(IntEnum):
    """Which rows of a collection may leave, narrower first."""

    CURRENT = 0
    ALL = 1


class SubjectClass(IntFlag):
    """The facts about a subject that change a decision."""

    NONE = 0
    IN_RESIDENCE = 1
    IN_ORIGIN = 2
    MINOR = 4
    PROTECTED = 8
    CONSENTED = 16


ALL_SUBJECT_CLASSES: tuple[SubjectClass, ...] = tuple(SubjectClass(bits) for bits in range(32))


class Mask(StrEnum):
    """How a masked value is written (DOMAIN section 4)."""

    NEVER = "never"
    DIGITS = "digits"
    NAME = "name"
    COUNTY = "county"
    AMOUNT = "amount"
    YEAR = "year"


class Answer(StrEnum):
    """Outcome of a check. UNKNOWN never grounds a refusal (DOMAIN section 2)."""

    YES = "YES"
    NO = "NO"
    UNKNOWN = "UNKNOWN"


class SourceStatus(StrEnum):
    """How a department's part of one answer went."""

    OK = "ok"
    TIMEOUT = "timeout"
    UNAVAILABLE = "unavailable"
    STALE = "stale"


class Marker(StrEnum):
    """Why a path of the answer may be empty; equal for every subject."""

    WITHHELD = "WITHHELD"
    CONDITIONAL = "CONDITIONAL"


class RootKind(Enum):
    """How a root field is answered (DESIGN section 4)."""

    PLANNED = "planned"
    LOCAL = "local"
