"""The log as a folder of text files: exported for outsiders, verified with public keys alone.

keys                       one note key per shard and line
<shard>/entries            one line per entry: position, space, base64
<shard>/checkpoints        one JSON string per line: the signed notes, smallest first
<shard>/payloads           only if asked for: one JSON object per line, the opened payloads
"""

import base64
import binascii
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import orjson

from hub.audit.commitment import Payload
from hub.audit.evidence import Evidence, EvidenceRow
from hub.audit.note import NoteError, NoteKey, claimed_size, parse_key
from schema.errors import StorageError

__all__ = ["FolderEvidence", "export_log"]

LINE: Final = re.compile(rb"(0|[1-9][0-9]{0,18}) ([A-Za-z0-9+/]+={0,2})")
SHARD: Final = re.compile(r"[a-z0-9-]{1,40}")
LONGEST: Final = 64 * 1024 * 1024


async def export_log(evidence: Evidence, folder: Path, *, payloads: bool) -> int:
    """Write a copy of the log into a new or empty folder; the number of entries.

    Without `payloads` the copy says nothing about anybody. With them it is for auditors: it names departments,
    officers' pseudonyms and purposes, still no value and no person. Raises StorageError.
    """
    try:
        make_empty(folder)
        shards = await evidence.shards()
        keys = "".join(evidence.key(shard).text() + "\n" for shard in shards)
        (folder / "keys").write_text(keys, encoding="utf-8")
        return sum([await export_shard(evidence, folder / shard, shard, payloads=payloads) for shard in shards])
    except OSError:
        raise StorageError("the log cannot be written to the folder") from None


async def export_shard(evidence: Evidence, folder: Path, shard: str, *, payloads: bool) -> int:
    """Write one shard; the number of its entries."""
    make_empty(folder)
    with (folder / "checkpoints").open("wb") as file:
        async for note in evidence.notes(shard):
            file.write(orjson.dumps(note) + b"\n")
    count = 0
    with ExitStack() as files:
        entries = files.enter_context((folder / "entries").open("wb"))
        opened = files.enter_context((folder / "payloads").open("wb")) if payloads else None
        async for row in evidence.rows(shard):
            if row.entry is not None:
                entries.write(b"%d %b\n" % (row.position, base64.b64encode(row.entry)))
                count += 1
            if opened is not None and row.payload is not None:
                opened.write(payload_line(row.position, row.payload))
    return count


def make_empty(folder: Path) -> None:
    """Make the folder, or take an empty one. Raises StorageError when it holds something."""
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise StorageError("the folder to export to is not empty")


def payload_line(position: int, payload: Payload) -> bytes:
    """One opened payload; header and officer as strings, so that their bytes stay what was committed to."""
    return orjson.dumps(
        {
            "position": position,
            "header": payload.header.decode(),
            "officer": payload.officer.decode(),
            "salt": payload.salt.hex(),
            "tokens": [token.hex() for token in payload.tokens],
        },
        option=orjson.OPT_APPEND_NEWLINE,
    )


class FolderEvidence:
    """A copy that `export_log` wrote; every file of it may have been tampered with."""

    def __init__(self, folder: Path, keys: Sequence[NoteKey] = ()) -> None:
        """`keys` are trusted; without any, the copy's own `keys` file is, which proves only that the copy is whole.

        Raises StorageError when the folder is not an export.
        """
        try:
            self._shards = sorted(
                path.name for path in folder.iterdir() if path.is_dir() and SHARD.fullmatch(path.name)
            )
            own = (folder / "keys").read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            raise StorageError("the folder is not an exported log") from None
        self._folder = folder
        self._keys = {key.name.rpartition("/")[2]: key for key in keys or [parse_key(line) for line in own]}
        self.blind = not any((folder / shard / "payloads").exists() for shard in self._shards)

    async def shards(self) -> Sequence[str]:
        """Every shard that has a folder or a key: a shard cannot vanish unnoticed."""
        return sorted({*self._shards, *self._keys})

    def key(self, shard: str) -> NoteKey:
        """The shard's trusted key. Raises NoteError without one."""
        if shard not in self._keys:
            raise NoteError("no key is known for a shard")
        return self._keys[shard]

    async def notes(self, shard: str) -> AsyncIterator[str]:
        """The notes of the `checkpoints` file, smallest claimed size first."""
        notes = [str(parse_json(line, shard)) for line in read_lines(self._folder / shard / "checkpoints", shard)]
        for note in sorted(notes, key=claimed_size):
            yield note

    async def rows(self, shard: str) -> AsyncIterator[EvidenceRow]:
        """The lines of `entries`, each with its line of `payloads`."""
        payloads = (parse_json(line, shard) for line in read_lines(self._folder / shard / "payloads", shard))
        payload = next(payloads, None)
        for line in read_lines(self._folder / shard / "entries", shard):
            position, entry = parse_entry(line, shard)
            while payload is not None and payload_position(payload) < position:
                payload = next(payloads, None)
            if payload is None or payload_position(payload) != position:
                yield EvidenceRow(position, entry)
            else:
                opened = parse_payload(payload)
                yield EvidenceRow(position, entry, opened, damaged=opened is None)


def read_lines(path: Path, shard: str) -> Iterator[bytes]:
    """The file's lines without their ends; none where there is no file. Raises StorageError."""
    try:
        with path.open("rb") as file:
            while line := file.readline(LONGEST):
                yield line.rstrip(b"\n")
    except FileNotFoundError:
        return
    except OSError:
        raise StorageError(f"`{path.name}` of shard `{shard}` cannot be read") from None


def parse_json(line: bytes, shard: str) -> Any:
    """The line's value. Raises StorageError."""
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        raise StorageError(f"a line of shard `{shard}` is not JSON") from None


def parse_entry(line: bytes, shard: str) -> tuple[int, bytes]:
    """Position and entry of a line. Raises StorageError."""
    if (match := LINE.fullmatch(line)) is None:
        raise StorageError(f"a line of `entries` of shard `{shard}` is not an entry")
    try:
        return int(match[1]), base64.b64decode(match[2], validate=True)
    except binascii.Error:
        raise StorageError(f"a line of `entries` of shard `{shard}` is not an entry") from None


def payload_position(value: Any) -> int:
    """The position a payload line claims; one that claims none comes first and fits nothing."""
    position = value.get("position") if isinstance(value, dict) else None
    return position if isinstance(position, int) else -1


def parse_payload(value: Any) -> Payload | None:
    """The payload of a line, or None when it is not one."""
    try:
        tokens = [bytes.fromhex(token) for token in value["tokens"]]
        return Payload(value["header"].encode(), value["officer"].encode(), bytes.fromhex(value["salt"]), tokens)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
