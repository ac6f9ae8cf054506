"""Rules about a request as a whole, whatever policy says (DESIGN section 7, R4, R7, R8).

They look at who asks, what the plan selects and which ids were named, never at what a source holds: an answer to
"may this be asked" must not depend on the person asked about.
"""

from collections.abc import Collection, Iterable, Sequence

from auth.model import Caller
from hub.engine.plan import Plan, PlannedRoot
from hub.engine.subjects import CaseNames
from hub.engine.targets import Who
from privacy.model import Agreement, Purpose
from schema.errors import ErrorCode, RefusedError, RequestError
from schema.ids import MigrantId
from schema.vocabulary import Department, Source

__all__ = ["check_named", "check_roots", "check_subjects"]

_MOST_CHECKS = 50
"""Checks of one document; each different one is a call to its source."""


def check_roots(caller: Caller, plan: Plan, purpose: Purpose, agreement: Agreement | None) -> None:
    """Which root fields a caller may use at all. Raises FIELD_REFUSED, AGREEMENT_REQUIRED, LISTING_REFUSED,
    and DOCUMENT_TOO_COMPLEX for too many checks."""
    person = caller.profile.department is Department.PERSON
    for root in plan.planned:
        if (root.name == "me") is not person:
            raise RefusedError(ErrorCode.FIELD_REFUSED)
        if root.name == "migrants":
            _check_listing(caller, root, purpose, agreement)
    _check_attempts(plan)


def _check_attempts(plan: Plan) -> None:
    """Nothing is found out by asking one document many times (DESIGN section 7): of each person one identity."""
    checks = [use for root in plan.planned for use in root.needs.checks]
    identities = [sum(use.info.name == "identityMatches" for use in root.needs.checks) for root in plan.planned]
    if len(checks) > _MOST_CHECKS or max(identities, default=0) > 1:
        raise RequestError(ErrorCode.DOCUMENT_TOO_COMPLEX)


def _check_listing(caller: Caller, root: PlannedRoot, purpose: Purpose, agreement: Agreement | None) -> None:
    """R4: no listing without an agreement. R8: no list of others' data for police.

    Nor is there one under a purpose whose case has to name each person: an agreement does not replace the case.
    """
    if agreement is None or not agreement.listing:
        raise RefusedError(ErrorCode.AGREEMENT_REQUIRED)
    if purpose.case_required or _others_for_police(caller, root):
        raise RefusedError(ErrorCode.LISTING_REFUSED)


def _others_for_police(caller: Caller, root: PlannedRoot) -> bool:
    return caller.profile.department is Department.POLICE and bool(root.needs.sources() - {Source.POLICE})


def check_subjects(who: Who, case: CaseNames, subjects: Sequence[tuple[PlannedRoot, Collection[MigrantId]]]) -> None:
    """Whether these subjects may be asked about together, and under this case.

    Raises CASE_MISMATCH where the purpose requires a case that names each subject, or police ask others about someone
    who is not the case's one applicant (R8); LISTING_REFUSED where several subjects are neither named in the case nor
    covered by an agreement (R4; aliases count).
    """
    single = [(root, ids) for root, ids in subjects if root.name != "migrants"]
    asked = {one for root, ids in single if not root.only_ids for one in ids}
    if who.purpose.case_required and not asked <= case.named:
        raise RefusedError(ErrorCode.CASE_MISMATCH)
    everyone = {one for _, ids in single for one in ids}
    listing = who.agreement is not None and who.agreement.listing
    if len(everyone) > 1 and not listing and not everyone <= case.named:
        raise RefusedError(ErrorCode.LISTING_REFUSED)
    foreign = {one for root, ids in single if _others_for_police(who.caller, root) for one in ids}
    if len(foreign) > 1 or not foreign <= case.subjects:
        raise RefusedError(ErrorCode.CASE_MISMATCH)


def check_named(case: CaseNames, persons: Iterable[MigrantId]) -> None:
    """A person that a check names must be named in the case. Raises CASE_MISMATCH."""
    if not set(persons) <= case.named:
        raise RefusedError(ErrorCode.CASE_MISMATCH)
