"""One policy file, read into rules."""

from datetime import date
from pathlib import Path, PurePath

import cedarpy
import pytest

from privacy.policy_rules import FACTS, Rule, read_rules
from schema.errors import ConfigurationError
from schema.vocabulary import SubjectClass
from tests.privacy.books import forbid, permit

SCHEMA = cedarpy.Schema.from_str(
    (Path(__file__).parents[2] / "privacy" / "policies" / "schema.cedarschema").read_text("utf-8")
)
GOOD = permit("police", "first")
NOTES = '@id("police.x")\n@basis("pipl art. 6")\n@from("2021-11-01")\n'


def read(text: str, file: str = "police.cedar") -> tuple[Rule, ...]:
    """The rules of one file."""
    return read_rules(PurePath(file), text, SCHEMA)


def conditioned(condition: str) -> Rule:
    """A police permit with one condition."""
    return read(permit("police", "x", condition))[0]


BAD = {
    "a syntax error": (f"{NOTES}permit (principal, action, resource)\nwhen {{\n  context.minor &&\n}};", 7, "token"),
    "a missing semicolon": (f"{GOOD}\n{NOTES}permit (principal, action, resource)\n", 9, "end of input"),
    "an unknown class": (
        f'{NOTES}permit (principal, action, resource)\nwhen {{\n  resource.class == Class::"BSIC" }};', 6, "BSIC",
    ),
    "an unknown purpose": (
        f'{NOTES}permit (principal, action, resource) when {{ context.purpose == Purpose::"spying" }};', 4, "spying",
    ),
    "an unknown fact": (f"{NOTES}permit (principal, action, resource)\nwhen {{ context.pregnant }};", 5, "pregnant"),
    "an unknown action": (f'{NOTES}permit (principal, action == Action::"export", resource);', 4, "export"),
    "no id": ('\n\n@basis("pipl") @from("2021-11-01") permit (principal, action, resource);', 3, "no @id"),
    "no basis": ('@id("police.x") @from("2021-11-01") permit (principal, action, resource);', 1, "no @basis"),
    "no first day": ('@id("police.x") @basis("pipl") permit (principal, action, resource);', 1, "no @from"),
    "an unknown basis": (GOOD.replace("pipl art. 6", "decree-1"), 2, "`decree-1` is not in the list"),
    "an expired basis": (
        GOOD.replace("pipl art. 6", "decree-555 art. 5"), 2, "basis `decree-555` expired on 2021-09-08",
    ),
    "a rule older than its basis": (GOOD.replace("2021-11-01", "2020-01-01"), 3, "before basis `pipl`"),
    "a date that is none": (GOOD.replace("2021-11-01", "2021-13-01"), 3, "is not a date"),
    "an end before the beginning": (
        GOOD.replace("permit (", '@until("2021-10-01")\npermit ('), 4, "@until lies before @from",
    ),
    "an unknown annotation": (GOOD.replace("@from", "@form"), 3, "unknown annotation `@form`"),
    "another's name": (GOOD.replace("police.first", "health.first"), 1, "begin with `police.`"),
    "an id with capitals": (GOOD.replace("police.first", "police.First"), 1, "lower case words"),
    "a field literal": (permit("police", "x", '"Migrant.name" == "Migrant.name"'), 4, "`Migrant.name` is a field"),
    "a bare field name": (permit("police", "x", 'resource.field == "idNumber"'), 4, "`idNumber` is a field"),
    "other text": (permit("police", "x", '"a" == "a"'), 4, "text `a`"),
    "a single slot": (permit("police", "x", 'resource == Slot::"BASIC@police"'), 4, "single `Slot`"),
    "a single caller": (permit("police", "x", 'principal == Caller::"chen"'), 4, "single `Caller`"),
    "a slot in the head": (
        permit("police", "x", head='principal, action, resource == Slot::"BASIC@police"'), 4, "single `Slot`",
    ),
    "a head that limits": (permit("police", "x", head="principal is Caller, action, resource"), 4, "in the head"),
    "a template": (permit("police", "x", head="principal, action, resource == ?resource"), 4, "template"),
    "the action in a condition": (permit("police", "x", 'action == Action::"read"'), 4, "`action` in a condition"),
    "the whole context": (permit("police", "x", "context == context"), 4, "the whole context"),
    "another's slot": (
        f'{NOTES}permit (principal, action, resource)\nwhen {{\n  resource.source == Source::"health" }};',
        6,
        "`health` is another's slot",
    ),
    "another's slot in a set": (
        permit("police", "x", '[Source::"police", Source::"business"].contains(resource.source)'), 4, "`business`",
    ),
    "another owner": (permit("police", "x", 'resource.owner == Department::"health"'), 4, "`health` is another's"),
    "read without the masked form": (
        permit("police", "x", head='principal, action == Action::"read", resource'), 4, "must be one of `readMasked`",
    ),
    "a forbid that leaves the value": (
        forbid("police", "x", "context.minor", head='principal, action == Action::"readMasked", resource'),
        4,
        "must be one of `read`",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_bad_rule_is_refused(name: str) -> None:
    """A bad rule is refused with file, line and reason."""
    text, line, reason = BAD[name]
    with pytest.raises(ConfigurationError) as caught:
        read(text)
    assert str(caught.value).startswith(f"police.cedar:{line}: "), str(caught.value)
    assert reason in str(caught.value)
    assert "policy0" not in str(caught.value)


def test_law_only_forbids() -> None:
    """A permit in `law.cedar` is refused: it would speak for every owner."""
    with pytest.raises(ConfigurationError, match=r"^law\.cedar:4: a permit, where only forbids stand$"):
        read(permit("law", "generous"), "law.cedar")


def test_rules_keep_their_place() -> None:
    """A rule knows its line, past comments and text that looks like a comment or an end."""
    comment = '// permit (principal, action, resource); "\n\n'
    rules = read(comment + GOOD + comment + permit("police", "second", "context.minor"))
    assert [(rule.id, rule.line) for rule in rules] == [("police.first", 3), ("police.second", 9)]


def test_dates_are_inclusive() -> None:
    """A rule stands from its first to its last day."""
    rule = read(GOOD.replace("permit (", '@until("2026-12-31")\npermit ('))[0]
    days = [date(2021, 10, 31), date(2021, 11, 1), date(2026, 12, 31), date(2027, 1, 1)]
    assert [rule.stands(day) for day in days] == [False, True, True, False]


def test_facts_are_the_bits_of_a_subject_class() -> None:
    """The facts of policies and the flags of a subject class are the same, in the same order."""
    words = ["".join(part.capitalize() for part in flag.name.split("_")) for flag in SubjectClass if flag.name]
    assert [word[0].lower() + word[1:] for word in words] == list(FACTS)


def test_facts_are_found_where_they_are_read() -> None:
    """A rule lists the facts of all its conditions, however deep they stand."""
    rule = conditioned("(if context.minor then context.consented else false) || !context.protected")
    assert rule.facts == {"minor", "consented", "protected"}
    assert conditioned("context.agreement").facts == set()


@pytest.mark.parametrize(
    ("condition", "applies", "does_not"),
    [
        ('context.purpose == Purpose::"settlement"', "settlement", "statistics"),
        ('Purpose::"settlement" == context.purpose && context.minor', "settlement", "statistics"),
        ('[Purpose::"settlement", Purpose::"correction"].contains(context.purpose)', "correction", "statistics"),
    ],
)
def test_plain_limits_rule_out(condition: str, applies: str, does_not: str) -> None:
    """A rule limited to a purpose outright cannot apply for another."""
    rule = conditioned(condition)
    assert rule.may_apply({"context.purpose": frozenset({applies})})
    assert not rule.may_apply({"context.purpose": frozenset({does_not})})


@pytest.mark.parametrize(
    "condition",
    [
        'context.purpose == Purpose::"settlement" || context.minor',
        'context.purpose != Purpose::"settlement"',
        '!(context.purpose == Purpose::"settlement")',
        'principal.roles == [Role::"operator"]',
    ],
)
def test_other_conditions_rule_nothing_out(condition: str) -> None:
    """What is not said outright never makes a rule look irrelevant."""
    known = {"context.purpose": frozenset({"statistics"}), "principal.roles": frozenset({"person"})}
    assert conditioned(condition).may_apply(known)


def test_exemptions_rule_out() -> None:
    """A forbid that exempts a role outright cannot apply to it, whatever roles come with it."""
    text = forbid("police", "x", "context.minor").replace(
        "};", '} unless { principal.roles.contains(Role::"person") || context.consented };'
    )
    rule = read(text)[0]
    assert not rule.may_apply({"principal.roles": frozenset({"person", "guardian"})})
    assert rule.may_apply({"principal.roles": frozenset({"guardian"})})
    whole = read(text.replace('principal.roles.contains(Role::"person")', 'principal.roles == [Role::"person"]'))[0]
    assert whole.may_apply({"principal.roles": frozenset({"person", "guardian"})})
