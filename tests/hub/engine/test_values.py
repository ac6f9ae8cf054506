"""How a value of a source is checked, masked and written."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

from hub.engine.values import WrongTypeError, renderer
from schema.catalogue import FIELDS
from schema.divisions import name_of
from schema.ids import FieldId
from schema.vocabulary import Decision
from tests.hub.engine.desk import MASK, READ

CODE_AND_NAME = (("c", "code"), ("n", "name"), ("t", "__typename"))


def written(field: str, value: Any, decision: Decision = READ, composite: Any = None) -> object:
    """How a field's value is written."""
    return renderer(FIELDS[FieldId(field)], decision, composite)(value)


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("Migrant.name", "阿依古丽·买买提", "阿依古丽·买买提"),
        ("Migrant.sex", "FEMALE", "FEMALE"),
        ("Migrant.birthDate", date(2001, 2, 3), "2001-02-03"),
        ("SocialInsurance.monthsPaid", 0, 0),
        ("SocialInsurance.lastPaidMonth", "2026-09", "2026-09"),
        ("SocialInsurance.contributionBase", Decimal("5200"), "5200.00"),
        ("SocialInsurance.contributionBase", Decimal("-1E+2"), "-100.00"),
        ("HealthService.free", False, False),
    ],
)
def test_values_of_the_right_type(field: str, value: Any, shown: object) -> None:
    """Each type has one way of being written."""
    assert written(field, value) == shown


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("Migrant.name", "欧阳修", "欧**"),
        ("Migrant.birthDate", date(2001, 2, 3), "2001"),
        ("Migrant.idNumber", "110101199003070038", "*" * 18),
        ("SocialInsurance.contributionBase", Decimal("5999.99"), "3000-6000"),
        ("Residence.address", "320505001", name_of("320505")),
    ],
)
def test_masked_values(field: str, value: Any, shown: object) -> None:
    """Masked, a field says no more than its mask; an address is made from a division."""
    assert written(field, value, MASK) == shown


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("Migrant.name", 7),
        ("Migrant.name", b"bytes"),
        ("Migrant.name", {"name": "x"}),
        ("Migrant.name", "half a pair \ud800"),
        ("Migrant.sex", "female"),
        ("Migrant.sex", "1"),
        ("Migrant.sex", 2),
        ("Migrant.birthDate", "2001-02-03"),
        ("Migrant.birthDate", datetime(2001, 2, 3)),
        ("SocialInsurance.monthsPaid", True),
        ("SocialInsurance.monthsPaid", 12.0),
        ("SocialInsurance.monthsPaid", 2**31),
        ("SocialInsurance.lastPaidMonth", "2026-13"),
        ("SocialInsurance.lastPaidMonth", "2026-9"),
        ("SocialInsurance.contributionBase", 5200),
        ("SocialInsurance.contributionBase", Decimal("NaN")),
        ("SocialInsurance.contributionBase", Decimal("Infinity")),
        ("SocialInsurance.contributionBase", Decimal("1E+999999")),
        ("HealthService.free", 1),
        ("Migrant.ethnicity", 1),
        ("Residence.division", "32050"),
        ("Residence.division", "3205050010"),
        ("Residence.division", "٣٢٠٥٠٥"),
        ("Residence.division", 320505),
    ],
)
@pytest.mark.parametrize("decision", [READ, MASK])
def test_values_of_a_wrong_type(field: str, value: Any, decision: Decision) -> None:
    """What is not what the catalogue says is withheld, read or masked, and the error names nothing of it."""
    with pytest.raises(WrongTypeError) as wrong:
        written(field, value, decision)
    assert str(wrong.value) == ""


def test_a_masked_address_needs_a_division() -> None:
    """An address in place of the division that its mask is made from does not leave."""
    with pytest.raises(WrongTypeError):
        written("Residence.address", "演示路一号", MASK)


def test_objects_made_from_one_value() -> None:
    """A division and an ethnic group carry their names; a village carries its township's."""
    division = written("Residence.division", "320505001002", composite=CODE_AND_NAME)
    assert division == {"c": "320505001002", "n": name_of("320505001"), "t": "Division"}
    assert written("Migrant.ethnicity", "05", composite=CODE_AND_NAME) == {
        "c": "05",
        "n": "维吾尔族",
        "t": "EthnicGroup",
    }
    spouse = written("MarriageRegistration.spouse", "王小明", MASK, (("n", "name"), ("t", "__typename")))
    assert spouse == {"n": "王**", "t": "PersonRef"}


def test_a_masked_division_is_the_county() -> None:
    """Code and name both."""
    masked = written("Residence.division", "320505001002", MASK, CODE_AND_NAME)
    assert masked == {"c": "320505", "n": name_of("320505"), "t": "Division"}


def test_a_mask_that_says_nothing_is_null() -> None:
    """An object of a value whose mask gives nothing is null, not an object of nulls."""
    assert written("Migrant.ethnicity", "05", MASK, CODE_AND_NAME) is None
