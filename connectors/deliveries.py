"""What lies in a department's inbox: one complete delivery of files, or nothing to read yet.

With a manifest (`about: {file: …}`) a delivery is complete when the manifest is there: it is written last and
lists every file with its number of rows and SHA-256. Without one, the files that match are the delivery.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from connectors.errors import RubbishError
from connectors.mapping import About, SourceMapping

__all__ = ["DeliveredFile", "Delivery", "find_delivery", "signature_of", "verify_file"]

_LARGEST_MANIFEST: Final = 1_000_000
_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class DeliveredFile:
    """One file; `rows` and `sha256` are None without a manifest."""

    path: Path
    rows: int | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """A complete delivery: its files by the pattern of the mapping, its age (UTC), and whether it is synthetic."""

    signature: str
    as_of: datetime
    synthetic: bool
    files: Mapping[str, tuple[DeliveredFile, ...]]


def signature_of(inbox: Path, mapping: SourceMapping) -> str:
    """What changes when a new delivery has come: names, sizes, times and inodes. Cheap enough for every fetch."""
    if mapping.about is not None:
        paths: Iterable[Path] = [inbox / mapping.about.place]
    else:
        paths = sorted(path for pattern in _patterns(mapping) for path in inbox.glob(pattern))
    parts = []
    for path in paths:
        stat = path.stat()
        parts.append(f"{path.name} {stat.st_size} {stat.st_mtime_ns} {stat.st_ino}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def find_delivery(inbox: Path, mapping: SourceMapping) -> Delivery:
    """The delivery of an inbox. Raises RubbishError when it is incomplete or its manifest is not understood."""
    signature = signature_of(inbox, mapping)
    if mapping.about is None:
        found = [DeliveredFile(path) for path in sorted(inbox.iterdir()) if path.is_file()]
        files = _assigned(found, mapping)
        oldest = min(file.path.stat().st_mtime for group in files.values() for file in group)
        return Delivery(signature, datetime.fromtimestamp(oldest, UTC), False, files)
    manifest = _read_manifest(inbox / mapping.about.place)
    files = _assigned([_listed(inbox, entry) for entry in _list_of(manifest, "files")], mapping)
    synthetic = manifest.get(mapping.about.origin) == "SYNTHETIC"
    return Delivery(signature, _moment(inbox, manifest, mapping.about), synthetic, files)


def verify_file(file: DeliveredFile) -> None:
    """Compare a file with the manifest's SHA-256. Raises RubbishError when it differs."""
    if file.sha256 is None:
        return
    digest = hashlib.sha256()
    with file.path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    if digest.hexdigest() != file.sha256.lower():
        raise RubbishError("a file differs from its manifest")


def _patterns(mapping: SourceMapping) -> list[str]:
    return sorted({collection.location.name for collection in mapping.collections.values()})


def _assigned(found: Iterable[DeliveredFile], mapping: SourceMapping) -> Mapping[str, tuple[DeliveredFile, ...]]:
    listed = sorted(found, key=lambda file: file.path.name)
    files = {
        pattern: tuple(file for file in listed if fnmatchcase(file.path.name, pattern))
        for pattern in _patterns(mapping)
    }
    if not all(files.values()):
        raise RubbishError("the delivery lacks a file")
    return files


def _read_manifest(path: Path) -> Mapping[str, object]:
    if path.stat().st_size > _LARGEST_MANIFEST:
        raise RubbishError("the manifest is too large")
    manifest = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(manifest, dict):
        raise RubbishError("the manifest is not an object")
    return manifest


def _list_of(manifest: Mapping[str, object], name: str) -> list[object]:
    entries = manifest.get(name)
    if not isinstance(entries, list) or not entries:
        raise RubbishError("the manifest lists no files")
    return entries


def _listed(inbox: Path, entry: object) -> DeliveredFile:
    if not isinstance(entry, dict):
        raise RubbishError("the manifest lists something that is no file")
    name, rows, sha256 = entry.get("name"), entry.get("rows"), entry.get("sha256")
    if not isinstance(name, str) or name != Path(name).name or name in ("", ".", ".."):
        raise RubbishError("the manifest names a file outside the inbox")
    if not isinstance(rows, int) or not isinstance(sha256, str):
        raise RubbishError("the manifest lists a file without rows or sha256")
    return DeliveredFile(inbox / name, rows, sha256)


def _moment(inbox: Path, manifest: Mapping[str, object], about: About) -> datetime:
    """When the delivery was made: as the manifest says, else the manifest's own time."""
    written = manifest.get(about.as_of) if about.as_of is not None else None
    if not isinstance(written, str):
        return datetime.fromtimestamp((inbox / about.place).stat().st_mtime, UTC)
    moment = datetime.fromisoformat(written)
    if moment.tzinfo is None:
        raise RubbishError("the manifest's time has no time zone")
    return moment.astimezone(UTC)
