"""What a command works with: the installation's settings, keys, database and log, opened and closed around it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import click

from hub.audit.events import Event
from hub.audit.operator import open_operator_log, operator_record
from hub.audit.writer import AuditWriter
from hub.config import Settings, load_settings
from hub.keys import HubAuditKeys, load_keys
from hub.store.database import open_database
from hub.store.pool import Pool, open_pool
from privacy.keys import KeyRing
from schema.errors import ClientError, InternalError, RefusedError, RequestError

__all__ = [
    "STATEMENT_SECONDS",
    "InvalidCommandError",
    "OperatorDesk",
    "RefusedCommandError",
    "open_desk",
    "run_at_desk",
    "run_command",
]

STATEMENT_SECONDS: Final = 300.0
"""Longest time of one statement of a command."""

T = TypeVar("T")


class RefusedCommandError(click.ClickException):
    """One line on stderr: understood and refused."""

    exit_code = 3


class InvalidCommandError(click.ClickException):
    """One line on stderr: what was given is not what the command takes."""

    exit_code = 4


@dataclass(frozen=True, slots=True, repr=False)
class OperatorDesk:
    """An installation, as a command sees it while it runs."""

    settings: Settings
    keys: KeyRing
    pool: Pool
    log: AuditWriter

    async def record(self, event: Event, detail: Mapping[str, str], **more: Any) -> None:
        """Write a record of what is being done; returns when it is durable. `more`: further fields of the record."""
        await self.log.write(operator_record(event, detail, **more))


@asynccontextmanager
async def open_desk(settings: Settings, keys: KeyRing) -> AsyncIterator[OperatorDesk]:
    """Open the database (starting and migrating it if need be) and the commands' log."""
    async with (
        open_database(settings) as database,
        await open_pool(database.service_url, 4, STATEMENT_SECONDS) as pool,
        open_operator_log(database.service_url, HubAuditKeys(keys, settings.audit.log_name), settings.state_dir) as log,
    ):
        yield OperatorDesk(settings, keys, pool, log)


def run_at_desk(work: Callable[[OperatorDesk], Awaitable[T]]) -> T:
    """Run `work` at the desk of the installation that the settings describe."""

    async def run() -> T:
        settings = load_settings()
        async with open_desk(settings, load_keys(settings)) as desk:
            return await work(desk)

    return run_command(lambda: asyncio.run(run()))


def run_command(work: Callable[[], T]) -> T:
    """Do the work; an expected error becomes one line and an exit code."""
    try:
        return work()
    except RequestError as error:
        raise InvalidCommandError(error.text) from None
    except RefusedError as error:
        raise RefusedCommandError(error.text) from None
    except (ClientError, InternalError) as error:
        raise click.ClickException(str(error)) from None
