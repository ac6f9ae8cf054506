"""Bad documents: too deep, too long, too many fields, unfit for the schema, or of a kind that is not served."""

import pytest
from graphql import get_introspection_query

from schema.errors import ErrorCode
from tests.fault.wire import Wire, assert_refused, codes_of

TOO_DEEP, TOO_LONG = ErrorCode.DOCUMENT_TOO_DEEP, ErrorCode.DOCUMENT_TOO_LONG
TOO_COMPLEX, INVALID, SYNTAX = ErrorCode.DOCUMENT_TOO_COMPLEX, ErrorCode.DOCUMENT_INVALID, ErrorCode.DOCUMENT_SYNTAX
UNSUPPORTED = ErrorCode.OPERATION_UNSUPPORTED


def nested(levels: int) -> str:
    """Inline fragments within each other: valid at any depth."""
    return "{ " + "... { " * levels + "__typename" + " }" * levels + " }"


def bomb(levels: int) -> str:
    """Fragments that double at every level."""
    parts = [f"fragment F{i} on Query {{ ...F{i + 1} ...F{i + 1} }}" for i in range(levels)]
    return " ".join(["{ ...F0 }", *parts, f"fragment F{levels} on Query {{ __typename }}"])


def many_fragments(count: int) -> str:
    """As many fragments side by side, each of which validation compares with each other."""
    spreads = " ".join(f"...F{i}" for i in range(count))
    return f"{{ {spreads} }} " + " ".join(f"fragment F{i} on Query {{ __typename }}" for i in range(count))


REFUSED: dict[str, tuple[str, ErrorCode]] = {
    "nothing": ("", SYNTAX),
    "a comment": ("# nothing", SYNTAX),
    "no document": ("hello", SYNTAX),
    "an open brace": ("{ __typename", SYNTAX),
    "an empty selection": ("{ }", SYNTAX),
    "a NUL": ("{ __typename\x00 }", SYNTAX),
    "an unknown field": ("{ nothing }", INVALID),
    "a field below a leaf": ("{ __typename { a } }", INVALID),
    "no field below an object": ("{ me }", INVALID),
    "an unknown fragment": ("{ ...Nothing }", INVALID),
    "a fragment on another type": ("{ ... on Migrant { name } }", INVALID),
    "an unknown argument": ("{ me(id: 1) { name } }", INVALID),
    "a missing argument": ("{ migrant { name } }", INVALID),
    "an unknown directive": ("{ __typename @cached }", INVALID),
    "an undeclared variable": ("{ migrant(id: $id) { name } }", INVALID),
    "an unused variable": ("query($id: ID!) { __typename }", INVALID),
    "fields that do not merge": ("query($a: ID!, $b: ID!) { migrant(id: $a) { id } migrant(id: $b) { id } }", INVALID),
    "two operations": ("query A { __typename } query B { __typename }", INVALID),
    "two of one name": ("query A { __typename } query A { __typename }", INVALID),
    "a type": ("type A { a: Int }", INVALID),
    "a mutation": ("mutation { delete }", UNSUPPORTED),
    "a subscription": ("subscription { births }", UNSUPPORTED),
    "twenty-five levels": (nested(25), TOO_DEEP),
    "three hundred levels": (nested(300), TOO_DEEP),
    "a fragment in itself": ("{ ...F } fragment F on Query { ...F }", TOO_DEEP),
    "fragments in each other": ("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }", TOO_DEEP),
    "twenty-one thousand characters": ("{ __typename }" + " " * 21_000, TOO_LONG),
    "four thousand words": ("{ " + "a " * 4_500 + "}", TOO_LONG),
    "a thousand aliases": ("{ " + " ".join(f"a{i}: __typename" for i in range(1_000)) + " }", TOO_COMPLEX),
    "a thousand aliases in a fragment": (
        "{ ...F } fragment F on Query { " + " ".join(f"a{i}: __typename" for i in range(1_000)) + " }",
        TOO_COMPLEX,
    ),
    "thirty roots": (
        "query($i: ID!) { " + " ".join(f"a{i}: migrant(id: $i) {{ id }}" for i in range(30)) + " }",
        TOO_COMPLEX,
    ),
    "a bomb of fragments": (bomb(12), TOO_COMPLEX),
    "many fragments": (many_fragments(430), TOO_COMPLEX),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_bad_document(wire: Wire, kind: str) -> None:
    """It is refused with one code, before any plan is made of it."""
    document, code = REFUSED[kind]
    assert_refused(wire.ask(document), 400, code)


@pytest.mark.parametrize("other", [nested(60), "{ " + "__typename " * 700 + "}", "{ me { " + "id " * 3_000 + "} }"])
def test_a_bad_operation_beside_the_one_asked_for(wire: Wire, other: str) -> None:
    """What is not executed is bounded too: it is parsed and validated all the same."""
    response = wire.ask(f"query Good {{ __typename }} query Bad {other}", operation="Good")
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"].startswith("DOCUMENT_")


def test_an_unknown_operation_name(wire: Wire) -> None:
    """The name chooses among the document's operations; there is none of that name."""
    assert_refused(wire.ask("query A { __typename }", operation="B"), 400, INVALID)
    told = wire.ask("query A { __typename } query B { t: __typename }", operation="B").json()
    assert told == {"data": {"t": "Query"}}


def test_a_document_that_asks_for_nobody(wire: Wire) -> None:
    """`__typename` alone needs neither purpose nor case, and is no record of anybody."""
    response = wire.send(b'{"query": "{ __typename }"}', [("authorization", f"Bearer {wire.token}")])
    assert response.json() == {"data": {"__typename": "Query"}}


def test_typenames_on_the_way_to_a_person(wire: Wire) -> None:
    """Names of types are answered in place, with and without values beside them."""
    told = wire.ask(
        "query($id: ID!) { __typename migrant(id: $id) { __typename residence { __typename } police { __typename } } }",
        {"id": wire.worker},
    ).json()["data"]
    assert told["migrant"] == {
        "__typename": "Migrant",
        "residence": None,
        "police": {"__typename": "PoliceRecord"},
    }


def test_introspection(wire: Wire) -> None:
    """The schema describes itself; bottomless introspection does not go through."""
    schema = wire.ask(get_introspection_query()).json()["data"]["__schema"]
    assert "Migrant" in {one["name"] for one in schema["types"]}
    assert wire.ask('{ __type(name: "Migrant") { fields { name } } }').json()["data"]["__type"]["fields"]
    loop = "fields { type { " * 8 + "name" + " } }" * 8
    assert_refused(wire.ask(f"{{ __schema {{ types {{ {loop} }} }} }}"), 400, INVALID)


@pytest.mark.parametrize("switch", [True, False])
def test_switches_decide(wire: Wire, switch: bool) -> None:
    """What is skipped is neither answered nor asked for."""
    document = "query($id: ID!, $with: Boolean!) { migrant(id: $id) { name @include(if: $with) sex @skip(if: $with) } }"
    response = wire.ask(document, {"id": wire.worker, "with": switch})
    assert codes_of(response) == {}
    assert list(response.json()["data"]["migrant"]) == (["name"] if switch else ["sex"])
