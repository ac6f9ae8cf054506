"""`hub registry`: builds under an agreement, on the record, and says how far it is."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from hub.commands.registry import command
from hub.demo.agreements import write_demo_agreements
from hub.keys import KeyFile
from hub.registry.rotation import count_rows_under
from hub.store.pool import open_pool
from schema.vocabulary import Source
from tests.hub.registry.conftest import Town, citizen

SOURCE = {"source": "police", "kind": "sql", "mapping": "m.yaml", "address": "x", "synthetic": True}


def hub(*words: str) -> Result:
    """`hub registry …`."""
    return CliRunner().invoke(command, list(words))


def people(count: int) -> Town:
    """So many persons, each known to all five sources."""
    made = Town()
    for number in range(count):
        made.add(citizen(number), *Source)
    return made


class Installation:
    """An installation whose sources are a town's rolls."""

    def __init__(self, service_url: str, keys: KeyFile, agreements: Path) -> None:
        self.service_url = service_url
        self.keys = keys
        self.agreements = agreements
        self.town = people(20)

    def agree(self, days: int = 1) -> None:
        """Sign the agreement of all providers; it ends in so many days."""
        expires = datetime.now(UTC) + timedelta(days=days)
        write_demo_agreements(
            self.agreements, self.keys.complete().signer("agreement"), jurisdiction="3205", expires=expires
        )

    def ask(self, work: Any) -> Any:
        """Run a coroutine with a pool."""

        async def run() -> Any:
            async with await open_pool(self.service_url, 2) as pool:
                return await work(pool)

        return asyncio.run(run())


@pytest.fixture
def installation(postgres: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installation:
    """A new installation with a database of its own."""
    owner = postgres.create_database()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HUB_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("HUB_DATABASE_URL", postgres.service_url(owner))
    monkeypatch.setenv("HUB_DATABASE_OWNER_URL", owner)
    monkeypatch.setenv("HUB_AGREEMENTS_DIR", str(tmp_path / "agreements"))
    monkeypatch.setenv("HUB_SOURCES", json.dumps([SOURCE]))
    made = Installation(postgres.service_url(owner), KeyFile(tmp_path / "state" / "keys.json"), tmp_path / "agreements")

    @asynccontextmanager
    async def sources(*_: object) -> AsyncIterator[Mapping[Source, Any]]:
        yield made.town.connectors()

    monkeypatch.setattr("hub.commands.registry.open_sources", sources)
    return made


def test_build_and_status(installation: Installation) -> None:
    """A build links everybody, records each batch, prints counts, and the status repeats them."""
    installation.agree()
    built = hub("build")
    assert built.exit_code == 0, built.output
    status = hub("status")
    for result in (built, status):
        assert "20 migrants, 100 links; last build ended" in result.output
        assert "human-resources" in result.output
    assert not any(one.name in built.output + status.output for one in installation.town.citizens)
    counted = "SELECT event, count(*) FROM audit_payloads WHERE shard = 'operator' GROUP BY 1"
    assert [tuple(row) for row in installation.ask(lambda pool: pool.fetch(counted))] == [("linkage", 5)]


def test_status_before(installation: Installation) -> None:
    """Before the first build the status says so."""
    assert hub("status").output == "0 migrants, 0 links; no build has run\n"


@pytest.mark.parametrize("days", [None, -1])
def test_no_agreement(installation: Installation, days: int | None) -> None:
    """Without an agreement in force nothing is read from any source."""
    if days is not None:
        installation.agree(days)
    result = hub("build")
    assert result.exit_code == 3
    assert "agreement" in result.output
    assert not any(roll.scanned for roll in installation.town.rolls.values())


def test_no_sources(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without sources the build says so."""
    monkeypatch.setenv("HUB_SOURCES", "[]")
    result = hub("build")
    assert (result.exit_code, "no source is configured" in result.output) == (1, True)


def test_rotation_in_full(installation: Installation) -> None:
    """After a rotation, `build` and `reseal` free the old versions: nobody is lost by retiring them."""
    installation.agree()
    hub("build")
    installation.keys.change(lambda ring: ring.rotated("index", bytes).rotated("crosswalk", bytes))

    def lost() -> list[int]:
        async def work(pool: Any) -> Any:
            return [await count_rows_under(pool, name, 1) for name in ("index", "crosswalk", "budget")]

        return list(installation.ask(work))

    assert lost() == [20, 20, 0]
    assert hub("build").exit_code == 0
    assert lost() == [0, 20, 0]
    assert hub("reseal").output == "20 rows sealed again\n"
    assert lost() == [0, 0, 0]
    assert hub("reseal").output == "0 rows sealed again\n"
    installation.keys.change(lambda ring: ring.retired("index", 1).retired("crosswalk", 1))
    built = hub("build")
    assert built.exit_code == 0
    assert "20 migrants" in built.output
