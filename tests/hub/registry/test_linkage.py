"""Linkage as a law: two records are one person exactly when number, name and birth date agree."""

from collections import defaultdict
from datetime import date
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.registry.digests import RegistryDigests
from hub.registry.linkage import Identity, Linker, Person, digest_person, identity_columns, read_person
from privacy.keys import KeyRing
from schema.codes import DocumentKind
from schema.ids import MigrantId, SourceKey
from schema.vocabulary import Source

DIGESTS = RegistryDigests(KeyRing.from_seed(bytes(32)))
TODAY = date(2026, 11, 1)

identities = st.builds(
    Identity,
    st.just(DocumentKind.PASSPORT),
    st.sampled_from(["E1234567", "E7654321"]),
    st.sampled_from(["王芳", "张伟"]),
    st.sampled_from([date(1990, 1, 1), date(2020, 1, 1)]),
)
rolls = st.lists(st.tuples(st.sampled_from(Source), st.none() | identities), max_size=12)


@given(rolls)
def test_agreement_and_nothing_else(roll: list[tuple[Source, Identity | None]]) -> None:
    """Whatever the order, records share a migrant exactly when their identities agree and their sources differ."""
    linker = Linker(Source.POLICE, TODAY, {}, {}, {})
    expected: dict[Identity, MigrantId] = {}
    sources: dict[MigrantId, set[Source]] = defaultdict(set)
    for number, (source, identity) in enumerate(roll):
        linker.source = source
        person = Person(SourceKey(str(number)), identity, identity.birth_date if identity else None)
        migrant = linker.link(person, digest_person(DIGESTS, source, person), MigrantId(UUID(int=number)))
        holder = expected.get(identity) if identity else None
        if holder is not None and source not in sources[holder]:
            assert migrant == holder
        else:
            assert migrant.int == number
            if identity and holder is None:
                expected[identity] = migrant
        sources[migrant].add(source)
        assert linker.rows[migrant].secrets.keys[source] == str(number)
    assert linker.counts.persons == len(roll) == linker.counts.created + linker.counts.linked
    assert len(linker.new_links) == len(roll)
    assert len(linker.new_identities) == len(expected)


def test_columns_read() -> None:
    """Residence and registration counties are asked of the police only."""
    assert identity_columns(Source.HEALTH) == ("document_kind", "id_number", "name", "birth_date")
    assert identity_columns(Source.POLICE)[4:] == ("residence_county", "hukou_county")


def test_counties_are_cut() -> None:
    """A longer division code is cut to the county before anything is stored."""
    person = read_person(SourceKey("1"), ("PASSPORT", "E1234567", "王芳", TODAY, "320505123456", None))
    assert (person.residence_county, person.origin_county) == ("320505", "")


@pytest.mark.parametrize("value", [20200101, "2020-01-01", True, None])
def test_foreign_types_count_as_missing(value: object) -> None:
    """A birth date of another type is no birth date, and links nobody."""
    person = read_person(SourceKey("1"), ("PASSPORT", "E1234567", "王芳", value))  # type: ignore[arg-type]
    assert person.identity is None
    assert person.birth_date is None


def test_nothing_personal_in_repr() -> None:
    """A record, an identity and its digests do not show when they are printed."""
    person = read_person(SourceKey("KEY-1"), ("PASSPORT", "E1234567", "王芳", TODAY, "320505", "410121"))
    assert person.identity is not None
    shown = repr([person, person.identity, digest_person(DIGESTS, Source.POLICE, person)])
    assert not any(value in shown for value in ("KEY-1", "E1234567", "王芳", "320505"))
