"""A relay in front of a department's service: passes everything through, or misbehaves as it is told."""

import json
import os
import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, Final

__all__ = ["FAULTS", "Relay", "open_relay"]

CANARY: Final = "金丝雀320505199003074514"
_PATIENCE: Final = 5.0


class Relay(socketserver.ThreadingTCPServer):
    """Listens where the service should and forwards to where it is. `fault` names what to do instead."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port: int, service: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.service = service
        self._fault: str | None = None
        self._open: set[socket.socket] = set()

    @property
    def fault(self) -> str | None:
        """What goes wrong now."""
        return self._fault

    @contextmanager
    def misbehaving(self, fault: str) -> Iterator[None]:
        """For the time of a block; connections that are open end at both its ends."""
        self._change(fault)
        try:
            yield
        finally:
            self._change(None)

    def _change(self, fault: str | None) -> None:
        self._fault = fault
        for one in list(self._open):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def enter(self, connection: socket.socket) -> None:
        """Note an open connection."""
        self._open.add(connection)

    def leave(self, connection: socket.socket) -> None:
        """Forget one."""
        self._open.discard(connection)


class _Handler(socketserver.BaseRequestHandler):
    server: Relay

    def handle(self) -> None:
        self.server.enter(self.request)
        try:
            with suppress(OSError):
                fault = self.server.fault
                if fault is None:
                    self._pass_through()
                else:
                    FAULTS[fault](self.request)
        finally:
            self.server.leave(self.request)

    def _pass_through(self) -> None:
        with socket.create_connection(("127.0.0.1", self.server.service)) as service:
            back = threading.Thread(target=_pump, args=(service, self.request), daemon=True)
            back.start()
            _pump(self.request, service)
            back.join(_PATIENCE)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def _hang(connection: socket.socket) -> None:
    """Takes the request and says nothing until the other side gives up."""
    connection.settimeout(_PATIENCE)
    while connection.recv(65_536):
        pass


def _drop(connection: socket.socket) -> None:
    connection.recv(65_536)


def _answer(content: bytes, status: bytes = b"200 OK", length: int | None = None) -> Callable[[socket.socket], None]:
    """Answers every request so; `length` is the length it tells, if another."""
    head = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    whole = head % (status, len(content) if length is None else length) + content

    def answer(connection: socket.socket) -> None:
        _request(connection)
        connection.sendall(whole)

    return answer


def _noise(connection: socket.socket) -> None:
    connection.recv(65_536)
    connection.sendall(os.urandom(2_000))


def _trickle(connection: socket.socket) -> None:
    """A byte now and then: no single read times out."""
    _request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n")
    for _ in range(100):
        connection.sendall(b" ")
        time.sleep(0.05)


def _batch(change: Callable[[Mapping[str, Any]], object]) -> Callable[[socket.socket], None]:
    """Answers a batch request with what `change` makes of it."""

    def answer(connection: socket.socket) -> None:
        while (asked := _request(connection)) is not None:
            content = json.dumps(change(asked)).encode()
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(content) + content)

    return answer


def _request(connection: socket.socket) -> Mapping[str, Any] | None:
    """The JSON body of the next request; None at the end."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65_536)
        if not chunk:
            return None
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (int(line.partition(b":")[2]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")), 0
    )
    while len(body) < length:
        body += connection.recv(65_536)
    try:
        return dict(json.loads(body))
    except ValueError:
        return {}


def _items(asked: Mapping[str, Any], value: object, keys: list[str] | None = None) -> dict[str, object]:
    names = asked.get("fields", ())
    records = [dict.fromkeys(names, value)]
    wanted = asked.get("cardNumbers", ()) if keys is None else keys
    return {"items": [{"cardNumber": key, "records": records} for key in wanted]}


FAULTS: Final[Mapping[str, Callable[[socket.socket], None]]] = {
    "hangs": _hang,
    "trickles": _trickle,
    "drops the connection": _drop,
    "sends noise": _noise,
    "sends a page": _answer(f"<html>{CANARY}</html>".encode()),
    "sends half an answer": _answer(b'{"items": [', length=5_000),
    "fails": _answer(CANARY.encode(), status=b"500 Internal Server Error"),
    "refuses us": _answer(b"{}", status=b"403 Forbidden"),
    "sends an array": _answer(b"[]"),
    "sends null": _answer(b"null"),
    "sends too few": _batch(lambda asked: _items(asked, None, [])),
    "sends others": _batch(lambda asked: _items(asked, None, ["JK0000000000"] * len(asked.get("cardNumbers", ())))),
    "sends objects for values": _batch(lambda asked: _items(asked, {"wrong": CANARY})),
    "sends other text": _batch(lambda asked: _items(asked, CANARY)),
    "sends huge numbers": _batch(lambda asked: _items(asked, 10**30)),
}


@contextmanager
def open_relay(port: int, service: int) -> Iterator[Relay]:
    """A relay at `port` in front of the service at another."""
    with Relay(port, service) as relay:
        thread = threading.Thread(target=relay.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield relay
        finally:
            relay.shutdown()
            thread.join()
