"""What the scenarios share: somebody who plays them."""

from collections.abc import Iterator

import pytest

from tests.demo_city import DemoCity
from tests.scenario.playing import Player
from tests.watched_hub import WatchedHub, open_watched_hub


@pytest.fixture(scope="session")
def player(city: DemoCity) -> Player:
    """Asks the demo city's hub over HTTP."""
    return Player(city)


@pytest.fixture(scope="session")
def watched(city: DemoCity) -> Iterator[WatchedHub]:
    """A hub in this process over the same installation, whose calls to the sources are noted."""
    with open_watched_hub(city.settings) as hub:
        yield hub


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What searches everything that was left behind comes last in the session."""
    items.sort(key=lambda item: "city_at_rest" in getattr(item, "fixturenames", ()))
