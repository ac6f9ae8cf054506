"""`answer()` against somebody who tries: what a refusal costs, what a cancelled request leaves, what null does."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest

from auth.model import Case
from connectors.memory import Fault, FaultKind
from hub.config import LimitSettings, Mode
from hub.pipeline import answer
from hub.request import GraphQLRequest
from privacy.model import Agreement
from schema.ids import SectorId
from schema.vocabulary import Assurance, Department, Level, Role, Source
from tests.hub.small_hub import BY_ID, LI, NOBODY, NUMBERS, WANG, SmallHub, officer

LOOKUP = """query($number: String!, $name: String!) {
  lookup(documentKind: RESIDENT_ID, number: $number, name: $name) { id name }
}"""
LISTED = "query($d: String!) { migrants(division: $d, first: 10) { nodes { id name } } }"


def code_of(response: Any) -> str:
    """The code of a refusal."""
    return str(json.loads(response.content)["errors"][0]["extensions"]["code"])


def agreement(document: str, **changes: Any) -> Agreement:
    """An agreement of health on a listing."""
    told: dict[str, Any] = {
        "id": "one",
        "document": document,
        "document_hash": sha256(document.encode()).hexdigest(),
        "purpose": "public-health",
        "department": "health",
        "client": None,
        "jurisdiction": "3205",
        "volume_per_day": 1,
        "expires": datetime(2027, 1, 1, tzinfo=UTC),
        "fields": frozenset({"Migrant.name"}),
    }
    return Agreement(**(told | changes))


def enrolling(small: SmallHub, *names: SectorId) -> dict[str, str]:
    """Make the caller an education clerk with a case that names these; the headers to name it."""
    small.door.caller = officer("school-enrolment", department=Department.EDUCATION, role=Role.WINDOW_CLERK)
    case = Case("7", "school-enrolment", frozenset(names or {small.id_of(LI)}))
    small.door.caller = replace(small.door.caller, case=case)
    return {"hub_purpose": "school-enrolment", "hub_case": "7"}


def test_guesses_cost_though_they_are_refused() -> None:
    """Whether a document is that of somebody named in the case shows in the refusal, so each guess is counted."""
    small = SmallHub(LimitSettings(subjects_per_day=3))
    named = enrolling(small)
    guesses = [{"number": NUMBERS[LI][0], "name": f"李雷{i}"} for i in range(6)]
    codes = [code_of(small.ask(LOOKUP, guess, **named)) for guess in guesses]
    assert codes == ["CASE_MISMATCH"] * 3 + ["BUDGET_SPENT"] * 3
    assert small.calls == []


def test_a_right_guess_is_known_by_no_refusal_once_the_budget_is_spent() -> None:
    """Then right and wrong guesses get the same code."""
    small = SmallHub(LimitSettings(subjects_per_day=1))
    named = enrolling(small)
    small.ask(LOOKUP, {"number": NUMBERS[LI][0], "name": "別人"}, **named)
    number, name = NUMBERS[LI]
    told = [small.ask(LOOKUP, {"number": number, "name": one}, **named) for one in (name, "某甲")]
    assert [code_of(one) for one in told] == ["BUDGET_SPENT", "BUDGET_SPENT"]


def test_a_wrong_guess_and_a_protected_person_are_refused_alike() -> None:
    """With a case that names her by her real id, a look-up of her papers is a mismatch, as anybody else's is."""
    small = SmallHub()
    enrolling(small)
    named = enrolling(small, small.id_of(WANG))
    told = [
        small.ask(LOOKUP, dict(zip(("number", "name"), papers, strict=True)), **named)
        for papers in (NUMBERS[WANG], NOBODY)
    ]
    assert [code_of(one) for one in told] == ["CASE_MISMATCH", "CASE_MISMATCH"]


def test_a_case_counts_only_when_the_request_names_it() -> None:
    """Two persons of the case in the token: with the header they are the officer's own, without it a listing."""
    small = SmallHub()
    case = Case("7", "social-insurance", frozenset({small.id_of(LI), small.id_of(WANG)}))
    small.door.caller = officer(case=case)
    document = "query($a: ID!, $b: ID!) { a: migrant(id: $a) { name } b: migrant(id: $b) { name } }"
    both = {"a": small.id_of(LI), "b": small.id_of(WANG)}
    assert code_of(small.ask(document, both)) == "LISTING_REFUSED"
    assert small.ask(document, both, hub_case="7").status_code == 200
    assert [(record.event, record.case) for record in small.log.records] == [("batch", "7")]


def test_null_for_a_variable_with_a_default_is_a_bad_request() -> None:
    """In an argument, and in a switch: refused with its code before anybody is asked, never an error of ours."""
    small = SmallHub()
    documents = [
        "query($id: ID = 5) { migrant(id: $id) { name } }",
        """query($id: Boolean = true, $n: String!) {
          lookup(documentKind: PASSPORT, number: $n, name: $n) @skip(if: $id) { name }
        }""",
        """query($id: InsuredPeriod = MONTHS_6, $who: ID!) {
          migrant(id: $who) { checks { insuredMonths(period: $id) { answer } } }
        }""",
    ]
    for document in documents:
        response = small.ask(document, {"id": None, "n": "E123456", "who": small.id_of(LI)})
        assert (response.status_code, code_of(response)) == (400, "VARIABLES_INVALID")
    assert (small.calls, small.log.records) == ([], [])


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"id": None},
        {"id": ["x"]},
        {"id": {"a": 1}},
        {"id": True},
        {"id": 1.5},
    ],
)
def test_variables_of_a_wrong_type(variables: dict[str, Any]) -> None:
    """Missing, null, a list, an object, a truth value, a fraction."""
    small = SmallHub()
    assert code_of(small.ask(BY_ID, variables)) == "VARIABLES_INVALID"


@pytest.mark.parametrize("given", [10**30, -1, 0, "", " ", "null", "A" * 10_000, "\u0000", "٣٢٠٥٠٥"])
def test_any_id_is_an_id_or_none(given: Any) -> None:
    """However strange, it is the root's error and nothing else."""
    response = SmallHub().ask(BY_ID, {"id": given})
    assert response.status_code == 200
    assert [error["extensions"]["code"] for error in response.json()["errors"]] == ["ID_INVALID"]


def test_a_cancelled_request_leaves_nothing() -> None:
    """Cancelled while a source is asked: no task goes on, nothing is recorded, nothing was answered."""
    small = SmallHub()
    small.sources[Source.POLICE].fail_next(Fault(FaultKind.HANG))
    request = GraphQLRequest(BY_ID, {"id": small.id_of(LI)}, purpose="social-insurance")

    async def work() -> int:
        task = asyncio.ensure_future(answer(small.hub, small.door.caller, request))
        await asyncio.sleep(0.2)
        assert small.calls
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return len(asyncio.all_tasks())

    assert asyncio.run(work()) == 1
    assert small.log.records == []


def test_a_record_is_written_though_the_client_has_gone() -> None:
    """Cancelled while the record is written: it may stand in the log without an answer, never the other way."""
    small = SmallHub()
    begun = asyncio.Event()
    write = small.log.write

    async def slow(record: Any) -> Any:
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            await write(record)

    small.log.write = slow  # type: ignore[method-assign]
    request = GraphQLRequest(BY_ID, {"id": small.id_of(LI)}, purpose="social-insurance")

    async def work() -> None:
        task = asyncio.ensure_future(answer(small.hub, small.door.caller, request))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(work())
    assert [record.subjects for record in small.log.records] == [(LI,)]


def test_records_and_receipts_do_not_tell_who_is_protected() -> None:
    """Known, protected, elsewhere or unknown: the record differs in its subject, the extensions in nothing."""
    told, records = [], []
    asked = """query($id: ID!) { migrant(id: $id) {
      name idNumber humanResources { employments { employerName } } checks { permitValid { answer } }
    } }"""
    for place in ("3205", "3101"):
        for migrant in (LI, WANG):
            small = SmallHub()
            small.door.caller = officer(jurisdiction=place)
            body = small.ask(asked, {"id": small.id_of(migrant)}).json()
            body["extensions"]["receipt"].pop("id")
            told.append(json.dumps(body["extensions"], sort_keys=True))
            (record,) = small.log.records
            assert record.subjects == (migrant,)
            records.append(replace(record, record_id=LI, subjects=()))
    assert len(set(told)) == 1
    assert all(record == records[0] for record in records)


def nurse(small: SmallHub, place: str, **agreements: Agreement) -> dict[str, str]:
    """Make the caller a health centre; the headers of a listing."""
    level = {4: Level.CITY, 9: Level.TOWNSHIP}[len(place)]
    small.door.caller = officer("public-health", department=Department.HEALTH, level=level, jurisdiction=place)
    small.change(agreements=agreements)
    return {"hub_purpose": "public-health", "hub_agreement": "one"}


def test_a_listing_spends_those_who_stand_in_it() -> None:
    """Who lives in the county but not in the township asked for costs nothing and is not recorded."""
    for place, spent in (("320505001", 1), ("320505002", 0)):
        small = SmallHub()
        headers = nurse(small, "3205", one=agreement(LISTED))
        response = small.ask(LISTED, {"d": place}, **headers)
        assert len(response.json()["data"]["migrants"]["nodes"]) == spent
        assert sum(map(len, small.budget.spent.values())) == spent
        assert [len(record.subjects) for record in small.log.records] == [spent]


def test_a_listing_beyond_its_volume_is_refused() -> None:
    """Before anything of the persons in it is fetched."""
    small = SmallHub()
    headers = nurse(small, "3205", one=agreement(LISTED, volume_per_day=0))
    assert code_of(small.ask(LISTED, {"d": "320505"}, **headers)) == "BUDGET_SPENT"
    assert small.calls == []


def test_a_township_is_told_when_police_are_away() -> None:
    """An empty page would say that nobody lives there; the error and the status say why there is none."""
    small = SmallHub()
    headers = nurse(small, "320505001", one=agreement(LISTED))
    small.sources[Source.POLICE].fail_next(Fault(FaultKind.ERROR))
    told = small.ask(LISTED, {"d": "320505001"}, **headers).json()
    assert told["data"] == {"migrants": None}
    assert [error["extensions"]["code"] for error in told["errors"]] == ["SOURCE_UNAVAILABLE"]
    assert [(one["department"], one["status"]) for one in told["extensions"]["sources"]] == [("police", "unavailable")]
    assert small.log.records[0].statuses == {"police": "unavailable"}


def test_no_listing_under_a_purpose_with_a_case() -> None:
    """An agreement does not replace the case that names each person."""
    small = SmallHub()
    named = enrolling(small)
    one = agreement(LISTED, department="education", purpose="school-enrolment")
    small.change(agreements={"one": one})
    assert code_of(small.ask(LISTED, {"d": "320505"}, hub_agreement="one", **named)) == "LISTING_REFUSED"


def test_persons_need_no_agreement_in_production() -> None:
    """One's own data is one's own (PIPL Art. 45): there is no agreement to name."""
    small = SmallHub()
    small.change(settings=small.hub.settings.model_copy(update={"mode": Mode.PRODUCTION}))
    herself = officer("subject-access", department=Department.PERSON, role=Role.PERSON, jurisdiction="")
    profile = replace(herself.profile, level=Level.PROVINCE, assurance=Assurance.HIGH)
    small.door.caller = replace(herself, profile=profile, officer="")
    small.door.caller = replace(small.door.caller, subject=small.id_of(LI))
    told = small.ask("{ me { name } }", hub_purpose="subject-access")
    assert told.json()["data"] == {"me": {"name": "李雷"}}
    assert [record.event for record in small.log.records] == ["subject-view"]
    assert small.budget.spent == {}


def test_every_source_of_an_answer_is_counted() -> None:
    """The figures say how each department's part went."""
    small = SmallHub()
    small.sources[Source.HUMAN_RESOURCES].fail_next(Fault(FaultKind.ERROR))
    small.ask(BY_ID, {"id": small.id_of(LI)})
    text = small.hub.metrics.text(0).decode()
    assert 'hub_source_calls_total{department="police",status="ok"} 1.0' in text
    assert 'hub_source_calls_total{department="human-resources",status="unavailable"} 1.0' in text
