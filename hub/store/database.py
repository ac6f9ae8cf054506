"""The hub's own database: found or started, and migrated."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from hub.config import Settings
from hub.postgres import EmbeddedServer
from hub.store.migrate import migrate
from schema.errors import ConfigurationError

__all__ = ["DATABASE", "OWNER_ROLE", "SERVICE_ROLE", "Database", "open_database"]

OWNER_ROLE: Final = "hub_owner"
"""Owns the tables; runs migrations and nothing else."""

SERVICE_ROLE: Final = "hub_service"
"""What the server uses; the migrations grant it what it needs, by this name."""

DATABASE: Final = "hub"


@dataclass(frozen=True, slots=True, repr=False)
class Database:
    """Where the hub's tables are; `server` is set when the hub runs its own. The URLs hold passwords."""

    service_url: str
    owner_url: str
    server: EmbeddedServer | None = None


@asynccontextmanager
async def open_database(settings: Settings, *, upgrade: bool = True) -> AsyncIterator[Database]:
    """The database of `HUB_DATABASE_URL`, or the embedded one, up to date; an embedded one is left at the end.

    Raises ConfigurationError or StorageError as `EmbeddedServer.start` and `migrate` do.
    """
    database = await asyncio.to_thread(_start_embedded, settings) if settings.embedded else _external(settings)
    try:
        if upgrade:
            await migrate(database.owner_url)
        yield database
    finally:
        if database.server is not None:
            await asyncio.to_thread(database.server.stop)


def _start_embedded(settings: Settings) -> Database:
    server = EmbeddedServer.start(settings.state_dir / "postgres")
    try:
        server.create_role(OWNER_ROLE)
        server.create_role(SERVICE_ROLE)
        server.create_database(DATABASE, OWNER_ROLE)
        server.allow_connection(DATABASE, SERVICE_ROLE)
        return Database(server.url(DATABASE, SERVICE_ROLE), server.url(DATABASE, OWNER_ROLE), server)
    except BaseException:
        server.stop()
        raise


def _external(settings: Settings) -> Database:
    if settings.database_url is None:
        raise ConfigurationError("there is no database_url")
    service = settings.database_url.get_secret_value()
    if settings.database_owner_url is None:
        return Database(service, service)
    if urlsplit(service).username != SERVICE_ROLE:
        raise ConfigurationError(f"the role of database_url must be `{SERVICE_ROLE}`: it is granted by that name")
    return Database(service, settings.database_owner_url.get_secret_value())
