"""`hub token`: a token of the demo issuer, for trying the hub out."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from re import Pattern
from typing import Any

import click

from auth.claims import CASE_REFERENCE, JURISDICTION, MIN_DIGITS, PSEUDONYM, SECTOR_ID
from auth.model import Case
from auth.tokens import MAX_TOKEN_BYTES
from hub.config import load_settings
from hub.demo.issuer import DemoIssuer, TokenRequest
from privacy.purposes import PURPOSES
from schema.errors import ConfigurationError, TokenError
from schema.ids import SectorId
from schema.vocabulary import Assurance, Department, Level, Role

__all__ = ["command"]


class _RefusedError(click.ClickException):
    """Understood and refused."""

    exit_code = 3


class _Word(click.ParamType[StrEnum]):
    """An option whose text is one of a closed set of words."""

    def __init__(self, words: type[StrEnum]) -> None:
        self.name = words.__name__.lower()
        self._words = words

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> StrEnum:
        """The word, or a usage error that lists the words there are."""
        try:
            return self._words(value)
        except ValueError:
            self.fail(f"expected one of {', '.join(self._words)}", param, ctx)


class _Text(click.ParamType[str]):
    """An option whose text must match a pattern of the token's claims."""

    def __init__(self, name: str, pattern: Pattern[str], form: str) -> None:
        self.name = name
        self._pattern = pattern
        self._form = form

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text unchanged, or a usage error that says what is expected."""
        if not self._pattern.fullmatch(value):
            self.fail(f"expected {self._form}", param, ctx)
        return str(value)


class _Purpose(click.ParamType[str]):
    """An option that names a purpose of the catalogue."""

    name = "purpose"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The purpose's code, or a usage error that lists the codes there are."""
        if value not in PURPOSES:
            self.fail(f"expected one of {', '.join(PURPOSES)}", param, ctx)
        return str(value)


_SECTOR_ID = _Text("sector id", SECTOR_ID, "a sector id as the hub gives it")
_PSEUDONYM = _Text("pseudonym", PSEUDONYM, "a pseudonym of plain letters, digits and . _ : @ -")
_REFERENCE = _Text("reference", CASE_REFERENCE, "a case reference of plain letters, digits and . _ : / -")
_DIVISION = _Text("division", JURISDICTION, "a division code of 2, 4, 6, 9 or 12 digits")


@click.command("token")
@click.option("--department", type=_Word(Department), help="Who asks.")
@click.option("--role", "roles", type=_Word(Role), multiple=True, help="What they do there; repeatable.")
@click.option("--purpose", "purposes", type=_Purpose(), multiple=True, help="What they may ask for; repeatable.")
@click.option("--level", type=_Word(Level), help="Their administrative level.")
@click.option("--jurisdiction", type=_DIVISION, help="Division code of the area they are responsible for.")
@click.option("--case", "reference", type=_REFERENCE, help="Reference of a case, signed into the token.")
@click.option("--subject", "subjects", type=_SECTOR_ID, multiple=True, help="Whom the case is about; repeatable.")
@click.option("--related", type=_SECTOR_ID, multiple=True, help="Whom it names besides; repeatable.")
@click.option("--person", type=_SECTOR_ID, help="A token for this person (their sector id) instead of an officer.")
@click.option("--officer", type=_PSEUDONYM, default="demo-officer", show_default=True, help="The officer's pseudonym.")
@click.option("--client", type=_PSEUDONYM, default="demo-client", show_default=True, help="The client program.")
@click.option(
    "--assurance",
    type=_Word(Assurance),
    default=Assurance.SUBSTANTIAL,
    help="How well they proved who they are.",
)
@click.option("--minutes", type=click.IntRange(1, 60), default=30, show_default=True, help="How long it is valid.")
@click.pass_context
def command(context: click.Context, /, **_: object) -> None:
    """Print a token of the demo issuer (sandbox only).

    Example: hub token --department education --role window-clerk --purpose school-enrolment --level county
    --jurisdiction 320583
    """
    request = _request(context.params)
    try:
        settings = load_settings()
        if settings.production:
            raise _RefusedError("production mode has no demo issuer")
        issuer = DemoIssuer.open(settings.state_dir)
        token = issuer.mint(request, audience=settings.audience, now=datetime.now(UTC))
    except (ConfigurationError, OSError) as error:
        raise click.ClickException(str(error)) from None
    except TokenError as error:
        raise click.UsageError(error.text) from None
    if len(token) > MAX_TOKEN_BYTES:
        raise click.UsageError("the case names too many persons for one token")
    click.echo(token)


def _request(options: Mapping[str, Any]) -> TokenRequest:
    department, roles = _standing(options)
    level, jurisdiction = _reach(options, department)
    return TokenRequest(
        department=department,
        roles=roles,
        level=level,
        jurisdiction=jurisdiction,
        purposes=options["purposes"],
        subject=options["person"] or options["officer"],
        client=options["client"],
        assurance=options["assurance"],
        minutes=options["minutes"],
        case=_case(options),
    )


def _standing(options: Mapping[str, Any]) -> tuple[Department, tuple[Role, ...]]:
    department: Department | None = options["department"]
    roles: tuple[Role, ...] = options["roles"]
    personal = {Role.PERSON, Role.GUARDIAN}
    if options["person"]:
        if department not in (None, Department.PERSON):
            raise click.UsageError("--person goes with no other --department")
        if not personal.issuperset(roles):
            raise click.UsageError("a person's --role is `person` or `guardian`")
        return Department.PERSON, roles or (Role.PERSON,)
    if department is Department.PERSON:
        raise click.UsageError("--department person needs --person")
    if department is None or not roles:
        raise click.UsageError("--department and --role are required, or --person")
    if not personal.isdisjoint(roles):
        raise click.UsageError("the roles `person` and `guardian` need --person")
    return department, roles


def _reach(options: Mapping[str, Any], department: Department) -> tuple[Level, str]:
    level: Level | None = options["level"]
    jurisdiction: str | None = options["jurisdiction"]
    if department is Department.PERSON:
        if level or jurisdiction:
            raise click.UsageError("a person has no --level and no --jurisdiction")
        return Level.PROVINCE, ""
    if level is None or jurisdiction is None:
        raise click.UsageError("--level and --jurisdiction are required for a department")
    if len(jurisdiction) < MIN_DIGITS[level]:
        raise click.UsageError(f"--level {level} needs a --jurisdiction of at least {MIN_DIGITS[level]} digits")
    return level, jurisdiction


def _case(options: Mapping[str, Any]) -> Case | None:
    if options["reference"] is None:
        if options["subjects"] or options["related"]:
            raise click.UsageError("--subject and --related need --case")
        return None
    if len(options["purposes"]) != 1:
        raise click.UsageError("--case needs exactly one --purpose")
    return Case(
        reference=options["reference"],
        purpose=options["purposes"][0],
        subjects=frozenset(map(SectorId, options["subjects"])),
        related=frozenset(map(SectorId, options["related"])),
    )
