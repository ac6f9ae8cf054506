"""How a masked value is written: the same on every path, screen and file (DOMAIN section 4).

A mask never says more than its rule: a value it does not understand is withheld, never passed on.
"""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from schema.divisions import county_of
from schema.identity import display_name
from schema.vocabulary import Mask

__all__ = ["Maskable", "band", "mask"]

Maskable = str | int | bool | date | Decimal | None
"""A value as a connector returns it."""

_DIGITS: Final = "*" * 18
_BANDS: Final = ((Decimal(3000), "0-3000"), (Decimal(6000), "3000-6000"), (Decimal(10000), "6000-10000"))
_TOP_BAND: Final = "10000+"


def mask(kind: Mask, value: Maskable) -> str | None:
    """The masked form of a value, or None when there is none.

    NEVER: nothing. DIGITS: 18 stars whatever the number. NAME: the first character and two stars, for compound
    surnames too, because length identifies. COUNTY: the 6-digit county of a division code. AMOUNT: a band of yuan.
    YEAR: the year of a date.
    """
    return None if value is None else _MASKS[kind](value)


def band(amount: Decimal) -> str:
    """The band of an amount in yuan: under 3 000, 6 000, 10 000, above."""
    return next((name for limit, name in _BANDS if amount < limit), _TOP_BAND)


def _never(_value: Maskable) -> None:
    return None


def _digits(_value: Maskable) -> str:
    return _DIGITS


def _name(value: Maskable) -> str | None:
    name = display_name(value) if isinstance(value, str) else ""
    return f"{name[0]}**" if name else None


def _county(value: Maskable) -> str | None:
    """Of a division code only; an address is masked through the division it lies in."""
    division = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) in (6, 9, 12)
    return county_of(str(value)) if division else None


def _amount(value: Maskable) -> str | None:
    return band(value) if isinstance(value, Decimal) and value.is_finite() else None


def _year(value: Maskable) -> str | None:
    return f"{value.year:04d}" if isinstance(value, date) else None


_MASKS: Final[Mapping[Mask, Callable[[Maskable], str | None]]] = MappingProxyType(
    {
        Mask.NEVER: _never,
        Mask.DIGITS: _digits,
        Mask.NAME: _name,
        Mask.COUNTY: _county,
        Mask.AMOUNT: _amount,
        Mask.YEAR: _year,
    }
)
