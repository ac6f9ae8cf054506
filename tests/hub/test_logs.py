"""JSON lines that hold no text of any exception."""

import asyncio
import io
import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from hub.logs import configure_logs

SECRET = "王小明 110101199003070038"


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Standard error, with the logs configured onto it; as before afterwards."""
    root, ours = logging.getLogger(), logging.getLogger("hub")
    before = (root.handlers[:], root.level, ours.level)
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    configure_logs("info")
    yield stream
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    ours.setLevel(before[2])


def told(stream: io.StringIO) -> list[dict[str, Any]]:
    """The lines written."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_one_json_object(lines: io.StringIO) -> None:
    """Time in UTC, level, logger and message, whatever stands in the message."""
    logging.getLogger("hub.engine").info("two\nlines, %d persons, \u201cquoted\u201d", 3)
    (line,) = told(lines)
    assert line.pop("time").endswith("+00:00")
    assert line == {"level": "info", "logger": "hub.engine", "message": "two\nlines, 3 persons, “quoted”"}


def test_an_exception_is_told_by_type_and_place(lines: io.StringIO) -> None:
    """Its text may quote what a driver or a client sent."""
    try:
        raise ValueError(SECRET)
    except ValueError:
        logging.getLogger("hub").exception("a request failed")
    (line,) = told(lines)
    assert line["error"] == "ValueError"
    assert line["place"].startswith("test_logs.py:")
    assert SECRET not in lines.getvalue()


def test_the_stack_of_a_chained_exception_is_not_told(lines: io.StringIO) -> None:
    """Nor is the text of its cause, nor a stack asked for."""
    try:
        try:
            raise KeyError(SECRET)
        except KeyError as error:
            raise ValueError("plain") from error
    except ValueError:
        logging.getLogger("hub").error("failed", exc_info=True, stack_info=True)
    assert SECRET not in lines.getvalue()
    assert "Traceback" not in lines.getvalue()


def test_a_forgotten_task_tells_no_text(lines: io.StringIO) -> None:
    """The event loop reports an exception that nobody awaited, with its text behind the first line."""

    async def fail() -> None:
        raise ValueError(SECRET)

    async def work() -> None:
        task = asyncio.ensure_future(fail())
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_exception_handler(
            {"message": "Task exception was never retrieved", "exception": ValueError(SECRET), "task": task}
        )
        await asyncio.wait([task])
        assert task.exception() is not None

    asyncio.run(work())
    assert [line["message"] for line in told(lines)] == ["Task exception was never retrieved"]
    assert SECRET not in lines.getvalue()


def test_libraries_speak_from_warnings_on(lines: io.StringIO) -> None:
    """Their chatter may hold addresses and statements."""
    logging.getLogger("httpx").info("GET http://a.b/%s", SECRET)
    logging.getLogger("uvicorn.error").info("started")
    logging.getLogger("hub.connectors").info("opened")
    assert [line["logger"] for line in told(lines)] == ["hub.connectors"]
