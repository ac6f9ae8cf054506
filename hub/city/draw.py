"""Random choices that come out the same on every machine.

Only `Random.random()` of a string seed is used: its sequence is fixed by the language, unlike that of some
higher methods, which have changed between versions.
"""

from bisect import bisect
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import accumulate
from random import Random
from typing import Generic, TypeVar

__all__ = ["Draw", "Weighted"]

T = TypeVar("T")


class Draw:
    """A stream of choices that depends on its label alone."""

    def __init__(self, label: str) -> None:
        self.unit = Random(label).random  # noqa: S311 - a made-up city, not a secret

    def chance(self, probability: float) -> bool:
        """True in `probability` of all cases."""
        return self.unit() < probability

    def below(self, limit: int) -> int:
        """A whole number from 0 to `limit` - 1."""
        return int(self.unit() * limit)

    def between(self, first: int, last: int) -> int:
        """A whole number from `first` to `last`, both included."""
        return first + int(self.unit() * (last - first + 1))

    def pick(self, values: Sequence[T]) -> T:
        """One of the values, each as likely."""
        return values[int(self.unit() * len(values))]

    def day(self, first: date, last: date) -> date:
        """A day from `first` to `last`; `first` when the span is empty."""
        span = (last - first).days
        return first if span <= 0 else first + timedelta(days=int(self.unit() * (span + 1)))

    def after(self, start: date, most: int, least: int = 0) -> date:
        """A day `least` to `most` days after `start`."""
        return start + timedelta(days=self.between(least, most))


class Weighted(Generic[T]):
    """Values with unequal chances."""

    def __init__(self, weights: Iterable[tuple[T, float]]) -> None:
        pairs = list(weights)
        self.values = [value for value, _ in pairs]
        self._sums = list(accumulate(weight for _, weight in pairs))

    def pick(self, draw: Draw) -> T:
        """One of the values by weight."""
        return self.values[bisect(self._sums, draw.unit() * self._sums[-1], 0, len(self.values) - 1)]
