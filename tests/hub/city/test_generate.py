"""The generator: determinism, memory, and what must be true of the people."""

import json
import tracemalloc
from collections import Counter
from datetime import date

import pytest

from hub.city import generate as generate_module
from hub.city import model
from hub.city.directory import CityDirectory
from hub.city.generate import AS_OF, generate
from hub.city.model import CHUNK, age_on
from schema import divisions
from schema.identity import is_valid_resident_id, is_valid_uscc
from tests.hub.city.conftest import Truth

_EIGHTEEN = {"RESIDENT_ID", "HMT_RESIDENCE_PERMIT", "FOREIGN_PERMANENT_RESIDENT"}


def test_same_seed_gives_the_same_chunks() -> None:
    """Two runs agree line by line; another seed does not."""
    first, second, other = (next(generate(300, seed)) for seed in (5, 5, 6))
    assert (first.lines, first.truth, first.dirt) == (second.lines, second.truth, second.dirt)
    assert first.lines["police/persons"] != other.lines["police/persons"]
    assert not set(first.lines["police/persons"]) & set(other.lines["police/persons"])


def test_larger_city_begins_like_a_smaller_one() -> None:
    """A chunk depends on the seed and its own number alone."""
    small, large = list(generate(CHUNK, 3)), generate(CHUNK + 1, 3)
    assert next(large).truth == small[0].truth


def test_another_day_shows_the_same_people() -> None:
    """The day moves dates, not keys."""
    one, two = (next(generate(50, 3, day)) for day in (AS_OF, date(2027, 3, 1)))
    keys = [[json.loads(line)["person"] for line in chunk.truth] for chunk in (one, two)]
    assert keys[0] == keys[1]
    assert one.truth != two.truth


def test_every_person_is_made_once() -> None:
    """A city has exactly as many people as asked for, numbered without a gap."""
    persons = [json.loads(line)["person"] for chunk in generate(CHUNK + 37, 2) for line in chunk.truth]
    assert persons == list(range(CHUNK + 37))


@pytest.mark.parametrize("people", [0, -1, 1_000_001])
def test_impossible_sizes_are_refused(people: int) -> None:
    """Too few and too many people are an error, not an empty city."""
    with pytest.raises(ValueError, match="people must be between"):
        generate(people, 1)


def test_memory_holds_one_chunk_whatever_the_size(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tenth chunk needs hardly more memory than the fifth: nothing of earlier chunks is kept."""
    monkeypatch.setattr(model, "CHUNK", 100)
    monkeypatch.setattr(generate_module, "CHUNK", 100)
    held = []
    tracemalloc.start()
    try:
        for chunk in generate(1_000, 4):
            held.append(tracemalloc.get_traced_memory()[0])
            size = sum(len(line) for lines in chunk.lines.values() for line in lines)
    finally:
        tracemalloc.stop()
    assert len(held) == 10
    assert held[9] - held[4] < 2 * size


def test_true_numbers_are_valid_and_unique(truth: list[Truth]) -> None:
    """No two people share a number, and every 18-digit one has its date and check digit."""
    numbers = Counter(person["true"]["number"] for person in truth)
    assert max(numbers.values()) == 1
    eighteen = [person["true"] for person in truth if person["true"]["documentKind"] in _EIGHTEEN]
    assert len(eighteen) > 1_900
    assert all(is_valid_resident_id(value["number"]) for value in eighteen)
    for value in eighteen:
        if value["documentKind"] == "RESIDENT_ID":
            assert value["number"][6:14] == value["birthDate"].replace("-", "")
            assert int(value["number"][16]) % 2 == (value["sex"] == "MALE")


def test_credit_codes_are_valid(city: CityDirectory) -> None:
    """Employers and market entities have valid codes."""
    employers = {row[3] or "" for row in city.read("human-resources/employments")}
    entities = {row[1] or "" for row in city.read("business/licences")}
    assert len(employers) > 100
    assert all(is_valid_uscc(code) for code in employers | entities)


def test_people_come_from_all_over_the_country(truth: list[Truth]) -> None:
    """Real counties of at least twenty provinces, most from the neighbourhood, none from the city itself."""
    counties = [person["true"]["hukouCounty"] for person in truth if person["true"]["hukouCounty"]]
    assert all(divisions.is_known(county) for county in counties)
    assert not any(county.startswith("3205") for county in counties)
    provinces = Counter(county[:2] for county in counties)
    assert len(provinces) >= 20
    assert {name for name, _ in provinces.most_common(3)} == {"32", "34", "41"}


def test_people_live_in_real_divisions_of_the_city(truth: list[Truth]) -> None:
    """Residence is a village code under a known township of 苏州."""
    homes = [person["true"]["residenceDivision"] for person in truth if person["true"]["residenceDivision"]]
    assert len(homes) > 1_800
    assert all(len(home) == 12 and home.startswith("3205") and divisions.is_known(home) for home in homes)


def test_names_are_as_various_as_real_ones(truth: list[Truth]) -> None:
    """Separators, compound surnames, long names, rare and Latin characters all occur."""
    names = [person["true"]["name"] for person in truth]
    assert any("·" in name for name in names)
    assert any(name.startswith(("欧阳", "诸葛", "慕容", "上官", "司马", "皇甫", "公孙", "夏侯")) for name in names)
    assert any(ord(letter) > 0xFFFF for name in names for letter in name)
    assert any(name.isascii() for name in names)
    assert max(len(name) for name in names) > 12


def test_documents_of_people_from_outside_occur(truth: list[Truth]) -> None:
    """Passports and permits stand beside resident numbers."""
    kinds = Counter(person["true"]["documentKind"] for person in truth)
    assert {"RESIDENT_ID", "PASSPORT", "HMT_TRAVEL_PERMIT"} <= set(kinds)
    assert kinds["RESIDENT_ID"] > 0.95 * len(truth)


def test_families_hang_together(truth: list[Truth]) -> None:
    """Guardians are adults of the same household and know their children; spouses name each other."""
    people = {person["person"]: person for person in truth}
    guarded = [person for person in truth if person["relations"]["guardians"]]
    assert len(guarded) > 300
    for child in guarded:
        assert age_on(date.fromisoformat(child["true"]["birthDate"]), AS_OF) < 18
        for index in child["relations"]["guardians"]:
            guardian = people[index]
            assert guardian["household"] == child["household"]
            assert child["person"] in guardian["relations"]["children"]
            assert guardian["true"]["birthDate"] < child["true"]["birthDate"]
    for person in truth:
        if (spouse := person["relations"]["spouse"]) is not None:
            assert people[spouse]["relations"]["spouse"] == person["person"]


def test_the_demo_has_its_cases(truth: list[Truth]) -> None:
    """Pupils, people between jobs, applicants, suspended permits: enough of each in the default city."""
    ages = [age_on(date.fromisoformat(person["true"]["birthDate"]), AS_OF) for person in truth]
    facts = [person["facts"] for person in truth]
    assert sum(age in (6, 7) for age in ages) > 20
    assert sum(fact["employments"] > 1 and fact["employed"] for fact in facts) > 100
    assert sum(fact["permit"] is None and (fact["residentSince"] or "9") < "2026-04" for fact in facts) > 50
    assert sum(fact["permit"] == "SUSPENDED" for fact in facts) > 5
    assert sum(fact["licenceActive"] for fact in facts) > 50
    assert sum(fact["registrations"] > 1 for fact in facts) > 500
