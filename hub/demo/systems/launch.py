"""Starting a department's service from another process, and ending it for certain."""

import json
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from schema.errors import ConfigurationError

__all__ = ["ServiceProcess"]

_PATIENCE: Final = 20.0


class ServiceProcess:
    """A running service. It ends with `stop`, and by itself when this process dies (its standard input closes)."""

    def __init__(self, process: "subprocess.Popen[bytes]", address: str) -> None:
        self.process = process
        self.address = address
        """For example `http://127.0.0.1:40123`."""

    @classmethod
    def start(cls, module: str, data: Path, arguments: Sequence[str] = ()) -> Self:
        """Start `python -m module --data DATA …`; else as `launch`."""
        return cls.launch([sys.executable, "-m", module, "--data", str(data), *arguments])

    @classmethod
    def launch(cls, command: Sequence[str]) -> Self:
        """Run a command that takes `--end-with-stdin`, and wait until it says where it listens.

        Raises ConfigurationError when it ends or stays silent instead.
        """
        process = subprocess.Popen([*command, "--end-with-stdin"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - our own module
        try:
            return cls(process, json.loads(_first_line(process))["address"])
        except (ValueError, KeyError):
            cls(process, "").stop()
            raise ConfigurationError("a service did not start") from None

    def stop(self) -> None:
        """End it, gently at first; safe to call twice."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _first_line(process: "subprocess.Popen[bytes]") -> bytes:
    if process.stdout is None:
        return b""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        if select.select([process.stdout], [], [], 0.1)[0]:
            return process.stdout.readline()
    return b""
