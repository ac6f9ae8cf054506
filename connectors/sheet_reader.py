"""Read one sheet of a workbook and write its rows as JSON lines to standard output.

Runs as a process of its own, without the hub's environment: calamine holds a whole sheet in memory, and a
workbook from outside is best parsed where a fault or a bomb ends nothing else. Usage: `sheet_reader.py PATH SHEET`.
"""

import resource
import sys
from datetime import date
from typing import Final

import orjson
import python_calamine

__all__ = ["main"]

_MEMORY: Final = 4 << 30


def main() -> int:
    """Write one line `[row number, cells, indexes of dates]` per row that is not empty."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    path, sheet_name = sys.argv[1:]
    sheet = python_calamine.load_workbook(path).get_sheet_by_name(sheet_name)
    first = (sheet.start or (0, 0))[0] + 1
    for number, cells in enumerate(sheet.iter_rows(), start=first):
        if any(cell != "" for cell in cells):
            dates = [index for index, cell in enumerate(cells) if isinstance(cell, date)]
            for index in dates:
                cells[index] = f"{cells[index]:%Y-%m-%d}"
            sys.stdout.buffer.write(orjson.dumps([number, cells, dates], default=str) + b"\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
