"""Sector ids: one per department and migrant, impossible to forge, readable across a rotation."""

import os
import random
import string
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from privacy.keys import KeyRing, sector_key_name
from privacy.sector_ids import SECTOR_ID_LENGTH, SectorIds
from schema.errors import ErrorCode, RequestError
from schema.ids import MigrantId
from schema.vocabulary import Department

RING = KeyRing.from_seed(bytes(32))
IDS = SectorIds(RING)
ALPHABET = string.ascii_letters + string.digits + "-_"


def refused(department: Department, sector_id: str, ids: SectorIds = IDS) -> bool:
    """Whether the id is refused with the one code for all wrong ids."""
    try:
        ids.open(department, sector_id)
    except RequestError as error:
        return error.code is ErrorCode.ID_INVALID
    return False


@given(st.uuids(), st.sampled_from(Department))
def test_round_trip(value: UUID, department: Department) -> None:
    """What a department was given opens to the same migrant, alone or in a batch, and is always the same text."""
    migrant = MigrantId(value)
    sector_id = IDS.seal(department, migrant)
    assert len(sector_id) == SECTOR_ID_LENGTH
    assert set(sector_id) <= set(ALPHABET)
    assert IDS.open(department, sector_id) == migrant
    assert IDS.seal_many(department, [migrant, migrant]) == [sector_id, sector_id]
    assert IDS.open_many(department, [sector_id]) == [migrant]


def test_departments_share_none() -> None:
    """Thirteen departments see thirteen different ids, and none opens another's."""
    migrant = MigrantId(uuid4())
    sealed = {department: IDS.seal(department, migrant) for department in Department}
    assert len(set(sealed.values())) == len(Department)
    for owner, sector_id in sealed.items():
        assert all(refused(other, sector_id) for other in Department if other is not owner)


def test_forgeries() -> None:
    """Of 20 000 forged ids (random, altered, spliced from true ones) every one is refused."""
    dice = random.Random(1)  # noqa: S311  (repeatable forgeries)
    true = IDS.seal_many(Department.HEALTH, [MigrantId(uuid4()) for _ in range(100)])
    forged = []
    while len(forged) < 20_000:
        first, second = dice.sample(true, 2)
        cut, spot = dice.randrange(4, 40), dice.randrange(SECTOR_ID_LENGTH)
        forged += [
            "".join(dice.choices(ALPHABET, k=SECTOR_ID_LENGTH)),
            first[:spot] + dice.choice(ALPHABET.replace(first[spot], "")) + first[spot + 1 :],
            first[:cut] + second[cut:],
        ]
    assert not set(forged[:20_000]) & set(true)
    assert sum(refused(Department.HEALTH, text) for text in forged[:20_000]) == 20_000


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "",
        lambda text: text[:-1],
        lambda text: text + "A",
        lambda text: text + "====",
        lambda text: text[:40],
        lambda text: text * 1000,
        lambda text: " " + text[1:],
        lambda text: text[:-1] + "\n",
        lambda text: text[:-4] + "====",
        lambda text: "证" * SECTOR_ID_LENGTH,
        lambda text: text.swapcase(),
    ],
)
def test_malformed(change: object) -> None:
    """A short, long, padded, foreign or otherwise misspelt id is refused like a forged one."""
    assert callable(change)
    text = IDS.seal(Department.HEALTH, MigrantId(UUID(int=0x0190_0000_0000_7000_8000_0000_0000_0001)))
    assert refused(Department.HEALTH, change(text))


def test_one_spelling() -> None:
    """The standard base64 spelling of a true id is refused, so that ids can be compared as text."""
    migrants = (MigrantId(UUID(int=number)) for number in range(1000))
    text = next(text for text in IDS.seal_many(Department.HEALTH, migrants) if "-" in text)
    assert refused(Department.HEALTH, text.replace("-", "+"))


def test_rotated_keys_open_old_ids() -> None:
    """After a rotation new ids differ, old ones still open, and retiring the old key ends that."""
    migrant = MigrantId(uuid4())
    name = sector_key_name(Department.POLICE)
    ring = RING.rotated(name, os.urandom)
    rotated, retired = SectorIds(ring), SectorIds(ring.retired(name, 1))
    old, new = IDS.seal(Department.POLICE, migrant), rotated.seal(Department.POLICE, migrant)
    assert old != new
    assert rotated.open(Department.POLICE, old) == rotated.open(Department.POLICE, new) == migrant
    assert retired.open(Department.POLICE, new) == migrant
    assert refused(Department.POLICE, old, retired)
    assert rotated.seal(Department.HEALTH, migrant) == IDS.seal(Department.HEALTH, migrant)
