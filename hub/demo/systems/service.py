"""How a department's service runs as a process of its own.

It binds 127.0.0.1 unless told otherwise, prints `{"service": …, "address": …}` on one line once it answers, and
ends on SIGTERM or SIGINT and, with `--end-with-stdin`, when its standard input closes, so that it never
outlives the process that started it.
"""

import argparse
import json
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hub.lifetimes import end_with_stdin
from schema.errors import ConfigurationError

if TYPE_CHECKING:
    from starlette.applications import Starlette

__all__ = ["ServiceOptions", "read_options", "read_secret", "serve"]


@dataclass(frozen=True, slots=True)
class ServiceOptions:
    """The service's name, its data folder, the file with its secret, where it listens, when it ends."""

    name: str
    data: Path
    secret: Path
    host: str
    port: int
    end_with_stdin: bool


def read_options(name: str, secret: str) -> ServiceOptions:
    """The command line. `secret` names the secret's file in the data folder, unless another is given."""
    parser = argparse.ArgumentParser(prog=f"hub.demo.systems.{name}", description=f"The demo's {name} system.")
    parser.add_argument("--data", type=Path, required=True, help="folder with the service's database")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one (default)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    parser.add_argument("--secret-file", type=Path, help=f"default: {secret} in the data folder")
    parser.add_argument("--end-with-stdin", action="store_true", help="end when standard input closes")
    found = parser.parse_args()
    secret_file = found.secret_file or found.data / secret
    return ServiceOptions(name, found.data, secret_file, found.host, found.port, found.end_with_stdin)


def read_secret(path: Path) -> str:
    """The first line of a file. Raises ConfigurationError when there is none."""
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except OSError:
        secret = ""
    if not secret:
        raise ConfigurationError("the service's secret file is missing or empty")
    return secret


def serve(app: "Starlette", options: ServiceOptions) -> None:
    """Serve until told to end."""
    import uvicorn  # noqa: PLC0415 - only a process that serves needs it

    listener = socket.create_server((options.host, options.port), backlog=256)
    line = {"service": options.name, "address": f"http://{options.host}:{listener.getsockname()[1]}"}

    class Announcing(uvicorn.Server):
        """Says where it listens as soon as it answers."""

        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            sys.stdout.write(json.dumps(line) + "\n")
            sys.stdout.flush()

    config = uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=2, lifespan="off")
    server = Announcing(config)
    if options.end_with_stdin:
        end_with_stdin(server)
    server.run(sockets=[listener])
