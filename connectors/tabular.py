"""Rows of CSV and XLSX files, one at a time, each with its line; a bad row is given with a reason, never dropped."""

import csv
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import IO, Final

import orjson

from connectors.errors import RubbishError

__all__ = ["Line", "read_csv", "read_sheet"]

_READER: Final = Path(__file__).with_name("sheet_reader.py")
_KEPT_VARIABLES: Final = ("PATH", "LD_LIBRARY_PATH", "LANG")


@dataclass(frozen=True, slots=True)
class Line:
    """One row: 1-based line of the file, its fields, and why it cannot be used (`reason`), if so."""

    number: int
    fields: Sequence[object]
    reason: str | None = None


def read_csv(path: Path, encoding: str) -> Iterator[Line]:
    """The rows of a CSV file, the headers first.

    Bytes that are not of the encoding spoil their own row only.
    """
    with path.open(encoding=encoding, errors="surrogateescape", newline="") as stream:
        reader = csv.reader(stream, strict=True)
        width = 0
        while True:
            start = reader.line_num + 1
            try:
                fields = next(reader)
            except StopIteration:
                return
            except csv.Error:
                yield Line(start, (), "not valid CSV")
                continue
            if fields:
                width = width or len(fields)
                yield Line(start, fields, _fault(fields, width))


def _fault(fields: Sequence[str], width: int) -> str | None:
    if len(fields) != width:
        return "wrong number of fields"
    try:
        "".join(fields).encode()
    except UnicodeEncodeError:
        return "bytes that are not of the encoding"
    return None


def read_sheet(path: Path, sheet: str) -> Iterator[Line]:
    """The rows of one sheet, the headers first, read by a process of its own. Raises RubbishError if it fails."""
    environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    command = [sys.executable, "-I", str(_READER), str(path), sheet]
    with subprocess.Popen(  # noqa: S603  our own file, no shell
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, env=environment
    ) as process:
        try:
            assert process.stdout is not None  # noqa: S101  asked for above
            yield from _sheet_lines(process.stdout)
        except BaseException:
            process.kill()
            raise
        if process.wait() != 0:
            raise RubbishError("the workbook cannot be read")


def _sheet_lines(stream: IO[bytes]) -> Iterator[Line]:
    width = 0
    for line in stream:
        number, cells, dates = orjson.loads(line)
        for index in dates:
            cells[index] = date.fromisoformat(cells[index])
        width = width or len(cells)
        yield Line(number, cells, None if len(cells) == width else "wrong number of fields")
