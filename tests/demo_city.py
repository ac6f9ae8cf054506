"""A whole demo installation for tests: the five systems, a linked registry, and the hub as a process of its own.

Everything lies in a temporary state folder and ends with the test session. Tests may kill the hub and health.
"""

import asyncio
import json
import os
import secrets
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result

from auth.model import Case
from hub.clock import now
from hub.commands import main as program
from hub.config import Settings, load_settings
from hub.demo.cast import DemoCast
from hub.demo.installation import DemoInstallation, open_installation
from hub.demo.issuer import TokenRequest
from hub.demo.running import prepare_registry
from hub.demo.systems.launch import ServiceProcess
from hub.files import write_private
from hub.keys import KeyFile
from hub.postgres import EmbeddedServer
from privacy.sector_ids import SectorIds
from schema.ids import SectorId
from schema.vocabulary import Department, Level, Role

__all__ = ["DemoCity", "open_demo_city", "unused_port"]

_HEALTH = "hub.demo.systems.health"
_PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Never used: the hub under test speaks plain HTTP, and reading the machine's authorities takes 20 ms a client."""
_PATIENCE = 30.0


class DemoCity:
    """The installation as tests see it. `log` is what the hub wrote to standard error, over all its runs."""

    def __init__(self, installation: DemoInstallation, cast: DemoCast, settings_file: Path) -> None:
        self.settings: Settings = load_settings(settings_file)
        self.settings_file = settings_file
        self.issuer = installation.issuer
        self.cast = cast
        self.state_dir = self.settings.state_dir
        self.log = self.state_dir / "hub.log"
        self.keys = KeyFile.of(self.settings).read()
        self.sector_ids = SectorIds(self.keys)
        self._hub: ServiceProcess | None = None
        self._health: ServiceProcess | None = None

    # Processes

    @property
    def address(self) -> str:
        """The hub's address; another one after each start."""
        assert self._hub is not None
        return self._hub.address

    def start_hub(self) -> None:
        """Start `hub serve`, and wait until it answers."""
        self._hub = launch_hub(self.settings_file, self.log)

    def stop_hub(self) -> None:
        """SIGTERM; it answers what is under way and writes what it holds."""
        assert self._hub is not None
        self._hub.stop()

    def kill_hub(self) -> None:
        """SIGKILL."""
        assert self._hub is not None
        self._hub.process.kill()
        self._hub.stop()

    @contextmanager
    def another_hub(self, **environment: str) -> Iterator[ServiceProcess]:
        """A second hub over the same installation, with other settings; its log goes where the first one's does."""
        process = launch_hub(self.settings_file, self.log, environment)
        try:
            yield process
        finally:
            process.stop()

    def start_health(self) -> None:
        """Start the health service at the address that the hub's settings name."""
        port = health_port(self.settings_file)
        self._health = ServiceProcess.start(_HEALTH, self.state_dir / "demo" / "health", ["--port", str(port)])

    def kill_health(self) -> int:
        """SIGKILL; the port it leaves free."""
        assert self._health is not None
        self._health.process.kill()
        self._health.stop()
        return int(self._health.address.rpartition(":")[2])

    def server(self) -> EmbeddedServer:
        """The database server, for faults; the caller stops it."""
        return EmbeddedServer.start(self.state_dir / "postgres")

    def server_url(self, database: str, role: str) -> str:
        """The address of one of its databases, as one of its roles."""
        server = self.server()
        try:
            return server.url(database, role)
        finally:
            server.stop()

    def stop(self) -> None:
        """End the hub and health."""
        for process in (self._hub, self._health):
            if process is not None:
                process.stop()

    # Asking

    def mint(self, request: TokenRequest) -> str:
        """A signed token."""
        return self.issuer.mint(request, audience=self.settings.audience, now=now())

    def id_of(self, department: Department, member: str) -> SectorId:
        """What a department knows a member of the cast by."""
        return SectorId(self.cast.ids[department.value][member])

    def clerk(self, *members: str, purpose: str = "school-enrolment", **others: Any) -> tuple[str, dict[str, str]]:
        """A token of education's window clerk whose case names these members, and the headers that go with it."""
        department = others.pop("department", Department.EDUCATION)
        subjects = frozenset(self.id_of(department, one) for one in members)
        request = TokenRequest(
            department=department,
            roles=others.pop("roles", (Role.WINDOW_CLERK,)),
            level=others.pop("level", Level.CITY),
            jurisdiction=others.pop("jurisdiction", "3205"),
            purposes=(purpose,),
            subject="officer-7",
            client=others.pop("client", "tests"),
            case=Case("case-7", purpose, subjects) if members else None,
            **others,
        )
        headers = {"hub-purpose": purpose} | ({"hub-case": "case-7"} if members else {})
        return self.mint(request), headers

    def client(self, **options: Any) -> httpx.Client:
        """A client of the hub that runs now."""
        return httpx.Client(base_url=self.address, timeout=30, trust_env=False, verify=_PLAIN, **options)

    def get(self, path: str, address: str | None = None) -> httpx.Response:
        """A page of the hub or of another, asked for by anybody."""
        return httpx.get(f"{address or self.address}{path}", timeout=30, trust_env=False, verify=_PLAIN)

    def post(
        self,
        document: str,
        variables: Mapping[str, Any] | None,
        token: str,
        headers: Mapping[str, str],
        *,
        address: str | None = None,
    ) -> httpx.Response:
        """One GraphQL request over HTTP, to the hub or to another."""
        sent = {"authorization": f"Bearer {token}", **headers}
        body = {"query": document, "variables": dict(variables or {})}
        url = f"{address or self.address}/graphql"
        return httpx.post(url, json=body, headers=sent, timeout=30, trust_env=False, verify=_PLAIN)

    def ask_plainly(self, address: str | None = None) -> httpx.Response:
        """A question that a healthy hub answers: a child's masked name, for school enrolment."""
        token, headers = self.clerk("child")
        child = {"id": self.id_of(Department.EDUCATION, "child")}
        return self.post("query($id: ID!) { migrant(id: $id) { name } }", child, token, headers, address=address)

    def wait_until_answering(self, address: str | None = None) -> httpx.Response:
        """Ask until there is an answer again; the answer."""
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            response = self.ask_plainly(address)
            if response.status_code == 200 and response.json()["data"]["migrant"]["name"]:
                return response
            time.sleep(0.1)
        raise AssertionError("the hub does not answer any more")

    def wait_until_refusing(self, address: str | None = None) -> httpx.Response:
        """Ask until the hub says that it is not ready; its answer to one more question then."""
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline:
            ready = self.get("/health/ready", address)
            if ready.status_code == 503:
                return self.ask_plainly(address)
            self.ask_plainly(address)
            time.sleep(0.1)
        raise AssertionError("the hub goes on as if nothing were wrong")

    def receipts(self, limit: int = 100_000) -> set[str]:
        """The ids of all records in the log."""
        rows = json.loads(self.run("audit", "show", "--limit", str(limit), "--json").output)
        return {row["record_id"] for row in rows}

    def run(self, *arguments: str) -> Result:
        """A `hub` command at this installation; it must succeed."""
        result = CliRunner().invoke(program, arguments, env={"HUB_CONFIG": str(self.settings_file)})
        assert result.exit_code == 0, result.output
        return result

    def truth(self) -> Iterator[dict[str, Any]]:
        """What is true of every person of the city."""
        (file,) = (self.state_dir / "demo").glob("city-*/truth.jsonl")
        with file.open(encoding="utf-8") as lines:
            yield from map(json.loads, lines)

    @contextmanager
    def given(self, *arguments: str, undone_by: tuple[str, ...]) -> Iterator[None]:
        """A command for the time of a block; another takes it back."""
        self.run(*arguments)
        try:
            yield
        finally:
            self.run(*undone_by)


def launch_hub(settings_file: Path, log: Path, environment: Mapping[str, str] | None = None) -> ServiceProcess:
    """`hub serve` as an operator starts it, with its log in a file; it answers when this returns."""
    command = [sys.executable, "-m", "hub", "serve", "--config", str(settings_file), "--end-with-stdin"]
    with log.open("ab") as errors:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, **(environment or {})},
        )
    lines: list[bytes] = []
    reader = threading.Thread(target=lambda: lines.append(process.stdout.readline()))  # type: ignore[union-attr]
    reader.start()
    reader.join(_PATIENCE)
    try:
        return ServiceProcess(process, json.loads(lines[0])["address"])
    except (IndexError, ValueError):
        ServiceProcess(process, "").stop()
        raise AssertionError(f"the hub did not start: {log.read_text()[-2_000:]}") from None


def health_port(settings_file: Path) -> int:
    """Where the settings say that health listens."""
    settings = load_settings(settings_file)
    (address,) = (one.address.get_secret_value() for one in settings.sources if one.source.value == "health")
    return int(address.rpartition(":")[2])


def unused_port() -> int:
    """A port nobody listens on now."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def open_demo_city(people: int = 2_000, seed: int = 1) -> Iterator[DemoCity]:
    """Make the installation, start the hub, end everything."""
    parent = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix=f"hub-city-{secrets.token_hex(2)}-", dir=parent))
    folder.chmod(0o711)
    try:
        with asyncio.Runner() as runner, pytest.MonkeyPatch.context() as patch:
            patch.setenv("HUB_STATE_DIR", str(folder))
            opening = open_installation(people, seed, 0)
            installation = runner.run(opening.__aenter__())
            patch.undo()
            try:
                cast = runner.run(prepare_registry(installation, lambda _source, _persons: None))
                city = DemoCity(installation, cast, _own_health(installation.settings_file))
                try:
                    city.start_health()
                    city.start_hub()
                    yield city
                finally:
                    city.stop()
            finally:
                runner.run(opening.__aexit__(None, None, None))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _own_health(settings_file: Path) -> Path:
    """The installation's settings with health at another port, so that tests can kill and replace it."""
    text = settings_file.read_text(encoding="utf-8")
    changed = text.replace(f"http://127.0.0.1:{health_port(settings_file)}", f"http://127.0.0.1:{unused_port()}")
    path = settings_file.with_name("tested.toml")
    write_private(path, changed.encode())
    return path
