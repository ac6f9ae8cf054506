"""The purpose catalogue and its legal bases."""

from dataclasses import replace
from datetime import date

import pytest

from privacy.bases import BASES, basis_of, is_in_force
from privacy.purposes import PURPOSES, purpose_in_force
from privacy.refusals import TARGETS
from schema.vocabulary import Decision, Department
from tests.privacy.books import TODAY


def test_every_basis_stands() -> None:
    """Each purpose rests on bases that exist, and on at least one in force today."""
    for purpose in PURPOSES.values():
        assert all(basis_of(reference) for reference in purpose.basis), purpose.code
        assert purpose_in_force(purpose, TODAY), purpose.code


def test_no_purpose_rests_on_the_repealed_decree() -> None:
    """Decree 555 grounds nothing any more."""
    assert not is_in_force("decree-555 art. 5", TODAY)
    assert is_in_force("decree-555 art. 5", date(2010, 1, 1))
    assert not any(reference.startswith("decree-555") for p in PURPOSES.values() for reference in p.basis)


@pytest.mark.parametrize(
    ("reference", "day", "stands"),
    [
        ("decree-663 art. 12(1)", date(2016, 1, 1), True),
        ("decree-663 art. 12(1)", date(2015, 12, 31), False),
        ("decree-809", date(2025, 7, 31), False),
        ("decree-999", TODAY, False),
    ],
)
def test_basis_has_its_days(reference: str, day: date, stands: bool) -> None:
    """A basis is in force from its first day; one that is not listed never is."""
    assert is_in_force(reference, day) is stands


def test_one_basis_in_force_is_enough() -> None:
    """A purpose falls only when all its bases have fallen."""
    purpose = PURPOSES["school-enrolment"]
    assert purpose_in_force(replace(purpose, basis=("decree-555", "decree-663 art. 12(1)")), TODAY)
    assert not purpose_in_force(replace(purpose, basis=("decree-555",)), TODAY)


def test_grants_name_fields_and_checks_of_the_schema() -> None:
    """Every field a purpose lists exists, no grant passes the purpose's ceiling, and checks are verified only."""
    for purpose in PURPOSES.values():
        for id, decision in purpose.fields.items():
            assert decision <= purpose.ceiling, (purpose.code, id)
            assert TARGETS[id].check is (decision is Decision.VERIFY), (purpose.code, id)
        assert purpose.children_only <= purpose.fields.keys()


def test_names_are_bilingual() -> None:
    """Every purpose and basis has an English and a Chinese name, and every purpose somebody who may name it."""
    for entry in [*PURPOSES.values(), *BASES.values()]:
        assert entry.name_en.isascii()
        assert not entry.name_zh.isascii()
    assert all(purpose.departments and purpose.data_life > 0 for purpose in PURPOSES.values())


def test_police_cannot_reconcile_or_break_glass() -> None:
    """Data quality and emergencies are not for police (R8)."""
    for code in ("data-quality", "emergency"):
        assert Department.POLICE not in PURPOSES[code].departments
