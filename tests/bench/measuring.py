"""Who is fastest: equal answers first, then rounds in which the programs take turns."""

import gc
import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from schema.errors import ConfigurationError
from schema.vocabulary import SourceStatus
from tests.bench.installation import BenchInstallation
from tests.bench.load import ask_once, run_load
from tests.bench.programs import FULL, Program, running_programs
from tests.bench.questions import Question
from tests.bench.usage import cpu_seconds, peak_megabytes, tree_cpu_seconds

__all__ = ["Extent", "Row", "check_equal", "compare", "medians", "ratios"]

_COMPARED: Final = 20
"""Requests of each question whose answers are compared, spread over all."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured: `seconds` for each cell, `warm_up` seconds for each program before."""

    concurrency: tuple[int, ...] = (1, 16, 64)
    rounds: int = 3
    seconds: float = 1.5
    warm_up: float = 1.0


@dataclass(frozen=True, slots=True)
class Row:
    """One cell: one program, one question, so many requests at once, in one round. Times in milliseconds."""

    question: str
    program: str
    concurrency: int
    round: int
    requests: int
    errors: int
    seconds: float
    rate: float
    p50: float
    p99: float
    cpu: float
    """CPU time of the program per request."""
    postgres_cpu: float
    """CPU time of the whole PostgreSQL server per request."""
    peak_megabytes: float
    """The program's largest memory until then."""


async def compare(
    bench: BenchInstallation, questions: Sequence[Question], extent: Extent, say: Callable[[str], None]
) -> list[Row]:
    """Check and measure these questions. Raises ConfigurationError when two programs answer differently."""
    rows: list[Row] = []
    for widened in dict.fromkeys(question.widened for question in questions):
        with running_programs(bench, widened=widened) as programs:
            for question in (one for one in questions if one.widened is widened):
                await check_equal(question, programs)
                say(f"{question.name}: equal answers; measuring")
                rows += await _measure_all(bench, question, programs, extent)
    return rows


async def _measure_all(
    bench: BenchInstallation, question: Question, programs: Mapping[str, Program], extent: Extent
) -> list[Row]:
    for program in programs.values():
        await run_load(program.address, question.calls, max(extent.concurrency), extent.warm_up)
    return [await _measure(bench, question, cell, extent.seconds) for cell in _cells(programs.values(), extent)]


_Cell = tuple[int, int, Program]


def _cells(programs: Iterable[Program], extent: Extent) -> Iterator[_Cell]:
    """Round after round; for each number of clients one program right after the other."""
    for number in range(1, extent.rounds + 1):
        for concurrency in extent.concurrency:
            for program in programs:
                yield number, concurrency, program


async def _measure(bench: BenchInstallation, question: Question, cell: _Cell, seconds: float) -> Row:
    number, concurrency, program = cell
    gc.collect()
    server = bench.server.pid
    cpu, postgres = cpu_seconds(program.pid), tree_cpu_seconds(server)
    answers = await run_load(program.address, question.calls, concurrency, seconds)
    count = max(len(answers.latencies), 1)
    return Row(
        question=question.name,
        program=program.name,
        concurrency=concurrency,
        round=number,
        requests=len(answers.latencies),
        errors=answers.errors,
        seconds=answers.seconds,
        rate=answers.rate,
        p50=1e3 * answers.percentile(0.50),
        p99=1e3 * answers.percentile(0.99),
        cpu=1e3 * (cpu_seconds(program.pid) - cpu) / count,
        postgres_cpu=1e3 * (tree_cpu_seconds(server) - postgres) / count,
        peak_megabytes=peak_megabytes(program.pid),
    )


async def check_equal(question: Question, programs: Mapping[str, Program]) -> None:
    """Every program gives the hub's `data`, member for member and in the same order; the hub without an error.

    Raises ConfigurationError, which names the program and the request.
    """
    step = max(len(question.calls) // _COMPARED, 1)
    for index, call in list(enumerate(question.calls))[::step]:
        answers = {name: await ask_once(program.address, call) for name, program in programs.items()}
        wanted = _data(answers[FULL])
        for name, answer in answers.items():
            if wanted is None or _data(answer) != wanted:
                raise ConfigurationError(
                    f"{question.name}: `{name}` answers request {index} differently, or with errors"
                )


def _data(answer: tuple[int, bytes]) -> bytes | None:
    status, body = answer
    told = orjson.loads(body)
    if status != 200 or told.get("errors"):
        return None
    sources = told.get("extensions", {}).get("sources", ())
    return orjson.dumps(told["data"]) if all(source["status"] == SourceStatus.OK.value for source in sources) else None


_FIGURES: Final = ("rate", "p50", "p99", "cpu", "postgres_cpu")


def medians(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """One row per program, question and concurrency: medians over the rounds, all errors, the highest peak."""
    found = []
    for key in dict.fromkeys((row.question, row.concurrency, row.program) for row in rows):
        cells = [row for row in rows if (row.question, row.concurrency, row.program) == key]
        told: dict[str, Any] = dict(zip(("question", "concurrency", "program"), key, strict=True))
        told |= {name: statistics.median(getattr(row, name) for row in cells) for name in _FIGURES}
        told |= {"requests": sum(row.requests for row in cells), "errors": sum(row.errors for row in cells)}
        found.append(told | {"peak_megabytes": max(row.peak_megabytes for row in cells)})
    return found


def ratios(rows: Sequence[Row]) -> dict[str, dict[str, dict[str, float]]]:
    """`ratios[question][concurrency]["full/raw"]`: of requests per second, the median over the rounds."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for row in rows:
        if row.program == FULL:
            continue
        place = found.setdefault(row.question, {}).setdefault(str(row.concurrency), {})
        if (name := f"{FULL}/{row.program}") not in place:
            place[name] = round(_ratio(rows, row), 3)
    return found


def _ratio(rows: Sequence[Row], other: Row) -> float:
    def rates(program: str) -> dict[int, float]:
        same = (r for r in rows if (r.question, r.concurrency) == (other.question, other.concurrency))
        return {row.round: row.rate for row in same if row.program == program}

    full, others = rates(FULL), rates(other.program)
    return statistics.median(full[number] / others[number] for number in full if others.get(number))
