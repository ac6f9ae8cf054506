"""A withheld field is never fetched: what the sources are asked for, held against what was decided."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from connectors.contract import NEVER_KEY
from hub.clock import day_of, now
from hub.demo.agreements import MIGRANTS_AGREEMENT, MIGRANTS_DOCUMENT
from hub.demo.issuer import TokenRequest
from privacy.decide import decide
from privacy.model import DecisionTable, SubjectFacts
from privacy.policybook import PolicyBook, load_policies
from privacy.subjects import classify
from schema.catalogue import FIELDS
from schema.checks import CHECKS
from schema.vocabulary import Decision, Department, Level, Role, Source, SubjectClass
from tests.demo_city import DemoCity
from tests.scenario.callers import Asker, agreements_for, every_asker
from tests.scenario.documents import everything
from tests.watched_hub import SourceCall, WatchedHub

MEMBERS = ("child", "worker")


@pytest.fixture(scope="module")
def book() -> PolicyBook:
    """The built-in policies."""
    return load_policies()


def allowed_columns(table: DecisionTable, collection: str, subject: SubjectClass) -> set[str]:
    """The columns a subject's decisions give, read from the catalogue and the table alone."""
    found = set()
    for field in FIELDS.values():
        decision = table.ruling(field.id).of(subject)
        if field.collection == collection and decision is Decision.READ:
            found.add(field.column)
        elif field.collection == collection and decision is Decision.MASK:
            found.add(field.masked_from or field.column)
    return found


def excess(call: SourceCall, table: DecisionTable, subject: SubjectClass) -> Iterator[str]:
    """What a call about this subject asks for beyond the decisions."""
    if set(call.keys) == {NEVER_KEY}:
        return
    if call.what in CHECKS:
        if table.ruling(CHECKS[call.what].id).of(subject) is not Decision.VERIFY:
            yield call.what
        return
    for column in set(call.columns) - allowed_columns(table, call.what, subject):
        yield f"{call.what}.{column}"
    assert call.rows is not None
    raised = table.raised.get(call.source)
    if not call.rows.raised <= (raised[subject.value] if raised else frozenset()):
        yield f"{call.what} raised"
    scopes = {table.ruling(f.id).rows for f in FIELDS.values() if f.collection == call.what}
    if call.rows.scope > max(scopes):
        yield f"{call.what} rows"


class Examiner:
    """Asks for everything about one person and names what the sources were asked for in excess."""

    def __init__(self, city: DemoCity, watched: WatchedHub, book: PolicyBook) -> None:
        self._city = city
        self._watched = watched
        self._book = book
        self.answers = 0
        self.calls: set[tuple[Department, Source, str]] = set()

    def examine(self, asker: Asker, member: str, facts: SubjectFacts) -> list[str]:
        """Every excess, as text."""
        document = everything(asker.department)
        one, subject = self._city.cast.members[member], self._city.id_of(asker.department, member)
        variables = {"id": subject, "name": one.name, "birthDate": one.birth_date.isoformat()}
        declared = {name: value for name, value in variables.items() if f"${name}:" in document}
        agreements = agreements_for(document)
        with self._watched.agreeing(agreements):
            token = self._city.mint(asker.token(subject))
            response = self._watched.ask(document, declared, token, asker.headers())
        if response.status_code != 200:
            assert response.json()["errors"][0]["extensions"]["code"] == "PURPOSE_REFUSED"
            return [f"{asker}: refused, but {call.what} was asked" for call in self._watched.calls]
        assert "errors" not in response.json()
        self.answers += 1
        self.calls |= {(asker.department, call.source, call.what) for call in self._watched.calls}
        table = decide(asker.profile, asker.purpose, agreements.get(asker.agreement or ""), self._book, day_of(now()))
        caller = self._watched.hub.verifier.verify(f"Bearer {token}")
        found = classify(caller, asker.purpose, facts, None, day_of(now()))
        return [f"{asker}, {member}: {one}" for call in self._watched.calls for one in excess(call, table, found)]


def facts_of(city: DemoCity, member: str, *, protected: bool = False) -> SubjectFacts:
    """What is true of a member of the cast, from their papers."""
    one = city.cast.members[member]
    grown = date(one.birth_date.year + 14, one.birth_date.month, min(one.birth_date.day, 28))
    return SubjectFacts(one.residence_division[:6], one.hukou_county, protected, grown)


def test_no_withheld_column_is_asked_for(city: DemoCity, watched: WatchedHub, book: PolicyBook) -> None:
    """Every department under every purpose asks for everything about a child and an adult; the sources hear of no more
    than the decisions give for that very person."""
    examiner = Examiner(city, watched, book)
    found = [
        one
        for asker in every_asker()
        for member in MEMBERS
        for one in examiner.examine(asker, member, facts_of(city, member))
    ]
    assert found == []
    assert examiner.answers > 80
    assert {source for _, source, _ in examiner.calls} == set(Source)
    assert {what for _, _, what in examiner.calls} >= CHECKS.keys()


def test_of_people_elsewhere_nothing_is_asked(city: DemoCity, watched: WatchedHub, book: PolicyBook) -> None:
    """An office of another city asks for everything about a resident of this one: no source hears whom it means."""
    examiner = Examiner(city, watched, book)
    found, keys = [], set()
    for asker in every_asker():
        if asker.department not in (Department.PERSON, Department.HUB) and not asker.purpose.agreement_required:
            found += examiner.examine(replace(asker, jurisdiction="3101"), "worker", facts_of(city, "worker"))
            keys |= {key for call in watched.calls for key in call.keys}
    assert found == []
    assert keys == {NEVER_KEY}


def test_a_protected_person_is_asked_about_under_nobody_s_key(
    city: DemoCity, watched: WatchedHub, book: PolicyBook
) -> None:
    """Once she is protected, what locates her is asked for under the key that matches nothing."""
    who = (city.id_of(Department.PERSON, "protected"), "--department", "person")
    examiner = Examiner(city, watched, book)
    with city.given("subject", "protect", *who, undone_by=("subject", "unprotect", *who)):
        facts = facts_of(city, "protected", protected=True)
        found = [one for asker in every_asker() for one in examiner.examine(asker, "protected", facts)]
    assert found == []


@pytest.mark.parametrize("purpose", ["residence-permit", "settlement"])
@pytest.mark.parametrize("role", [Role.WINDOW_CLERK, Role.CASE_OFFICER, Role.REVIEWER, Role.SYSTEM_CLIENT])
def test_police_never_call_health(city: DemoCity, watched: WatchedHub, purpose: str, role: Role) -> None:
    """R1: whatever police ask for, health is not called at all."""
    asker = next(one for one in every_asker() if one.department == "police" and one.purpose.code == purpose)
    one, subject = city.cast.members["applicant"], city.id_of(Department.POLICE, "applicant")
    variables = {"id": subject, "name": one.name, "birthDate": one.birth_date.isoformat()}
    token = city.mint(Asker(Department.POLICE, asker.purpose, role).token(subject))
    response = watched.ask(everything(Department.POLICE), variables, token, asker.headers())
    assert response.status_code == 200
    assert {call.source for call in watched.calls} >= {Source.POLICE, Source.HUMAN_RESOURCES}
    assert Source.HEALTH not in {call.source for call in watched.calls}


@pytest.mark.parametrize("size", [1, 50, 500])
def test_a_page_costs_one_call_for_each_collection(city: DemoCity, watched: WatchedHub, size: int) -> None:
    """For N persons and K collections and checks there are exactly K calls, each for all N."""
    caller = TokenRequest(
        department=Department.HEALTH,
        roles=(Role.SYSTEM_CLIENT,),
        level=Level.CITY,
        jurisdiction="3205",
        purposes=("public-health",),
    )
    headers = {"hub-purpose": "public-health", "hub-agreement": MIGRANTS_AGREEMENT}
    variables = {"division": "3205", "first": size}
    response = watched.ask(MIGRANTS_DOCUMENT, variables, city.mint(caller), headers)
    assert len(response.json()["data"]["migrants"]["nodes"]) == size
    assert sorted((call.what, len(call.keys)) for call in watched.calls) == [
        ("health.enrolments", size),
        ("health.immunisations", size),
        ("police.persons", size),
        ("residentHalfYear", size),
    ]
