"""The crosswalk: one statement per question, and nobody's answer looks like anybody's."""

from typing import Any
from uuid import uuid4

from hub.registry.sealing import RegistrySeal
from hub.store.pool import Pool
from privacy.model import SubjectFacts
from schema.codes import DocumentKind
from schema.ids import MigrantId
from schema.vocabulary import Source
from tests.hub.registry.conftest import Registry, Town, citizen

ID = DocumentKind.RESIDENT_ID


class Spy:
    """A pool that counts statements."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.statements: list[str] = []

    def __getattr__(self, name: str) -> Any:
        async def call(query: str, *args: object) -> Any:
            self.statements.append(query)
            return await getattr(self.pool, name)(query, *args)

        return call


def test_found_by_number_and_name(registry: Registry, town: Town) -> None:
    """Both number and name must be right; a wrong name, number or kind finds nobody, by the same one statement."""
    registry.build(town)
    one, other = town.citizens[:2]

    async def work(pool: Pool) -> Any:
        spy = Spy(pool)
        crosswalk = registry.crosswalk(spy)  # type: ignore[arg-type]
        found = [
            await crosswalk.find(ID, one.number, one.name),
            await crosswalk.find(ID, one.number, other.name),
            await crosswalk.find(ID, other.number, one.name),
            await crosswalk.find(DocumentKind.PASSPORT, one.number, one.name),
            await crosswalk.find(ID, citizen(999).number, citizen(999).name),
        ]
        return found, spy.statements

    found, statements = registry.run(work)
    assert found[0] is not None
    assert found[1:] == [None] * 4
    assert len(statements) == 5
    assert len(set(statements)) == 1


def test_resolved_by_one_statement(registry: Registry, town: Town) -> None:
    """Any number of persons, known and unknown, repeated, take one statement that also reads the policy epoch."""
    registry.build(town)

    async def work(pool: Pool) -> Any:
        plain = registry.crosswalk(pool)
        ids = [await plain.find(ID, one.number, one.name) for one in town.citizens[:9]]
        unknown = MigrantId(uuid4())
        spy = Spy(pool)
        asked = [*ids, unknown, ids[0]]
        return asked, await registry.crosswalk(spy).resolve_with_epoch(asked), len(spy.statements)  # type: ignore[arg-type]

    asked, resolution, statements = registry.run(work)
    assert statements == 1
    assert [one.migrant for one in resolution.subjects] == asked
    for one, subject in zip(town.citizens[:9], resolution.subjects, strict=False):
        assert dict(subject.keys) == one.keys
        assert subject.facts == SubjectFacts(one.residence, one.origin, False, subject.facts.minor_until)
    assert resolution.subjects[9].keys == {}
    assert resolution.subjects[9].facts == SubjectFacts("", "", False, None)
    assert resolution.subjects[10] == resolution.subjects[0]


def test_nobody_resolves(registry: Registry) -> None:
    """In an empty registry a phantom resolves like anybody unknown, and no ids at all to nothing."""

    async def work(pool: Pool) -> Any:
        crosswalk = registry.crosswalk(pool)
        phantom = crosswalk.phantom(ID, citizen(1).number, citizen(1).name)
        return await crosswalk.resolve([phantom]), await crosswalk.resolve([])

    (subject,), none = registry.run(work)
    assert (subject.keys, subject.facts.residence_county) == ({}, "")
    assert none == []


def test_nobody_is_opened_like_somebody(registry: Registry, town: Town, monkeypatch: Any) -> None:
    """A person nobody knows costs as many openings of sealed bytes as one who is known."""
    registry.build(town)
    opened: list[MigrantId] = []
    original = RegistrySeal.open
    monkeypatch.setattr(
        RegistrySeal, "open", lambda self, migrant, sealed: opened.append(migrant) or original(self, migrant, sealed)
    )

    async def work(pool: Pool) -> Any:
        crosswalk = registry.crosswalk(pool)
        known = await crosswalk.find(ID, town.citizens[0].number, town.citizens[0].name)
        await crosswalk.resolve([known])  # type: ignore[list-item]
        once = len(opened)
        await crosswalk.resolve([MigrantId(uuid4())])
        return once, len(opened) - once

    assert registry.run(work) == (1, 1)


def test_policy_epoch(registry: Registry) -> None:
    """Every change of policies counts the epoch up, and resolving sees it at once."""

    async def work(pool: Pool) -> Any:
        crosswalk = registry.crosswalk(pool)
        before = await crosswalk.policy_epoch()
        advanced = await crosswalk.advance_policy_epoch()
        return before, advanced, (await crosswalk.resolve_with_epoch([MigrantId(uuid4())])).policy_epoch

    before, advanced, seen = registry.run(work)
    assert before + 1 == advanced == seen


def test_no_keys_in_repr(registry: Registry, town: Town) -> None:
    """A resolved subject does not show its keys or county when it is printed."""
    registry.build(town)
    one = town.citizens[0]

    async def work(pool: Pool) -> Any:
        crosswalk = registry.crosswalk(pool)
        return await crosswalk.resolve_with_epoch([await crosswalk.find(ID, one.number, one.name)])  # type: ignore[list-item]

    resolution = registry.run(work)
    shown = repr(resolution) + repr(resolution.subjects[0])
    assert one.keys[Source.POLICE] not in shown
    assert one.residence not in shown
