"""The hand-written program: the same questions, answered from the same tables with asyncpg and orjson.

Six statements an answer: the crosswalk, then one per department, all five at once. No token, no policy, no mask, no
record. Started by the bench as `python -m tests.bench.raw_server`.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from schema.divisions import name_of
from tests.bench.databases import open_pools
from tests.bench.documents import ME, ONE, PAGE
from tests.bench.serving import serve
from tests.bench.statements import (
    BY_DIVISION,
    BY_ID,
    CURRENT,
    EVERYTHING,
    HUKOU_KINDS,
    KEYS,
    SEXES,
    after_prefix,
    clean_name,
)

__all__ = ["create_app"]

Row = Any
Rows = Mapping[str, list[Any]]
Json = dict[str, Any]


class RawProgram:
    """Answers over one pool per database."""

    def __init__(self, pools: Mapping[str, Any]) -> None:
        self._pools = pools
        self._answers: Mapping[str, Callable[[Json], Awaitable[Json]]] = {
            ONE: self._one,
            PAGE: self._page,
            ME: self._me,
        }

    async def answer(self, body: bytes) -> bytes:
        """The bytes of one response."""
        asked = orjson.loads(body)
        return orjson.dumps({"data": await self._answers[asked["query"]](asked["variables"])})

    async def _one(self, variables: Json) -> Json:
        persons = await self._pools["crosswalk"].fetch(BY_ID, [variables["id"]])
        return {"migrant": (await self._written(persons, CURRENT))[0]}

    async def _me(self, variables: Json) -> Json:
        """A program without tokens has to be told who asks."""
        persons = await self._pools["crosswalk"].fetch(BY_ID, [variables["id"]])
        told = (await self._written(persons, EVERYTHING))[0]
        del told["id"]
        return {"me": told}

    async def _page(self, variables: Json) -> Json:
        division, first, after = variables["division"], variables["first"], variables["after"] or ""
        bounds = division, after_prefix(division)
        persons = await self._pools["crosswalk"].fetch(BY_DIVISION, *bounds, after, first + 1)
        nodes = await self._written(persons[:first], CURRENT)
        page = {"hasNextPage": len(persons) > first, "endCursor": nodes[-1]["id"] if nodes else None}
        return {"migrants": {"nodes": nodes, "pageInfo": page}}

    async def _written(self, persons: Sequence[Row], statements: Mapping[str, str]) -> list[Json]:
        calls = (self._rows(name, persons, statements[name]) for name in KEYS)
        police, civil_affairs, human_resources, health, business = await asyncio.gather(*calls)
        return [
            {
                "id": person[0],
                **_identity(police.get(person[1])),
                "civilAffairs": {"marriageRegistrations": [_marriage(r) for r in civil_affairs.get(person[2], ())]},
                "humanResources": {"employments": [_employment(r) for r in human_resources.get(person[3], ())]},
                "health": {"enrolments": [_enrolment(r) for r in health.get(person[4], ())]},
                "business": {"licences": [_licence(r) for r in business.get(person[5], ())]},
            }
            for person in persons
        ]

    async def _rows(self, name: str, persons: Sequence[Row], statement: str) -> Rows:
        keys = [person[name] for person in persons if person[name] is not None]
        found: defaultdict[str, list[Row]] = defaultdict(list)
        if keys:
            for row in await self._pools[name].fetch(statement, keys):
                found[row[0]].append(row)
        return found


def _identity(rows: list[Row] | None) -> Json:
    if not rows:
        return dict.fromkeys(("name", "sex", "birthDate", "idNumber", "hukou", "residence"))
    _, name, sex, born, number, hukou_county, hukou_kind, division, address, since = rows[0]
    return {
        "name": clean_name(name),
        "sex": SEXES.get(sex),
        "birthDate": born,
        "idNumber": number,
        "hukou": {"county": _division(hukou_county), "kind": HUKOU_KINDS.get(hukou_kind)},
        "residence": {"division": _division(division), "address": address, "since": since},
    }


def _division(code: str | None) -> Json | None:
    return None if code is None else {"code": code, "name": name_of(code)}


def _marriage(row: Row) -> Json:
    return {"status": row[1], "registeredOn": row[2], "authority": row[3]}


def _employment(row: Row) -> Json:
    return {"employerName": row[1], "occupation": row[2], "contractKind": row[3], "startedOn": row[4]}


def _enrolment(row: Row) -> Json:
    return {"institution": row[1], "enrolledOn": row[2], "status": row[3]}


def _licence(row: Row) -> Json:
    _, uscc, name, kind, status, registered, role = row
    return {"uscc": uscc, "name": name, "kind": kind, "status": status, "registeredOn": registered, "role": role}


def create_app() -> Starlette:
    """One address, `POST /graphql`, which takes what the hub takes."""

    async def respond(request: Request) -> Response:
        return Response(await request.app.state.program.answer(await request.body()), media_type="application/json")

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with open_pools() as pools:
            app.state.program = RawProgram(pools)
            yield

    return Starlette(routes=[Route("/graphql", respond, methods=["POST"])], lifespan=lifespan)


if __name__ == "__main__":
    serve(create_app())
