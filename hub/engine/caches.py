"""Bounded caches of decision tables and plans.

A table's key is the whole decision input except subject facts: policy version, profile, purpose, agreement. It is
computed in a thread, once for all who wait for it, and expires on the next day on which a policy, purpose or agreement
begins or ends. A plan's key is the operation, its switches and its table.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable, Mapping
from datetime import date
from typing import Generic, TypeVar

from graphql import GraphQLSchema

from auth.model import Profile
from hub.engine.operation import Operation
from hub.engine.plan import Plan, compile_plan
from privacy.decide import decide
from privacy.model import Agreement, DecisionTable, Purpose
from privacy.policybook import PolicyBook

__all__ = ["BoundedCache", "PlanCache", "TableCache"]

_Key = TypeVar("_Key", bound=Hashable)
_Held = TypeVar("_Held")


class BoundedCache(Generic[_Key, _Held]):
    """At most `size` values, the least recently used out first; counts hits and misses."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._held: OrderedDict[_Key, _Held] = OrderedDict()
        self.hits = 0
        self.misses = 0

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
        self._held[key] = value
        self._held.move_to_end(key)
        if len(self._held) > self._size:
            self._held.popitem(last=False)
        return value

    def drop(self, key: _Key) -> None:
        """Forget a value."""
        self._held.pop(key, None)


_TableKey = tuple[str, Profile, str, str]


class TableCache:
    """Decision tables of one policy book."""

    def __init__(self, book: PolicyBook, size: int = 1_024) -> None:
        self._book = book
        self._held: BoundedCache[_TableKey, DecisionTable] = BoundedCache(size)
        self._waiting: dict[_TableKey, asyncio.Task[DecisionTable]] = {}

    async def get(self, profile: Profile, purpose: Purpose, agreement: Agreement | None, on: date) -> DecisionTable:
        """The table for one profile, purpose and agreement on a day."""
        key = (self._book.version, profile, purpose.code, "" if agreement is None else agreement.id)
        found = self._held.get(key)
        if found is not None and (found.expires is None or on < found.expires):
            return found
        return await self._computed(key, lambda: asyncio.to_thread(decide, profile, purpose, agreement, self._book, on))

    async def _computed(self, key: _TableKey, compute: Callable[[], Awaitable[DecisionTable]]) -> DecisionTable:
        task = self._waiting.get(key)
        if task is None:
            task = self._waiting[key] = asyncio.ensure_future(self._compute(key, compute))
        return await asyncio.shield(task)

    async def _compute(self, key: _TableKey, compute: Callable[[], Awaitable[DecisionTable]]) -> DecisionTable:
        try:
            return self._held.put(key, await compute())
        finally:
            del self._waiting[key]


class PlanCache:
    """Compiled plans."""

    def __init__(self, schema: GraphQLSchema, size: int = 2_048) -> None:
        self._schema = schema
        self._held: BoundedCache[tuple[object, ...], Plan] = BoundedCache(size)

    def get(self, operation: Operation, switches: Mapping[str, bool] | None, table: DecisionTable) -> Plan:
        """The plan of an operation under a table; switches None: every field included.

        INVARIANT: a cached plan holds its table, so the table's `id` stays its own.
        """
        chosen = None if switches is None else tuple(sorted(switches.items()))
        key = (operation.hash, operation.name, chosen, id(table))
        found = self._held.get(key)
        return found or self._held.put(key, compile_plan(self._schema, operation, switches, table))
