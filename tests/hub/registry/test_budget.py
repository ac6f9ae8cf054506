"""The daily budget: distinct persons per client and day, exact under concurrency, told apart by nobody."""

import asyncio
from datetime import date
from typing import Any
from uuid import UUID

from hub.registry.budget import SubjectBudget
from hub.store.pool import Pool
from schema.ids import MigrantId
from tests.hub.registry.conftest import RING, Registry

TODAY, TOMORROW = date(2026, 11, 1), date(2026, 11, 2)
PEOPLE = [MigrantId(UUID(int=number)) for number in range(1, 201)]


def spend(registry: Registry, *requests: tuple[str, date, list[MigrantId]]) -> list[int]:
    """Spend one request after another; what each is told."""

    async def work(pool: Pool) -> Any:
        budget = SubjectBudget(pool, RING)
        return [await budget.spend(*request) for request in requests]

    return list(registry.run(work))


def test_distinct_persons(registry: Registry) -> None:
    """The same person counts once a day, another client or day counts anew, and nobody costs nothing."""
    assert spend(
        registry,
        ("a", TODAY, PEOPLE[:3]),
        ("a", TODAY, PEOPLE[1:4]),
        ("a", TODAY, [PEOPLE[0], PEOPLE[0]]),
        ("a", TODAY, []),
        ("b", TODAY, PEOPLE[:1]),
        ("a", TOMORROW, PEOPLE[:2]),
    ) == [3, 4, 4, 4, 1, 2]


def test_concurrent_requests(registry: Registry) -> None:
    """Overlapping requests at the same moment neither miscount nor lock each other out."""

    async def work(pool: Pool) -> Any:
        budget = SubjectBudget(pool, RING)
        chunks = [PEOPLE[start : start + 60][:: -1 if start % 20 else 1] for start in range(0, 150, 10)]
        told = await asyncio.gather(*(budget.spend("a", TODAY, chunk) for chunk in chunks))
        return max(told), await budget.spend("a", TODAY, [])

    assert registry.run(work) == (200, 200)


def test_nothing_to_correlate(registry: Registry) -> None:
    """One person's digests differ between clients and days, and no client is named."""
    spend(
        registry, ("client-a", TODAY, PEOPLE[:1]), ("client-b", TODAY, PEOPLE[:1]), ("client-a", TOMORROW, PEOPLE[:1])
    )

    async def work(pool: Pool) -> Any:
        return await pool.fetch("SELECT client_digest, subject_digest FROM budget_subjects")

    rows = registry.run(work)
    assert len({subject for _, subject in rows}) == 3
    assert not any(b"client" in client for client, _ in rows)


def test_forgetting(registry: Registry) -> None:
    """Counts of earlier days are deleted, today's stay."""

    async def work(pool: Pool) -> Any:
        budget = SubjectBudget(pool, RING)
        await budget.spend("a", TODAY, PEOPLE[:2])
        await budget.spend("a", TOMORROW, PEOPLE[:3])
        await budget.forget_before(TOMORROW)
        left = await pool.fetchval("SELECT count(*) FROM budget_subjects")
        return left, await budget.spend("a", TODAY, []), await budget.spend("a", TOMORROW, [])

    assert registry.run(work) == (3, 0, 3)
