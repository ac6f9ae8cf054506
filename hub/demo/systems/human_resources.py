"""Human resources' system: an inbox with deliveries, GB18030 CSV and XLSX."""

import csv
import hashlib
import json
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final, cast

from hub.city.directory import CITY_CODE, CityDirectory
from hub.city.tables import TABLES
from schema.errors import ConfigurationError

__all__ = ["DELIVERY", "ROWS_PER_WORKBOOK", "deliver_human_resources"]

DELIVERY: Final = "delivery.json"
ROWS_PER_WORKBOOK: Final = 200_000
_SHEET: Final = "参保信息"
_NUMBERS: Final = {"累计缴费月数": int, "缴费基数": float}
_CSV: Final = {"human-resources/persons": "jyry", "human-resources/employments": "jydj"}
_XLSX: Final = "human-resources/social_insurances"


def deliver_human_resources(inbox: Path, city: CityDirectory) -> bool:
    """Put a delivery of a city into the inbox; False when it is there already.

    `delivery.json` is removed first and written last: a reader that finds it finds a whole delivery. Files of
    other days stay. Raises ConfigurationError when the inbox cannot be written.
    """
    try:
        inbox.mkdir(parents=True, exist_ok=True)
        manifest = inbox / DELIVERY
        if manifest.exists() and json.loads(manifest.read_text(encoding="utf-8")).get("digest") == city.digest:
            return False
        manifest.unlink(missing_ok=True)
        files = [*_csv_files(inbox, city), *_workbooks(inbox, city)]
        partial = inbox / f"{DELIVERY}.partial"
        partial.write_text(json.dumps(_manifest(city, files), ensure_ascii=False, indent=1), encoding="utf-8")
        partial.replace(manifest)
    except (OSError, ValueError):
        raise ConfigurationError("the inbox of human resources cannot be written") from None
    return True


def _manifest(city: CityDirectory, files: list[tuple[Path, int]]) -> dict[str, Any]:
    return {
        "dataOrigin": "SYNTHETIC",
        "city": CITY_CODE,
        "deliveredAt": f"{city.as_of}T02:00:00+08:00",
        "digest": city.digest,
        "files": [{"name": path.name, "rows": rows, "sha256": _hash_of(path)} for path, rows in files],
    }


def _hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _csv_files(inbox: Path, city: CityDirectory) -> Iterator[tuple[Path, int]]:
    for table, stem in _CSV.items():
        path = inbox / f"{stem}_{city.as_of:%Y%m%d}.csv"
        with path.open("w", encoding="gb18030", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(TABLES[table])
            writer.writerows(city.read(table))
        yield path, city.rows[table]


def _workbooks(inbox: Path, city: CityDirectory) -> Iterator[tuple[Path, int]]:
    rows = city.read(_XLSX)
    left = city.rows[_XLSX]
    for number in range(1, max(1, -(-left // ROWS_PER_WORKBOOK)) + 1):
        path = inbox / f"shebao_{city.as_of:%Y%m%d}_{number}.xlsx"
        yield path, _workbook(path, islice(rows, ROWS_PER_WORKBOOK))


def _workbook(path: Path, rows: Iterator[list[str | None]]) -> int:
    from openpyxl.workbook.workbook import Workbook  # noqa: PLC0415 - a tenth of a second that only this function needs

    columns = TABLES[_XLSX]
    kinds = [_NUMBERS.get(column, str) for column in columns]
    book: Any = cast(Callable[..., Any], Workbook)(write_only=True)
    sheet = book.create_sheet(_SHEET)
    sheet.append(list(columns))
    count = 0
    for cells in rows:
        sheet.append([None if cell is None else kind(cell) for cell, kind in zip(cells, kinds, strict=True)])
        count += 1
    book.save(path)
    return count
