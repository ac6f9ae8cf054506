"""What is left behind when everything has been asked: no seeded person, in database, log, figures or files.

These tests run last in the session, so that whatever others did is searched too.
"""

import asyncio
import base64
import json
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from hub.postgres import ADMIN_ROLE
from hub.store.database import DATABASE
from tests.demo_city import DemoCity
from tests.scenario.canaries import Canaries
from tests.scenario.exchange import read_exchanges
from tests.scenario.playing import Player

DEPARTMENTS_OWN = ("city-", "cast.json", "civil-affairs.sqlite", "human-resources", "health", "business")
TABLES = """
SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1
"""


@pytest.fixture(scope="module")
def canaries(city: DemoCity) -> Canaries:
    """Everybody in the city; the cast in every encoding."""
    known = [value for one in city.cast.members.values() for value in (one.name, one.number, *one.keys.values())]
    return Canaries.of(city.truth(), [value for value in known if len(value.encode()) > 6])


@pytest.fixture(scope="module")
def city_at_rest(city: DemoCity, player: Player) -> DemoCity:
    """The city after all scenarios were played, and after requests that carry values wherever a request has room."""
    for exchange in read_exchanges(Path(__file__).with_name("exchanges")):
        player.play(exchange)
    for member in city.cast.members.values():
        send_everywhere(city, member.name, member.number)
    city.run("audit", "verify")
    return city


def send_everywhere(city: DemoCity, name: str, number: str) -> None:
    """A name and a number in documents, operation names, aliases, comments, variables, headers, addresses, tokens."""
    token, headers = city.clerk("child")
    headers["authorization"] = f"Bearer {token}"
    documents = [
        f'{{ lookup(documentKind: RESIDENT_ID, number: "{number}", name: "{name}") {{ id }} }}',
        f"query N{number} {{ a{number}: __typename }} # {name} {number}",
        f"{{ {name} }}",
        f"{{ field{number} }}",
        f'{{ __type(name: "{name}") {{ name }} }}',
    ]
    latin = name.encode().decode("latin-1")
    with city.client(headers=headers) as client:
        for document in documents:
            named = {"query": document, "variables": {name: number}, "operationName": f"N{number}"}
            client.post("/graphql", json=named)
            client.post("/graphql", json={"query": document, "variables": {"id": {"a": [name, number]}}})
        client.post("/graphql", content=f'{{"query": "{name} {number}'.encode())
        client.post("/graphql", json=[name, number])
        for header in ("hub-purpose", "hub-case", "hub-agreement", "authorization", "content-type", "x-trace"):
            value = f"{latin} {number}".encode("latin-1")
            client.post("/graphql", json={"query": "{ me { name } }"}, headers=[(header.encode(), value)])
        client.get(f"/{name}/{number}", params={"name": name})
        client.get("/graphql", params={"query": f'{{ lookup(number: "{number}") {{ name }} }}'})


async def dump(url: str) -> tuple[str, bytes]:
    """The database's number, and every value of every row of every table."""
    connection = await asyncpg.connect(url)
    found = []
    try:
        for (table,) in await connection.fetch(TABLES):
            for row in await connection.fetch(f"SELECT * FROM {table}"):  # noqa: S608  quoted by the catalogue
                found += [as_bytes(value) for value in row.values()]
        await connection.execute("CHECKPOINT")
        (oid,) = await connection.fetchrow("SELECT oid FROM pg_database WHERE datname = current_database()")
    finally:
        await connection.close()
    return str(oid), b"\n".join(found)


def as_bytes(value: object) -> bytes:
    """A value as the database keeps it; the digits of random numbers in hex would look like anything."""
    if isinstance(value, UUID):
        return value.bytes
    return value if isinstance(value, bytes) else str(value).encode()


def test_the_search_finds_what_is_there(city: DemoCity, canaries: Canaries) -> None:
    """Persons are found where they belong: in the truth, in a department's system, in any encoding."""
    worker = city.cast.members["worker"]
    truth = next((city.state_dir / "demo").glob("city-*/truth.jsonl")).read_bytes()
    assert len(canaries.found_in(truth)) > 5_000
    assert len(canaries.found_in((city.state_dir / "demo" / "civil-affairs.sqlite").read_bytes())) > 1_000
    assert f"key {worker.keys['police']}" in canaries.found_in(b"\x00" + worker.keys["police"].encode() + b"\xff")
    assert f"code {worker.number}" in canaries.found_in(f"a7{worker.number}".encode())
    for form in (worker.name.encode("utf-16-le"), worker.number.encode().hex().encode()):
        assert canaries.found_in(b"..." + form + b"...")
    for before in ("", "a", "ab", "abc"):
        assert canaries.found_in(base64.b64encode(f"{before}{worker.name} {worker.number} and more".encode()))
    assert canaries.found_in(json.dumps({"a": worker.name}).encode())
    assert not canaries.found_in(b"nobody is here, 320505 neither")


def test_the_hub_s_database_holds_nobody(city_at_rest: DemoCity, canaries: Canaries) -> None:
    """A dump of every table, and the very files of the database, hold no seeded person."""
    url = city_at_rest.server_url(DATABASE, ADMIN_ROLE)
    oid, rows = asyncio.run(dump(url))
    assert len(rows) > 1_000_000
    assert canaries.found_in(rows) == set()
    files = list((city_at_rest.state_dir / "postgres" / "data" / "base" / oid).iterdir())
    assert len(files) > 100
    assert {file.name: found for file in files if (found := canaries.found_in(file.read_bytes()))} == {}


def test_the_log_and_the_figures_hold_nobody(city_at_rest: DemoCity, canaries: Canaries) -> None:
    """The hub's log, its database's log and its metrics hold no seeded person, whatever was sent."""
    log = city_at_rest.log.read_bytes()
    figures = city_at_rest.get("/metrics").content
    server = (city_at_rest.state_dir / "postgres" / "data" / "server.log").read_bytes()
    assert b"hub_answers_total" in figures
    assert [canaries.found_in(text) for text in (log, figures, server)] == [set(), set(), set()]
    assert b"Traceback" not in log


def belongs_to_others(file: Path) -> bool:
    """The database's own files, the city, and the departments' systems."""
    return file.parts[0] == "postgres" or (file.parts[0] == "demo" and file.parts[1].startswith(DEPARTMENTS_OWN))


def test_the_state_folder_holds_nobody(city_at_rest: DemoCity, canaries: Canaries) -> None:
    """Keys, checkpoints, agreements, settings, issuer and the encrypted staging store hold no seeded person."""
    folder = city_at_rest.state_dir
    files = [file for file in folder.rglob("*") if file.is_file() and not belongs_to_others(file.relative_to(folder))]
    names = {file.name for file in files}
    assert names >= {"keys.json", "main.checkpoint", "tested.toml", "human-resources.staging", "jwks.json"}
    assert {file.name: found for file in files if (found := canaries.found_in(file.read_bytes()))} == {}
