"""A hub in memory: real engine, policies and application; sources, registry, log and budget are in memory.

Two persons are known: Li, an adult resident with a job and a permit, and Wang, who is protected.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import httpx

from auth.model import Caller, Case, Profile
from connectors.contract import RowFilter
from connectors.mapping_reader import read_mapping
from connectors.memory import MemoryConnector
from hub.app import create_app
from hub.audit.denials import Denial, DenialFolder
from hub.audit.model import Receipt, Record
from hub.config import LimitSettings, Settings
from hub.engine.caches import PlanCache, TableCache
from hub.engine.gates import Gate
from hub.engine.limits import Limits
from hub.engine.operation import OperationCache
from hub.engine.targets import Finder
from hub.metrics import Metrics
from hub.registry.digests import RegistryDigests
from hub.registry.model import Page, Subject
from hub.service import Hub
from privacy.keys import KeyRing
from privacy.model import SubjectFacts
from privacy.policybook import PolicyBook, load_policies
from privacy.sector_ids import SectorIds
from schema.codes import DocumentKind
from schema.errors import ErrorCode, TokenError
from schema.identity import check_digit
from schema.ids import CollectionName, MigrantId, SectorId, SourceKey
from schema.query import build_schema
from schema.vocabulary import Assurance, Department, Level, Role, Source

__all__ = ["BY_ID", "LI", "NOBODY", "NUMBERS", "WANG", "SmallHub", "officer"]


def _number(digits: str) -> str:
    return digits + check_digit(digits)


MAPPINGS = Path(__file__).parents[2] / "connectors" / "mappings" / "demo-city"
NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
KEYS = KeyRing.from_seed(bytes(32))
LI, WANG = MigrantId(UUID(int=1)), MigrantId(UUID(int=2))
NUMBERS = {LI: (_number("11010119900307891"), "李雷"), WANG: (_number("11010119850505123"), "王梅")}
NOBODY = (_number("11010119770707777"), "某人")
BY_ID = "query($id: ID!) { migrant(id: $id) { name humanResources { employments { employerName } } } }"


def officer(purpose: str = "social-insurance", **others: Any) -> Caller:
    """An officer of human resources of the city."""
    profile = Profile(
        others.pop("department", Department.HUMAN_RESOURCES),
        frozenset({others.pop("role", Role.CASE_OFFICER)}),
        others.pop("level", Level.CITY),
        others.pop("jurisdiction", "3205"),
        Assurance.SUBSTANTIAL,
    )
    case: Case | None = others.pop("case", None)
    return Caller(profile, "officer-1", "desk", "test", "token-1", NOW, frozenset({purpose}), case, None)


@dataclass
class _Registry:
    """Two persons."""

    digests: RegistryDigests = field(default_factory=lambda: RegistryDigests(KEYS))
    asked: int = 0

    async def find(self, kind: DocumentKind, number: str, name: str) -> MigrantId | None:
        found = [one for one, papers in NUMBERS.items() if papers == (number, name)]
        return found[0] if found else None

    def phantom(self, kind: DocumentKind, number: str, name: str) -> MigrantId:
        return self.digests.phantom(kind, number, name)

    async def page(self, department: Department, prefix: str, after: SectorId | None, first: int) -> Page:
        return Page([LI], [SectorIds(KEYS).seal(department, LI)], False)

    async def resolve(self, migrants: Sequence[MigrantId]) -> Sequence[Subject]:
        self.asked += 1
        return [self._subject(migrant) for migrant in migrants]

    def _subject(self, migrant: MigrantId) -> Subject:
        if migrant not in NUMBERS:
            return Subject(migrant, SubjectFacts("", "", False, None), {})
        keys = {source: SourceKey(f"{source.value}-{migrant.int}") for source in Source}
        return Subject(migrant, SubjectFacts("320505", "110101", migrant == WANG, None), keys)


@dataclass
class _Log:
    """Keeps records; `failing` is raised instead."""

    records: list[Record] = field(default_factory=list)
    healthy: bool = True
    failing: Exception | None = None
    size: int = 0

    async def write(self, record: Record) -> Receipt:
        if self.failing is not None:
            raise self.failing
        await asyncio.sleep(0)
        self.records.append(record)
        return Receipt(record.record_id, "test", len(self.records) - 1)


@dataclass
class _Budget:
    """Counts whom each client asked about."""

    spent: dict[str, set[MigrantId]] = field(default_factory=dict)

    async def spend(self, client: str, day: date, migrants: Sequence[MigrantId]) -> int:
        self.spent.setdefault(client, set()).update(migrants)
        return len(self.spent[client])


@dataclass
class _Denials:
    """Keeps what was noted."""

    noted: list[Denial] = field(default_factory=list)

    def note(self, denial: Denial, count: int = 1) -> None:
        self.noted.append(denial)


@dataclass
class _Door:
    """Lets one caller in who says `Bearer yes`."""

    caller: Caller

    def verify(self, header: str | None) -> Caller:
        if header != "Bearer yes":
            raise TokenError(ErrorCode.TOKEN_INVALID)
        return self.caller


class SmallHub:
    """The hub and everything in it that a test looks at or breaks."""

    def __init__(self, limits: LimitSettings | None = None) -> None:
        self.registry, self.log, self.budget, self.denials = _Registry(), _Log(), _Budget(), _Denials()
        self.door = _Door(officer())
        self.sources = {source: _source(source) for source in Source}
        gates = {source: Gate(connector, 1.0) for source, connector in self.sources.items()}
        schema = build_schema()._schema
        parts: dict[str, Any] = {
            "settings": Settings(limits=limits or LimitSettings()),
            "schema": schema,
            "verifier": self.door,
            "operations": OperationCache(schema, Limits()),
            "tables": TableCache(_book()),
            "plans": PlanCache(schema),
            "finder": Finder(self.registry, SectorIds(KEYS), gates[Source.POLICE], 1_000),
            "gates": gates,
            "agreements": {},
            "audit": self.log,
            "denials": cast("DenialFolder", self.denials),
            "budget": self.budget,
            "clock": lambda: NOW,
            "metrics": Metrics(),
        }
        self.hub = Hub(**parts)

    def change(self, **parts: Any) -> None:
        """Exchange parts of the hub."""
        self.hub = replace(self.hub, **parts)

    def id_of(self, migrant: MigrantId) -> SectorId:
        """What the caller's department knows a person by."""
        return SectorIds(KEYS).seal(self.door.caller.profile.department, migrant)

    def ask(self, document: str, variables: Mapping[str, Any] | None = None, **headers: str | None) -> httpx.Response:
        """One request; headers by their names with underscores, None leaves one out."""
        sent: dict[str, str | None] = {"authorization": "Bearer yes", "hub_purpose": "social-insurance", **headers}
        named = {name.replace("_", "-"): value for name, value in sent.items() if value is not None}
        return self.send(json.dumps({"query": document, "variables": dict(variables or {})}).encode(), named)

    def send(self, body: bytes, headers: Mapping[str, str]) -> httpx.Response:
        """Any body."""

        async def post() -> httpx.Response:
            transport = httpx.ASGITransport(create_app(self.hub))
            async with httpx.AsyncClient(transport=transport, base_url="http://hub") as client:
                return await client.post(
                    "/graphql", content=body, headers={"content-type": "application/json", **headers}
                )

        return asyncio.run(post())

    @property
    def calls(self) -> list[tuple[str, tuple[str, ...], RowFilter]]:
        """What the sources were asked for."""
        return [(one.collection, one.columns, one.rows) for source in self.sources.values() for one in source.calls]


@lru_cache(maxsize=1)
def _book() -> PolicyBook:
    return load_policies()


def _source(source: Source) -> MemoryConnector:
    rows: dict[CollectionName, dict[SourceKey, list[dict[str, Any]]]] = {}
    if source is Source.POLICE:
        rows[CollectionName("police.persons")] = {
            SourceKey(f"police-{one.int}"): [
                {"name": name, "id_number": number, "residence_division": "320505001001", "residence_county": "320505"}
            ]
            for one, (number, name) in NUMBERS.items()
        }
    if source is Source.HUMAN_RESOURCES:
        rows[CollectionName("human_resources.employments")] = {
            SourceKey(f"human-resources-{one.int}"): [{"employer_name": "演示公司", "started_on": date(2024, 1, 1)}]
            for one in NUMBERS
        }
    return MemoryConnector(read_mapping(MAPPINGS / f"{source.value}.yaml"), rows, as_of=NOW)
