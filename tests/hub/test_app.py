"""The application: what escapes becomes INTERNAL, refusals carry what their status asks for, health tells the truth."""

import asyncio
import json
import logging
from typing import Any

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from hub import app
from hub.app import LastResort, create_app
from schema.errors import StorageError
from tests.hub.small_hub import BY_ID, LI, SmallHub

SECRET = "李雷 110101199003078910 SELECT xm FROM gx.v_ryxx"


def get(small: SmallHub, path: str) -> httpx.Response:
    """One GET."""

    async def work() -> httpx.Response:
        transport = httpx.ASGITransport(create_app(small.hub))
        async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
            return await client.get(path)

    return asyncio.run(work())


@pytest.mark.parametrize("error", [RuntimeError(SECRET), KeyError(SECRET), RecursionError(SECRET), StorageError("x")])
def test_what_escapes_is_a_fault_of_ours(
    error: Exception, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An unforeseen error becomes 500 INTERNAL; its text is in neither answer nor log line."""

    async def fail(*_: object) -> bytes:
        raise error

    monkeypatch.setattr(app, "answer", fail)
    response = SmallHub().ask(BY_ID, {"id": "x"})
    assert response.status_code == 500
    assert response.json()["errors"][0]["extensions"] == {"code": "INTERNAL"}
    assert response.headers["x-content-type-options"] == "nosniff"
    said = [record.getMessage() for record in caplog.records if record.name == "hub.app"]
    assert said
    assert not any("110101" in line or "SELECT" in line for line in said)


def test_an_answer_under_way_is_not_begun_again() -> None:
    """An error after the first byte adds nothing to what was sent."""
    sent: list[Any] = []

    async def half(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise RuntimeError(SECRET)

    async def note(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    logging.getLogger("hub.app").setLevel(logging.CRITICAL)
    try:
        asyncio.run(LastResort(half)({"type": "http"}, receive, note))
    finally:
        logging.getLogger("hub.app").setLevel(logging.NOTSET)
    assert [message["type"] for message in sent] == ["http.response.start"]


def test_health_follows_the_log() -> None:
    """Live as long as the process answers; ready only while the log can take records."""
    small = SmallHub()
    assert [get(small, path).status_code for path in ("/health/live", "/health/ready")] == [200, 200]
    small.log.healthy = False
    assert [get(small, path).status_code for path in ("/health/live", "/health/ready")] == [200, 503]


def test_outcomes_are_counted_by_code() -> None:
    """Every request counts once, as ok or by the code of its refusal."""
    small = SmallHub()
    small.ask(BY_ID, {"id": small.id_of(LI)})
    small.ask("{ nothing }")
    small.send(b"{}", {"authorization": "Bearer no"})
    text = get(small, "/metrics").text
    for outcome in ("ok", "DOCUMENT_INVALID", "TOKEN_INVALID"):
        assert f'hub_answers_total{{outcome="{outcome}"}} 1.0' in text


def test_refusals_without_a_caller_are_nobody_s() -> None:
    """A bad token is counted in the figures and noted against no client."""
    small = SmallHub()
    assert small.send(b"{}", {"authorization": "Bearer no"}).status_code == 401
    assert small.denials.noted == []


def test_the_specification_s_own_media_type() -> None:
    """A client that accepts `application/graphql-response+json` gets it, refusals included."""
    small = SmallHub()
    for document, status in (("{ __typename }", 200), ("{ nothing }", 400)):
        response = small.ask(document, accept="application/graphql-response+json")
        assert response.status_code == status
        assert response.headers["content-type"].startswith("application/graphql-response+json")
        assert json.loads(response.content)
