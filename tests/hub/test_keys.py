"""The key file: private, whole after any crash, opened by its passphrase only, and backed up."""

import json
import os
import stat
import threading
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from hub.audit.keys import AuditKeys
from hub.config import Mode, Settings
from hub.keys import HubAuditKeys, KeyFile, decode_keys, encode_keys, load_keys, read_backup, write_backup
from privacy.keys import KEY_CATALOGUE, KeyRing, SigningKey
from schema.errors import ConfigurationError

RING = KeyRing.from_seed(bytes(32))
CHEAP = 2**4


def secrets_of(ring: KeyRing) -> set[tuple[str, int, bytes]]:
    """Everything in a ring that has to survive."""
    return {(key.name, key.version, key.seed if isinstance(key, SigningKey) else key.root) for key in ring}


@pytest.mark.parametrize("passphrase", [None, "correct horse"])
def test_stored_and_read(tmp_path: Path, passphrase: str | None) -> None:
    """What is stored is read again; the file is the owner's alone from its first moment."""
    file = KeyFile(tmp_path / "deep" / "keys.json", passphrase)
    made = file.complete()
    assert made.missing == ()
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert secrets_of(file.read()) == secrets_of(file.complete()) == secrets_of(made)


def test_encrypted_file_shows_nothing(tmp_path: Path) -> None:
    """With a passphrase the file holds neither a secret nor a name of a key in clear."""
    content = encode_keys(RING, "correct horse", CHEAP)
    assert b"sector" not in content
    assert secrets_of(decode_keys(content, "correct horse", "x")) == secrets_of(RING)


@pytest.mark.parametrize("passphrase", ["wrong horse", "", None])
def test_wrong_passphrase(passphrase: str | None) -> None:
    """A wrong or missing passphrase is one clear line that quotes neither."""
    content = encode_keys(RING, "correct horse", CHEAP)
    with pytest.raises(ConfigurationError, match=r"^x (does not open|is encrypted)") as caught:
        decode_keys(content, passphrase, "x")
    assert "horse" not in str(caught.value)


def test_altered_file() -> None:
    """A changed byte of sealed keys, or of what they were sealed with, opens nothing."""
    document = json.loads(encode_keys(RING, "correct horse", CHEAP))
    flipped = "A" if document["sealed"][8] != "A" else "B"
    for change in (
        {"sealed": document["sealed"][:8] + flipped + document["sealed"][9:]},
        {"kdf": {**document["kdf"], "n": CHEAP * 2}},
        {"nonce": document["kdf"]["salt"][:16]},
        {"comment": "added"},
    ):
        with pytest.raises(ConfigurationError, match="does not open"):
            decode_keys(json.dumps({**document, **change}).encode(), "correct horse", "x")


@pytest.mark.parametrize(
    "change",
    [
        {"format": "hub-keys/v2"},
        {"suite": "gm-1"},
        {"kdf": {"name": "scrypt", "n": 2**30, "r": 8, "p": 1, "salt": ""}},
        {"kdf": {"name": "none"}},
        {"kdf": 5},
        {"sealed": "*"},
    ],
)
def test_foreign_file(change: dict[str, Any]) -> None:
    """A file of another format, suite or cost is refused without trying the passphrase for minutes."""
    document = json.loads(encode_keys(RING, "correct horse", CHEAP)) | change
    with pytest.raises(ConfigurationError, match=r"^x"):
        decode_keys(json.dumps(document).encode(), "correct horse", "x")


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b"\xff", b'{"format": "hub-keys/v1", "protection": "none"}'])
def test_not_a_key_file(content: bytes) -> None:
    """Anything else is named as not being a key file."""
    with pytest.raises(ConfigurationError, match="x is not a key file"):
        decode_keys(content, None, "x")


def test_open_to_others(tmp_path: Path) -> None:
    """A key file that others may read is refused until its mode is mended."""
    file = KeyFile(tmp_path / "keys.json")
    file.complete()
    file.path.chmod(0o640)
    with pytest.raises(ConfigurationError, match="open to others"):
        file.read()


def test_sandbox_makes_what_production_expects(tmp_path: Path) -> None:
    """A sandbox makes missing keys; production names the command that does."""
    sandbox = Settings(state_dir=tmp_path)
    production = sandbox.model_copy(update={"mode": Mode.PRODUCTION})
    with pytest.raises(ConfigurationError, match="hub keys init"):
        load_keys(production)
    ring = load_keys(sandbox)
    assert secrets_of(load_keys(production)) == secrets_of(ring)
    KeyFile.of(sandbox).replace(KeyRing(key for key in ring if key.name != "checks"))
    with pytest.raises(ConfigurationError, match="hub keys init"):
        load_keys(production)
    assert load_keys(sandbox).missing == ()


def test_passphrase_from_settings(tmp_path: Path) -> None:
    """`HUB_KEY_PASSPHRASE` encrypts the file of an installation."""
    settings = Settings(state_dir=tmp_path, key_passphrase=SecretStr("correct horse"))
    load_keys(settings)
    assert json.loads(settings.key_path.read_bytes())["protection"] == "passphrase"
    with pytest.raises(ConfigurationError, match="HUB_KEY_PASSPHRASE"):
        load_keys(Settings(state_dir=tmp_path))


def test_changes_at_once(tmp_path: Path) -> None:
    """Rotations at the same moment all take effect, one after another."""
    file = KeyFile(tmp_path / "keys.json")
    file.complete()
    threads = [
        threading.Thread(target=file.change, args=(lambda ring: ring.rotated("index", os.urandom),)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [key.version for key in file.read().accepted("index")] == [9, 8, 7, 6, 5, 4, 3, 2, 1]


def test_failed_write_keeps_the_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When storing fails half-way, the old keys are still there and no part of the new ones."""
    file = KeyFile(tmp_path / "keys.json")
    before = secrets_of(file.complete())

    def full(descriptor: int) -> None:
        raise OSError(28, "full")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="full"):
        file.change(lambda ring: ring.rotated("index", os.urandom))
    monkeypatch.undo()
    assert secrets_of(file.read()) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["keys.json", "keys.json.lock"]


def test_backup(tmp_path: Path) -> None:
    """A backup holds every version of every key under its own passphrase, and never overwrites a file."""
    ring = RING.rotated("index", os.urandom)
    path = tmp_path / "backup.json"
    write_backup(ring, path, "backup passphrase")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert secrets_of(read_backup(path, "backup passphrase")) == secrets_of(ring)
    for refuse in (
        lambda: write_backup(ring, path, "backup passphrase"),
        lambda: write_backup(ring, tmp_path / "other", "short"),
        lambda: write_backup(ring, tmp_path / "no" / "folder", "backup passphrase"),
        lambda: read_backup(path, "other passphrase"),
        lambda: read_backup(tmp_path / "none", "backup passphrase"),
    ):
        with pytest.raises(ConfigurationError):
            refuse()
    assert not (tmp_path / "other").exists()


def test_audit_keys() -> None:
    """The audit log gets independent keys of 32 bytes, none of them a stored one, and a signature that verifies."""
    keys: AuditKeys = HubAuditKeys(RING, "log.example")
    derived = [keys.audit_key(), keys.index_key(), keys.payload_key(), keys.public_key()]
    assert len(set(derived)) == 4
    assert {len(key) for key in derived} == {32}
    assert not {secret for _, _, secret in secrets_of(RING)} & set(derived)
    assert keys.public_key() == RING.public_keys("checkpoint")[0]
    assert len(keys.sign(b"text")) == 64
    assert keys.log_name == "log.example"
    assert KEY_CATALOGUE["audit"].rotates is False


def test_page_lists_every_key() -> None:
    """The page has one line for each key, with its kind and whether it rotates."""
    page = (Path(__file__).parents[2] / "docs" / "keys.md").read_text(encoding="utf-8")
    for name, spec in KEY_CATALOGUE.items():
        shown = "sector:<department>" if name.startswith("sector:") else name
        assert f"| `{shown}` | {spec.kind.value} | {'yes' if spec.rotates else 'no'} |" in page
