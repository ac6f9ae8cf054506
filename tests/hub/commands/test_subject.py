"""`hub subject`: the right person by the department's own id, recorded, in force at once."""

import asyncio
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from click.testing import CliRunner, Result

from hub.commands.subject import command
from hub.keys import KeyFile
from hub.registry.crosswalk import Crosswalk
from hub.registry.model import MigrantSecrets
from hub.registry.sealing import RegistrySeal
from hub.store.migrate import migrate
from hub.store.pool import open_pool
from privacy.keys import KeyRing
from privacy.model import Consent
from privacy.sector_ids import SectorIds
from schema.ids import MigrantId
from schema.vocabulary import Department

MIGRANT = MigrantId(uuid4())
Run = Callable[..., Result]


class Installation:
    """One person in one installation."""

    def __init__(self, service_url: str, ring: KeyRing) -> None:
        self.service_url = service_url
        self.ids = SectorIds(ring)
        self.ring = ring

    def ask(self, work: Any) -> Any:
        """Run a coroutine with a pool."""

        async def run() -> Any:
            async with await open_pool(self.service_url, 2) as pool:
                return await work(pool)

        return asyncio.run(run())

    def facts(self) -> Any:
        """What the registry now knows about the person."""

        async def work(pool: Any) -> Any:
            return (await Crosswalk(pool, self.ring, self.ids).resolve([MIGRANT]))[0].facts

        return self.ask(work)

    def events(self) -> list[str]:
        """The events of the commands' shard."""

        async def work(pool: Any) -> Any:
            return await pool.fetch("SELECT event FROM audit_payloads WHERE shard = 'operator' ORDER BY position")

        return [event for (event,) in self.ask(work)]


@pytest.fixture
def installation(postgres: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """An installation with one person in its registry."""
    owner = postgres.create_database()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HUB_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("HUB_DATABASE_URL", postgres.service_url(owner))
    monkeypatch.setenv("HUB_DATABASE_OWNER_URL", owner)
    asyncio.run(migrate(owner))
    ring = KeyFile(tmp_path / "state" / "keys.json").complete()
    made = Installation(postgres.service_url(owner), ring)
    sealed = RegistrySeal(ring).seal(MIGRANT, MigrantSecrets())
    made.ask(lambda pool: pool.execute("INSERT INTO migrants VALUES ($1, '320505', '410121', $2)", MIGRANT, sealed))
    return made


def hub(*words: str) -> Result:
    """`hub subject …`."""
    return CliRunner().invoke(command, list(words))


def test_protection(installation: Installation) -> None:
    """Protection is set and lifted by any department's id, and each change is recorded."""
    health, police = (installation.ids.seal(one, MIGRANT) for one in (Department.HEALTH, Department.POLICE))
    assert hub("protect", health, "--department", "health").output == "protection is set\n"
    assert installation.facts().protected
    assert hub("unprotect", police, "--department", "police").exit_code == 0
    assert not installation.facts().protected
    assert installation.events() == ["protection", "protection"]


def test_consent(installation: Installation) -> None:
    """A consent is for the id's department unless another is named, and can be withdrawn."""
    one = installation.ids.seal(Department.HEALTH, MIGRANT)
    who, what = ("--department", "health"), ("--purpose", "public-health")
    assert hub("consent", one, *who, *what, "--until", "2027-05-01").exit_code == 0
    aid = ("--for", "justice", "--purpose", "legal-aid")
    assert hub("consent", one, *who, *aid, "--until", "2027-06-01").exit_code == 0
    given = [
        Consent("health", "public-health", date(2027, 5, 1)),
        Consent("justice", "legal-aid", date(2027, 6, 1)),
    ]
    assert list(installation.facts().consents) == given
    assert hub("revoke", one, *who, *what).exit_code == 0
    assert list(installation.facts().consents) == given[1:]
    assert installation.events() == ["consent"] * 3


def test_wrong_ids(installation: Installation) -> None:
    """Another department's id, a forged one and a person nobody knows are refused alike, without a record."""
    strange = MigrantId(uuid4())
    wrong = (
        installation.ids.seal(Department.POLICE, MIGRANT),
        "A" * 44,
        "x",
        installation.ids.seal(Department.HEALTH, strange),
    )
    results = [hub("protect", one, "--department", "health") for one in wrong]
    assert {result.exit_code for result in results} == {4}
    assert len({result.output for result in results}) == 1
    assert not installation.facts().protected
    assert installation.events() == []


@pytest.mark.parametrize(
    "words",
    [
        ("protect", "x"),
        ("protect", "x", "--department", "circus"),
        ("consent", "x", "--department", "health", "--purpose", "gossip", "--until", "2027-01-01"),
        ("consent", "x", "--department", "health", "--purpose", "public-health", "--until", "tomorrow"),
        ("consent", "x", "--department", "health", "--purpose", "public-health"),
    ],
)
def test_wrong_use(words: tuple[str, ...]) -> None:
    """An unknown department or purpose, or a missing date, is a usage error."""
    assert hub(*words).exit_code == 2
