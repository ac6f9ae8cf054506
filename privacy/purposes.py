"""The purpose catalogue: every purpose a caller may name (DOMAIN section 2).

There is no purpose for investigation and none for enforcing birth policy; such needs have their own legal
process outside the hub. `data_life` values are this installation's defaults; no article fixes them.
"""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Final

from privacy.bases import basis_of, is_in_force
from privacy.grants import GRANTS
from privacy.model import Purpose
from schema.ids import FieldId
from schema.vocabulary import Decision, Department

__all__ = ["EMERGENCY", "PERSON_PURPOSES", "PURPOSES", "boundaries_of", "purpose_in_force"]

EMERGENCY: Final = "emergency"
PERSON_PURPOSES: Final = frozenset({"subject-access", "correction", "complaint"})

_D = Department
_AGENCIES: Final = frozenset(_D) - {_D.DATA_ADMINISTRATION, _D.HUB, _D.PERSON}
_NOT_POLICE: Final = _AGENCIES - {_D.POLICE}
_PLACES: Final = frozenset({_D.POLICE, _D.CIVIL_AFFAIRS, _D.HUMAN_RESOURCES, _D.HEALTH, _D.TOWNSHIP_CENTRE})
_OFFICES: Final = _AGENCIES | {_D.DATA_ADMINISTRATION}
_PIPL: Final = date(2021, 11, 1)
"""The earliest day of any purpose: before it the confidentiality rules we enforce were not law."""


def _purpose(  # noqa: PLR0913, PLR0917  one entry of the catalogue reads as one row of DOMAIN's table
    code: str,
    names: tuple[str, str],
    basis: tuple[str, ...],
    departments: frozenset[Department] | Department,
    ceiling: Decision,
    data_life: int,
    *,
    case: bool = False,
    consent: bool = False,
    agreement: bool = False,
    children_only: tuple[str, ...] = (),
) -> Purpose:
    return Purpose(
        code=code,
        name_en=names[0],
        name_zh=names[1],
        basis=basis,
        since=max(_PIPL, min(_begins(reference) for reference in basis)),
        until=None,
        departments=frozenset({departments} if isinstance(departments, Department) else departments),
        ceiling=ceiling,
        data_life=data_life,
        case_required=case,
        consent_required=consent,
        agreement_required=agreement,
        fields=GRANTS[code],
        children_only=frozenset(map(FieldId, children_only)),
    )


def _begins(reference: str) -> date:
    basis = basis_of(reference)
    if basis is None:
        raise LookupError(f"no basis `{reference}`")
    return basis.since


_READ, _VERIFY = Decision.READ, Decision.VERIFY
_ALL: Final = (
    _purpose(
        "residence-permit",
        ("Application and endorsement of residence permits", "居住证申领与签注"),
        ("decree-663 art. 2", "decree-663 art. 9", "decree-663 art. 10"),
        _D.POLICE,
        _VERIFY,
        30,
        case=True,
    ),
    _purpose(
        "settlement",
        ("Transfer of household registration", "落户"),
        ("decree-663 art. 15", "decree-663 art. 16"),
        _D.POLICE,
        _VERIFY,
        90,
        case=True,
    ),
    _purpose(
        "school-enrolment",
        ("Enrolment in compulsory education", "义务教育入学"),
        ("decree-663 art. 12(1)",),
        _D.EDUCATION,
        Decision.MASK,
        180,
        case=True,
    ),
    _purpose(
        "employment-service",
        ("Public employment service", "公共就业服务"),
        ("decree-663 art. 12(2)",),
        _D.HUMAN_RESOURCES,
        _READ,
        90,
    ),
    _purpose(
        "social-insurance",
        ("Transfer and continuation of social insurance", "社会保险转移接续"),
        ("decree-663 art. 7", "decree-663 art. 12"),
        frozenset({_D.HUMAN_RESOURCES, _D.HEALTHCARE_SECURITY}),
        _READ,
        90,
    ),
    _purpose("housing-fund", ("Housing provident fund", "住房公积金"), ("decree-663 art. 12",), _D.HOUSING, _READ, 90),
    _purpose(
        "public-health",
        ("Basic public health services", "基本公共卫生服务"),
        ("decree-663 art. 12(3)",),
        _D.HEALTH,
        _READ,
        365,
    ),
    _purpose(
        "immunisation",
        ("Immunisation", "预防接种"),
        ("decree-663 art. 12(3)",),
        _D.HEALTH,
        _READ,
        365,
        children_only=("Migrant.birthDate", "Migrant.idNumber", "Residence.division"),
    ),
    _purpose(
        "birth-service-registration",
        ("Birth service registration at the person's own request", "生育服务登记（本人申请）"),
        ("decree-663 art. 13(6)",),
        _D.HEALTH,
        _READ,
        90,
        case=True,
        consent=True,
    ),
    _purpose(
        "social-assistance",
        ("Social assistance", "社会救助"),
        ("decree-649",),
        _D.CIVIL_AFFAIRS,
        _READ,
        180,
        case=True,
        consent=True,
    ),
    _purpose(
        "marriage-registration",
        ("Marriage registration", "婚姻登记"),
        ("decree-804",),
        _D.CIVIL_AFFAIRS,
        _READ,
        30,
        case=True,
    ),
    _purpose(
        "business-licensing",
        ("Registration of market entities", "市场主体登记"),
        ("decree-746",),
        _D.BUSINESS,
        _READ,
        90,
    ),
    _purpose(
        "professional-qualification",
        ("Professional qualification", "职业资格"),
        ("decree-663 art. 13(5)",),
        _D.HUMAN_RESOURCES,
        _READ,
        90,
    ),
    _purpose(
        "legal-aid", ("Legal aid", "法律援助"), ("legal-aid-law",), _D.JUSTICE, _READ, 180, case=True, consent=True
    ),
    _purpose(
        "document-verification",
        ("Verification of documents", "证件核验"),
        ("decree-809",),
        _AGENCIES,
        _VERIFY,
        7,
        case=True,
        agreement=True,
    ),
    _purpose(
        "origin-verification",
        ("Verification with the place of registration", "户籍地核实"),
        ("decree-809",),
        _PLACES,
        _VERIFY,
        30,
        case=True,
    ),
    _purpose(
        "data-quality",
        ("Data checking and correction", "数据校核纠错"),
        ("decree-809 art. 26",),
        _NOT_POLICE,
        _READ,
        30,
        agreement=True,
    ),
    _purpose("record-linkage", ("Record linkage", "数据关联"), ("decree-809",), _D.HUB, _READ, 1, agreement=True),
    _purpose("statistics", ("Statistics", "统计"), ("decree-809",), _OFFICES, Decision.AGGREGATE, 3650),
    _purpose("subject-access", ("Access to one's own data", "查阅"), ("pipl art. 45",), _D.PERSON, _READ, 3650),
    _purpose("correction", ("Correction of one's own data", "更正"), ("pipl art. 46",), _D.PERSON, _READ, 3650),
    _purpose("complaint", ("Complaint", "投诉"), ("pipl art. 47",), _D.PERSON, _READ, 3650),
    _purpose("audit-review", ("Audit", "审计"), ("pipl art. 54",), _OFFICES, Decision.WITHHOLD, 1095),
    _purpose(EMERGENCY, ("Emergency", "紧急情况"), ("pipl art. 13(4)",), _NOT_POLICE, _READ, 7),
)

PURPOSES: Final[Mapping[str, Purpose]] = MappingProxyType({purpose.code: purpose for purpose in _ALL})


def purpose_in_force(purpose: Purpose, on: date) -> bool:
    """Whether the purpose stands on that day: its own dates, and at least one of its bases in force."""
    stands = purpose.since <= on and (purpose.until is None or on <= purpose.until)
    return stands and any(is_in_force(reference, on) for reference in purpose.basis)


def boundaries_of(purpose: Purpose) -> frozenset[tuple[date, date | None]]:
    """The (first day, last day) of the purpose and of each of its bases."""
    bases = (basis_of(reference) for reference in purpose.basis)
    return frozenset({(purpose.since, purpose.until)} | {(basis.since, basis.until) for basis in bases if basis})
