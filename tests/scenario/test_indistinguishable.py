"""Nobody learns from body, status, markers, errors or calls whether somebody is known, protected or elsewhere."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest

from hub.demo.issuer import TokenRequest
from privacy.purposes import PURPOSES
from schema.codes import DocumentKind
from schema.identity import check_digit
from schema.ids import SectorId
from schema.vocabulary import Department, Level, Role, Source
from tests.demo_city import DemoCity
from tests.scenario.callers import Asker, agreements_for, every_asker
from tests.scenario.documents import locating
from tests.watched_hub import WatchedHub

Papers = Mapping[str, str]
FIELDS = """
  id
  name sex birthDate documentKind idNumber
  hukou { county { name } kind }
  residence { county { name } division { code } address since }
  humanResources { employments { employerName endedOn } socialInsurances { kind monthsPaid } }
  checks {
    permitValid { answer asOf }
    residentHalfYear { answer asOf }
    insuredMonths(period: MONTHS_12) { answer asOf }
  }
"""
LOOKUP = f"""query($kind: DocumentKind!, $number: String!, $name: String!) {{
  found: lookup(documentKind: $kind, number: $number, name: $name) {{ {FIELDS} }}
}}"""
BY_ID = f"query($id: ID!) {{ found: migrant(id: $id) {{ {FIELDS} }} }}"
NOBODY = "32050519911231451"
UNKNOWN: Papers = {"kind": "RESIDENT_ID", "number": NOBODY + check_digit(NOBODY), "name": "査無此人"}
_TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00")
_RANDOM = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
_SECTOR_ID = re.compile(r'"id":"[A-Za-z0-9_-]{44,}"')


def transfer(jurisdiction: str = "3205") -> TokenRequest:
    """An officer of human resources who transfers an insurance."""
    return TokenRequest(
        department=Department.HUMAN_RESOURCES,
        roles=(Role.CASE_OFFICER,),
        level=Level.CITY,
        jurisdiction=jurisdiction,
        purposes=("social-insurance",),
    )


class Inquirer:
    """Looks persons up through the watched hub, and then asks again by the id that came back."""

    def __init__(self, city: DemoCity, watched: WatchedHub) -> None:
        self._city = city
        self._watched = watched

    def ask(self, caller: TokenRequest, papers: Papers) -> list[tuple[object, ...]]:
        """Status, plain body and calls of both requests."""
        first = self._send(caller, LOOKUP, papers)
        second = self._send(caller, BY_ID, {"id": first[0].json()["data"]["found"]["id"]})
        return [(response.status_code, plain(response), calls) for response, calls in (first, second)]

    def papers(self, member: str) -> Papers:
        """What a member of the cast shows at the counter."""
        one = self._city.cast.members[member]
        return {"kind": one.document_kind, "number": one.number, "name": one.name}

    def _send(
        self, caller: TokenRequest, document: str, variables: Mapping[str, Any]
    ) -> tuple[httpx.Response, list[tuple[object, ...]]]:
        headers = {"hub-purpose": caller.purposes[0]}
        response = self._watched.ask(document, variables, self._city.mint(caller), headers)
        return response, sorted((call.shape for call in self._watched.calls), key=repr)


def plain(response: httpx.Response) -> str:
    """A body without what differs between any two answers: ids, times, the receipt's number."""
    text = _RANDOM.sub("RANDOM", _TIME.sub("TIME", response.text))
    return _SECTOR_ID.sub('"id":"ID"', text)


@pytest.fixture
def inquirer(city: DemoCity, watched: WatchedHub) -> Inquirer:
    """Asks through the watched hub."""
    return Inquirer(city, watched)


@pytest.fixture
def protection(city: DemoCity) -> Iterator[SectorId]:
    """The member `protected` is protected; the id the persons' portal knows her by."""
    her = city.id_of(Department.PERSON, "protected")
    who = (her, "--department", "person")
    with city.given("subject", "protect", *who, undone_by=("subject", "unprotect", *who)):
        yield her


def test_a_protected_person_is_like_one_nobody_knows(inquirer: Inquirer, protection: SectorId) -> None:
    """Looked up by her papers she cannot be told from nobody, nor in a second request by the id that came back."""
    her = inquirer.ask(transfer(), inquirer.papers("protected"))
    assert her == inquirer.ask(transfer(), UNKNOWN)
    assert her != inquirer.ask(transfer(), inquirer.papers("worker"))


def test_before_protection_she_was_found(inquirer: Inquirer) -> None:
    """Without protection the same question is answered, so that the test above can fail."""
    assert inquirer.ask(transfer(), inquirer.papers("protected")) != inquirer.ask(transfer(), UNKNOWN)


def test_somebody_elsewhere_is_like_one_nobody_knows(inquirer: Inquirer) -> None:
    """For an officer of another city a resident of this one cannot be told from nobody."""
    assert inquirer.ask(transfer("3101"), inquirer.papers("worker")) == inquirer.ask(transfer("3101"), UNKNOWN)


def test_a_wrong_name_is_like_a_wrong_number(inquirer: Inquirer) -> None:
    """The right number with another name tells nothing: nobody with that number and name is known."""
    stranger = {**inquirer.papers("worker"), "name": "査無此人"}
    assert inquirer.ask(transfer(), stranger) == inquirer.ask(transfer(), UNKNOWN)


def test_the_place_of_the_officer_shows_in_no_marker(inquirer: Inquirer) -> None:
    """Markers are those of the document: here and elsewhere, found or not, they are the same."""
    answers = [inquirer.ask(transfer(place), inquirer.papers("worker")) for place in ("3205", "3101")]
    answers.append(inquirer.ask(transfer(), UNKNOWN))
    markers = {json.dumps(json.loads(str(body))["extensions"]["markers"]) for both in answers for _, body, _ in both}
    assert len(markers) == 1


def test_a_failing_source_fails_for_nobody_too(inquirer: Inquirer, watched: WatchedHub, protection: SectorId) -> None:
    """While a department is away its errors stand in the same places for known, protected and unknown persons."""
    answers = []
    for papers in (inquirer.papers("protected"), UNKNOWN, inquirer.papers("worker")):
        with watched.without(Source.HUMAN_RESOURCES):
            answers.append(inquirer.ask(transfer(), papers))
    hers, nobody, known = answers
    assert hers == nobody
    assert errors_of(known) == errors_of(hers)
    assert errors_of(hers)[0] is not None


def errors_of(answers: list[tuple[object, ...]]) -> list[object]:
    """The errors of both answers."""
    return [json.loads(str(body)).get("errors") for _, body, _ in answers]


def test_without_consent_the_known_are_like_nobody(city: DemoCity, watched: WatchedHub) -> None:
    """Under a purpose that stands on consent, somebody who gave none cannot be told from nobody."""
    asker = Asker(Department.JUSTICE, PURPOSES["legal-aid"])
    nobody = phantom_of(city, watched, asker)
    known = about(city, watched, asker, city.id_of(Department.JUSTICE, "worker"))
    assert known == about(city, watched, asker, nobody)


def about(city: DemoCity, watched: WatchedHub, asker: Asker, subject: SectorId) -> tuple[object, ...]:
    """All that locates of one person, asked by id under a case: status, body and calls."""
    one = city.cast.members["protected"]
    variables = {"id": subject, "name": one.name, "birthDate": one.birth_date.isoformat()}
    document = locating(asker.department)
    declared = {name: value for name, value in variables.items() if f"${name}:" in document}
    response = watched.ask(document, declared, city.mint(asker.token(subject)), asker.headers())
    return response.status_code, plain(response), sorted((call.shape for call in watched.calls), key=repr)


def phantom_of(city: DemoCity, watched: WatchedHub, asker: Asker) -> SectorId:
    """What a department knows nobody by: the id of papers that nobody has."""
    migrant = watched.hub.finder._directory.phantom(DocumentKind.RESIDENT_ID, UNKNOWN["number"], UNKNOWN["name"])
    return city.sector_ids.seal(asker.department, migrant)


def test_what_locates_a_protected_person_is_like_nothing_on_record(
    city: DemoCity, watched: WatchedHub, protection: SectorId
) -> None:
    """Asked by her id, under every purpose, by every department, her own police included."""
    told, asked = [], 0
    for asker in every_asker():
        with watched.agreeing(agreements_for(locating(asker.department))):
            hers = about(city, watched, asker, city.id_of(asker.department, "protected"))
            asked += hers[0] == 200
            if hers != about(city, watched, asker, phantom_of(city, watched, asker)):
                told.append(str(asker))
    assert told == []
    assert asked > 40
