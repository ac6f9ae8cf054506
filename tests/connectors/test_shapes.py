"""Shapes apply the row filter once more, so that a source that forgets it is harmless."""

from dataclasses import replace
from datetime import date

import pytest

from connectors.contract import NEVER_KEY, Row, RowFilter
from connectors.mapping import CollectionMapping, ColumnMapping
from connectors.mapping_reader import read_mapping
from connectors.opening import mapping_path
from connectors.quality import Finding, Problem, QualityCounts
from connectors.shapes import KeyCodec, Raw, compile_shape
from connectors.values import LiveType
from schema.ids import CollectionName, SourceKey
from schema.vocabulary import FieldClass, RowScope, Source

A, B = SourceKey("A"), SourceKey("B")


def collection(name: str) -> CollectionMapping:
    """One collection of the demo city."""
    source = Source(name.partition(".")[0].replace("_", "-"))
    return read_mapping(mapping_path("demo-city", source)).collections[CollectionName(name)]


def build(
    mapping: CollectionMapping,
    columns: tuple[str, ...],
    rows: RowFilter,
    raw: Raw,
    quality: QualityCounts | None = None,
) -> list[list[Row]]:
    """The rows of A and B from raw rows."""
    shape = compile_shape(mapping, columns, rows, {}, quality or QualityCounts())
    return [list(group) for group in shape.build([A, B], raw)]


REGISTRATIONS = collection("police.residence_registrations")
INSURANCES = collection("human_resources.social_insurances")
PERSONS = collection("police.persons")


def test_only_what_is_needed_is_selected() -> None:
    """The columns asked for, and what current and raises need, in the source's names: nothing else."""
    quality = QualityCounts()
    plain = compile_shape(REGISTRATIONS, ("address",), RowFilter(), {}, quality)
    current = compile_shape(REGISTRATIONS, ("address",), RowFilter(RowScope.CURRENT), {}, quality)
    insurance = compile_shape(INSURANCES, ("months_paid",), RowFilter(), {}, quality)
    opened = compile_shape(INSURANCES, ("months_paid",), RowFilter(raised=frozenset(FieldClass)), {}, quality)
    assert plain.selected == ("dz",)
    assert current.selected == ("dz", "zxrq", "djrq")
    assert insurance.selected == ("累计缴费月数", "险种")
    assert opened.selected == ("累计缴费月数",)


def test_rows_that_are_not_current_are_dropped() -> None:
    """A source that sends cancelled and older rows all the same does not get them through."""
    raw = [
        ("A", "old", None, date(2024, 1, 1)),
        ("A", "cancelled", date(2026, 2, 1), date(2026, 1, 1)),
        ("A", "new", None, date(2025, 1, 1)),
        ("B", "undated", None, None),
    ]
    assert build(REGISTRATIONS, ("address",), RowFilter(RowScope.CURRENT), raw) == [[("new",)], [("undated",)]]


def test_rows_of_equal_date_keep_the_first() -> None:
    """Of two rows of one day the source's first is current."""
    raw = [("A", "first", None, date(2024, 1, 1)), ("A", "second", None, date(2024, 1, 1))]
    assert build(REGISTRATIONS, ("address",), RowFilter(RowScope.CURRENT), raw) == [[("first",)], []]


@pytest.mark.parametrize("code", ["310", "510", "999", None, " 310 ", 310])
def test_rows_that_may_be_raised_are_dropped(code: object) -> None:
    """Medical, maternity, unknown and missing kinds do not pass without their classes."""
    raw = [("A", 12, code), ("A", 36, "110")]
    assert build(INSURANCES, ("months_paid",), RowFilter(), raw) == [[(36,)], []]


def test_health_does_not_open_reproductive() -> None:
    """With HEALTH alone medical rows pass, maternity and unmapped ones do not."""
    raw = [("A", 1, "310"), ("A", 2, "510"), ("A", 3, "999")]
    assert build(INSURANCES, ("months_paid",), RowFilter(raised=frozenset({FieldClass.HEALTH})), raw) == [[(1,)], []]


def test_raised_values_are_nulled_whatever_the_source_sent() -> None:
    """A medical reason is None without HEALTH; other reasons pass."""
    raw = [("A", "50", "x"), ("A", "10", "y")]
    assert build(REGISTRATIONS, ("reason", "address"), RowFilter(), raw) == [[(None, "x"), ("WORK", "y")], []]
    opened = RowFilter(raised=frozenset({FieldClass.HEALTH}))
    assert build(REGISTRATIONS, ("reason",), opened, [("A", "50")]) == [[("MEDICAL",)], []]


def test_constants_can_be_raised_too() -> None:
    """A file of nothing but maternity insurance is raised as a whole, a constant medical reason is None."""
    kind = INSURANCES.columns["kind"].info
    maternity = replace(
        INSURANCES, columns={**INSURANCES.columns, "kind": ColumnMapping(kind, 1, constant="MATERNITY")}
    )
    assert build(maternity, ("months_paid", "kind"), RowFilter(), [("A", 12)]) == [[], []]
    opened = RowFilter(raised=frozenset(FieldClass))
    assert build(maternity, ("months_paid", "kind"), opened, [("A", 12)]) == [[(12, "MATERNITY")], []]
    reason = REGISTRATIONS.columns["reason"].info
    medical = replace(REGISTRATIONS, columns={"reason": ColumnMapping(reason, 1, constant="MEDICAL")})
    assert build(medical, ("reason",), RowFilter(), [("A",)]) == [[(None,)], []]


def test_a_second_row_of_a_person_is_counted() -> None:
    """Where there can be one row per person, the first counts and the others are reported."""
    quality = QualityCounts()
    raw = [("A", "张三"), ("A", "张三丰"), ("B", "李四")]
    assert build(PERSONS, ("name",), RowFilter(), raw, quality) == [[("张三",)], [("李四",)]]
    assert quality.snapshot() == {Finding(PERSONS.name, "", Problem.DUPLICATE): 1}


def test_problems_are_counted_once_per_value() -> None:
    """A code that is needed for the filter and asked for is counted once."""
    quality = QualityCounts()
    opened = RowFilter(raised=frozenset({FieldClass.HEALTH}))
    build(INSURANCES, ("kind",), opened, [("A", "999"), ("A", "110")], quality)
    build(REGISTRATIONS, ("reason",), RowFilter(), [("A", "77")], quality)
    assert quality.snapshot() == {Finding(REGISTRATIONS.name, "reason", Problem.UNMAPPED_CODE): 1}


def test_nobody_travels_as_a_key_like_any_other() -> None:
    """NEVER_KEY and impossible keys are sent as a key that matches nothing, once, and answered with nothing."""
    text, numbers = KeyCodec(LiveType.TEXT), KeyCodec(LiveType.INTEGER)
    (nobody,) = text.send([NEVER_KEY, SourceKey("a\x00b")])
    assert isinstance(nobody, str)
    assert "\x00" not in nobody
    sent = numbers.send([SourceKey("7"), NEVER_KEY, SourceKey("007"), SourceKey("x"), SourceKey("９"), SourceKey("7")])
    assert sent[0] == 7
    assert len(sent) == 2
    shape = compile_shape(PERSONS, ("name",), RowFilter(), {}, QualityCounts())
    assert shape.build([NEVER_KEY], [(nobody, "张三")]) == [()]


def test_numeric_keys_come_back_as_they_were_asked() -> None:
    """Keys of a numeric column are texts for us."""
    live = {"rybh": LiveType.INTEGER}
    shape = compile_shape(PERSONS, ("name",), RowFilter(), live, QualityCounts())
    assert shape.build([SourceKey("7"), SourceKey("8")], [(7, "张三")]) == [(("张三",),), ()]


def test_padded_keys_are_found() -> None:
    """Keys of a fixed-length column are compared without their padding."""
    shape = compile_shape(PERSONS, ("name",), RowFilter(), {"rybh": LiveType.PADDED}, QualityCounts())
    assert shape.build([A], [("A   ", "张三")]) == [(("张三",),)]


def test_columns_of_another_collection_are_refused() -> None:
    """The catalogue decides what can be asked for."""
    with pytest.raises(ValueError, match="has no column kind"):
        compile_shape(PERSONS, ("kind",), RowFilter(), {}, QualityCounts())
