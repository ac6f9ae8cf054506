"""Where the errors of drivers become ours. Nothing of a driver's message is passed on: drivers quote SQL and values."""

import asyncio
import json
import sqlite3
from typing import Final

import apsw
import asyncpg.exceptions as postgres
import httpx
import sqlalchemy.exc

from schema.errors import ErrorCode, HubError, SourceError
from schema.ids import CollectionName
from schema.vocabulary import Source

__all__ = ["RubbishError", "UnavailableError", "translate"]


class RubbishError(ValueError):
    """A source answered, but not in the shape agreed. The text is ours and names no value."""


class UnavailableError(Exception):
    """A source cannot be asked now. The text is ours and names no value."""


_TIMED_OUT: Final = (
    TimeoutError,
    asyncio.TimeoutError,
    postgres.QueryCanceledError,
    httpx.TimeoutException,
    sqlalchemy.exc.TimeoutError,
)
_NOT_UNDERSTOOD: Final = (
    RubbishError,
    json.JSONDecodeError,
    UnicodeError,
    httpx.DecodingError,
    postgres.SyntaxOrAccessError,
    postgres.DataError,
    apsw.SQLError,
    sqlalchemy.exc.ProgrammingError,
    sqlalchemy.exc.DataError,
)
_NOT_THERE: Final = (
    OSError,
    EOFError,
    httpx.HTTPError,
    postgres.PostgresError,
    postgres.InterfaceError,
    postgres.InternalClientError,
    apsw.Error,
    sqlalchemy.exc.SQLAlchemyError,
    sqlite3.Error,
)
_MISSING: Final = ("no such column", "no such table", "unknown column")


def translate(error: Exception, source: Source, collection: CollectionName | str) -> HubError:
    """The SourceError for whatever a driver raised. Raise it outside the `except` block, so that the driver's
    error is not chained to it."""
    if isinstance(error, HubError):
        return error
    code, reason = _classify(error)
    # of a driver's error only the class is named: its text may hold SQL, keys or values
    cause = str(error) if isinstance(error, RubbishError | UnavailableError) else type(error).__name__
    return SourceError(code, f"{source}: {collection}: {reason} ({cause})", timed_out=reason == "timed out")


def _classify(error: Exception) -> tuple[ErrorCode, str]:
    if isinstance(error, _TIMED_OUT):
        return ErrorCode.SOURCE_UNAVAILABLE, "timed out"
    if isinstance(error, _NOT_UNDERSTOOD) and not isinstance(error, postgres.InsufficientPrivilegeError):
        return ErrorCode.SOURCE_QUALITY, "the answer was not understood"
    if isinstance(error, sqlalchemy.exc.DBAPIError) and _is_missing(error):
        return ErrorCode.SOURCE_QUALITY, "the answer was not understood"
    if isinstance(error, (UnavailableError, *_NOT_THERE)):
        return ErrorCode.SOURCE_UNAVAILABLE, "not available"
    return ErrorCode.SOURCE_QUALITY, "the answer was not understood"


def _is_missing(error: sqlalchemy.exc.DBAPIError) -> bool:
    """SQLite reports a missing column as an operational error."""
    text = str(error.orig).lower()
    return any(phrase in text for phrase in _MISSING)
