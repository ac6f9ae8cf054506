"""Building the registry: under an agreement of all providers, recorded batch by batch (purpose `record-linkage`)."""

from collections.abc import Callable, Mapping

from connectors.contract import Connector
from hub.audit.events import Event
from hub.audit.operator import open_operator_log, operator_record
from hub.clock import day_of, now
from hub.config import Settings
from hub.keys import HubAuditKeys
from hub.registry.build import BatchReport, RegistryBuild
from hub.registry.linkage import Counts
from hub.store.database import Database
from hub.store.pool import open_pool
from privacy.agreements import load_agreements
from privacy.keys import KeyService
from privacy.model import Agreement
from privacy.policybook import load_policies
from privacy.purposes import PURPOSES, purpose_in_force
from schema.errors import ErrorCode, RefusedError
from schema.vocabulary import Decision, Department, Source

__all__ = ["link_sources"]

PURPOSE = "record-linkage"


async def link_sources(
    settings: Settings,
    keys: KeyService,
    database: Database,
    sources: Mapping[Source, Connector],
    progress: Callable[[Source, int], None],
) -> Mapping[Source, Counts]:
    """Scan every source and link its persons; goes on where an interrupted build stopped.

    Raises RefusedError (AGREEMENT_REQUIRED) without an agreement in force, else as `RegistryBuild.run`.
    """
    agreement = _agreement(settings, keys)
    basis = "; ".join(PURPOSES[PURPOSE].basis)
    audit_keys = HubAuditKeys(keys, settings.audit.log_name)
    async with (
        open_operator_log(database.service_url, audit_keys, settings.state_dir) as log,
        await open_pool(database.service_url, 4) as pool,
    ):

        async def record(report: BatchReport) -> None:
            await log.write(
                operator_record(
                    Event.LINKAGE,
                    _detail(report),
                    purpose=PURPOSE,
                    basis=basis,
                    agreement=agreement.id,
                    subjects=tuple(report.migrants),
                    fields={Decision.READ: tuple(sorted(agreement.fields))},
                )
            )

        return await RegistryBuild(pool, keys, record, progress).run(sources)


def _agreement(settings: Settings, keys: KeyService) -> Agreement:
    purpose, instant = PURPOSES[PURPOSE], now()
    if settings.agreements_dir is None or not purpose_in_force(purpose, day_of(instant)):
        raise RefusedError(ErrorCode.AGREEMENT_REQUIRED)
    book = load_policies(settings.policies_dir)
    found = load_agreements(settings.agreements_dir, keys.public_keys("agreement"), book).values()
    for one in found:
        if one.purpose == PURPOSE and one.department == Department.HUB.value and one.expires > instant:
            return one
    raise RefusedError(ErrorCode.AGREEMENT_REQUIRED)


def _detail(report: BatchReport) -> dict[str, str]:
    counts = report.counts
    return {
        "run": str(report.run),
        "batch": str(report.number),
        "source": report.source.value,
        "rows": str(counts.persons),
        "linked": str(counts.linked),
        "unlinked": str(counts.unnumbered + counts.probable + counts.duplicate),
    }
