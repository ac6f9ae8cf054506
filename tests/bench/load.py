"""A small HTTP/1.1 client with so many requests under way: one per connection, sent when the last is answered.

It reads only what it must (status, length, whether the body begins with data and says nothing of errors), so that it
takes little from the machine that it shares with what it measures.
"""

import asyncio
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle
from typing import Final, cast
from urllib.parse import urlsplit

__all__ = ["Answers", "ask_once", "run_load"]

_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_GOOD_HEAD: Final = b"HTTP/1.1 200"
_PATIENCE: Final = 30.0
"""Seconds after the end of a run in which answers under way may still come; what has not come by then is an error."""


@dataclass(slots=True)
class Answers:
    """What came back: seconds per answer in the order they came, errors among them, and how long the run took."""

    latencies: list[float] = field(default_factory=list)
    errors: int = 0
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Answers per second, those with errors not counted."""
        return (len(self.latencies) - self.errors) / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        """The latency in seconds that so large a share of answers does not exceed."""
        ordered = sorted(self.latencies)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)] if ordered else 0.0


async def run_load(address: str, calls: Sequence[bytes], concurrency: int, seconds: float) -> Answers:
    """Ask for so many seconds over so many connections; requests under way at the end are waited for."""
    answers, source = Answers(), cycle(calls)
    connections = [await _connect(address) for _ in range(concurrency)]
    start = time.perf_counter()
    deadline = start + seconds

    async def ask(connection: "_Connection") -> None:
        while (sent := time.perf_counter()) < deadline:
            head, body = await connection.ask(next(source))
            answers.latencies.append(time.perf_counter() - sent)
            answers.errors += not _is_good(head, body)

    try:
        async with asyncio.timeout(seconds + _PATIENCE):
            outcomes = await asyncio.gather(*map(ask, connections), return_exceptions=True)
        answers.errors += sum(isinstance(outcome, BaseException) for outcome in outcomes)
    except TimeoutError:
        answers.errors += concurrency
    finally:
        for connection in connections:
            connection.close()
    answers.seconds = time.perf_counter() - start
    return answers


async def ask_once(address: str, call: bytes) -> tuple[int, bytes]:
    """Status and body of one request."""
    connection = await _connect(address)
    try:
        async with asyncio.timeout(_PATIENCE):
            head, body = await connection.ask(call)
    finally:
        connection.close()
    return int(head.split(b" ", 2)[1]), body


def _is_good(head: bytes, body: bytes) -> bool:
    return head.startswith(_GOOD_HEAD) and body.startswith(b'{"data":{') and b'"errors":[' not in body


async def _connect(address: str) -> "_Connection":
    place = urlsplit(address)
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(_Connection, place.hostname or "", place.port or 0)
    return connection


class _Connection(asyncio.Protocol):
    """One kept-alive connection with at most one request under way."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[tuple[bytes, bytes]] | None = None
        self._received = bytearray()
        self._head = 0
        self._whole = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def ask(self, call: bytes) -> asyncio.Future[tuple[bytes, bytes]]:
        """Head and body of the answer; ConnectionError when the connection ends instead."""
        self._answer = asyncio.get_running_loop().create_future()
        if self._transport is None or self._transport.is_closing():
            self.connection_lost(None)
        else:
            self._transport.write(call)
        return self._answer

    def data_received(self, data: bytes) -> None:
        self._received += data
        if not self._whole:
            self._head = self._received.find(b"\r\n\r\n") + 4
            if self._head < 4:
                return
            length = _LENGTH.search(self._received, 0, self._head)
            self._whole = self._head + (int(length[1]) if length else 0)
        if len(self._received) >= self._whole and self._answer is not None and not self._answer.done():
            received = bytes(self._received)
            self._received.clear()
            head, self._whole = self._head, 0
            self._answer.set_result((received[:head], received[head:]))

    def connection_lost(self, error: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error or ConnectionError("the connection ended"))

    def close(self) -> None:
        """End it; what is under way is not waited for."""
        if self._transport is not None:
            self._transport.abort()
