"""How serving ends: a signal stops the server, and the hub takes itself apart before the process goes."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = textwrap.dedent(
    """
    import asyncio, sys
    from contextlib import asynccontextmanager
    import hub.server
    from hub.config import Settings

    @asynccontextmanager
    async def assembled(settings):
        try:
            yield None
        finally:
            await asyncio.sleep(0.05)
            print("taken apart", flush=True)

    hub.server.assembled_hub = assembled
    hub.server.create_app = lambda *_: None
    asyncio.run(hub.server.serve(Settings(port=0)))
    print("ended", flush=True)
    """
)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_the_hub_end_what_it_began(number: signal.Signals, tmp_path: Path) -> None:
    """Denials are counted, the log is signed, the database is stopped; then the process ends well."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True, cwd=tmp_path, env=environment
    )
    try:
        assert process.stdout is not None
        assert '"service": "hub"' in process.stdout.readline()
        process.send_signal(number)
        said, _ = process.communicate(timeout=20)
    finally:
        process.kill()
        process.wait()
    assert said.split("\n")[:2] == ["taken apart", "ended"]
    assert process.returncode == 0
