"""Legal bases as dated data, because law moves (DOMAIN section 1).

A reference is a basis id, or an id and an article: `decree-663 art. 12(1)`. Both days of a basis are inclusive.
"""

from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

__all__ = ["BASES", "Basis", "basis_of", "is_in_force"]


@dataclass(frozen=True, slots=True)
class Basis:
    """A law or decree. `until` is its last day, None while in force; `note` says what still needs a lawyer's eye."""

    id: str
    name_en: str
    name_zh: str
    since: date
    until: date | None = None
    note: str = ""


_ALL: Final = (
    Basis(
        "decree-555",
        "Regulation on family planning work among migrants",
        "流动人口计划生育工作条例",
        date(2009, 10, 1),
        date(2021, 9, 8),
        "repealed in September 2021; the very day does not matter here: nothing flows under it",
    ),
    Basis("decree-663", "Interim regulation on residence permits", "居住证暂行条例", date(2016, 1, 1)),
    Basis("pipl", "Personal Information Protection Law", "个人信息保护法", date(2021, 11, 1)),
    Basis("decree-809", "Regulation on government data sharing", "政务数据共享条例", date(2025, 8, 1)),
    Basis("decree-804", "Regulation on marriage registration", "婚姻登记条例", date(2025, 5, 10)),
    Basis(
        "decree-746",
        "Regulation on the registration of market entities",
        "市场主体登记管理条例",
        date(2022, 3, 1),
        note="number to be verified",
    ),
    Basis(
        "decree-649",
        "Interim measures for social assistance",
        "社会救助暂行办法",
        date(2014, 5, 1),
        note="to be verified",
    ),
    Basis("legal-aid-law", "Legal Aid Law", "法律援助法", date(2022, 1, 1), note="to be verified"),
)

BASES: Final = MappingProxyType({basis.id: basis for basis in _ALL})


def basis_of(reference: str) -> Basis | None:
    """The basis a reference names, or None when there is no such basis."""
    return BASES.get(reference.partition(" art. ")[0])


def is_in_force(reference: str, on: date) -> bool:
    """Whether the basis named exists and is in force on that day."""
    basis = basis_of(reference)
    return basis is not None and basis.since <= on and (basis.until is None or on <= basis.until)
