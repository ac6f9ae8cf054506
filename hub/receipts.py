"""What goes with an answer: its record for the log, and the receipt for the recipient.

INVARIANT: neither says anything that depends on what is known of the subject: fields are listed by the highest
decision any subject could get.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

from hub.audit.events import Event
from hub.audit.model import Receipt, Record
from hub.engine.gates import Reports
from hub.engine.plan import Plan
from hub.engine.splice import source_rows
from hub.engine.subjects import Involved
from hub.engine.targets import Who
from schema.ids import FieldId, MigrantId

__all__ = ["receipt_object", "record_of"]

_TERMS: Final = {
    "passingOn": {
        "en": "for the named purpose only; not to be passed on (Decree 809 Art. 25)",
        "zh": "仅限所列用途使用，不得转供第三方（国务院令第809号第二十五条）",
    },
    "neverGroundsForRefusal": {
        "en": "an empty, UNKNOWN or stale answer is not a NO; a decision against a person needs a human and the "
        "owner's confirmation (PIPL Art. 24, 46)",
        "zh": "空值、未知或过期的答复不等于否定；对当事人不利的决定须经人工并由数据来源部门确认"
        "（个人信息保护法第二十四、四十六条）",
    },
}


def record_of(time: datetime, who: Who, plan: Plan, involved: Involved, reports: Reports) -> Record:
    """The audit record of one answer."""
    caller = who.caller
    event, detail = _event(plan, involved.subjects)
    return Record(
        record_id=uuid4(),
        time=time,
        event=event.value,
        department=caller.profile.department,
        roles=tuple(sorted(caller.profile.roles)),
        client=caller.client,
        officer=caller.officer,
        purpose=who.purpose.code,
        basis="; ".join(who.purpose.basis),
        agreement="" if who.agreement is None else who.agreement.id,
        case="" if who.case is None else who.case.reference,
        operation=plan.operation.hash,
        policy_version=plan.table.policy_version,
        fields={decision: tuple(map(FieldId, names)) for decision, names in plan.fields().items()},
        subjects=involved.everyone,
        statuses={row["department"]: row["status"] for row in source_rows(plan.sources(), reports)},
        detail=detail,
    )


def _event(plan: Plan, subjects: Sequence[MigrantId]) -> tuple[Event, dict[str, str]]:
    names = {root.name for root in plan.planned}
    checks = str(sum(len(root.needs.checks) for root in plan.planned))
    if "me" in names:
        return Event.SUBJECT_VIEW, {"view": "record"}
    if "migrants" in names:
        return Event.PAGE, {"first": str(len(subjects))}
    if len(subjects) > 1:
        return Event.BATCH, {"checks": checks}
    if checks != "0" and not any(root.needs.leaves for root in plan.planned):
        return Event.CHECK, {"checks": checks}
    return Event.LOOK_UP, {"lookup": "document" if "lookup" in names else "id"}


def receipt_object(record: Record, receipt: Receipt, who: Who) -> dict[str, Any]:
    """`extensions.receipt`: the record's random id and the terms the answer comes under."""
    purpose = who.purpose
    return {
        "id": str(receipt.record_id),
        "time": record.time.isoformat(),
        "purpose": {"code": purpose.code, "nameEn": purpose.name_en, "nameZh": purpose.name_zh},
        "basis": list(purpose.basis),
        "agreement": record.agreement or None,
        "policyVersion": record.policy_version,
        "terms": {"keepDays": purpose.data_life, **_TERMS},
    }
