"""What the attacks share: a wire to the hub, and proof after each that the hub still serves."""

from collections.abc import Iterator

import pytest

from tests.demo_city import DemoCity
from tests.fault.wire import Wire


@pytest.fixture
def wire(city: DemoCity) -> Iterator[Wire]:
    """A connection to the hub; when the test is over the hub must still answer a plain question."""
    with Wire(city) as connected:
        yield connected
        response = city.ask_plainly()
        assert response.status_code == 200, response.text
        assert response.json()["data"]["migrant"]["name"]
