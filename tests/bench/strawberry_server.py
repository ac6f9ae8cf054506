"""The usual way: plain Strawberry with one DataLoader per department, over the same tables and statements.

Documents are parsed and validated once (Strawberry's own caches). Started by the bench as
`python -m tests.bench.strawberry_server`.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date
from typing import Any, Self

import orjson
import strawberry
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader
from strawberry.extensions import ParserCache, ValidationCache

from schema.divisions import name_of
from tests.bench.databases import open_pools
from tests.bench.serving import serve
from tests.bench.statements import (
    BY_DIVISION,
    BY_ID,
    CURRENT,
    HUKOU_KINDS,
    KEYS,
    SEXES,
    after_prefix,
    clean_name,
)

__all__ = ["create_app"]

Row = Any
Rows = Sequence[Row]


@strawberry.type
class Division:
    """A place by its code."""

    code: str

    @strawberry.field
    def name(self) -> str | None:
        """Its Chinese name."""
        return name_of(self.code)

    @classmethod
    def of(cls, code: str | None) -> Self | None:
        """The division of a code that may be missing."""
        return None if code is None else cls(code=code)


@strawberry.type
class Hukou:
    """Where a person is registered."""

    county: Division | None
    kind: str | None


@strawberry.type
class Residence:
    """Where a person lives."""

    division: Division | None
    address: str | None
    since: date | None


@strawberry.type
class MarriageRegistration:
    """Civil affairs."""

    status: str | None
    registered_on: date | None
    authority: str | None


@strawberry.type
class Employment:
    """Human resources."""

    employer_name: str | None
    occupation: str | None
    contract_kind: str | None
    started_on: date | None


@strawberry.type
class Enrolment:
    """Health."""

    institution: str | None
    enrolled_on: date | None
    status: str | None


@strawberry.type
class Licence:
    """Business registration."""

    uscc: str | None
    name: str | None
    kind: str | None
    status: str | None
    registered_on: date | None
    role: str | None


@strawberry.type
class CivilAffairs:
    """Civil affairs' part."""

    marriage_registrations: list[MarriageRegistration]


@strawberry.type
class HumanResources:
    """Human resources' part."""

    employments: list[Employment]


@strawberry.type
class Health:
    """Health's part."""

    enrolments: list[Enrolment]


@strawberry.type
class Business:
    """Business registration's part."""

    licences: list[Licence]


@strawberry.type
class Migrant:
    """A person; every field asks its department's loader."""

    id: strawberry.ID
    keys: strawberry.Private[Row]

    @strawberry.field
    async def name(self, info: strawberry.Info) -> str | None:
        """Police."""
        row = await self._police(info)
        return None if row is None else clean_name(row[1])

    @strawberry.field
    async def sex(self, info: strawberry.Info) -> str | None:
        """Police."""
        row = await self._police(info)
        return None if row is None else SEXES.get(row[2])

    @strawberry.field
    async def birth_date(self, info: strawberry.Info) -> date | None:
        """Police."""
        row = await self._police(info)
        return None if row is None else row[3]

    @strawberry.field
    async def id_number(self, info: strawberry.Info) -> str | None:
        """Police."""
        row = await self._police(info)
        return None if row is None else row[4]

    @strawberry.field
    async def hukou(self, info: strawberry.Info) -> Hukou | None:
        """Police."""
        row = await self._police(info)
        return None if row is None else Hukou(county=Division.of(row[5]), kind=HUKOU_KINDS.get(row[6]))

    @strawberry.field
    async def residence(self, info: strawberry.Info) -> Residence | None:
        """Police."""
        row = await self._police(info)
        return None if row is None else Residence(division=Division.of(row[7]), address=row[8], since=row[9])

    @strawberry.field
    async def civil_affairs(self, info: strawberry.Info) -> CivilAffairs:
        """Civil affairs."""
        return CivilAffairs(
            marriage_registrations=[
                MarriageRegistration(status=row[1], registered_on=row[2], authority=row[3])
                for row in await self._rows(info, "civil_affairs")
            ]
        )

    @strawberry.field
    async def human_resources(self, info: strawberry.Info) -> HumanResources:
        """Human resources."""
        return HumanResources(
            employments=[
                Employment(employer_name=row[1], occupation=row[2], contract_kind=row[3], started_on=row[4])
                for row in await self._rows(info, "human_resources")
            ]
        )

    @strawberry.field
    async def health(self, info: strawberry.Info) -> Health:
        """Health."""
        return Health(
            enrolments=[
                Enrolment(institution=row[1], enrolled_on=row[2], status=row[3])
                for row in await self._rows(info, "health")
            ]
        )

    @strawberry.field
    async def business(self, info: strawberry.Info) -> Business:
        """Business registration."""
        return Business(
            licences=[
                Licence(uscc=row[1], name=row[2], kind=row[3], status=row[4], registered_on=row[5], role=row[6])
                for row in await self._rows(info, "business")
            ]
        )

    async def _police(self, info: strawberry.Info) -> Row | None:
        rows = await self._rows(info, "police")
        return rows[0] if rows else None

    async def _rows(self, info: strawberry.Info, department: str) -> Rows:
        key = self.keys[department]
        return () if key is None else await info.context["loaders"][department].load(key)


@strawberry.type
class PageInfo:
    """Relay."""

    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class MigrantConnection:
    """Relay."""

    nodes: list[Migrant]
    page_info: PageInfo


@strawberry.type
class Query:
    """The bench's two questions of departments."""

    @strawberry.field
    async def migrant(self, info: strawberry.Info, id: strawberry.ID) -> Migrant | None:
        """One person."""
        row = await info.context["pools"]["crosswalk"].fetchrow(BY_ID, [id])
        return None if row is None else Migrant(id=row[0], keys=row)

    @strawberry.field
    async def migrants(
        self, info: strawberry.Info, division: str, first: int, after: str | None = None
    ) -> MigrantConnection:
        """A page of persons."""
        bounds = division, after_prefix(division)
        rows = await info.context["pools"]["crosswalk"].fetch(BY_DIVISION, *bounds, after or "", first + 1)
        nodes = [Migrant(id=row[0], keys=row) for row in rows[:first]]
        end = nodes[-1].id if nodes else None
        return MigrantConnection(nodes=nodes, page_info=PageInfo(has_next_page=len(rows) > first, end_cursor=end))


def _loader(pool: Any, statement: str) -> Callable[[list[str]], Awaitable[list[Rows]]]:
    async def load(keys: list[str]) -> list[Rows]:
        found: defaultdict[str, list[Row]] = defaultdict(list)
        for row in await pool.fetch(statement, keys):
            found[row[0]].append(row)
        return [found.get(key, ()) for key in keys]

    return load


class _Program(GraphQL[Mapping[str, Any], None]):
    """Strawberry's own ASGI application; JSON by orjson, as everywhere in the bench."""

    pools: Mapping[str, Any]

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Mapping[str, Any]:
        """Fresh loaders for every request."""
        loaders = {name: DataLoader(load_fn=_loader(self.pools[name], CURRENT[name])) for name in KEYS}
        return {"pools": self.pools, "loaders": loaders}

    def encode_json(self, data: object) -> bytes:
        """Bytes of a response."""
        return orjson.dumps(data)


def create_app() -> Starlette:
    """One address, `POST /graphql`."""
    program = _Program(strawberry.Schema(Query, extensions=[ParserCache, ValidationCache]), graphql_ide=None)

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        async with open_pools() as pools:
            program.pools = pools
            yield

    return Starlette(routes=[Route("/graphql", program)], lifespan=lifespan)


if __name__ == "__main__":
    serve(create_app())
