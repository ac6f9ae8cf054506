"""An exported copy: verified with public keys alone, every tampering named."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from hub.audit.checkpoints import shard_key
from hub.audit.database_evidence import open_database_evidence
from hub.audit.findings import FindingKind
from hub.audit.folder import FolderEvidence, export_log
from hub.audit.keys import MemoryKeys
from hub.audit.note import NoteKey
from hub.audit.verify import verify_log
from schema.errors import StorageError

Lines = list[bytes]


def export(log: Any, folder: Path, *, payloads: bool) -> int:
    async def run() -> int:
        async with open_database_evidence(log.url, log.keys, log.place.state_dir) as evidence:
            return await export_log(evidence, folder, payloads=payloads)

    return asyncio.run(run())


def found(folder: Path, *keys: NoteKey) -> set[tuple[FindingKind, int, int]]:
    report = asyncio.run(verify_log(FolderEvidence(folder, keys)))
    return {(finding.kind, finding.first, finding.last) for finding in report.findings}


def rewrite(path: Path, change: Callable[[Lines], Lines]) -> None:
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))


@pytest.fixture
def copy(log: Any, tmp_path: Path) -> Path:
    """A copy, with payloads, of a log of 30 records in `main` and 3 in `other`."""
    log.fill(30)
    log.fill(3, "other")
    folder = tmp_path / "copy"
    assert export(log, folder, payloads=True) == 33
    return folder


def edit_payload(lines: Lines) -> Lines:
    return [
        line.replace(b"school-enrolment", b"settlement") if number == 10 else line for number, line in enumerate(lines)
    ]


def exchange(lines: Lines) -> Lines:
    texts = [line.split(b" ", 1)[1] for line in lines]
    texts[10], texts[12] = texts[12], texts[10]
    return [b"%d %b" % (number, text) for number, text in enumerate(texts)]


E, D, T = FindingKind.EDIT, FindingKind.DELETION, FindingKind.TRUNCATION
R, P = FindingKind.REORDERING, FindingKind.PAYLOAD
CASES: dict[str, tuple[str, Callable[[Lines], Lines], set[tuple[FindingKind, int, int]]]] = {
    "edit": ("entries", lambda lines: [*lines[:10], b"10 AAAA\n", *lines[11:]], {(E, 10, 10)}),
    "deletion": ("entries", lambda lines: lines[:10] + lines[11:], {(D, 10, 10)}),
    "truncation": ("entries", lambda lines: lines[:28], {(T, 28, 29)}),
    "lines swapped": ("entries", lambda lines: [*lines[:10], lines[11], lines[10], *lines[12:]], {(R, 10, 10)}),
    "entries swapped": ("entries", exchange, {(R, 10, 10), (R, 12, 12)}),
    "payload edit": ("payloads", edit_payload, {(P, 10, 10)}),
    "payload deletion": ("payloads", lambda lines: lines[:10] + lines[11:], {(P, 10, 10)}),
    "payload rubbish": ("payloads", lambda lines: [*lines[:10], b'{"position": 10}\n', *lines[11:]], {(P, 10, 10)}),
    "entries lost": ("entries", lambda _: [], {(T, 0, 29)}),
}


def test_a_copy_verifies_with_public_keys(log: Any, copy: Path) -> None:
    """A whole copy verifies, with its own keys or with keys known beforehand; no secret key is involved."""
    assert found(copy) == set()
    keys = [shard_key(log.keys.log_name, log.keys.public_key(), shard) for shard in ("main", "other")]
    assert found(copy, *keys) == set()
    assert (copy / "keys").read_text().split() == [key.text() for key in keys]


@pytest.mark.parametrize("name", CASES)
def test_tampering_with_a_copy_is_named(copy: Path, name: str) -> None:
    """Every tampering with a copy's files is found, by its own name, at its exact position."""
    file, change, expected = CASES[name]
    rewrite(copy / "main" / file, change)
    found_here = found(copy)
    assert found_here >= expected
    assert {kind for kind, _, _ in found_here - expected} <= {P}


def test_a_blind_copy_says_nothing(log: Any, tmp_path: Path) -> None:
    """Without payloads a copy still verifies, and holds no department, purpose, officer or time."""
    log.fill(30)
    export(log, tmp_path / "blind", payloads=False)
    assert found(tmp_path / "blind") == set()
    assert sorted(path.name for path in (tmp_path / "blind" / "main").iterdir()) == ["checkpoints", "entries"]
    content = (tmp_path / "blind" / "main" / "entries").read_text()
    for word in ("education", "school", "officer", "2026"):
        assert word not in content


@pytest.mark.parametrize("name", ["edit", "deletion", "truncation", "lines swapped", "entries swapped"])
def test_tampering_with_a_blind_copy_is_found(log: Any, tmp_path: Path, name: str) -> None:
    """Without payloads tampering is found all the same, between two checkpoints at the widest."""
    log.fill(30)
    export(log, tmp_path / "blind", payloads=False)
    rewrite(tmp_path / "blind" / "main" / "entries", CASES[name][1])
    findings = found(tmp_path / "blind")
    assert findings
    first = min(first for _, first, _ in CASES[name][2])
    assert any(low <= first <= high for _, low, high in findings)


def test_another_log_is_not_believed(log: Any, copy: Path) -> None:
    """A copy whose checkpoints are signed by a key other than the trusted one has bad signatures throughout."""
    stranger = MemoryKeys.from_seed(bytes(32), log.keys.log_name)
    kinds = {kind for kind, _, _ in found(copy, shard_key(stranger.log_name, stranger.public_key(), "main"))}
    assert kinds == {FindingKind.SIGNATURE}


def test_a_vanished_shard_is_found(log: Any, copy: Path) -> None:
    """A shard that is missing from a copy is missed when its key is trusted and its checkpoint is there."""
    for file in ("entries", "payloads"):
        (copy / "other" / file).unlink()
    assert found(copy) == {(T, 0, 2)}


def test_what_is_no_export_is_refused(log: Any, tmp_path: Path) -> None:
    """A folder that is no export is refused, and so is an export into a folder that holds something."""
    with pytest.raises(StorageError):
        FolderEvidence(tmp_path / "nowhere")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").write_text("")
    with pytest.raises(StorageError):
        export(log, tmp_path / "full", payloads=False)


@pytest.mark.parametrize(("file", "line"), [("entries", b"ten AAAA\n"), ("entries", b"10 A\n"), ("payloads", b"{\n")])
def test_rubbish_lines_are_one_clear_error(copy: Path, file: str, line: bytes) -> None:
    """A line that cannot be read is one error that names the file's shard and repeats nothing of it."""
    rewrite(copy / "main" / file, lambda lines: [*lines[:10], line, *lines[11:]])
    with pytest.raises(StorageError) as caught:
        found(copy)
    assert "main" in str(caught.value)


def test_payload_lines_are_what_was_committed_to(copy: Path) -> None:
    """An exported payload holds header and officer as their committed text, the salt, and a token per person."""
    line = orjson.loads((copy / "main" / "payloads").read_bytes().splitlines()[0])
    assert set(line) == {"position", "header", "officer", "salt", "tokens"}
    assert orjson.loads(line["header"])["subjects"] == len(line["tokens"]) == 1
