"""Business registration's GraphQL service."""

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.city.directory import CityDirectory
from hub.demo.systems.business import SERVICE_TOKEN_FILE, business_app, write_business_system
from hub.demo.systems.records import RecordStore

_ENTITIES = """
query ($keys: [_Any!]!) {
  about { dataOrigin asOf }
  _entities(representations: $keys) {
    ... on RegisteredPerson { sourceKey fullName licences { creditCode registeredDate entityType } }
  }
}
"""
_PAGE = """
query ($first: Int!, $after: String) {
  registeredPersons(first: $first, after: $after) {
    nodes { sourceKey documentNumber licences { creditCode } } endCursor hasNextPage
  }
}
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, small_city: CityDirectory) -> Path:
    """The service's folder."""
    folder = tmp_path_factory.mktemp("business")
    assert write_business_system(folder, small_city) is True
    return folder


def _ask(data: Path, query: Any, variables: Any = None, token: str | None = None) -> httpx.Response:
    own = (data / SERVICE_TOKEN_FILE).read_text()

    async def run() -> httpx.Response:
        transport = httpx.ASGITransport(business_app(data, own))
        headers = {"Authorization": f"Bearer {own if token is None else token}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://business", headers=headers) as client:
            return await client.post("/graphql", json={"query": query, "variables": variables})

    return asyncio.run(run())


def _representations(keys: list[str]) -> dict[str, Any]:
    return {"keys": [{"__typename": "RegisteredPerson", "sourceKey": key} for key in keys]}


@pytest.mark.parametrize("token", ["", "wrong", "Bearer"])
def test_nothing_is_told_without_the_service_token(data: Path, token: str) -> None:
    """Not even the schema is."""
    answer = _ask(data, "{ _service { sdl } about { city } }", token=token)
    assert answer.status_code == 401
    assert "data" not in answer.json()


def test_entities_come_in_the_order_asked(data: Path, small_city: CityDirectory) -> None:
    """Known keys give their person, unknown ones null, repeated ones the same again."""
    rows = list(small_city.read("business/persons"))
    keys = [str(rows[1][0]), "\x00never", str(rows[0][0]), str(rows[1][0])]
    found = _ask(data, _ENTITIES, _representations(keys)).json()
    assert "errors" not in found
    entities = found["data"]["_entities"]
    assert [entity and entity["sourceKey"] for entity in entities] == [keys[0], None, keys[2], keys[3]]
    assert entities[0]["fullName"] == rows[1][1]
    assert found["data"]["about"]["dataOrigin"] == "SYNTHETIC"


def test_entities_are_loaded_in_one_batch(
    data: Path, small_city: CityDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many keys, one look-up for persons and one for licences."""
    looked_up: list[str] = []
    batch = RecordStore.batch

    def counted(self: RecordStore, table: str, keys: Any, columns: Any) -> Any:
        looked_up.append(table)
        return batch(self, table, keys, columns)

    monkeypatch.setattr(RecordStore, "batch", counted)
    keys = [str(cells[0]) for cells in small_city.read("business/persons")]
    assert len(keys) > 20
    assert "errors" not in _ask(data, _ENTITIES, _representations(keys)).json()
    assert looked_up == ["persons", "licences"]


def test_licences_come_newest_first(data: Path, small_city: CityDirectory) -> None:
    """The latest registration leads."""
    keys = [str(cells[0]) for cells in small_city.read("business/persons")]
    entities = _ask(data, _ENTITIES, _representations(keys)).json()["data"]["_entities"]
    days = [[licence["registeredDate"] for licence in entity["licences"]] for entity in entities]
    assert any(len(own) > 1 for own in days)
    assert all(own == sorted(own, reverse=True) for own in days)


def test_scan_is_complete_and_in_key_order(data: Path, small_city: CityDirectory) -> None:
    """Page by page every person comes once."""
    found: list[str] = []
    variables: dict[str, Any] = {"first": 7}
    while True:
        page = _ask(data, _PAGE, variables).json()["data"]["registeredPersons"]
        found += [node["sourceKey"] for node in page["nodes"]]
        if not page["hasNextPage"]:
            break
        variables["after"] = page["endCursor"]
    assert found == sorted(str(cells[0]) for cells in small_city.read("business/persons"))


def test_schema_is_the_one_in_the_docs(data: Path) -> None:
    """The served types have the fields that docs/city.md lists."""
    sdl = _ask(data, "{ _service { sdl } }").json()["data"]["_service"]["sdl"]
    page = (Path(__file__).parents[3] / "docs" / "city.md").read_text(encoding="utf-8")
    documented = page.partition("```graphql")[2].partition("```")[0]
    for name in ("RegisteredPerson", "Licence"):
        served = sdl.partition(f"type {name} ")[2].partition("}")[0].partition("{")[2]
        block = documented.partition(f"type {name} ")[2].partition("\n}")[0].partition("{\n")[2]
        wanted = [line.split("#")[0].strip() for line in block.splitlines()]
        assert [line.strip() for line in served.split("\n") if line.strip()] == [line for line in wanted if line]
    assert '@key(fields: "sourceKey")' in sdl


@pytest.mark.parametrize(
    ("query", "variables", "status"),
    [
        (None, None, 400),
        ("{ about { city } }", [1], 400),
        (_ENTITIES, {"keys": [{}] * 1001}, 413),
    ],
)
def test_bad_requests_are_refused(data: Path, query: Any, variables: Any, status: int) -> None:
    """What is no operation, or too much of one, is not executed."""
    assert _ask(data, query, variables).status_code == status


@pytest.mark.parametrize("first", [0, 1001])
def test_impossible_pages_fail_without_saying_more(data: Path, first: int, capfd: pytest.CaptureFixture[str]) -> None:
    """The error has a fixed text, and nothing is logged."""
    answer = _ask(data, _PAGE, {"first": first}).json()
    assert [error["message"] for error in answer["errors"]] == ["the operation failed"]
    assert capfd.readouterr() == ("", "")
