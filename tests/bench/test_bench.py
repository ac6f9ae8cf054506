"""The bench itself: it runs, its programs answer alike, and its figures are reckoned right."""

import asyncio
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from privacy.purposes import PURPOSES
from schema.errors import ConfigurationError
from tests.bench.__main__ import main
from tests.bench.installation import open_bench
from tests.bench.load import ask_once, run_load
from tests.bench.measuring import Row, medians, ratios
from tests.bench.permission import CALLER, PURPOSE
from tests.bench.report import BEGIN, END, Findings, as_json, as_markdown, write_page
from tests.bench.stages import Stage
from tests.house import ROOT


def row(program: str, number: int, rate: float, *, errors: int = 0, concurrency: int = 16) -> Row:
    """One cell of Q1."""
    return Row("Q1", program, concurrency, number, 100, errors, 1.0, rate, 2.0, 5.0, 1.0, 0.5, 90.0 + number)


ROWS = [row("full", 1, 50), row("raw", 1, 100), row("full", 2, 90), row("raw", 2, 100), row("full", 3, 10)]
ROWS += [row("raw", 3, 100, errors=2)]


def test_a_ratio_is_the_median_over_rounds() -> None:
    """Each round compares neighbours in time; the middle one counts, not the best."""
    assert ratios(ROWS) == {"Q1": {"16": {"full/raw": 0.5}}}


def test_medians_hide_no_error() -> None:
    """Errors of all rounds are added up, and the highest memory is told."""
    full, raw = medians(ROWS)
    assert (full["program"], full["rate"], full["errors"], full["peak_megabytes"]) == ("full", 50, 0, 93.0)
    assert (raw["program"], raw["errors"]) == ("raw", 2)


def test_tables_stand_between_the_marks(tmp_path: Path) -> None:
    """A page keeps what is around the tables, and a page without marks is left alone."""
    found = Findings(ROWS, {"Q1": (2, [Stage("bytes", 2, 3e-6)])}, dict.fromkeys(MACHINE, 0), "make bench")
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write_page(page, as_markdown(found))
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    assert {"| Q1 | `full/raw` | 0.50 |", "| bytes | 2 |"} <= set(text.splitlines())
    with pytest.raises(ValueError, match="no place"):
        write_page(ROOT / "README.md", "tables")


MACHINE = ("date", "processor", "cores", "memory_gb", "system", "python", "load_average", "commit")


def test_ratios_come_first() -> None:
    """Whoever opens bench.json sees the ratios before anything else."""
    assert next(iter(as_json(Findings(ROWS, {}, {}, "make bench")))) == "ratios"


def test_no_shipped_purpose_grants_what_the_bench_grants_itself() -> None:
    """The bench's permission is its own: as shipped, the same purpose grants its caller nothing."""
    assert CALLER in PURPOSES[PURPOSE].departments
    assert not PURPOSES[PURPOSE].fields


def test_a_strange_folder_is_left_alone(tmp_path: Path) -> None:
    """A folder that holds anything the bench did not make is refused."""
    (tmp_path / "thesis.txt").write_text("years of work")

    async def attempt() -> None:
        async with open_bench(tmp_path, 300, 1, print):
            pass

    with pytest.raises(ConfigurationError, match="not the bench's"):
        asyncio.run(attempt())
    assert (tmp_path / "thesis.txt").exists()


async def _serve(answers: list[bytes]) -> asyncio.Server:
    """A server that gives these answers in turn, in two pieces each, and hangs up after the last."""
    waiting = iter(answers)

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(1024):
            answer = next(waiting, None)
            if answer is None:
                break
            writer.write(answer[:20])
            await writer.drain()
            await asyncio.sleep(0.001)
            writer.write(answer[20:])
        writer.close()

    return await asyncio.start_server(respond, "127.0.0.1", 0)


def _answer(body: bytes, status: bytes = b"200 OK") -> bytes:
    return b"HTTP/1.1 " + status + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def test_the_client_counts_errors() -> None:
    """A refusal, an error inside an answer and a dropped connection each count; good answers do not."""
    good, partial = _answer(b'{"data":{}}'), _answer(b'{"data":{},"errors":[{}]}')

    async def attempt() -> tuple[int, int, tuple[int, bytes]]:
        server = await _serve([good, good, partial, _answer(b"{}", b"503 Busy"), good])
        async with server:
            address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            alone = await ask_once(address, b"ask")
            answers = await run_load(address, [b"ask"], 1, 5.0)
        return len(answers.latencies), answers.errors, alone

    assert asyncio.run(attempt()) == (4, 3, (200, b'{"data":{}}'))


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the account of an embedded server can reach, in memory where that is."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    found = Path(tempfile.mkdtemp(prefix="hub-bench-", dir=memory))
    found.chmod(0o711)
    yield found
    shutil.rmtree(found, ignore_errors=True)


TINY = ("--people", "300", "--clients", "1,4", "--rounds", "1", "--seconds", "0.2", "--warm-up", "0.1")


def run_tiny(folder: Path, *options: str) -> dict[str, Any]:
    """bench.json of a run about 300 people in which every program answered alike and without an error."""
    output = folder / "bench.json"
    assert main([*TINY, "--folder", str(folder / "ground"), "--output", str(output), *options]) == 0
    told: dict[str, Any] = json.loads(output.read_text())
    return told


def test_the_programs_answer_alike(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """About one migrant and a page, the hub gives what the hand-written program and plain Strawberry give."""
    monkeypatch.chdir(ROOT)
    told = run_tiny(folder, "--questions", "Q1,Q2", "--no-stages")["ratios"]
    assert {question: set(by_clients["4"]) for question, by_clients in told.items()} == {
        "Q1": {"full/raw", "full/strawberry"},
        "Q2": {"full/raw", "full/strawberry"},
    }


@pytest.mark.soak
def test_the_bench_runs_whole(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every question and every stage is told, and a second run finds the ground of the first."""
    monkeypatch.chdir(ROOT)
    first, second = run_tiny(folder), run_tiny(folder, "--questions", "me")
    assert first["stages"].keys() == first["ratios"].keys() == {"Q1", "Q2", "me"}
    assert {stage["stage"] for stage in second["stages"]["me"]} >= {"answer, whole", "· insert and flush", "bytes"}
