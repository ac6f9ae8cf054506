"""What departments make of the truth: own keys, codes, dates; honest and counted dirt."""

import re
from collections import Counter

import pytest

from hub.city.directory import CityDirectory
from hub.city.model import DEPARTMENTS
from hub.city.tables import TABLES
from schema.codes import DocumentKind
from schema.errors import RequestError
from schema.identity import normalise_number
from tests.hub.city.conftest import Truth

_PERSONS = {
    "police": ("police/persons", "xm", "zjhm", "csrq", "zjlx", "111 554 553"),
    "civil-affairs": (
        "civil-affairs/persons",
        "xingming",
        "zhengjian_haoma",
        "chusheng_riqi",
        "zhengjian_leixing",
        "身份证 港澳台居住证 永居证",
    ),
    "human-resources": ("human-resources/persons", "姓名", "证件号码", "出生日期", "证件类型", "01 02 03"),
    "health": ("health/patients", "fullName", "idNo", "birthTime", "idType", "SFZ JZZ YJZ"),
    "business": ("business/persons", "fullName", "documentNumber", "dateOfBirth", "documentType", "10 53 52"),
}
_DATES = {
    "police": r"\d{4}-\d{2}-\d{2}",
    "civil-affairs": r"\d{4}/\d{2}/\d{2}",
    "human-resources": r"\d{8}",
    "health": r"\d{4}-\d{2}-\d{2}T00:00:00\+08:00",
    "business": r"\d{4}-\d{2}-\d{2}",
}
_KEYS = {
    "police": r"P\d{7}",
    "civil-affairs": r"\d{1,7}",
    "human-resources": r"GR05-\d{8}",
    "health": r"JK\d{10}",
    "business": r"MR[0-9A-Z]{8}",
}


def _rows(city: CityDirectory, department: str) -> list[dict[str, str | None]]:
    table = _PERSONS[department][0]
    return [dict(zip(TABLES[table], cells, strict=True)) for cells in city.read(table)]


@pytest.mark.parametrize("department", DEPARTMENTS)
def test_each_department_writes_keys_and_dates_its_own_way(city: CityDirectory, department: str) -> None:
    """Key and date forms are those of docs/city.md."""
    _, _, _, birth, _, _ = _PERSONS[department]
    key = TABLES[_PERSONS[department][0]][0]
    rows = _rows(city, department)
    assert rows
    assert all(re.fullmatch(_KEYS[department], row[key] or "") for row in rows)
    assert all(re.fullmatch(_DATES[department], row[birth] or "") for row in rows)


def test_no_two_departments_share_a_key(truth: list[Truth]) -> None:
    """A key says nothing outside its department."""
    keys = Counter(key for person in truth for key in person["keys"].values())
    assert max(keys.values()) == 1


@pytest.mark.parametrize("department", DEPARTMENTS)
def test_only_counted_numbers_are_missing_or_invalid(city: CityDirectory, department: str) -> None:
    """Every 18-digit number normalises, save exactly the missing and mistyped ones that `city.json` counts."""
    _, _, number, _, kind, long_kinds = _PERSONS[department]
    missing = invalid = 0
    for row in _rows(city, department):
        value = row[number]
        if value is None:
            missing += 1
        elif (row[kind] or "") in long_kinds.split():
            try:
                normalise_number(DocumentKind.RESIDENT_ID, value)
            except RequestError:
                invalid += 1
    assert missing == city.dirt.get(f"{department}.number_missing", 0)
    assert invalid == city.dirt.get(f"{department}.number_mistyped", 0)


def test_records_without_dirt_agree_with_the_truth(city: CityDirectory, truth: list[Truth]) -> None:
    """Where nothing is noted, number and birth date are the true ones in every department."""
    compared = 0
    for department in DEPARTMENTS:
        key_column = TABLES[_PERSONS[department][0]][0]
        rows = {row[key_column]: row for row in _rows(city, department)}
        _, _, number, birth, _, _ = _PERSONS[department]
        for person in truth:
            if department in person["keys"] and department not in person["dirt"]:
                row = rows[person["keys"][department]]
                assert row[number] == person["true"]["number"]
                assert re.sub(r"\D", "", row[birth] or "")[:8] == person["true"]["birthDate"].replace("-", "")
                compared += 1
    assert compared > 5_000


def test_departments_hold_only_whom_they_know(city: CityDirectory, truth: list[Truth]) -> None:
    """The persons of a department are exactly those with a key there, and some are known to one only."""
    for department in DEPARTMENTS:
        key_column = TABLES[_PERSONS[department][0]][0]
        held = {row[key_column] for row in _rows(city, department)}
        assert held == {person["keys"][department] for person in truth if department in person["keys"]}
    alone = sum(len(person["keys"]) == 1 for person in truth)
    assert alone == city.dirt["known_to_one_department"]
    assert alone > 5


def test_departments_write_the_separator_differently(city: CityDirectory) -> None:
    """Police write U+00B7, civil affairs U+30FB, health U+2022."""
    for department, own in (("police", "·"), ("civil-affairs", "・"), ("health", "•")):
        names = "".join(row[_PERSONS[department][1]] or "" for row in _rows(city, department))
        assert {letter for letter in names if letter in "·・•"} == {own}


def test_every_kind_of_dirt_occurs(city: CityDirectory) -> None:
    """What goes wrong in real life goes wrong here."""
    kinds = {name.rpartition(".")[2] for name in city.dirt}
    assert {
        "number_missing",
        "number_mistyped",
        "number_old_form",
        "number_small_x",
        "number_wide",
        "name_typo",
        "name_spaced",
        "name_private_use",
        "name_traditional",
        "birth_date",
        "marital_status",
        "old_address",
        "not_cancelled",
        "unmapped_code",
        "sex_unstated",
        "known_to_one_department",
    } <= kinds


def test_dirt_in_the_truth_is_the_dirt_that_was_counted(city: CityDirectory, truth: list[Truth]) -> None:
    """Every deviation is noted with the person it concerns."""
    noted = Counter(
        f"{department}.{mark}" for person in truth for department, marks in person["dirt"].items() for mark in marks
    )
    counted = {name: count for name, count in city.dirt.items() if "." in name}
    assert dict(noted) == counted


def test_row_numbers_are_unique_and_rise_with_time(city: CityDirectory) -> None:
    """Registrations of a person are numbered in the order they were made."""
    columns = TABLES["police/residence_registrations"]
    rows = [dict(zip(columns, cells, strict=True)) for cells in city.read("police/residence_registrations")]
    numbers = [int(row["djbh"] or 0) for row in rows]
    assert len(set(numbers)) == len(numbers)
    by_person: dict[str | None, list[tuple[int, str]]] = {}
    for number, row in zip(numbers, rows, strict=True):
        by_person.setdefault(row["rybh"], []).append((number, row["djrq"] or ""))
    assert all([day for _, day in sorted(own)] == sorted(day for _, day in own) for own in by_person.values())


def test_the_current_registration_is_not_cancelled(city: CityDirectory, truth: list[Truth]) -> None:
    """Whoever lives in the city has a registration without cancellation; whoever left has none but forgotten ones."""
    columns = TABLES["police/residence_registrations"]
    open_rows = Counter()
    for cells in city.read("police/residence_registrations"):
        row = dict(zip(columns, cells, strict=True))
        open_rows[row["rybh"]] += row["zxrq"] is None
    for person in truth:
        if "police" in person["keys"]:
            count = open_rows[person["keys"]["police"]]
            forgotten = person["dirt"].get("police", []).count("not_cancelled")
            assert count == forgotten + (person["true"]["residenceDivision"] is not None)


def test_employers_and_institutions_say_that_they_are_made_up(city: CityDirectory) -> None:
    """Every organisation's name carries 演示 or 示例."""
    names = {row[2] for row in city.read("human-resources/employments")}
    names |= {row[2] for row in city.read("business/licences")}
    names |= {row[1] for row in city.read("health/enrolments")}
    names |= {row[4] for row in city.read("civil-affairs/marriage_registrations")}
    assert len(names) > 300
    assert all("演示" in (name or "") or "示例" in (name or "") for name in names)
