"""What the engine's tests share: documents compiled under tables of one's own, sources in memory that are watched."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID

from graphql import VariableValues
from graphql.execution.values import get_variable_values

from auth.model import Caller, Case, Profile
from connectors.contract import Checked, CheckRequest
from connectors.mapping_reader import read_mapping
from connectors.memory import MemoryConnector, Records
from hub.engine.execute import Execution
from hub.engine.gates import Breaker, Gate, Reports
from hub.engine.limits import Limits
from hub.engine.operation import Operation, OperationCache
from hub.engine.plan import Plan, compile_plan
from hub.engine.subjects import SubjectRef, Target
from hub.engine.targets import Who
from hub.registry.model import Page, Subject
from privacy.keys import KeyRing
from privacy.model import Agreement, DecisionTable, FieldRuling, Purpose, SubjectFacts
from privacy.purposes import PURPOSES
from privacy.sector_ids import SectorIds
from schema.codes import DocumentKind
from schema.ids import CollectionName, FieldId, MigrantId, SectorId, SourceKey
from schema.query import build_schema
from schema.vocabulary import (
    ALL_SUBJECT_CLASSES,
    Assurance,
    Decision,
    Department,
    FieldClass,
    Level,
    Role,
    RowScope,
    Source,
    SubjectClass,
)

SCHEMA = build_schema()._schema
TODAY = date(2026, 11, 21)
AS_OF = datetime(2026, 11, 20, 8, tzinfo=UTC)
RING = KeyRing.from_seed(bytes(32))
IDS = SectorIds(RING)
MAPPINGS = Path(__file__).parents[3] / "connectors" / "mappings" / "demo-city"
PLAIN, RESIDENT, PROTECTED = SubjectClass.NONE, SubjectClass.IN_RESIDENCE, SubjectClass.PROTECTED

Rule = Decision | Callable[[SubjectClass], Decision]
READ, MASK, VERIFY, WITHHOLD = Decision.READ, Decision.MASK, Decision.VERIFY, Decision.WITHHOLD


def only(decision: Decision, wanted: SubjectClass) -> Rule:
    """A decision for subjects who have these facts, and nothing for the others."""
    return lambda subject: decision if wanted in subject else Decision.WITHHOLD


def unless(decision: Decision, unwanted: SubjectClass) -> Rule:
    """A decision for subjects who have not these facts, and nothing for the others."""
    return lambda subject: Decision.WITHHOLD if unwanted in subject else decision


def ruling(name: str, rule: Rule, rows: RowScope = RowScope.ALL) -> FieldRuling:
    """One field's or check's decisions."""
    each = tuple(rule if isinstance(rule, Decision) else rule(subject) for subject in ALL_SUBJECT_CLASSES)
    return FieldRuling(FieldId(name), each, rows, ())


def table_of(
    rules: Mapping[str, Rule],
    rows: RowScope = RowScope.ALL,
    raised: Mapping[Source, tuple[frozenset[FieldClass], ...]] | None = None,
) -> DecisionTable:
    """A table with these fields and checks; everything else is withheld."""
    rulings = {FieldId(name): ruling(name, rule, rows) for name, rule in rules.items()}
    return DecisionTable("test", "v1", None, rulings, raised or {})


def operation_of(document: str, name: str | None = None) -> Operation:
    """A parsed and validated operation."""
    return OperationCache(SCHEMA, Limits()).get(document, name)


def plan_of(
    document: str, rules: Mapping[str, Rule] | DecisionTable, switches: Mapping[str, bool] | None = None
) -> Plan:
    """A document compiled under a table."""
    table = rules if isinstance(rules, DecisionTable) else table_of(rules)
    return compile_plan(SCHEMA, operation_of(document), {} if switches is None else switches, table)


def coerced(plan: Plan, given: Mapping[str, Any]) -> VariableValues:
    """The variables of a request for a plan."""
    found = get_variable_values(SCHEMA, plan.operation.definition.variable_definitions or (), dict(given))
    assert isinstance(found, VariableValues)
    return found


class WatchedSource(MemoryConnector):
    """A source in memory that also keeps the checks it was asked for; `as_of` None means live."""

    def __init__(self, source: Source, records: Records | None = None, as_of: datetime | None = AS_OF) -> None:
        super().__init__(read_mapping(MAPPINGS / f"{source.value}.yaml"), records or {}, as_of=as_of)
        self.checks: list[tuple[CheckRequest, tuple[SourceKey, ...]]] = []

    async def check(self, request: CheckRequest, keys: Sequence[SourceKey]) -> Checked:
        """See `Connector.check`."""
        self.checks.append((request, tuple(keys)))
        return await super().check(request, keys)


def rows_of(collection: str, **by_key: Sequence[Mapping[str, Any]]) -> Records:
    """Records of one collection by source key."""
    return {CollectionName(collection): {SourceKey(key): rows for key, rows in by_key.items()}}


def person(number: int, subject: SubjectClass = PLAIN, *sources: Source) -> SubjectRef:
    """A subject with the key `K<number>` in these sources, in all when none is named."""
    keys = {source: SourceKey(f"K{number}") for source in sources or Source}
    return SubjectRef(MigrantId(UUID(int=number)), SectorId(f"id-{number}"), subject, keys)


@dataclass
class Answered:
    """What one run gave."""

    data: dict[str, Any]
    errors: dict[tuple[str | int, ...], str]
    reports: Reports


@dataclass
class Desk:
    """Runs plans over watched sources; `patience` is each call's deadline in seconds."""

    sources: dict[Source, WatchedSource] = field(default_factory=dict)
    patience: float = 2.0

    def gates(self) -> dict[Source, Gate]:
        """A gate for each source."""
        return {source: Gate(one, self.patience, Breaker(limit=1_000)) for source, one in self.sources.items()}

    def run(
        self,
        plan: Plan,
        *targets: Target | SubjectRef | Sequence[SubjectRef],
        named: Iterable[SubjectRef] = (),
        variables: Mapping[str, Any] | None = None,
    ) -> Answered:
        """One run; a target may be given as its one subject, or as its subjects."""
        reports = Reports()
        persons = {ref.sector_id: ref for ref in named}
        execution = Execution(self.gates(), coerced(plan, variables or {}), persons, TODAY, reports)
        data = asyncio.run(execution.run(plan, [_target(one) for one in targets]))
        return Answered(data, {path: code.value for path, code in execution.faults.found.items()}, reports)


def _target(given: Target | SubjectRef | Sequence[SubjectRef]) -> Target:
    if isinstance(given, Target):
        return given
    return Target([given]) if isinstance(given, SubjectRef) else Target(given)


class MemoryDirectory:
    """A registry in memory; `statements` are the questions it was asked, in order."""

    def __init__(self, *subjects: Subject) -> None:
        self.subjects = {subject.migrant: subject for subject in subjects}
        self.documents: dict[tuple[DocumentKind, str, str], MigrantId] = {}
        self.statements: list[str] = []

    async def find(self, kind: DocumentKind, number: str, name: str) -> MigrantId | None:
        """See `Directory.find`."""
        self.statements.append("find")
        return self.documents.get((kind, number, name))

    def phantom(self, kind: DocumentKind, number: str, name: str) -> MigrantId:
        """See `Directory.phantom`."""
        digest = sha256(f"{kind.name} {number} {name}".encode()).digest()
        return migrant(2**40 + int.from_bytes(digest[:4]))

    async def page(self, department: Department, prefix: str, after: SectorId | None, first: int) -> Page:
        """See `Directory.page`."""
        self.statements.append("page")
        ids = sorted(
            (IDS.seal(department, one.migrant), one.migrant)
            for one in self.subjects.values()
            if one.facts.residence_county.startswith(prefix)
        )
        behind = [pair for pair in ids if after is None or pair[0] > after]
        return Page([m for _, m in behind[:first]], [i for i, _ in behind[:first]], len(behind) > first)

    async def resolve(self, migrants: Sequence[MigrantId]) -> Sequence[Subject]:
        """See `Directory.resolve`."""
        self.statements.append("resolve")
        return [self.subjects.get(one) or Subject(one, SubjectFacts("", "", False, None), {}) for one in migrants]


def migrant(number: int) -> MigrantId:
    """A migrant's id, shaped like a real one (UUIDv7)."""
    return MigrantId(UUID(int=number << 80 | 0x7 << 76 | 0b10 << 62 | number % 2**62))


def subject(number: int, county: str = "320505", *, protected: bool = False, **keys: str) -> Subject:
    """A person the registry knows, linked as given (`police="K1"`)."""
    linked = {Source(name.replace("_", "-")): SourceKey(key) for name, key in keys.items()}
    return Subject(migrant(number), SubjectFacts(county, "410102", protected, None), linked)


def caller(
    department: Department = Department.HUMAN_RESOURCES,
    *roles: Role,
    level: Level = Level.CITY,
    jurisdiction: str = "3205",
    purposes: Iterable[str] = ("social-insurance",),
    case: Case | None = None,
    me: MigrantId | None = None,
) -> Caller:
    """A caller; `me` makes them a person who asks about themselves."""
    if me is not None:
        department, roles, jurisdiction, level = Department.PERSON, (Role.PERSON,), "", Level.PROVINCE
    profile = Profile(department, frozenset(roles or {Role.CASE_OFFICER}), level, jurisdiction, Assurance.HIGH)
    sealed = None if me is None else IDS.seal(Department.PERSON, me)
    expires = datetime(2099, 1, 1, tzinfo=UTC)
    return Caller(profile, "officer-1", "client-1", "issuer", "t-1", expires, frozenset(purposes), case, sealed)


def case_of(department: Department, *subjects: MigrantId, related: Iterable[MigrantId] = (), purpose: str) -> Case:
    """A case that names these persons."""
    return Case(
        "2026-117",
        purpose,
        frozenset(IDS.seal_many(department, subjects)),
        frozenset(IDS.seal_many(department, related)),
    )


def agreement_of(
    document: str = "{ me { id } }",
    *,
    purpose: str = "public-health",
    department: Department = Department.HEALTH,
    jurisdiction: str = "3205",
    **changes: Any,
) -> Agreement:
    """An agreement in force; with its document's own hash."""
    told: dict[str, Any] = {
        "id": "agreement-1",
        "document": document,
        "document_hash": sha256(document.encode()).hexdigest(),
        "purpose": purpose,
        "department": department.value,
        "client": None,
        "jurisdiction": jurisdiction,
        "volume_per_day": 1_000,
        "expires": datetime(2099, 1, 1, tzinfo=UTC),
        "fields": frozenset(),
    }
    return Agreement(**(told | changes))


def who(one: Caller, purpose: str | Purpose, agreement: Agreement | None = None, *, with_case: bool = True) -> Who:
    """Who asks, as the pipeline says it once a request is admitted."""
    found = PURPOSES[purpose] if isinstance(purpose, str) else purpose
    return Who(one, found, agreement, one.case if with_case else None, TODAY)
