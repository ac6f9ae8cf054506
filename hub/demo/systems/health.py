"""Health's system: JSON over HTTP with OAuth2 client credentials, in a process of its own.

`python -m hub.demo.systems.health --data DIR --port N`; docs/city.md describes every request.
"""

import base64
import binascii
import hmac
import json
import secrets
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from hub.city.directory import CityDirectory
from hub.demo.systems.records import RecordStore, write_records
from hub.demo.systems.service import read_options, read_secret, serve
from hub.files import write_private
from schema.errors import ConfigurationError

__all__ = ["CLIENT_ID", "SECRET_FILE", "health_app", "write_health_system"]

CLIENT_ID: Final = "hub"
SECRET_FILE: Final = "client_secret"  # noqa: S105 - a file name
_DATABASE: Final = "health.sqlite"
_TOKEN_LIFE: Final = 300
_MOST_KEYS: Final = 1_000
_MOST_BYTES: Final = 1_000_000
_RESOURCES: Final = ("patients", "enrolments", "immunisations", "services", "maternityServices")


def write_health_system(data: Path, city: CityDirectory) -> bool:
    """Write the service's database and, once, a client secret; False when this city is there already."""
    fresh = write_records(data / _DATABASE, city, {name: f"health/{name}" for name in _RESOURCES})
    if not (data / SECRET_FILE).exists():
        write_private(data / SECRET_FILE, secrets.token_urlsafe(32).encode())
    return fresh


class _Refusal(Exception):  # noqa: N818 - an answer, not a fault
    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status = status
        self.error = error


@dataclass(slots=True)
class _Tokens:
    """Access tokens in memory, each with the moment (monotonic) it expires."""

    secret: str
    life: int
    live: dict[str, float] = field(default_factory=dict)

    def issue(self, client: str, secret: str) -> str:
        known = hmac.compare_digest(client.encode(), CLIENT_ID.encode())
        if not (hmac.compare_digest(secret.encode(), self.secret.encode()) and known):
            raise _Refusal(401, "invalid_client")
        now = time.monotonic()
        self.live = {token: expiry for token, expiry in self.live.items() if expiry > now}
        token = secrets.token_urlsafe(32)
        self.live[token] = now + self.life
        return token

    def check(self, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or self.live.get(token, 0.0) <= time.monotonic():
            raise _Refusal(401, "invalid_token")


def health_app(data: Path, secret: str, token_life: int = _TOKEN_LIFE) -> Starlette:
    """The service over a data folder. Raises ConfigurationError when the folder holds no database."""
    service = _HealthService(RecordStore.open(data / _DATABASE), _Tokens(secret, token_life))
    routes = [
        Route("/health", service.alive),
        Route("/oauth/token", service.token, methods=["POST"]),
        Route("/v1/about", service.about),
        Route("/v1/{resource}/batch", service.batch, methods=["POST"]),
        Route("/v1/{resource}", service.scan),
    ]
    return Starlette(routes=routes, exception_handlers={_Refusal: _refuse})


async def _refuse(_: Request, error: Exception) -> JSONResponse:
    refusal = error if isinstance(error, _Refusal) else _Refusal(500, "server_error")
    headers = {"WWW-Authenticate": "Bearer"} if refusal.status == 401 else None
    return JSONResponse({"error": refusal.error}, refusal.status, headers)


class _HealthService:
    def __init__(self, store: RecordStore, tokens: _Tokens) -> None:
        self._store = store
        self._tokens = tokens

    async def alive(self, _: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"})

    async def token(self, request: Request) -> JSONResponse:
        try:
            form = dict(parse_qsl((await _body(request)).decode(), strict_parsing=True))
        except ValueError:
            raise _Refusal(400, "invalid_request") from None
        if form.get("grant_type") != "client_credentials":
            raise _Refusal(400, "unsupported_grant_type")
        client, secret = _basic(request) or (form.get("client_id", ""), form.get("client_secret", ""))
        token = self._tokens.issue(client, secret)
        answer = {"access_token": token, "token_type": "Bearer", "expires_in": self._tokens.life}
        return JSONResponse(answer, headers={"Cache-Control": "no-store"})

    async def about(self, request: Request) -> JSONResponse:
        self._tokens.check(request)
        store = self._store
        resources = {name: list(store.columns[name][1:]) for name in _RESOURCES}
        origin = {"dataOrigin": store.property("dataOrigin"), "city": store.property("city")}
        return JSONResponse({"system": "health", **origin, "asOf": _now(), "resources": resources})

    async def batch(self, request: Request) -> JSONResponse:
        self._tokens.check(request)
        resource = self._resource(request)
        try:
            asked = json.loads(await _body(request))
        except ValueError:
            raise _Refusal(400, "invalid_request") from None
        named = asked if isinstance(asked, dict) else {}
        keys, fields = _texts(named.get("cardNumbers")), _texts(named.get("fields"))
        if len(keys) > _MOST_KEYS:
            raise _Refusal(413, "too_many_keys")
        self._check_fields(resource, fields)
        found = self._store.batch(resource, keys, fields)
        records = {key: [dict(zip(fields, row, strict=True)) for row in rows] for key, rows in found.items()}
        items = [{"cardNumber": key, "records": records[key]} for key in keys]
        return JSONResponse({"asOf": _now(), "items": items})

    async def scan(self, request: Request) -> JSONResponse:
        self._tokens.check(request)
        resource = self._resource(request)
        fields = [name for name in request.query_params.get("fields", "").split(",") if name]
        self._check_fields(resource, fields)
        limit = _limit(request.query_params.get("limit", "500"))
        after = _place(request.query_params.get("cursor"))
        rows = self._store.scan(resource, fields, after, limit)
        items = [{"cardNumber": key, "record": dict(zip(fields, row, strict=True))} for key, _, row in rows]
        following = _cursor(rows[-1][0], rows[-1][1]) if len(rows) == limit else None
        return JSONResponse({"asOf": _now(), "items": items, "nextCursor": following})

    def _resource(self, request: Request) -> str:
        resource = str(request.path_params["resource"])
        if resource not in _RESOURCES:
            raise _Refusal(404, "unknown_resource")
        return resource

    def _check_fields(self, resource: str, fields: Sequence[str]) -> None:
        if not fields or not set(fields) <= set(self._store.columns[resource][1:]):
            raise _Refusal(400, "unknown_field")


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > _MOST_BYTES:
            raise _Refusal(413, "too_large")
    return bytes(body)


def _basic(request: Request) -> tuple[str, str] | None:
    scheme, _, packed = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        client, _, secret = base64.b64decode(packed, validate=True).decode().partition(":")
    except ValueError:
        raise _Refusal(401, "invalid_client") from None
    return client, secret


def _texts(values: Any) -> list[str]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise _Refusal(400, "invalid_request")
    return values


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= _MOST_KEYS):
        raise _Refusal(400, "invalid_request")
    return int(text)


def _cursor(key: str, place: int) -> str:
    return base64.urlsafe_b64encode(f"{key} {place}".encode()).decode()


def _place(cursor: str | None) -> tuple[str, int] | None:
    if not cursor:
        return None
    try:
        key, place = base64.urlsafe_b64decode(cursor).decode().split(" ")
        return key, int(place)
    except (ValueError, binascii.Error):
        raise _Refusal(400, "invalid_request") from None


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def main() -> None:
    """The process."""
    options = read_options("health", SECRET_FILE)
    try:
        app = health_app(options.data, read_secret(options.secret))
    except ConfigurationError as error:
        sys.exit(str(error))
    serve(app, options)


if __name__ == "__main__":
    main()
