"""The baseline-grants table of DOMAIN section 2: for each purpose, each field's and check's highest decision.

Fields are named one by one: a field added to the schema is withheld until somebody writes it here. The one
exception is the person, who sees everything held about them.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from schema.catalogue import FIELDS
from schema.checks import CHECKS
from schema.ids import FieldId
from schema.vocabulary import Decision

__all__ = ["GRANTS"]

Grants = Mapping[FieldId, Decision]
Names = Iterable[str]


def _grants(*, read: Names = (), mask: Names = (), verify: Names = (), aggregate: Names = ()) -> Grants:
    """Fields by their coordinates, checks by their names."""
    return MappingProxyType(
        {FieldId(name): Decision.READ for name in read}
        | {FieldId(name): Decision.MASK for name in mask}
        | {CHECKS[name].id: Decision.VERIFY for name in verify}
        | {FieldId(name): Decision.AGGREGATE for name in aggregate}
    )


_NAME: Final = "Migrant.name"
_BIRTH_DATE: Final = "Migrant.birthDate"
_ID_NUMBER: Final = "Migrant.idNumber"
_ADDRESS: Final = "Residence.address"
_RESIDENCE: Final = ("Residence.county", "Residence.division", "Residence.address", "Residence.since")
_EMPLOYMENT: Final = (
    "Employment.employerName",
    "Employment.employerUscc",
    "Employment.occupation",
    "Employment.contractKind",
    "Employment.startedOn",
    "Employment.endedOn",
)
_LICENCE: Final = (
    "BusinessLicence.uscc",
    "BusinessLicence.name",
    "BusinessLicence.kind",
    "BusinessLicence.status",
    "BusinessLicence.registeredOn",
    "BusinessLicence.role",
    "BusinessLicence.premises",
)
_PERMIT_CHECKS: Final = ("employedNow", "insuredMonths", "licenceActive", "guardianOf")
_DOCUMENT_CHECKS: Final = ("identityMatches", "permitValid", "licenceActive", "residentHalfYear")
_EVERYTHING: Final = _grants(read=FIELDS, verify=CHECKS)

GRANTS: Final[Mapping[str, Grants]] = MappingProxyType(
    {
        "residence-permit": _grants(verify=_PERMIT_CHECKS),
        "settlement": _grants(verify=(*_PERMIT_CHECKS, "marriedTo")),
        "school-enrolment": _grants(
            mask=(_NAME,),
            verify=("identityMatches", "residentHalfYear", "permitValid", *_PERMIT_CHECKS, "immunisationComplete"),
        ),
        "employment-service": _grants(
            read=_LICENCE,
            mask=(_NAME, _BIRTH_DATE, *_RESIDENCE),
            verify=("identityMatches", "permitValid", "residentHalfYear"),
        ),
        "social-insurance": _grants(
            read=(_NAME, _BIRTH_DATE, *_EMPLOYMENT), mask=(_ID_NUMBER,), verify=("identityMatches", "permitValid")
        ),
        "housing-fund": _grants(read=_EMPLOYMENT, mask=(_NAME,), verify=("insuredMonths", "marriedTo", "permitValid")),
        "public-health": _grants(
            read=(_NAME, "Migrant.sex", _BIRTH_DATE, "Residence.division"),
            mask=(_ID_NUMBER, _ADDRESS),
            verify=("residentHalfYear",),
        ),
        "immunisation": _grants(
            read=(_NAME, _BIRTH_DATE, "Residence.division"), mask=(_ID_NUMBER,), verify=("guardianOf",)
        ),
        "birth-service-registration": _grants(
            read=(_NAME, _BIRTH_DATE), mask=(_ID_NUMBER,), verify=("marriedTo", "residentHalfYear", "permitValid")
        ),
        "social-assistance": _grants(
            read=(_NAME, *_EMPLOYMENT, "SocialInsurance.status", "SocialInsurance.monthsPaid", *_LICENCE),
            mask=("SocialInsurance.contributionBase", _ADDRESS),
            verify=("residentHalfYear", "guardianOf", "marriedTo"),
        ),
        "marriage-registration": _grants(read=(_NAME, _BIRTH_DATE), mask=(_ID_NUMBER,), verify=("identityMatches",)),
        "business-licensing": _grants(read=(_NAME,), mask=_RESIDENCE, verify=("identityMatches", "permitValid")),
        "professional-qualification": _grants(read=(_NAME, *_EMPLOYMENT), verify=("identityMatches", "insuredMonths")),
        "legal-aid": _grants(
            read=(_NAME, *_EMPLOYMENT, "SocialAssistance.status"),
            mask=(_ADDRESS,),
            verify=("insuredMonths", "residentHalfYear"),
        ),
        "document-verification": _grants(verify=_DOCUMENT_CHECKS),
        "origin-verification": _grants(verify=_DOCUMENT_CHECKS),
        "data-quality": _grants(),
        "record-linkage": _grants(
            read=("Migrant.documentKind", _ID_NUMBER, _NAME, _BIRTH_DATE, "Hukou.county", "Residence.county")
        ),
        "statistics": _grants(
            aggregate=(
                "Migrant.sex",
                _BIRTH_DATE,
                "Hukou.county",
                "Residence.county",
                "Residence.division",
                "ResidencePermit.status",
                "ResidencePermit.issuedOn",
                "SocialInsurance.status",
                "SocialInsurance.lastPaidMonth",
                "BusinessLicence.status",
                "BusinessLicence.registeredOn",
                "BusinessLicence.premises",
            )
        ),
        "subject-access": _EVERYTHING,
        "correction": _EVERYTHING,
        "complaint": _EVERYTHING,
        "audit-review": _grants(),
        "emergency": _grants(
            read=(_NAME, *_RESIDENCE), mask=(_BIRTH_DATE, _ID_NUMBER), verify=("identityMatches", "guardianOf")
        ),
    }
)
