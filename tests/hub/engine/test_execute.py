"""Running a plan: which calls a source sees for which subjects, and what comes of its failures."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import pytest

from connectors.contract import NEVER_KEY
from connectors.memory import Fault, FaultKind, Records
from hub.engine.execute import Execution, person_argument
from hub.engine.gates import Reports
from hub.engine.plan import Plan
from hub.engine.subjects import SubjectRef, Target
from schema.errors import ErrorCode, RequestError
from schema.ids import CollectionName
from schema.vocabulary import Source, SourceStatus, SubjectClass
from tests.hub.engine.desk import (
    AS_OF,
    MASK,
    PLAIN,
    PROTECTED,
    READ,
    RESIDENT,
    TODAY,
    VERIFY,
    Desk,
    Rule,
    WatchedSource,
    coerced,
    only,
    person,
    plan_of,
    rows_of,
    unless,
)

PERSONS = CollectionName("police.persons")
ROW = {"name": "王小明", "sex": "MALE", "birth_date": date(1990, 1, 2), "residence_county": "320505"}
POLICE: Records = rows_of("police.persons", K1=[ROW], K2=[{**ROW, "name": "李四"}], K3=[{**ROW, "name": "张三"}])
TOWNS: dict[str, Any] = {"residence_address": "演示路一号"}


def police_desk(records: Records = POLICE) -> tuple[Desk, WatchedSource]:
    """A desk with police alone."""
    source = WatchedSource(Source.POLICE, records)
    return Desk({Source.POLICE: source}), source


def listing(selection: str, rules: Mapping[str, Rule]) -> Plan:
    """A page of migrants."""
    return plan_of(f'{{ migrants(division: "320505") {{ nodes {{ {selection} }} }} }}', dict(rules))


def calls(source: WatchedSource) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """What a source was asked: collection, keys, columns."""
    return [(call.collection, call.keys, call.columns) for call in source.calls]


def test_one_call_for_each_collection_whatever_the_number_of_subjects() -> None:
    """A hundred subjects, three collections: three calls, each with a hundred keys."""
    desk, source = police_desk()
    selection = "name sex police { residencePermits { status } residenceRegistrations { registeredOn } }"
    rules: dict[str, Rule] = {
        "Migrant.name": READ,
        "Migrant.sex": READ,
        "ResidencePermit.status": READ,
        "ResidenceRegistration.registeredOn": READ,
    }
    desk.run(listing(selection, rules), [person(i) for i in range(100)])
    assert sorted(name for name, _, _ in calls(source)) == [
        "police.persons",
        "police.residence_permits",
        "police.residence_registrations",
    ]
    assert {len(keys) for _, keys, _ in calls(source)} == {100}


def test_a_withheld_column_is_in_no_call() -> None:
    """Only what some rule allows for the subject is asked for, by aliases too."""
    desk, source = police_desk()
    plan = plan_of(
        "{ me { name a: idNumber b: idNumber birthDate } }",
        {"Migrant.name": READ, "Migrant.birthDate": only(READ, RESIDENT)},
    )
    desk.run(plan, person(1))
    assert calls(source) == [("police.persons", ("K1",), ("name",))]


def test_nothing_allowed_is_no_call() -> None:
    """A collection withheld for everybody is not asked for, under the never-matching key either."""
    desk, source = police_desk()
    answered = desk.run(plan_of("{ me { name checks { permitValid { answer } } } }", {}), person(1))
    assert (source.calls, source.checks) == ([], [])
    assert answered.data == {"me": {"name": None, "checks": {"permitValid": {"answer": "UNKNOWN"}}}}


def test_a_subject_for_whom_all_is_withheld_makes_the_same_call() -> None:
    """Same collection, same columns, one key: only that it matches nothing."""
    plan = plan_of("{ me { name sex } }", {"Migrant.name": only(READ, RESIDENT), "Migrant.sex": only(READ, RESIDENT)})
    seen = []
    for subject in (person(1, RESIDENT), person(1, PLAIN)):
        desk, source = police_desk()
        desk.run(plan, subject)
        seen.append(calls(source))
    assert seen[0] == [("police.persons", ("K1",), ("name", "sex"))]
    assert seen[1] == [("police.persons", (NEVER_KEY,), ("name", "sex"))]


def test_somebody_nobody_knows_makes_the_same_call_too() -> None:
    """A subject without a link to the department is fetched under the key that matches nothing."""
    desk, source = police_desk()
    nobody = person(1, RESIDENT, Source.HEALTH)
    answered = desk.run(plan_of("{ me { name } }", {"Migrant.name": READ}), nobody)
    assert calls(source) == [("police.persons", (NEVER_KEY,), ("name",))]
    assert answered.data == {"me": {"name": None}}


def test_those_who_may_have_nothing_ride_along() -> None:
    """In a page they are in the others' call, so that the number of calls does not tell of them."""
    desk, source = police_desk()
    rules: dict[str, Rule] = {"Migrant.name": unless(READ, PROTECTED)}
    subjects = [person(1), person(2, PROTECTED), person(3)]
    answered = desk.run(listing("name", rules), subjects)
    assert calls(source) == [("police.persons", ("K1", "K3", NEVER_KEY), ("name",))]
    assert [one["name"] for one in answered.data["migrants"]["nodes"]] == ["王小明", None, "张三"]


def test_each_class_has_its_own_columns() -> None:
    """A column that one subject's class may have is not fetched for another's."""
    desk, source = police_desk()
    rules: dict[str, Rule] = {"Migrant.name": READ, "Migrant.birthDate": only(READ, RESIDENT)}
    answered = desk.run(listing("name birthDate", rules), [person(1, RESIDENT), person(2), person(3, RESIDENT)])
    assert sorted(calls(source)) == [
        ("police.persons", ("K1", "K3"), ("birth_date", "name")),
        ("police.persons", ("K2",), ("name",)),
    ]
    assert answered.data["migrants"]["nodes"] == [
        {"name": "王小明", "birthDate": "1990-01-02"},
        {"name": "李四", "birthDate": None},
        {"name": "张三", "birthDate": "1990-01-02"},
    ]


def test_a_masked_address_is_never_fetched() -> None:
    """Its county is made from a division; the address stays at home."""
    desk, source = police_desk(rows_of("police.persons", K1=[{**ROW, **TOWNS}]))
    rules: dict[str, Rule] = {"Residence.address": MASK, "Migrant.name": MASK}
    answered = desk.run(plan_of("{ me { name residence { address } } }", rules), person(1))
    assert calls(source) == [("police.persons", ("K1",), ("name", "residence_county"))]
    assert answered.data == {"me": {"name": "王**", "residence": {"address": "虎丘区"}}}


def test_two_roots_share_a_call() -> None:
    """Aliases about several persons of a case are one call for each collection."""
    desk, source = police_desk()
    plan = plan_of("{ a: me { name } b: me { name } }", {"Migrant.name": READ})
    answered = desk.run(plan, person(1), person(2))
    assert calls(source) == [("police.persons", ("K1", "K2"), ("name",))]
    assert answered.data == {"a": {"name": "王小明"}, "b": {"name": "李四"}}


def test_a_failure_shows_for_everybody_or_nobody() -> None:
    """Of two calls for two classes one fails: the answer does not tell who is of which class."""
    rules: dict[str, Rule] = {"Migrant.name": READ, "Migrant.birthDate": only(READ, RESIDENT)}
    desk, source = police_desk()
    source.fail_next(Fault(FaultKind.ERROR, PERSONS))
    answered = desk.run(listing("name birthDate", rules), [person(1, RESIDENT), person(2)])
    assert len(source.calls) == 2
    assert set(answered.errors) == {
        ("migrants", "nodes", place, name) for place in (0, 1) for name in ("name", "birthDate")
    }


@pytest.mark.parametrize(
    ("kind", "code", "status"),
    [
        (FaultKind.ERROR, "SOURCE_UNAVAILABLE", SourceStatus.UNAVAILABLE),
        (FaultKind.HANG, "SOURCE_UNAVAILABLE", SourceStatus.TIMEOUT),
        (FaultKind.RUBBISH, "SOURCE_QUALITY", SourceStatus.UNAVAILABLE),
        (FaultKind.WRONG_LENGTH, "SOURCE_QUALITY", SourceStatus.UNAVAILABLE),
        (FaultKind.WRONG_TYPE, "SOURCE_QUALITY", SourceStatus.OK),
    ],
)
def test_one_department_down_never_fails_the_others(kind: FaultKind, code: str, status: SourceStatus) -> None:
    """Its part is null with an error and a status; the rest of the answer is there."""
    desk, police = police_desk()
    desk.sources[Source.HEALTH] = WatchedSource(
        Source.HEALTH, rows_of("health.immunisations", K1=[{"vaccine": "BCG", "dose": 1}])
    )
    desk.patience = 0.05
    police.fail_next(Fault(kind))
    rules: dict[str, Rule] = {"Migrant.name": READ, "Immunisation.vaccine": READ}
    answered = desk.run(plan_of("{ me { name health { immunisations { vaccine } } } }", rules), person(1))
    assert answered.data == {"me": {"name": None, "health": {"immunisations": [{"vaccine": "BCG"}]}}}
    assert answered.errors == {("me", "name"): code}
    assert answered.reports.statuses == {Source.POLICE: status, Source.HEALTH: SourceStatus.OK}


def test_a_source_that_is_not_configured_is_unavailable() -> None:
    """For rows and for checks."""
    rules: dict[str, Rule] = {"Migrant.name": READ, "Checks.permitValid": VERIFY}
    answered = Desk().run(plan_of("{ me { name checks { permitValid { answer asOf } } } }", rules), person(1))
    assert answered.data == {"me": {"name": None, "checks": {"permitValid": {"answer": "UNKNOWN", "asOf": None}}}}
    assert answered.errors == {("me", "name"): "SOURCE_UNAVAILABLE"}
    assert answered.reports.statuses == {Source.POLICE: SourceStatus.UNAVAILABLE}


# Checks

PERMIT = rows_of("police.residence_permits", K1=[{"status": "VALID", "valid_until": date(2030, 1, 1)}])


def test_a_check_is_one_call_for_everybody() -> None:
    """Those it is withheld for ride along under the never-matching key, with the same time."""
    desk, source = police_desk(PERMIT)
    rules: dict[str, Rule] = {"Checks.permitValid": unless(VERIFY, PROTECTED)}
    answered = desk.run(
        listing("checks { permitValid { answer asOf } }", rules), [person(1), person(1, PROTECTED), person(9)]
    )
    assert [(request.name, keys) for request, keys in source.checks] == [("permitValid", ("K1", NEVER_KEY, "K9"))]
    answers = [one["checks"]["permitValid"] for one in answered.data["migrants"]["nodes"]]
    assert [one["answer"] for one in answers] == ["YES", "UNKNOWN", "UNKNOWN"]
    assert {one["asOf"] for one in answers} == {AS_OF.isoformat()}


def test_equal_checks_are_one_call_and_different_ones_are_not() -> None:
    """By name and arguments, over all roots and aliases."""
    records = rows_of("human_resources.social_insurances", K1=[{"kind": "PENSION", "months_paid": 8}])
    source = WatchedSource(Source.HUMAN_RESOURCES, records)
    document = """{
      a: me { checks {
        six: insuredMonths(period: MONTHS_6) { answer }
        twelve: insuredMonths(period: MONTHS_12) { answer }
      } }
      b: me { checks { again: insuredMonths(period: MONTHS_6) { answer } } }
    }"""
    desk = Desk({Source.HUMAN_RESOURCES: source})
    answered = desk.run(plan_of(document, {"Checks.insuredMonths": VERIFY}), person(1), person(1))
    assert sorted(request.arguments["period"] for request, _ in source.checks) == ["MONTHS_12", "MONTHS_6"]
    assert answered.data == {
        "a": {"checks": {"six": {"answer": "YES"}, "twelve": {"answer": "NO"}}},
        "b": {"checks": {"again": {"answer": "YES"}}},
    }


def test_a_check_of_a_failed_source_is_unknown() -> None:
    """Without a time and without an error: UNKNOWN is never a NO; the status tells of the source."""
    desk, source = police_desk(PERMIT)
    source.fail_next(Fault(FaultKind.ERROR))
    answered = desk.run(
        plan_of("{ me { checks { permitValid { answer asOf } } } }", {"Checks.permitValid": VERIFY}), person(1)
    )
    assert answered.data == {"me": {"checks": {"permitValid": {"answer": "UNKNOWN", "asOf": None}}}}
    assert (answered.errors, answered.reports.statuses) == ({}, {Source.POLICE: SourceStatus.UNAVAILABLE})


GUARDIAN = "query($child: ID!) { me { checks { guardianOf(child: $child) { answer asOf } } } }"
WARDS = rows_of("civil_affairs.guardianships", K1=[{"child_key": "K2"}])


def guardianship(
    child: SubjectRef, subject: SubjectClass = PLAIN
) -> tuple[Mapping[str, Any], Sequence[tuple[Any, Any]]]:
    """The answer about one child, and the check that was sent."""
    source = WatchedSource(Source.CIVIL_AFFAIRS, WARDS)
    desk = Desk({Source.CIVIL_AFFAIRS: source})
    plan = plan_of(GUARDIAN, {"Checks.guardianOf": unless(VERIFY, PROTECTED)})
    answered = desk.run(plan, person(1, subject), named=[child], variables={"child": child.sector_id})
    return answered.data["me"]["checks"]["guardianOf"], [(r.arguments, keys) for r, keys in source.checks]


def test_a_person_argument_travels_as_the_source_s_own_key() -> None:
    """The check at the source compares its own keys; no id of ours leaves."""
    answer, sent = guardianship(person(2))
    assert answer == {"answer": "YES", "asOf": AS_OF.isoformat()}
    assert sent == [({"child": "K2"}, ("K1",))]
    assert guardianship(person(3))[0]["answer"] == "NO"


@pytest.mark.parametrize("child", [person(2, PROTECTED), person(2, PLAIN, Source.POLICE)])
def test_nothing_is_said_of_a_hidden_other_person(child: SubjectRef) -> None:
    """Protected or unknown to the source: UNKNOWN, from the same call, at the same time."""
    answer, sent = guardianship(child)
    assert answer == {"answer": "UNKNOWN", "asOf": AS_OF.isoformat()}
    assert sent == [({"child": NEVER_KEY}, (NEVER_KEY,))]


def test_a_protected_subject_is_nobody_s_guardian() -> None:
    """The check is withheld for her; the call is made all the same."""
    answer, sent = guardianship(person(2), PROTECTED)
    assert answer == {"answer": "UNKNOWN", "asOf": AS_OF.isoformat()}
    assert sent == [({"child": "K2"}, (NEVER_KEY,))]


def test_two_hidden_persons_are_two_calls() -> None:
    """As two known ones are; one call for both would show in its one time."""
    document = """query($a: ID!, $b: ID!) { me { checks {
      a: guardianOf(child: $a) { answer } b: guardianOf(child: $b) { answer }
    } } }"""
    plan = plan_of(document, {"Checks.guardianOf": VERIFY})
    counts = []
    for others in ([person(2), person(3)], [person(2, PROTECTED), person(3, PROTECTED)]):
        source = WatchedSource(Source.CIVIL_AFFAIRS, WARDS)
        variables = {"a": others[0].sector_id, "b": others[1].sector_id}
        Desk({Source.CIVIL_AFFAIRS: source}).run(plan, person(1), named=others, variables=variables)
        counts.append(len(source.checks))
    assert counts == [2, 2]


def test_which_person_a_check_names() -> None:
    """The id as given; nobody for a check without one."""
    plan = plan_of(GUARDIAN, {})
    (use,) = plan.planned[0].needs.checks
    assert person_argument(use, coerced(plan, {"child": "abc"})) == "abc"
    other = plan_of("{ me { checks { permitValid { answer } } } }", {})
    assert person_argument(other.planned[0].needs.checks[0], coerced(other, {})) is None


def test_a_null_argument_refuses_before_any_call() -> None:
    """An argument that may not be null, from a variable with a default, ends the request."""
    source = WatchedSource(Source.HUMAN_RESOURCES)
    document = "query($p: InsuredPeriod = MONTHS_6) { me { checks { insuredMonths(period: $p) { answer } } } }"
    plan = plan_of(document, {"Checks.insuredMonths": VERIFY})
    with pytest.raises(RequestError) as refused:
        Desk({Source.HUMAN_RESOURCES: source}).run(plan, person(1), variables={"p": None})
    assert refused.value.code is ErrorCode.VARIABLES_INVALID
    assert source.checks == []


# Roots


def test_a_root_with_an_error_asks_nobody() -> None:
    """Its value is null, its error stands at the root; the other roots are answered."""
    desk, source = police_desk()
    plan = plan_of("{ a: me { name } b: me { name } }", {"Migrant.name": READ})
    answered = desk.run(plan, Target(error=ErrorCode.ID_INVALID), person(2))
    assert answered.data == {"a": None, "b": {"name": "李四"}}
    assert answered.errors == {("a",): "ID_INVALID"}
    assert calls(source) == [("police.persons", ("K2",), ("name",))]


def test_an_empty_listing_asks_nobody() -> None:
    """No keys, no call."""
    desk, source = police_desk()
    answered = desk.run(listing("name", {"Migrant.name": READ}), [])
    assert (answered.data, source.calls) == ({"migrants": {"nodes": []}}, [])


def test_departments_are_asked_at_once() -> None:
    """Two departments that each take a while take that while together."""
    police, health = WatchedSource(Source.POLICE), WatchedSource(Source.HEALTH)
    desk = Desk({Source.POLICE: police, Source.HEALTH: health})
    started: list[str] = []
    both = asyncio.Event()

    for source in (police, health):

        async def slow(*given: Any, of: WatchedSource = source) -> Any:
            started.append(of.source.value)
            if len(started) == 2:
                both.set()
            await both.wait()
            return await WatchedSource.fetch(of, *given)

        source.fetch = slow  # type: ignore[method-assign, assignment]
    rules: dict[str, Rule] = {"Migrant.name": READ, "Immunisation.vaccine": READ}
    answered = desk.run(plan_of("{ me { name health { immunisations { vaccine } } } }", rules), person(1))
    assert (sorted(started), answered.errors) == (["health", "police"], {})


def test_a_cancelled_run_leaves_no_call_behind() -> None:
    """A client that goes away takes its calls with it."""
    desk, source = police_desk()
    source.fail_next(Fault(FaultKind.HANG))
    plan = plan_of("{ me { name } }", {"Migrant.name": READ})

    async def work() -> int:
        execution = Execution(desk.gates(), coerced(plan, {}), {}, TODAY, Reports())
        task = asyncio.ensure_future(execution.run(plan, [Target([person(1)])]))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return len(asyncio.all_tasks())

    assert asyncio.run(work()) == 1
