"""What a document costs, counted before anything costly is done with it."""

import time

import pytest
from graphql import parse

from hub.engine.limits import Limits
from hub.engine.measures import check_literals, check_size
from schema.errors import ErrorCode, RequestError

LIMITS = Limits(depth=6, fields=40)


def refused(document: str, limits: Limits = LIMITS) -> ErrorCode | None:
    """The code a document's size is refused with, or None."""
    try:
        check_size(parse(document, no_location=True), limits)
    except RequestError as error:
        return error.code
    return None


def named(document: str) -> bool:
    """Whether a document is taken to have an identifier written out."""
    try:
        check_literals(parse(document, no_location=True))
    except RequestError as error:
        return error.code is ErrorCode.IDENTIFIER_LITERAL
    return False


def test_an_exempt_literal_is_no_way_around() -> None:
    """A division may be written out, a document's number in its place may not."""
    listing = '{{ migrants(division: "{}") {{ nodes {{ id }} }} }}'
    assert not named(listing.format("320505001002"))
    assert named(listing.format("110101199003070038"))
    assert named(listing.format("110101900307003"))


def test_a_fragment_bomb_is_counted_not_expanded() -> None:
    """Sixty fragments that each spread the next twice would be 2^60 fields; they are refused at once."""
    chain = " ".join(f"fragment F{i} on Migrant {{ ...F{i + 1} ...F{i + 1} }}" for i in range(60))
    document = f"{{ me {{ ...F0 }} }} {chain} fragment F60 on Migrant {{ id }}"
    started = time.perf_counter()
    assert refused(document, Limits(depth=100)) is ErrorCode.DOCUMENT_TOO_COMPLEX
    assert time.perf_counter() - started < 1.0


def test_aliases_and_repeated_fields_count_each() -> None:
    """The same field forty times, with aliases or without, is forty fields."""
    aliased = " ".join(f"a{i}: id" for i in range(39))
    assert refused(f"{{ me {{ {aliased} }} }}") is None
    assert refused(f"{{ me {{ {aliased} z: id }} }}") is ErrorCode.DOCUMENT_TOO_COMPLEX
    assert refused(f"{{ me {{ {'id ' * 40} }} }}") is ErrorCode.DOCUMENT_TOO_COMPLEX


def test_fragments_count_at_every_use() -> None:
    """A fragment of ten fields used four times is forty fields."""
    ten = " ".join(f"a{i}: id" for i in range(10))
    assert refused(f"{{ me {{ ...T ...T ...T }} }} fragment T on Migrant {{ {ten} }}") is None
    too_many = f"{{ me {{ ...T ...T ...T ...T }} }} fragment T on Migrant {{ {ten} }}"
    assert refused(too_many) is ErrorCode.DOCUMENT_TOO_COMPLEX


@pytest.mark.parametrize(
    "cycle",
    [
        "{ me { ...A } } fragment A on Migrant { ...A }",
        "{ me { ...A } } fragment A on Migrant { ...B } fragment B on Migrant { police { ...A } }",
        "{ me { id } } fragment Unused on Migrant { ...Unused }",
    ],
)
def test_a_cycle_is_too_deep(cycle: str) -> None:
    """Fragments that spread each other are refused before anybody follows them."""
    assert refused(cycle) is ErrorCode.DOCUMENT_TOO_DEEP


def test_fragments_and_inline_fragments_have_depth() -> None:
    """Nesting counts however it is written."""
    assert refused("{ a { b { c { d { e } } } } }") is None
    assert refused("{ a { b { c { d { e { f { g } } } } } } }") is ErrorCode.DOCUMENT_TOO_DEEP
    assert refused("{ a { ... { b { ... { c { ... { d } } } } } } }") is ErrorCode.DOCUMENT_TOO_DEEP
    spread = "{ a { b { ...F } } } fragment F on T { c { d { e { f } } } }"
    assert refused(spread) is ErrorCode.DOCUMENT_TOO_DEEP


def test_every_operation_and_fragment_is_measured() -> None:
    """What will not run is validated too, in time that grows with its square: it has the same limits."""
    large = " ".join(["id"] * 50)
    assert refused(f"query A {{ me {{ id }} }} query B {{ me {{ {large} }} }}") is ErrorCode.DOCUMENT_TOO_COMPLEX
    unused = f"{{ me {{ id }} }} fragment F on Migrant {{ {large} }}"
    assert refused(unused) is ErrorCode.DOCUMENT_TOO_COMPLEX


def test_a_fragment_nobody_defines_is_invalid() -> None:
    """Counting needs every fragment; a missing one is a fault of the document, not of the hub."""
    assert refused("{ me { ...Nobody } }") is ErrorCode.DOCUMENT_INVALID


def test_a_very_long_chain_is_too_deep() -> None:
    """A thousand fragments in a row are refused without running out of stack."""
    chain = " ".join(f"fragment F{i} on Migrant {{ ...F{i + 1} }}" for i in range(1000))
    document = f"{{ me {{ ...F0 }} }} {chain} fragment F1000 on Migrant {{ id }}"
    assert refused(document, Limits(depth=10**6)) is ErrorCode.DOCUMENT_TOO_DEEP


@pytest.mark.parametrize(
    "document",
    [
        '{ migrant(id: "AAAA") { id } }',
        '{ lookup(documentKind: PASSPORT, number: """E1""", name: $n) { id } }',
        "{ migrant(id: 1234567) { id } }",
        "{ migrant(id: -1234567) { id } }",
        '{ migrant(id: ["x"]) { id } }',
        '{ migrant(id: { deep: ["x"] }) { id } }',
        'query($n: String = "x") { lookup(name: $n) { id } }',
        'query($n: [String] = [null, "x"]) { lookup(name: $n) { id } }',
        '{ me { checks { identityMatches(name: "x") { answer } } } }',
        '{ me @include(if: "x") { id } }',
        '{ ... @skip(if: "x") { me { id } } }',
        '{ me { id } } fragment F on Migrant { checks { guardianOf(child: "x") { answer } } }',
        'query A { me { id } } query B { migrant(id: "x") { id } }',
        '{ other: migrants(division: "3205", after: "x") { nodes { id } } }',
    ],
)
def test_identifiers_are_not_written_out(document: str) -> None:
    """A string, or an integer as long as a number of a document, anywhere in a document is refused."""
    assert named(document)


@pytest.mark.parametrize(
    "document",
    [
        '{ migrants(division: "320505", first: 1000) { nodes { id } } }',
        '{ other: migrants(division: "320505") { nodes { id } } }',
        '{ preflight(document: "{ me { id } }", purpose: "statistics") { refused } }',
        "{ me { checks { insuredMonths(period: MONTHS_12) { answer } } } }",
        "query($first: Int = 50) { migrants(division: $d, first: $first) { nodes { id } } }",
        "{ me @include(if: true) { id } }",
        '{ __type(name: "Migrant") { name } }',
    ],
)
def test_what_is_no_identifier_may_be_written_out(document: str) -> None:
    """Divisions, documents, purposes, page sizes and enum values are nobody's identifiers."""
    assert not named(document)
