"""The web application: routes and middleware as two literal lists."""

import logging
import time
from collections.abc import Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hub.console.page import Example
from hub.console.page import routes as console_routes
from hub.engine.splice import error_body
from hub.metrics import CONTENT_TYPE
from hub.pipeline import answer
from hub.request import read_request
from hub.service import Hub
from privacy.purposes import PURPOSES
from schema.errors import BusyError, ClientError, ErrorCode, StorageError, TokenError

__all__ = ["create_app"]

_LOG = logging.getLogger(__name__)
_JSON = "application/json"
_GRAPHQL = "application/graphql-response+json"
_SAFE_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


def create_app(hub: Hub, examples: Callable[[], tuple[Example, ...]] = tuple) -> Starlette:
    """The application over an assembled hub. `examples` are shown on the query page; whoever reaches it reads them."""
    routes = [
        Route("/", home, methods=["GET"]),
        Route("/graphql", graphql, methods=["POST"]),
        Route("/health/live", live, methods=["GET"]),
        Route("/health/ready", ready, methods=["GET"]),
        Route("/metrics", metrics, methods=["GET"]),
        Mount("/console", routes=console_routes(tuple(PURPOSES.values()), examples)),
    ]
    middleware = [
        Middleware(SafeHeaders),
        Middleware(LastResort),
    ]
    app = Starlette(routes=routes, middleware=middleware, exception_handlers={HTTPException: nothing_here})
    app.state.hub = hub
    return app


async def home(_request: Request) -> Response:
    """The query page."""
    return RedirectResponse("/console/")


async def nothing_here(_request: Request, error: Exception) -> Response:
    """No such address, or no such method there."""
    status, headers = (error.status_code, error.headers) if isinstance(error, HTTPException) else (404, None)
    return Response(error_body(ErrorCode.NOT_FOUND), status, headers, _JSON)


async def graphql(request: Request) -> Response:
    """One GraphQL request (GraphQL-over-HTTP): refused as a whole with a status, or answered with 200."""
    hub: Hub = request.app.state.hub
    started, outcome = time.perf_counter(), ErrorCode.INTERNAL.value
    try:
        outcome, response = await _respond(hub, request)
    finally:
        hub.metrics.note_answer(outcome, time.perf_counter() - started)
    return response


async def _respond(hub: Hub, request: Request) -> tuple[str, Response]:
    caller = None
    try:
        caller = hub.verifier.verify(_authorization(request))
        parsed = await read_request(request, hub.settings.limits.body_bytes)
        return "ok", Response(await answer(hub, caller, parsed), media_type=_media_type(request))
    except ClientError as error:
        if caller is not None:
            hub.note_denial(caller, error.code)
        return error.code.value, _refusal(error, _media_type(request))
    except StorageError as error:
        _LOG.error("a request failed: %s", error)
        if not hub.audit.healthy:  # the database is away, and the log with it
            return ErrorCode.AUDIT_UNAVAILABLE.value, _refusal(BusyError(ErrorCode.AUDIT_UNAVAILABLE), _JSON)
        return ErrorCode.INTERNAL.value, Response(error_body(ErrorCode.INTERNAL), 500, media_type=_JSON)


def _authorization(request: Request) -> str | None:
    """A second header could be the one that a gateway before us has looked at (RFC 9110 section 5.3)."""
    values = request.headers.getlist("authorization")
    if len(values) > 1:
        raise TokenError(ErrorCode.TOKEN_INVALID)
    return values[0] if values else None


def _refusal(error: ClientError, media_type: str) -> Response:
    headers = {}
    if error.status == 401:
        missing = error.code is ErrorCode.TOKEN_MISSING
        headers["www-authenticate"] = "Bearer" if missing else 'Bearer error="invalid_token"'
    if error.status == 503:
        headers["retry-after"] = "2"
    return Response(error_body(error.code), error.status, headers, media_type)


def _media_type(request: Request) -> str:
    """GraphQL-over-HTTP section 4.4: the specification's own type for clients that ask for it."""
    return _GRAPHQL if _GRAPHQL in request.headers.get("accept", "") else _JSON


async def live(_request: Request) -> Response:
    """The process answers."""
    return JSONResponse({"status": "live"})


async def ready(request: Request) -> Response:
    """The hub can answer queries: its log is held, its database was heard of, its checkpoint keeps up."""
    healthy = request.app.state.hub.audit.healthy
    return JSONResponse({"status": "ready" if healthy else "waiting"}, 200 if healthy else 503)


async def metrics(request: Request) -> Response:
    """Prometheus' text format."""
    hub: Hub = request.app.state.hub
    return Response(hub.metrics.text(hub.audit.size), media_type=CONTENT_TYPE)


class SafeHeaders:
    """Headers that every response carries unless its route sets them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                present = {name for name, _ in message["headers"]}
                added = [(n.encode(), v.encode()) for n, v in _SAFE_HEADERS.items() if n.encode() not in present]
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        await self._app(scope, receive, send_safely)


class LastResort:
    """Whatever escapes becomes INTERNAL: no stack trace, no text of the exception, in answer or log."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def send_noting(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, send_noting)
        except Exception as error:  # the last seam: nothing may pass it
            if scope["type"] != "http":
                raise
            _LOG.error("a request failed with %s", type(error).__name__, exc_info=error)
            if not started:
                await Response(error_body(ErrorCode.INTERNAL), 500, media_type=_JSON)(scope, receive, send)
