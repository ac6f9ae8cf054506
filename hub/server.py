"""The web server: uvicorn over an assembled hub, on an address that is said on standard output once it answers."""

import json
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn

from hub.app import create_app
from hub.assembly import assembled_hub
from hub.config import Settings
from hub.console.page import Example
from hub.lifetimes import end_with_stdin

__all__ = ["serve"]

_GRACE = 10


class _AnnouncingServer(uvicorn.Server):
    """Says where it listens, as one JSON line, as soon as it answers; a signal ends it and nothing more."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn raises what it caught once more when it is done. Then the process would end before the hub has
        counted its denials, signed its log and stopped its database."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {one: signal.signal(one, self.handle_exit) for one in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for one in sockets or ():
            host, port = one.getsockname()[:2]
            sys.stdout.write(json.dumps({"service": "hub", "address": f"http://{host}:{port}"}) + "\n")
            sys.stdout.flush()


async def serve(
    settings: Settings, examples: Callable[[], tuple[Example, ...]] = tuple, *, with_stdin: bool = False
) -> None:
    """Serve until asked to stop (SIGTERM, SIGINT, or the end of standard input); requests under way are answered."""
    async with assembled_hub(settings) as hub:
        listener = socket.create_server((settings.host, settings.port), backlog=1024)
        # The loop does this itself for sockets of its own only; without it every answer waits 40 ms for an ACK.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        config = uvicorn.Config(
            create_app(hub, examples),
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=_GRACE,
            lifespan="off",
        )
        server = _AnnouncingServer(config)
        if with_stdin:
            end_with_stdin(server)
        await server.serve(sockets=[listener])
