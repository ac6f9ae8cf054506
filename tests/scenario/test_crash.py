"""SIGKILL under load: whatever a client received has its record, and the log verifies."""

import json
import os
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx
import pytest

from schema.vocabulary import Department, Role
from tests.demo_city import DemoCity

CLIENTS = 16
DOCUMENTS = (
    "query($id: ID!) { migrant(id: $id) { name } }",
    "query($id: ID!) { migrant(id: $id) { name birthDate humanResources { employments { employerName } } } }",
    "query($id: ID!) { migrant(id: $id) { checks { permitValid { answer } } } }",
)


@dataclass
class Load:
    """Clients that ask without a pause until they are stopped or the hub is gone; the receipts they hold."""

    city: DemoCity
    receipts: set[str] = field(default_factory=set)
    _stopped: threading.Event = field(default_factory=threading.Event)

    def run(self, answers: int, seconds: float) -> None:
        """Load the hub, kill it so long after that many answers were received, wait for the clients."""
        self._stopped.clear()
        wanted, patience = len(self.receipts) + answers, time.monotonic() + 60
        threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(CLIENTS)]
        for thread in threads:
            thread.start()
        while len(self.receipts) < wanted and time.monotonic() < patience:
            time.sleep(0.01)
        time.sleep(seconds)
        self.city.kill_hub()
        self._stopped.set()
        for thread in threads:
            thread.join()

    def _ask(self, number: int) -> None:
        token, headers = self.city.clerk(
            department=Department.HUMAN_RESOURCES,
            roles=(Role.CASE_OFFICER,),
            purpose="social-insurance",
            client=f"client-{number}",
        )
        headers["authorization"] = f"Bearer {token}"
        with self.city.client(headers=headers) as client:
            for document in self._documents():
                member = ("worker", "applicant", "protected")[number % 3]
                variables = {"id": self.city.id_of(Department.HUMAN_RESOURCES, member)}
                try:
                    response = client.post("/graphql", json={"query": document, "variables": variables})
                except httpx.HTTPError:
                    return  # nothing, or half an answer, was received
                assert response.status_code == 200, response.text
                self.receipts.add(json.loads(response.content)["extensions"]["receipt"]["id"])

    def _documents(self) -> Iterator[str]:
        while not self._stopped.is_set():
            yield from DOCUMENTS


def kill_repeatedly(city: DemoCity, rounds: int) -> None:
    """Load, kill, start again; then compare what the clients hold with the log."""
    chance, load = random.Random(11), Load(city)  # noqa: S311  reproducible, not secret
    for _ in range(rounds):
        before = len(load.receipts)
        try:
            load.run(2 * CLIENTS, chance.random() / 2)
        finally:
            city.start_hub()
        assert len(load.receipts) - before > CLIENTS
    lost = load.receipts - city.receipts()
    assert lost == set()
    verdict = json.loads(city.run("audit", "verify", "--json").output)
    assert verdict["verified"]
    assert verdict["records"] >= len(load.receipts)


def test_every_answer_received_has_its_record(city: DemoCity) -> None:
    """Three times sixteen clients ask, and the hub is killed in the midst: no receipt is without a record."""
    kill_repeatedly(city, 3)


@pytest.mark.soak
def test_every_answer_received_has_its_record_for_long(city: DemoCity) -> None:
    """The same as often as HUB_SOAK_KILLS says (default 40)."""
    kill_repeatedly(city, int(os.environ.get("HUB_SOAK_KILLS", "40")))
