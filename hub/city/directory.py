"""A city on disk: `city.json`, one folder of tables per department, and `truth.jsonl` beside them.

`city.json` is written last, so a folder without it is not a city. Importing this module is cheap: the departments'
services read cities too.
"""

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import IO, Any, Final

from hub.city.tables import TABLES, cells_of
from schema.errors import ConfigurationError

__all__ = ["CITY_CODE", "CityDirectory", "open_city", "write_city"]

CITY_CODE: Final = "demo-city"
_FORMAT: Final = 1
_MANIFEST: Final = "city.json"
_PARTIAL: Final = ".partial"
_PARTS: Final = (*dict.fromkeys(table.partition("/")[0] for table in TABLES), "truth.jsonl")


@dataclass(frozen=True, slots=True)
class CityDirectory:
    """A finished city. `digest` names its bytes; `rows` counts rows by table, `dirt` deviations by name."""

    path: Path
    people: int
    seed: int
    as_of: date
    digest: str
    rows: Mapping[str, int]
    dirt: Mapping[str, int]

    def file_of(self, table: str) -> Path:
        """The file of `<department>/<table>`."""
        return self.path / f"{table}.tsv"

    def read(self, table: str) -> Iterator[list[str | None]]:
        """The rows of a table, one at a time."""
        with self.file_of(table).open(encoding="utf-8", newline="\n") as lines:
            for line in lines:
                yield cells_of(line)

    @property
    def truth(self) -> Path:
        """For evaluation and staging only: never given to a department or the hub."""
        return self.path / "truth.jsonl"


def open_city(path: Path) -> CityDirectory:
    """The city in a folder. Raises ConfigurationError when there is none, or one of another format."""
    try:
        found = json.loads((path / _MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise ConfigurationError("the folder holds no finished city") from None
    if not isinstance(found, dict) or found.get("format") != _FORMAT:
        raise ConfigurationError("the folder holds a city of another format")
    as_of = date.fromisoformat(found["asOf"])
    return CityDirectory(path, found["people"], found["seed"], as_of, found["digest"], found["rows"], found["dirt"])


def write_city(
    people: int, seed: int, path: Path, as_of: date | None = None, progress: Callable[[int], None] | None = None
) -> CityDirectory:
    """Generate a city into a folder, or return the one that is there already.

    `progress` is told how many more persons are done. After an interruption the folder holds no finished city, and
    the next attempt begins anew. Raises ConfigurationError when the folder holds anything else, ValueError when
    `people` is out of range.
    """
    from hub.city.generate import AS_OF, generate  # noqa: PLC0415 - keeps reading a city cheap

    day = as_of or AS_OF
    if (path / _MANIFEST).exists() or not _make_room(path):
        present = open_city(path)
        if (present.people, present.seed, present.as_of) == (people, seed, day):
            return present
        raise ConfigurationError("the folder holds another city")
    chunks = generate(people, seed, day)
    partial = path / _PARTIAL
    writer = _CityWriter(partial)
    with writer.open():
        for chunk in chunks:
            writer.add(chunk.lines, chunk.truth)
            writer.dirt.update(chunk.dirt)
            if progress is not None:
                progress(len(chunk.truth))
    writer.finish(people, seed, day)
    for name in (*_PARTS, _MANIFEST):
        (partial / name).rename(path / name)
    partial.rmdir()
    return open_city(path)


def _make_room(path: Path) -> bool:
    """Whether the folder is free for a city; what an interrupted attempt left is removed."""
    if (path / _PARTIAL).is_dir():
        for name in (*_PARTS, _PARTIAL):
            part = path / name
            if part.is_dir():
                shutil.rmtree(part)
            else:
                part.unlink(missing_ok=True)
    return not path.exists() or not any(path.iterdir())


class _CityWriter:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._hashes = {name: hashlib.sha256() for name in (*TABLES, "truth")}
        self.rows: Counter[str] = Counter()
        self.dirt: Counter[str] = Counter()
        self._files: dict[str, IO[bytes]] = {}

    def open(self) -> ExitStack:
        for table in TABLES:
            (self._path / table).parent.mkdir(parents=True, exist_ok=True)
        stack = ExitStack()
        self._files = {name: stack.enter_context((self._path / f"{name}.tsv").open("wb")) for name in TABLES}
        self._files["truth"] = stack.enter_context((self._path / "truth.jsonl").open("wb"))
        return stack

    def add(self, lines: Mapping[str, list[str]], truth: list[bytes]) -> None:
        for table, rows in lines.items():
            self.rows[table] += len(rows)
            self._append(table, ("\n".join(rows) + "\n").encode())
        self._append("truth", b"".join(truth))

    def _append(self, name: str, data: bytes) -> None:
        self._files[name].write(data)
        self._hashes[name].update(data)

    def finish(self, people: int, seed: int, as_of: date) -> None:
        files = {name: digest.hexdigest() for name, digest in sorted(self._hashes.items())}
        manifest: dict[str, Any] = {
            "synthetic": True,
            "format": _FORMAT,
            "city": CITY_CODE,
            "people": people,
            "seed": seed,
            "asOf": as_of.isoformat(),
            "digest": hashlib.sha256(json.dumps(files).encode()).hexdigest(),
            "rows": {table: self.rows[table] for table in TABLES},
            "dirt": dict(sorted(self.dirt.items())),
            "files": files,
        }
        text = json.dumps(manifest, ensure_ascii=False, indent=1)
        (self._path / _MANIFEST).write_text(text + "\n", encoding="utf-8")
