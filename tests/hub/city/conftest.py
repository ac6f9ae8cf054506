"""A city of the default size, made once."""

import json
from pathlib import Path
from typing import Any

import pytest

from hub.city.directory import CityDirectory, write_city

Truth = dict[str, Any]


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> CityDirectory:
    """2 000 people, seed 1."""
    return write_city(2_000, 1, tmp_path_factory.mktemp("city") / "city")


@pytest.fixture(scope="session")
def truth(city: CityDirectory) -> list[Truth]:
    """What is true of each person."""
    return [json.loads(line) for line in Path(city.truth).read_text(encoding="utf-8").splitlines()]
