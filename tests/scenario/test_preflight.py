"""What `preflight` predicts is what comes: for four departments, path by path."""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

import pytest

from hub.demo.client import DemoClient
from hub.demo.issuer import TokenRequest
from hub.demo.scenarios import SCENARIOS, Scenario
from schema.vocabulary import Department
from tests.demo_city import DemoCity
from tests.scenario.playing import leaves_of

FOUR = (Department.EDUCATION, Department.HUMAN_RESOURCES, Department.HEALTH, Department.POLICE)
CALLERS = [one for one in SCENARIOS if one.department in FOUR and one.subjects]
PREFLIGHT = """query($document: String!, $purpose: String!) {
  preflight(document: $document, purpose: $purpose) { refused fields { path decision marker policies } sources }
}"""
MASKED = {"name": re.compile(r".\*\*"), "idNumber": re.compile(r"\*{18}"), "address": re.compile(r"\D+[市区县]")}
FEWEST, MOST = 5, 60

Answer = dict[str, Any]


class Rehearsal:
    """One caller: what was predicted, and the answers about many persons."""

    def __init__(self, city: DemoCity, scenario: Scenario) -> None:
        self._city = city
        self._scenario = scenario
        self._client = DemoClient(city.address, city.issuer, city.settings.audience)
        self.predicted = self._predict()
        self.answers: list[Answer] = []
        for answer in self._ask_about_many():
            self.answers.append(answer)
            if len(self.answers) > FEWEST and self.filled() >= self.expected():
                break
        self._client.close()

    def expected(self) -> set[str]:
        """The paths that were not predicted as withheld."""
        return {one["path"] for one in self.predicted["fields"] if one["decision"] != "WITHHOLD"}

    def filled(self) -> set[str]:
        """The paths that held something for somebody."""
        return {path for path, value in self.values() if value is not None}

    def values(self) -> Iterator[tuple[str, Any]]:
        """Every leaf of every answer under the longest predicted path above it."""
        for answer in self.answers:
            for path, value in leaves_of(answer["data"]):
                yield self._predicted_path(path), answer_of(path, value)

    def _predict(self) -> Answer:
        ids = self._city.cast.ids[self._scenario.department.value]
        token = self._city.mint(self._scenario.token(ids, self._city.cast.members))
        wanted = {"document": self._scenario.document, "purpose": self._scenario.purpose}
        told: Answer = self._city.post(PREFLIGHT, wanted, token, {}).json()["data"]["preflight"]
        return told

    def _predicted_path(self, path: tuple[str, ...]) -> str:
        names = [part for part in path if not part.isdigit()]
        known = {field["path"] for field in self.predicted["fields"]}
        above = [".".join(names[:end]) for end in range(len(names), 0, -1)]
        return next((one for one in above if one in known), ".".join(names))

    def _ask_about_many(self) -> Iterator[Answer]:
        """About the cast, and about others in its place, until every field was on record for somebody."""
        own = dict(self._city.cast.ids[self._scenario.department.value])
        yield self._ask(own)
        for person in islice(known_people(self._city), MOST):
            token = self._token({})
            papers = {"kind": person["documentKind"], "number": person["number"], "name": person["name"]}
            found = self._client.find_id(token, papers, self._headers())
            yield self._ask({**own, self._scenario.subjects[0]: found})

    def _ask(self, ids: Mapping[str, str]) -> Answer:
        document, variables = self._scenario.document, self._scenario.variables(ids, self._city.cast.members)
        answer = self._client.ask(self._token(ids), document, variables, self._headers())
        assert "errors" not in answer
        return answer

    def _token(self, ids: Mapping[str, str]) -> TokenRequest:
        return self._scenario.token(ids, self._city.cast.members)

    def _headers(self) -> dict[str, str | None]:
        return {"hub-purpose": self._scenario.purpose, "hub-case": self._scenario.reference}


def answer_of(path: tuple[str, ...], value: Any) -> Any:
    """A check that answers UNKNOWN says nothing; neither do its source and time."""
    if "checks" in path:
        return value if path[-1] == "answer" and value != "UNKNOWN" else None
    return None if value == [] else value


def known_people(city: DemoCity) -> Iterator[dict[str, Any]]:
    """Three children and many others whose papers agree everywhere."""
    clean = [one for one in city.truth() if not one["dirt"] and one["true"]["residenceDivision"]]
    clean.sort(key=lambda one: one["relations"]["place"] != "child")
    return (one["true"] for one in clean[:3] + clean[-500:])


@pytest.fixture(scope="module", params=CALLERS, ids=lambda scenario: scenario.department.value)
def rehearsal(city: DemoCity, request: pytest.FixtureRequest) -> Rehearsal:
    """A caller who asked what would come, and then for it."""
    return Rehearsal(city, request.param)


def test_what_is_not_empty_was_predicted(rehearsal: Rehearsal) -> None:
    """The paths that hold something for somebody are exactly those that were not predicted as withheld."""
    assert rehearsal.filled() == rehearsal.expected()
    assert 0 < len(rehearsal.expected()) < len(rehearsal.predicted["fields"])


def test_masked_is_masked_and_read_is_read(rehearsal: Rehearsal) -> None:
    """A path predicted as MASK looks masked for everybody, one predicted as READ for nobody."""
    decisions = {one["path"]: one["decision"] for one in rehearsal.predicted["fields"]}
    for path, value in rehearsal.values():
        pattern = MASKED.get(path.rpartition(".")[2])
        if value is not None and pattern is not None and path in decisions:
            assert bool(pattern.fullmatch(value)) == (decisions[path] == "MASK"), path


def test_markers_and_departments_are_as_predicted(rehearsal: Rehearsal) -> None:
    """Every answer carries the predicted markers and calls the predicted departments, whoever it is about."""
    markers = {(one["path"], one["marker"]) for one in rehearsal.predicted["fields"] if one["marker"]}
    for answer in rehearsal.answers:
        extensions = answer["extensions"]
        assert {(".".join(one["path"]), one["code"]) for one in extensions["markers"]} == markers
        assert [one["department"] for one in extensions["sources"]] == rehearsal.predicted["sources"]
    assert len(rehearsal.answers) > FEWEST


def test_every_prediction_names_its_reason(rehearsal: Rehearsal) -> None:
    """Each predicted path names the rules behind its decision."""
    assert [one["path"] for one in rehearsal.predicted["fields"] if not one["policies"]] == []


def test_predictions_are_recorded(city: DemoCity) -> None:
    """A prediction is an event of the log; a refused one says by which code, and is recorded too."""
    before = preflights(city)
    token, _ = city.clerk("child")
    for purpose, refused in (
        ("school-enrolment", None),
        ("residence-permit", "PURPOSE_REFUSED"),
        ("x", "PURPOSE_UNKNOWN"),
    ):
        told = city.post(PREFLIGHT, {"document": "{ me { name } }", "purpose": purpose}, token, {}).json()
        assert told["data"]["preflight"]["refused"] == (refused or "FIELD_REFUSED")
        assert told.keys() == {"data"}
    assert preflights(city) == before + 3


def preflights(city: DemoCity) -> int:
    """How many predictions the log holds."""
    rows = json.loads(city.run("audit", "show", "--event", "preflight", "--limit", "1000", "--json").output)
    assert all(row["event"] == "preflight" and row["subjects"] == 0 for row in rows)
    return len(rows)
