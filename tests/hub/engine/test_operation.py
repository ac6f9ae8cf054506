"""From the text of a document to a valid, bounded operation."""

from hashlib import sha256

import pytest

from hub.engine.limits import Limits
from hub.engine.operation import Operation, OperationCache
from schema.errors import TEXTS, ErrorCode, RequestError
from tests.hub.engine.desk import SCHEMA

LIMITS = Limits()
BY_ID = "query($id: ID!) { migrant(id: $id) { id } }"


def cache(limits: Limits = LIMITS, size: int = 512) -> OperationCache:
    """An empty cache."""
    return OperationCache(SCHEMA, limits, size)


def refused(text: str, name: str | None = None, limits: Limits = LIMITS) -> ErrorCode | None:
    """The code a document is refused with, or None."""
    try:
        cache(limits).get(text, name)
    except RequestError as error:
        return error.code if str(error) == TEXTS[error.code] else None
    return None


def of(text: str, name: str | None = None) -> Operation:
    """A document's operation."""
    return cache().get(text, name)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", ErrorCode.DOCUMENT_SYNTAX),
        ("{", ErrorCode.DOCUMENT_SYNTAX),
        ("{ me { } }", ErrorCode.DOCUMENT_SYNTAX),
        ("{ me { id } } \ud800", ErrorCode.DOCUMENT_SYNTAX),
        ("fragment F on Migrant { id }", ErrorCode.DOCUMENT_INVALID),
        ("{ nobody }", ErrorCode.DOCUMENT_INVALID),
        ("{ me { salary } }", ErrorCode.DOCUMENT_INVALID),
        ("{ me { id } } { me { name } }", ErrorCode.DOCUMENT_INVALID),
        ("query A { me { id } } query A { me { name } }", ErrorCode.DOCUMENT_INVALID),
        ("{ me { ...F } } fragment F on Migrant { id } fragment F on Migrant { name }", ErrorCode.DOCUMENT_INVALID),
        ("{ me { id: name id } }", ErrorCode.DOCUMENT_INVALID),
        ("{ me { id } } type Query { me: String }", ErrorCode.DOCUMENT_INVALID),
        ("{ me { ... on Hukou { kind } } }", ErrorCode.DOCUMENT_INVALID),
        ("mutation { me { id } }", ErrorCode.OPERATION_UNSUPPORTED),
        ("subscription { me { id } }", ErrorCode.OPERATION_UNSUPPORTED),
        ("{a" * 1300 + "}" * 1300, ErrorCode.DOCUMENT_TOO_DEEP),
        ("{ me(x: " + "[" * 3000, ErrorCode.DOCUMENT_TOO_DEEP),
        ("#" * 20_000, ErrorCode.DOCUMENT_TOO_LONG),
        ("{ me { " + "id " * 4_000 + "} }", ErrorCode.DOCUMENT_TOO_LONG),
        ('query { migrant(id: "AAAA") { id } }', ErrorCode.IDENTIFIER_LITERAL),
    ],
)
def test_a_document_that_cannot_run_says_which_rule(text: str, code: ErrorCode) -> None:
    """Every fault of a document has its code and fixed text, and none ends as anything else."""
    assert refused(text) is code


def test_a_name_chooses_among_operations() -> None:
    """Of several operations the named one runs; without a name, or with another, none does."""
    text = "query A { me { id } } query B { me { name } }"
    assert [of(text, name).definition.name.value for name in "AB"] == ["A", "B"]  # type: ignore[union-attr]
    assert refused(text) is ErrorCode.DOCUMENT_INVALID
    assert refused(text, "C") is ErrorCode.DOCUMENT_INVALID
    assert refused("{ me { id } }", "A") is ErrorCode.DOCUMENT_INVALID


def test_operations_of_one_document_have_one_hash() -> None:
    """The hash is the text's, as an agreement names it; a blank more makes another document."""
    text = "query A { me { id } } query B { me { name } }"
    assert of(text, "A").hash == of(text, "B").hash == sha256(text.encode()).hexdigest()
    assert of(BY_ID).hash != of(BY_ID + " ").hash


@pytest.mark.parametrize(
    "roots",
    [
        " ".join(f"a{i}: migrant(id: $id) {{ id }}" for i in range(21)),
        " ".join(["migrant(id: $id) { id }"] * 21),
        "...F",
        "... on Query { ...F }",
    ],
)
def test_root_fields_count_wherever_they_stand(roots: str) -> None:
    """Twenty-one root fields are too many, with aliases, merged, or inside a fragment."""
    inside = " ".join(f"a{i}: migrant(id: $id) {{ id }}" for i in range(21))
    fragment = f"fragment F on Query {{ {inside} }}" if "...F" in roots else ""
    assert refused(f"query($id: ID!) {{ {roots} }} {fragment}") is ErrorCode.DOCUMENT_TOO_COMPLEX


def test_twenty_root_fields_are_allowed() -> None:
    """The limit itself is allowed."""
    roots = " ".join(f"a{i}: migrant(id: $id) {{ id }}" for i in range(20))
    assert refused(f"query($id: ID!) {{ {roots} }}") is None


def test_too_many_fragments_are_refused() -> None:
    """Validation compares fragments in pairs, so their number is bounded."""
    spreads = " ".join(f"...F{i}" for i in range(101))
    fragments = " ".join(f"fragment F{i} on Migrant {{ id }}" for i in range(101))
    assert refused(f"{{ me {{ {spreads} }} }} {fragments}") is ErrorCode.DOCUMENT_TOO_COMPLEX


def test_a_document_is_read_once() -> None:
    """The same text and name give the same operation; a refused document is not kept."""
    one = cache()
    assert one.get(BY_ID) is one.get(BY_ID)
    for _ in range(2):
        with pytest.raises(RequestError):
            one.get("{ nobody }")


def test_the_cache_is_bounded() -> None:
    """A client that never sends the same document twice does not fill the memory."""
    one = cache(size=4)
    first = one.get(BY_ID)
    for i in range(8):
        one.get(f"query($id: ID!) {{ a{i}: migrant(id: $id) {{ id }} }}")
    assert one.get(BY_ID) is not first


def test_switches_are_the_variables_of_directives() -> None:
    """A plan depends on what @skip and @include read, and on no other variable."""
    text = """
    query($id: ID!, $a: Boolean!, $b: Boolean! = true) {
      migrant(id: $id) @include(if: $a) { id ...F }
    }
    fragment F on Migrant { name @skip(if: $b) sex @include(if: true) }
    """
    assert of(text).switches == ("a", "b")
