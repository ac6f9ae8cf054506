"""Servers that live as long as whoever started them."""

import os
import threading
from typing import Protocol

__all__ = ["Stoppable", "end_with_stdin"]


class Stoppable(Protocol):
    """A server that ends soon after `should_exit` is set, as uvicorn's does."""

    should_exit: bool


def end_with_stdin(server: Stoppable) -> None:
    """Ask a server to end when this process's standard input closes, as it does when the parent process dies."""
    threading.Thread(target=_watch, args=(server,), daemon=True).start()


def _watch(server: Stoppable) -> None:
    # os.read, not sys.stdin: a thread inside a buffered read would hold its lock when the process ends.
    while os.read(0, 1024):
        pass
    server.should_exit = True
