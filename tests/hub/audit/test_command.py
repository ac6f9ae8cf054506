"""`hub audit`: verify, export, show, subject; each with its exit codes, each reading recorded."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from click.testing import CliRunner, Result

from hub.audit.checkpoints import shard_key
from hub.commands.audit import command
from hub.config import load_settings
from hub.keys import HubAuditKeys, load_keys
from privacy.sector_ids import SectorIds
from schema.ids import MigrantId
from schema.vocabulary import Department

ANNA = MigrantId(UUID(int=1))


@pytest.fixture
def site(log: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """An installation with the settings in the environment and 30 records of its own in the log."""
    monkeypatch.setenv("HUB_DATABASE_URL", log.url)
    monkeypatch.setenv("HUB_DATABASE_OWNER_URL", log.owner_url)
    monkeypatch.setenv("HUB_STATE_DIR", str(log.place.state_dir))
    settings = load_settings()
    own = replace(log, keys=HubAuditKeys(load_keys(settings), settings.audit.log_name))
    own.fill(30)
    return own


def call(*arguments: str) -> Result:
    return CliRunner().invoke(command, list(arguments))


def events(log: Any) -> list[str]:
    rows = asyncio.run(log.fetch("SELECT event FROM audit_payloads WHERE shard = 'operator' ORDER BY position"))
    return [row["event"] for row in rows]


def test_a_whole_log_verifies(site: Any) -> None:
    """`verify` says what it verified and exits 0, for the configured database and for one named by its URL."""
    result = call("verify")
    assert result.exit_code == 0
    assert "shard main: 30 entries (0 not yet signed), 30 payloads" in result.output
    assert "verified: 30 records" in result.output
    document = json.loads(call("verify", "--database", site.url, "--json").output)
    assert (document["verified"], document["records"], document["findings"]) == (True, 30, [])
    assert document["shards"][0]["payloads"] == 30


@pytest.mark.parametrize(
    ("damage", "code", "kind"),
    [
        ("UPDATE audit_entries SET entry = 'x' WHERE position = 4", 10, "edit"),
        ("DELETE FROM audit_entries WHERE position = 4", 11, "deletion"),
        ("DELETE FROM audit_entries WHERE position >= 29", 12, "truncation"),
        ("UPDATE audit_payloads SET event = 'page' WHERE position = 4", 15, "payload"),
    ],
)
def test_findings_have_their_exit_code(site: Any, damage: str, code: int, kind: str) -> None:
    """`verify` names the finding with its position on stderr and exits with its code."""
    asyncio.run(site.tamper(damage))
    result = call("verify")
    assert result.exit_code == code
    assert f"{kind}: shard main, position" in result.stderr
    document = json.loads(call("verify", "--json").output)
    assert {finding["kind"] for finding in document["findings"]} == {kind}


def test_a_copy_is_exported_and_verified(site: Any, tmp_path: Path) -> None:
    """`export` writes a copy and records it; `verify --from` needs that folder and public keys, nothing else."""
    folder = tmp_path / "copy"
    result = call("export", str(folder), "--payloads")
    assert (result.exit_code, result.output) == (0, "31 entries exported\n")
    assert events(site) == ["audit-export"]
    assert call("verify", "--from", str(folder)).exit_code == 0
    keys = [shard_key(site.keys.log_name, site.keys.public_key(), shard).text() for shard in ("main", "operator")]
    named = call("verify", "--from", str(folder), "--key", keys[0], "--key", keys[1])
    assert named.exit_code == 0
    assert "note:" not in named.output
    entries = folder / "main" / "entries"
    entries.write_bytes(b"".join(entries.read_bytes().splitlines(keepends=True)[:20]))
    assert call("verify", "--from", str(folder)).exit_code == 12
    assert call("export", str(folder)).exit_code == 1


def test_records_are_shown_and_the_showing_recorded(site: Any) -> None:
    """`show` lists the newest records without persons, and leaves a record of itself."""
    result = call("show", "--limit", "3", "--json")
    rows = json.loads(result.output)
    assert [row["event"] for row in rows] == ["look-up"] * 3
    assert rows[0]["officer"] == "officer-7"
    assert str(ANNA) not in result.output
    assert events(site) == ["audit-view"]
    plain = call("show", "--event", "audit-view")
    assert "audit-view  hub  audit-review  0 persons" in plain.output
    assert call("show", "--department", "health", "--json").output == "[]\n"


def test_accesses_of_a_person_are_listed_and_the_listing_recorded(site: Any) -> None:
    """`subject` finds a person by any department's id, shows no officer, and is itself an access."""
    ids = SectorIds(load_keys(load_settings()))
    health = ids.seal(Department.HEALTH, ANNA)
    result = call("subject", health, "--department", "health", "--json")
    views = json.loads(result.output)
    assert [(view["event"], view["shard"], view["position"]) for view in views] == [("look-up", "main", 1)]
    assert "officer" not in result.output
    again = call("subject", ids.seal(Department.PERSON, ANNA), "--department", "person", "--complete")
    assert "subject-view  hub  audit-review  PIPL Art. 54" in again.output
    assert "2 accesses" in again.output
    assert events(site) == ["subject-view"] * 2


def test_foreign_ids_are_invalid(site: Any) -> None:
    """An id of another department, or no id at all, exits 4 with one line and leaves nothing out."""
    ids = SectorIds(load_keys(load_settings()))
    for sector_id in (ids.seal(Department.POLICE, ANNA), "nonsense"):
        result = call("subject", sector_id, "--department", "health")
        assert (result.exit_code, result.stderr) == (4, "Error: the id is not one of your department's ids\n")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["verify", "--from", "copy", "--database", "postgresql://x"], 2),
        (["verify", "--key", "x"], 2),
        (["verify", "--from", "nowhere"], 4),
        (["verify", "--database", "postgresql://hub:secret@127.0.0.1:9/hub"], 1),
        (["subject"], 2),
    ],
)
def test_bad_calls_fail_clearly(site: Any, arguments: list[str], code: int) -> None:
    """Wrong usage exits 2, what is no log 4, a database that cannot be reached 1; never with a password or a stack."""
    result = call(*arguments)
    assert result.exit_code == code
    assert "secret" not in result.output
    assert "Traceback" not in result.output


def test_no_reading_without_a_record(site: Any) -> None:
    """When the reading cannot be recorded, nothing is shown."""
    call("show")
    asyncio.run(site.tamper("UPDATE audit_entries SET entry = 'x' WHERE shard = 'operator'"))
    result = call("show", "--json")
    assert result.exit_code == 1
    assert "officer-7" not in result.output
