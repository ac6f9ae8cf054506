"""The query page: plain files of our own and three JSON documents, under headers that let nothing else in.

The page asks `/graphql` as any client does; it has no other way to data. It keeps the token in memory only.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from hub.console.outline import schema_outline
from privacy.model import Purpose

__all__ = ["Example", "ExampleSource", "HEADERS", "routes"]

HEADERS: Final = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
            "require-trusted-types-for 'script'",
        )
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

_STATIC: Final = Path(__file__).parent / "static"
_FILES: Final = {
    "": ("index.html", "text/html; charset=utf-8"),
    "console.css": ("console.css", "text/css; charset=utf-8"),
    "console.js": ("console.js", "text/javascript; charset=utf-8"),
    "answer.js": ("answer.js", "text/javascript; charset=utf-8"),
    "colours.js": ("colours.js", "text/javascript; charset=utf-8"),
    "editor.js": ("editor.js", "text/javascript; charset=utf-8"),
    "explorer.js": ("explorer.js", "text/javascript; charset=utf-8"),
    "findings.js": ("findings.js", "text/javascript; charset=utf-8"),
    "identity.js": ("identity.js", "text/javascript; charset=utf-8"),
    "labels.js": ("labels.js", "text/javascript; charset=utf-8"),
    "labels.json": ("labels.json", "application/json"),
    "icon.svg": ("icon.svg", "image/svg+xml"),
}

Endpoint = Callable[[Request], Response]


@dataclass(frozen=True, slots=True)
class Example:
    """A ready request. `token` only where tokens are for anyone to use: in a demo."""

    title: str
    title_zh: str
    document: str
    variables: dict[str, Any] = field(default_factory=dict)
    purpose: str = ""
    case: str = ""
    agreement: str = ""
    token: str = ""


ExampleSource = Callable[[], Sequence[Example]]
"""Asked at every request, so that the tokens are fresh; runs in a thread."""


def routes(purposes: Sequence[Purpose] = (), examples: ExampleSource = tuple) -> list[Route]:
    """The page's routes, to be mounted at `/console` (the page lives at `/console/`).

    `purposes` fill the page's list. Whoever can reach the page can read `examples`, tokens included: outside a demo,
    give none.
    """
    choices = [{"code": purpose.code, "en": purpose.name_en, "zh": purpose.name_zh} for purpose in purposes]
    files = [Route(f"/{path}", _file(name, kind)) for path, (name, kind) in _FILES.items()]
    return [
        *files,
        Route("/schema.json", lambda _: _json(schema_outline())),
        Route("/purposes.json", lambda _: _json(choices)),
        Route("/examples.json", lambda _: _json([asdict(example) for example in examples()])),
    ]


def _file(name: str, media_type: str) -> Endpoint:
    content = (_STATIC / name).read_bytes()

    def send(_: Request) -> Response:
        return Response(content, media_type=media_type, headers=HEADERS)

    return send


def _json(content: object) -> Response:
    return Response(orjson.dumps(content), media_type="application/json", headers=HEADERS)
