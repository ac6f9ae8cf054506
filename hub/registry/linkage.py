"""Deterministic linkage: who is who across sources. Pure; no I/O.

Two records are one person when their document numbers agree exactly **and** their names with birth dates agree exactly
(as keyed digests of normalised values). Everything else stays apart:

- a number that is missing, not well formed or fails its checksum links nobody: the person gets a migrant of their own;
- one number under two names or birth dates is a *probable* match: counted, never linked, never merged;
- a second record of one source for a person already linked there is a *duplicate*: counted, and kept apart.
"""

from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field, fields, replace
from datetime import date
from typing import Final, Self, TypeVar

from connectors.contract import Row
from hub.registry.digests import DigestVersion, RegistryDigests
from hub.registry.model import MigrantSecrets
from schema.codes import DocumentKind
from schema.errors import RequestError
from schema.identity import normalise_number
from schema.ids import MigrantId, SourceKey
from schema.vocabulary import Source

__all__ = [
    "ADULT_AGE",
    "Counts",
    "Identity",
    "IdentityRow",
    "Linker",
    "MigrantRow",
    "Person",
    "PersonDigests",
    "digest_person",
    "identity_columns",
    "read_person",
]

K = TypeVar("K")

ADULT_AGE: Final = 14
"""PIPL Art. 28: data of persons under 14 is sensitive; the subject class `minor` ends on the 14th birthday."""

_IDENTITY: Final = ("document_kind", "id_number", "name", "birth_date")
_COUNTIES: Final = ("residence_county", "hukou_county")


def identity_columns(source: Source) -> tuple[str, ...]:
    """The columns of `<source>.persons` that linkage reads: four of identity, and of police two counties."""
    return _IDENTITY + _COUNTIES if source is Source.POLICE else _IDENTITY


@dataclass(frozen=True, slots=True, repr=False)
class Identity:
    """What a person is recognised by: a sound document number (normalised), a name and a birth date."""

    kind: DocumentKind
    number: str
    name: str
    birth_date: date


@dataclass(frozen=True, slots=True, repr=False)
class Person:
    """One record of a source; `identity` is None when it is incomplete or its number is not sound."""

    key: SourceKey
    identity: Identity | None
    birth_date: date | None
    residence_county: str = ""
    origin_county: str = ""


def read_person(key: SourceKey, row: Row) -> Person:
    """A person from the values of `identity_columns`, in that order. Values of another type count as missing."""
    kind, number, name, birth_date, *counties = row
    born = birth_date if isinstance(birth_date, date) else None
    residence, origin = (str(county)[:6] if county else "" for county in (*counties, *("", "")[len(counties) :]))
    identity = _read_identity(kind, number, name, born) if born else None
    return Person(key, identity, born, residence, origin)


def _read_identity(kind: object, number: object, name: object, born: date) -> Identity | None:
    if not isinstance(number, str) or not isinstance(name, str) or not name.strip():
        return None
    try:
        document = DocumentKind[str(kind)]
        return Identity(document, normalise_number(document, number), name, born)
    except (KeyError, RequestError):
        return None


@dataclass(frozen=True, slots=True)
class IdentityRow:
    """One row of `identities`: the digests one migrant is recognised by, under one version of the key."""

    number: bytes
    person: bytes
    lookup: bytes
    migrant: MigrantId


@dataclass(frozen=True, slots=True, repr=False)
class PersonDigests:
    """All digests of one person: per accepted key version, newest first. Without an identity, of the key only."""

    keys: tuple[bytes, ...]
    numbers: tuple[bytes, ...] = ()
    persons: tuple[bytes, ...] = ()
    lookup: bytes = b""


def digest_person(digests: RegistryDigests, source: Source, person: Person) -> PersonDigests:
    """The digests a person is found and stored by."""
    keys = tuple(version.source_key(source, person.key) for version in digests.versions)
    one = person.identity
    if one is None:
        return PersonDigests(keys)

    def number(version: DigestVersion) -> bytes:
        return version.number(one.kind, one.number)

    return PersonDigests(
        keys,
        tuple(map(number, digests.versions)),
        tuple(version.person(one.name, one.birth_date) for version in digests.versions),
        digests.current.lookup(one.kind, one.number, one.name),
    )


@dataclass(slots=True)
class Counts:
    """What became of the persons of one source."""

    persons: int = 0
    created: int = 0
    linked: int = 0
    known: int = 0
    unnumbered: int = 0
    probable: int = 0
    duplicate: int = 0

    def add(self, other: Self) -> None:
        """Add another batch's counts."""
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))


@dataclass(frozen=True, slots=True, repr=False)
class MigrantRow:
    """One row of `migrants`, open."""

    residence_county: str = ""
    origin_county: str = ""
    secrets: MigrantSecrets = field(default_factory=MigrantSecrets)


@dataclass(slots=True, repr=False)
class Linker:
    """Decides one batch of one source, person by person, on what the registry holds about them already.

    Given: `links` (digest of a source key to migrant), `identities` ((number, person) to migrant) and `rows`. It
    changes `rows` and gathers what is to be stored: `new`, `changed`, `new_links`, `new_identities`.
    """

    source: Source
    today: date
    links: MutableMapping[bytes, MigrantId]
    identities: MutableMapping[tuple[bytes, bytes], MigrantId]
    rows: MutableMapping[MigrantId, MigrantRow]
    new: set[MigrantId] = field(default_factory=set)
    changed: set[MigrantId] = field(default_factory=set)
    new_links: dict[bytes, MigrantId] = field(default_factory=dict)
    new_identities: list[IdentityRow] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)
    _numbers: set[bytes] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._numbers = {number for number, _ in self.identities}

    def link(self, person: Person, digests: PersonDigests, fresh: MigrantId) -> MigrantId:
        """The person's migrant: the one they had, the one their identity agrees with, or `fresh`."""
        self.counts.persons += 1
        self.counts.unnumbered += person.identity is None
        holder = self._holder(digests)
        migrant = _first(self.links, digests.keys)
        if migrant is not None:
            self.counts.known += 1
        else:
            migrant = self._choose(person, digests, holder, fresh)
        self._remember(person, digests, migrant, holder)
        self._update(person, migrant)
        return migrant

    def _choose(self, person: Person, digests: PersonDigests, holder: MigrantId | None, fresh: MigrantId) -> MigrantId:
        if holder is not None and self.source not in self.rows[holder].secrets.keys:
            self.counts.linked += 1
            return holder
        self.counts.created += 1
        self.counts.duplicate += holder is not None
        self.counts.probable += holder is None and not self._numbers.isdisjoint(digests.numbers)
        self.new.add(fresh)
        self.rows[fresh] = MigrantRow()
        return fresh

    def _holder(self, digests: PersonDigests) -> MigrantId | None:
        return _first(self.identities, zip(digests.numbers, digests.persons, strict=True))

    def _remember(self, person: Person, digests: PersonDigests, migrant: MigrantId, holder: MigrantId | None) -> None:
        """Store what is missing under the newest version of the key; an identity belongs to one migrant only."""
        if digests.keys[0] not in self.links:
            self.links[digests.keys[0]] = self.new_links[digests.keys[0]] = migrant
        if person.identity is None or holder not in (None, migrant):
            return
        pair = (digests.numbers[0], digests.persons[0])
        if pair not in self.identities:
            self.identities[pair] = migrant
            self._numbers.add(pair[0])
            self.new_identities.append(IdentityRow(*pair, digests.lookup, migrant))

    def _update(self, person: Person, migrant: MigrantId) -> None:
        before = self.rows[migrant]
        secrets = before.secrets
        keys = {**secrets.keys, self.source: person.key}
        minor_until = secrets.minor_until
        if person.birth_date is not None and (self.source is Source.POLICE or minor_until is None):
            minor_until = _minor_until(person.birth_date, self.today)
        after = replace(before, secrets=replace(secrets, keys=keys, minor_until=minor_until))
        if self.source is Source.POLICE:
            after = replace(after, residence_county=person.residence_county, origin_county=person.origin_county)
        if after != before or migrant in self.new:
            self.rows[migrant] = after
            self.changed.add(migrant)


def _first(mapping: Mapping[K, MigrantId], keys: Iterable[K]) -> MigrantId | None:
    return next((mapping[key] for key in keys if key in mapping), None)


def _minor_until(birth_date: date, today: date) -> date | None:
    """The 14th birthday, kept only while it is to come: of an adult nothing about age is stored."""
    try:
        birthday = birth_date.replace(year=birth_date.year + ADULT_AGE)
    except ValueError:  # 29 February
        birthday = date(birth_date.year + ADULT_AGE, 3, 1)
    return birthday if birthday > today else None
