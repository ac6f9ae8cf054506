"""Police's system in PostgreSQL."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import asyncpg
import pytest

from hub.city.directory import CityDirectory
from hub.demo.systems.police import Reader, write_police_system
from schema.errors import ConfigurationError
from tests.conftest import Postgres

_READER = "police_test_reader"


@pytest.fixture(scope="module")
def police(postgres: Postgres, small_city: CityDirectory) -> tuple[str, str]:
    """URLs of police's database: as its owner and as the reader."""
    postgres.server.create_role(_READER)
    owner = postgres.create_database()
    assert asyncio.run(write_police_system(owner, small_city, Reader(_READER))) is True
    return owner, postgres.server.url(owner.rsplit("/", 1)[1], _READER)


def _ask(url: str, question: Callable[[Any], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        connection = await asyncpg.connect(url)
        try:
            return await question(connection)
        finally:
            await connection.close()

    return asyncio.run(run())


def test_views_hold_the_city(police: tuple[str, str], small_city: CityDirectory) -> None:
    """Every row arrived, with dates as dates and the mark that all is synthetic."""
    for view, table in (("v_ryxx", "persons"), ("v_jzdj", "residence_registrations"), ("v_jzz", "residence_permits")):
        query = f"SELECT count(*) FROM gx.{view}"  # noqa: S608
        count = _ask(police[1], lambda c, query=query: c.fetchval(query))
        assert count == small_city.rows[f"police/{table}"]
    row = _ask(police[1], lambda c: c.fetchrow("SELECT * FROM gx.v_ryxx WHERE csrq IS NOT NULL LIMIT 1"))
    assert isinstance(row["csrq"], date)
    mark = _ask(police[1], lambda c: c.fetchval("SELECT sxz FROM gx.v_sjsx WHERE sxm = 'data_origin'"))
    assert mark == "SYNTHETIC"


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM ldrk.t_ryxx",
        "SELECT fdxm FROM ldrk.t_jzdj",
        "UPDATE gx.v_ryxx SET xm = ''",
        "DELETE FROM gx.v_jzz",
        "CREATE TABLE gx.mine (x int)",
    ],
)
def test_reader_sees_views_only(police: tuple[str, str], statement: str) -> None:
    """The reader's account can neither see base tables nor change anything."""
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        _ask(police[1], lambda c: c.execute(statement))


def test_landlords_are_in_no_view(police: tuple[str, str]) -> None:
    """Third parties' details never reach a reader."""
    query = "SELECT column_name FROM information_schema.columns WHERE table_schema = 'gx'"
    columns = {row[0] for row in _ask(police[0], lambda c: c.fetch(query))}
    assert "rybh" in columns
    assert not columns & {"fdxm", "fdlxdh", "lxdh"}


def test_look_ups_are_answered_from_the_index(police: tuple[str, str]) -> None:
    """A batch of keys needs no visit to the table itself."""
    keys = [row[0] for row in _ask(police[1], lambda c: c.fetch("SELECT rybh FROM gx.v_ryxx ORDER BY 1 LIMIT 3"))]

    async def explain(connection: Any) -> Any:
        await connection.execute("SET enable_seqscan = off")
        return await connection.fetch("EXPLAIN SELECT rybh, xm, jz_dz FROM gx.v_ryxx WHERE rybh = ANY($1)", keys)

    plan = " ".join(row[0] for row in _ask(police[1], explain))
    assert "Index Only Scan" in plan


def test_present_city_is_not_written_again(police: tuple[str, str], small_city: CityDirectory) -> None:
    """A second start leaves the data as it is."""
    before = _ask(police[0], lambda c: c.fetchval("SELECT 'ldrk.t_ryxx'::regclass::oid"))
    assert asyncio.run(write_police_system(police[0], small_city, Reader(_READER))) is False
    assert _ask(police[0], lambda c: c.fetchval("SELECT 'ldrk.t_ryxx'::regclass::oid")) == before


def test_reader_with_a_password_is_made(postgres: Postgres, small_city: CityDirectory) -> None:
    """An owner who may make roles gets a reader who can log in."""
    url = postgres.admin_url(postgres.create_database())
    role, word = "police_made_reader", "it's a \\ pass'word"
    asyncio.run(write_police_system(url, small_city, Reader(role, word)))

    async def log_in() -> Any:
        connection = await asyncpg.connect(url, user=role, password=word)
        try:
            return await connection.fetchval("SELECT count(*) FROM gx.v_ryxx")
        finally:
            await connection.close()

    assert asyncio.run(log_in()) > 0


def test_missing_reader_is_one_clear_error(postgres: Postgres, small_city: CityDirectory) -> None:
    """Nothing is written when the reader does not exist."""
    url = postgres.create_database()
    with pytest.raises(ConfigurationError, match="cannot be written"):
        asyncio.run(write_police_system(url, small_city, Reader("nobody_at_all")))
    assert _ask(url, lambda c: c.fetchval("SELECT to_regclass('ldrk.t_ryxx')")) is None


def test_unreachable_database_is_one_clear_error(small_city: CityDirectory) -> None:
    """The error names neither address nor password."""
    with pytest.raises(ConfigurationError) as caught:
        asyncio.run(write_police_system("postgresql://u:hush@127.0.0.1:1/x", small_city, Reader("r")))
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("role", ["Robert'); --", "", "UPPER"])
def test_odd_role_names_are_refused(role: str) -> None:
    """A role name is a plain word, because it becomes part of statements."""
    with pytest.raises(ConfigurationError):
        Reader(role)


def test_reader_hides_its_password() -> None:
    """The password is not in the repr."""
    assert "hush" not in repr(Reader("reader", "hush"))
