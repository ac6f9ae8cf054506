"""The truth about each person, for evaluation and for staging the demo. The hub never reads it."""

from collections.abc import Mapping
from typing import Any

import orjson

from hub.city.model import DEPARTMENTS, Life, Paper
from hub.city.registers.register import Register
from hub.city.residences import current_registration

__all__ = ["truth_line"]

_HMT_TRAVEL = frozenset({Paper.HK_MACAO_PERMIT, Paper.TAIWAN_PERMIT})


def truth_line(life: Life, registers: Mapping[str, Register], household: Mapping[int, Life]) -> bytes:
    """One line of `truth.jsonl`: keys by department, true values, relations, facts, and what is wrong where."""
    member = life.member
    children = [other.member.index for other in household.values() if member.index in other.member.guardians]
    union = member.union
    record = {
        "person": member.index,
        "household": min(household),
        "keys": {name: registers[name].key(member.index) for name in DEPARTMENTS if name in life.known},
        "true": _values(life),
        "relations": {
            "place": member.place,
            "spouse": union.spouse if union is not None and union.state == "MARRIED" else None,
            "guardians": member.guardians,
            "children": children,
        },
        "facts": _facts(life),
        "dirt": {name: marks for name in DEPARTMENTS if (marks := registers[name].marks_of(member.index))},
    }
    return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)


def _values(life: Life) -> dict[str, Any]:
    who, current = life.member.identity, current_registration(life.registrations)
    return {
        "name": who.name,
        "sex": "MALE" if who.sex == "M" else "FEMALE",
        "birthDate": who.birth,
        "documentKind": "HMT_TRAVEL_PERMIT" if who.paper in _HMT_TRAVEL else who.paper,
        "number": who.number,
        "ethnicity": who.ethnicity,
        "hukouCounty": who.hukou_county,
        "hukouDivision": who.hukou_division,
        "residenceDivision": current.stay.division if current else None,
        "residenceAddress": current.stay.address if current else None,
    }


def _facts(life: Life) -> dict[str, Any]:
    pension = next((item for item in life.insurances if item.kind == "PENSION"), None)
    current = current_registration(life.registrations)
    return {
        "registrations": len(life.registrations),
        "residentSince": life.registrations[0].registered if current else None,
        "permit": life.permits[-1].status if life.permits else None,
        "permitUntil": life.permits[-1].valid_until if life.permits else None,
        "employments": len(life.employments),
        "employed": any(job.ended is None for job in life.employments),
        "pensionMonths": pension.months if pension else 0,
        "doses": len({(dose.vaccine, dose.number) for dose in life.doses if dose.vaccine != "COVID"}),
        "licenceActive": any(licence.status == "ACTIVE" for licence in life.licences),
        "enrolled": any(entry.active for entry in life.enrolments),
        "guardianOf": [relation.child for relation in life.guardianships if relation.ended is None],
    }
