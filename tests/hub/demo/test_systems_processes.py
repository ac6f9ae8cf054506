"""The services as processes of their own."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from hub.city.directory import CityDirectory
from hub.demo.systems.business import write_business_system
from hub.demo.systems.health import SECRET_FILE, write_health_system
from hub.demo.systems.launch import ServiceProcess
from schema.errors import ConfigurationError

_HEALTH, _BUSINESS = "hub.demo.systems.health", "hub.demo.systems.business"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, small_city: CityDirectory) -> Path:
    """The data of both services in one folder."""
    folder = tmp_path_factory.mktemp("services")
    write_health_system(folder, small_city)
    write_business_system(folder, small_city)
    return folder


@pytest.mark.parametrize("module", [_HEALTH, _BUSINESS])
def test_service_answers_once_it_has_said_where(folder: Path, module: str) -> None:
    """The printed address is on this machine only and answers at once; `stop` ends the process."""
    with ServiceProcess.start(module, folder) as service:
        assert service.address.startswith("http://127.0.0.1:")
        assert httpx.get(f"{service.address}/health").json() == {"status": "ok"}
        assert service.process.poll() is None
    assert service.process.poll() is not None
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{service.address}/health")


@pytest.mark.parametrize("module", [_HEALTH, _BUSINESS])
def test_service_ends_when_its_standard_input_closes(folder: Path, module: str) -> None:
    """A service never outlives the process that started it."""
    with ServiceProcess.start(module, folder) as service:
        assert service.process.stdin is not None
        service.process.stdin.close()
        assert service.process.wait(5) == 0


def test_service_ends_when_its_parent_is_killed(folder: Path) -> None:
    """SIGKILL of the parent leaves nothing behind."""
    program = (
        "import sys, time; from pathlib import Path; from hub.demo.systems.launch import ServiceProcess;"
        f"s = ServiceProcess.start('{_HEALTH}', Path(sys.argv[1])); print(s.process.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", program, str(folder)], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    with parent.stdout as output:
        child = int(output.readline())
        parent.send_signal(signal.SIGKILL)
        parent.wait()
        deadline = time.monotonic() + 5
        while _is_running(child) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not _is_running(child)


def _is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return False
        return not Path("/proc/self").exists()
    return state != "Z"


def test_service_without_stdin_watch_stays(folder: Path) -> None:
    """Under a supervisor, with no standard input, the service runs until it is told to end."""
    command = [sys.executable, "-m", _HEALTH, "--data", str(folder), "--port", "0"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert b'"service": "health"' in process.stdout.readline()
        time.sleep(0.3)
        assert process.poll() is None
        process.terminate()
        assert process.wait(5) in (0, -signal.SIGTERM)


def test_service_without_a_secret_does_not_start(tmp_path: Path, folder: Path) -> None:
    """A missing secret is one line on standard error, and no service."""
    command = [sys.executable, "-m", _HEALTH, "--data", str(folder), "--secret-file", str(tmp_path / SECRET_FILE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    assert done.returncode == 1
    assert done.stderr == "the service's secret file is missing or empty\n"


def test_launch_of_a_service_without_data_is_one_clear_error(tmp_path: Path) -> None:
    """The launcher says so instead of waiting."""
    with pytest.raises(ConfigurationError, match="did not start"):
        ServiceProcess.start(_BUSINESS, tmp_path)
