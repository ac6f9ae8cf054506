"""The database behind a department's service: a SQLite file of tables whose first column is the person's key.

Made once from a city, then read only. Rows of a person keep the order in which the city lists them.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Self

from hub.city.directory import CITY_CODE, CityDirectory
from hub.city.tables import TABLES
from schema.errors import ConfigurationError

__all__ = ["MARK", "Cell", "RecordStore", "write_records"]

Cell = str | int | None

MARK: Final = "SYNTHETIC"
_INTEGERS: Final = frozenset({"doseNo"})


def write_records(path: Path, city: CityDirectory, tables: Mapping[str, str]) -> bool:
    """Write the city's tables (name here → `<department>/<table>`); False when this city is there already.

    The file appears whole: it is written beside its place and renamed.
    """
    if path.exists() and RecordStore.digest_of(path) == city.digest:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.unlink(missing_ok=True)
    connection = sqlite3.connect(partial)
    try:
        connection.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
        for name, source in tables.items():
            columns = TABLES[source]
            definitions = ", ".join(f'"{c}" {"INTEGER" if c in _INTEGERS else "TEXT"}' for c in columns)
            connection.execute(f'CREATE TABLE "{name}" ({definitions})')
            marks = ", ".join("?" * len(columns))
            connection.executemany(f'INSERT INTO "{name}" VALUES ({marks})', city.read(source))  # noqa: S608
            connection.execute(f'CREATE INDEX "{name}_key" ON "{name}" ("{columns[0]}")')
        connection.execute("CREATE TABLE properties (name TEXT PRIMARY KEY, value TEXT NOT NULL)")
        properties = {"dataOrigin": MARK, "city": CITY_CODE, "digest": city.digest}
        connection.executemany("INSERT INTO properties VALUES (?, ?)", properties.items())
        connection.commit()
    finally:
        connection.close()
    partial.replace(path)
    return True


class RecordStore:
    """Read access. Look-ups take well under a millisecond per hundred keys, so they run on the event loop."""

    def __init__(self, connection: sqlite3.Connection, columns: Mapping[str, Sequence[str]]) -> None:
        self._connection = connection
        self.columns = columns
        """Table to its columns, the key first."""

    @classmethod
    def open(cls, path: Path) -> Self:
        """Raises ConfigurationError when the file is not there."""
        if not path.is_file():
            raise ConfigurationError("the service's database is not there")
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, check_same_thread=False)
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'properties'")
        names = [name for (name,) in tables.fetchall()]
        columns = {
            name: tuple(row[1] for row in connection.execute(f'PRAGMA table_info("{name}")').fetchall())
            for name in names
        }
        return cls(connection, columns)

    @staticmethod
    def digest_of(path: Path) -> str | None:
        """The digest of the city in a file, if it holds one."""
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            row = connection.execute("SELECT value FROM properties WHERE name = 'digest'").fetchone()
        except sqlite3.Error:
            return None
        finally:
            connection.close()
        return row[0] if row else None

    def close(self) -> None:
        """Release the file."""
        self._connection.close()

    def property(self, name: str) -> str:
        """A property of the data: `dataOrigin`, `city`."""
        row = self._connection.execute("SELECT value FROM properties WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else ""

    def batch(self, table: str, keys: Sequence[str], columns: Sequence[str]) -> dict[str, list[tuple[Cell, ...]]]:
        """The rows of each key; every key asked for is there, with an empty list when it is not known.

        `table` and `columns` must be names of `self.columns`.
        """
        key = self.columns[table][0]
        found: dict[str, list[tuple[Cell, ...]]] = {asked: [] for asked in keys}
        query = (
            f'SELECT {_quoted([key, *columns])} FROM "{table}"'  # noqa: S608 - names come from the database itself
            f' WHERE "{key}" IN (SELECT value FROM json_each(?)) ORDER BY "{key}", rowid'
        )
        for row in self._connection.execute(query, (json.dumps(list(keys)),)):
            found[row[0]].append(row[1:])
        return found

    def scan(
        self, table: str, columns: Sequence[str], after: tuple[str, int] | None, limit: int
    ) -> list[tuple[str, int, tuple[Cell, ...]]]:
        """Up to `limit` rows (key, place, cells) in key order, from after a key and place."""
        key = self.columns[table][0]
        query = (
            f'SELECT {_quoted([key])}, rowid, {_quoted(columns)} FROM "{table}"'  # noqa: S608 - as above
            f' WHERE ("{key}", rowid) > (?, ?) ORDER BY "{key}", rowid LIMIT ?'
        )
        rows = self._connection.execute(query, (*(after or ("", 0)), limit))
        return [(row[0], row[1], row[2:]) for row in rows]


def _quoted(columns: Sequence[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)
