"""A department's system that hangs, lies, drops the connection or is killed: its part alone is empty, and says so."""

import time
from collections.abc import Iterator

import pytest

from hub.demo.systems.launch import ServiceProcess
from schema.errors import ErrorCode
from tests.demo_city import DemoCity
from tests.fault.clinic import Clinic, source_row
from tests.fault.relay import CANARY, FAULTS, Relay, open_relay
from tests.fault.wire import codes_of

SLOW = {"hangs", "trickles"}
WRONG_VALUES = {"sends objects for values", "sends other text", "sends huge numbers"}
QUALITY = {"sends a page", "sends an array", "sends null", "sends too few", "sends others"}


class RelayedClinic:
    """A clinic, and the relay before health's own system."""

    def __init__(self, clinic: Clinic, relay: Relay) -> None:
        self.city = clinic.city
        self.ask = clinic.ask
        self.wait_until_whole = clinic.wait_until_whole
        self.misbehaving = relay.misbehaving


@pytest.fixture(scope="module")
def relayed(city: DemoCity) -> Iterator[RelayedClinic]:
    """Health's process moves to another port and a relay takes its place; at the end everything is as before."""
    port = city.kill_health()
    data = city.state_dir / "demo" / "health"
    with (
        ServiceProcess.start("hub.demo.systems.health", data) as service,
        open_relay(port, int(service.address.rpartition(":")[2])) as relay,
    ):
        clinic = Clinic(city)
        clinic.wait_until_whole()
        yield RelayedClinic(clinic, relay)
    city.start_health()
    clinic.wait_until_whole()


@pytest.mark.parametrize("fault", sorted(FAULTS.keys() - WRONG_VALUES))
def test_a_source_that_fails(relayed: RelayedClinic, fault: str) -> None:
    """Its part is null with one error, in two seconds and a bit; police's part is whole; then all is well again."""
    with relayed.misbehaving(fault):
        started = time.monotonic()
        response = relayed.ask()
        took = time.monotonic() - started
    code = ErrorCode.SOURCE_QUALITY if fault in QUALITY else ErrorCode.SOURCE_UNAVAILABLE
    assert codes_of(response) == {"migrant.health.immunisations": code.value}
    assert response.json()["data"]["migrant"]["health"] == {"immunisations": None}
    assert response.json()["data"]["migrant"]["name"] == relayed.city.cast.members["child"].name
    assert source_row(response, "health")["status"] == ("timeout" if fault in SLOW else "unavailable")
    assert source_row(response, "police")["status"] == "ok"
    assert took < 6
    relayed.wait_until_whole()


@pytest.mark.parametrize("fault", sorted(WRONG_VALUES))
def test_a_source_that_sends_wrong_values(relayed: RelayedClinic, fault: str) -> None:
    """A value of the wrong type is withheld where it stands; it never shows in the answer."""
    with relayed.misbehaving(fault):
        response = relayed.ask()
    told = codes_of(response)
    assert set(told.values()) <= {ErrorCode.SOURCE_QUALITY.value}
    for row in response.json()["data"]["migrant"]["health"]["immunisations"] or ():
        assert row == {"vaccine": None, "dose": None, "givenOn": None}
    assert CANARY not in response.text
    assert response.json()["data"]["migrant"]["birthDate"] is not None
    relayed.wait_until_whole()


def test_nothing_of_a_fault_is_in_the_log(relayed: RelayedClinic) -> None:
    """What a source sent in its confusion is in no line of the hub's log."""
    with relayed.misbehaving("sends a page"):
        relayed.ask()
    relayed.wait_until_whole()
    log = relayed.city.log.read_text(encoding="utf-8")
    assert "source health failed" in log
    assert "金丝雀" not in log
    assert "Traceback" not in log
