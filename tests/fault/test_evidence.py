"""The log's own database and disk fail: nothing is answered without a record, no record is lost, and it recovers."""

import asyncio
import os
import resource
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import httpx
import pytest

from hub.store.database import DATABASE, OWNER_ROLE
from schema.errors import ErrorCode
from tests.demo_city import DemoCity
from tests.fault.wire import assert_refused

FULL_DISK = """
CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'could not extend file "金丝雀": No space left on device' USING ERRCODE = '53100'; END $$;
CREATE TRIGGER full_disk BEFORE INSERT ON audit_entries FOR EACH STATEMENT EXECUTE FUNCTION full_disk();
"""
SPACE_AGAIN = "DROP TRIGGER full_disk ON audit_entries; DROP FUNCTION full_disk();"


def receipt_of(response: httpx.Response) -> str:
    """The receipt's id."""
    return str(response.json()["extensions"]["receipt"]["id"])


def verified(city: DemoCity) -> bool:
    """Whether the whole log verifies."""
    return '"verified": true' in city.run("audit", "verify", "--json").output


@contextmanager
def stopped_database(city: DemoCity, signal_number: int) -> Iterator[None]:
    """The database server is stopped for the time of a block, and started again at the same address."""
    server = city.server()
    pid = server.pid
    os.kill(pid, signal_number)
    while Path(f"/proc/{pid}").exists():
        time.sleep(0.02)
    try:
        yield
    finally:
        again = city.server()
        for one in (server, again):
            one.stop()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["fast", "immediate"])
def test_a_stopped_database(city: DemoCity, how: signal.Signals) -> None:
    """While the log's database is stopped every question is refused with 503; started again, all goes on."""
    before = city.ask_plainly()
    with stopped_database(city, how):
        refused = city.wait_until_refusing()
        assert_refused(refused, 503, ErrorCode.AUDIT_UNAVAILABLE)
        assert refused.headers["retry-after"] == "2"
    after = city.wait_until_answering()
    assert {receipt_of(before), receipt_of(after)} <= city.receipts()
    assert verified(city)


def test_no_source_is_asked_without_a_log(city: DemoCity) -> None:
    """While nothing can be recorded no department is called: their part of the metrics stands still."""
    with stopped_database(city, signal.SIGINT):
        city.wait_until_refusing()
        calls = source_calls(city)
        assert_refused(city.ask_plainly(), 503, ErrorCode.AUDIT_UNAVAILABLE)
        assert source_calls(city) == calls
    city.wait_until_answering()
    assert source_calls(city) != calls


def source_calls(city: DemoCity) -> list[str]:
    """The lines of the metrics that count calls to departments."""
    text = city.get("/metrics").text
    return [line for line in text.splitlines() if line.startswith("hub_source_calls_total")]


def test_a_full_disk_under_the_database(city: DemoCity) -> None:
    """The database has no space for the record: no answer, one code, nothing of its message; then all goes on."""
    url = city.server_url(DATABASE, OWNER_ROLE)
    asyncio.run(execute(url, FULL_DISK))
    try:
        answers = [city.ask_plainly() for _ in range(3)]
    finally:
        asyncio.run(execute(url, SPACE_AGAIN))
    for answer in answers:
        assert_refused(answer, 503, ErrorCode.AUDIT_UNAVAILABLE)
    assert receipt_of(city.wait_until_answering()) in city.receipts()
    assert verified(city)
    assert "金丝雀" not in city.log.read_text(encoding="utf-8")


async def execute(url: str, script: str) -> None:
    """Run a script as the tables' owner."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(script)
    finally:
        await connection.close()


def test_a_full_disk_under_the_hub(city: DemoCity) -> None:
    """The hub can write neither checkpoint nor log: after the limit it refuses, and with space again it goes on."""
    settings = {"HUB_SHARD": "full-disk", "HUB_AUDIT__STALE_SECONDS": "1.5", "HUB_AUDIT__CHECKPOINT_SECONDS": "0.2"}
    with city.another_hub(**settings) as hub:
        first = city.ask_plainly(hub.address)
        checkpoint = city.state_dir / "audit" / "full-disk.checkpoint"
        while not checkpoint.exists():
            time.sleep(0.05)
        with no_file_grows(hub.process.pid):
            before = checkpoint.read_text()
            assert_refused(city.wait_until_refusing(hub.address), 503, ErrorCode.AUDIT_UNAVAILABLE)
            assert checkpoint.read_text() == before
        last = city.wait_until_answering(hub.address)
    assert {receipt_of(first), receipt_of(last)} <= city.receipts()
    assert checkpoint.read_text() != before
    assert verified(city)


@contextmanager
def no_file_grows(pid: int) -> Iterator[None]:
    """For the time of a block a process can write to no file (RLIMIT_FSIZE), as on a full disk."""
    soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))
