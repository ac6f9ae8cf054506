"""What the demo does with its installation: link the records, protect one person, run the hub, verify its log."""

import sys
from collections.abc import Callable
from pathlib import Path

from hub.audit.database_evidence import open_database_evidence
from hub.audit.findings import Report
from hub.audit.verify import verify_log
from hub.config import Settings
from hub.demo.cast import DemoCast, make_cast
from hub.demo.installation import DemoInstallation
from hub.demo.systems.launch import ServiceProcess
from hub.files import write_private
from hub.keys import HubAuditKeys, KeyFile
from hub.linking import link_sources
from hub.registry.crosswalk import Crosswalk
from hub.registry.tables import IDENTITIES, LINKS, MIGRANTS, REGISTRY_PROGRESS, REGISTRY_RUNS
from hub.sources import open_sources
from hub.store.database import Database, open_database
from hub.store.pool import open_pool
from privacy.sector_ids import SectorIds
from schema.vocabulary import Source

__all__ = ["prepare_registry", "start_hub", "verify_demo_log"]


async def prepare_registry(installation: DemoInstallation, progress: Callable[[Source, int], None]) -> DemoCast:
    """Link the five departments' records and find the story's cast among them."""
    settings = installation.settings
    keys = KeyFile.of(settings).read()
    async with (
        open_database(settings) as database,
        open_sources(settings, keys) as sources,
    ):
        await _forget_other_city(installation, database)
        await link_sources(settings, keys, database, sources, progress)
        async with await open_pool(database.service_url, 2) as pool:
            sector_ids = SectorIds(keys)
            crosswalk = Crosswalk(pool, keys, sector_ids)
            return await make_cast(settings.state_dir, installation.personas, crosswalk, sector_ids)


async def _forget_other_city(installation: DemoInstallation, database: Database) -> None:
    """Another city's departments number other people alike, so its links must go; the audit log stays."""
    mark = installation.settings.state_dir / "demo" / "linked-city"
    digest = installation.city.digest.encode()
    if mark.exists() and mark.read_bytes() == digest:
        return
    tables = ", ".join(table.name for table in (MIGRANTS, IDENTITIES, LINKS, REGISTRY_RUNS, REGISTRY_PROGRESS))
    async with await open_pool(database.owner_url, 1) as pool:
        await pool.execute(f"TRUNCATE {tables}")
        await pool.execute("UPDATE policy_epoch SET registry_version = registry_version + 1")
    write_private(mark, digest)


def start_hub(settings_file: Path) -> ServiceProcess:
    """The hub as a process of its own, as in any installation: `hub serve --config FILE`."""
    return ServiceProcess.launch([sys.executable, "-m", "hub", "serve", "--config", str(settings_file)])


async def verify_demo_log(settings: Settings) -> Report:
    """Verify the whole log, as `hub audit verify` does."""
    keys = HubAuditKeys(KeyFile.of(settings).read(), settings.audit.log_name)
    async with (
        open_database(settings, upgrade=False) as database,
        open_database_evidence(database.service_url, keys, settings.state_dir) as evidence,
    ):
        return await verify_log(evidence)
