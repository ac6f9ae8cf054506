"""The schema as the query page's explorer shows it: introspection, plus class, source and what locates.

Descriptions in the schema are written "English. 中文"; here they are two.
"""

import re
from functools import lru_cache
from typing import Any, Final

from schema.catalogue import FIELDS
from schema.checks import CHECKS
from schema.ids import FieldId
from schema.query import build_schema

__all__ = ["Outline", "schema_outline", "split_description"]

Outline = dict[str, Any]
"""JSON: `{types: {name: {en, zh, fields: [{name, type, leaf, arguments, en, zh, class, source, locates}]}}}`."""

_CHINESE: Final = re.compile(r"[\u3400-\u9fff]")
_CHECKS_BY_ID: Final = {check.id: check for check in CHECKS.values()}


def split_description(text: str) -> tuple[str, str]:
    """The English and the Chinese half of a description; either may be empty."""
    first = _CHINESE.search(text)
    if first is None:
        return text.strip(), ""
    return text[: first.start()].strip().rstrip("."), text[first.start() :].strip()


@lru_cache(maxsize=1)
def schema_outline() -> Outline:
    """Every type a query can reach, by name; input and built-in types are left out."""
    types = build_schema().introspect()["__schema"]["types"]
    shown = [entry for entry in types if entry["fields"] and not entry["name"].startswith("__")]
    return {"types": {entry["name"]: _type(entry) for entry in shown}}


def _type(entry: dict[str, Any]) -> Outline:
    english, chinese = split_description(entry["description"] or "")
    fields = [_field(entry["name"], field) for field in entry["fields"] if not field["name"].startswith("_")]
    return {"en": english, "zh": chinese, "fields": fields}


def _field(parent: str, field: dict[str, Any]) -> Outline:
    english, chinese = split_description(field["description"] or "")
    arguments = ", ".join(f"{argument['name']}: {_spelling(argument['type'])}" for argument in field["args"])
    plain = {
        "name": field["name"],
        "type": _spelling(field["type"]),
        "arguments": arguments,
        "en": english,
        "zh": chinese,
    }
    return plain | {"leaf": _leaf(field["type"])} | _sensitivity(FieldId(f"{parent}.{field['name']}"))


def _sensitivity(field: FieldId) -> Outline:
    if held := FIELDS.get(field):
        return {"class": held.slot.field_class, "source": held.slot.source, "locates": held.locates}
    if check := _CHECKS_BY_ID.get(field):
        return {"class": check.field_class, "source": check.source, "locates": True}
    return {"class": None, "source": None, "locates": False}


def _spelling(type_: dict[str, Any]) -> str:
    if type_["kind"] == "NON_NULL":
        return _spelling(type_["ofType"]) + "!"
    if type_["kind"] == "LIST":
        return f"[{_spelling(type_['ofType'])}]"
    return str(type_["name"])


def _leaf(type_: dict[str, Any]) -> bool:
    while type_["ofType"]:
        type_ = type_["ofType"]
    return type_["kind"] in {"SCALAR", "ENUM"}
