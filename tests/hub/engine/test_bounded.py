"""The cache that everything compiled is kept in."""

from hub.engine.bounded import BoundedCache


def test_the_least_recently_used_goes_first() -> None:
    """Of three values in a cache for two, the one not asked for lately is gone."""
    cache: BoundedCache[str, str] = BoundedCache(2)
    cache.put("a", "A")
    cache.put("b", "B")
    cache.get("a")
    cache.put("c", "C")
    assert (cache.get("a"), cache.get("b"), cache.get("c")) == ("A", None, "C")


def test_heavy_values_push_out_more() -> None:
    """Values are dropped until the rest weighs no more than it may, whatever their number."""
    cache: BoundedCache[str, str] = BoundedCache(100, 10, len)
    for key in "abcde":
        cache.put(key, key * 2)
    cache.put("f", "f" * 6)
    assert [key for key in "abcdef" if cache.get(key) is not None] == ["d", "e", "f"]


def test_a_value_heavier_than_the_bound_is_kept_alone() -> None:
    """What was just computed is not computed again for the next who asks."""
    cache: BoundedCache[str, str] = BoundedCache(100, 10, len)
    cache.put("a", "a")
    cache.put("b", "b" * 50)
    assert (len(cache), cache.get("b")) == (1, "b" * 50)
    cache.put("c", "c")
    assert (len(cache), cache.get("c")) == (1, "c")


def test_a_value_put_again_weighs_once() -> None:
    """A value that replaces another under its key leaves no weight behind."""
    cache: BoundedCache[str, str] = BoundedCache(100, 10, len)
    for _ in range(20):
        cache.put("a", "aaaa")
    cache.put("b", "bbbb")
    assert len(cache) == 2


def test_hits_and_misses_are_counted() -> None:
    """Operators see how often a cache helps."""
    cache: BoundedCache[str, int] = BoundedCache(2)
    cache.get("a")
    cache.put("a", 1)
    cache.get("a")
    assert (cache.hits, cache.misses) == (1, 1)
