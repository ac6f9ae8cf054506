"""`hub token` prints a token that works, or one line that says why not."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from auth.issuers import IssuerDirectory
from auth.key_sets import parse_key_set
from auth.model import Caller
from auth.tokens import TokenVerifier
from hub.commands.token import command
from hub.config import Mode, load_settings
from hub.demo.issuer import DemoIssuer
from schema.vocabulary import Assurance, Department, Level, Role

CLERK = "--department education --role window-clerk --purpose school-enrolment --level county --jurisdiction 3205"


@pytest.fixture(autouse=True)
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A state folder of the test's own and no configuration file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HUB_STATE_DIR", str(tmp_path / "state"))
    for name in ("HUB_MODE", "HUB_CONFIG", "HUB_AUDIENCE", "HUB_ISSUERS"):
        monkeypatch.delenv(name, raising=False)


def run(options: str) -> Result:
    """The command with these options."""
    return CliRunner().invoke(command, options.split())


def caller_of(options: str, tmp_path: Path) -> Caller:
    """What the hub makes of the token printed for these options."""
    result = run(options)
    assert result.exit_code == 0, result.output
    issuer = DemoIssuer.open(tmp_path / "state")
    directory = IssuerDirectory([issuer.issuer])
    directory.replace(issuer.issuer, parse_key_set(issuer.key_set, issuer.issuer.algorithm))
    verifier = TokenVerifier(directory, "migrant-data-hub", lambda: datetime.now(UTC))
    return verifier.verify(f"Bearer {result.output.strip()}")


def test_token_is_printed_alone(tmp_path: Path) -> None:
    """The output is one token, ready to paste, that the hub accepts."""
    caller = caller_of(CLERK, tmp_path)
    assert caller.profile.department is Department.EDUCATION
    assert caller.profile.roles == {Role.WINDOW_CLERK}
    assert (caller.profile.level, caller.profile.jurisdiction) == (Level.COUNTY, "3205")
    assert caller.purposes == {"school-enrolment"}


def test_every_option_reaches_the_token(tmp_path: Path) -> None:
    """Case, related persons, assurance, client, officer and minutes are in the token."""
    more = "--case R-1 --subject child --subject -twin --related mother --assurance high --client c1 --officer o1"
    caller = caller_of(f"{CLERK} {more} --minutes 5 --role reviewer", tmp_path)
    assert caller.case is not None
    assert (caller.case.reference, caller.case.purpose) == ("R-1", "school-enrolment")
    assert (caller.case.subjects, caller.case.related) == ({"child", "-twin"}, {"mother"})
    assert caller.profile.assurance is Assurance.HIGH
    assert (caller.client, caller.officer) == ("c1", "o1")
    assert caller.profile.roles == {Role.WINDOW_CLERK, Role.REVIEWER}
    assert (caller.expires - datetime.now(UTC)).total_seconds() <= 300


@pytest.mark.parametrize(("more", "role"), [("", Role.PERSON), ("--role guardian", Role.GUARDIAN)])
def test_person_needs_only_an_id(tmp_path: Path, more: str, role: Role) -> None:
    """A person's token needs their sector id and nothing else."""
    caller = caller_of(f"--person own_id --purpose subject-access {more}", tmp_path)
    assert caller.subject == "own_id"
    assert caller.profile.roles == {role}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("", "--department and --role are required"),
        ("--department education", "--department and --role are required"),
        ("--department tax --role window-clerk", "Invalid value for '--department': expected one of police,"),
        ("--department education --role chief", "Invalid value for '--role': expected one of window-clerk,"),
        ("--department education --role window-clerk", "--level and --jurisdiction are required"),
        (f"{CLERK} --level nation", "Invalid value for '--level': expected one of province, city"),
        (f"{CLERK} --jurisdiction 32051", "expected a division code of 2, 4, 6, 9 or 12 digits"),
        (f"{CLERK} --level village", "--level village needs a --jurisdiction of at least 12 digits"),
        (f"{CLERK} --minutes 61", "61 is not in the range 1<=x<=60"),
        (f"{CLERK} --minutes 0", "0 is not in the range"),
        (f"{CLERK} --assurance sure", "expected one of low, substantial, high, in-person"),
        (f"{CLERK} --purpose investigation", "Invalid value for '--purpose': expected one of residence-permit,"),
        (f"{CLERK} --officer 张三", "expected a pseudonym"),
        (f"{CLERK} --client é", "expected a pseudonym"),
        (f"{CLERK} --subject a", "--subject and --related need --case"),
        (f"{CLERK} --related a", "--subject and --related need --case"),
        (f"{CLERK} --case R-1 --purpose social-insurance", "--case needs exactly one --purpose"),
        (f"{CLERK} --case R-1 --subject a --purpose statistics", "exactly one --purpose"),
        (f"{CLERK} --case 张三 --subject a", "expected a case reference"),
        (f"{CLERK} --case R-1 --subject a/b", "expected a sector id"),
        (f"{CLERK} --person own", "--person goes with no other --department"),
        ("--person own --role auditor", "a person's --role is `person` or `guardian`"),
        ("--person own --level county", "a person has no --level"),
        ("--person own --jurisdiction 3205", "a person has no --level"),
        ("--department person --role person", "--department person needs --person"),
        ("--department police --role person", "need --person"),
        (f"{CLERK} --role treating-institution", "unknown department, role or level"),
        ("--nonsense", "No such option"),
    ],
)
def test_bad_values_are_said_in_one_line(options: str, message: str) -> None:
    """A bad value gives exit code 2 and one line that says what was expected."""
    result = run(options)
    assert result.exit_code == 2
    assert message in result.stderr.strip().splitlines()[-1]
    assert result.stdout == ""


def test_too_many_persons_are_said() -> None:
    """A case that makes the token longer than the hub reads is refused here already."""
    subjects = " ".join(f"--subject {'x' * 120}{number}" for number in range(60))
    result = run(f"{CLERK} --case R-1 {subjects}")
    assert result.exit_code == 2
    assert "too many persons" in result.stderr


def test_production_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In production the command refuses, makes no key and prints no token."""
    production = load_settings().model_copy(update={"mode": Mode.PRODUCTION})
    monkeypatch.setattr("hub.commands.token.load_settings", lambda: production)
    result = run(CLERK)
    assert (result.exit_code, result.stdout) == (3, "")
    assert "production mode has no demo issuer" in result.stderr
    assert not (tmp_path / "state").exists()


def test_broken_configuration_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """A configuration that cannot be read gives exit code 1 and one line."""
    monkeypatch.setenv("HUB_MODE", "party")
    result = run(CLERK)
    assert (result.exit_code, result.stdout) == (1, "")
    assert len(result.stderr.strip().splitlines()) == 1
