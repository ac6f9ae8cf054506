"""The cast of the demo."""

import json
from pathlib import Path

import pytest

from hub.city.directory import CityDirectory, write_city
from hub.city.model import age_on
from hub.city.personas import Persona, find_personas
from schema.errors import ConfigurationError


def test_cast_fits_its_parts(city: CityDirectory) -> None:
    """A child of six or seven with two guardians, a worker, an applicant and a woman to protect, all different."""
    cast = find_personas(city)
    assert age_on(cast.child.birth_date, city.as_of) in (6, 7)
    assert {"police", "civil-affairs", "health"} <= set(cast.child.keys)
    everyone = [cast.child, *cast.guardians, cast.worker, cast.applicant, cast.protected]
    assert len({person.number for person in everyone}) == 6
    assert all("police" in person.keys for person in everyone)
    assert {"human-resources", "civil-affairs"} <= set(cast.guardians[0].keys)
    assert cast.protected.sex == "FEMALE"


def test_cast_is_the_same_each_time(city: CityDirectory) -> None:
    """The same city has the same cast."""
    assert find_personas(city) == find_personas(city)


@pytest.mark.parametrize("seed", [2, 3])
def test_other_cities_have_a_cast_too(tmp_path: Path, seed: int) -> None:
    """2 000 people are enough whatever the seed."""
    assert find_personas(write_city(2_000, seed, tmp_path / "city")).worker.keys["human-resources"]


def test_cast_is_what_the_departments_hold(city: CityDirectory) -> None:
    """The guardians' keys and numbers are those of the departments' own tables."""
    guardian = find_personas(city).guardians[0]
    held = {row[0]: row for row in city.read("civil-affairs/persons")}
    assert held[guardian.keys["civil-affairs"]][5] == guardian.number
    children = {row[2] for row in city.read("civil-affairs/guardianships") if row[1] == guardian.keys["civil-affairs"]}
    assert find_personas(city).child.keys["civil-affairs"] in children


def test_a_hamlet_has_no_cast(tmp_path: Path) -> None:
    """A city that is too small says so."""
    with pytest.raises(ConfigurationError, match="too small"):
        find_personas(write_city(5, 1, tmp_path / "city"))


def test_personas_do_not_show_themselves(city: CityDirectory) -> None:
    """No name or number in a repr, and so none in a traceback or log."""
    child = find_personas(city).child
    assert isinstance(child, Persona)
    assert child.number not in repr(find_personas(city))
    assert json.dumps(child.name)[1:-1] not in repr(child)
