"""Plays an exchange against the demo city and holds the answer against what the exchange says."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any
from uuid import UUID

import httpx

from auth.model import Case
from hub.city.personas import Persona
from hub.demo.agreements import MIGRANTS_DOCUMENT
from hub.demo.issuer import TokenRequest
from privacy.masks import mask
from schema.divisions import county_of, name_of
from schema.errors import TEXTS, ErrorCode
from schema.vocabulary import Assurance, Department, Level, Mask, Role
from tests.demo_city import DemoCity
from tests.scenario.exchange import Exchange, ExpectedLine

__all__ = ["Player", "leaves_of"]

Path = tuple[str, ...]
_FOREVER = "2099-12-31"
_REFERENCE = "2026-117"


class Player:
    """Asks as an exchange says, and compares."""

    def __init__(self, city: DemoCity) -> None:
        self._city = city

    def play(self, exchange: Exchange) -> httpx.Response:
        """Ask; the response as received."""
        with self._given(exchange.said.get("given", "")):
            department = Department(_who(exchange)[0])
            variables = {name: self._value(department, word) for name, word in exchange.variables.items()}
            token = self._city.mint(self._token(exchange))
            return self._city.post(_document(exchange), variables, token, _headers(exchange))

    def check(self, exchange: Exchange, response: httpx.Response) -> None:
        """Raise AssertionError where the answer is not what the exchange says."""
        body = response.json()
        assert response.status_code == exchange.status, body
        if exchange.code is not None:
            code = ErrorCode(exchange.code)
            assert body == {"errors": [{"message": TEXTS[code], "extensions": {"code": code.value}}]}
            return
        _check_errors(exchange, body)
        _check_extensions(exchange, body["extensions"])
        self._check_data(exchange, body)

    # Asking

    def _token(self, exchange: Exchange) -> TokenRequest:
        said = exchange.said
        department, role, *place = _who(exchange)
        purposes = tuple(said.get("may name", said["purpose"]).split())
        if department == Department.PERSON:
            return TokenRequest(
                department=Department.PERSON,
                roles=(Role(role),),
                purposes=purposes,
                subject=self._city.id_of(Department.PERSON, said["acts for"]),
                client="portal",
                assurance=Assurance(place[0]) if place else Assurance.HIGH,
            )
        level, jurisdiction = place
        return TokenRequest(
            department=Department(department),
            roles=(Role(role),),
            level=Level(level),
            jurisdiction=self._place(jurisdiction),
            purposes=purposes,
            subject=f"{department}-officer-12",
            client=f"{department}-desk",
            case=self._case(Department(department), said),
        )

    def _case(self, department: Department, said: Mapping[str, str]) -> Case | None:
        if "case" not in said:
            return None
        subjects, _, related = said["case"].partition("; related ")
        return Case(
            _REFERENCE,
            said.get("case is for", said["purpose"]),
            frozenset(self._city.id_of(department, one) for one in subjects.split()),
            frozenset(self._city.id_of(department, one) for one in related.split()),
        )

    @contextmanager
    def _given(self, facts: str) -> Iterator[None]:
        with ExitStack() as stack:
            for fact in filter(None, facts.split(", ")):
                stack.enter_context(self._fact(fact.split()))
            yield

    def _fact(self, words: list[str]) -> Any:
        """`X is protected`, or `X consents to PURPOSE by DEPARTMENT`."""
        who = (self._city.id_of(Department.PERSON, words[0]), "--department", "person")
        if words[1:] == ["is", "protected"]:
            return self._city.given("subject", "protect", *who, undone_by=("subject", "unprotect", *who))
        _, _, _, purpose, _, department = words
        what = ("--for", department, "--purpose", purpose)
        until = ("--until", _FOREVER)
        return self._city.given("subject", "consent", *who, *what, *until, undone_by=("subject", "revoke", *who, *what))

    # Words

    def _persona(self, name: str) -> Persona:
        return self._city.cast.members[name]

    def _place(self, word: str) -> str:
        """A division code, or `county|township|village of MEMBER`."""
        kind, _, member = word.partition(" of ")
        digits = {"county": 6, "township": 9, "village": 12}
        return self._persona(member).residence_division[: digits[kind]] if member else word

    def _value(self, department: Department, word: str) -> Any:
        """What a variable is: `id of X`, `id of X at DEPARTMENT`, a paper of X, a place, `null`, or the word itself."""
        kind, _, member = word.partition(" of ")
        if word == "null":
            return None
        if kind == "id":
            name, _, other = member.partition(" at ")
            return self._city.id_of(Department(other) if other else department, name)
        if member and kind in _PAPERS:
            return _PAPERS[kind](self._persona(member))
        place = self._place(word)
        return int(place) if place.isdigit() and place == word and len(place) < 5 else place

    # Comparing

    def _check_data(self, exchange: Exchange, body: Mapping[str, Any]) -> None:
        found = list(leaves_of(body["data"]))
        markers = {tuple(one["path"]): one["code"] for one in body["extensions"]["markers"]}
        unexpected = [path for path, _ in found if not any(_fits(line.path, path) for line in exchange.lines)]
        assert unexpected == [], f"the answer holds more than the scenario says: {unexpected}"
        for line in exchange.lines:
            here = [(path, value) for path, value in found if _fits(line.path, path)]
            assert here or line.value.startswith("maybe "), f"the answer holds no {'.'.join(line.path)}"
            for path, value in here:
                self._check_value(line, path, value, markers)

    def _check_value(self, line: ExpectedLine, path: Path, value: Any, markers: Mapping[Path, str]) -> None:
        expected, _, marker = line.value.removeprefix("maybe ").partition(", ")
        place = ".".join(path)
        if marker:
            assert marker == _marker_at(path, markers), f"{place} is marked otherwise"
        if expected == "nothing":
            assert value is None, place
            assert marker, f"{place}: say why nothing is there"
        elif expected == "an empty list":
            assert value == [], place
        elif expected == "something":
            assert value not in (None, []), place
        elif expected != "anything":
            assert str(value) == str(self._value(Department.PERSON, expected)), place


_PAPERS: Mapping[str, Callable[[Persona], str | None]] = {
    "name": lambda one: one.name,
    "masked name": lambda one: mask(Mask.NAME, one.name),
    "number": lambda one: one.number,
    "mistyped number": lambda one: one.number[:-1] + ("0" if one.number[-1] != "0" else "1"),
    "kind": lambda one: one.document_kind,
    "birth date": lambda one: one.birth_date.isoformat(),
    "birth year": lambda one: str(one.birth_date.year),
    "county name": lambda one: name_of(county_of(one.residence_division)),
}


def _who(exchange: Exchange) -> list[str]:
    return exchange.said["who"].split(", ")


def _document(exchange: Exchange) -> str:
    return exchange.document or MIGRANTS_DOCUMENT


def _headers(exchange: Exchange) -> dict[str, str]:
    said = exchange.said
    headers = {
        "hub-purpose": said.get("names purpose", said["purpose"]),
        "hub-case": said.get("names case", _REFERENCE if "case" in said else "none"),
        "hub-agreement": said.get("agreement", "none"),
    }
    return {name: value for name, value in headers.items() if value != "none"}


def leaves_of(value: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every leaf of an answer with its path; list indexes as digits, an empty list or object is a leaf."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from leaves_of(inner, (*path, key))
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from leaves_of(inner, (*path, str(index)))
    else:
        yield path, value


def _fits(pattern: Path, path: Path) -> bool:
    return len(pattern) == len(path) and all(
        want == part or (want == "*" and part.isdigit()) for want, part in zip(pattern, path, strict=True)
    )


def _marker_at(path: Path, markers: Mapping[Path, str]) -> str:
    """The marker of a path, of what stands above it (a check), or, if all agree, of what would stand below."""
    names = tuple(part for part in path if not part.isdigit())
    related = {
        code for marked, code in markers.items() if names[: len(marked)] == marked or marked[: len(names)] == names
    }
    return " and ".join(sorted(related)) or "no marker"


def _check_errors(exchange: Exchange, body: Mapping[str, Any]) -> None:
    expected = []
    for one in filter(None, exchange.said.get("errors", "").split(", ")):
        path, code = one.split()
        expected.append({"message": TEXTS[ErrorCode(code)], "path": path.split("."), "extensions": {"code": code}})
    assert body.get("errors", []) == expected


def _check_extensions(exchange: Exchange, extensions: Mapping[str, Any]) -> None:
    receipt = extensions["receipt"]
    assert UUID(receipt["id"]).version == 4
    assert receipt["purpose"]["code"] == exchange.said["purpose"]
    assert receipt["agreement"] == exchange.said.get("agreement")
    asked = [one for one in exchange.said["sources"].split(", ") if one != "none"]
    assert [(one["department"], one["status"]) for one in extensions["sources"]] == [(one, "ok") for one in asked]
