"""The people the demo tells about, found in the truth: the same ones in the same city.

For the orchestration of the demo only. The hub is given what a caseworker would have in hand (names, document
numbers), never this.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any, Final

import orjson

from hub.city.directory import CityDirectory
from hub.city.model import age_on, years_after
from schema.errors import ConfigurationError

__all__ = ["Persona", "Personas", "find_personas"]

_HALF_YEAR: Final = 190
_ALL_DOSES: Final = 22


@dataclass(frozen=True, slots=True)
class Persona:
    """A person as the demo needs them: what their papers say, and their key in each department that knows them."""

    name: str
    sex: str
    birth_date: date
    document_kind: str
    number: str
    hukou_county: str
    residence_division: str
    keys: Mapping[str, str]

    def __repr__(self) -> str:
        return "Persona(…)"


@dataclass(frozen=True, slots=True)
class Personas:
    """The cast. Their records agree everywhere, so that the demo's answers can be told in advance.

    `child`, six or seven years old and fully vaccinated, lives with its two `guardians`; the first of them is employed,
    insured for a year or more and holds a valid permit. `worker` has had two jobs or more. `applicant` has lived here
    for half a year, works, and has no permit. `protected` is a woman known to four departments. No two of them are of
    one family, guardians apart.
    """

    child: Persona
    guardians: tuple[Persona, Persona]
    worker: Persona
    applicant: Persona
    protected: Persona


_Truth = dict[str, Any]
_Family = dict[int, _Truth]


def find_personas(city: CityDirectory) -> Personas:
    """Read the truth until the cast is complete.

    Raises ConfigurationError when the city is too small to hold it; 2 000 people are enough.
    """
    wanted: dict[str, Callable[[_Truth, date], bool]] = {
        "worker": _is_worker,
        "applicant": _is_applicant,
        "protected": _is_protected,
    }
    children: tuple[Persona, Persona, Persona] | None = None
    found: dict[str, Persona] = {}
    for family in _families(city):
        if children is None and (children := _enrolment(family, city.as_of)):
            continue
        for role, fits in wanted.items():
            person = next((person for person in family.values() if fits(person, city.as_of)), None)
            if role not in found and person is not None:
                found[role] = _persona(person)
                break
        if children is not None and len(found) == len(wanted):
            child, father, mother = children
            return Personas(child, (father, mother), **found)
    raise ConfigurationError("the city is too small for the demo")


def _families(city: CityDirectory) -> Iterator[_Family]:
    """Persons by household; those of one household stand together in the truth."""
    with city.truth.open("rb") as lines:
        for _, group in groupby(map(orjson.loads, lines), key=lambda person: person["household"]):
            yield {person["person"]: person for person in group}


def _enrolment(family: _Family, today: date) -> tuple[Persona, Persona, Persona] | None:
    for child in family.values():
        guardians = [family[index] for index in child["relations"]["guardians"] if index in family]
        guardians.sort(key=_is_insured_parent, reverse=True)
        if len(guardians) == 2 and _is_pupil(child, today) and _is_insured_parent(guardians[0]):
            held = all(child["person"] in guardian["facts"]["guardianOf"] for guardian in guardians)
            known = all(_clean(guardian, "police", "civil-affairs") for guardian in guardians)
            if held and known and all(_settled(person, today) for person in (child, *guardians)):
                return _persona(child), _persona(guardians[0]), _persona(guardians[1])
    return None


def _is_pupil(child: _Truth, today: date) -> bool:
    born = date.fromisoformat(child["true"]["birthDate"])
    fits = age_on(born, today) in (6, 7) and child["facts"]["doses"] == _ALL_DOSES
    return fits and _clean(child, "police", "civil-affairs", "health")


def _is_insured_parent(person: _Truth) -> bool:
    facts = person["facts"]
    works = facts["employed"] and facts["pensionMonths"] >= 12
    permitted = facts["permit"] == "VALID"
    return works and permitted and _clean(person, "police", "civil-affairs", "human-resources")


def _is_worker(person: _Truth, today: date) -> bool:
    facts = person["facts"]
    works = facts["employed"] and facts["employments"] >= 2 and facts["pensionMonths"] >= 24
    return works and _settled(person, today) and _clean(person, "police", "human-resources", "health")


def _is_applicant(person: _Truth, today: date) -> bool:
    facts = person["facts"]
    works = facts["employed"] and facts["pensionMonths"] >= 6 and facts["permit"] is None
    return works and _settled(person, today) and _clean(person, "police", "human-resources")


def _is_protected(person: _Truth, today: date) -> bool:
    grown = years_after(date.fromisoformat(person["true"]["birthDate"]), 22) <= today
    woman = person["true"]["sex"] == "FEMALE" and grown and person["relations"]["place"] == "adult"
    return woman and _settled(person, today) and _clean(person, "police", "civil-affairs", "human-resources", "health")


def _settled(person: _Truth, today: date) -> bool:
    since = person["facts"]["residentSince"]
    return since is not None and (today - date.fromisoformat(since)).days >= _HALF_YEAR


def _clean(person: _Truth, *departments: str) -> bool:
    known = all(department in person["keys"] for department in departments)
    return known and not person["dirt"] and person["true"]["documentKind"] == "RESIDENT_ID"


def _persona(person: _Truth) -> Persona:
    true = person["true"]
    return Persona(
        name=true["name"],
        sex=true["sex"],
        birth_date=date.fromisoformat(true["birthDate"]),
        document_kind=true["documentKind"],
        number=true["number"],
        hukou_county=true["hukouCounty"],
        residence_division=true["residenceDivision"],
        keys=person["keys"],
    )
