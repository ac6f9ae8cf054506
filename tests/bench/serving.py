"""How the programs beside the hub are served: uvicorn with uvloop and httptools, one process."""

import json
import os
import socket
import sys

import uvicorn
from starlette.applications import Starlette

from hub.lifetimes import end_with_stdin

__all__ = ["addresses", "serve"]


def addresses() -> dict[str, str]:
    """The databases by name: `police` … `crosswalk`."""
    found: dict[str, str] = json.loads(os.environ["BENCH_DATABASES"])
    return found


def serve(app: Starlette) -> None:
    """Serve on a free port of 127.0.0.1, say which on standard output, end when standard input closes."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    config = uvicorn.Config(
        app, loop="uvloop", http="httptools", log_level="error", access_log=False, server_header=False, lifespan="on"
    )
    server = uvicorn.Server(config)
    end_with_stdin(server)
    host, port = listener.getsockname()[:2]
    sys.stdout.write(json.dumps({"address": f"http://{host}:{port}"}) + "\n")
    sys.stdout.flush()
    server.run(sockets=[listener])
