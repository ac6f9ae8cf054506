"""Policy cases as data: what each row of the baseline-grants table gives, to whom, and by which rules.

A case names a caller, a purpose and the facts about a subject. `others` lists by decision every field and check of
other departments that is granted; everything it does not list is withheld. `own` is the decision for the caller's own
fields (VERIFY for checks where it is READ; REPRODUCTIVE apart). `reasons` must be among the ids given.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from privacy.decide import decide
from privacy.model import Agreement, DecisionTable
from privacy.policybook import PolicyBook
from privacy.purposes import PURPOSES
from privacy.refusals import TARGETS
from schema.ids import FieldId
from schema.vocabulary import Decision, Department, Level, Role, SubjectClass
from tests.privacy.books import TODAY, profile

CASES = Path(__file__).parent / "cases"
Case = Mapping[str, Any]


def cases() -> Iterator[Any]:
    """Every case of every file, named after its purpose and its sentence."""
    for path in sorted(CASES.glob("*.json")):
        for case in json.loads(path.read_text("utf-8")):
            yield pytest.param(case, id=f"{path.stem}: {case['case']}")


def agreement(purpose: str, department: str) -> Agreement:
    """An agreement over everything, for persons named one by one."""
    expires = datetime(2030, 1, 1, tzinfo=UTC)
    return Agreement("case", "", "", purpose, department, None, "32", 1, expires, frozenset(TARGETS), listing=False)


def table_of(case: Case, book: PolicyBook) -> DecisionTable:
    """The decision table a case is about."""
    caller = case["caller"]
    department = Department(caller["department"])
    who = profile(department, *map(Role, caller["roles"]), level=Level(caller["level"]))
    terms = agreement(case["purpose"], department.value) if case["agreement"] else None
    return decide(who, PURPOSES[case["purpose"]], terms, book, TODAY)


def expected(case: Case) -> dict[FieldId, Decision]:
    """The decision for each field and check of other departments."""
    others = {id: t for id, t in TARGETS.items() if t.slot.source.value != case["caller"]["department"]}
    everything = {id: Decision.VERIFY if t.check else t.ceiling for id, t in others.items()}
    wanted = dict(case["others"])
    if wanted.pop("EVERYTHING", False):
        return everything
    if (but := wanted.pop("EVERYTHING_BUT", None)) is not None:
        return everything | dict.fromkeys(map(FieldId, but), Decision.WITHHOLD)
    named = {FieldId(id): Decision[decision] for decision, ids in wanted.items() for id in ids}
    assert named.keys() <= others.keys()
    return dict.fromkeys(others, Decision.WITHHOLD) | named


@pytest.mark.parametrize("case", list(cases()))
def test_case(case: Case, book: PolicyBook) -> None:
    """The caller gets what the case says and nothing else, by the rules it names."""
    table = table_of(case, book)
    subject = SubjectClass.NONE
    for fact in case["subject"]:
        subject |= SubjectClass[fact]
    wanted = expected(case)
    assert {id: table.rulings[id].of(subject) for id in wanted} == wanted
    if "own" in case:
        own = [t for t in TARGETS.values() if t.slot.source.value == case["caller"]["department"]]
        wanted = {t.id: min(Decision[case["own"]], t.ceiling) for t in own if t.slot.field_class != "REPRODUCTIVE"}
        assert {id: table.rulings[id].of(subject) for id in wanted} == wanted
    for id, scope in case.get("rows", {}).items():
        assert table.rulings[FieldId(id)].rows.name == scope
    for id, reasons in case.get("reasons", {}).items():
        assert set(reasons) <= set(table.rulings[FieldId(id)].policies), id


def test_every_purpose_has_a_case() -> None:
    """No purpose of the catalogue stands without a case."""
    assert {path.stem for path in CASES.glob("*.json")} == set(PURPOSES)
