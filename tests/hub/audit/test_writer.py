"""The writer: durable before it answers, one owner per shard, no evidence no traffic."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from hub.audit.checkpoints import ShardPlace
from hub.audit.draft import Scribe
from hub.audit.model import Record
from hub.audit.note import claimed_size
from hub.audit.session import ShardHeldError
from hub.audit.writer import AuditWriter, WriterOptions
from hub.config import AuditSettings
from schema.errors import BusyError, ConfigurationError, ErrorCode, InternalError, StorageError
from schema.ids import MigrantId


async def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait for a condition, or fail."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        await asyncio.sleep(0.01)


async def positions(log: Any, shard: str = "main") -> list[int]:
    query = "SELECT position FROM audit_entries WHERE shard = $1 ORDER BY 1"
    return [row["position"] for row in await log.fetch(query, shard)]


@contextlib.asynccontextmanager
async def opened(log: Any, **limits: Any) -> AsyncIterator[AuditWriter]:
    writer = await log.open(**limits)
    try:
        yield writer
    finally:
        await writer.close()


def test_receipts_name_durable_rows(log: Any, new_record: Callable[..., Record]) -> None:
    """A receipt's position is in the database when it is given; positions have no gaps; many share a transaction."""

    async def run() -> None:
        async with opened(log) as writer:
            first = await writer.write(new_record())
            assert await positions(log) == [first.position] == [0]
            receipts = await asyncio.gather(*(writer.write(new_record()) for _ in range(1_200)))
            assert sorted(receipt.position for receipt in receipts) == list(range(1, 1_201))
            assert await positions(log) == list(range(1_201))
            assert writer.metrics.records == writer.size == 1_201
            assert writer.metrics.batches < 100

    asyncio.run(run())


def test_a_restart_continues_the_shard(log: Any, new_record: Callable[..., Record]) -> None:
    """A writer that opens a shard again continues after its last record."""
    log.fill(5)

    async def run() -> int:
        async with opened(log) as writer:
            assert writer.size == 5
            return int((await writer.write(new_record())).position)

    assert asyncio.run(run()) == 5


def test_records_that_do_not_fit_are_refused_alone(log: Any, new_record: Callable[..., Record]) -> None:
    """A record outside the catalogue is refused; those beside it are written."""

    async def run() -> None:
        async with opened(log) as writer:
            bad, good = await asyncio.gather(
                writer.write(new_record(event="gossip")), writer.write(new_record()), return_exceptions=True
            )
            assert isinstance(bad, InternalError)
            assert good.position == 0

    asyncio.run(run())


def test_large_records_let_others_run(log: Any, new_record: Callable[..., Record]) -> None:
    """While a record about a thousand persons is made, other tasks get their turn again and again."""
    subjects = [MigrantId(new_record().record_id) for _ in range(1_000)]
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def run() -> None:
        counting = asyncio.create_task(count())
        draft = await Scribe(log.keys).draft(new_record(subjects=subjects))
        counting.cancel()
        assert len(draft.tokens) == 1_000
        assert turns >= 7

    asyncio.run(run())


def test_a_second_writer_is_refused(log: Any) -> None:
    """A shard that is held cannot be claimed; once given back, it can."""

    async def run() -> None:
        async with opened(log):
            with pytest.raises(ShardHeldError):
                await log.open()
        async with opened(log) as writer:
            assert writer.healthy

    asyncio.run(run())


def test_loss_of_the_lock_stops_the_writer(log: Any, new_record: Callable[..., Record]) -> None:
    """When its connection is cut the writer refuses at once, and comes back by itself where it stood."""

    async def run() -> None:
        async with opened(log, checkpoint_seconds=30) as writer:
            await writer.write(new_record())
            await log.cut_connections()
            await until(lambda: not writer.healthy)
            with pytest.raises(BusyError) as caught:
                await writer.write(new_record())
            assert caught.value.code is ErrorCode.AUDIT_UNAVAILABLE
            await until(lambda: writer.healthy)
            assert (await writer.write(new_record())).position == 1
            assert (writer.metrics.losses, writer.metrics.openings) == (1, 2)

    asyncio.run(run())


def test_waiters_fail_with_the_connection(log: Any, new_record: Callable[..., Record]) -> None:
    """Callers whose record is in a transaction that never ends get AUDIT_UNAVAILABLE, and those in line behind them."""

    async def run() -> None:
        async with opened(log) as writer:
            await writer.write(new_record())
            blocker = await asyncpg.connect(log.owner_url)
            async with blocker.transaction():
                await blocker.execute("LOCK TABLE audit_entries IN ACCESS EXCLUSIVE MODE")
                waiting = [asyncio.create_task(writer.write(new_record())) for _ in range(20)]
                await asyncio.sleep(0.2)
                await log.cut_connections()
                results = await asyncio.gather(*waiting, return_exceptions=True)
            await blocker.close()
            assert {getattr(result, "code", None) for result in results} == {ErrorCode.AUDIT_UNAVAILABLE}
            await until(lambda: writer.healthy)
            assert await positions(log) == list(range(writer.size))

    asyncio.run(run())


def test_a_stopped_database_makes_the_log_refuse(log: Any, new_record: Callable[..., Record]) -> None:
    """When the database hangs, waiting ends in time, the writer turns unhealthy, and it recovers afterwards."""

    async def run() -> None:
        async with opened(log, wait_seconds=0.4, stale_seconds=0.3) as writer:
            await writer.write(new_record())
            blocker = await asyncpg.connect(log.owner_url)
            async with blocker.transaction():
                await blocker.execute("LOCK TABLE audit_entries IN ACCESS EXCLUSIVE MODE")
                with pytest.raises(BusyError):
                    await writer.write(new_record())
                await until(lambda: not writer.healthy)
            await blocker.close()
            await until(lambda: writer.healthy)
            await writer.write(new_record())

    asyncio.run(run())


def test_too_many_waiting_is_busy(log: Any, new_record: Callable[..., Record]) -> None:
    """The line is bounded: who finds it full is told BUSY at once."""

    async def run() -> list[Any]:
        async with opened(log, queue=10) as writer:
            tasks = [writer.write(new_record()) for _ in range(40)]
            return list(await asyncio.gather(*tasks, return_exceptions=True))

    codes = [getattr(result, "code", None) for result in asyncio.run(run())]
    assert codes.count(None) >= 10
    assert set(codes) == {None, ErrorCode.BUSY}


def test_close_writes_what_waits(log: Any, new_record: Callable[..., Record]) -> None:
    """Records in line when the writer is closed are written and signed; later ones are refused."""

    async def run() -> None:
        writer = await log.open(checkpoint_seconds=60)
        tasks = [asyncio.create_task(writer.write(new_record())) for _ in range(30)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await writer.close()
        assert len(await asyncio.gather(*tasks)) == len(await positions(log)) == 30
        assert claimed_size(log.place.read() or "") == 30
        with pytest.raises(BusyError):
            await writer.write(new_record())
        await writer.close()

    asyncio.run(run())


def test_checkpoints_follow_in_both_places(log: Any, new_record: Callable[..., Record]) -> None:
    """Soon after a record there is a signed checkpoint of it in the database and in the file."""

    async def run() -> None:
        async with opened(log) as writer:
            await writer.write(new_record())
            await until(lambda: claimed_size(log.place.read() or "") == 1)
            rows = await log.fetch("SELECT size, note FROM audit_checkpoints")
            assert [(row["size"], row["note"]) for row in rows] == [(1, log.place.read())]

    asyncio.run(run())


def test_an_unwritable_checkpoint_stops_traffic(log: Any, new_record: Callable[..., Record]) -> None:
    """When the checkpoint file cannot be written beyond the limit, the writer refuses; when it can, it goes on."""

    async def run() -> None:
        async with opened(log, stale_seconds=0.3) as writer:
            log.place.file.parent.rename(log.place.state_dir / "away")
            log.place.file.parent.write_text("in the way")
            await writer.write(new_record())
            await until(lambda: not writer.healthy)
            assert writer.metrics.checkpoint_failures > 0
            with pytest.raises(BusyError):
                await writer.write(new_record())
            log.place.file.parent.unlink()
            await until(lambda: writer.healthy)
            await writer.write(new_record())

    log.fill(1)
    asyncio.run(run())


def test_a_lost_checkpoint_file_is_made_again(log: Any) -> None:
    """Without its file a shard opens from the database's checkpoint, and the file is written anew."""
    log.fill(3)
    log.place.file.unlink()

    async def run() -> None:
        async with opened(log):
            await until(lambda: claimed_size(log.place.read() or "") == 3)

    asyncio.run(run())


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE audit_entries SET entry = 'x' WHERE position = 1",
        "DELETE FROM audit_entries WHERE position = 1",
        "DELETE FROM audit_entries WHERE position = 8; DELETE FROM audit_checkpoints",
        "UPDATE audit_checkpoints SET note = replace(note, 'main', 'mean')",
        "INSERT INTO audit_entries SELECT shard, 9, entry FROM audit_entries WHERE position = 8",
        "INSERT INTO audit_entries SELECT shard, 9, entry FROM audit_entries WHERE position = 8;"
        "INSERT INTO audit_payloads SELECT shard, 9, recorded_at, event, department, sealed"
        " FROM audit_payloads WHERE position = 7",
    ],
    ids=["edit", "deletion", "truncation", "checkpoint", "bare row", "forged row"],
)
def test_a_contradicted_log_is_not_continued(log: Any, damage: str) -> None:
    """A shard whose rows contradict a checkpoint, or whose newest rows are not the hub's own, cannot be opened."""
    log.fill(9)
    asyncio.run(log.tamper(damage))
    with pytest.raises(StorageError):
        asyncio.run(log.open())


def test_a_shortened_database_is_noticed_on_reconnect(log: Any, new_record: Callable[..., Record]) -> None:
    """A writer that comes back to a database shorter than its own tree does not go on."""

    async def run() -> None:
        async with opened(log, checkpoint_seconds=30) as writer:
            await asyncio.gather(*(writer.write(new_record()) for _ in range(4)))
            await log.tamper("DELETE FROM audit_entries WHERE position = 3")
            await log.cut_connections()
            await until(lambda: writer.metrics.losses == 1)
            await asyncio.sleep(0.5)
            assert not writer.healthy
            assert writer.metrics.openings == 1

    asyncio.run(run())


def test_a_forged_row_stops_the_log(log: Any, new_record: Callable[..., Record]) -> None:
    """The service account can add a row of its own; the writer then answers nobody and does not build on it."""

    async def run() -> None:
        async with opened(log, checkpoint_seconds=30) as writer:
            await writer.write(new_record())
            await log.fetch("INSERT INTO audit_entries SELECT shard, 1, entry FROM audit_entries")
            with pytest.raises(BusyError):
                await writer.write(new_record())
            await asyncio.sleep(0.5)
            assert not writer.healthy
            assert writer.size == 1

    asyncio.run(run())


class PoolLikeProxy:
    """Passes bytes on, but announces a process id of its own, as connection pools do."""

    def __init__(self, url: str) -> None:
        self.target = urlsplit(url)
        self.ended = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection(self.target.hostname, self.target.port)
        answering = asyncio.create_task(self.answer(up_reader, writer))
        while data := await reader.read(65_536):
            up_writer.write(data)
        answering.cancel()
        for stream in (up_writer, writer):
            stream.close()
            with contextlib.suppress(ConnectionError):
                await stream.wait_closed()
        self.ended.set()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head = await reader.readexactly(5)
            body = await reader.readexactly(int.from_bytes(head[1:]) - 4)
            writer.write(head + (b"\0\0\0\x01" + body[4:] if head[:1] == b"K" else body))


def test_connection_pools_are_refused(log: Any) -> None:
    """An address that leads through a pool is refused: a pool may hand the shard's lock to somebody else."""

    async def run() -> None:
        proxy = PoolLikeProxy(log.url)
        async with await asyncio.start_server(proxy.serve, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            pooled = log.url.replace(f":{proxy.target.port}/", f":{port}/") + "?sslmode=disable"
            with pytest.raises(ConfigurationError):
                await AuditWriter.open(pooled, log.keys, log.place)
            await proxy.ended.wait()

    asyncio.run(run())


def test_an_unreachable_database_is_one_clear_error(log: Any) -> None:
    """Without a database `open` fails with a StorageError that names neither address nor password."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"postgresql://hub_service:secret@127.0.0.1:{closed.getsockname()[1]}/hub"
        with pytest.raises(StorageError) as caught:
            asyncio.run(AuditWriter.open(url, log.keys, log.place, WriterOptions(AuditSettings(wait_seconds=1))))
    assert "secret" not in str(caught.value)
    assert "127.0.0.1" not in str(caught.value)


@pytest.mark.parametrize("name", ["", "Main", "a/b", "x" * 41])
def test_shard_names_are_plain(log: Any, name: str) -> None:
    """A shard's name is a file name and part of a key name, so only plain names are taken."""
    with pytest.raises(ConfigurationError):
        ShardPlace(name, log.place.state_dir)
