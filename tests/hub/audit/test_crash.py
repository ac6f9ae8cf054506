"""Crashes: what was acknowledged is in the log, and nobody else writes meanwhile."""

import asyncio
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from hub.audit.database_evidence import open_database_evidence
from hub.audit.reader import AuditReader
from hub.audit.session import ShardHeldError
from hub.audit.verify import verify_log

SCRIPT = Path(__file__).with_name("loaded_writer.py")
ROOT = Path(__file__).parents[3]


def start_writer(log: Any) -> subprocess.Popen[bytes]:
    """A loaded writer of the shard `main`, already writing."""
    arguments = [log.url, str(log.place.state_dir), "main", log.seed.hex()]
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT), *arguments], stdout=subprocess.PIPE, cwd=ROOT, env={"PYTHONPATH": str(ROOT)}
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"open\n"
    return process


def kill_writer(process: subprocess.Popen[bytes], seconds: float) -> dict[int, str]:
    """SIGKILL after so many seconds; the record id by position that it acknowledged."""
    output: list[bytes] = []
    assert process.stdout is not None
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        output.append(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    output += process.communicate()[0].splitlines(keepends=True)
    whole = [line.split() for line in output if line.endswith(b"\n")]
    return {int(position): record.decode() for record, position in whole}


async def stored(log: Any) -> dict[int, str]:
    reader = await AuditReader.open(log.url, log.keys)
    views = await reader.records(limit=1_000_000)
    await reader.close()
    return {view.access.position: str(view.access.record_id) for view in views}


def test_every_acknowledged_record_survives_a_kill(log: Any) -> None:
    """Killed three times under 64 clients, the log holds every record acknowledged, verifies, and goes on."""
    acknowledged: dict[int, str] = {}
    for seconds in (0.1, 0.23, 0.4):
        fresh = kill_writer(start_writer(log), seconds)
        assert fresh
        assert not fresh.keys() & acknowledged.keys()
        acknowledged |= fresh

    async def check() -> None:
        found = await stored(log)
        lost = {position for position, record in acknowledged.items() if found.get(position) != record}
        assert lost == set()
        async with open_database_evidence(log.url, log.keys, log.place.state_dir) as evidence:
            assert (await verify_log(evidence)).verified
        writer = await log.open(patience=5.0)
        assert writer.size == len(found)
        await writer.close()

    asyncio.run(check())


def test_two_processes_cannot_hold_one_shard(log: Any) -> None:
    """While one process writes a shard another is refused; when the first is killed, it may."""
    process = start_writer(log)
    try:
        with pytest.raises(ShardHeldError):
            asyncio.run(log.open())
    finally:
        kill_writer(process, 0.0)

    async def take_over() -> None:
        writer = await log.open(patience=5.0)
        assert writer.healthy
        await writer.close()

    asyncio.run(take_over())
