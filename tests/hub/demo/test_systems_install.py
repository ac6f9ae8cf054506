"""Writing one department's system from the command line, as a container of the demo does."""

import asyncio
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from hub.city.directory import CityDirectory
from hub.demo.systems.install import INSTALLERS, READER
from schema.errors import ConfigurationError
from schema.vocabulary import Source
from tests.conftest import Postgres


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """The process."""
    command = [sys.executable, "-m", "hub.demo.systems.install", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_police_are_written_for_the_reader(tmp_path: Path, small_city: CityDirectory, postgres: Postgres) -> None:
    """The URL comes from a file; afterwards the hub's account reads the views; a second run finds nothing to do."""
    postgres.server.create_role(READER)
    url = postgres.create_database()
    place = tmp_path / "url"
    place.write_text(url + "\n", encoding="utf-8")
    arguments = ("police", "--city", str(small_city.path), "--into", str(place))
    first, second = run(*arguments), run(*arguments)
    assert (first.stdout, second.stdout) == ("police: written\n", "police: nothing to do\n"), first.stderr

    async def count() -> int:
        connection = await asyncpg.connect(postgres.server.url(url.rsplit("/", 1)[1], READER))
        try:
            return int(await connection.fetchval("SELECT count(*) FROM gx.v_ryxx"))
        finally:
            await connection.close()

    assert asyncio.run(count()) == small_city.rows["police/persons"]


def test_files_are_written_into_their_folder(tmp_path: Path, small_city: CityDirectory) -> None:
    """Human resources' delivery, health's and business' databases and secrets appear in the folder given."""
    for source, file in (
        (Source.HUMAN_RESOURCES, "delivery.json"),
        (Source.HEALTH, "client_secret"),
        (Source.BUSINESS, "service_token"),
    ):
        assert INSTALLERS[source](tmp_path / source.value, small_city) is True
        assert (tmp_path / source.value / file).is_file()


def test_every_department_can_be_written() -> None:
    """No department is without an installer."""
    assert set(INSTALLERS) == set(Source)


def test_what_is_missing_is_said_in_one_line(tmp_path: Path, small_city: CityDirectory) -> None:
    """No city, or no file with the URL: exit code 1 and one line."""
    none = run("health", "--city", str(tmp_path), "--into", str(tmp_path / "health"))
    assert (none.returncode, none.stderr) == (1, "the folder holds no finished city\n")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        INSTALLERS[Source.POLICE](tmp_path / "url", small_city)
