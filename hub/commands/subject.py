"""`hub subject`: protect a person, or record their consent."""

from datetime import date, datetime

import click

from hub.audit.events import Event
from hub.operator_desk import OperatorDesk, run_at_desk
from hub.registry.flags import Flags
from hub.registry.sealing import RegistrySeal
from privacy.model import Consent
from privacy.purposes import PURPOSES
from privacy.sector_ids import SectorIds
from schema.ids import MigrantId
from schema.vocabulary import Department

__all__ = ["command"]

_DEPARTMENT = click.Choice([department.value for department in Department])
_ID = click.argument("sector_id", metavar="ID")
_OWNER = click.option("--department", type=_DEPARTMENT, required=True, help="The department whose id this is.")
_CONSUMER = click.option("--for", "consumer", type=_DEPARTMENT, help="Who may use it; without it, --department.")
_PURPOSE = click.option("--purpose", type=click.Choice(list(PURPOSES)), required=True, help="What for.")
_DAY = click.DateTime(["%Y-%m-%d"])


@click.group("subject")
def command() -> None:
    """One person's flags. ID is their sector id as a department knows it."""


@command.command("protect")
@_ID
@_OWNER
def protect(sector_id: str, department: str) -> None:
    """Answer everything that locates the person as nothing on record, from the next request on."""
    _set_protection(sector_id, department, protected=True)


@command.command("unprotect")
@_ID
@_OWNER
def unprotect(sector_id: str, department: str) -> None:
    """Lift protection."""
    _set_protection(sector_id, department, protected=False)


@command.command("consent")
@_ID
@_OWNER
@_CONSUMER
@_PURPOSE
@click.option("--until", type=_DAY, required=True, help="Last day of the consent, YYYY-MM-DD.")
def consent(sector_id: str, department: str, consumer: str | None, purpose: str, until: datetime) -> None:
    """Record that the person consents to a purpose."""
    given = Consent(consumer or department, purpose, until.date())

    async def work(desk: OperatorDesk) -> None:
        migrant = _open(desk, department, sector_id)
        await _flags(desk).grant(migrant, given, _Record(desk, migrant, "granted", given))

    run_at_desk(work)
    click.echo(f"consent recorded for {given.department}, {purpose}, until {given.until}")


@command.command("revoke")
@_ID
@_OWNER
@_CONSUMER
@_PURPOSE
def revoke(sector_id: str, department: str, consumer: str | None, purpose: str) -> None:
    """Record that the person withdraws a consent, from the next request on."""
    taken = Consent(consumer or department, purpose, date.min)

    async def work(desk: OperatorDesk) -> None:
        migrant = _open(desk, department, sector_id)
        record = _Record(desk, migrant, "withdrawn", taken)
        await _flags(desk).revoke(migrant, taken.department, purpose, record)

    run_at_desk(work)
    click.echo(f"consent withdrawn for {taken.department}, {purpose}")


class _Record:
    """The record of one consent or its withdrawal."""

    def __init__(self, desk: OperatorDesk, migrant: MigrantId, change: str, consent: Consent) -> None:
        self._desk = desk
        self._migrant = migrant
        self._detail = {"change": change, "scope": f"{consent.department}/{consent.purpose}"}

    async def __call__(self) -> None:
        await self._desk.record(Event.CONSENT, self._detail, subjects=(self._migrant,))


def _set_protection(sector_id: str, department: str, *, protected: bool) -> None:
    async def work(desk: OperatorDesk) -> None:
        migrant = _open(desk, department, sector_id)

        async def record() -> None:
            detail = {"change": "set" if protected else "lifted"}
            await desk.record(Event.PROTECTION, detail, subjects=(migrant,))

        flags = _flags(desk)
        await (flags.protect if protected else flags.unprotect)(migrant, record)

    run_at_desk(work)
    click.echo("protection is set" if protected else "protection is lifted")


def _open(desk: OperatorDesk, department: str, sector_id: str) -> MigrantId:
    return SectorIds(desk.keys).open(Department(department), sector_id)


def _flags(desk: OperatorDesk) -> Flags:
    return Flags(desk.pool, RegistrySeal(desk.keys))
