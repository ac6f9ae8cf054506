"""A small city for the departments' systems, made once."""

import pytest

from hub.city.directory import CityDirectory, write_city


@pytest.fixture(scope="session")
def small_city(tmp_path_factory: pytest.TempPathFactory) -> CityDirectory:
    """600 people, seed 5. Its truth is gone: no system may need it."""
    city = write_city(600, 5, tmp_path_factory.mktemp("small") / "city")
    city.truth.unlink()
    return city
