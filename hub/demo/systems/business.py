"""Business registration's system: a GraphQL federation service, in a process of its own.

`python -m hub.demo.systems.business --data DIR --port N`; docs/city.md has the SDL.
"""

import hmac
import json
import secrets
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Self

import strawberry
from graphql import GraphQLError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from strawberry.dataloader import DataLoader
from strawberry.types import ExecutionContext

from hub.city.directory import CityDirectory
from hub.city.tables import TABLES
from hub.demo.systems.records import Cell, RecordStore, write_records
from hub.demo.systems.service import read_options, read_secret, serve
from hub.files import write_private
from schema.errors import ConfigurationError

__all__ = ["SERVICE_TOKEN_FILE", "business_app", "write_business_system"]

SERVICE_TOKEN_FILE: Final = "service_token"  # noqa: S105 - a file name
_DATABASE: Final = "business.sqlite"
_MOST_KEYS: Final = 1_000
_MOST_BYTES: Final = 1_000_000
_PERSON_COLUMNS: Final = TABLES["business/persons"][1:]
_LICENCE_COLUMNS: Final = TABLES["business/licences"][1:]
_PERSON_FIELDS: Final = ("full_name", "date_of_birth", "document_type", "document_number")
_LICENCE_FIELDS: Final = (
    "credit_code",
    "entity_name",
    "entity_type",
    "registration_state",
    "registered_date",
    "person_role",
    "premises_code",
)


def write_business_system(data: Path, city: CityDirectory) -> bool:
    """Write the service's database and, once, a service token; False when this city is there already."""
    fresh = write_records(data / _DATABASE, city, {name: f"business/{name}" for name in ("persons", "licences")})
    if not (data / SERVICE_TOKEN_FILE).exists():
        write_private(data / SERVICE_TOKEN_FILE, secrets.token_urlsafe(32).encode())
    return fresh


_Rows = list[tuple[Cell, ...]]


def _named(fields: Sequence[str], row: tuple[Cell, ...]) -> dict[str, Any]:
    return dict(zip(fields, row, strict=True))


class _Context:
    """Loaders of one request: all keys of one level in one look-up."""

    def __init__(self, store: RecordStore) -> None:
        self.store = store
        self.persons = DataLoader[str, _Rows](self._persons, max_batch_size=_MOST_KEYS)
        self.licences = DataLoader[str, _Rows](self._licences, max_batch_size=_MOST_KEYS)

    async def _persons(self, keys: list[str]) -> Sequence[_Rows]:
        found = self.store.batch("persons", keys, _PERSON_COLUMNS)
        return [found[key] for key in keys]

    async def _licences(self, keys: list[str]) -> Sequence[_Rows]:
        found = self.store.batch("licences", keys, _LICENCE_COLUMNS)
        return [found[key] for key in keys]


_Info = strawberry.Info[_Context, None]


@strawberry.type
class Licence:
    """A market entity and what the person is to it."""

    credit_code: str | None
    entity_name: str | None
    entity_type: str | None
    registration_state: str | None
    registered_date: str | None
    person_role: str | None
    premises_code: str | None


@strawberry.federation.type(keys=["sourceKey"])
class RegisteredPerson:
    """A person behind a market entity."""

    source_key: strawberry.ID
    full_name: str | None
    date_of_birth: str | None
    document_type: str | None
    document_number: str | None

    @strawberry.field
    async def licences(self, info: _Info) -> list[Licence]:
        """Latest first."""
        rows = await info.context.licences.load(self.source_key)
        return [Licence(**_named(_LICENCE_FIELDS, row)) for row in rows]

    @classmethod
    async def resolve_reference(cls, info: _Info, sourceKey: str) -> Self | None:  # noqa: N803 - as in the SDL
        """The person of a representation, or nothing."""
        rows = await info.context.persons.load(sourceKey)
        return cls.of(sourceKey, rows[0]) if rows else None

    @classmethod
    def of(cls, key: str, row: tuple[Cell, ...]) -> Self:
        """From a key and a row of the person table."""
        return cls(source_key=strawberry.ID(key), **_named(_PERSON_FIELDS, row))


@strawberry.type
class RegisteredPersonPage:
    """A page in key order."""

    nodes: list[RegisteredPerson]
    end_cursor: str | None
    has_next_page: bool


@strawberry.type
class About:
    """What this system says of itself."""

    system: str
    data_origin: str
    city: str
    as_of: str


@strawberry.type
class Query:
    """Everything that can be asked."""

    @strawberry.field
    def about(self, info: _Info) -> About:
        """Of the data: its origin, its city, its time (UTC)."""
        store = info.context.store
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        origin, city = store.property("dataOrigin"), store.property("city")
        return About(system="business", data_origin=origin, city=city, as_of=now)

    @strawberry.field
    def registered_persons(self, info: _Info, first: int, after: str | None = None) -> RegisteredPersonPage:
        """All persons, page by page; `after` is the last key of the page before."""
        if not 1 <= first <= _MOST_KEYS:
            raise ValueError("first must be between 1 and 1000")
        place = (after, sys.maxsize) if after else None
        rows = info.context.store.scan("persons", _PERSON_COLUMNS, place, first + 1)
        nodes = [RegisteredPerson.of(key, row) for key, _, row in rows[:first]]
        end = nodes[-1].source_key if nodes else None
        return RegisteredPersonPage(nodes=nodes, end_cursor=end, has_next_page=len(rows) > first)


class _QuietSchema(strawberry.federation.Schema):
    """A failed operation is answered, not logged: the library's log lines quote values."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Nothing."""


_SCHEMA: Final = _QuietSchema(query=Query, types=[RegisteredPerson], federation_version="2.9")


@dataclass(frozen=True, slots=True)
class _BusinessService:
    store: RecordStore
    token: str

    async def alive(self, _: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"})

    async def graphql(self, request: Request) -> JSONResponse:
        given = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(given, f"Bearer {self.token}".encode()):
            return _error(401, "the service token is missing or wrong")
        try:
            asked = json.loads(await _body(request))
            document, variables = asked["query"], asked.get("variables") or {}
        except (ValueError, KeyError, TypeError, AttributeError):
            return _error(400, "the request is not a GraphQL request")
        if not isinstance(document, str) or not isinstance(variables, dict):
            return _error(400, "the request is not a GraphQL request")
        if any(isinstance(value, list) and len(value) > _MOST_KEYS for value in variables.values()):
            return _error(413, "more than 1000 representations")
        result = await _SCHEMA.execute(document, variables, context_value=_Context(self.store))
        answer: dict[str, Any] = {"data": result.data}
        if result.errors:
            answer["errors"] = [{"message": "the operation failed", "path": error.path} for error in result.errors]
        return JSONResponse(answer)


def _error(status: int, message: str) -> JSONResponse:
    return JSONResponse({"errors": [{"message": message}]}, status)


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > _MOST_BYTES:
            raise ValueError("too large")
    return bytes(body)


def business_app(data: Path, token: str) -> Starlette:
    """The service over a data folder. Raises ConfigurationError when the folder holds no database."""
    service = _BusinessService(RecordStore.open(data / _DATABASE), token)
    return Starlette(routes=[Route("/health", service.alive), Route("/graphql", service.graphql, methods=["POST"])])


def main() -> None:
    """The process."""
    options = read_options("business", SERVICE_TOKEN_FILE)
    try:
        app = business_app(options.data, read_secret(options.secret))
    except ConfigurationError as error:
        sys.exit(str(error))
    serve(app, options)


if __name__ == "__main__":
    main()
