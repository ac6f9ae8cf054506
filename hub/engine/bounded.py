"""A cache with two bounds: how many values it holds, and how much they weigh together."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

__all__ = ["BoundedCache"]

_Key = TypeVar("_Key", bound=Hashable)
_Held = TypeVar("_Held")


def _one(_value: object) -> int:
    return 1


class BoundedCache(Generic[_Key, _Held]):
    """At most `size` values of at most `weight` in all, the least recently used out first; counts hits and misses.

    `weigh` says what a value weighs, always the same. The latest value stays, however heavy it is alone.
    """

    def __init__(self, size: int, weight: int | None = None, weigh: Callable[[_Held], int] = _one) -> None:
        self._size = size
        self._most = size if weight is None else weight
        self._weigh = weigh
        self._weight = 0
        self._held: OrderedDict[_Key, _Held] = OrderedDict()
        self.hits = 0
        self.misses = 0

    def __len__(self) -> int:
        return len(self._held)

    def get(self, key: _Key) -> _Held | None:
        """The value, or None."""
        found = self._held.get(key)
        if found is None:
            self.misses += 1
            return None
        self.hits += 1
        self._held.move_to_end(key)
        return found

    def put(self, key: _Key, value: _Held) -> _Held:
        """Keep a value."""
        if key in self._held:
            self._weight -= self._weigh(self._held.pop(key))
        self._held[key] = value
        self._weight += self._weigh(value)
        while len(self._held) > 1 and (len(self._held) > self._size or self._weight > self._most):
            self._weight -= self._weigh(self._held.popitem(last=False)[1])
        return value
