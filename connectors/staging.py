"""The staging store: a department's delivery in one encrypted SQLite file that belongs to the department.

What an attacker gains who can read the file: nothing without its key (ChaCha20-Poly1305 per page; the key is
given by the caller and kept nowhere). Who can change it: pages do not verify and the store is rebuilt from the inbox.
It is built beside the old one and takes its place in one rename; readers of the old one are not disturbed.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import apsw

from connectors.contract import Value
from connectors.mapping import CANONICAL_KEY, CollectionMapping

__all__ = ["BadRow", "LINE", "StagingStore", "StoreFacts"]

LINE: Final = "source line"
_SCHEMA: Final = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE bad_rows (file TEXT NOT NULL, line INTEGER NOT NULL, field TEXT NOT NULL, reason TEXT NOT NULL,
                       content TEXT);
"""


@dataclass(frozen=True, slots=True)
class BadRow:
    """What could not be used, without its content: a whole row, or one field of it (`field` is an API column)."""

    file: str
    line: int
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """Which delivery a store holds, read with which mapping, how old it is (UTC) and whether it is synthetic."""

    signature: str
    mapping: str
    as_of: datetime
    synthetic: bool


class StagingStore:
    """One open store. Not for two threads at once."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    @classmethod
    def create(cls, path: Path, key: bytes) -> "StagingStore":
        """An empty store in a new file that only its owner may read."""
        path.touch(mode=0o600, exist_ok=False)
        store = cls(_connect(path, key, apsw.SQLITE_OPEN_READWRITE))
        # the file is thrown away if anything fails before its rename, so it needs no journal
        for name, value in (("journal_mode", "OFF"), ("synchronous", "FULL"), ("cache_size", -65536)):
            store._connection.pragma(name, value)
        store._connection.execute("BEGIN EXCLUSIVE")
        store._connection.execute(_SCHEMA)
        return store

    @classmethod
    def open(cls, path: Path, key: bytes) -> "StagingStore | None":
        """The store in a file, for reading; None when there is none or it does not open with this key."""
        if not path.exists():
            return None
        try:
            store = cls(_connect(path, key, apsw.SQLITE_OPEN_READONLY))
            store.facts()
        except (apsw.Error, KeyError, ValueError):
            return None
        return store

    def add_collection(self, mapping: CollectionMapping, columns: Sequence[str]) -> None:
        """Make the table of one canonical collection."""
        fields = ", ".join(f"{_quoted(name)}" for name in columns)
        fields = f", {fields}" if fields else ""
        self._connection.execute(
            f"CREATE TABLE {_quoted(mapping.location.name)} ({_quoted(CANONICAL_KEY)} TEXT NOT NULL, "
            f"{_quoted(LINE)} INTEGER NOT NULL{fields}, "
            f"PRIMARY KEY ({_quoted(CANONICAL_KEY)}, {_quoted(LINE)})) WITHOUT ROWID"
        )

    def add_rows(self, mapping: CollectionMapping, width: int, rows: Iterator[tuple[Value, ...]]) -> None:
        """Insert rows of key, line and columns."""
        marks = ", ".join("?" * (width + 2))
        self._connection.executemany(f"INSERT INTO {_quoted(mapping.location.name)} VALUES ({marks})", rows)  # noqa: S608  quoted

    def add_bad(self, rows: Iterator[tuple[str, int, str, str, str | None]]) -> None:
        """Keep what could not be used, with its content where a whole row is meant."""
        self._connection.executemany("INSERT INTO bad_rows VALUES (?, ?, ?, ?, ?)", rows)

    def finish(self, facts: StoreFacts) -> None:
        """Write the facts and make everything durable."""
        pairs = {
            "signature": facts.signature,
            "mapping": facts.mapping,
            "as_of": facts.as_of.isoformat(),
            "synthetic": json.dumps(facts.synthetic),
        }
        self._connection.executemany("INSERT INTO facts VALUES (?, ?)", pairs.items())
        self._connection.execute("COMMIT")

    def facts(self) -> StoreFacts:
        """What the store says of itself."""
        found: list[Any] = self._connection.execute("SELECT name, value FROM facts").fetchall()
        pairs: dict[str, str] = dict(found)
        as_of = datetime.fromisoformat(pairs["as_of"])
        return StoreFacts(pairs["signature"], pairs["mapping"], as_of, pairs["synthetic"] == "true")

    def rows(self, statement: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        """The rows of one prepared statement."""
        return self._connection.execute(statement, tuple(parameters)).fetchall()

    def bad_rows(self) -> list[BadRow]:
        """Everything that could not be used, without content."""
        text = "SELECT file, line, field, reason FROM bad_rows ORDER BY file, line, field"
        found: list[Any] = self._connection.execute(text).fetchall()
        return [BadRow(*row) for row in found]

    def close(self) -> None:
        """Release the file; safe to call twice."""
        self._connection.close()


def _connect(path: Path, key: bytes, flags: int) -> apsw.Connection:
    connection = apsw.Connection(str(path), flags=flags)
    connection.pragma("cipher", "chacha20")
    # `raw:` skips the derivation from a passphrase: the key is 32 random bytes already
    connection.pragma("key", f"raw:{key.hex()}")
    connection.pragma("temp_store", "MEMORY")  # temporary files would not be encrypted
    return connection


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
