"""Where the departments' rows and the truth about them are gathered, one chunk at a time."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from hub.city.dirt import Recorded, recorded
from hub.city.draw import Draw
from hub.city.keys import KeyMaker
from hub.city.model import Life
from hub.city.tables import line_of

__all__ = ["Chunk", "Register"]


@dataclass(slots=True)
class Chunk:
    """Lines per table, one line of truth per person, and the dirt that was counted."""

    number: int
    lines: dict[str, list[str]] = field(default_factory=dict)
    truth: list[bytes] = field(default_factory=list)
    dirt: Counter[str] = field(default_factory=Counter)


class Register:
    """One department's pen: writes rows of one person after another and notes what it gets wrong."""

    def __init__(self, department: str, draw: Draw, keys: KeyMaker, as_of: date, chunk: Chunk) -> None:
        self.department = department
        self.draw = draw
        self.as_of = as_of
        self._keys = keys
        self._chunk = chunk
        self._marks: dict[int, list[str]] = {}

    def key(self, person: int) -> str:
        """A person's key in this department."""
        return self._keys.key(self.department, person)

    def row_number(self, person: int, position: int) -> str:
        """The number of one of a person's rows."""
        return self._keys.row(self.department, person, position)

    def write(self, table: str, cells: Sequence[str | None]) -> None:
        """One row of `<department>/<table>`."""
        self._chunk.lines.setdefault(f"{self.department}/{table}", []).append(line_of(cells))

    def identity(self, life: Life) -> Recorded:
        """The person's identity as this department holds it."""
        version = recorded(self.draw, life.member.identity, self.department)
        for mark in version.dirt:
            self.mark(life, mark)
        return version

    def mark(self, life: Life, mark: str) -> None:
        """Note that something about this person's record is wrong."""
        self._marks.setdefault(life.member.index, []).append(mark)
        self._chunk.dirt[f"{self.department}.{mark}"] += 1

    def marks_of(self, person: int) -> list[str]:
        """What is wrong with a person's record here."""
        return self._marks.get(person, [])

    def updated(self, life: Life) -> date:
        """When the person's row was last touched."""
        last, first = self.as_of.toordinal(), life.member.arrived.toordinal()
        return date.fromordinal(max(first, last - int(500 * self.draw.unit() ** 2)))

    def telephone(self) -> str:
        """A number under a prefix that no network uses."""
        return f"120{self.draw.below(10**8):08d}"

    def unmapped(self, life: Life, code: str, stranger: str, share: float) -> str:
        """The code, or now and then one that no list names."""
        if not self.draw.chance(share):
            return code
        self.mark(life, "unmapped_code")
        return stranger
