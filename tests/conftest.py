"""Fixtures shared by all tests: a real PostgreSQL, started once and ended at the end of the session."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from hub.postgres import ADMIN_ROLE, EmbeddedServer

settings.register_profile("hub", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("hub")  # a busy machine is no defect of the code under test

if TYPE_CHECKING:
    from tests.demo_city import DemoCity

OWNER, SERVICE = "hub_owner", "hub_service"


class Postgres:
    """Fresh databases on one embedded server, each owned by `hub_owner`; `hub_service` may connect."""

    def __init__(self, server: EmbeddedServer) -> None:
        self.server = server
        for role in (OWNER, SERVICE):
            server.create_role(role)

    def create_database(self) -> str:
        """Make an empty database; its URL as its owner."""
        name = f"test_{secrets.token_hex(6)}"
        self.server.create_database(name, OWNER)
        self.server.allow_connection(name, SERVICE)
        return self.server.url(name, OWNER)

    def service_url(self, url: str) -> str:
        """The same database as the hub's service role."""
        return self.server.url(url.rsplit("/", 1)[1], SERVICE)

    def admin_url(self, url: str) -> str:
        """The same database as superuser, for faults that only an administrator can cause."""
        return self.server.url(url.rsplit("/", 1)[1], ADMIN_ROLE)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A running PostgreSQL 18 in a folder of its own, in memory where there is room for it."""
    folder = Path(tempfile.mkdtemp(prefix="hub-tests-", dir=_roomy_memory()))
    if os.geteuid() == 0:
        folder.chmod(0o711)
    try:
        server = EmbeddedServer.start(folder / "postgres")
        try:
            yield Postgres(server)
        finally:
            server.stop(immediate=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def city() -> "Iterator[DemoCity]":
    """A demo installation with its hub running; tests that break something of it mend it."""
    from tests.demo_city import open_demo_city  # the whole program, which most tests do without

    with open_demo_city() as standing:
        yield standing


def _roomy_memory() -> str | None:
    """The memory file system where it has a gigabyte to spare; None for the usual temporary folder."""
    memory = "/dev/shm"
    try:
        return memory if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2**30 else None
    except OSError:
        return None
