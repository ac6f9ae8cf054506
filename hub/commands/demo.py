"""`hub demo`: a whole city on this machine, five departments' systems, the hub and its query page."""

import asyncio
import json
import signal
import sys
from collections.abc import Callable, Mapping

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from hub.audit.findings import Report
from hub.demo.cast import DemoCast
from hub.demo.client import DemoClient
from hub.demo.installation import DemoInstallation, open_installation
from hub.demo.running import prepare_registry, start_hub, verify_demo_log
from hub.demo.story import CallerAnswer, run_story, tell_story
from hub.demo.welcome import print_welcome
from schema.errors import ClientError, InternalError
from schema.vocabulary import Department, Source

__all__ = ["command"]

_WIDTH = 132
"""Columns where nobody's terminal says."""


@click.command("demo")
@click.option("--once", is_flag=True, help="Let each caller ask once, verify the audit log, and end.")
@click.option("--json", "as_json", is_flag=True, help="With --once: print one JSON document.")
@click.option("--people", type=click.IntRange(2_000, 1_000_000), default=2_000, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed makes the same city.")
@click.option("--port", type=click.IntRange(0, 65_535), help="Port of the hub; 0 takes any free one.  [default: 8470]")
def command(once: bool, as_json: bool, people: int, seed: int, port: int | None) -> None:
    """Start the demo: everything on this machine, all data made up."""
    if as_json and not once:
        raise click.UsageError("--json goes with --once")
    chosen = (0 if once else 8470) if port is None else port
    out = sys.stderr if as_json else sys.stdout
    console = Console(file=out, width=None if out.isatty() else _WIDTH)
    try:
        failed = asyncio.run(_run(console, (people, seed, chosen), once=once, as_json=as_json))
    except (ClientError, InternalError) as error:
        raise click.ClickException(str(error)) from None
    except KeyboardInterrupt:
        failed = False
    sys.exit(1 if failed else 0)


async def _run(console: Console, size: tuple[int, int, int], *, once: bool, as_json: bool) -> bool:
    people, seed, port = size
    console.print(f"Making a city of {people:,} people (seed {seed}) and its five departments' systems …")
    async with open_installation(people, seed, port) as installation:
        cast = await _link(console, installation)
        with start_hub(installation.settings_file) as hub:
            if not once:
                await _stay(console, installation, cast, hub.address)
                return False
            answers = await asyncio.to_thread(_ask_all, installation, cast, hub.address)
        report = await verify_demo_log(installation.settings)
    _tell(console, answers, report, as_json=as_json)
    return not report.verified or any("data" not in answer.response for answer in answers)


async def _link(console: Console, installation: DemoInstallation) -> DemoCast:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        tasks = {source: progress.add_task(f"linking {source.value}", total=None) for source in Source}
        return await prepare_registry(installation, _advance(progress, tasks))


def _advance(progress: Progress, tasks: Mapping[Source, TaskID]) -> Callable[[Source, int], None]:
    return lambda source, persons: progress.advance(tasks[source], persons)


def _ask_all(installation: DemoInstallation, cast: DemoCast, address: str) -> list[CallerAnswer]:
    client = DemoClient(address, installation.issuer, installation.settings.audience)
    try:
        return run_story(client, cast.members, cast.ids[Department.PERSON.value])
    finally:
        client.close()


def _tell(console: Console, answers: list[CallerAnswer], report: Report, *, as_json: bool) -> None:
    if as_json:
        told = {
            "callers": [answer.told() for answer in answers],
            "audit": {"records": report.records, "verified": report.verified},
        }
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    tell_story(answers, console)
    console.print()
    console.print(f"audit log: {report.records} records, {'verified' if report.verified else 'NOT VERIFIED'}")
    for finding in report.findings:
        console.print(f"  {finding}")


async def _stay(console: Console, installation: DemoInstallation, cast: DemoCast, address: str) -> None:
    """Stay until interrupted or asked to stop."""
    print_welcome(console, address, installation, cast)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    await stopped.wait()
    console.print("Stopping …")
