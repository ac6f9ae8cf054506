"""A very small town, once in our values and once as departments spell them: what the contract is tested on."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from connectors.contract import Value
from schema.catalogue import COLLECTIONS
from schema.fields import ColumnType
from schema.ids import CollectionName, SourceKey
from schema.vocabulary import Source

__all__ = ["TABLES", "Table", "key", "raw_value", "write_mapping"]

ASKED = 1000
"""So many persons have one row in `health.services`."""


def key(number: int) -> SourceKey:
    """The key of one person."""
    return SourceKey(f"K{number:05d}")


@dataclass(frozen=True)
class Table:
    """One collection: rows in our values (`None`: nothing known), by key, in the order the source keeps."""

    name: CollectionName
    rows: Mapping[SourceKey, Sequence[Mapping[str, Value]]]
    order: Sequence[str] = ()
    current: Mapping[str, Any] | None = None
    raises: Sequence[Mapping[str, Any]] = ()

    @property
    def source(self) -> Source:
        """Whose it is."""
        return COLLECTIONS[self.name].source

    @property
    def short(self) -> str:
        """Its name without the source, in one word."""
        return self.name.partition(".")[2].replace("_", "")

    @property
    def columns(self) -> list[str]:
        """The mapped columns."""
        return list(next(iter(self.rows.values()))[0])


def _person(name: str, birth: date | None, sex: str | None, number: str | None) -> dict[str, Value]:
    kind = None if number is None else "RESIDENT_ID"
    return {
        "name": name,
        "birth_date": birth,
        "sex": sex,
        "document_kind": kind,
        "id_number": number,
        "hukou_county": "341225",
        "residence_division": "320506001002",
        "ethnicity": "01",
    }


def _registration(day: date, cancelled: date | None, reason: str | None, address: str) -> dict[str, Value]:
    return {"registered_on": day, "cancelled_on": cancelled, "reason": reason, "address": address}


def _insurance(kind: str | None, status: str, months: int | None, base: str) -> dict[str, Value]:
    return {
        "kind": kind,
        "status": status,
        "months_paid": months,
        "last_paid_month": "2026-10",
        "contribution_base": Decimal(base),
    }


PERSONS = Table(
    CollectionName("police.persons"),
    {
        key(1): [_person("张三", date(1990, 5, 12), "MALE", "341225199005120013")],
        key(2): [_person("阿依古丽·买买提", date(1985, 12, 1), "FEMALE", None)],
        key(3): [_person("欧阳小明", None, None, "34122519900512001X")],
    },
)
REGISTRATIONS = Table(
    CollectionName("police.residence_registrations"),
    {
        key(1): [
            _registration(date(2026, 3, 1), None, "WORK", "示例路 3 号"),
            _registration(date(2025, 3, 1), None, "MEDICAL", "示例路 2 号"),
            _registration(date(2024, 3, 1), date(2025, 2, 1), "WORK", "示例路 1 号"),
        ],
        key(2): [_registration(date(2026, 1, 15), None, "MEDICAL", "演示巷 9 号")],
        key(3): [_registration(date(2020, 1, 15), date(2021, 1, 1), "STUDY", "演示巷 8 号")],
    },
    order=("-registered_on",),
    current={"empty": "cancelled_on", "latest": "registered_on"},
    raises=({"column": "reason", "scope": "value", "codes": {"MEDICAL": "HEALTH"}},),
)
INSURANCES = Table(
    CollectionName("human_resources.social_insurances"),
    {
        key(1): [
            _insurance("PENSION", "PAYING", 36, "5321.50"),
            _insurance("MEDICAL", "PAYING", 30, "5321.50"),
            _insurance("INJURY", "SUSPENDED", 12, "5321.50"),
            _insurance("MATERNITY", "PAYING", 30, "5321.50"),
        ],
        key(2): [_insurance("PENSION", "SUSPENDED", None, "3000.00")],
    },
    order=("kind",),
    current={"values": {"status": "PAYING"}},
    raises=({"column": "kind", "scope": "row", "codes": {"MEDICAL": "HEALTH", "MATERNITY": "REPRODUCTIVE"}},),
)
SERVICES = Table(
    CollectionName("health.services"),
    {
        key(number): [{"item": "CHECK_UP", "provided_on": date(2026, 1, 1 + number % 28), "free": number % 2 == 0}]
        for number in range(1, ASKED + 1)
    },
)
TABLES = (PERSONS, REGISTRATIONS, INSURANCES, SERVICES)

_RAW_ORDER = {"PENSION": "10", "MEDICAL": "20", "INJURY": "30", "MATERNITY": "40"}


def raw_value(table: Table, column: str, value: Value) -> str | int | None:
    """A value as the departments of this town write it: dates with slashes, codes of their own, amounts as text."""
    column_type = COLLECTIONS[table.name].columns[column].column_type
    if value is None:
        return None
    if column_type is ColumnType.DATE and isinstance(value, date):
        return f"{value:%Y/%m/%d}"
    if column_type is ColumnType.MONTH:
        return str(value).replace("-", "")
    if column_type is ColumnType.BOOLEAN:
        return "是" if value else "否"
    if column_type in (ColumnType.CODE, ColumnType.STRING):
        return raw_code(str(value)) if column_type is ColumnType.CODE else str(value).replace("·", "・")
    return value if isinstance(value, int) else str(value)


def raw_code(ours: str) -> str:
    """Our code in the departments' own spelling."""
    return _RAW_ORDER.get(ours, f"码{ours.lower()}")


def write_mapping(folder: Path, source: Source, site: Mapping[str, Any], physical: Mapping[str, str]) -> Path:
    """The mapping of one source; `site` has `place(table)`, `extra` (top-level keys), `ordered`. JSON is YAML."""
    collections = {}
    for table in TABLES:
        if table.source is not source:
            continue
        entry = dict(site["place"](table))
        entry["key"] = physical["key"]
        entry["columns"] = {name: _column(table, name, physical[name]) for name in table.columns}
        if table.order and site["ordered"]:
            entry["order"] = [_prefixed(part, physical) for part in table.order]
        if table.current:
            entry["current"] = _current(table, physical)
        if table.raises:
            entry["raises"] = list(table.raises)
        collections[table.name.partition(".")[2]] = entry
    path = folder / f"{source.value}.yaml"
    document = {"source": source.value, **site["extra"], "collections": collections}
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")
    return path


def _column(table: Table, name: str, physical: str) -> Mapping[str, Any] | str:
    info = COLLECTIONS[table.name].columns[name]
    if info.column_type is ColumnType.DATE:
        return {"from": physical, "date": "%Y/%m/%d"}
    if info.column_type is ColumnType.MONTH:
        return {"from": physical, "month": "%Y%m"}
    if info.column_type is ColumnType.BOOLEAN:
        return {"from": physical, "codes": {"是": "true", "否": "false"}}
    if info.codes is not None:
        return {"from": physical, "codes": {raw_code(code): code for code in info.codes.__members__}}
    return physical


def _prefixed(part: str, physical: Mapping[str, str]) -> str:
    return f"-{physical[part[1:]]}" if part.startswith("-") else physical[part]


def _current(table: Table, physical: Mapping[str, str]) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for word, value in (table.current or {}).items():
        if word == "values":
            found[word] = {physical[name]: raw_code(code) for name, code in value.items()}
        else:
            found[word] = physical[value]
    return found
