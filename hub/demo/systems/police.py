"""Police's system: PostgreSQL with closed base tables (`ldrk`) and views for readers (`gx`)."""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, cast

import asyncpg
from asyncpg.exceptions import PostgresError

from hub.city.directory import CITY_CODE, CityDirectory
from hub.city.tables import TABLES
from schema.errors import ConfigurationError

__all__ = ["Reader", "write_police_system"]

_ROLE: Final = re.compile(r"[a-z_][a-z0-9_]{0,62}")

_SETUP: Final = """
DROP SCHEMA IF EXISTS gx CASCADE;
DROP SCHEMA IF EXISTS ldrk CASCADE;
CREATE SCHEMA ldrk;
CREATE SCHEMA gx;
CREATE TABLE ldrk.t_ryxx (
    rybh text NOT NULL, xm text, xb text, csrq date, zjlx text, zjhm text, hj_qx text, hj_xzqh text, hklb text,
    jz_qx text, jz_xzqh text, jz_dz text, jz_qsrq date, mz text, lxdh text, gxsj timestamptz);
CREATE TABLE ldrk.t_jzdj (
    djbh bigint NOT NULL, rybh text NOT NULL, xzqh text, dz text, fwlx text, djrq date, njrq date, zxrq date,
    jzsy text, fdxm text, fdlxdh text);
CREATE TABLE ldrk.t_jzz (
    jzzh text NOT NULL, rybh text NOT NULL, qfrq date, yxqz date, qzrq date, zt text);
CREATE TABLE ldrk.t_sjsx (sxm text PRIMARY KEY, sxz text NOT NULL);
"""

_FINISH: Final = """
CREATE UNIQUE INDEX t_ryxx_key ON ldrk.t_ryxx (rybh)
    INCLUDE (xm, xb, csrq, zjlx, zjhm, hj_qx, hj_xzqh, hklb, jz_qx, jz_xzqh, jz_dz, jz_qsrq, mz);
ALTER TABLE ldrk.t_jzdj ADD PRIMARY KEY (djbh);
CREATE INDEX t_jzdj_key ON ldrk.t_jzdj (rybh) INCLUDE (djbh, xzqh, dz, fwlx, djrq, njrq, zxrq, jzsy);
ALTER TABLE ldrk.t_jzz ADD PRIMARY KEY (jzzh);
CREATE INDEX t_jzz_key ON ldrk.t_jzz (rybh) INCLUDE (jzzh, qfrq, yxqz, qzrq, zt);
CREATE VIEW gx.v_ryxx AS SELECT rybh, xm, xb, csrq, zjlx, zjhm, hj_qx, hj_xzqh, hklb, jz_qx, jz_xzqh, jz_dz,
    jz_qsrq, mz, gxsj FROM ldrk.t_ryxx;
CREATE VIEW gx.v_jzdj AS SELECT djbh, rybh, xzqh, dz, fwlx, djrq, njrq, zxrq, jzsy FROM ldrk.t_jzdj;
CREATE VIEW gx.v_jzz AS SELECT jzzh, rybh, qfrq, yxqz, qzrq, zt FROM ldrk.t_jzz;
CREATE VIEW gx.v_sjsx AS SELECT sxm, sxz FROM ldrk.t_sjsx;
"""

_TABLES: Final = {
    "police/persons": "t_ryxx",
    "police/residence_registrations": "t_jzdj",
    "police/residence_permits": "t_jzz",
}


@dataclass(frozen=True, slots=True)
class Reader:
    """The account the hub's connector uses. Without a password the role must exist already."""

    role: str
    password: str | None = None

    def __post_init__(self) -> None:
        if not _ROLE.fullmatch(self.role):
            raise ConfigurationError("the reader's role name is not a plain lower-case name")

    def __repr__(self) -> str:
        return f"Reader({self.role!r})"


async def write_police_system(owner_url: str, city: CityDirectory, reader: Reader) -> bool:
    """Fill police's database with a city and let the reader see its views; False when this city is there already.

    All in one transaction: a reader sees the old city or the new one. Raises ConfigurationError when the
    database cannot be reached or written, or the reader's role cannot be made.
    """
    try:
        connection = await cast(Callable[..., Awaitable[Any]], asyncpg.connect)(owner_url)
    except (OSError, PostgresError):
        raise ConfigurationError("police's database cannot be reached") from None
    try:
        async with connection.transaction():
            fresh = await _digest(connection) != city.digest
            if fresh:
                await _load(connection, city)
            await _admit(connection, reader)
        if fresh:
            await _tidy(connection)
    except (OSError, PostgresError):
        raise ConfigurationError("police's database cannot be written") from None
    finally:
        await connection.close()
    return fresh


async def _digest(connection: Any) -> str | None:
    if await connection.fetchval("SELECT to_regclass('ldrk.t_sjsx')") is None:
        return None
    found = await connection.fetchval("SELECT sxz FROM ldrk.t_sjsx WHERE sxm = 'digest'")
    return None if found is None else str(found)


async def _load(connection: Any, city: CityDirectory) -> None:
    await connection.execute(_SETUP)
    for name, table in _TABLES.items():
        await connection.copy_to_table(
            table, schema_name="ldrk", columns=list(TABLES[name]), source=city.file_of(name), encoding="utf8"
        )
    properties = {
        "data_origin": "SYNTHETIC",
        "city": CITY_CODE,
        "as_of": city.as_of.isoformat(),
        "digest": city.digest,
    }
    await connection.executemany("INSERT INTO ldrk.t_sjsx VALUES ($1, $2)", list(properties.items()))
    await connection.execute(_FINISH)


async def _tidy(connection: Any) -> None:
    """Statistics and the visibility map, so that covering indexes are used as such."""
    for table in _TABLES.values():
        await connection.execute(f"VACUUM ANALYZE ldrk.{table}")


async def _admit(connection: Any, reader: Reader) -> None:
    role = reader.role
    if reader.password is not None:
        known = await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role)
        verb = "ALTER" if known else "CREATE"
        statement = await connection.fetchval(
            f"SELECT format('{verb} ROLE {role} LOGIN PASSWORD %L', $1::text)", reader.password
        )
        await connection.execute(statement)
    database = await connection.fetchval("SELECT quote_ident(current_database())")
    await connection.execute(
        f"GRANT CONNECT ON DATABASE {database} TO {role}; GRANT USAGE ON SCHEMA gx TO {role};"
        f" GRANT SELECT ON ALL TABLES IN SCHEMA gx TO {role}"
    )
