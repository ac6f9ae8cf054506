"""`hub policy`: check and explain."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hub.commands.policy import command
from tests.privacy.books import permit, write_policies

HEALTH = ["--department", "health", "--role", "case-officer", "--purpose", "public-health", "--on", "2026-11-22"]


def run(*arguments: str) -> Result:
    """Run the command in this process."""
    return CliRunner().invoke(command, list(arguments))


def test_check_accepts_what_we_ship() -> None:
    """The packaged policies are valid, and the line says how many rules and which version."""
    result = run("check")
    assert result.exit_code == 0
    assert "permits and" in result.output
    assert "are valid, version " in result.output


def test_check_says_file_line_and_reason(tmp_path: Path) -> None:
    """A folder with a bad rule is invalid: exit code 4 and one line."""
    write_policies(tmp_path, police=permit("police", "x", 'resource.class == Class::"BSIC"'))
    result = run("check", str(tmp_path))
    assert result.exit_code == 4
    assert result.stderr.startswith("Error: police.cedar:4: ")
    assert result.stderr.count("\n") == 1


def test_explain_lists_what_is_granted() -> None:
    """Without a field every granted field is listed with what it depends on."""
    result = run("explain", *HEALTH, "--level", "county")
    assert result.exit_code == 0
    lines = {line.split()[0]: line for line in result.output.splitlines()}
    assert "READ" in lines["Migrant.name"]
    assert "MASK" in lines["Migrant.idNumber"]
    assert "lives in the jurisdiction" in lines["Migrant.name"]
    assert "Migrant.ethnicity" not in lines


def test_explain_tells_a_field_by_facts() -> None:
    """With a field every combination of deciding facts is told, and the rules behind it."""
    result = run("explain", *HEALTH, "--level", "township", "--field", "Residence.division")
    assert result.exit_code == 0
    assert "police.public-health.own-township" in result.output
    assert "READ      lives in the jurisdiction" in result.output
    assert "WITHHOLD  everybody else" in result.output


def test_explain_says_when_nothing_is_granted() -> None:
    """A field that nobody gets is denied: exit code 3, with the reason."""
    result = run("explain", *HEALTH, "--level", "county", "--field", "Migrant.ethnicity")
    assert result.exit_code == 3
    assert "rules: catalogue" in result.output


@pytest.mark.parametrize(
    "wrong", [["--purpose", "investigation"], ["--role", "spy"], ["--field", "Migrant.salary"], ["--level", "moon"]]
)
def test_explain_refuses_unknown_words(wrong: list[str]) -> None:
    """An unknown purpose, role, level or field is a usage error."""
    assert run("explain", *HEALTH, "--level", "county", *wrong).exit_code == 2


def test_explain_uses_other_policies(tmp_path: Path) -> None:
    """A folder of policies can be tried before it is used."""
    result = run("explain", *HEALTH, "--level", "county", "--policies", str(write_policies(tmp_path)))
    assert result.exit_code == 3
    assert "withheld: 77 others" in result.output
