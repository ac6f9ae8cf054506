"""Masks hold for every value."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.masks import band, mask
from schema.vocabulary import Mask

DIVISIONS = st.sampled_from([6, 9, 12]).flatmap(lambda n: st.text("0123456789", min_size=n, max_size=n))
VALUES = st.one_of(
    st.none(), st.text(max_size=20), st.integers(), st.booleans(), st.dates(), st.decimals(allow_nan=True), DIVISIONS
)


@given(st.text(max_size=40))
def test_number_shows_nothing(number: str) -> None:
    """A masked number is 18 stars, whatever the number and its length."""
    assert mask(Mask.DIGITS, number) == "*" * 18


@given(st.characters(categories=["Lo"]), st.text(st.characters(categories=["Lo"]), max_size=50))
def test_name_shows_one_character(first: str, rest: str) -> None:
    """A masked name is its first character and two stars, however long it is."""
    assert mask(Mask.NAME, first + rest) == f"{first}**"


@pytest.mark.parametrize("name", ["欧阳修", "司马相如", "买买提·吐尔逊", " 王 "])
def test_compound_surname_shows_one_character(name: str) -> None:
    """A compound surname or a name with a separator shows no more than any other."""
    assert mask(Mask.NAME, name) == f"{name.strip()[0]}**"


@given(DIVISIONS)
def test_division_shows_its_county(code: str) -> None:
    """A masked division is its county."""
    assert mask(Mask.COUNTY, code) == code[:6]


@pytest.mark.parametrize("text", ["木渎镇金枫路1号", "3205", "32050６", "", "3205061011"])
def test_text_is_no_division(text: str) -> None:
    """An address, or anything else that is not a division code, is withheld rather than cut."""
    assert mask(Mask.COUNTY, text) is None


@given(st.dates())
def test_date_shows_its_year(day: date) -> None:
    """A masked date is its year in four digits."""
    assert mask(Mask.YEAR, day) == day.isoformat()[:4]


@given(st.decimals(allow_nan=False, allow_infinity=False), st.decimals(allow_nan=False, allow_infinity=False))
def test_amount_shows_its_band(one: Decimal, other: Decimal) -> None:
    """A masked amount is one of four bands, and a larger amount is never in a lower band."""
    bands = ["0-3000", "3000-6000", "6000-10000", "10000+"]
    low, high = sorted((one, other))
    assert bands.index(str(mask(Mask.AMOUNT, low))) <= bands.index(str(mask(Mask.AMOUNT, high)))


@pytest.mark.parametrize(
    ("amount", "name"),
    [
        ("2999.99", "0-3000"),
        ("3000", "3000-6000"),
        ("5999.99", "3000-6000"),
        ("6000", "6000-10000"),
        ("10000", "10000+"),
    ],
)
def test_bands_begin_at_their_lower_bound(amount: str, name: str) -> None:
    """An amount on a bound belongs to the band above it."""
    assert band(Decimal(amount)) == name


@given(VALUES)
def test_field_without_a_mask_shows_nothing(value: object) -> None:
    """NEVER never shows anything, and nothing stays nothing."""
    assert mask(Mask.NEVER, value) is None  # type: ignore[arg-type]


@given(st.sampled_from([Mask.NAME, Mask.COUNTY, Mask.AMOUNT, Mask.YEAR]), VALUES)
def test_mask_never_passes_a_value_on(kind: Mask, value: object) -> None:
    """Whatever comes in, a mask says what its rule says or nothing: never more than ten characters, never the value."""
    shown = mask(kind, value)  # type: ignore[arg-type]
    assert shown is None or (isinstance(shown, str) and len(shown) <= 10)
    assert shown is None or not isinstance(value, str) or len(value) <= 6 or shown != value
