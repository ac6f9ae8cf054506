"""The programs that are compared: each one process, which ends with this one."""

import os
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from hub.demo.systems.launch import ServiceProcess
from tests.bench.installation import BenchInstallation

__all__ = ["FULL", "RAW", "STRAWBERRY", "Program", "running_programs"]

FULL, RAW, STRAWBERRY = "full", "raw", "strawberry"
"""The hub with everything on; the hand-written program; plain Strawberry."""


@dataclass(frozen=True, slots=True)
class Program:
    """One running program."""

    name: str
    address: str
    pid: int


@contextmanager
def running_programs(bench: BenchInstallation, *, widened: bool) -> Iterator[Mapping[str, Program]]:
    """The programs in the order in which they are measured: the hub with or without the bench's permission first.

    Plain Strawberry has no `me`, so it runs beside the widened hub only.
    """
    python = [sys.executable, "-m"]
    if widened:
        hub = [*python, "tests.bench.hub_process", "serve", "--config", str(bench.widened)]
    else:
        hub = [*python, "hub", "serve", "--config", str(bench.shipped)]
    commands = {FULL: hub, RAW: [*python, "tests.bench.raw_server"]}
    if widened:
        commands[STRAWBERRY] = [*python, "tests.bench.strawberry_server"]
    with ExitStack() as stack, ThreadPoolExecutor() as starters:
        stack.enter_context(_environment(bench.environment))
        starting = {name: starters.submit(ServiceProcess.launch, command) for name, command in commands.items()}
        for future in starting.values():
            stack.callback(_stop, future)
        yield {name: _program(name, future.result()) for name, future in starting.items()}


def _program(name: str, process: ServiceProcess) -> Program:
    return Program(name, process.address, process.process.pid)


def _stop(starting: Future[ServiceProcess]) -> None:
    """End what has started, whatever became of the others."""
    if starting.exception() is None:
        starting.result().stop()


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
