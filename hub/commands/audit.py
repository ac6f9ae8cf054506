"""`hub audit`: verify, export and read the audit log."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import click

from hub.audit.database_evidence import open_database_evidence
from hub.audit.events import Event
from hub.audit.findings import Report
from hub.audit.folder import FolderEvidence, export_log
from hub.audit.keys import AuditKeys
from hub.audit.note import parse_key
from hub.audit.operator import open_operator_log, operator_record
from hub.audit.reader import AuditReader, RecordFilter
from hub.audit.verify import verify_log
from hub.audit.views import AccessView
from hub.config import load_settings
from hub.keys import HubAuditKeys, load_keys
from hub.operator_desk import InvalidCommandError, run_command
from hub.store.database import open_database
from privacy.sector_ids import SectorIds
from schema.errors import InternalError
from schema.ids import MigrantId
from schema.vocabulary import Department

__all__ = ["command"]

REVIEW: Final = {"purpose": "audit-review", "basis": "PIPL Art. 54"}
DEPARTMENT: Final = click.Choice([department.value for department in Department])
JSON: Final = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


@dataclass(frozen=True, slots=True, repr=False)
class Site:
    """The installation a command runs at: its database as the service role, its keys, its state folder."""

    dsn: str
    keys: AuditKeys
    state_dir: Path
    resolve: Callable[[Department, str], MigrantId]


@asynccontextmanager
async def open_site(*, upgrade: bool) -> AsyncIterator[Site]:
    """The installation that the settings describe; an embedded database is started if need be."""
    settings = load_settings()
    ring = load_keys(settings)
    async with open_database(settings, upgrade=upgrade) as database:
        keys = HubAuditKeys(ring, settings.audit.log_name)
        yield Site(database.service_url, keys, settings.state_dir, SectorIds(ring).open)


@click.group("audit")
def command() -> None:
    """The audit log: verify it, export it, read it."""


@command.command("verify")
@click.option("--database", metavar="URL", help="A database to verify instead of the configured one.")
@click.option("--from", "folder", type=click.Path(path_type=Path), help="An exported folder to verify instead.")
@click.option("--key", "keys", multiple=True, metavar="KEY", help="With --from: a trusted note key; one per shard.")
@JSON
@click.pass_context
def verify(
    context: click.Context, database: str | None, folder: Path | None, keys: tuple[str, ...], as_json: bool
) -> None:
    """Rebuild every tree, compare it with its checkpoints, open every payload.

    Exit codes: 0 verified, 10 edit, 11 deletion, 12 truncation, 13 reordering, 14 signature, 15 payload, 16 fork; with
    several findings, the lowest.
    """
    if folder is not None and database is not None:
        raise click.UsageError("--database and --from exclude each other")
    if keys and folder is None:
        raise click.UsageError("--key goes with --from")
    if folder is not None:
        report = verify_folder(folder, keys)
    else:
        report = run_command(lambda: asyncio.run(verify_database(database)))
    print_report(report, as_json=as_json)
    if folder is not None and not keys and not as_json:
        click.echo("note: the keys came with the copy; compare them with the published ones, or name them by --key")
    context.exit(report.exit_code)


def verify_folder(folder: Path, keys: tuple[str, ...]) -> Report:
    """Verify an exported copy with public keys only."""
    try:
        return asyncio.run(verify_log(FolderEvidence(folder, [parse_key(key) for key in keys])))
    except InternalError as error:
        raise InvalidCommandError(str(error)) from None


async def verify_database(url: str | None) -> Report:
    """Verify the configured database, or another one with the same keys."""
    if url is not None:
        settings = load_settings()
        keys = HubAuditKeys(load_keys(settings), settings.audit.log_name)
        async with open_database_evidence(url, keys, settings.state_dir) as evidence:
            return await verify_log(evidence)
    async with (
        open_site(upgrade=False) as site,
        open_database_evidence(site.dsn, site.keys, site.state_dir) as evidence,
    ):
        return await verify_log(evidence)


def print_report(report: Report, *, as_json: bool) -> None:
    """The report on stdout; findings as text on stderr."""
    if as_json:
        document = {
            "verified": report.verified,
            "records": report.records,
            "shards": [
                {key: value for key, value in asdict(shard).items() if key != "findings"} for shard in report.shards
            ],
            "findings": [{**asdict(finding), "kind": finding.kind.name.lower()} for finding in report.findings],
        }
        click.echo(json.dumps(document))
        return
    for shard in report.shards:
        click.echo(
            f"shard {shard.shard}: {shard.entries} entries ({shard.unsigned} not yet signed), "
            f"{shard.payloads} payloads, {shard.checkpoints} checkpoints, root {shard.root[:16]}"
        )
    for finding in report.findings:
        click.echo(str(finding), err=True)
    click.echo(f"verified: {report.records} records" if report.verified else f"findings: {len(report.findings)}")


@command.command("export")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--payloads", is_flag=True, help="Include the payloads: for auditors only.")
def export(folder: Path, payloads: bool) -> None:
    """Copy the log into FOLDER for `hub audit verify --from`. The export is itself recorded."""
    count = run_command(lambda: asyncio.run(export_folder(folder, payloads=payloads)))
    click.echo(f"{count} entries exported")


async def export_folder(folder: Path, *, payloads: bool) -> int:
    """Record the export, then write it."""
    async with open_site(upgrade=True) as site:
        async with open_operator_log(site.dsn, site.keys, site.state_dir) as log:
            detail = {"payloads": str(payloads).lower()}
            await log.write(operator_record(Event.AUDIT_EXPORT, detail, **REVIEW))
        async with open_database_evidence(site.dsn, site.keys, site.state_dir) as evidence:
            return await export_log(evidence, folder, payloads=payloads)


@command.command("show")
@click.option("--limit", type=click.IntRange(1, 100_000), default=20, show_default=True, help="How many records.")
@click.option("--department", type=DEPARTMENT, help="Only records of this department.")
@click.option("--event", type=click.Choice([event.value for event in Event]), help="Only records of this event.")
@JSON
def show(limit: int, department: str | None, event: str | None, as_json: bool) -> None:
    """The newest records: who asked for what and why; never values, never about whom. Itself recorded."""
    only = RecordFilter(department=Department(department) if department else None, event=event)
    rows = run_command(lambda: asyncio.run(read_records(limit, only)))
    if as_json:
        click.echo(json.dumps(rows, default=str))
        return
    for row in rows:
        click.echo(
            f"{row['time']:%Y-%m-%d %H:%M:%S}  {row['shard']}/{row['position']}  {row['event']}  {row['department']}  "
            f"{row['purpose'] or '-'}  {row['subjects']} persons  {row['officer'] or '-'}"
        )


async def read_records(limit: int, only: RecordFilter) -> list[dict[str, Any]]:
    """Read, record the reading, and only then hand over."""
    async with open_site(upgrade=True) as site:
        reader = await AuditReader.open(site.dsn, site.keys)
        try:
            rows = [view.as_json() for view in await reader.records(limit, only)]
        finally:
            await reader.close()
        async with open_operator_log(site.dsn, site.keys, site.state_dir) as log:
            detail = {"records": str(len(rows)), "view": "records"}
            await log.write(operator_record(Event.AUDIT_VIEW, detail, **REVIEW))
        return rows


@command.command("subject")
@click.argument("sector_id")
@click.option("--department", type=DEPARTMENT, required=True, help="Whose id it is; `person` for the person's own.")
@click.option("--limit", type=click.IntRange(1, 100_000), default=1_000, show_default=True, help="How many accesses.")
@click.option("--complete", is_flag=True, help="Search every record, not only the side index.")
@JSON
def subject(sector_id: str, department: str, limit: int, complete: bool, as_json: bool) -> None:
    """Who looked at one person, when, for what purpose and under which law. Itself recorded."""
    views = run_command(lambda: asyncio.run(read_accesses(sector_id, Department(department), limit, complete=complete)))
    if as_json:
        click.echo(json.dumps([asdict(view) for view in views], default=str))
        return
    for view in views:
        fields = sum(map(len, view.fields.values()))
        click.echo(
            f"{view.time:%Y-%m-%d %H:%M:%S}  {view.shard}/{view.position}  {view.event}  {view.department}  "
            f"{view.purpose or '-'}  {view.basis or '-'}  {fields} fields"
        )
    click.echo(f"{len(views)} accesses")


async def read_accesses(sector_id: str, department: Department, limit: int, *, complete: bool) -> list[AccessView]:
    """Read, record the reading, and only then hand over."""
    async with open_site(upgrade=True) as site:
        migrant = site.resolve(department, sector_id)
        reader = await AuditReader.open(site.dsn, site.keys)
        try:
            views = await reader.subject_accesses(migrant, limit, complete=complete)
        finally:
            await reader.close()
        async with open_operator_log(site.dsn, site.keys, site.state_dir) as log:
            detail = {"accesses": str(len(views)), "view": "accesses"}
            record = operator_record(Event.SUBJECT_VIEW, detail, subjects=[migrant], **REVIEW)
            await log.write(record)
        return views
