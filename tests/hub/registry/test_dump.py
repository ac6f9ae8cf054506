"""A thief's view: everything the registry's tables hold, searched for everything that was ever put in."""

import asyncio
from datetime import date
from typing import Any

import asyncpg
import pytest

from hub.registry.budget import SubjectBudget
from hub.registry.flags import Flags
from hub.store.pool import Pool
from privacy.model import Consent
from schema.codes import DocumentKind
from schema.identity import check_digit
from schema.vocabulary import Source
from tests.hub.registry.conftest import RING, SEAL, Citizen, Registry, Town, citizen

_NUMBER = "32050519900307451"
CANARY = Citizen("金丝雀", _NUMBER + check_digit(_NUMBER), date(1990, 3, 7), "320505123", "411421001002")


async def _dump(owner_url: str) -> str:
    """Every row of every table of the database as text, binary columns also decoded."""
    connection = await asyncpg.connect(owner_url)
    tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    assert len(tables) >= 9
    text = []
    for (table,) in tables:
        for row in await connection.fetch(f'SELECT * FROM "{table}"'):  # noqa: S608
            values = list(row)
            text += [f"{table}: {values}"]
            text += [value.decode("latin-1") for value in values if isinstance(value, bytes)]
            text += [value.decode("utf-8", "ignore") for value in values if isinstance(value, bytes)]
    await connection.close()
    return "\n".join(text)


def _seeds(town: Town) -> set[str]:
    """Every value the registry saw and must not keep."""
    seeds = {"CANARY-CLIENT", "social-assistance"}
    for one in town.citizens:
        seeds |= {one.name, one.number, one.born.isoformat(), *one.keys.values()}
    return seeds | {CANARY.residence, CANARY.origin, CANARY.number[:14], CANARY.number.lower()}


def test_dump_holds_nothing(registry: Registry, town: Town) -> None:
    """After builds, one of them unfinished, flags, consents and budgets no value, source key or township is there."""
    town.add(CANARY, *Source)
    town.add(citizen(500), Source.HEALTH, number=None)
    registry.build(town, batch=7)
    town.rolls[Source.HEALTH].fail_after = 3
    with pytest.raises(ConnectionResetError):
        registry.build(town, batch=7)

    async def work(pool: Pool) -> Any:
        migrant = await registry.crosswalk(pool).find(DocumentKind.RESIDENT_ID, CANARY.number, CANARY.name)
        assert migrant is not None
        consent = Consent("civil-affairs", "social-assistance", date(2030, 1, 1))
        await Flags(pool, SEAL).grant(migrant, consent, _done)
        await SubjectBudget(pool, RING).spend("CANARY-CLIENT", date(2026, 11, 1), [migrant])

    registry.run(work)
    dump = asyncio.run(_dump(registry.owner_url))
    assert "320505" in dump
    assert "411421" in dump
    assert [seed for seed in _seeds(town) if seed in dump] == []


async def _done() -> None:
    """A durable record."""
