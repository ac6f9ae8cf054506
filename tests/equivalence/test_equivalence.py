"""The plan engine against the reference executor: generated operations, random decisions, random subjects, faults."""

import asyncio
import os
import random
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from graphql import VariableValues
from graphql.execution.values import get_variable_values

from connectors.contract import Fetched, RowFilter
from connectors.mapping_reader import read_mapping
from connectors.memory import Fault, FaultKind, MemoryConnector
from hub.engine.execute import Execution
from hub.engine.gates import Breaker, Gate, Reports
from hub.engine.limits import Limits
from hub.engine.operation import OperationCache
from hub.engine.plan import Plan, compile_plan
from hub.engine.splice import error_object
from hub.engine.subjects import SubjectRef, Target
from privacy.model import DecisionTable, FieldRuling
from schema.catalogue import COLLECTIONS, FIELDS, ColumnInfo
from schema.checks import CHECKS, evaluate
from schema.fields import ColumnType
from schema.ids import CollectionName, FieldId, MigrantId, SectorId, SourceKey
from schema.query import build_schema
from schema.vocabulary import Decision, FieldClass, RowScope, Source, SubjectClass
from tests.equivalence.generator import GeneratedOperation, OperationGenerator
from tests.equivalence.reference import Reference, World

SCHEMA = build_schema()._schema
TODAY = date(2026, 11, 21)
AS_OF = datetime(2026, 11, 20, tzinfo=UTC)
MAPPINGS = Path(__file__).parents[2] / "connectors" / "mappings" / "demo-city"
IDS = [f"subject-{i}" for i in range(6)]
CHOICES = [Decision.WITHHOLD, Decision.MASK, Decision.READ, Decision.READ]


class RandomWorld:
    """One seed's sources, subjects and decisions."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311  reproducible, not secret
        self.connectors = {source: self._connector(source) for source in Source}
        self.subjects = {one: self._subject(i, one) for i, one in enumerate(IDS)}
        self.table = self._table()
        self._read: dict[object, list[dict[str, Any]]] = {}

    def _connector(self, source: Source) -> MemoryConnector:
        records = {
            name: {SourceKey(f"{source.value}-{i}"): self._rows(name) for i in range(5)}
            for name, info in COLLECTIONS.items()
            if info.source is source
        }
        mapping = read_mapping(MAPPINGS / f"{source.value}.yaml")
        return MemoryConnector(mapping, records, as_of=AS_OF)

    def _rows(self, name: CollectionName) -> list[dict[str, Any]]:
        info = COLLECTIONS[name]
        count = self.random.choice([0, 1, 1]) if info.single else self.random.randint(0, 3)
        return [{column.name: self._cell(column) for column in info.columns.values()} for _ in range(count)]

    def _cell(self, column: ColumnInfo) -> Any:
        if self.random.random() < 0.15:
            return None
        choose = self.random.choice
        if column.column_type is ColumnType.CODE:
            return choose(sorted(column.codes.__members__)) if column.codes else None
        return choose(
            {
                ColumnType.STRING: ["张三", "阿·布", "演示地址一号"],
                ColumnType.DATE: [date(1990, 1, 1), date(2020, 2, 29), date(2030, 1, 1)],
                ColumnType.INTEGER: [0, 7, 40],
                ColumnType.DECIMAL: [Decimal("2999.5"), Decimal("6000"), Decimal("12000.10")],
                ColumnType.BOOLEAN: [True, False],
                ColumnType.DIVISION: ["320505", "320505001", "320505001002", "320581"],
                ColumnType.MONTH: ["2026-09", "2026-10"],
                ColumnType.ETHNIC: ["01", "05"],
                ColumnType.KEY: [f"civil-affairs-{i}" for i in range(5)],
            }[column.column_type]
        )

    def _subject(self, index: int, name: str) -> SubjectRef:
        keys = {s: SourceKey(f"{s.value}-{index}") for s in Source if self.random.random() < 0.8}
        subject_class = SubjectClass(self.random.randrange(32))
        return SubjectRef(MigrantId(UUID(int=index)), SectorId(name), subject_class, keys)

    def _table(self) -> DecisionTable:
        scopes = {name: self.random.choice(list(RowScope)) for name in COLLECTIONS}
        rulings = {f.id: self._ruling(f.id, CHOICES, f.ceiling, scopes[f.collection]) for f in FIELDS.values()}
        checks = [Decision.WITHHOLD, Decision.VERIFY]
        rulings |= {c.id: self._ruling(c.id, checks, Decision.VERIFY, RowScope.ALL) for c in CHECKS.values()}
        classes = [FieldClass.HEALTH, FieldClass.REPRODUCTIVE]
        raised = {
            s: tuple(frozenset(self.random.sample(classes, self.random.randint(0, 2))) for _ in range(32))
            for s in Source
        }
        return DecisionTable("test", "v", None, rulings, raised)

    def _ruling(self, field: FieldId, choices: list[Decision], ceiling: Decision, rows: RowScope) -> FieldRuling:
        draw = self.random.random()
        if draw < 0.15:
            decisions = (Decision.WITHHOLD,) * 32
        elif draw < 0.4:
            decisions = (min(choices[-1], ceiling),) * 32
        else:
            decisions = tuple(min(self.random.choice(choices), ceiling) for _ in range(32))
        return FieldRuling(field, decisions, rows, ())

    def read(self, ref: SubjectRef, collection: CollectionName, rows: RowFilter) -> list[dict[str, Any]]:
        """All columns of one collection for one subject, straight from the memory connector."""
        source, columns = COLLECTIONS[collection].source, tuple(COLLECTIONS[collection].columns)
        fetched: Fetched = asyncio.run(self.connectors[source].fetch(collection, [ref.key(source)], columns, rows))
        return [dict(zip(columns, row, strict=True)) for row in fetched.rows[0]]

    def answer(self, ref: SubjectRef, name: str, arguments: Mapping[str, Any]) -> str:
        """One check, from rows that were read one subject at a time."""
        info = CHECKS[name]
        everything = RowFilter(RowScope.ALL, frozenset(FieldClass))
        rows = self.read(ref, info.collection, everything)
        given = dict(arguments)
        if "birthDate" in given:
            given["birthDate"] = date.fromisoformat(given["birthDate"])
        return evaluate(name, [[row[c] for c in info.columns] for row in rows], given, TODAY).value


def run_plan(
    world: RandomWorld, plan: Plan, operation: GeneratedOperation, failing: frozenset[CollectionName]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The answer of the plan engine, with faults scripted afresh."""
    variables = get_variable_values(
        SCHEMA, plan.operation.definition.variable_definitions or (), dict(operation.variables)
    )
    assert isinstance(variables, VariableValues)
    for connector in world.connectors.values():
        connector.fail_next(
            *[Fault(FaultKind.ERROR, c) for c in failing if COLLECTIONS[c].source is connector.source] * 50
        )
    gates = {source: Gate(connector, 5.0, Breaker(limit=10**6)) for source, connector in world.connectors.items()}
    named = {SectorId(one): ref for one, ref in world.subjects.items()}
    execution = Execution(gates, variables, named, TODAY, Reports())
    targets = [_target(world, root, variables) for root in plan.planned]
    values = asyncio.run(execution.run(plan, targets))
    for connector in world.connectors.values():
        connector._script.faults.clear()
    data = {root.key: values.get(root.key, "Query") for root in plan.roots}
    return data, [error_object(code, path) for path, code in execution.faults.found.items()]


def _target(world: RandomWorld, root: Any, variables: VariableValues) -> Target:
    from graphql import get_argument_values

    arguments = get_argument_values(root.definition, root.node, variables)
    if root.name == "migrants":
        chosen = IDS[: arguments["first"]]
        return Target([world.subjects[one] for one in chosen], len(IDS) > arguments["first"])
    key = {"migrant": "id", "lookup": "number"}.get(root.name)
    return Target([world.subjects[arguments[key] if key else IDS[0]]])


def compare(seed: int, operations: int) -> int:
    """Run operations of one seed through both; returns how many were compared."""
    world = RandomWorld(seed)
    generator = OperationGenerator(SCHEMA, IDS, seed)
    cache = OperationCache(SCHEMA, Limits(fields=100_000, tokens=100_000, length=10**7, depth=60, roots=1_000))
    for index in range(operations):
        operation = generator.generate()
        failing = frozenset(c for c in COLLECTIONS if world.random.random() < 0.05) if index % 3 == 0 else frozenset()
        _compare_one(world, cache, operation, failing, f"seed {seed} operation {index}")
    return operations


def _compare_one(
    world: RandomWorld,
    cache: OperationCache,
    operation: GeneratedOperation,
    failing: frozenset[CollectionName],
    label: str,
) -> None:
    parsed = cache.get(operation.document)
    switches = {name: bool(operation.variables[name]) for name in parsed.switches}
    plan = compile_plan(SCHEMA, parsed, switches, world.table)
    data, errors = run_plan(world, plan, operation, failing)
    reference = Reference(
        World(world.subjects, IDS, world.table, failing, world.read, world.answer, AS_OF.isoformat(), TODAY)
    )
    expected_data, expected_errors = reference.run(operation.document, operation.variables)
    told = orjson.loads(orjson.dumps(data))
    expected = orjson.loads(orjson.dumps(expected_data))
    assert orjson.dumps(told) == orjson.dumps(expected), f"{label}\n{operation.document}"
    assert _sorted(errors) == _sorted(expected_errors), f"{label}\n{operation.document}"


def _sorted(errors: list[dict[str, Any]]) -> list[bytes]:
    return sorted(orjson.dumps(error, option=orjson.OPT_SORT_KEYS) for error in errors)


def test_generated_operations_are_answered_like_the_reference() -> None:
    """1 000 generated operations give the same data and errors through the plan and through graphql-core."""
    assert sum(compare(seed, 50) for seed in range(20)) == 1_000


@pytest.mark.soak
def test_many_generated_operations_are_answered_like_the_reference() -> None:
    """As many as HUB_SOAK_OPERATIONS says (default 20 000), 50 for each seed."""
    total = int(os.environ.get("HUB_SOAK_OPERATIONS", "20000"))
    assert sum(compare(seed, 50) for seed in range(1_000, 1_000 + total // 50)) == total
