"""What the bench asks, as bytes ready to be sent: the same bytes to every program."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from hub.clock import now
from hub.demo.issuer import TokenRequest
from privacy.sector_ids import SectorIds
from schema.vocabulary import Assurance, Department, Level, Role
from tests.bench.databases import connected
from tests.bench.documents import ME, ONE, PAGE, PAGE_SIZE
from tests.bench.installation import BenchInstallation
from tests.bench.permission import CALLER, JURISDICTION, PURPOSE

__all__ = ["Question", "make_questions"]

_SUBJECTS: Final = 500
_PAGES: Final = 50
_MINUTES: Final = 60
_BEST_KNOWN: Final = """
SELECT sector_id FROM crosswalk WHERE county >= $1 AND county < $2
ORDER BY num_nonnulls(police, civil_affairs, human_resources, health, business) DESC, sector_id LIMIT $3
"""
_CURSORS: Final = """
SELECT sector_id FROM crosswalk WHERE county >= $1 AND county < $2 ORDER BY sector_id
"""


@dataclass(frozen=True, slots=True)
class Question:
    """One kind of request: `calls` are whole HTTP requests about different persons or pages. `widened` says whether
    the hub needs the bench's permission to answer it."""

    name: str
    title: str
    calls: Sequence[bytes]
    widened: bool


async def make_questions(bench: BenchInstallation) -> dict[str, Question]:
    """Q1, Q2 and `me`, with fresh tokens.

    Q1 and `me` are about those whom most departments know, Q2 about pages spread over the whole city.
    """
    bounds = JURISDICTION, JURISDICTION[:-1] + chr(ord(JURISDICTION[-1]) + 1)
    async with connected(bench.crosswalk) as connection:
        subjects = [row[0] for row in await connection.fetch(_BEST_KNOWN, *bounds, _SUBJECTS)]
        listing = [row[0] for row in await connection.fetch(_CURSORS, *bounds)]
    return {
        "Q1": Question("Q1", "one migrant by id", _ones(bench, subjects), widened=True),
        "Q2": Question("Q2", f"a page of {PAGE_SIZE} migrants", _pages(bench, listing), widened=True),
        "me": Question("me", "one's own record", _own(bench, subjects), widened=False),
    }


def _ones(bench: BenchInstallation, subjects: Sequence[str]) -> list[bytes]:
    headers = {**_department_headers(bench), "hub-agreement": "bench-one"}
    return [_request(ONE, {"id": subject}, headers) for subject in subjects]


def _pages(bench: BenchInstallation, listing: Sequence[str]) -> list[bytes]:
    headers = {**_department_headers(bench), "hub-agreement": "bench-page"}
    last = max(len(listing) - PAGE_SIZE, 1)
    starts = sorted({last * place // _PAGES for place in range(_PAGES)})
    variables = [
        {"division": JURISDICTION, "first": PAGE_SIZE, "after": listing[start - 1] if start else None}
        for start in starts
    ]
    return [_request(PAGE, one, headers) for one in variables]


def _own(bench: BenchInstallation, subjects: Sequence[str]) -> list[bytes]:
    """The variable `id` is for programs without tokens; the document does not declare it, so the hub never sees it."""
    sector_ids = SectorIds(bench.keys)
    return [
        _request(ME, {"id": subject}, _person_headers(bench, sector_ids.seal(Department.PERSON, migrant)))
        for subject in subjects
        for migrant in [sector_ids.open(CALLER, subject)]
    ]


def _department_headers(bench: BenchInstallation) -> dict[str, str]:
    token = TokenRequest(
        department=CALLER,
        roles=(Role.SYSTEM_CLIENT,),
        level=Level.CITY,
        jurisdiction=JURISDICTION,
        purposes=(PURPOSE,),
        client="bench",
        minutes=_MINUTES,
    )
    return _headers(bench, token, PURPOSE)


def _person_headers(bench: BenchInstallation, subject: str) -> dict[str, str]:
    purpose = "subject-access"
    token = TokenRequest(
        department=Department.PERSON,
        roles=(Role.PERSON,),
        purposes=(purpose,),
        subject=subject,
        client="bench",
        assurance=Assurance.HIGH,
        minutes=_MINUTES,
    )
    return _headers(bench, token, purpose)


def _headers(bench: BenchInstallation, token: TokenRequest, purpose: str) -> dict[str, str]:
    signed = bench.issuer.mint(token, audience=bench.audience, now=now())
    return {"authorization": f"Bearer {signed}", "hub-purpose": purpose}


def _request(document: str, variables: Mapping[str, Any], headers: Mapping[str, str]) -> bytes:
    body = orjson.dumps({"query": document, "variables": variables})
    fixed = {"host": "127.0.0.1", "content-type": "application/json", "content-length": str(len(body))}
    lines = [f"{name}: {value}\r\n" for name, value in {**fixed, **headers}.items()]
    return f"POST /graphql HTTP/1.1\r\n{''.join(lines)}\r\n".encode() + body
