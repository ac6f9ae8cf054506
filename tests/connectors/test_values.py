"""Values are read exactly, or they are None and counted."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.mapping import ColumnMapping
from connectors.quality import Problem
from connectors.values import LiveType, check_format, converter_for, plain_text
from schema.catalogue import COLLECTIONS, ColumnInfo
from schema.fields import ColumnType
from schema.ids import CollectionName

SEX = COLLECTIONS[CollectionName("police.persons")].columns["sex"]


def convert(
    column_type: ColumnType, raw: object, *, live: LiveType = LiveType.UNKNOWN, name: str = "x", **mapped: Any
) -> tuple[Any, list[Problem]]:
    """One value, and the problems it made."""
    problems: list[Problem] = []
    column = ColumnMapping(ColumnInfo(name, column_type), 1, "raw", **mapped)
    (value,) = converter_for(column, live, problems.append)([raw])
    return value, problems


@pytest.mark.parametrize(
    ("column_type", "raw", "value"),
    [
        (ColumnType.STRING, "  文本 ", "文本"),
        (ColumnType.STRING, 341225.0, "341225"),
        (ColumnType.STRING, "　", None),
        (ColumnType.KEY, 17, "17"),
        (ColumnType.INTEGER, "36", 36),
        (ColumnType.INTEGER, 36.0, 36),
        (ColumnType.INTEGER, Decimal("36"), 36),
        (ColumnType.INTEGER, "", None),
        (ColumnType.DECIMAL, "5321.50", Decimal("5321.50")),
        (ColumnType.DECIMAL, 5321.5, Decimal("5321.5")),
        (ColumnType.DECIMAL, 5321, Decimal("5321")),
        (ColumnType.BOOLEAN, True, True),
        (ColumnType.BOOLEAN, 0, False),
        (ColumnType.BOOLEAN, "true", True),
        (ColumnType.DATE, date(2026, 1, 2), date(2026, 1, 2)),
        (ColumnType.DATE, "2026-01-02", date(2026, 1, 2)),
        (ColumnType.DATE, datetime(2026, 1, 1, 20, tzinfo=UTC), date(2026, 1, 2)),
        (ColumnType.DATE, datetime(2026, 1, 1, 20), date(2026, 1, 1)),
        (ColumnType.MONTH, "2026-10", "2026-10"),
        (ColumnType.MONTH, date(2026, 10, 3), "2026-10"),
        (ColumnType.DIVISION, "320506001002", "320506001002"),
        (ColumnType.DIVISION, 320506, "320506"),
        (ColumnType.ETHNIC, "01", "01"),
    ],
)
def test_values_are_read(column_type: ColumnType, raw: object, value: object) -> None:
    """A readable value comes out in its type, and nothing is reported."""
    found, problems = convert(column_type, raw)
    assert (found, type(found), problems) == (value, type(value), [])


@pytest.mark.parametrize("column_type", [one for one in ColumnType if one is not ColumnType.CODE])
def test_nothing_stays_nothing(column_type: ColumnType) -> None:
    """None and blanks are None for every type, and no problem."""
    assert convert(column_type, None) == (None, [])
    assert convert(column_type, " ") == (None, [])


@pytest.mark.parametrize(
    ("column_type", "raw"),
    [
        (ColumnType.STRING, True),
        (ColumnType.STRING, b"bytes"),
        (ColumnType.INTEGER, "3.5"),
        (ColumnType.INTEGER, 3.5),
        (ColumnType.INTEGER, float("nan")),
        (ColumnType.INTEGER, float("inf")),
        (ColumnType.INTEGER, "1_000"),
        (ColumnType.INTEGER, True),
        (ColumnType.DECIMAL, "1,050.00"),
        (ColumnType.DECIMAL, "NaN"),
        (ColumnType.DECIMAL, "1_0"),
        (ColumnType.BOOLEAN, "perhaps"),
        (ColumnType.DATE, "1990-02-31"),
        (ColumnType.DATE, "1990/02/03"),
        (ColumnType.DATE, 19900203.5),
        (ColumnType.MONTH, "2026-13"),
        (ColumnType.DIVISION, "3205"),
        (ColumnType.DIVISION, "32050X"),
        (ColumnType.DIVISION, "３２０５０６"),
    ],
)
def test_unreadable_values_are_none_and_reported(column_type: ColumnType, raw: object) -> None:
    """What cannot be read is never guessed."""
    assert convert(column_type, raw) == (None, [Problem.UNREADABLE])


@pytest.mark.parametrize(
    ("form", "raw", "value"),
    [
        ("%Y/%m/%d", "2026/3/5", date(2026, 3, 5)),
        ("%Y%m%d", "20260305", date(2026, 3, 5)),
        ("%Y年%m月%d日", "2026年3月15日", date(2026, 3, 15)),
        ("%d.%m.%Y", "05.03.2026", date(2026, 3, 5)),
        ("%Y-%m-%dT%H:%M:%S%z", "1990-05-12T00:00:00+08:00", date(1990, 5, 12)),
        ("%Y-%m-%dT%H:%M:%S%z", "1990-05-11T16:00:00.000Z", date(1990, 5, 12)),
        ("%Y-%m-%d %H:%M:%S", "1990-05-12 23:59:59", date(1990, 5, 12)),
    ],
)
def test_formats(form: str, raw: str, value: date) -> None:
    """Departments' spellings of a date are read; a time zone other than China's moves the day."""
    assert check_format(form, ColumnType.DATE) is None
    assert convert(ColumnType.DATE, raw, formats=(form,)) == (value, [])


def test_several_formats_are_tried_in_turn() -> None:
    """A column that two systems wrote may have two spellings."""
    forms = ("%Y%m%d", "%Y/%m/%d")
    assert convert(ColumnType.DATE, "2026/01/02", formats=forms) == (date(2026, 1, 2), [])
    assert convert(ColumnType.DATE, "20260102", formats=forms) == (date(2026, 1, 2), [])


@given(st.dates(), st.sampled_from(["%Y-%m-%d", "%Y%m%d", "%Y/%m/%d", "%d.%m.%Y", "%Y年%m月%d日"]))
def test_every_date_survives_every_format(day: date, form: str) -> None:
    """Reading is the inverse of writing."""
    raw = form.replace("%Y", f"{day.year:04}").replace("%m", f"{day.month:02}").replace("%d", f"{day.day:02}")
    assert convert(ColumnType.DATE, raw, formats=(form,)) == (day, [])


ANYTHING = [st.text(), st.integers(), st.floats(), st.booleans(), st.none(), st.binary(), st.just(Decimal("NaN"))]


@given(st.one_of(*ANYTHING, st.decimals(allow_nan=False)))
def test_no_value_breaks_a_converter(raw: object) -> None:
    """Whatever a source sends, a converter answers with a value of its type or None."""
    types = {ColumnType.DATE: date, ColumnType.INTEGER: int, ColumnType.DECIMAL: Decimal, ColumnType.BOOLEAN: bool}
    for column_type in ColumnType:
        if column_type is not ColumnType.CODE:
            found, _ = convert(column_type, raw)
            assert found is None or type(found) is types.get(column_type, str)


@pytest.mark.parametrize(("raw", "value"), [("1", "MALE"), (1, "MALE"), (1.0, "MALE"), (" 1 ", "MALE"), ("", None)])
def test_codes_are_translated(raw: object, value: str | None) -> None:
    """Source codes become ours, however the source types them."""
    column = ColumnMapping(SEX, 1, "xb", codes={"1": "MALE", "2": "FEMALE"})
    problems: list[Problem] = []
    assert list(converter_for(column, LiveType.UNKNOWN, problems.append)([raw])) == [value]
    assert problems == []


def test_unmapped_codes_are_reported_each_time() -> None:
    """An unmapped code is None and counted as often as it comes, even if it is spelt like one of ours."""
    column = ColumnMapping(SEX, 1, "xb", codes={"1": "MALE"})
    problems: list[Problem] = []
    values = list(converter_for(column, LiveType.UNKNOWN, problems.append)(["9", "1", "9", "MALE", True]))
    assert values == [None, "MALE", None, None, None]
    assert problems == [Problem.UNMAPPED_CODE] * 4


def test_names_are_shown_with_one_separator() -> None:
    """Separators of minority names become U+00B7 and spaces are tidied; other names stay as they are."""
    for raw in ("阿依古丽・买买提", "阿依古丽•买买提", " 阿依古丽·买买提 "):
        assert convert(ColumnType.STRING, raw, name="name") == ("阿依古丽·买买提", [])
    assert convert(ColumnType.STRING, "张 三", name="spouse_name") == ("张 三", [])
    assert convert(ColumnType.STRING, "示例・商行", name="employer_name") == ("示例・商行", [])


def test_native_values_are_not_touched() -> None:
    """Where the database keeps our type, its values pass as they are."""
    day = date(2026, 1, 2)
    column = ColumnMapping(ColumnInfo("x", ColumnType.DATE), 1, "raw")
    days = [day, None]
    assert converter_for(column, LiveType.DATE, lambda _: None)(days) is days


def test_plain_text_has_no_type_of_its_own() -> None:
    """Texts, numbers and nothing are text; anything else is refused."""
    assert [plain_text(raw) for raw in ("a ", 7, 7.0, 7.5, Decimal("7.50"), None)] == [
        "a",
        "7",
        "7",
        "7.5",
        "7.50",
        None,
    ]
    for raw in (True, b"a", date(2026, 1, 2), ["a"]):
        with pytest.raises(ValueError, match="not a text"):
            plain_text(raw)
