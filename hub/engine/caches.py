"""Bounded caches of decision tables and plans.

A table's key is the whole decision input except subject facts: policy version, profile, purpose, agreement. It is
computed in a thread, once for all who wait for it, and expires on the next day on which a policy, purpose or agreement
begins or ends. A plan's key is the operation, its switches and its table.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from functools import partial
from typing import Final

from graphql import GraphQLSchema

from auth.model import Profile
from hub.engine.bounded import BoundedCache
from hub.engine.operation import Operation
from hub.engine.plan import Plan, compile_plan
from privacy.decide import decide
from privacy.model import Agreement, DecisionTable, Purpose
from privacy.policybook import PolicyBook

__all__ = ["PlanCache", "TableCache"]

_MOST_LEAVES: Final = 50_000
"""Leaves of all plans together: with its writers a leaf takes up to a few kilobytes."""

_TableKey = tuple[str, Profile, str, str]
_Compute = Callable[[], Awaitable[DecisionTable]]


class TableCache:
    """Decision tables of one policy book."""

    def __init__(self, book: PolicyBook, size: int = 1_024) -> None:
        self._book = book
        self._held: BoundedCache[_TableKey, DecisionTable] = BoundedCache(size)
        self._waiting: dict[tuple[_TableKey, date], asyncio.Task[DecisionTable]] = {}

    async def get(self, profile: Profile, purpose: Purpose, agreement: Agreement | None, on: date) -> DecisionTable:
        """The table for one profile, purpose and agreement on a day."""
        key = (self._book.version, profile, purpose.code, "" if agreement is None else agreement.id)
        found = self._held.get(key)
        if found is not None and (found.expires is None or on < found.expires):
            return found
        compute = partial(asyncio.to_thread, decide, profile, purpose, agreement, self._book, on)
        return await self._computed(key, on, compute)

    async def _computed(self, key: _TableKey, on: date, compute: _Compute) -> DecisionTable:
        """INVARIANT: only requests of one day share a computation: at midnight a boundary may lie between them."""
        task = self._waiting.get((key, on))
        if task is None:
            task = self._waiting[key, on] = asyncio.ensure_future(self._compute(key, on, compute))
        return await asyncio.shield(task)

    async def _compute(self, key: _TableKey, on: date, compute: _Compute) -> DecisionTable:
        try:
            return self._held.put(key, await compute())
        finally:
            del self._waiting[key, on]


class PlanCache:
    """Compiled plans."""

    def __init__(self, schema: GraphQLSchema, size: int = 2_048) -> None:
        self._schema = schema
        self._held: BoundedCache[tuple[object, ...], Plan] = BoundedCache(size, _MOST_LEAVES, _leaves)

    def get(self, operation: Operation, switches: Mapping[str, bool] | None, table: DecisionTable) -> Plan:
        """The plan of an operation under a table; switches None: every field included.

        INVARIANT: a cached plan holds its table, so the table's `id` stays its own.
        """
        chosen = None if switches is None else tuple(sorted(switches.items()))
        key = (operation.hash, operation.name, chosen, id(table))
        found = self._held.get(key)
        return found or self._held.put(key, compile_plan(self._schema, operation, switches, table))


def _leaves(plan: Plan) -> int:
    return 1 + sum(1 for root in plan.planned for _ in root.needs.rulings())
