"""The numbering of each department: never shared, without gaps in order, not to be told from one another."""

from typing import Final

from hub.city.model import DEPARTMENTS
from hub.city.numbers import Permutation, base32

__all__ = ["KeyMaker"]

_SIZES: Final = {
    "police": 10**7,
    "civil-affairs": 10**7,
    "human-resources": 10**8,
    "health": 10**10,
    "business": 32**8,
}


class KeyMaker:
    """Source keys of persons, and row numbers that rise within one person."""

    def __init__(self, seed: int) -> None:
        self._orders = {name: Permutation.named(f"{seed}:{name}:keys", _SIZES[name]) for name in DEPARTMENTS}

    def key(self, department: str, person: int) -> str:
        """The person's key in a department's own form."""
        number = self._orders[department].of(person)
        if department == "police":
            return f"P{number:07d}"
        if department == "human-resources":
            return f"GR05-{number:08d}"
        if department == "health":
            return f"JK{number:010d}"
        if department == "business":
            return f"MR{base32(number, 8)}"
        return str(number)

    def row(self, department: str, person: int, position: int) -> str:
        """The number of a row of a person, 32 at most."""
        return str(self._orders[department].of(person) * 32 + position)
