"""Cities on disk."""

import hashlib
import json
from datetime import date
from pathlib import Path

import pytest

from hub.city.directory import CityDirectory, open_city, write_city
from hub.city.model import DEPARTMENTS
from hub.city.tables import NOTHING, TABLES, cells_of, line_of
from schema.errors import ConfigurationError


def _bytes(path: Path) -> dict[str, str]:
    files = (file for file in path.rglob("*") if file.is_file())
    return {str(file.relative_to(path)): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def test_same_plan_gives_the_same_bytes(tmp_path: Path) -> None:
    """Two folders of one seed are equal file by file; another seed has another digest."""
    one, two, other = (write_city(200, seed, tmp_path / name) for name, seed in (("a", 9), ("b", 9), ("c", 10)))
    assert _bytes(one.path) == _bytes(two.path)
    assert one.digest == two.digest != other.digest


def test_finished_city_is_not_made_again(tmp_path: Path) -> None:
    """Asking again for the city that is there touches no file."""
    first = write_city(100, 1, tmp_path / "city")
    before = {file: file.stat().st_mtime_ns for file in first.path.rglob("*")}
    told: list[int] = []
    assert write_city(100, 1, tmp_path / "city", progress=told.append) == first
    assert {file: file.stat().st_mtime_ns for file in first.path.rglob("*")} == before
    assert told == []


@pytest.mark.parametrize(("people", "seed", "as_of"), [(101, 1, None), (100, 2, None), (100, 1, date(2026, 1, 1))])
def test_another_city_is_not_overwritten(tmp_path: Path, people: int, seed: int, as_of: date | None) -> None:
    """A folder with a different city is left alone."""
    write_city(100, 1, tmp_path / "city")
    with pytest.raises(ConfigurationError, match="another city"):
        write_city(people, seed, tmp_path / "city", as_of)


def test_foreign_files_are_not_overwritten(tmp_path: Path) -> None:
    """A folder that holds something else is refused before anything is made."""
    (tmp_path / "city").mkdir()
    (tmp_path / "city" / "thesis.txt").write_text("x")
    with pytest.raises(ConfigurationError, match="no finished city"):
        write_city(100, 1, tmp_path / "city")
    assert [file.name for file in (tmp_path / "city").iterdir()] == ["thesis.txt"]


def test_interrupted_generation_leaves_no_city(tmp_path: Path) -> None:
    """A generation that breaks off leaves nothing that could be taken for a city; the next one succeeds."""

    def break_off(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_city(100, 1, tmp_path / "city", progress=break_off)
    with pytest.raises(ConfigurationError):
        open_city(tmp_path / "city")
    whole = write_city(100, 1, tmp_path / "city")
    assert _bytes(whole.path) == _bytes(write_city(100, 1, tmp_path / "other").path)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format": 99}'])
def test_rubbish_manifests_are_refused(tmp_path: Path, content: str) -> None:
    """What is no city of this format is said to be none."""
    (tmp_path / "city.json").write_text(content)
    with pytest.raises(ConfigurationError):
        open_city(tmp_path)


def test_manifest_counts_rows_and_says_synthetic(city: CityDirectory) -> None:
    """`city.json` names the city synthetic and counts each table's rows."""
    manifest = json.loads((city.path / "city.json").read_text(encoding="utf-8"))
    assert manifest["synthetic"] is True
    assert {table: len(list(city.read(table))) for table in TABLES} == dict(city.rows)
    assert all(city.rows[table] > 0 for table in TABLES)


def test_truth_lies_outside_every_departments_folder(city: CityDirectory) -> None:
    """No department's folder holds anything but its own tables, and none of them holds a word of the truth."""
    for department in DEPARTMENTS:
        files = {f"{department}/{file.stem}" for file in (city.path / department).iterdir()}
        assert files == {table for table in TABLES if table.startswith(f"{department}/")}
        content = b"".join(file.read_bytes() for file in (city.path / department).iterdir())
        assert b"number_mistyped" not in content
        assert b"household" not in content


def test_lines_and_cells_are_inverse() -> None:
    """Nothing is lost between a row and its line."""
    assert cells_of(line_of(["a", None, ""]) + "\n") == ["a", None, ""]
    assert line_of([None]) == NOTHING
