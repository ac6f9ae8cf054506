"""A registry in memory with a finder over it, and who asks it: shared by the tests of targets and of listings."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from hub.engine.gates import Gate, Reports
from hub.engine.subjects import Target
from hub.engine.targets import Finder, Found, Who
from hub.registry.model import Subject
from privacy.model import Agreement
from schema.codes import DocumentKind
from schema.errors import ErrorCode, HubError, RefusedError, RequestError
from schema.vocabulary import Department, Level, Source
from tests.hub.engine.desk import (
    IDS,
    MemoryDirectory,
    WatchedSource,
    caller,
    coerced,
    plan_of,
    rows_of,
    who,
)

HR, HEALTH, POLICE = Department.HUMAN_RESOURCES, Department.HEALTH, Department.POLICE
KIND, NUMBER, NAME = DocumentKind.PASSPORT, "E1234567", "王小明"
LOOKUP = "query($n: String!, $m: String!) { lookup(documentKind: PASSPORT, number: $n, name: $m) { id } }"
BY_ID = "query($id: ID!) { migrant(id: $id) { id } }"
LISTED = "query($d: String!, $n: Int!, $a: String) { migrants(division: $d, first: $n, after: $a) { nodes { id } } }"
TOWNSHIP = "320505001"


class Registry:
    """A finder over people in memory, with police watched."""

    def __init__(self, *people: Subject, divisions: Mapping[str, str] | None = None) -> None:
        self.directory = MemoryDirectory(*people)
        rows = {key: [{"residence_division": place}] for key, place in (divisions or {}).items()}
        self.police = WatchedSource(Source.POLICE, rows_of("police.persons", **rows))
        self.finder = Finder(self.directory, IDS, Gate(self.police, 0.05), 100)
        self.reports = Reports()

    def find(self, asker: Who, document: str, **variables: Any) -> Found:
        """Whom a document's one root is about."""
        plan = plan_of(document, {})
        return asyncio.run(self.finder.find(asker, plan.planned[0], coerced(plan, variables)))

    def look_up(self, asker: Who, number: str = NUMBER, name: str = NAME) -> Found:
        """Whom a look-up is about."""
        return self.find(asker, LOOKUP, n=number, m=name)

    def listed(self, asker: Who, division: str, first: int = 100, after: str | None = None) -> tuple[Found, Target]:
        """A page of a listing."""
        found = self.find(asker, LISTED, d=division, n=first, a=after)
        return found, self.classified(asker, found)[0]

    def classified(self, asker: Who, *found: Found) -> list[Target]:
        """The subjects of what was found."""
        return asyncio.run(self.finder.classified(asker, found, self.reports))

    def know(self, one: Subject, number: str = NUMBER, name: str = NAME) -> None:
        """Enter a document."""
        self.directory.documents[KIND, number, name] = one.migrant


def officer(**changes: Any) -> Who:
    """An officer of human resources, under a purpose without a case."""
    return who(caller(HR, **changes), "social-insurance")


def nurse(jurisdiction: str = TOWNSHIP, agreement: Agreement | None = None) -> Who:
    """A health centre of a township."""
    level = {4: Level.CITY, 6: Level.COUNTY, 9: Level.TOWNSHIP, 12: Level.VILLAGE}[len(jurisdiction)]
    return who(caller(HEALTH, level=level, jurisdiction=jurisdiction), "public-health", agreement)


def code_of(work: Any) -> ErrorCode:
    """The code of the error that ends a request."""
    with pytest.raises(HubError) as failed:
        work()
    assert isinstance(failed.value, RequestError | RefusedError)
    return failed.value.code
