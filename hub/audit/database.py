"""The database driver as the log sees it: typed, and with failures that tell no SQL and no value."""

from collections.abc import Awaitable, Callable
from typing import Any, Final, Protocol, TypeVar, cast

import asyncpg
from asyncpg.exceptions import InterfaceError, InternalClientError, PostgresError

from schema.errors import StorageError

__all__ = ["Connection", "connect_database", "driver_call"]

SETTINGS: Final = {"jit": "off", "application_name": "hub-audit", "timezone": "UTC"}

T = TypeVar("T")


class Connection(Protocol):
    """The part of an asyncpg connection that is used here."""

    async def execute(self, query: str, *args: object) -> str: ...
    async def fetch(self, query: str, *args: object) -> list[Any]: ...
    async def fetchval(self, query: str, *args: object) -> Any: ...
    async def fetchrow(self, query: str, *args: object) -> Any: ...
    def cursor(self, query: str, *args: object, prefetch: int) -> Any: ...
    def transaction(self, *, isolation: str, readonly: bool) -> Any: ...
    def get_server_pid(self) -> int: ...
    def is_closed(self) -> bool: ...
    def add_termination_listener(self, callback: Callable[[Any], None]) -> None: ...
    def terminate(self) -> None: ...
    async def close(self) -> None: ...


connect = cast(Callable[..., Awaitable[Connection]], asyncpg.connect)


async def driver_call(call: Awaitable[T]) -> T:
    """The call's result; every failure of driver, server or network becomes a StorageError without its text."""
    try:
        return await call
    except (PostgresError, InterfaceError, InternalClientError, OSError) as error:
        state = getattr(error, "sqlstate", None) or type(error).__name__
        raise StorageError(f"the audit log's database failed ({state})") from None


async def connect_database(dsn: str, seconds: float, *, durable: bool = True) -> Connection:
    """A connection whose every command ends within `seconds`; without `durable`, commits need not outlive a crash.

    Raises StorageError.
    """
    settings = {**SETTINGS, "synchronous_commit": "on" if durable else "off"}
    return await driver_call(connect(dsn, timeout=seconds, command_timeout=seconds, server_settings=settings))
