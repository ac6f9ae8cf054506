"""Human resources' inbox."""

import csv
import hashlib
import json
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from hub.city.directory import CityDirectory
from hub.city.tables import TABLES
from hub.demo.systems import human_resources
from hub.demo.systems.human_resources import DELIVERY, deliver_human_resources
from schema.errors import ConfigurationError


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory, small_city: CityDirectory) -> Path:
    """An inbox with one delivery."""
    folder = tmp_path_factory.mktemp("hr") / "inbox"
    assert deliver_human_resources(folder, small_city) is True
    return folder


def test_delivery_names_its_files_and_says_synthetic(inbox: Path) -> None:
    """The manifest lists every file with its digest and carries the mark."""
    manifest = json.loads((inbox / DELIVERY).read_text(encoding="utf-8"))
    assert manifest["dataOrigin"] == "SYNTHETIC"
    assert {file["name"] for file in manifest["files"]} | {DELIVERY} == {path.name for path in inbox.iterdir()}
    for file in manifest["files"]:
        assert hashlib.sha256((inbox / file["name"]).read_bytes()).hexdigest() == file["sha256"]


@pytest.mark.parametrize(("stem", "table"), [("jyry", "persons"), ("jydj", "employments")])
def test_csv_is_gb18030_with_chinese_headers(inbox: Path, small_city: CityDirectory, stem: str, table: str) -> None:
    """The file reads back as the city's table, and it is not UTF-8."""
    path = inbox / f"{stem}_20261101.csv"
    with path.open(encoding="gb18030", newline="") as file:
        rows = list(csv.reader(file))
    assert tuple(rows[0]) == TABLES[f"human-resources/{table}"]
    assert rows[1:] == [[cell or "" for cell in cells] for cells in small_city.read(f"human-resources/{table}")]
    with pytest.raises(UnicodeDecodeError):
        path.read_text(encoding="utf-8")


def test_workbook_has_numbers_where_numbers_are_meant(inbox: Path, small_city: CityDirectory) -> None:
    """Months and bases are numbers, keys and months of payment are text."""
    rows = CalamineWorkbook.from_path(str(inbox / "shebao_20261101_1.xlsx")).get_sheet_by_name("参保信息").to_python()
    assert tuple(rows[0]) == TABLES["human-resources/social_insurances"]
    assert len(rows) - 1 == small_city.rows["human-resources/social_insurances"]
    assert [type(cell) for cell in rows[1]] == [str, str, str, float, str, float]
    expected = list(small_city.read("human-resources/social_insurances"))
    assert [f"{row[5]:.2f}" for row in rows[1:]] == [cells[5] for cells in expected]


def test_present_delivery_is_not_made_again(inbox: Path, small_city: CityDirectory) -> None:
    """A second start touches no file."""
    before = {path: path.stat().st_mtime_ns for path in inbox.iterdir()}
    assert deliver_human_resources(inbox, small_city) is False
    assert {path: path.stat().st_mtime_ns for path in inbox.iterdir()} == before


def test_long_tables_are_cut_into_workbooks(
    tmp_path: Path, small_city: CityDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A workbook never holds more rows than one may hold, and none is lost."""
    monkeypatch.setattr(human_resources, "ROWS_PER_WORKBOOK", 500)
    deliver_human_resources(tmp_path / "inbox", small_city)
    manifest = json.loads((tmp_path / "inbox" / DELIVERY).read_text(encoding="utf-8"))
    counts = [file["rows"] for file in manifest["files"] if file["name"].startswith("shebao")]
    assert len(counts) > 2
    assert max(counts) == 500
    assert sum(counts) == small_city.rows["human-resources/social_insurances"]


def test_unwritable_inbox_is_one_clear_error(tmp_path: Path, small_city: CityDirectory) -> None:
    """A file in the inbox's place is said so, without a trace."""
    (tmp_path / "inbox").write_text("x")
    with pytest.raises(ConfigurationError, match="inbox"):
        deliver_human_resources(tmp_path / "inbox", small_city)
