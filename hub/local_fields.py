"""The local root fields: `preflight` says what a document would get, without asking any department."""

from collections.abc import Callable
from datetime import date
from typing import Any

from auth.model import Caller
from hub.clock import day_of
from hub.engine.plan import Plan
from hub.engine.rules import check_roots
from hub.service import Hub
from privacy.admission import admit
from schema.errors import ClientError
from schema.query import Preflight, PreflightField

__all__ = ["LocalFields"]


class LocalFields:
    """`info.context` of local resolvers."""

    def __init__(self, hub: Hub, caller: Caller) -> None:
        self._hub = hub
        self._caller = caller
        self._fields: dict[str, Callable[..., Any]] = {"preflight": self._preflight}

    def local(self, name: str, **arguments: Any) -> Any:
        """The value of a local root field, or an awaitable of it."""
        return self._fields[name](**arguments)

    async def _preflight(self, document: str, purpose: str) -> Preflight:
        try:
            plan = await self._plan(document, purpose, day_of(self._hub.clock()))
        except ClientError as error:
            return Preflight(refused=error.code.value, fields=[], sources=[])
        return Preflight(refused=None, fields=_fields(plan), sources=sorted(source.value for source in plan.sources()))

    async def _plan(self, document: str, purpose_code: str, today: date) -> Plan:
        hub, caller = self._hub, self._caller
        operation = hub.operations.get(document)
        agreement = hub.agreement_for(caller, purpose_code, operation)
        case = None if caller.case is None else caller.case.reference
        purpose = admit(caller, purpose_code, case, agreement, today)
        table = await hub.tables.get(caller.profile, purpose, agreement, today)
        plan = hub.plans.get(operation, None, table)
        check_roots(caller, plan, purpose, agreement)
        return plan


def _fields(plan: Plan) -> list[PreflightField]:
    return [
        PreflightField(
            path=".".join(path),
            field=ruling.field,
            decision=ruling.highest.name,
            marker=None if ruling.marker is None else ruling.marker.value,
            policies=list(ruling.policies),
        )
        for root in plan.planned
        for path, ruling in root.needs.rulings()
    ]
