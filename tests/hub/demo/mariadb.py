"""A MariaDB of our own for a test, where the programs are installed."""

import secrets
import shutil
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

__all__ = ["MariaDatabase", "is_installed"]

_PATIENCE = 30.0


def is_installed() -> bool:
    """Whether MariaDB's programs are on the path."""
    return all(shutil.which(name) for name in ("mariadbd", "mariadb-install-db", "mariadb"))


class MariaDatabase:
    """A server in a folder on a free port of 127.0.0.1, with one database, an account that owns it and a reader."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._password = secrets.token_hex(8)
        self.port = _free_port()

    @property
    def url(self) -> str:
        """The database as its owner, for SQLAlchemy's async engine."""
        return f"mysql+asyncmy://owner:{self._password}@127.0.0.1:{self.port}/department"

    @property
    def reader_url(self) -> str:
        """The database as an account that has been granted nothing yet."""
        return self.url.replace("//owner:", "//hub_reader:")

    def __enter__(self) -> Self:
        data = self._folder / "data"
        install = ["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--skip-test-db", "--user=root"]
        subprocess.run([*install, "--auth-root-authentication-method=normal"], check=True, capture_output=True)
        options = [f"--datadir={data}", f"--port={self.port}", f"--socket={self._socket}", "--bind-address=127.0.0.1"]
        command = ["mariadbd", "--no-defaults", "--user=root", "--skip-name-resolve", *options]
        with (self._folder / "log").open("wb") as log:
            self._server = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            self._make_database()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    @property
    def _socket(self) -> Path:
        return self._folder / "s"

    def _make_database(self) -> None:
        statements = (
            "CREATE DATABASE department CHARACTER SET utf8mb4;"
            f"CREATE USER owner@'127.0.0.1' IDENTIFIED BY '{self._password}';"
            "GRANT ALL ON department.* TO owner@'127.0.0.1' WITH GRANT OPTION;"
            f"CREATE USER hub_reader@'%' IDENTIFIED BY '{self._password}';"
        )
        deadline = time.monotonic() + _PATIENCE
        while True:
            done = subprocess.run(
                ["mariadb", "--no-defaults", "-uroot", f"-S{self._socket}", "-e", statements],
                check=False,
                capture_output=True,
            )
            if done.returncode == 0:
                return
            if time.monotonic() > deadline or self._server.poll() is not None:
                raise RuntimeError("MariaDB did not start")
            time.sleep(0.1)

    def _end(self) -> None:
        self._server.terminate()
        try:
            self._server.wait(20)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
