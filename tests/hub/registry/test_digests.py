"""Digests: equal exactly for equal persons, useless without the key, named by suite and version."""

import os
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from hub.registry.digests import RegistryDigests
from privacy.keys import KeyRing
from schema.codes import DocumentKind
from schema.ids import SourceKey
from schema.vocabulary import Source

RING = KeyRing.from_seed(bytes(32))
DIGESTS = RegistryDigests(RING)
ID = DocumentKind.RESIDENT_ID
names = st.text(min_size=1, max_size=8)


def test_uses_are_apart() -> None:
    """The same words give different digests as number, name, look-up and source key."""
    one = DIGESTS.current
    made = {
        one.number(ID, "1"),
        one.number(DocumentKind.PASSPORT, "1"),
        one.lookup(ID, "1", ""),
        one.source_key(Source.POLICE, SourceKey("1")),
        one.source_key(Source.HEALTH, SourceKey("1")),
        one.person("1", date(1990, 1, 1)),
        one.person("1", date(1990, 1, 2)),
    }
    assert len(made) == 7
    assert {len(digest) for digest in made} == {34}
    assert {digest[:2] for digest in made} == {b"\x01\x01"}


@given(st.lists(st.tuples(names, names), min_size=2, max_size=2, unique=True))
def test_parts_cannot_run_together(pairs: list[tuple[str, str]]) -> None:
    """Two different pairs of number and name never give one look-up, however they are cut."""
    first, second = ((number, "".join(name.split()).casefold()) for number, name in pairs)
    digests = [DIGESTS.current.lookup(ID, *pair) for pair in (first, second)]
    if digests[0] == digests[1]:
        assert first[0] == second[0]


def test_names_are_normalised() -> None:
    """Another separator, width, case or space in a name gives the same digests."""
    for spelling in ("阿依古丽•买买提", " 阿依古丽·买买提 ", "阿依古丽・买买提"):
        assert DIGESTS.current.lookup(ID, "1", spelling) == DIGESTS.current.lookup(ID, "1", "阿依古丽·买买提")
        assert DIGESTS.phantom(ID, "1", spelling) == DIGESTS.phantom(ID, "1", "阿依古丽·买买提")
    assert DIGESTS.current.person("ＬＩ Lei", date(1990, 1, 1)) == DIGESTS.current.person("lilei", date(1990, 1, 1))


def test_keys_and_versions() -> None:
    """Another key gives other digests; a rotated one keeps the old version beside the new."""
    other = RegistryDigests(KeyRing.from_seed(b"\1" * 32))
    assert other.current.number(ID, "1") != DIGESTS.current.number(ID, "1")
    rotated = RegistryDigests(RING.rotated("index", os.urandom))
    assert [version.number(ID, "1")[:2] for version in rotated.versions] == [b"\x01\x02", b"\x01\x01"]
    assert rotated.versions[1].number(ID, "1") == DIGESTS.current.number(ID, "1")


def test_phantoms() -> None:
    """Nobody's id looks like a migrant's, differs from person to person, and stays the same after a rotation."""
    made = [DIGESTS.phantom(ID, str(number), "王芳") for number in range(1000)]
    assert len(set(made)) == 1000
    assert {one.version for one in made} == {7}
    assert {one.variant for one in made} == {"specified in RFC 4122"}
    assert {2025} == {1970 + (one.int >> 80) // 31_556_952_000 for one in made}
    assert RegistryDigests(RING.rotated("index", os.urandom)).phantom(ID, "7", "王芳") == made[7]
