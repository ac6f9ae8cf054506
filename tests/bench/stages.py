"""Where the hub's time goes: one request at a time through `answer()` in this process, with a watch on each stage.

Times are inclusive and count waiting; a dot stands before a stage that is part of the one above. The five departments
are asked at once, so their times add up to more than the running of the plan.
"""

import inspect
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any, Final
from unittest.mock import patch

import orjson

from auth.tokens import TokenVerifier
from connectors.shapes import Shape as RowShape
from connectors.sql_postgres import PostgresConnector
from hub import pipeline
from hub.assembly import assembled_hub
from hub.audit.draft import Scribe
from hub.audit.session import ShardSession
from hub.audit.writer import AuditWriter
from hub.config import load_settings
from hub.engine.caches import PlanCache, TableCache
from hub.engine.connection import ConnectionShape
from hub.engine.execute import Execution
from hub.engine.gates import Gate
from hub.engine.operation import OperationCache
from hub.engine.plan import Plan
from hub.engine.shape import Shape
from hub.engine.targets import Finder
from hub.registry.budget import SubjectBudget
from hub.registry.crosswalk import Crosswalk
from hub.request import GraphQLRequest
from hub.service import Hub
from tests.bench.installation import BenchInstallation
from tests.bench.permission import widened_catalogue
from tests.bench.questions import Question

__all__ = ["STAGES", "Stage", "measure_stages"]

_WATCHED: Final[Sequence[tuple[str, Any, str]]] = (
    ("verify the token", TokenVerifier, "verify"),
    ("answer, whole", pipeline, "answer"),
    ("find the operation", OperationCache, "get"),
    ("coerce the variables", pipeline, "get_variable_values"),
    ("which roots are persons'", Hub, "is_person_level"),
    ("admit", pipeline, "admit"),
    ("decision table", TableCache, "get"),
    ("plan", PlanCache, "get"),
    ("find subjects", Finder, "find"),
    ("· page of the listing", Crosswalk, "page"),
    ("count against the budget", Hub, "spend"),
    ("· statement", SubjectBudget, "spend"),
    ("classify subjects", Finder, "classified"),
    ("· resolve in the crosswalk", Crosswalk, "resolve"),
    ("run the plan", Execution, "run"),
    ("· one department, gate and all", Gate, "fetch"),
    ("· · its connector", PostgresConnector, "fetch"),
    ("· · rows to values", RowShape, "build"),
    ("· write a page", ConnectionShape, "write"),
    ("· write one migrant", Shape, "write"),
    ("local fields", pipeline, "run_local"),
    ("make the record", pipeline, "record_of"),
    ("· fields of the plan", Plan, "fields"),
    ("· sources of the plan (twice)", Plan, "sources"),
    ("write the record, until durable", AuditWriter, "write"),
    ("· draft", Scribe, "draft"),
    ("· finish the row", Scribe, "finish"),
    ("· insert and flush", ShardSession, "add"),
    ("receipt", pipeline, "receipt_object"),
    ("bytes", pipeline, "response_body"),
)
STAGES: Final = tuple(name for name, _, _ in _WATCHED)
"""Names of the stages, in the order in which a request passes them."""


@dataclass(slots=True)
class Stage:
    """One stage over all requests: how often, and seconds in all."""

    name: str
    calls: int = 0
    seconds: float = 0.0

    def note(self, seconds: float) -> None:
        """One call."""
        self.calls += 1
        self.seconds += seconds


async def measure_stages(bench: BenchInstallation, question: Question, requests: int) -> list[Stage]:
    """The stages of so many requests, after a tenth as many to warm up."""
    calls = [_parsed(call) for call in question.calls]
    with ExitStack() as stack:
        if question.widened:
            stack.enter_context(widened_catalogue())
        settings = load_settings(bench.widened if question.widened else bench.shipped)
        async with assembled_hub(settings) as hub:
            await _ask(hub, calls, max(requests // 10, 1))
            with _watched() as stages:
                await _ask(hub, calls, requests)
    return [stage for stage in stages if stage.calls]


async def _ask(hub: Hub, calls: Sequence[tuple[str, GraphQLRequest]], requests: int) -> None:
    for number in range(requests):
        authorization, request = calls[number % len(calls)]
        await pipeline.answer(hub, hub.verifier.verify(authorization), request)


def _parsed(call: bytes) -> tuple[str, GraphQLRequest]:
    """The parts of a ready request that the pipeline takes."""
    head, _, body = call.partition(b"\r\n\r\n")
    lines = head.decode().split("\r\n")[1:]
    headers: Mapping[str, str] = {name: value for name, _, value in (line.partition(": ") for line in lines)}
    told = orjson.loads(body)
    return headers["authorization"], GraphQLRequest(
        told["query"], told["variables"], None, headers.get("hub-purpose"), None, headers.get("hub-agreement")
    )


@contextmanager
def _watched() -> Iterator[list[Stage]]:
    stages = []
    with ExitStack() as stack:
        for name, owner, attribute in _WATCHED:
            stage = Stage(name)
            stages.append(stage)
            stack.enter_context(patch.object(owner, attribute, _timed(getattr(owner, attribute), stage)))
        yield stages


def _timed(work: Callable[..., Any], stage: Stage) -> Callable[..., Any]:
    clock = time.perf_counter

    @wraps(work)
    async def timed_async(*args: Any, **kwargs: Any) -> Any:
        start = clock()
        try:
            return await work(*args, **kwargs)
        finally:
            stage.note(clock() - start)

    @wraps(work)
    def timed(*args: Any, **kwargs: Any) -> Any:
        start = clock()
        try:
            return work(*args, **kwargs)
        finally:
            stage.note(clock() - start)

    return timed_async if inspect.iscoroutinefunction(work) else timed
