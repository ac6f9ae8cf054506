"""What the bench found: bench.json with every row, and the tables of docs/performance.md."""

import os
import platform
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from tests.bench.measuring import Row, medians, ratios
from tests.bench.stages import STAGES, Stage

__all__ = ["BEGIN", "END", "Findings", "as_json", "as_markdown", "describe_machine", "write_page"]

BEGIN, END = "<!-- written by the bench: begin -->", "<!-- written by the bench: end -->"
"""Between these two lines of a page the tables stand."""

_PLACE: Final = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Findings:
    """One run. `stages` are those of one request, by question, with the number of requests they were taken over."""

    rows: Sequence[Row]
    stages: Mapping[str, tuple[int, Sequence[Stage]]]
    machine: Mapping[str, Any]
    command: str


def describe_machine() -> dict[str, Any]:
    """Processor, cores, memory, versions, and how busy the machine was before the run."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "load_average": round(os.getloadavg()[0], 1),
        "commit": _commit(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(": ")[2] for line in lines if line.startswith("model name")), platform.processor())


def _commit() -> str:
    command = ["git", "-C", str(_PLACE), "rev-parse", "--short", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def as_json(found: Findings) -> dict[str, Any]:
    """`ratios[question][clients]["full/raw"]` first, then medians, stages in µs a request, the machine, every row."""
    return {
        "ratios": ratios(found.rows),
        "medians": medians(found.rows),
        "stages": {
            question: [{"stage": one.name, "calls": one.calls / n, "us": 1e6 * one.seconds / n} for one in stages]
            for question, (n, stages) in found.stages.items()
        },
        "machine": dict(found.machine),
        "command": found.command,
        "rows": [asdict(row) for row in found.rows],
    }


def as_markdown(found: Findings) -> str:
    """The same as tables."""
    machine = found.machine
    head = (
        f"`{found.command}` on {machine['date']}, commit {machine['commit']}: {machine['cores']} cores "
        f"({machine['processor']}), {machine['memory_gb']} GB, {machine['system']}, Python {machine['python']}; "
        f"load average before the run {machine['load_average']}."
    )
    parts = ["\n".join(_ratio_table(found.rows)), "\n".join(_figure_table(found.rows))]
    if found.stages:
        parts.append("\n".join(_stage_table(found.stages)))
    return "\n\n".join([head, *parts])


def _ratio_table(rows: Sequence[Row]) -> Iterator[str]:
    found = ratios(rows)
    clients = list(dict.fromkeys(str(row.concurrency) for row in rows))
    yield _line(["question", "ratio", *(f"{number} at once" for number in clients)])
    yield _line(["---"] * (2 + len(clients)))
    for question, by_clients in found.items():
        for name in next(iter(by_clients.values())):
            yield _line([question, f"`{name}`", *(f"{by_clients[number][name]:.2f}" for number in clients)])


def _figure_table(rows: Sequence[Row]) -> Iterator[str]:
    heads = ["question", "at once", "program", "requests/s", "p50 ms", "p99 ms", "CPU ms", "PostgreSQL CPU ms"]
    yield _line([*heads, "peak MB", "errors"])
    yield _line(["---"] * 10)
    for one in medians(rows):
        times = [f"{one[name]:.2f}" for name in ("p50", "p99", "cpu", "postgres_cpu")]
        place = [one["question"], str(one["concurrency"]), f"`{one['program']}`", f"{one['rate']:.0f}"]
        yield _line([*place, *times, f"{one['peak_megabytes']:.0f}", str(one["errors"])])


def _stage_table(stages: Mapping[str, tuple[int, Sequence[Stage]]]) -> Iterator[str]:
    yield _line(["stage, µs a request", *stages])
    yield _line(["---"] * (1 + len(stages)))
    told = {name: {one.name: 1e6 * one.seconds / n for one in found} for name, (n, found) in stages.items()}
    for name in (name for name in STAGES if any(name in found for found in told.values())):
        yield _line([name, *(f"{told[question][name]:.0f}" if name in told[question] else "–" for question in stages)])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def write_page(page: Path, tables: str) -> None:
    """Put the tables between the two marks of a page. Raises ValueError when it has none."""
    text = page.read_text(encoding="utf-8")
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError("the page has no place for the tables")
    page.write_text(f"{before}{BEGIN}\n\n{tables}\n\n{END}{after}", encoding="utf-8")
