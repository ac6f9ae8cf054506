"""`make bench`: `python -m tests.bench`. What it measures and how: tests/bench/README.md."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import uvloop

from hub.config import default_state_dir
from schema.errors import InternalError
from tests.bench.installation import open_bench
from tests.bench.measuring import Extent, compare
from tests.bench.questions import make_questions
from tests.bench.report import Findings, as_json, as_markdown, describe_machine, write_page
from tests.bench.stages import Stage, measure_stages

__all__ = ["bench", "main"]

_STAGED: Final = {"Q1": 500, "Q2": 100, "me": 500}
"""Requests over which the stages of each question are taken."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the bench; 0 when every program answered everything without an error."""
    given = _parser().parse_args(arguments)
    start = time.monotonic()

    def say(text: str) -> None:
        sys.stderr.write(f"{time.monotonic() - start:6.1f} s  {text}\n")

    try:
        found = uvloop.run(bench(given, say))
    except InternalError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    given.output.write_text(json.dumps(as_json(found), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    tables = as_markdown(found)
    sys.stdout.write(f"{tables}\n")
    if given.page is not None:
        write_page(given.page, tables)
    return int(any(row.errors for row in found.rows))


async def bench(given: argparse.Namespace, say: Callable[[str], None]) -> Findings:
    """Everything that was asked for. Raises ConfigurationError when two programs answer differently."""
    machine = describe_machine()
    extent = Extent(given.clients, given.rounds, given.seconds, given.warm_up)
    stages: dict[str, tuple[int, Sequence[Stage]]] = {}
    async with open_bench(given.folder, given.people, given.seed, say) as ground:
        questions = await make_questions(ground)
        rows = await compare(ground, [questions[name] for name in given.questions], extent, say)
        for name in given.questions if given.stages else ():
            say(f"{name}: stages")
            stages[name] = (_STAGED[name], await measure_stages(ground, questions[name], _STAGED[name]))
    say("done")
    return Findings(rows, stages, machine, _command(given))


def _command(given: argparse.Namespace) -> str:
    """What gives these figures again, without the paths of this machine."""
    clients = ",".join(map(str, given.clients))
    size = f"--people {given.people} --seed {given.seed} --clients {clients}"
    return f"python -m tests.bench {size} --rounds {given.rounds} --seconds {given.seconds:g}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="The hub beside hand-written programs.")
    add = parser.add_argument
    add("--people", type=int, default=20_000, help="people in the city, up to 1 000 000 (default 20 000)")
    add("--seed", type=int, default=1, help="which city (default 1)")
    add("--folder", type=Path, default=default_state_dir() / "bench", help="where the ground is kept between runs")
    add("--questions", type=_words, default=("Q1", "Q2", "me"), help="of Q1, Q2 and me (default all)")
    add("--clients", type=_numbers, default=(1, 16, 64), help="requests at once (default 1,16,64)")
    add("--rounds", type=int, default=3, help="rounds, of which the median counts (default 3)")
    add("--seconds", type=float, default=1.5, help="seconds for each cell (default 1.5)")
    add("--warm-up", type=float, default=1.0, help="seconds for each program before (default 1)")
    add("--no-stages", dest="stages", action="store_false", help="leave out where the hub's time goes")
    add("--output", type=Path, default=Path("bench.json"), help="every row (default bench.json)")
    add("--page", type=Path, help="a page to put the tables into, such as docs/performance.md")
    return parser


def _words(text: str) -> tuple[str, ...]:
    found = tuple(text.split(","))
    if not set(found) <= _STAGED.keys():
        raise argparse.ArgumentTypeError(f"questions are {', '.join(_STAGED)}")
    return found


def _numbers(text: str) -> tuple[int, ...]:
    found = tuple(int(word) for word in text.split(","))
    if min(found) < 1:
        raise argparse.ArgumentTypeError("at least one request at once")
    return found


if __name__ == "__main__":
    sys.exit(main())
