"""Sealed rows: opened by their own migrant and key only, and alike in length."""

import os
from datetime import date
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.registry.model import MigrantSecrets
from hub.registry.sealing import RegistrySeal
from privacy.keys import KeyRing
from privacy.model import Consent
from schema.errors import StorageError
from schema.ids import MigrantId, SourceKey
from schema.vocabulary import Source

RING = KeyRing.from_seed(bytes(32))
SEAL = RegistrySeal(RING)
MIGRANT = MigrantId(uuid4())

secrets = st.builds(
    MigrantSecrets,
    st.dictionaries(st.sampled_from(Source), st.text(min_size=1, max_size=40).map(SourceKey)),
    st.booleans(),
    st.none() | st.dates(),
    st.lists(st.builds(Consent, st.text(max_size=20), st.text(max_size=20), st.dates()), max_size=5).map(tuple),
)


@given(secrets)
def test_round_trip(held: MigrantSecrets) -> None:
    """What is sealed is opened again, flags, dates and consents included."""
    assert SEAL.open(MIGRANT, SEAL.seal(MIGRANT, held)) == held


def test_length_tells_nothing() -> None:
    """Nobody's row is longer for protection, minority, a consent or a fifth source."""
    full = MigrantSecrets(
        {source: SourceKey("P1234567") for source in Source},
        True,
        date(2030, 1, 1),
        (Consent("civil-affairs", "social-assistance", date(2030, 1, 1)),),
    )
    assert len(SEAL.seal(MIGRANT, MigrantSecrets())) == len(SEAL.seal(MIGRANT, full))


def test_moved_and_changed_rows() -> None:
    """A row moved to another person, or with any byte changed, does not open."""
    sealed = SEAL.seal(MIGRANT, MigrantSecrets(protected=True))
    with pytest.raises(StorageError):
        SEAL.open(MigrantId(uuid4()), sealed)
    for place in range(len(sealed)):
        with pytest.raises(StorageError):
            SEAL.open(MIGRANT, sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :])
    for short in (b"", sealed[:1], sealed[:16]):
        with pytest.raises(StorageError):
            SEAL.open(MIGRANT, short)


def test_rotation() -> None:
    """Rows of an older key open until it is retired; new ones are under the new key."""
    held = MigrantSecrets({Source.HEALTH: SourceKey("1")})
    ring = RING.rotated("crosswalk", os.urandom)
    old, rotated = SEAL.seal(MIGRANT, held), RegistrySeal(ring)
    assert rotated.open(MIGRANT, old) == held
    assert rotated.seal(MIGRANT, held) != old
    with pytest.raises(StorageError, match="not accepted any more"):
        RegistrySeal(ring.retired("crosswalk", 1)).open(MIGRANT, old)


@given(st.text(st.characters(blacklist_characters="\0", codec="utf-8"), max_size=300))
def test_cursors(cursor: str) -> None:
    """A cursor is opened again for its own source only."""
    sealed = SEAL.seal_cursor(Source.HEALTH, cursor)
    assert SEAL.open_cursor(Source.HEALTH, sealed) == cursor
    with pytest.raises(StorageError):
        SEAL.open_cursor(Source.POLICE, sealed)


def test_nothing_in_repr() -> None:
    """Opened secrets do not show when they are printed."""
    assert "P1234567" not in repr(MigrantSecrets({Source.POLICE: SourceKey("P1234567")}))
