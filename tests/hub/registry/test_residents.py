"""Listings: everybody unprotected once, in an order that says nothing."""

import os
from typing import Any
from uuid import uuid4

import pytest

from hub.registry.flags import Flags
from hub.registry.residents import Listing
from hub.store.pool import Pool
from privacy.keys import sector_key_name
from privacy.sector_ids import SectorIds
from schema.errors import RequestError
from schema.ids import MigrantId, SectorId
from schema.vocabulary import Department, Source
from tests.hub.registry.conftest import IDS, RING, SEAL, Registry, Town, citizen

COUNTIES = ("320505", "320506", "320585", "310115")
HEALTH = Department.HEALTH


@pytest.fixture
def crowd() -> Town:
    """Forty persons in four counties, three of them of one city."""
    made = Town()
    for number in range(40):
        made.add(citizen(number, residence=COUNTIES[number % 4]), Source.POLICE)
    made.add(citizen(99), Source.HEALTH)
    return made


async def _pages(crosswalk: Any, department: Department, prefix: str, first: int) -> list[str]:
    found: list[str] = []
    after: SectorId | None = None
    while True:
        page = await crosswalk.page(department, prefix, after, first)
        assert [IDS.open(department, one) for one in page.sector_ids] == list(page.migrants)
        found += page.sector_ids
        if not page.has_next_page:
            return found
        assert len(page.sector_ids) == first
        after = page.sector_ids[-1]


async def _record() -> None:
    """Nothing to record here."""


def test_pages(registry: Registry, crowd: Town) -> None:
    """Pages of any size give each resident of a county, city or province once, in the order of the ids."""
    registry.build(crowd)

    async def work(pool: Pool) -> Any:
        crosswalk = registry.crosswalk(pool)
        county = [await _pages(crosswalk, HEALTH, "320505", first) for first in (1, 3, 10, 1000)]
        city = await _pages(crosswalk, HEALTH, "3205", 7)
        return county, city, await _pages(crosswalk, HEALTH, "32", 7), await _pages(crosswalk, HEALTH, "3299", 7)

    county, city, province, nowhere = registry.run(work)
    assert all(one == county[0] == sorted(set(one)) for one in county)
    assert len(county[0]) == 10
    assert city == province == sorted(set(city))
    assert len(city) == 30
    assert nowhere == []


def test_departments_see_other_orders(registry: Registry, crowd: Town) -> None:
    """Two departments get the same persons in unrelated orders."""
    registry.build(crowd)

    async def work(pool: Pool) -> Any:
        crosswalk = registry.crosswalk(pool)
        pages = [await crosswalk.page(one, "32", None, 100) for one in (HEALTH, Department.EDUCATION)]
        return [list(page.migrants) for page in pages]

    first, second = registry.run(work)
    assert first != second
    assert sorted(first) == sorted(second)


def test_protected_are_absent(registry: Registry, crowd: Town) -> None:
    """A protected person leaves listings with the next request and comes back when protection is lifted."""
    registry.build(crowd)

    async def work(pool: Pool) -> Any:
        crosswalk, flags = registry.crosswalk(pool), Flags(pool, SEAL)
        before = await crosswalk.page(HEALTH, "320505", None, 100)
        await flags.protect(before.migrants[3], _record)
        hidden = await crosswalk.page(HEALTH, "320505", None, 100)
        behind = await crosswalk.page(HEALTH, "320505", before.sector_ids[3], 100)
        await flags.unprotect(before.migrants[3], _record)
        return before, hidden, behind, await crosswalk.page(HEALTH, "320505", None, 100)

    before, hidden, behind, after = registry.run(work)
    assert list(hidden.migrants) == [*before.migrants[:3], *before.migrants[4:]]
    assert behind.migrants == before.migrants[4:]
    assert after.migrants == before.migrants


def test_listing_is_kept(registry: Registry, crowd: Town) -> None:
    """As long as nothing changes, a page costs one small statement."""
    registry.build(crowd)

    async def work(pool: Pool) -> Any:
        crosswalk = registry.crosswalk(pool)
        await crosswalk.page(HEALTH, "32", None, 5)
        statements = []
        original = pool.transaction

        def spy() -> Any:
            statements.append("transaction")
            return original()

        pool.transaction = spy  # type: ignore[method-assign]
        for _ in range(5):
            await crosswalk.page(HEALTH, "32", None, 5)
        return statements

    assert registry.run(work) == []


def test_cursors(registry: Registry, crowd: Town) -> None:
    """A cursor is any id of the department, listed or not, also of a rotated key; another's is refused."""
    registry.build(crowd)
    ring = RING.rotated(sector_key_name(HEALTH), os.urandom)
    rotated = Registry(registry.owner_url, registry.service_url, ring)
    old = IDS.seal(HEALTH, MigrantId(uuid4()))

    async def work(pool: Pool) -> Any:
        crosswalk = rotated.crosswalk(pool)
        everybody = await crosswalk.page(HEALTH, "32", None, 100)
        behind = await crosswalk.page(HEALTH, "32", old, 100)
        with pytest.raises(RequestError):
            await crosswalk.page(Department.POLICE, "32", old, 100)
        return everybody, behind

    everybody, behind = registry.run(work)
    place = SectorIds(ring).seal(HEALTH, IDS.open(HEALTH, old))
    assert list(behind.sector_ids) == [one for one in everybody.sector_ids if one > place]


def test_packed_listing() -> None:
    """A listing of nobody has no pages; one of many finds any place by search."""
    assert Listing(1, []).page(None, 10).migrants == []
    entries = sorted(f"{number:045d}".encode() + number.to_bytes(16) for number in range(0, 200, 2))
    listing = Listing(1, entries)
    for after in (0, 1, 17, 198, 199):
        page = listing.page(SectorId(f"{after:045d}"), 3)
        wanted = [number for number in range(0, 200, 2) if number > after][:3]
        assert [one.int for one in page.migrants] == wanted
        assert page.has_next_page == (after + 8 < 200)
