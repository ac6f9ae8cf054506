"""One policy file, read into rules: what Cedar cannot know about our policies is checked here.

Cedar itself checks syntax and words (against `policies/schema.cedarschema`); this module adds identity, legal basis
and dates, and refuses what would make a rule's reach hard to see: field names, single slots or callers, templates.
Cedar's errors carry no line, so a file is cut into its statements first.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import PurePath
from typing import Any, Final, NoReturn

import cedarpy

from privacy.bases import basis_of
from schema.catalogue import FIELDS
from schema.errors import ConfigurationError

__all__ = ["FACTS", "LAW", "Action", "Rule", "read_rules"]

Node = Any
"""A node of Cedar's JSON policy format; it ends in this module."""

Action = str
"""`read`, `readMasked`, `verify` or `aggregate`, as the Cedar schema declares them."""

Term = tuple[str, frozenset[str]]
"""A condition `path == word`, `[words].contains(path)` or `path.containsAny([words])`: true when they share a word."""

LAW: Final = "law"
FACTS: Final = ("inResidence", "inOrigin", "minor", "protected", "consented")
"""Facts about a subject, in the order of the bits of `SubjectClass`."""

_ACTIONS: Final = frozenset({"read", "readMasked", "verify", "aggregate"})
_ANNOTATIONS: Final = frozenset({"id", "basis", "from", "until"})
_RULE_ID: Final = re.compile(r"[a-z0-9]+(?:[.-][a-z0-9]+)*")
_PART: Final = re.compile(r'//[^\n]*|"(?:\\.|[^"\\])*"|;|\n|[^"/;\n]+|.', re.DOTALL)
_QUOTED: Final = re.compile(r"`([^`]+)`")
_FIELD_NAMES: Final = frozenset(FIELDS) | {field.partition(".")[2] for field in FIELDS}


@dataclass(frozen=True, slots=True)
class Rule:
    """One permit or forbid. Dates are inclusive.

    `facts` are the subject facts its conditions read. `limits` and `exempts` are what its conditions say outright of
    a path (`context.purpose`): it can apply only when each path of `limits` has one of the words, and never when a
    path of `exempts` has.
    """

    id: str
    effect: str
    basis: str
    since: date
    until: date | None
    file: str
    line: int
    text: str
    body: Mapping[str, Node]
    actions: frozenset[Action]
    facts: frozenset[str]
    limits: tuple[Term, ...]
    exempts: tuple[Term, ...]

    def stands(self, on: date) -> bool:
        """Whether the rule is in force on that day: Cedar knows nothing of our dates."""
        return self.since <= on and (self.until is None or on <= self.until)

    def may_apply(self, known: Mapping[str, frozenset[str]]) -> bool:
        """False only when the known words (path → words it has) rule the rule out, whatever else holds."""
        within = all(path not in known or known[path] & words for path, words in self.limits)
        return within and not any(path in known and known[path] & words for path, words in self.exempts)


@dataclass(frozen=True, slots=True)
class _Statement:
    """One statement of a file and the line its first word stands on."""

    file: str
    line: int
    text: str

    def refuse(self, reason: str, near: str = "") -> NoReturn:
        """Raise, naming the line on which `near` stands, or the statement's first."""
        before = self.text.find(near) if near else -1
        line = self.line + (self.text.count("\n", 0, before) if before > 0 else 0)
        raise ConfigurationError(f"{self.file}:{line}: {reason}")


def read_rules(file: PurePath, text: str, schema: cedarpy.Schema) -> tuple[Rule, ...]:
    """The rules of one policy file; its stem is `law` or the owner's source.

    Raises ConfigurationError (`file:line: reason`) at the first thing that is wrong.
    """
    return tuple(_read_rule(statement, file.stem, schema) for statement in _statements(file.name, text))


def _statements(file: str, text: str) -> Iterator[_Statement]:
    line, start, words = 1, 1, ""
    for part in _PART.findall(text):
        blank = not words and (part.isspace() or part.startswith("//"))
        start = line if not words else start
        words += "" if blank else part
        line += part.count("\n")
        if part == ";":
            yield _Statement(file, start, words)
            words = ""
    if words:
        yield _Statement(file, start, words.rstrip())


def _read_rule(statement: _Statement, owner: str, schema: cedarpy.Schema) -> Rule:
    body = _parse(statement)
    notes = body.get("annotations", {})
    since, until = _dates(statement, notes)
    conditions = [condition["body"] for condition in body["conditions"]]
    _refuse_literals(statement, body)
    _refuse_scopes(statement, body)
    _validate(statement, schema)
    _refuse_reach(statement, body, owner)
    return Rule(
        id=_rule_id(statement, notes, owner),
        effect=body["effect"],
        basis=notes["basis"],
        since=since,
        until=until,
        file=statement.file,
        line=statement.line,
        text=statement.text,
        body=body,
        actions=_actions(body["action"]),
        facts=frozenset(fact for fact in FACTS if any(f"context.{fact}" in _paths(c) for c in conditions)),
        limits=tuple(_terms(body, "when", "&&")),
        exempts=tuple(_terms(body, "unless", "||")),
    )


def _parse(statement: _Statement) -> dict[str, Node]:
    try:
        parsed = json.loads(cedarpy.policies_to_json_str(statement.text))
    except ValueError as error:
        lines = statement.text.split("\n")
        fault = next((n for n in range(1, len(lines)) if not _may_go_on("\n".join(lines[:n]))), len(lines))
        raise ConfigurationError(f"{statement.file}:{statement.line + fault - 1}: {error}") from None
    if parsed["templates"]:
        statement.refuse("a template, where only policies are read", "?")
    body: dict[str, Node] = parsed["staticPolicies"]["policy0"]
    return body


def _may_go_on(prefix: str) -> bool:
    """Whether the text, broken off here, could still become a statement."""
    try:
        cedarpy.policies_to_json_str(prefix)
    except ValueError as error:
        return "unexpected end of input" in str(error)
    return True


def _rule_id(statement: _Statement, notes: Mapping[str, str | None], owner: str) -> str:
    name = notes["id"] or ""
    if not _RULE_ID.fullmatch(name) or not name.startswith(f"{owner}."):
        statement.refuse(f"@id `{name}` must be lower case words that begin with `{owner}.`", "@id")
    return name


def _dates(statement: _Statement, notes: Mapping[str, str | None]) -> tuple[date, date | None]:
    """The rule's dates, held against those of its legal basis."""
    for name in notes.keys() - _ANNOTATIONS:
        statement.refuse(f"unknown annotation `@{name}`", f"@{name}")
    for name in ("id", "basis", "from"):
        if not notes.get(name):
            statement.refuse(f"no @{name}")
    since, until = _date(statement, notes, "from"), _date(statement, notes, "until")
    basis = basis_of(notes["basis"] or "")
    if basis is None:
        statement.refuse(f"@basis `{notes['basis']}` is not in the list of legal bases", "@basis")
    if since is None or since < basis.since:
        statement.refuse(f"@from lies before basis `{basis.id}` came into force on {basis.since}", "@from")
    if basis.until is not None and (until is None or until > basis.until):
        statement.refuse(f"basis `{basis.id}` expired on {basis.until}", "@basis")
    if until is not None and until < since:
        statement.refuse("@until lies before @from", "@until")
    return since, until


def _date(statement: _Statement, notes: Mapping[str, str | None], name: str) -> date | None:
    if name not in notes:
        return None
    try:
        return date.fromisoformat(notes[name] or "")
    except ValueError:
        statement.refuse(f"@{name} `{notes[name]}` is not a date", f"@{name}")


def _refuse_literals(statement: _Statement, body: Mapping[str, Node]) -> None:
    """Refuse text and entities that are not words of the schema: fields above all."""
    for node in _nodes([body["conditions"], body["principal"], body["action"], body["resource"]]):
        literal = node.get("Value", node.get("entity")) if isinstance(node, dict) else None
        entity = literal.get("__entity", literal) if isinstance(literal, dict) else {}
        word = literal if isinstance(literal, str) else entity.get("id", "")
        if word in (_FIELD_NAMES if isinstance(literal, str) else FIELDS):
            statement.refuse(
                f"`{word}` is a field: policies speak of slots, the purpose catalogue of fields", f'"{word}"'
            )
        if isinstance(literal, str):
            statement.refuse(f"text `{literal}`: policies compare words of the schema only", f'"{literal}"')
        if entity.get("type") in {"Slot", "Caller"}:
            statement.refuse(f"single `{entity['type']}`: name its class, department or role", f'"{word}"')


def _refuse_scopes(statement: _Statement, body: Mapping[str, Node]) -> None:
    for name in ("principal", "resource"):
        if body[name]["op"] != "All":
            statement.refuse(f"the {name} is limited in the head: say it in a condition", name)
    for node in _nodes(body["conditions"]):
        if isinstance(node, dict) and node.get("Var") == "action":
            statement.refuse("`action` in a condition: say it in the head", "action")
    if "context" in _paths(body["conditions"]):
        statement.refuse("the whole context in a condition: name the fact that is meant", "context")


def _validate(statement: _Statement, schema: cedarpy.Schema) -> None:
    result = cedarpy.validate_policies(statement.text, schema)
    if result.validation_passed:
        return
    reason = re.sub(r"^for policy `policy0`[:,] ", "", result.errors[0].error)
    words = [word for word in _QUOTED.findall(reason) if word in statement.text]
    statement.refuse(reason, words[0] if words else "")


def _refuse_reach(statement: _Statement, body: Mapping[str, Node], owner: str) -> None:
    """Refuse what a file may not say, and rules that reach a stronger action without the milder one or the reverse."""
    if owner == LAW and body["effect"] == "permit":
        statement.refuse("a permit, where only forbids stand", "permit")
    actions = _actions(body["action"])
    missing = "readMasked" if body["effect"] == "permit" else "read"
    other = {"read": "readMasked", "readMasked": "read"}[missing]
    if other in actions and missing not in actions:
        statement.refuse(f"a {body['effect']} of `{other}` must be one of `{missing}` too", other)
    if owner == LAW:
        return
    own = {("Source", owner), ("Department", owner)}
    for kind, word in _compared(body["conditions"], "resource.source") | _compared(
        body["conditions"], "resource.owner"
    ):
        if (kind, word) not in own:
            statement.refuse(f"`{word}` is another's slot: this file speaks for `{owner}` only", f'{kind}::"{word}"')


def _actions(head: Mapping[str, Node]) -> frozenset[Action]:
    if head["op"] == "All":
        return _ACTIONS
    named = head.get("entities") or [head["entity"]]
    return frozenset(entity["id"] for entity in named)


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _nodes(child)


def _path(node: Node) -> str | None:
    """`context.purpose` for the node that reads it, `context` for the variable alone."""
    if not isinstance(node, dict):
        return None
    if "Var" in node:
        return str(node["Var"])
    inner = node.get(".") or node.get("has")
    base = _path(inner["left"]) if inner else None
    return f"{base}.{inner['attr']}" if base and inner else None


def _paths(node: Node) -> frozenset[str]:
    """Every path read in a node; a variable under an attribute does not count alone."""
    path = _path(node)
    if path is not None:
        return frozenset({path})
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    return frozenset().union(*(_paths(child) for child in children))


def _words(node: Node) -> frozenset[tuple[str, str]]:
    """(type, id) of every entity literal in a node."""
    found = [n["__entity"] for n in _nodes(node) if isinstance(n, dict) and "__entity" in n]
    return frozenset((entity["type"], entity["id"]) for entity in found)


def _compared(node: Node, path: str) -> frozenset[tuple[str, str]]:
    """Entity literals that one operator holds against a path, at any depth."""
    found: frozenset[tuple[str, str]] = frozenset()
    for inner in _nodes(node):
        if isinstance(inner, dict) and set(inner) == {"left", "right"}:
            for side, other in (("left", "right"), ("right", "left")):
                found |= _words(inner[other]) if _path(inner[side]) == path else frozenset()
    return found


def _terms(body: Mapping[str, Node], kind: str, operator: str) -> Iterator[Term]:
    """The plain terms that `operator` joins in the conditions of a kind."""
    for condition in body["conditions"]:
        for node in _joined(condition["body"], operator) if condition["kind"] == kind else ():
            yield from _term(node)


def _joined(node: Node, operator: str) -> Iterator[Node]:
    both = node.get(operator)
    if both is None:
        yield node
    else:
        yield from _joined(both["left"], operator)
        yield from _joined(both["right"], operator)


def _term(node: Node) -> Iterator[Term]:
    equal, contains, shares = node.get("=="), node.get("contains"), node.get("containsAny")
    sides = [(equal["left"], equal["right"]), (equal["right"], equal["left"])] if equal else []
    sides = [(side, literal) for side, literal in sides if "Set" not in literal]
    sides += [(both["left"], both["right"]) for both in (contains, shares) if both]
    sides += [(contains["right"], contains["left"])] if contains else []
    for side, literal in sides:
        path, words = _path(side), _plain_words(literal)
        if path is not None and words is not None:
            yield path, words


def _plain_words(node: Node) -> frozenset[str] | None:
    """The words of an entity literal or of a set of them; None for anything else."""
    elements = node.get("Set", [node])
    literals = [element.get("Value") for element in elements]
    if not all(isinstance(literal, dict) and "__entity" in literal for literal in literals):
        return None
    return frozenset(literal["__entity"]["id"] for literal in literals)
