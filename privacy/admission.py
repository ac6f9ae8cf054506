"""Whether a request may be made at all: purpose, case and agreement, before any field is looked at.

Errors carry a code and a fixed text (`schema.errors`); the first thing that is wrong is the one reported.
"""

from datetime import date
from typing import Final

from auth.model import Caller
from privacy.model import Agreement, Purpose
from privacy.purposes import EMERGENCY, PERSON_PURPOSES, PURPOSES, purpose_in_force
from schema.divisions import covers
from schema.errors import ErrorCode, RefusedError, RequestError
from schema.vocabulary import Decision, Department, Role

__all__ = ["admit"]

_CASE_ROLES: Final = frozenset({Role.WINDOW_CLERK, Role.CASE_OFFICER, Role.REVIEWER, Role.SYSTEM_CLIENT})
_OWN_ROLES: Final = frozenset({Role.COMMUNITY_ASSISTANT, Role.PROTECTION_DESK, Role.TREATING_INSTITUTION})
_PERSON_ROLES: Final = frozenset({Role.PERSON, Role.GUARDIAN})
_NO_VALUES: Final = frozenset({Role.POLICY_OFFICER, Role.AUDITOR, Role.OPERATOR})


def admit(
    caller: Caller, purpose_code: str | None, case_header: str | None, agreement: Agreement | None, on: date
) -> Purpose:
    """The purpose a caller is admitted under, for questions about single persons.

    `case_header` is the value of `Hub-Case`, `agreement` the one `Hub-Agreement` names; both None when absent. `on` is
    the day in China; an agreement stands through its last day, so whoever finds it must look at the clock.

    Raises RequestError (PURPOSE_MISSING, PURPOSE_UNKNOWN) and RefusedError (PURPOSE_REFUSED, CASE_REQUIRED,
    CASE_MISMATCH, AGREEMENT_REQUIRED, AGREEMENT_INVALID). Whether each subject is named in the case, and whether a
    document is a listing, is for the caller of this function to check.
    """
    if not purpose_code:
        raise RequestError(ErrorCode.PURPOSE_MISSING)
    purpose = PURPOSES.get(purpose_code)
    if purpose is None:
        raise RequestError(ErrorCode.PURPOSE_UNKNOWN)
    if not _may_name(caller, purpose, on):
        raise RefusedError(ErrorCode.PURPOSE_REFUSED)
    _check_case(caller, purpose, case_header)
    _check_agreement(caller, purpose, agreement, on)
    return purpose


def _may_name(caller: Caller, purpose: Purpose, on: date) -> bool:
    profile = caller.profile
    return (
        purpose.code in caller.purposes
        and profile.department in purpose.departments
        and purpose_in_force(purpose, on)
        and purpose.ceiling > Decision.AGGREGATE
        and purpose.code != EMERGENCY  # opens with break-glass, which does not exist yet
        and profile.roles.isdisjoint(_NO_VALUES)
        and not profile.roles.isdisjoint(_roles(purpose))
        and (profile.department is not Department.PERSON or purpose.code in PERSON_PURPOSES)
    )


def _roles(purpose: Purpose) -> frozenset[Role]:
    if purpose.code in PERSON_PURPOSES:
        return _PERSON_ROLES
    if purpose.code == "data-quality":
        return _CASE_ROLES | {Role.DATA_STEWARD}
    return _CASE_ROLES | _OWN_ROLES


def _check_case(caller: Caller, purpose: Purpose, header: str | None) -> None:
    """The header must name the case that the token carries, and the case must be for this purpose."""
    if not header:
        if purpose.case_required:
            raise RefusedError(ErrorCode.CASE_REQUIRED)
        return
    if caller.case is None or caller.case.reference != header or caller.case.purpose != purpose.code:
        raise RefusedError(ErrorCode.CASE_MISMATCH)


def _check_agreement(caller: Caller, purpose: Purpose, agreement: Agreement | None, on: date) -> None:
    if agreement is None:
        if purpose.agreement_required:
            raise RefusedError(ErrorCode.AGREEMENT_REQUIRED)
        return
    theirs = (
        agreement.purpose == purpose.code
        and agreement.department == caller.profile.department
        and agreement.client in {None, caller.client}
        and covers(agreement.jurisdiction, caller.profile.jurisdiction)
    )
    if not theirs or on > agreement.last_day:
        raise RefusedError(ErrorCode.AGREEMENT_INVALID)
