"""Tiny services in this process that speak what a department's service speaks, served by uvicorn on a free port."""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import uvicorn
from graphql import build_schema, graphql_sync
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from schema.ids import SourceKey

__all__ = ["SECRET", "Stored", "TOKEN", "Misbehaviour", "graphql_app", "http_app", "serve"]

SECRET = "secret of the client"
TOKEN = "token of the service"
Stored = Mapping[str, Mapping[SourceKey, Sequence[Mapping[str, Any]]]]
"""resource -> key -> records."""


class Misbehaviour:
    """What the service does to its next answers; `requests` counts those it got, by path."""

    def __init__(self) -> None:
        self.answer: Any = None
        self.refuse_token = 0
        self.requests: list[str] = []
        self.token_life = 300
        self.hang = False

    async def intervene(self, request: Request) -> Response | None:
        """An answer instead of the right one."""
        self.requests.append(request.url.path)
        if self.hang:
            await asyncio.sleep(1)
        if self.refuse_token:
            self.refuse_token -= 1
            return JSONResponse({"error": "invalid_token"}, 401)
        return None if self.answer is None else self.answer()


def http_app(stored: Stored, fields: Mapping[str, Sequence[str]], how: Misbehaviour) -> Starlette:
    """The batch protocol with OAuth2 client credentials."""
    issued: set[str] = set()

    async def token(request: Request) -> Response:
        how.requests.append("/token")
        form = (await request.body()).decode()
        if "client_secret=secret+of+the+client" not in form:
            return JSONResponse({"error": "invalid_client"}, 401)
        issued.add(f"t{len(issued)}")
        return JSONResponse({"access_token": f"t{len(issued) - 1}", "expires_in": how.token_life})

    def allowed(request: Request) -> bool:
        return request.headers.get("authorization", "").removeprefix("Bearer ") in issued

    async def about(request: Request) -> Response:
        return JSONResponse({"dataOrigin": "SYNTHETIC"} if allowed(request) else {}, 200 if allowed(request) else 401)

    async def batch(request: Request) -> Response:
        if (instead := await how.intervene(request)) is not None:
            return instead
        asked = json.loads(await request.body())
        resource = request.path_params["resource"]
        if not allowed(request):
            return JSONResponse({}, 401)
        if not set(asked["fields"]) <= set(fields.get(resource, ())):
            return JSONResponse({"error": "unknown_field"}, 400)
        items = [{"key": one, "records": _named(stored[resource], one, asked["fields"])} for one in asked["numbers"]]
        return JSONResponse({"asOf": "2026-11-01T03:04:05Z", "items": items})

    async def page(request: Request) -> Response:
        if not allowed(request):
            return JSONResponse({}, 401)
        resource, query = request.path_params["resource"], request.query_params
        names = query["fields"].split(",")
        rows = [
            {"key": one, "record": record}
            for one in sorted(stored[resource])
            for record in _named(stored[resource], one, names)
        ]
        start, limit = int(query.get("cursor", "0")), int(query["limit"])
        following = str(start + limit) if start + limit < len(rows) else None
        return JSONResponse({"items": rows[start : start + limit], "nextCursor": following})

    return Starlette(
        routes=[
            Route("/token", token, methods=["POST"]),
            Route("/about", about),
            Route("/v1/{resource}/batch", batch, methods=["POST"]),
            Route("/v1/{resource}", page),
        ]
    )


def _named(
    rows: Mapping[SourceKey, Sequence[Mapping[str, Any]]], one: SourceKey, names: Sequence[str]
) -> list[dict[str, Any]]:
    return [{name: row[name] for name in names} for row in rows.get(one, ())]


def graphql_app(stored: Stored, fields: Mapping[str, Sequence[str]], how: Misbehaviour) -> Starlette:
    """`_entities` with a service token, by graphql-core alone."""
    types, union = [], []
    for resource, names in fields.items():
        columns = "\n".join(f"{name}: {'Int' if name.endswith('months_paid') else 'String'}" for name in names)
        types.append(
            f"type {resource}Row {{ {columns} }} type {resource} {{ key: ID! rows: [{resource}Row!]! {columns} }}"
        )
        union.append(resource)
    schema = build_schema(
        "scalar _Any type About { dataOrigin: String asOf: String } "
        + " ".join(types)
        + f" union _Entity = {' | '.join(union)} "
        + " ".join(f"type {one}Page {{ nodes: [{one}!]! endCursor: String hasNextPage: Boolean! }}" for one in union)
        + " type Query { about: About! _entities(representations: [_Any!]!): [_Entity]! "
        + " ".join(f"all{one}(first: Int!, after: String): {one}Page!" for one in union)
        + " }"
    )

    def entity(resource: str, one: SourceKey) -> dict[str, Any] | None:
        rows = stored[resource].get(one)
        return None if rows is None else {"__typename": resource, "key": one, "rows": rows, **rows[0]}

    def entities(_info: Any, representations: list[dict[str, Any]]) -> list[Any]:
        return [entity(one["__typename"], one["key"]) for one in representations]

    def pages(resource: str) -> Any:
        def page(_info: Any, first: int, after: str | None = None) -> dict[str, Any]:
            keys = [one for one in sorted(stored[resource]) if after is None or one > after]
            nodes = [entity(resource, one) for one in keys[:first]]
            return {"nodes": nodes, "endCursor": keys[:first][-1] if nodes else None, "hasNextPage": len(keys) > first}

        return page

    root = {"about": {"dataOrigin": "SYNTHETIC", "asOf": "2026-11-01T03:04:05Z"}, "_entities": entities}
    root |= {f"all{one}": pages(one) for one in union}

    async def answer(request: Request) -> Response:
        if (instead := await how.intervene(request)) is not None:
            return instead
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return JSONResponse({}, 401)
        asked = json.loads(await request.body())
        result = graphql_sync(schema, asked["query"], root, variable_values=asked["variables"])
        return JSONResponse(result.formatted)

    return Starlette(routes=[Route("/graphql", answer, methods=["POST"])])


@contextmanager
def serve(app: Starlette, **tls: Any) -> Iterator[str]:
    """Serve an application on a free port of this machine, with uvicorn's `ssl_…` settings if any; its address."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_level="critical", lifespan="off", timeout_graceful_shutdown=1, ws="none", **tls)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(5)
        listener.close()
