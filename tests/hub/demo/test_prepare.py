"""Preparing a hub over departments that run elsewhere."""

import asyncio
import json
from pathlib import Path

import pytest

from connectors.opening import mapping_path
from hub.city.directory import CityDirectory, write_city
from hub.config import Settings
from hub.demo.examples import demo_examples
from hub.demo.prepare import prepare
from hub.demo.systems.civil_affairs import write_civil_affairs_file
from schema.errors import ConfigurationError
from schema.vocabulary import Source
from tests.conftest import Postgres


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> CityDirectory:
    """A city large enough for the story's cast."""
    return write_city(2_000, 1, tmp_path_factory.mktemp("whole") / "city")


def settings(folder: Path, url: str, postgres: Postgres) -> Settings:
    """A hub over civil affairs alone, in an existing database."""
    source = {
        "source": "civil-affairs",
        "kind": "sql",
        "mapping": str(mapping_path("demo-city", Source.CIVIL_AFFAIRS)),
        "address": f"sqlite+aiosqlite:///{folder / 'civil.sqlite'}",
        "synthetic": True,
    }
    return Settings.model_validate(
        {
            "state_dir": folder / "state",
            "database_url": postgres.service_url(url),
            "database_owner_url": url,
            "agreements_dir": folder / "agreements",
            "sources": [source],
        }
    )


def test_a_prepared_hub_has_everything(tmp_path: Path, city: CityDirectory, postgres: Postgres) -> None:
    """Keys, signed agreements, linked persons and the query page's examples are there; a second run changes no id."""
    write_civil_affairs_file(tmp_path / "civil.sqlite", city)
    chosen = settings(tmp_path, postgres.create_database(), postgres)
    asyncio.run(prepare(chosen, city.path))
    assert chosen.key_path.is_file()
    assert len(list((tmp_path / "agreements").iterdir())) == 2
    cast = chosen.state_dir / "demo" / "cast.json"
    first = json.loads(cast.read_text(encoding="utf-8"))["members"]
    asyncio.run(prepare(chosen, city.path))
    assert json.loads(cast.read_text(encoding="utf-8"))["members"] == first
    assert all(example.token for example in demo_examples(chosen)())


def test_production_is_not_prepared(tmp_path: Path, city: CityDirectory) -> None:
    """Nothing of a demo gets into a production hub, and a folder for agreements must be named."""
    with pytest.raises(ConfigurationError, match="sandbox mode and agreements_dir"):
        asyncio.run(prepare(Settings(state_dir=tmp_path), city.path))
