"""From root fields to subjects: open ids, look documents up, page through a division; then who each subject is.

A person nobody knows gets an id of their own (a phantom) and goes through every later step like anybody else, so
that body, status, calls and time do not tell (DESIGN promise 5).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Protocol
from uuid import UUID

from graphql import VariableValues

from auth.model import Caller, Case
from connectors.contract import NEVER_KEY, RowFilter
from hub.engine.arguments import arguments_of
from hub.engine.gates import Gate, Reports
from hub.engine.needs import Wanted
from hub.engine.plan import PlannedRoot
from hub.engine.shape import Failed
from hub.engine.subjects import CaseNames, SubjectRef, Target
from hub.registry.model import Page, Subject
from privacy.model import Agreement, Purpose
from privacy.sector_ids import SectorIds
from privacy.subjects import classify, needs_live_division
from schema.codes import DocumentKind
from schema.divisions import covers, is_known
from schema.errors import ClientError, ErrorCode, RefusedError, RequestError
from schema.identity import normalise_number
from schema.ids import CollectionName, MigrantId, SectorId
from schema.vocabulary import Department, Role, RowScope, Source, SourceStatus, SubjectClass

__all__ = ["Directory", "Finder", "Found", "Who"]

_DIVISION = Wanted(("residence_division",), RowFilter(RowScope.CURRENT))
_PERSONS = CollectionName("police.persons")
_TURNED_VERSION = 8
_Divisions = Mapping[MigrantId, str]


class Directory(Protocol):
    """What the engine asks of the registry."""

    async def find(self, kind: DocumentKind, number: str, name: str) -> MigrantId | None:
        """The migrant whose document and name both match."""

    def phantom(self, kind: DocumentKind, number: str, name: str) -> MigrantId:
        """The id of a person nobody knows; always the same for the same document and name."""

    async def page(self, department: Department, prefix: str, after: SectorId | None, first: int) -> Page:
        """Unprotected residents of a county or city in the order of the department's sector ids."""

    async def resolve(self, migrants: Sequence[MigrantId]) -> Sequence[Subject]:
        """One subject per id, in order; nobody known has neither keys nor counties."""


@dataclass(frozen=True, slots=True)
class Found:
    """The migrants one root is about, before anything is known of them; or the root's error.

    `concerned`: whom it is really about, where that is somebody else: a protected person who was looked up.
    """

    migrants: Sequence[MigrantId] = ()
    sector_ids: Sequence[SectorId] = ()
    division: str = ""
    has_next_page: bool = False
    error: ErrorCode | None = None
    concerned: Sequence[MigrantId] = ()

    @property
    def below_county(self) -> bool:
        """Whether it is a listing of a division that the registry does not know."""
        return len(self.division) > 6


@dataclass(frozen=True, slots=True)
class Who:
    """The part of a request that says who asks, why, and when. `case` is the caller's, once the request named it."""

    caller: Caller
    purpose: Purpose
    agreement: Agreement | None
    case: Case | None
    today: date


class Finder:
    """Finds and classifies the subjects of one request."""

    def __init__(self, directory: Directory, sector_ids: SectorIds, police: Gate | None, page_limit: int) -> None:
        self._directory = directory
        self._sector_ids = sector_ids
        self._police = police
        self._page_limit = page_limit

    async def find(self, who: Who, root: PlannedRoot, variables: VariableValues) -> Found:
        """Whom a root field is about. An id that is not the caller's department's answers as the root's error."""
        arguments = arguments_of(root.definition, root.node, variables)
        try:
            return await self._found(who, root.name, arguments)
        except RequestError as error:
            return Found(error=error.code)

    async def _found(self, who: Who, name: str, arguments: Mapping[str, Any]) -> Found:
        department = who.caller.profile.department
        if name == "migrants":
            return await self._listed(who, arguments)
        if name == "lookup":
            return await self._looked_up(who, arguments)
        migrant = self._sector_ids.open(department, who.caller.subject or "" if name == "me" else arguments["id"])
        return Found((migrant,), (self._sector_ids.seal(department, migrant),))

    async def _looked_up(self, who: Who, arguments: Mapping[str, Any]) -> Found:
        """R7: a protected person is answered as the person nobody knows, whose id tells no more in a second request;
        the record names her all the same."""
        kind, name = arguments["documentKind"], arguments["name"]
        number = normalise_number(kind, arguments["number"])
        phantom = self._directory.phantom(kind, number, name)
        known = await self._directory.find(kind, number, name) or phantom
        (subject,) = await self._directory.resolve([known])
        shown = phantom if subject.facts.protected and not _may_find_protected(who) else known
        return Found((shown,), (self._sector_ids.seal(who.caller.profile.department, shown),), concerned=(known,))

    async def _listed(self, who: Who, arguments: Mapping[str, Any]) -> Found:
        division, first, after = arguments["division"], arguments["first"], arguments["after"]
        if not is_known(division) or len(division) < 4:
            raise RequestError(ErrorCode.DIVISION_UNKNOWN)
        if not 1 <= first <= self._page_limit:
            raise RequestError(ErrorCode.PAGE_INVALID)
        _check_covered(who, division)
        department = who.caller.profile.department
        cursor = None if after is None else self._cursor(department, after)
        page = await self._directory.page(department, division[:6], cursor, first)
        return Found(page.migrants, page.sector_ids, division, page.has_next_page)

    def _cursor(self, department: Department, after: str) -> SectorId:
        try:
            opened = self._sector_ids.open(department, after)
        except ClientError as error:
            raise RequestError(ErrorCode.PAGE_INVALID) from error
        return (
            self._sector_ids.seal(department, _turned(opened)) if opened.version == _TURNED_VERSION else SectorId(after)
        )

    def open_named(self, who: Who, named: Sequence[SectorId]) -> Found:
        """The other persons that checks name. Raises ID_INVALID."""
        return Found(self._sector_ids.open_many(who.caller.profile.department, named), named)

    def case_names(self, who: Who) -> CaseNames:
        """Whom the case names. Raises ID_INVALID where it names an id that is not the department's."""
        if who.case is None:
            return CaseNames()
        open_many, department = self._sector_ids.open_many, who.caller.profile.department
        return CaseNames(
            frozenset(open_many(department, who.case.subjects)), frozenset(open_many(department, who.case.related))
        )

    async def classified(self, who: Who, found: Sequence[Found], reports: Reports) -> list[Target]:
        """Each root's subjects, with classes and keys; in a listing below county level, those in the division only.

        Such a listing fails when the live divisions cannot be had; persons asked about one by one are then outside.
        """
        ids = list(dict.fromkeys(migrant for one in found for migrant in one.migrants))
        subjects = dict(zip(ids, await self._directory.resolve(ids), strict=True))
        divisions = await self._divisions(who, found, subjects, reports)
        named = self.case_names(who).named
        known = {migrant: _reachable(who, subject, named) for migrant, subject in subjects.items()}
        return [self._target(who, one, known, divisions) for one in found]

    def _target(
        self, who: Who, found: Found, subjects: Mapping[MigrantId, Subject], divisions: _Divisions | Failed | None
    ) -> Target:
        if isinstance(divisions, Failed):
            if found.below_county:
                return Target(error=divisions.code)
            divisions = {}
        refs = [
            _reference(who, subjects[migrant], sector_id, divisions)
            for migrant, sector_id in zip(found.migrants, found.sector_ids, strict=True)
        ]
        if not found.division:
            return Target(refs, found.has_next_page, found.error, found.concerned)
        listed = [ref for ref in refs if _is_listed(who, ref, found, divisions)]
        return Target(listed, found.has_next_page, end_cursor=self._end_cursor(who, refs, listed))

    def _end_cursor(self, who: Who, refs: Sequence[SubjectRef], listed: Sequence[SubjectRef]) -> SectorId | None:
        """Behind the last person of the page, listed or not: a page of nobody has a next one too."""
        if not refs or refs[-1] in listed[-1:]:
            return None
        return self._sector_ids.seal(who.caller.profile.department, _turned(refs[-1].migrant))

    async def _divisions(
        self,
        who: Who,
        found: Sequence[Found],
        subjects: Mapping[MigrantId, Subject],
        reports: Reports,
    ) -> _Divisions | Failed | None:
        """The live divisions, where a county code is too coarse: one call more, for all subjects alike."""
        finer = any(one.below_county for one in found)
        if not subjects or not (finer or needs_live_division(who.caller)):
            return None
        keys = [subject.keys.get(Source.POLICE, NEVER_KEY) for subject in subjects.values()]
        if self._police is None:
            reports.note(Source.POLICE, SourceStatus.UNAVAILABLE)
            return Failed(ErrorCode.SOURCE_UNAVAILABLE)
        result = await self._police.fetch(_PERSONS, keys, _DIVISION, reports)
        if isinstance(result, Failed):
            return result
        return {
            migrant: str(rows[0][0]) for migrant, rows in zip(subjects, result.rows, strict=True) if rows and rows[0][0]
        }


def _check_covered(who: Who, division: str) -> None:
    if who.agreement is None or not covers(who.agreement.jurisdiction, division):
        raise RefusedError(ErrorCode.AGREEMENT_INVALID)
    if not covers(who.caller.profile.jurisdiction, division):
        raise RefusedError(ErrorCode.AGREEMENT_INVALID)


def _reference(who: Who, subject: Subject, sector_id: SectorId, divisions: _Divisions | None) -> SubjectRef:
    live = None if divisions is None else divisions.get(subject.migrant, "")
    found = classify(who.caller, who.purpose, subject.facts, live, who.today)
    return SubjectRef(subject.migrant, sector_id, found, subject.keys)


def _reachable(who: Who, subject: Subject, named: Collection[MigrantId]) -> Subject:
    """Under a purpose about children, an adult whom no case names is nobody to the other departments.

    The caller's own register stays open. Elsewhere such a person is asked for under the key that matches nothing, so
    that neither answer nor calls tell an adult from somebody nobody knows (DOMAIN section 2, immunisation).
    """
    child = subject.facts.minor_until is not None and who.today < subject.facts.minor_until
    if not who.purpose.children_only or child or subject.migrant in named:
        return subject
    department = who.caller.profile.department.value
    own = {source: key for source, key in subject.keys.items() if source.value == department}
    return replace(subject, keys=own)


def _is_listed(who: Who, ref: SubjectRef, found: Found, divisions: _Divisions | None) -> bool:
    """R7: a protected person is absent from listings; others stand in those of the division they live in now."""
    if SubjectClass.PROTECTED in ref.subject_class and not _may_find_protected(who):
        return False
    return divisions is None or divisions.get(ref.migrant, "").startswith(found.division)


def _may_find_protected(who: Who) -> bool:
    """R7: only the protection desk of a department that keeps records, under a case that the request named."""
    profile = who.caller.profile
    keeps = profile.department.value in {source.value for source in Source}
    return keeps and Role.PROTECTION_DESK in profile.roles and who.case is not None


def _turned(migrant: MigrantId) -> MigrantId:
    """An id for cursors: it leads back to the migrant's place in a listing, and to nobody's record.

    INVARIANT: migrants and phantoms are UUIDs of version 7; turned, of version 8, and turned again as they were.
    """
    return MigrantId(UUID(int=migrant.int ^ 0xF << 76))
