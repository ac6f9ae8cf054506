"""The build: one migrant per person, whatever the order, however often it is killed."""

import asyncio
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from hub.registry.build import BatchReport, RegistryBuild, new_migrant_id
from hub.registry.runs import RunStore
from hub.registry.sealing import RegistrySeal
from hub.store.pool import Pool, open_pool
from privacy.keys import KeyRing
from schema.codes import DocumentKind
from schema.errors import StorageError
from schema.identity import check_digit, normalise_number
from schema.vocabulary import Source
from tests.hub.registry.conftest import RING, SEAL, Citizen, Registry, Town, citizen


def links(registry: Registry) -> set[frozenset[tuple[Source, str]]]:
    """The persons as the registry has them: each as the set of their source keys."""

    async def work(pool: Pool) -> Any:
        rows = await pool.fetch("SELECT migrant_id, sealed FROM migrants")
        return rows, await pool.fetchval("SELECT count(*) FROM links")

    rows, count = registry.run(work)
    opened = [SEAL.open(migrant, sealed).keys for migrant, sealed in rows]
    assert sum(map(len, opened)) == count
    return {frozenset(keys.items()) for keys in opened}


def truth(town: Town) -> set[frozenset[tuple[Source, str]]]:
    """The persons as they are."""
    return {frozenset(one.keys.items()) for one in town.citizens}


def found_all(registry: Registry, citizens: Sequence[Citizen]) -> list[Any]:
    """Whom `lookup` finds under each person's own number and name."""

    async def work(pool: Pool) -> Any:
        crosswalk = registry.crosswalk(pool)
        numbers = [normalise_number(DocumentKind.RESIDENT_ID, one.number) for one in citizens]
        wanted = zip(numbers, citizens, strict=True)
        return [await crosswalk.find(DocumentKind.RESIDENT_ID, number, one.name) for number, one in wanted]

    return list(registry.run(work))


def found(registry: Registry, one: Citizen) -> Any:
    """Whom `lookup` finds under a person's own number and name."""
    return found_all(registry, [one])[0]


def test_everybody_is_linked(registry: Registry, town: Town) -> None:
    """Persons with sound numbers are linked across all sources, and nobody is linked to somebody else."""
    counts, reports = registry.build(town, batch=7)
    assert links(registry) == truth(town)
    assert sum(one.created for one in counts.values()) == 60
    assert counts[Source.POLICE].persons == 60
    assert None not in found_all(registry, town.citizens)
    assert {report.source for report in reports} == set(Source)


def test_only_identity_columns_are_read(registry: Registry, town: Town) -> None:
    """Four columns are asked of every source, and two counties of the police besides."""
    registry.build(town)
    four = ("document_kind", "id_number", "name", "birth_date")
    for source, roll in town.rolls.items():
        wanted = (*four, "residence_county", "hukou_county") if source is Source.POLICE else four
        assert roll.scanned == [(wanted, None)]


def test_building_again_changes_nothing(registry: Registry, town: Town) -> None:
    """A second build finds everybody known and leaves every row's bytes as they are."""
    registry.build(town, batch=7)
    before = registry.run(lambda pool: pool.fetch("SELECT * FROM migrants ORDER BY 1"))
    counts, _ = registry.build(town, batch=11)
    assert registry.run(lambda pool: pool.fetch("SELECT * FROM migrants ORDER BY 1")) == before
    assert all(one.known == one.persons and one.created == one.linked == 0 for one in counts.values())


def test_late_arrivals(registry: Registry, town: Town) -> None:
    """A source that learns of a person later is linked by the next build."""
    late = citizen(1000)
    town.add(late, Source.POLICE)
    registry.build(town)
    town.add(late, Source.HEALTH)
    town.add(citizen(1001), Source.HEALTH)
    counts, _ = registry.build(town)
    assert links(registry) == truth(town)
    assert (counts[Source.HEALTH].linked, counts[Source.HEALTH].created) == (1, 1)


@pytest.mark.parametrize(
    "change",
    [
        {"number": None},
        {"number": ""},
        {"number": "41010119900101001"},
        {"number": "410101199001010010"},
        {"name": None},
        {"name": "  "},
        {"born": None},
        {"kind": "LIBRARY_CARD"},
        {"kind": None},
        {"number": 410101},
    ],
)
def test_unsound_identities_link_nobody(registry: Registry, change: dict[str, Any]) -> None:
    """A missing or wrong number, name, birth date or kind makes a migrant of their own, counted as unnumbered."""
    town, one = Town(), citizen(1)
    town.add(one, Source.POLICE)
    town.add(one, Source.HEALTH, **change)
    town.add(citizen(2), Source.HEALTH, **change)
    counts, _ = registry.build(town)
    assert len(links(registry)) == 3
    assert counts[Source.HEALTH].unnumbered == 2
    assert counts[Source.HEALTH].probable == 0


@pytest.mark.parametrize("change", [{"name": "另一个人"}, {"born": date(1950, 2, 3)}])
def test_conflicts_stay_apart(registry: Registry, change: dict[str, Any]) -> None:
    """One number under two names or birth dates is counted as probable and never linked."""
    town, one = Town(), citizen(1)
    town.add(one, Source.POLICE)
    town.add(one, Source.HEALTH, **change)
    counts, _ = registry.build(town)
    assert len(links(registry)) == 2
    assert counts[Source.HEALTH].probable == 1
    counts, _ = registry.build(town)
    assert len(links(registry)) == 2


def test_spellings_agree(registry: Registry) -> None:
    """Full-width digits, an old 15-digit number and another separator in a name are the same person."""
    town = Town()
    one = Citizen("阿依古丽·买买提", "410121199001010011", date(1990, 1, 1), "320505", "410121")
    old = citizen(5, born=date(1971, 5, 6))
    digits = one.number[:17]
    one.number = digits + check_digit(digits)
    town.add(one, Source.POLICE)
    wide = one.number.translate({ord(str(digit)): 0xFF10 + digit for digit in range(10)})
    town.add(one, Source.HEALTH, number=wide, name="阿依古丽•买买提 ")
    town.add(old, Source.POLICE)
    town.add(old, Source.BUSINESS, number=old.number[:6] + old.number[8:17])
    registry.build(town)
    assert links(registry) == truth(town)


def test_duplicates_in_one_source(registry: Registry) -> None:
    """Two records of one person in one source are kept apart and counted; look-up finds the first."""
    town, one = Town(), citizen(1)
    twin = citizen(1)
    town.add(one, Source.POLICE, Source.HEALTH)
    twin.keys[Source.HEALTH] = "HE999999"
    town.add(twin, Source.HEALTH)
    counts, _ = registry.build(town)
    assert links(registry) == {frozenset(one.keys.items()), frozenset({(Source.HEALTH, "HE999999")})}
    assert counts[Source.HEALTH].duplicate == 1
    subject = registry.run(_resolve(registry, found(registry, one)))
    assert subject.keys[Source.HEALTH] == one.keys[Source.HEALTH]


def _resolve(registry: Registry, migrant: Any) -> Any:
    async def work(pool: Pool) -> Any:
        return (await registry.crosswalk(pool).resolve([migrant]))[0]

    return work


def test_facts(registry: Registry) -> None:
    """Counties come from the police; minority is the 14th birthday of a child and nothing of an adult."""
    town = Town()
    child = town.add(citizen(1, born=date(2016, 2, 29)), Source.HEALTH, Source.POLICE)
    adult = town.add(citizen(2, born=date(1990, 1, 1), residence="320506"), Source.POLICE)
    unknown = town.add(citizen(3), Source.HEALTH)
    registry.build(town)
    migrants = found_all(registry, (child, adult, unknown))
    facts = [one.facts for one in registry.run(lambda pool: registry.crosswalk(pool).resolve(migrants))]
    assert [one.minor_until for one in facts] == [date(2030, 3, 1), None, None]
    assert [one.residence_county for one in facts] == ["320505", "320506", ""]
    assert [one.origin_county for one in facts] == [child.origin, adult.origin, ""]
    assert not any(one.protected or one.consents for one in facts)


def test_moves(registry: Registry, town: Town) -> None:
    """Who moves to another county is in that county after the next build."""
    registry.build(town)
    one = town.citizens[0]
    one.residence = "320585"
    town.add(one, Source.POLICE)
    registry.build(town)
    assert registry.run(_resolve(registry, found(registry, one))).facts.residence_county == "320585"


def test_each_batch_is_recorded(registry: Registry, town: Town) -> None:
    """Every batch has one record that names all of its persons, and every person of a source is in one."""
    _, reports = registry.build(town, batch=7)
    police = [report for report in reports if report.source is Source.POLICE]
    assert [report.number for report in police] == list(range(1, 10))
    assert [len(report.migrants) for report in police] == [7] * 8 + [4]
    assert len({migrant for report in police for migrant in report.migrants}) == 60
    assert all(report.counts.persons == len(report.migrants) for report in reports)


def test_no_record_no_link(registry: Registry, town: Town) -> None:
    """A batch whose record fails is undone; those before it stay."""
    durable: list[int] = []

    async def record(report: BatchReport) -> None:
        if len(durable) == 2:
            raise StorageError("the audit log is down")
        durable.append(len(report.migrants))

    async def work(pool: Pool) -> Any:
        with pytest.raises(StorageError, match="audit log"):
            await RegistryBuild(pool, RING, record, batch=7).run(town.connectors())
        return await pool.fetchval("SELECT count(*) FROM migrants")

    assert registry.run(work) == sum(durable) == 14
    registry.build(town, batch=7)
    assert links(registry) == truth(town)


def test_a_source_that_drops_the_connection(registry: Registry, town: Town) -> None:
    """A build goes on from the last stored page, not from the beginning."""
    town.rolls[Source.HEALTH].fail_after = 2
    with pytest.raises(ConnectionResetError):
        registry.build(town, batch=7)
    town.rolls[Source.HEALTH].fail_after = None
    town.rolls[Source.HEALTH].scanned.clear()
    town.rolls[Source.POLICE].scanned.clear()
    counts, _ = registry.build(town, batch=7)
    assert links(registry) == truth(town)
    assert town.rolls[Source.POLICE].scanned == []
    ((_, after),) = town.rolls[Source.HEALTH].scanned
    assert after == sorted(town.rolls[Source.HEALTH].rows)[13]
    assert counts[Source.HEALTH].persons == len(town.rolls[Source.HEALTH].rows)


def _build_slowly(url: str, seed: int) -> None:
    """A build in a process of its own, slow enough to be killed in its middle."""

    async def record(report: BatchReport) -> None:
        print(report.number, flush=True)
        await asyncio.sleep(0.02)

    async def work() -> None:
        async with await open_pool(url, 2) as pool:
            await RegistryBuild(pool, RING, record, batch=4).run(_town(seed).connectors())

    asyncio.run(work())


def _town(seed: int) -> Town:
    made = Town()
    for number in range(60):
        made.add(citizen(seed + number), *Source)
    return made


def test_killed_and_resumed(registry: Registry) -> None:
    """SIGKILL at several moments, then a build to the end: the links are those of an undisturbed build."""
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    for seconds in (0.15, 0.35):
        process = context.Process(target=_build_slowly, args=(registry.service_url, 100))
        process.start()
        time.sleep(seconds)
        os.kill(process.pid or 0, signal.SIGKILL)
        process.join()
        assert process.exitcode == -signal.SIGKILL
    interrupted = registry.run(lambda pool: pool.fetchval("SELECT count(*) FROM links"))
    assert 0 < interrupted < 300
    town = _town(100)
    counts, _ = registry.build(town, batch=9)
    assert links(registry) == truth(town)
    assert sum(one.persons for one in counts.values()) == 300
    assert sum(one.created for one in counts.values()) == 60


def test_two_builds_at_once(registry: Registry, town: Town) -> None:
    """Of two builds at the same time one gives way with a clear error, and no person is there twice."""

    async def record(report: BatchReport) -> None:
        await asyncio.sleep(0)

    async def work(pool: Pool) -> Any:
        builds = [RegistryBuild(pool, RING, record, batch=5) for _ in range(2)]
        return await asyncio.gather(*(one.run(town.connectors()) for one in builds), return_exceptions=True)

    results = registry.run(work)
    assert [str(one) for one in results if isinstance(one, Exception)] == ["another build of the registry is running"]
    registry.build(town)
    assert links(registry) == truth(town)


def test_rotated_keys(registry: Registry, town: Town) -> None:
    """After a rotation everybody is still found; the next build adds digests under the new keys and links as before."""
    registry.build(town)
    ring = RING.rotated("index", os.urandom).rotated("crosswalk", os.urandom)
    rotated = Registry(registry.owner_url, registry.service_url, ring)
    town.add(citizen(999), Source.POLICE)
    assert found(rotated, town.citizens[0]) == found(registry, town.citizens[0])
    rotated.build(town)
    late = citizen(1000)
    town.add(late, *Source)
    rotated.build(town)
    retired = Registry(registry.owner_url, registry.service_url, ring.retired("index", 1))
    assert found(retired, town.citizens[0]) == found(rotated, town.citizens[0])
    assert found(retired, late) is not None
    assert registry.run(lambda pool: pool.fetchval("SELECT count(*) FROM migrants")) == 62
    counts, _ = retired.build(town)
    assert all(one.known == one.persons for one in counts.values())


def test_status(registry: Registry, town: Town) -> None:
    """The status counts migrants and links, and says whether a build is unfinished."""

    def status() -> Any:
        return registry.run(lambda pool: RunStore(pool, RegistrySeal(RING)).status())

    assert (status().migrants, status().building, status().finished_at, status().counts) == (0, False, None, {})
    town.rolls[Source.BUSINESS].fail_after = 1
    with pytest.raises(ConnectionResetError):
        registry.build(town, batch=5)
    assert status().building
    town.rolls[Source.BUSINESS].fail_after = None
    registry.build(town, batch=5)
    assert not status().building
    assert status().migrants == 60
    assert status().counts[Source.POLICE].created == 60
    assert status().finished_at is not None


def test_empty_sources(registry: Registry) -> None:
    """Sources without persons, or no sources at all, are a build that ends."""
    counts, reports = registry.build(Town())
    assert reports == []
    assert {one.persons for one in counts.values()} == {0}

    async def none(pool: Pool) -> Any:
        return await RegistryBuild(pool, RING, lambda report: asyncio.sleep(0)).run({})

    assert registry.run(none) == {}


def test_new_ids() -> None:
    """A migrant's id is a random UUIDv7 of its moment (RFC 9562)."""
    made = [new_migrant_id(1_700_000_000_000) for _ in range(1000)]
    assert len(set(made)) == 1000
    assert {one.version for one in made} == {7}
    assert {one.int >> 80 for one in made} == {1_700_000_000_000}
    assert abs((new_migrant_id().int >> 80) - time.time() * 1000) < 60_000
    assert KeyRing.from_seed(bytes(32)).current("index").version == 1
