"""What is true of the people of the city. Departments see parts of it, each in its own way."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

__all__ = [
    "CHUNK",
    "DEPARTMENTS",
    "Assistance",
    "CityPlan",
    "Dose",
    "Employer",
    "Employment",
    "Enrolment",
    "Guardianship",
    "Household",
    "Identity",
    "Insurance",
    "Licence",
    "Life",
    "MarriageEvent",
    "Member",
    "Paper",
    "Permit",
    "Place",
    "Registration",
    "Service",
    "Stay",
    "Union",
    "age_on",
    "years_after",
]

DEPARTMENTS = ("police", "civil-affairs", "human-resources", "health", "business")

CHUNK = 2_000
"""Persons made at a time. INVARIANT: 500 chunks at most, so that numbers stay unique (`hub.city.identities`)."""


@dataclass(frozen=True, slots=True)
class CityPlan:
    """What a city is made from; the same plan gives the same bytes everywhere."""

    people: int
    seed: int
    as_of: date

    @property
    def chunks(self) -> int:
        """How many chunks the city has."""
        return -(-self.people // CHUNK)

    def size_of(self, chunk: int) -> int:
        """How many persons a chunk holds."""
        return min(CHUNK, self.people - chunk * CHUNK)


class Paper(StrEnum):
    """Identity documents."""

    RESIDENT_ID = "RESIDENT_ID"
    HMT_RESIDENCE_PERMIT = "HMT_RESIDENCE_PERMIT"
    FOREIGN_PERMANENT_RESIDENT = "FOREIGN_PERMANENT_RESIDENT"
    PASSPORT = "PASSPORT"
    HK_MACAO_PERMIT = "HK_MACAO_PERMIT"
    TAIWAN_PERMIT = "TAIWAN_PERMIT"


class Place(StrEnum):
    """A person's place in the household."""

    ADULT = "adult"
    CHILD = "child"
    ELDER = "elder"


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a person is. `sex` is M or F; hukou is empty for people from outside the mainland."""

    name: str
    sex: str
    birth: date
    paper: Paper
    number: str
    ethnicity: str | None
    hukou_county: str | None
    hukou_division: str | None
    hukou_kind: str | None


@dataclass(frozen=True, slots=True)
class Union:
    """A marriage: `state` is MARRIED, DIVORCED or WIDOWED. `spouse` is a person of the city, if there is one."""

    state: str
    since: date
    ended: date | None
    spouse: int | None
    spouse_name: str
    authority: str
    second: bool = False


@dataclass(frozen=True, slots=True)
class Member:
    """A person of a household; `index` numbers the people of the city from 0."""

    index: int
    place: Place
    identity: Identity
    arrived: date
    union: Union | None = None
    guardians: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Stay:
    """A dwelling of a household."""

    division: str
    address: str
    dwelling: str
    since: date


@dataclass(frozen=True, slots=True)
class Household:
    """People who live together, where they have lived in the city, and when they left, if they did."""

    members: tuple[Member, ...]
    stays: tuple[Stay, ...]
    left: date | None


@dataclass(frozen=True, slots=True)
class Registration:
    """A residence registration with the police."""

    stay: Stay
    registered: date
    until: date | None
    cancelled: date | None
    reason: str | None
    landlord: str


@dataclass(frozen=True, slots=True)
class Permit:
    """A residence permit."""

    number: str
    issued: date
    valid_until: date
    endorsed: date | None
    status: str


@dataclass(frozen=True, slots=True)
class MarriageEvent:
    """One entry in the marriage register."""

    status: str
    registered: date
    authority: str
    spouse: int | None
    spouse_name: str


@dataclass(frozen=True, slots=True)
class Guardianship:
    """A guardian's relation to a child."""

    child: int
    relation: str
    since: date
    ended: date | None


@dataclass(frozen=True, slots=True)
class Assistance:
    """A social assistance grant; `amount` in yuan a month."""

    programme: str
    since: date
    until: date | None
    amount: str


@dataclass(frozen=True, slots=True)
class Employer:
    """A made-up employer."""

    name: str
    uscc: str


@dataclass(frozen=True, slots=True)
class Employment:
    """A job."""

    employer: Employer
    occupation: str
    contract: str
    started: date
    ended: date | None


@dataclass(frozen=True, slots=True)
class Insurance:
    """One of the five social insurances; `base` in yuan, `last_month` the first of a month."""

    kind: str
    status: str
    months: int
    last_month: date
    base: float


@dataclass(frozen=True, slots=True)
class Enrolment:
    """Enrolment with a health institution."""

    institution: str
    since: date
    active: bool


@dataclass(frozen=True, slots=True)
class Dose:
    """A vaccination; `vaccine` is health's own code."""

    vaccine: str
    number: int
    given: date
    institution: str


@dataclass(frozen=True, slots=True)
class Service:
    """A health service; `item` is health's own code."""

    item: str
    provided: date
    institution: str
    free: bool


@dataclass(frozen=True, slots=True)
class Licence:
    """A market entity and what the person is to it."""

    uscc: str
    name: str
    kind: str
    status: str
    registered: date
    role: str
    premises: str


@dataclass(slots=True)
class Life:
    """Everything true of one person, and which departments know them."""

    member: Member
    known: frozenset[str] = frozenset()
    registrations: list[Registration] = field(default_factory=list)
    permits: list[Permit] = field(default_factory=list)
    marriages: list[MarriageEvent] = field(default_factory=list)
    guardianships: list[Guardianship] = field(default_factory=list)
    assistances: list[Assistance] = field(default_factory=list)
    employments: list[Employment] = field(default_factory=list)
    insurances: list[Insurance] = field(default_factory=list)
    enrolments: list[Enrolment] = field(default_factory=list)
    doses: list[Dose] = field(default_factory=list)
    services: list[Service] = field(default_factory=list)
    maternity: list[Service] = field(default_factory=list)
    licences: list[Licence] = field(default_factory=list)


def age_on(birth: date, day: date) -> int:
    """Completed years of life."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def years_after(day: date, years: int) -> date:
    """The same day some years later; 28 February for the 29th."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
