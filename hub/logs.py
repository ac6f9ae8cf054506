"""JSON lines on standard error. A line holds a time, a level, a logger and a message; never a personal value.

Exceptions are logged by type and place only: their texts may quote what a driver or a client sent.
"""

import logging
import sys
import traceback
from datetime import UTC, datetime

import orjson

__all__ = ["configure_logs"]


class JsonLines(logging.Formatter):
    """One JSON object per line."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        told = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
        }
        if record.exc_info and record.exc_info[0] is not None:
            told["error"] = record.exc_info[0].__name__
            told["place"] = _place(record.exc_info[2])
        return orjson.dumps(told).decode()


def _message(record: logging.LogRecord) -> str:
    """The event loop reports a forgotten error with its text, in lines of their own behind the first."""
    message = record.getMessage()
    return message.partition("\n")[0] if record.name == "asyncio" else message


def _place(trace: object) -> str:
    frames = traceback.extract_tb(trace)  # type: ignore[arg-type]
    return f"{frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else ""


def configure_logs(level: str) -> None:
    """Send every logger's lines through one handler; libraries speak from warnings on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("hub").setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
