"""`hub policy`: check policies, and explain a decision to a policy officer."""

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import product
from pathlib import Path
from typing import Final

import click

from auth.model import Profile
from hub.clock import day_of, now
from hub.config import load_settings
from privacy.decide import decide
from privacy.model import DecisionTable, FieldRuling
from privacy.policybook import PolicyBook, load_policies
from privacy.purposes import PURPOSES
from schema.errors import ConfigurationError
from schema.ids import FieldId
from schema.vocabulary import Assurance, Decision, Department, Level, Role, SubjectClass

__all__ = ["command"]

_FACTS: Final = {
    SubjectClass.IN_RESIDENCE: "lives in the jurisdiction",
    SubjectClass.IN_ORIGIN: "registered in the jurisdiction",
    SubjectClass.MINOR: "under 14",
    SubjectClass.PROTECTED: "protected",
    SubjectClass.CONSENTED: "consented",
}
_FOLDER: Final = click.Path(exists=True, file_okay=False, path_type=Path)


class _DeniedError(click.ClickException):
    """Understood, and nothing is granted."""

    exit_code = 3


class _InvalidError(click.ClickException):
    """The policies are not valid."""

    exit_code = 4


def _words(words: Iterable[str]) -> click.Choice[str]:
    return click.Choice([str(word) for word in words])


@click.group("policy")
def command() -> None:
    """Check the owners' policies, and explain what they decide."""


@command.command("check")
@click.argument("folder", type=_FOLDER, required=False)
def check(folder: Path | None) -> None:
    """Check the policies of FOLDER; without it, those this installation uses.

    Exit code 4 and one line `file:line: reason` when they are not valid.
    """
    book = _load(folder)
    permits = sum(rule.effect == "permit" for rule in book.rules)
    click.echo(f"{permits} permits and {len(book.rules) - permits} forbids are valid, version {book.version}")


@command.command("explain")
@click.option("--department", type=_words(Department), required=True, help="Who asks.")
@click.option("--role", "roles", type=_words(Role), multiple=True, required=True, help="Their role; repeatable.")
@click.option("--level", type=_words(Level), required=True, help="Their administrative level.")
@click.option("--purpose", type=_words(PURPOSES), required=True, help="What they ask for.")
@click.option("--field", help="One field or check, such as `Migrant.name` or `Checks.permitValid`.")
@click.option("--assurance", type=_words(Assurance), default="high", show_default=True, help="How they proved it.")
@click.option("--on", "day", type=click.DateTime(["%Y-%m-%d"]), help="The day; without it, today.")
@click.option("--policies", "folder", type=_FOLDER, help="Policies to use instead of the installation's.")
@click.pass_context
def explain(context: click.Context, /, field: str | None, folder: Path | None, **_: object) -> None:
    """Say what a caller gets of each field, on which facts it depends, and by which rules.

    Agreement, case and the token's own list of purposes are not considered. Exit code 3 when nothing is granted.
    """
    table = _table(context, _load(folder))
    if field is None:
        granted = [ruling for ruling in table.rulings.values() if ruling.highest]
        _print_lines(_summary(granted, len(table.rulings) - len(granted)))
    else:
        if field not in table.rulings:
            raise click.BadParameter(f"there is no field `{field}`", param_hint="--field")
        granted = [ruling for ruling in [table.rulings[FieldId(field)]] if ruling.highest]
        _print_lines(_story(table.rulings[FieldId(field)]))
    if not granted:
        raise _DeniedError("nothing is granted")


def _load(folder: Path | None) -> PolicyBook:
    try:
        chosen = folder or load_settings().policies_dir
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from None
    try:
        return load_policies(chosen)
    except ConfigurationError as error:
        raise _InvalidError(str(error)) from None


def _table(context: click.Context, book: PolicyBook) -> DecisionTable:
    options = context.params
    profile = Profile(
        department=Department(options["department"]),
        roles=frozenset(map(Role, options["roles"])),
        level=Level(options["level"]),
        jurisdiction="",
        assurance=Assurance(options["assurance"]),
    )
    day: date = options["day"].date() if options["day"] else day_of(now())
    return decide(profile, PURPOSES[options["purpose"]], None, book, day)


def _print_lines(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)


def _summary(granted: list[FieldRuling], withheld: int) -> Iterator[str]:
    width = max((len(ruling.field) for ruling in granted), default=0)
    for ruling in granted:
        depends = ", ".join(_FACTS[fact] for fact in _decisive(ruling)) or "nothing"
        yield f"{ruling.field:{width}}  {ruling.highest.name:9}  rows {ruling.rows.name:7}  depends on: {depends}"
    yield f"withheld: {withheld} others"


def _story(ruling: FieldRuling) -> Iterator[str]:
    yield f"{ruling.field}: at most {ruling.highest.name}, rows {ruling.rows.name}"
    yield f"rules: {', '.join(ruling.policies)}"
    facts = _decisive(ruling)
    for values in product((True, False), repeat=len(facts)):
        subject = SubjectClass(sum(fact for fact, value in zip(facts, values, strict=True) if value))
        said = ", ".join(("" if value else "not ") + _FACTS[fact] for fact, value in zip(facts, values, strict=True))
        if ruling.of(subject):
            yield f"  {ruling.of(subject).name:9} {said or 'everybody'}"
    if not min(ruling.decisions):
        yield f"  {Decision.WITHHOLD.name:9} {'everybody else' if ruling.highest else 'everybody'}"


def _decisive(ruling: FieldRuling) -> list[SubjectClass]:
    """The facts that change this field's decision for some subject."""
    return [
        fact
        for fact in _FACTS
        if any(ruling.decisions[bits] != ruling.decisions[bits ^ fact] for bits in range(len(ruling.decisions)))
    ]
