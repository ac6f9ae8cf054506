"""`hub city`."""

from pathlib import Path

from click.testing import CliRunner

from hub.city.directory import open_city
from hub.commands.city import command


def test_generate_makes_a_city(tmp_path: Path) -> None:
    """The command writes a whole city and says what it made."""
    result = CliRunner().invoke(
        command, ["generate", "--people", "50", "--seed", "4", "--out", str(tmp_path / "c"), "--as-of", "2026-10-01"]
    )
    assert result.exit_code == 0
    assert "50 people" in result.stdout
    city = open_city(tmp_path / "c")
    assert (city.people, city.seed, city.as_of.isoformat()) == (50, 4, "2026-10-01")


def test_generate_refuses_a_used_folder_in_one_line(tmp_path: Path) -> None:
    """A folder with other files ends the command with code 1 and one line."""
    (tmp_path / "x").write_text("x")
    result = CliRunner().invoke(command, ["generate", "--people", "50", "--out", str(tmp_path)])
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1] == "Error: the folder holds no finished city"


def test_generate_checks_the_number_of_people(tmp_path: Path) -> None:
    """An impossible size is a usage error."""
    result = CliRunner().invoke(command, ["generate", "--people", "0", "--out", str(tmp_path / "c")])
    assert result.exit_code == 2
