"""The hub as one value: everything a request needs, put together once at start by `hub.assembly`."""

from collections.abc import Mapping
from dataclasses import dataclass

from graphql import GraphQLSchema

from auth.model import Caller
from auth.tokens import TokenVerifier
from hub.audit.denials import DenialFolder
from hub.audit.writer import AuditWriter
from hub.clock import Clock
from hub.config import Mode, Settings
from hub.engine.caches import PlanCache, TableCache
from hub.engine.gates import Gate
from hub.engine.operation import Operation, OperationCache
from hub.engine.plan import is_planned, selected_roots
from hub.engine.targets import Finder
from hub.metrics import Metrics
from hub.request import GraphQLRequest
from privacy.model import Agreement
from schema.errors import ErrorCode, RefusedError
from schema.vocabulary import Source

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
    clock: Clock
    metrics: Metrics

    def note_denial(self, caller: Caller, code: ErrorCode) -> None:
        """Have a refusal of a whole request recorded, folded with others of the same client and code."""
        self.denials.note(caller, code)

    def agreement(self, request: GraphQLRequest, operation: Operation) -> Agreement | None:
        """The agreement a request names, whose document it must be to the letter.

        Raises AGREEMENT_INVALID; SANDBOX_ONLY where production is asked without an agreement.
        """
        if request.agreement is None:
            if self.settings.mode is Mode.PRODUCTION:
                raise RefusedError(ErrorCode.SANDBOX_ONLY)
            return None
        found = self.agreements.get(request.agreement)
        if found is None or found.document_hash != operation.hash:
            raise RefusedError(ErrorCode.AGREEMENT_INVALID)
        return found

    def is_person_level(self, operation: Operation, switches: Mapping[str, bool]) -> bool:
        """Whether any root field of an operation leads to a person."""
        return any(is_planned(one) for one in selected_roots(self.schema, operation, switches))
