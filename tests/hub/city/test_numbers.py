"""Numbers of documents, entities and records."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.city.keys import KeyMaker
from hub.city.model import DEPARTMENTS
from hub.city.numbers import Permutation, credit_code, foreign_permanent_number, old_form, resident_number
from schema.codes import DocumentKind
from schema.identity import is_valid_resident_id, is_valid_uscc, normalise_number


@given(st.dates(date(1930, 1, 1), date(2026, 1, 1)), st.integers(0, 999))
def test_resident_numbers_are_valid(birth: date, order: int) -> None:
    """Every number made here has the right date and check digit."""
    number = resident_number("341221", birth, order)
    assert is_valid_resident_id(number)
    assert number[6:14] == f"{birth:%Y%m%d}"


@given(st.dates(date(1900, 1, 1), date(1999, 12, 31)), st.integers(0, 999))
def test_old_form_leads_back_to_the_number(birth: date, order: int) -> None:
    """A 15-digit number is the same person's as the 18-digit one."""
    number = resident_number("320911", birth, order)
    assert len(old_form(number)) == 15
    assert normalise_number(DocumentKind.RESIDENT_ID, old_form(number)) == number


@given(st.integers(0, 31**8 - 1), st.sampled_from(["91", "92", "93"]))
def test_credit_codes_are_valid(serial: int, prefix: str) -> None:
    """Every code made here has the right alphabet and check character."""
    assert is_valid_uscc(credit_code(prefix, "320508", serial))


def test_organisation_code_inside_a_credit_code_has_its_own_check_character() -> None:
    """The ninth character of the organisation code follows GB 11714."""
    code = credit_code("91", "320508", 123_456_789)[8:17]
    total = sum(int(c, 36) * w for c, w in zip(code[:8], (3, 7, 9, 10, 5, 8, 4, 2), strict=True))
    assert code[8] == {10: "X", 11: "0"}.get(11 - total % 11, str(11 - total % 11))


def test_foreign_permanent_number_has_eighteen_places_and_begins_with_nine() -> None:
    """The published sample of the card is reproduced."""
    assert foreign_permanent_number("11", "124", date(1981, 8, 3), 2) == "911124198108030024"


@given(st.integers(0, 10**6), st.sampled_from([10**7, 10**8, 31**8, 32**8, 997]))
def test_permutation_maps_onto_itself_without_collision(seed: int, size: int) -> None:
    """Different positions have different numbers, all of them in range."""
    order = Permutation.named(f"label {seed}", size)
    numbers = [order.of(position) for position in range(min(size, 500))]
    assert len(set(numbers)) == len(numbers)
    assert all(0 <= number < size for number in numbers)


@pytest.mark.parametrize("department", DEPARTMENTS)
def test_keys_follow_no_order_of_persons(department: str) -> None:
    """Neighbours in the city are no neighbours in a department's numbering."""
    keys = [KeyMaker(1).key(department, person) for person in range(200)]
    assert len(set(keys)) == 200
    assert keys != sorted(keys)
    assert KeyMaker(2).key(department, 0) != keys[0]
