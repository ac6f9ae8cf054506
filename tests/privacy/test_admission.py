"""Whether a request may be made at all."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from auth.model import Caller, Case
from privacy.admission import admit
from privacy.model import Agreement
from privacy.purposes import PURPOSES
from schema.errors import ClientError, ErrorCode, RefusedError, RequestError
from schema.ids import SectorId
from schema.vocabulary import Department, Role
from tests.privacy.books import TODAY, profile


def caller(department: Department, *roles: Role, case: Case | None = None) -> Caller:
    """A caller whose token lists every purpose."""
    expires = datetime(2026, 11, 22, 9, tzinfo=UTC)
    return Caller(profile(department, *roles), "o", "client", "i", "t", expires, frozenset(PURPOSES), case)


def case(purpose: str) -> Case:
    """A case claim for one purpose."""
    return Case("C-1", purpose, frozenset({SectorId("s")}))


def agreement(purpose: str, department: str) -> Agreement:
    """An agreement in force."""
    expires = datetime(2026, 11, 22, 12, tzinfo=UTC)
    return Agreement("a", "", "", purpose, department, None, "3205", 1, expires, frozenset())


def refusal(who: Caller, purpose: str | None, header: str | None = None, terms: Agreement | None = None) -> ErrorCode:
    """The code with which a request is turned away."""
    with pytest.raises(ClientError) as caught:
        admit(who, purpose, header, terms, TODAY)
    expected = RequestError if caught.value.code in {"PURPOSE_MISSING", "PURPOSE_UNKNOWN"} else RefusedError
    assert isinstance(caught.value, expected)
    return caught.value.code


def test_admits_with_a_case() -> None:
    """A school office with a matching case is admitted under the catalogue's purpose."""
    clerk = caller(Department.EDUCATION, Role.WINDOW_CLERK, case=case("school-enrolment"))
    assert admit(clerk, "school-enrolment", "C-1", None, TODAY) is PURPOSES["school-enrolment"]


@pytest.mark.parametrize("missing", [None, ""])
def test_purpose_must_be_named(missing: str | None) -> None:
    """A request without a purpose is turned away."""
    assert refusal(caller(Department.HEALTH), missing) is ErrorCode.PURPOSE_MISSING


def test_purpose_must_be_known() -> None:
    """A purpose outside the catalogue is turned away, investigation above all."""
    assert refusal(caller(Department.POLICE), "investigation") is ErrorCode.PURPOSE_UNKNOWN


def test_token_must_list_the_purpose() -> None:
    """A purpose that the token does not list is refused, though the department may name it."""
    narrow = replace(caller(Department.HEALTH), purposes=frozenset({"immunisation"}))
    assert admit(narrow, "immunisation", None, None, TODAY).code == "immunisation"
    assert refusal(narrow, "public-health") is ErrorCode.PURPOSE_REFUSED


def test_department_must_be_in_the_catalogue() -> None:
    """No department is admitted under another's purpose."""
    for purpose in PURPOSES.values():
        for department in Department:
            role = Role.PERSON if department is Department.PERSON else Role.CASE_OFFICER
            who = caller(department, role, case=case(purpose.code))
            if department not in purpose.departments:
                assert refusal(who, purpose.code, "C-1") is ErrorCode.PURPOSE_REFUSED


@pytest.mark.parametrize("role", [Role.POLICY_OFFICER, Role.AUDITOR, Role.OPERATOR])
def test_roles_without_values_are_refused(role: Role) -> None:
    """Policy officers, auditors and operators are refused, beside another role too."""
    assert refusal(caller(Department.HEALTH, role), "public-health") is ErrorCode.PURPOSE_REFUSED
    assert refusal(caller(Department.HEALTH, role, Role.REVIEWER), "public-health") is ErrorCode.PURPOSE_REFUSED


def test_data_steward_has_one_purpose() -> None:
    """A data steward is admitted under data-quality only, and only there."""
    steward = caller(Department.HEALTH, Role.DATA_STEWARD)
    assert refusal(steward, "public-health") is ErrorCode.PURPOSE_REFUSED
    terms = agreement("data-quality", "health")
    assert admit(steward, "data-quality", None, terms, TODAY).code == "data-quality"


@pytest.mark.parametrize("purpose", ["statistics", "audit-review", "emergency"])
def test_some_purposes_open_no_single_person(purpose: str) -> None:
    """Statistics and audits are not about single persons; emergencies open with break-glass, which does not exist."""
    assert refusal(caller(Department.HEALTH), purpose) is ErrorCode.PURPOSE_REFUSED


def test_persons_have_their_own_purposes() -> None:
    """A person is admitted for access, correction and complaint, and for nothing else."""
    person = caller(Department.PERSON, Role.PERSON)
    admitted = {code for code in PURPOSES if _admitted(person, code)}
    assert admitted == {"subject-access", "correction", "complaint"}


def _admitted(who: Caller, purpose: str) -> bool:
    try:
        admit(who, purpose, None, None, TODAY)
    except ClientError:
        return False
    return True


def test_expired_purpose_is_refused() -> None:
    """Before its first day a purpose is refused."""
    with pytest.raises(RefusedError) as caught:
        admit(caller(Department.HEALTH), "public-health", None, None, date(2021, 10, 31))
    assert caught.value.code is ErrorCode.PURPOSE_REFUSED


def test_case_is_required_and_must_match() -> None:
    """The header must name the token's case, and the case must be for this purpose."""
    clerk = caller(Department.EDUCATION, case=case("school-enrolment"))
    assert refusal(clerk, "school-enrolment") is ErrorCode.CASE_REQUIRED
    assert refusal(clerk, "school-enrolment", "C-2") is ErrorCode.CASE_MISMATCH
    assert refusal(replace(clerk, case=None), "school-enrolment", "C-1") is ErrorCode.CASE_MISMATCH
    assert refusal(replace(clerk, case=case("statistics")), "school-enrolment", "C-1") is ErrorCode.CASE_MISMATCH


def test_case_is_checked_even_where_none_is_required() -> None:
    """A case that is named must be right, whether or not the purpose requires one."""
    assert refusal(caller(Department.HEALTH), "public-health", "C-1") is ErrorCode.CASE_MISMATCH


def test_cases_are_required_as_the_catalogue_says() -> None:
    """Exactly the purposes that work on applications require a case."""
    assert {code for code, purpose in PURPOSES.items() if purpose.case_required} == {
        "residence-permit", "settlement", "school-enrolment", "social-assistance", "marriage-registration", "legal-aid",
        "birth-service-registration", "document-verification", "origin-verification",
    }  # fmt: skip


def test_agreement_is_required() -> None:
    """A purpose that needs an agreement is refused without one."""
    who = caller(Department.EDUCATION, case=case("document-verification"))
    assert refusal(who, "document-verification", "C-1") is ErrorCode.AGREEMENT_REQUIRED


@pytest.mark.parametrize(
    "wrong",
    [
        {"purpose": "immunisation"},
        {"department": "education"},
        {"client": "another"},
        {"jurisdiction": "320506"},
        {"jurisdiction": "33"},
        {"expires": datetime(2026, 11, 21, 15, 59, tzinfo=UTC)},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_agreement_must_be_the_callers(wrong: dict[str, object]) -> None:
    """An agreement of another purpose, department, client or place, or one that has ended, is refused."""
    terms = agreement("public-health", "health")
    who = caller(Department.HEALTH)
    assert admit(who, "public-health", None, replace(terms, client="client"), TODAY).code == "public-health"
    assert refusal(who, "public-health", None, replace(terms, **wrong)) is ErrorCode.AGREEMENT_INVALID  # type: ignore[arg-type]
