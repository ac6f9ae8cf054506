"""Puts a hub together from its settings, and takes it apart again in the other order."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from importlib.metadata import version
from types import MappingProxyType
from uuid import uuid4

from auth.tokens import TokenVerifier
from connectors.contract import Connector
from hub.audit.checkpoints import ShardPlace
from hub.audit.denials import DenialFolder
from hub.audit.events import Event
from hub.audit.model import Record
from hub.audit.writer import AuditWriter, WriterOptions
from hub.clock import now
from hub.config import Settings
from hub.engine.caches import PlanCache, TableCache
from hub.engine.gates import Gate
from hub.engine.limits import Limits
from hub.engine.operation import OperationCache
from hub.engine.targets import Finder
from hub.issuer_keys import IssuerKeys, issuer_directory
from hub.keys import HubAuditKeys, load_keys
from hub.metrics import Metrics
from hub.registry.budget import SubjectBudget
from hub.registry.crosswalk import Crosswalk
from hub.service import Hub
from hub.sources import open_sources
from hub.store.database import Database, open_database
from hub.store.pool import open_pool
from privacy.agreements import load_agreements
from privacy.keys import KeyService
from privacy.model import Agreement
from privacy.policybook import PolicyBook, load_policies
from privacy.sector_ids import SectorIds
from schema.errors import ClientError
from schema.query import build_schema
from schema.vocabulary import Department, Role, Source

__all__ = ["assembled_hub"]


@asynccontextmanager
async def assembled_hub(settings: Settings) -> AsyncIterator[Hub]:
    """A running hub: database migrated, sources open, log held, start recorded.

    Raises ConfigurationError for an installation that cannot run as set up, StorageError when the database or the
    log's shard cannot be had.
    """
    keys = load_keys(settings)
    book = load_policies(settings.policies_dir)
    agreements = _agreements(settings, keys, book)
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(settings))
        sources = await stack.enter_async_context(open_sources(settings, keys))
        hub = await _assemble(stack, settings, keys, (database, sources, book, agreements))
        await hub.audit.write(_lifecycle(Event.START, settings, book))
        try:
            yield hub
        finally:
            await hub.denials.close()
            with suppress(ClientError):  # a log that cannot be written any more has said so itself
                await hub.audit.write(_lifecycle(Event.STOP, settings, book))


def _agreements(settings: Settings, keys: KeyService, book: PolicyBook) -> Mapping[str, Agreement]:
    if settings.agreements_dir is None:
        return MappingProxyType({})
    return load_agreements(settings.agreements_dir, keys.public_keys("agreement"), book)


async def _assemble(
    stack: AsyncExitStack,
    settings: Settings,
    keys: KeyService,
    parts: tuple[Database, Mapping[Source, Connector], PolicyBook, Mapping[str, Agreement]],
) -> Hub:
    database, sources, book, agreements = parts
    pool = await stack.enter_async_context(await open_pool(database.service_url, settings.database_connections))
    issuers = issuer_directory(settings)
    issuer_keys = IssuerKeys(issuers, allow_demo=not settings.production)
    await issuer_keys.start()
    stack.push_async_callback(issuer_keys.stop)
    audit_keys = HubAuditKeys(keys, settings.audit.log_name)
    place = ShardPlace(settings.shard, settings.state_dir)
    audit = await AuditWriter.open(database.service_url, audit_keys, place, WriterOptions(settings.audit))
    stack.push_async_callback(audit.close)
    denials = DenialFolder(audit.write)
    folding = asyncio.create_task(denials.run(), name="denials")
    stack.push_async_callback(_cancelled, folding)
    sector_ids = SectorIds(keys)
    schema = build_schema()._schema  # strawberry has no public accessor
    limits = _limits(settings)
    deadlines = {one.source: one.deadline for one in settings.sources}
    gates = {source: Gate(connector, deadlines[source]) for source, connector in sources.items()}
    directory = Crosswalk(pool, keys, sector_ids)
    return Hub(
        settings=settings,
        schema=schema,
        verifier=TokenVerifier(issuers, settings.audience, now),
        operations=OperationCache(schema, limits),
        tables=TableCache(book),
        plans=PlanCache(schema),
        finder=Finder(directory, sector_ids, gates.get(Source.POLICE), limits.page),
        gates=gates,
        agreements=agreements,
        audit=audit,
        denials=denials,
        budget=SubjectBudget(pool, keys),
        clock=now,
        metrics=Metrics(),
    )


def _limits(settings: Settings) -> Limits:
    given = settings.limits
    return Limits(length=given.length, depth=given.depth, fields=given.fields, roots=given.roots)


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def _lifecycle(event: Event, settings: Settings, book: PolicyBook) -> Record:
    started = event is Event.START
    detail = {"mode": settings.mode.value, "version": version("migrant-data-hub")} if started else {"reason": "asked"}
    return Record(
        record_id=uuid4(),
        time=now(),
        event=event.value,
        department=Department.HUB,
        roles=(Role.OPERATOR,),
        client="hub",
        officer="",
        policy_version=book.version,
        detail=detail,
    )
