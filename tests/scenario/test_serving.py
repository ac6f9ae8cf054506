"""How the hub serves: at once, with the headers that every answer carries, and told apart when it is not ready."""

import time

from tests.demo_city import DemoCity


def test_answers_do_not_wait_for_acknowledgements(city: DemoCity) -> None:
    """Half of fifty small answers over one connection take less than 30 ms (TCP would hold each back for 40)."""
    token, headers = city.clerk("child")
    headers["authorization"] = f"Bearer {token}"
    took = []
    with city.client(headers=headers) as client:
        for _ in range(50):
            started = time.perf_counter()
            assert client.post("/graphql", json={"query": "{ __typename }"}).status_code == 200
            took.append(time.perf_counter() - started)
    assert sorted(took)[25] < 0.03


def test_every_answer_carries_the_safe_headers(city: DemoCity) -> None:
    """Answers, refusals, pages and figures are not cached by anybody and are what they say they are."""
    with city.client() as client:
        answers = [client.get(path) for path in ("/metrics", "/health/live", "/health/ready", "/nothing", "/console/")]
        answers += [client.post("/graphql", json={}), city.ask_plainly()]
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert "server" not in answer.headers


def test_figures_are_of_closed_sets(city: DemoCity) -> None:
    """Metrics count answers by code and departments by status; no label comes from a request."""
    city.ask_plainly()
    text = city.get("/metrics").text
    labels = {line.partition("{")[2].partition("}")[0] for line in text.splitlines() if "{" in line}
    names = {part.partition("=")[0] for one in labels for part in one.split(",")}
    assert names == {"outcome", "le", "department", "status"}
    assert 'hub_source_calls_total{department="police",status="ok"}' in text
