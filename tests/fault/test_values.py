"""Bad values: identifiers written into documents, variables of the wrong type, ids that are forged, odd numbers."""

import base64
import random

import pytest

from schema.errors import ErrorCode
from schema.identity import check_digit
from schema.vocabulary import Department
from tests.fault.wire import BY_ID, Wire, assert_refused, codes_of

_DIGITS = "32050519900307451"
NUMBER = _DIGITS + check_digit(_DIGITS)
LOOKUP = """query($kind: DocumentKind!, $number: String!, $name: String!) {
  lookup(documentKind: $kind, number: $number, name: $name) { id name }
}"""
LITERALS = {
    "a text": f'{{ lookup(documentKind: RESIDENT_ID, number: "{NUMBER}", name: "a") {{ id }} }}',
    "a block": f'{{ migrant(id: """{NUMBER}""") {{ id }} }}',
    "a number": f"{{ migrant(id: {NUMBER}) {{ id }} }}",
    "a negative number": f"{{ migrant(id: -{NUMBER}) {{ id }} }}",
    "a default": f'query($id: ID! = "{NUMBER}") {{ migrant(id: $id) {{ id }} }}',
    "a default number": f"query($id: ID! = {NUMBER}) {{ migrant(id: $id) {{ id }} }}",
    "in a directive": f'query($id: ID!) {{ migrant(id: $id) {{ name @include(if: "{NUMBER}") }} }}',
    "in a list": f'{{ migrant(id: ["{NUMBER}"]) {{ id }} }}',
    "in an object": f'{{ migrant(id: {{a: "{NUMBER}"}}) {{ id }} }}',
    "in a fragment": f'{{ ...F }} fragment F on Query {{ migrant(id: "{NUMBER}") {{ id }} }}',
    "in a check": """query($id: ID!, $day: Date!) {
      migrant(id: $id) { checks { identityMatches(name: "王芳", birthDate: $day) { answer } } }
    }""",
    "beside the operation asked for": f'query A {{ __typename }} query B {{ migrant(id: "{NUMBER}") {{ id }} }}',
}


@pytest.mark.parametrize("kind", LITERALS)
def test_an_identifier_in_a_document(wire: Wire, kind: str) -> None:
    """Identifiers go in variables only; written out they are refused before anything is logged or cached."""
    operation = "A" if kind.startswith("beside") else None
    assert_refused(wire.ask(LITERALS[kind], {}, operation), 400, ErrorCode.IDENTIFIER_LITERAL)


@pytest.mark.parametrize(
    "variables",
    [
        None,
        {},
        {"id": None},
        {"id": True},
        {"id": 1.5},
        {"id": ["a"]},
        {"id": {"a": 1}},
        {"ID": "a"},
    ],
)
def test_a_variable_that_is_missing_or_of_another_type(wire: Wire, variables: object) -> None:
    """A variable that does not fit its declaration refuses the request; its value is not quoted."""
    assert_refused(wire.ask(BY_ID, variables), 400, ErrorCode.VARIABLES_INVALID)


@pytest.mark.parametrize("birth_date", ["yesterday", "1990-02-30", "1990-1-1", 19900101, "", "1990-01-01T00:00:00"])
def test_a_date_that_is_none(wire: Wire, birth_date: object) -> None:
    """Dates are calendar days, written YYYY-MM-DD."""
    document = """query($id: ID!, $name: String!, $day: Date!) {
      migrant(id: $id) { checks { identityMatches(name: $name, birthDate: $day) { answer } } }
    }"""
    response = wire.ask(document, {"id": wire.worker, "name": "王芳", "day": birth_date})
    assert_refused(response, 400, ErrorCode.VARIABLES_INVALID)


def test_more_variables_than_declared(wire: Wire) -> None:
    """What no operation declares is not looked at."""
    response = wire.ask(BY_ID, {"id": wire.worker, "number": NUMBER, "deep": {"a": [[[NUMBER]]]}})
    assert codes_of(response) == {}
    assert NUMBER not in response.text


def test_another_department_s_ids(wire: Wire) -> None:
    """What every other department knows the same person by is no id here."""
    others = [one for one in Department if one is not Department.HUMAN_RESOURCES]
    for department in others:
        response = wire.ask(BY_ID, {"id": wire.city.id_of(department, "worker")})
        assert codes_of(response) == {"migrant": "ID_INVALID"}
        assert response.json()["data"] == {"migrant": None}


def test_forged_ids(wire: Wire) -> None:
    """A hundred ids with one bit flipped, cut, prolonged, made up or of another spelling: none opens."""
    chance, whole = random.Random(3), wire.worker  # noqa: S311  reproducible, not secret
    forged = [flipped(whole, chance) for _ in range(60)]
    forged += [whole[:-1], whole + "A", whole + "=", whole.lower(), " " + whole, whole + "\n", "", "A" * len(whole)]
    forged += [base64.urlsafe_b64encode(chance.randbytes(33)).decode() for _ in range(30)]
    forged += ["é" * len(whole), "\x00" * len(whole), NUMBER, "1' OR '1'='1", "../../etc/passwd", "𠮷" * 11]
    for start in range(0, len(forged), 20):
        some = dict(enumerate(forged[start : start + 20]))
        declared = ", ".join(f"$v{i}: ID!" for i in some)
        roots = " ".join(f"a{i}: migrant(id: $v{i}) {{ name }}" for i in some)
        response = wire.ask(f"query({declared}) {{ {roots} }}", {f"v{i}": value for i, value in some.items()})
        assert codes_of(response) == {f"a{i}": "ID_INVALID" for i in some}


def flipped(whole: str, chance: random.Random) -> str:
    """An id with one letter exchanged."""
    place = chance.randrange(1, len(whole))
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".replace(whole[place], "")
    return whole[:place] + chance.choice(letters) + whole[place + 1 :]


@pytest.mark.parametrize(
    "number",
    [
        "",
        "1",
        NUMBER[:-1],
        _DIGITS + ("0" if NUMBER[-1] != "0" else "1"),
        "32050519901307451" + check_digit("32050519901307451"),
        NUMBER + "1",
        "٣" * 18,
        NUMBER[:9] + "\x00" + NUMBER[10:],
        "x" * 50_000,
    ],
)
def test_a_number_that_is_none(wire: Wire, number: str) -> None:
    """Length, date or check digit are wrong: it depends on the input alone, and the number is not quoted."""
    response = wire.ask(LOOKUP, {"kind": "RESIDENT_ID", "number": number, "name": "王芳"})
    assert codes_of(response) == {"lookup": "NUMBER_INVALID"}
    assert len(number) < 6 or number not in response.text


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "\x00",
        "a" * 60_000,
        "\ufdfd" * 10_000,
        "\u202e王芳",
        "'; DROP TABLE migrants; --",
        "\U0001f9d1\u200d\U0001f9bd",
    ],
    ids=["empty", "blank", "NUL", "long", "one sign of eighteen letters", "backwards", "SQL", "joined signs"],
)
def test_a_name_that_nobody_has(wire: Wire, name: str) -> None:
    """Any text may be a name; one that nobody has is answered like any other."""
    response = wire.ask(LOOKUP, {"kind": "RESIDENT_ID", "number": NUMBER, "name": name})
    assert codes_of(response) == {}
    assert response.json()["data"]["lookup"]["name"] is None
