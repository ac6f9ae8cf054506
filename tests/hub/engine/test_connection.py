"""A page of a listing in Relay's shape."""

from typing import Any

from hub.engine.connection import ConnectionShape, Page
from hub.engine.shape import Failed, Faults, SubjectState
from schema.errors import ErrorCode
from schema.ids import CollectionName, SectorId
from tests.hub.engine.desk import PLAIN, READ, plan_of

PERSONS = CollectionName("police.persons")
WHOLE = """
  __typename
  n: nodes { id name }
  e: edges { c: cursor __typename node { sex n: name } }
  pageInfo { hasNextPage endCursor __typename }
"""


def state(name: str) -> SubjectState:
    """A subject with the id and name given."""
    return SubjectState(SectorId(name), PLAIN, {PERSONS: [(name, "MALE")]}, [])


def write(selection: str, page: Page) -> tuple[dict[str, Any], dict[Any, str]]:
    """The JSON object of a page, and its errors."""
    rules = {"Migrant.name": READ, "Migrant.sex": READ}
    shape = plan_of(f'{{ migrants(division: "320505") {{ {selection} }} }}', rules).planned[0].shape
    assert isinstance(shape, ConnectionShape)
    faults = Faults()
    data = shape.write(page, faults, ("migrants",))
    return data, {path: code.value for path, code in faults.found.items()}


def test_nodes_edges_and_page_information() -> None:
    """Each part under its alias, over the same subjects in the same order; columns are those of both."""
    data, errors = write(WHOLE, Page([state("a"), state("b")], True))
    assert data == {
        "__typename": "MigrantConnection",
        "n": [{"id": "a", "name": "a"}, {"id": "b", "name": "b"}],
        "e": [
            {"c": "a", "__typename": "MigrantEdge", "node": {"sex": "MALE", "n": "a"}},
            {"c": "b", "__typename": "MigrantEdge", "node": {"sex": "MALE", "n": "b"}},
        ],
        "pageInfo": {"hasNextPage": True, "endCursor": "b", "__typename": "PageInfo"},
    }
    assert errors == {}


def test_an_empty_page() -> None:
    """Nobody is no error; without an end there is no cursor."""
    data, _ = write("nodes { id } pageInfo { hasNextPage endCursor }", Page([], False))
    assert data == {"nodes": [], "pageInfo": {"hasNextPage": False, "endCursor": None}}


def test_a_page_of_nobody_can_have_a_next_one() -> None:
    """Where everybody on the page lives elsewhere, the cursor leads on."""
    data, _ = write("pageInfo { hasNextPage endCursor }", Page([], True, "onward"))
    assert data == {"pageInfo": {"hasNextPage": True, "endCursor": "onward"}}


def test_errors_name_the_row() -> None:
    """A failed source shows at every row's own path, in nodes and in edges."""
    broken = SubjectState(SectorId("a"), PLAIN, {PERSONS: Failed(ErrorCode.SOURCE_UNAVAILABLE)}, [])
    _, errors = write("nodes { name } edges { node { name } }", Page([state("x"), broken], False))
    assert set(errors) == {("migrants", "nodes", 1, "name"), ("migrants", "edges", 1, "node", "name")}
