"""The hub as one value: everything a request needs, put together once at start by `hub.assembly`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from graphql import GraphQLSchema

from auth.model import Caller
from auth.tokens import TokenVerifier
from hub.audit.denials import Denial, DenialFolder
from hub.audit.writer import AuditWriter
from hub.clock import Clock
from hub.config import Mode, Settings
from hub.engine.caches import PlanCache, TableCache
from hub.engine.gates import Gate
from hub.engine.operation import Operation, OperationCache
from hub.engine.plan import is_planned, selected_roots
from hub.engine.targets import Finder, Who
from hub.metrics import Metrics
from hub.registry.budget import SubjectBudget
from hub.request import GraphQLRequest
from privacy.model import Agreement
from schema.errors import BusyError, ErrorCode, RefusedError
from schema.ids import MigrantId
from schema.vocabulary import Department, Source

__all__ = ["Hub"]


@dataclass(frozen=True, slots=True)
class Hub:
    """The parts of a running hub."""

    settings: Settings
    schema: GraphQLSchema
    verifier: TokenVerifier
    operations: OperationCache
    tables: TableCache
    plans: PlanCache
    finder: Finder
    gates: Mapping[Source, Gate]
    agreements: Mapping[str, Agreement]
    audit: AuditWriter
    denials: DenialFolder
    budget: SubjectBudget
    clock: Clock
    metrics: Metrics

    def note_denial(self, caller: Caller, code: ErrorCode) -> None:
        """Have a refusal of a whole request recorded, folded with others of the same client and code."""
        self.denials.note(Denial(caller.profile.department, caller.client, code))

    def require_log(self) -> None:
        """No department is asked while no record of it could be written. Raises BusyError AUDIT_UNAVAILABLE."""
        if not self.audit.healthy:
            raise BusyError(ErrorCode.AUDIT_UNAVAILABLE)

    def agreement(self, caller: Caller, request: GraphQLRequest, operation: Operation) -> Agreement | None:
        """The agreement a request names, whose document it must be to the letter.

        Raises AGREEMENT_INVALID; SANDBOX_ONLY where production is asked without an agreement.
        """
        if request.agreement is None:
            self.require_sandbox(caller)
            return None
        found = self.agreements.get(request.agreement)
        if found is None or not self._runs(found, operation):
            raise RefusedError(ErrorCode.AGREEMENT_INVALID)
        return found

    def agreement_for(self, caller: Caller, purpose: str, operation: Operation) -> Agreement | None:
        """The agreement under which a caller could run a document. Raises SANDBOX_ONLY as `agreement` does."""
        standing = (caller.profile.department.value, purpose)
        for one in self.agreements.values():
            theirs = (one.department, one.purpose) == standing and one.client in {None, caller.client}
            if theirs and self._runs(one, operation):
                return one
        self.require_sandbox(caller)
        return None

    def require_sandbox(self, caller: Caller) -> None:
        """Documents of one's own making are for the sandbox, except a person's about themselves (PIPL Art. 45).

        Raises SANDBOX_ONLY.
        """
        if self.settings.mode is Mode.PRODUCTION and caller.profile.department is not Department.PERSON:
            raise RefusedError(ErrorCode.SANDBOX_ONLY)

    def _runs(self, agreement: Agreement, operation: Operation) -> bool:
        return agreement.document_hash == operation.hash and agreement.expires > self.clock()

    async def spend(self, who: Who, subjects: Sequence[MigrantId]) -> None:
        """Count the persons asked about against the day's budget (DESIGN R4). Raises BUDGET_SPENT.

        A listing spends its agreement's volume, everything else the client's own budget; persons asking about
        themselves spend nothing.
        """
        if who.caller.profile.department is Department.PERSON or not subjects:
            return
        payer, limit = who.caller.client, self.settings.limits.subjects_per_day
        if who.agreement is not None:
            payer, limit = f"agreement {who.agreement.id}", who.agreement.volume_per_day
        payer = f"{who.caller.profile.department} {payer}"
        if await self.budget.spend(payer, who.today, subjects) > limit:
            raise RefusedError(ErrorCode.BUDGET_SPENT, status=429)

    def is_person_level(self, operation: Operation, switches: Mapping[str, bool]) -> bool:
        """Whether any root field of an operation leads to a person."""
        return any(is_planned(one) for one in selected_roots(self.schema, operation, switches))
