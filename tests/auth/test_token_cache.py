"""The memory for verified tokens is short and small."""

from dataclasses import replace
from datetime import timedelta

import pytest

from auth.model import Caller
from auth.token_cache import CACHE_SECONDS, CACHE_SIZE, TokenCache
from tests.auth.world import START, World


@pytest.fixture
def caller(world: World) -> Caller:
    """A caller whose token expires in half an hour."""
    result = world.verify(world.token())
    assert isinstance(result, Caller)
    return result


def test_entry_holds_for_a_minute(caller: Caller) -> None:
    """An entry is found for sixty seconds and not at the sixtieth."""
    cache = TokenCache()
    cache.remember(b"a", caller, START, 0)
    assert cache.find(b"a", START + timedelta(seconds=CACHE_SECONDS - 0.001), 0) is caller
    assert cache.find(b"a", START + timedelta(seconds=CACHE_SECONDS), 0) is None
    assert cache.find(b"b", START, 0) is None


def test_entry_ends_with_its_token(caller: Caller) -> None:
    """An entry is gone when the token expires, however fresh it is."""
    cache = TokenCache()
    cache.remember(b"a", replace(caller, expires=START + timedelta(seconds=5)), START, 0)
    assert cache.find(b"a", START + timedelta(seconds=5), 0) is None


def test_clock_set_back_forgets(caller: Caller) -> None:
    """A clock that went back does not lengthen an entry's life."""
    cache = TokenCache()
    cache.remember(b"a", caller, START, 0)
    assert cache.find(b"a", START - timedelta(seconds=1), 0) is None


def test_new_generation_empties_cache(caller: Caller) -> None:
    """An entry of other keys is not found, and goes as soon as a new one comes."""
    cache = TokenCache()
    cache.remember(b"a", caller, START, 0)
    assert cache.find(b"a", START, 1) is None
    cache.remember(b"b", caller, START, 1)
    assert len(cache) == 1
    assert cache.find(b"b", START, 1) is caller


def test_cache_is_bounded(caller: Caller) -> None:
    """The oldest entries make room, so that no number of tokens fills the memory."""
    cache = TokenCache()
    for number in range(CACHE_SIZE + 10):
        cache.remember(number.to_bytes(4, "big"), caller, START, 0)
    assert len(cache) == CACHE_SIZE
    assert cache.find((9).to_bytes(4, "big"), START, 0) is None
    assert cache.find((10).to_bytes(4, "big"), START, 0) is caller
