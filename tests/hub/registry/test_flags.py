"""Protection and consent: recorded first, then in force, sealed."""

import asyncio
from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from hub.registry.flags import Flags
from hub.store.pool import Pool
from privacy.model import Consent
from schema.codes import DocumentKind
from schema.errors import ErrorCode, RequestError, StorageError
from schema.ids import MigrantId
from schema.vocabulary import Source
from tests.hub.registry.conftest import SEAL, Registry, Town, citizen

ONE = citizen(1)
HELP = Consent("civil-affairs", "social-assistance", date(2027, 1, 1))
LATER = Consent("civil-affairs", "social-assistance", date(2028, 1, 1))
OTHER = Consent("health", "public-health", date(2027, 1, 1))


def change(registry: Registry, steps: Any) -> Any:
    """Build a registry with one person, take steps with their flags, give back their facts."""
    town = Town()
    town.add(ONE, Source.POLICE, Source.HEALTH)
    registry.build(town)

    async def work(pool: Pool) -> Any:
        crosswalk = registry.crosswalk(pool)
        migrant = await crosswalk.find(DocumentKind.RESIDENT_ID, ONE.number, ONE.name)
        await steps(Flags(pool, SEAL), migrant)
        return (await crosswalk.resolve([migrant]))[0]  # type: ignore[list-item]

    return registry.run(work)


async def record() -> None:
    """A durable record."""


async def fail() -> None:
    """A record that does not become durable."""
    raise StorageError("the audit log is down")


def test_protection(registry: Registry) -> None:
    """Protection is in force for the next request, touches nothing else, and survives a build."""

    async def steps(flags: Flags, migrant: MigrantId) -> None:
        await flags.protect(migrant, record)

    subject = change(registry, steps)
    assert subject.facts.protected
    assert set(subject.keys) == {Source.POLICE, Source.HEALTH}
    assert subject.facts.residence_county == ONE.residence

    async def nothing(flags: Flags, migrant: MigrantId) -> None:
        pass

    assert change(registry, nothing).facts.protected


def test_consents(registry: Registry) -> None:
    """A consent replaces an earlier one of its department and purpose; revoking takes that one only."""

    async def grants(flags: Flags, migrant: MigrantId) -> None:
        for consent in (HELP, OTHER, LATER):
            await flags.grant(migrant, consent, record)

    assert change(registry, grants).facts.consents == (OTHER, LATER)

    async def revokes(flags: Flags, migrant: MigrantId) -> None:
        await flags.revoke(migrant, "civil-affairs", "social-assistance", record)
        await flags.revoke(migrant, "justice", "legal-aid", record)

    assert change(registry, revokes).facts.consents == (OTHER,)


def test_no_record_no_change(registry: Registry) -> None:
    """When the record fails, nothing has changed."""

    async def steps(flags: Flags, migrant: MigrantId) -> None:
        for attempt in (flags.protect(migrant, fail), flags.grant(migrant, HELP, fail)):
            with pytest.raises(StorageError):
                await attempt

    facts = change(registry, steps).facts
    assert not facts.protected
    assert facts.consents == ()


def test_unknown_person(registry: Registry) -> None:
    """A person the registry does not know is refused like a wrong id, before anything is recorded."""
    recorded: list[int] = []

    async def note() -> None:
        recorded.append(1)

    async def work(pool: Pool) -> Any:
        with pytest.raises(RequestError) as caught:
            await Flags(pool, SEAL).protect(MigrantId(uuid4()), note)
        return caught.value.code

    assert registry.run(work) is ErrorCode.ID_INVALID
    assert recorded == []


def test_changes_at_once(registry: Registry) -> None:
    """Changes of one person at the same moment all take effect."""

    async def steps(flags: Flags, migrant: MigrantId) -> None:
        consents = (Consent("health", f"purpose-{number}", date(2027, 1, 1)) for number in range(6))
        await asyncio.gather(flags.protect(migrant, record), *(flags.grant(migrant, one, record) for one in consents))

    facts = change(registry, steps).facts
    assert facts.protected
    assert len(facts.consents) == 6
