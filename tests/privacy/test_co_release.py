"""Released together, fields must leave at least 400 candidate ID numbers (DOMAIN section 4).

An ID number is county, birth date, a serial whose last digit tells the sex, and a check character. For every caller
and purpose the test takes what is released of these, and counts by trying which numbers are still possible.
"""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import lru_cache
from itertools import product

from privacy.decide import decide
from privacy.masks import mask
from privacy.model import DecisionTable
from privacy.policybook import PolicyBook
from privacy.purposes import PURPOSES
from schema.catalogue import FIELDS
from schema.identity import check_digit
from schema.ids import FieldId
from schema.vocabulary import ALL_SUBJECT_CLASSES, Decision, Department, Level, Mask, Role, SubjectClass
from tests.privacy.books import TODAY, profile

FEWEST = 400
NUMBER = FieldId("Migrant.idNumber")
BIRTH, SEX = FieldId("Migrant.birthDate"), FieldId("Migrant.sex")
PLACES = [id for id in FIELDS if id.partition(".")[0] in {"Hukou", "Residence", "ResidenceRegistration"}]
COUNTIES, BORN = ("320506", "340123"), date(1990, 5, 12)
Released = tuple[Decision, Decision, bool, bool]
"""Decisions for number and birth date; whether a county and the sex are known."""


def released(table: DecisionTable, subject: SubjectClass) -> Released:
    """What one caller learns of the parts of an ID number; any place is taken to tell the county in it."""
    place = any(table.rulings[id].of(subject) >= Decision.MASK for id in PLACES)
    sex = table.rulings[SEX].of(subject) >= Decision.MASK
    return table.rulings[NUMBER].of(subject), table.rulings[BIRTH].of(subject), place, sex


def everything_released(book: PolicyBook) -> Iterator[tuple[Department, str, Released]]:
    """Every department, purpose, role that handles cases, level and subject class."""
    for purpose in PURPOSES.values():
        for name, level in product(purpose.departments, (Level.COUNTY, Level.TOWNSHIP)):
            department = Department(name)
            role = {Department.PERSON: Role.PERSON}.get(department, Role.CASE_OFFICER)
            table = decide(profile(department, role, level=level), purpose, None, book, TODAY)
            for subject in ALL_SUBJECT_CLASSES:
                yield department, purpose.code, released(table, subject)


def stars(number: str) -> str | None:
    """The mask of a number."""
    return mask(Mask.DIGITS, number)


@lru_cache(maxsize=64)
def candidates(what: Released, show: Callable[[str], str | None] = stars) -> int:
    """How many valid numbers, up to FEWEST, fit what is released of a man born on BORN, registered in COUNTIES[0].

    `show` is the mask that the number is seen through where it is masked.
    """
    number, birth, place, sex = what
    shown = show(number_of(COUNTIES[0], BORN, 135)) if number is Decision.MASK else None
    found = 0
    for county, day in product(COUNTIES[:1] if place else COUNTIES, days(birth)):
        for serial in range(1, 1000, 2) if sex else range(1000):
            found += shown is None or show(number_of(county, day, serial)) == shown
            if found >= FEWEST:
                return found
    return found


def number_of(county: str, day: date, serial: int) -> str:
    """A whole number, check character included (GB 11643)."""
    stem = f"{county}{day:%Y%m%d}{serial:03d}"
    return stem + check_digit(stem)


def days(birth: Decision) -> Iterator[date]:
    """The birth dates still possible."""
    if birth is Decision.READ:
        yield BORN
        return
    yield from (date(BORN.year, 1, 1) + timedelta(days=n) for n in range(365))


def test_released_fields_leave_enough_candidates(book: PolicyBook) -> None:
    """Nobody without the number itself can narrow it below 400 candidates, whatever else they are given."""
    seen = set(everything_released(book))
    without_number = {(d, p, what) for d, p, what in seen if what[0] is not Decision.READ}
    assert {what[0] for _, _, what in without_number} == {Decision.WITHHOLD, Decision.MASK}
    for department, purpose, what in without_number:
        assert candidates(what) >= FEWEST, (department, purpose, what)


def test_number_itself_reaches_three() -> None:
    """The number is read by police, who issue it, by the person, and by the hub when it links records."""
    readers = {
        code for code, purpose in PURPOSES.items() if purpose.fields.get(NUMBER, Decision.WITHHOLD) is Decision.READ
    }
    assert readers == {"subject-access", "correction", "complaint", "record-linkage"}


def test_a_weaker_mask_would_be_noticed() -> None:
    """With county, birth date and sex known, stars leave enough numbers; stars and the last character do not."""
    known = (Decision.MASK, Decision.READ, True, True)
    assert candidates(known) >= FEWEST
    assert candidates(known, lambda number: f"{'*' * 17}{number[-1]}") < FEWEST
