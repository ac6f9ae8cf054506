"""The one way to person-level data: every page, command and exchange calls `answer()`."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import uuid4

from graphql import VariableValues
from graphql.execution.values import get_variable_values

from auth.model import Caller
from hub.audit.events import Event
from hub.audit.model import Record
from hub.clock import day_of
from hub.engine.arguments import switches_of
from hub.engine.execute import Execution, person_argument
from hub.engine.gates import Reports
from hub.engine.local import LocalResult, run_local
from hub.engine.operation import Operation
from hub.engine.plan import LocalRoot, Plan, selected_roots
from hub.engine.rules import check_named, check_roots, check_subjects
from hub.engine.splice import error_object, response_body, source_rows
from hub.engine.subjects import Involved
from hub.engine.targets import Who
from hub.local_fields import LocalFields
from hub.receipts import receipt_object, record_of
from hub.request import GraphQLRequest
from hub.service import Hub
from privacy.admission import admit
from schema.errors import ErrorCode, RequestError

__all__ = ["answer"]


async def answer(hub: Hub, caller: Caller, request: GraphQLRequest) -> bytes:
    """The bytes of the response to one request; none leaves before its record is durable.

    Raises ClientError for a request refused as a whole; what goes wrong in one department stays in its part.
    """
    operation = hub.operations.get(request.document, request.operation_name)
    variables = _variables(hub, operation, request.variables)
    switches = switches_of(operation.switches, variables)
    if not hub.is_person_level(operation, switches):
        return await _answer_locally(hub, caller, request, operation, switches)
    hub.require_log()
    today = day_of(hub.clock())
    agreement = hub.agreement(caller, request, operation)
    purpose = admit(caller, request.purpose, request.case, agreement, today)
    table = await hub.tables.get(caller.profile, purpose, agreement, today)
    plan = hub.plans.get(operation, switches, table)
    who = Who(caller, purpose, agreement, caller.case if request.case else None, today)
    check_roots(caller, plan, purpose, agreement)
    reports = Reports()
    involved = await _involved(hub, who, plan, variables, reports)
    execution = Execution(hub.gates, variables, involved.named, today, reports)
    data = await execution.run(plan, involved.targets)
    local = await _run_local(hub, caller, request, operation, plan.local)
    hub.metrics.note_sources(reports)
    record = record_of(hub.clock(), who, plan, involved, reports)
    receipt = await hub.audit.write(record)
    extensions = {
        "receipt": receipt_object(record, receipt, who),
        "markers": [{"path": list(path), "code": code} for path, code in plan.markers],
        "sources": source_rows(plan.sources(), reports),
    }
    return _spliced(plan, {**data, **local.data}, execution, local, extensions)


def _variables(hub: Hub, operation: Operation, given: Mapping[str, Any]) -> VariableValues:
    coerced = get_variable_values(
        hub.schema, operation.definition.variable_definitions or (), dict(given), max_errors=1, hide_suggestions=True
    )
    if not isinstance(coerced, VariableValues):
        raise RequestError(ErrorCode.VARIABLES_INVALID)
    return coerced


async def _involved(hub: Hub, who: Who, plan: Plan, variables: VariableValues, reports: Reports) -> Involved:
    """Whom each root is about, and the other persons its checks name; refused as a whole where a rule says so."""
    case = hub.finder.case_names(who)
    uses = [use for root in plan.planned for use in root.needs.checks]
    persons = list(dict.fromkeys(one for use in uses if (one := person_argument(use, variables)) is not None))
    others = hub.finder.open_named(who, persons)
    check_named(case, others.migrants)
    found = [await hub.finder.find(who, root, variables) for root in plan.planned]
    # Spent before the rules are asked: whether an id and a document are of one person shows in a refusal too.
    await hub.spend(who, [migrant for one in found if not one.division for migrant in one.migrants])
    check_subjects(who, case, [(root, one.migrants) for root, one in zip(plan.planned, found, strict=True)])
    *targets, named = await hub.finder.classified(who, [*found, others], reports)
    # Of a listing only those are spent who stand in it: below county level most of a page live elsewhere.
    pages = [target for target, one in zip(targets, found, strict=True) if one.division]
    await hub.spend(who, [ref.migrant for target in pages for ref in target.subjects])
    return Involved(targets, {ref.sector_id: ref for ref in named.subjects})


async def _answer_locally(
    hub: Hub, caller: Caller, request: GraphQLRequest, operation: Operation, switches: Mapping[str, bool]
) -> bytes:
    """A document without person-level fields: predictions are recorded, introspection is not."""
    roots = [LocalRoot(one.key, one) for one in selected_roots(hub.schema, operation, switches)]
    local = await _run_local(hub, caller, request, operation, roots)
    return response_body({root.key: local.data.get(root.key) for root in roots}, list(local.errors), {})


async def _run_local(
    hub: Hub, caller: Caller, request: GraphQLRequest, operation: Operation, roots: Sequence[LocalRoot]
) -> LocalResult:
    local = await run_local(hub.schema, operation, roots, request.variables, LocalFields(hub, caller))
    predictions = sum(root.selected.name == "preflight" for root in roots)
    if predictions:
        await hub.audit.write(_preflight_record(hub, caller, operation, predictions))
    return local


def _preflight_record(hub: Hub, caller: Caller, operation: Operation, predictions: int) -> Record:
    return Record(
        record_id=uuid4(),
        time=hub.clock(),
        event=Event.PREFLIGHT.value,
        department=caller.profile.department,
        roles=tuple(sorted(caller.profile.roles)),
        client=caller.client,
        officer=caller.officer,
        operation=operation.hash,
        detail={"operations": str(predictions)},
    )


def _spliced(
    plan: Plan, values: Mapping[str, Any], execution: Execution, local: LocalResult, extensions: Mapping[str, Any]
) -> bytes:
    errors: Sequence[Mapping[str, Any]] = [
        *(error_object(code, path) for path, code in execution.faults.found.items()),
        *local.errors,
    ]
    return response_body({root.key: values.get(root.key) for root in plan.roots}, errors, extensions)
