"""Bring the hub's database to the state this version of the code expects."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.script.revision import ResolutionError
from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from schema.errors import ConfigurationError, StorageError

__all__ = ["OLDEST_POSTGRES", "NEWEST_POSTGRES", "SchemaStatus", "migrate", "read_schema_status"]

OLDEST_POSTGRES: Final = 15
NEWEST_POSTGRES: Final = 18

_LOCK: Final = text("SELECT pg_advisory_xact_lock(7020110)")


@dataclass(frozen=True, slots=True)
class SchemaStatus:
    """Revision of the database (None: empty), the newest one the code knows, and whether the code knows the former."""

    current: str | None
    newest: str
    known: bool

    @property
    def up_to_date(self) -> bool:
        """Whether nothing is to be done."""
        return self.current == self.newest


async def migrate(owner_url: str) -> SchemaStatus:
    """Apply the migrations that are missing, all in one transaction; hubs that start at once do it one after another.

    Takes the URL of the role that owns the tables. Raises ConfigurationError when the database is newer than the
    code or its server is not PostgreSQL 15 to 18, StorageError when it cannot be reached or a migration fails.
    """
    async with _connection(owner_url) as connection:
        await connection.execute(_LOCK)
        status = await connection.run_sync(_read_status)
        if not status.known:
            raise ConfigurationError(
                f"the database is at revision `{status.current}`, newer than this hub knows (`{status.newest}`)"
            )
        if not status.up_to_date:
            await connection.run_sync(_upgrade)
        return await connection.run_sync(_read_status)


async def read_schema_status(url: str) -> SchemaStatus:
    """Where the database stands; changes nothing. Raises as `migrate` does, except for a newer database."""
    async with _connection(url) as connection:
        return await connection.run_sync(_read_status)


@asynccontextmanager
async def _connection(url: str) -> AsyncIterator[AsyncConnection]:
    _, _, rest = url.partition("://")
    engine = create_async_engine(f"postgresql+asyncpg://{rest}", poolclass=NullPool, hide_parameters=True)
    try:
        async with engine.begin() as connection:
            _check_server(connection.dialect.server_version_info)
            yield connection
    except (SQLAlchemyError, CommandError, OSError) as error:
        raise StorageError(f"the hub's database failed ({type(error).__name__})") from None
    finally:
        await engine.dispose()


def _check_server(version: tuple[int | str, ...] | None) -> None:
    major = int(version[0]) if version else 0
    if not OLDEST_POSTGRES <= major <= NEWEST_POSTGRES:
        raise ConfigurationError(
            f"the database server is PostgreSQL {major}; the hub needs {OLDEST_POSTGRES} to {NEWEST_POSTGRES}"
        )


def _read_status(connection: Connection) -> SchemaStatus:
    script = ScriptDirectory.from_config(_config(connection))
    current = MigrationContext.configure(connection).get_current_revision()
    newest = script.get_current_head() or ""
    return SchemaStatus(current, newest, current is None or _knows(script, current))


def _knows(script: ScriptDirectory, revision: str) -> bool:
    try:
        return script.get_revision(revision) is not None
    except (CommandError, ResolutionError):
        return False


def _upgrade(connection: Connection) -> None:
    command.upgrade(_config(connection), "head")


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
