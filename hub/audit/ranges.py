"""A set of positions, kept as ranges."""

from collections.abc import Iterator

__all__ = ["RangeSet"]


class RangeSet:
    """Positions mostly added in ascending order; iterates over `(first, last)`, inclusive."""

    __slots__ = ("_ranges",)

    def __init__(self) -> None:
        self._ranges: list[tuple[int, int]] = []

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(self._ranges)

    def add(self, first: int, last: int) -> None:
        """Add the positions from `first` to `last`; joined to the last range where they follow it."""
        if self._ranges and self._ranges[-1][1] + 1 == first:
            self._ranges[-1] = (self._ranges[-1][0], last)
        else:
            self._ranges.append((first, last))

    def discard(self, position: int) -> None:
        """Take one position out, if it is in."""
        self.remove(position, position)

    def remove(self, first: int, last: int) -> None:
        """Take out whatever of the positions from `first` to `last` is in."""
        kept: list[tuple[int, int]] = []
        for low, high in self._ranges:
            if high < first or low > last:
                kept.append((low, high))
                continue
            if low < first:
                kept.append((low, first - 1))
            if high > last:
                kept.append((last + 1, high))
        self._ranges = kept
