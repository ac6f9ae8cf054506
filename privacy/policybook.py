"""All policies of one installation, loaded and checked once: `law.cedar` and one file per owner.

A book is immutable. Its version changes with any text, with the purpose catalogue and with the code that decides,
so that a record can say under which rules an answer was given.
"""

import json
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Final

import cedarpy

from privacy.model import Purpose
from privacy.policy_rules import LAW, Rule, read_rules
from privacy.purposes import PURPOSES, boundaries_of
from schema.errors import ConfigurationError
from schema.vocabulary import Source

__all__ = ["PolicyBook", "RuleSet", "load_policies"]

_PACKAGED: Final = files("privacy") / "policies"
_SCHEMA: Final = "schema.cedarschema"
_CODE: Final = ("bases.py", "decide.py", "grants.py", "masks.py", "purposes.py", "refusals.py", "slot_rulings.py")
"""Modules whose change changes decisions; they are part of the version."""


class RuleSet:
    """The rules that can apply to one owner's slots for one purpose and department, ready to be asked."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        bodies = {rule.id: rule.body for rule in rules}
        self.handle = cedarpy.PolicySet.from_json_str(
            json.dumps({"staticPolicies": bodies, "templates": {}, "templateLinks": []})
        )


class PolicyBook:
    """Rules and purposes in force over time.

    `version` is a hash of everything that decides; `boundaries` are the days on which a rule, purpose or basis begins,
    or has just ended, in order.
    """

    def __init__(self, rules: Iterable[Rule], purposes: Mapping[str, Purpose] = PURPOSES, version: str = "") -> None:
        self.rules = tuple(rules)
        self.purposes: Mapping[str, Purpose] = MappingProxyType(dict(purposes))
        self.boundaries = _boundaries(self.rules, self.purposes)
        self.version = version
        self._sets = lru_cache(maxsize=512)(self._build)

    def rule_set(self, source: Source, purpose: str, department: str, on: date) -> RuleSet:
        """`law.cedar` and the owner's file on one day, without the rules that other purposes and departments need.

        Reasons that Cedar gives are the rules' own ids.
        """
        return self._sets(source, purpose, department, bisect_right(self.boundaries, on))

    def next_boundary(self, on: date) -> date | None:
        """The first day after `on` on which anything begins or has ended, or None."""
        later = bisect_right(self.boundaries, on)
        return self.boundaries[later] if later < len(self.boundaries) else None

    def _build(self, source: Source, purpose: str, department: str, era: int) -> RuleSet:
        first_day = self.boundaries[era - 1] if era else date.min
        known = {"context.purpose": frozenset({purpose}), "principal.department": frozenset({department})}
        places = {f"{LAW}.cedar", f"{source.value}.cedar"}
        standing = (rule for rule in self.rules if rule.file in places and rule.stands(first_day))
        return RuleSet([rule for rule in standing if rule.may_apply(known)])


def load_policies(directory: Path | None = None) -> PolicyBook:
    """The policies of a directory, or the packaged ones: exactly `law.cedar` and one file per source.

    Raises ConfigurationError (`file:line: reason`) at the first thing that is wrong; nothing is loaded then.
    """
    schema_text = (_PACKAGED / _SCHEMA).read_text("utf-8")
    schema = cedarpy.Schema.from_str(schema_text)
    texts = _read_texts(_PACKAGED if directory is None else directory)
    rules = [rule for name, text in texts.items() for rule in read_rules(Path(name), text, schema)]
    _refuse_doubles(rules)
    return PolicyBook(rules, version=_version(schema_text, texts))


def _read_texts(directory: Path | object) -> dict[str, str]:
    wanted = [f"{name}.cedar" for name in (LAW, *(source.value for source in Source))]
    if isinstance(directory, Path):
        for path in sorted(directory.glob("*.cedar")):
            if path.name not in wanted:
                raise ConfigurationError(f"{path}:1: no source is called `{path.stem}`")
    texts = {}
    for name in wanted:
        try:
            texts[name] = (directory / name).read_text("utf-8")  # type: ignore[operator]  # Path and Traversable
        except (OSError, UnicodeDecodeError):
            raise ConfigurationError(f"{directory}/{name}:1: the file is missing or not UTF-8 text") from None
    return texts


def _refuse_doubles(rules: Iterable[Rule]) -> None:
    seen: dict[str, Rule] = {}
    for rule in rules:
        first = seen.setdefault(rule.id, rule)
        if first is not rule:
            raise ConfigurationError(
                f"{rule.file}:{rule.line}: @id `{rule.id}` stands already at {first.file}:{first.line}"
            )


def _boundaries(rules: Iterable[Rule], purposes: Mapping[str, Purpose]) -> tuple[date, ...]:
    spans = {(rule.since, rule.until) for rule in rules}
    spans |= {span for purpose in purposes.values() for span in boundaries_of(purpose)}
    ends = {until + timedelta(days=1) for _, until in spans if until is not None}
    return tuple(sorted({since for since, _ in spans} | ends))


def _version(schema: str, texts: Mapping[str, str]) -> str:
    digest = sha256(schema.encode())
    for name, text in texts.items():
        digest.update(f"\0{name}\0{text}".encode())
    for name in _CODE:
        digest.update((files("privacy") / name).read_bytes())
    return digest.hexdigest()[:16]
