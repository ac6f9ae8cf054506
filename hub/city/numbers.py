"""Numbers of documents, entities and records. Pure; check characters come from `schema.identity`."""

from datetime import date
from math import gcd
from typing import Final, NamedTuple
from zlib import crc32

from schema.identity import check_digit, uscc_check_character

__all__ = ["Permutation", "base32", "credit_code", "foreign_permanent_number", "old_form", "resident_number"]

_LETTERS: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ORGANISATION_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)


class Permutation(NamedTuple):
    """A one-to-one map of 0 … size - 1 onto itself: numbers without gaps in order, drawn without a memory."""

    multiplier: int
    shift: int
    size: int

    @classmethod
    def named(cls, label: str, size: int) -> "Permutation":
        """The permutation that belongs to a label."""
        multiplier = (crc32(label.encode()) * 2654435761 + 1) % size | 1
        while gcd(multiplier, size) != 1:
            multiplier += 2
        return cls(multiplier, crc32(label[::-1].encode()) % size, size)

    def of(self, position: int) -> int:
        """Where `position` goes."""
        return (position * self.multiplier + self.shift) % self.size


def resident_number(area: str, birth: date, order: int) -> str:
    """An 18-digit number (GB 11643): area, birth date, order (odd for men), check digit."""
    body = f"{area}{birth:%Y%m%d}{order:03d}"
    return body + check_digit(body)


def foreign_permanent_number(province: str, country: str, birth: date, order: int) -> str:
    """The 18-digit number of a foreign permanent resident: 9, province, country, birth date, order, check digit."""
    body = f"9{province}{country}{birth:%Y%m%d}{order:03d}"
    return body + check_digit(body)


def old_form(number: str) -> str:
    """The 15-digit form that was issued until 1999: no century, no check digit."""
    return number[:6] + number[8:17]


def credit_code(prefix: str, area: str, serial: int) -> str:
    """A unified social credit code (GB 32100) whose organisation code carries its own check character (GB 11714)."""
    letters = []
    for _ in range(8):
        serial, letter = divmod(serial, 31)
        letters.append(_LETTERS[letter])
    organisation = "".join(letters)
    body = f"{prefix}{area}{organisation}{_organisation_check(organisation)}"
    return body + uscc_check_character(body)


def _organisation_check(organisation: str) -> str:
    rest = 11 - sum(int(c, 36) * w for c, w in zip(organisation, _ORGANISATION_WEIGHTS, strict=True)) % 11
    return {10: "X", 11: "0"}.get(rest, str(rest))


def base32(number: int, length: int) -> str:
    """A number in letters and digits that are hard to confuse."""
    letters = []
    for _ in range(length):
        number, letter = divmod(number, 32)
        letters.append(_CROCKFORD[letter])
    return "".join(letters)
