"""A department's process that dies, and comes back."""

from tests.demo_city import DemoCity
from tests.fault.clinic import Clinic, source_row
from tests.fault.wire import codes_of


def test_a_source_that_is_killed(city: DemoCity) -> None:
    """Health's process is killed: its part says unavailable; started again, the next answers are whole."""
    clinic = Clinic(city)
    clinic.wait_until_whole()
    city.kill_health()
    try:
        response = clinic.ask()
    finally:
        city.start_health()
    assert codes_of(response) == {"migrant.health.immunisations": "SOURCE_UNAVAILABLE"}
    assert source_row(response, "health") == {"department": "health", "status": "unavailable", "asOf": None}
    clinic.wait_until_whole()
