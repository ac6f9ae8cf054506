"""Rules about a request as a whole: R4, R7's listings, R8, and the case that names each person."""

from collections.abc import Callable
from typing import Any

import pytest

from auth.model import Caller
from hub.engine.plan import Plan
from hub.engine.rules import check_named, check_roots, check_subjects
from hub.engine.subjects import CaseNames
from privacy.model import Agreement
from privacy.purposes import PURPOSES
from schema.errors import ClientError, ErrorCode
from schema.ids import MigrantId
from schema.vocabulary import Department
from tests.hub.engine.desk import READ, VERIFY, Rule, agreement_of, caller, case_of, migrant, plan_of, who

LIST = '{ migrants(division: "3205") { nodes { name } } }'
BY_ID = "query($a: ID!, $b: ID!) { a: migrant(id: $a) { %s } b: migrant(id: $b) { %s } }"
RULES: dict[str, Rule] = {"Migrant.name": READ, "Employment.occupation": READ, "Checks.employedNow": VERIFY}
A, B, C = migrant(1), migrant(2), migrant(3)
POLICE_CHECK = "checks { employedNow { answer } }"


def code_of(check: Callable[[], None]) -> ErrorCode | None:
    """The code of a refusal, or None."""
    try:
        check()
    except ClientError as error:
        return error.code
    return None


def roots(
    one: Caller, document: str, agreement: Agreement | None = None, purpose: str = "public-health"
) -> ErrorCode | None:
    """Whether a caller may use a document's root fields."""
    plan = plan_of(document, RULES)
    return code_of(lambda: check_roots(one, plan, PURPOSES[purpose], agreement))


def test_me_is_for_persons_and_nothing_else_is() -> None:
    """An agency has no `me`; a person has nobody else."""
    officer, herself = caller(Department.HEALTH), caller(me=A)
    assert roots(officer, "{ me { id } }") is ErrorCode.FIELD_REFUSED
    assert roots(herself, "{ me { id } }", purpose="subject-access") is None
    for document in (
        "query($i: ID!) { migrant(id: $i) { id } }",
        LIST,
        "query($i: ID!) { me { id } migrant(id: $i) { id } }",
    ):
        assert roots(herself, document, agreement_of()) is ErrorCode.FIELD_REFUSED


def test_nothing_is_found_out_by_asking_one_document_many_times() -> None:
    """One identity for each person, and fifty checks in all: a birth date is not found by trying them."""
    education = caller(Department.EDUCATION)
    identity = "identityMatches(name: $n, birthDate: $d) { answer }"
    head = "query($a: ID!, $b: ID!, $n: String!, $d: Date!)"
    once, twice = f"checks {{ {identity} }}", f"checks {{ {identity} again: {identity} }}"
    assert roots(education, f"{head} {{ a: migrant(id: $a) {{ {once} }} b: migrant(id: $b) {{ {once} }} }}") is None
    both = f"{head} {{ a: migrant(id: $a) {{ {twice} }} b: migrant(id: $b) {{ id }} }}"
    assert roots(education, both) is ErrorCode.DOCUMENT_TOO_COMPLEX
    for number, code in ((50, None), (51, ErrorCode.DOCUMENT_TOO_COMPLEX)):
        many = " ".join(f"k{i}: employedNow {{ answer }}" for i in range(number))
        assert roots(education, f"query($a: ID!) {{ migrant(id: $a) {{ checks {{ {many} }} }} }}") is code


def test_a_listing_needs_an_agreement_that_is_a_listing() -> None:
    """R4."""
    health = caller(Department.HEALTH)
    assert roots(health, LIST) is ErrorCode.AGREEMENT_REQUIRED
    assert roots(health, LIST, agreement_of(listing=False)) is ErrorCode.AGREEMENT_REQUIRED
    assert roots(health, LIST, agreement_of()) is None


def test_no_listing_under_a_purpose_that_needs_a_case() -> None:
    """The case names each person; an agreement does not replace it."""
    education = caller(Department.EDUCATION)
    assert roots(education, LIST, agreement_of(), "school-enrolment") is ErrorCode.LISTING_REFUSED


def test_police_list_nobody_s_data_but_their_own() -> None:
    """R8: no list of others' rows or checks, by nodes or by edges."""
    police = caller(Department.POLICE)
    for part in ("nodes { %s }", "edges { node { %s } }"):
        for inner in ("humanResources { employments { occupation } }", POLICE_CHECK):
            document = f'{{ migrants(division: "3205") {{ {part % inner} }} }}'
            assert roots(police, document, agreement_of()) is ErrorCode.LISTING_REFUSED
    assert roots(police, LIST, agreement_of()) is None


def subjects(
    purpose: str,
    inner: str,
    ids: list[set[MigrantId]],
    names: CaseNames | None = None,
    *,
    department: Department = Department.HUMAN_RESOURCES,
    agreement: Agreement | None = None,
) -> ErrorCode | None:
    """Whether these subjects may be asked about in one request."""
    plan = plan_of(BY_ID % (inner, inner), RULES)
    asker = who(caller(department), purpose, agreement)
    pairs = list(zip(plan.planned, ids, strict=False))
    return code_of(lambda: check_subjects(asker, names or CaseNames(), pairs))


def named(*main: MigrantId, related: tuple[MigrantId, ...] = ()) -> CaseNames:
    """A case's names."""
    return CaseNames(frozenset(main), frozenset(related))


def test_one_person_needs_no_case_where_the_purpose_needs_none() -> None:
    """And the same person twice is one person."""
    assert subjects("social-insurance", "name", [{A}]) is None
    assert subjects("social-insurance", "name", [{A}, {A}]) is None


def test_several_persons_need_an_agreement_or_a_case_that_names_each() -> None:
    """R4: aliases count, of ids alone too."""
    for inner in ("name", "id"):
        assert subjects("social-insurance", inner, [{A}, {B}]) is ErrorCode.LISTING_REFUSED
        assert subjects("social-insurance", inner, [{A}, {B}], named(A)) is ErrorCode.LISTING_REFUSED
        assert subjects("social-insurance", inner, [{A}, {B}], named(A, related=(B,))) is None
        assert subjects("social-insurance", inner, [{A}, {B}], agreement=agreement_of()) is None
        single = agreement_of(listing=False)
        assert subjects("social-insurance", inner, [{A}, {B}], agreement=single) is ErrorCode.LISTING_REFUSED


def test_a_purpose_with_a_case_needs_each_person_named() -> None:
    """Also under an agreement, and for one person alone."""
    purpose = "school-enrolment"
    ask: dict[str, Any] = {"department": Department.EDUCATION}
    assert subjects(purpose, "name", [{A}], **ask) is ErrorCode.CASE_MISMATCH
    assert subjects(purpose, "name", [{A}], named(B), **ask) is ErrorCode.CASE_MISMATCH
    assert subjects(purpose, "name", [{A}, {B}], named(A), agreement=agreement_of(), **ask) is ErrorCode.CASE_MISMATCH
    assert subjects(purpose, "name", [{A}, {B}], named(A, related=(B,)), **ask) is None


def test_ids_alone_need_no_case() -> None:
    """Turning a document into an id comes before there can be a case; it tells nothing of anybody."""
    purpose: Any = "school-enrolment"
    assert subjects(purpose, "id", [{A}], department=Department.EDUCATION) is None
    assert subjects(purpose, "id name", [{A}], department=Department.EDUCATION) is ErrorCode.CASE_MISMATCH


def test_police_check_one_applicant_of_the_case() -> None:
    """R8: one person, whom the case is about; related persons and second applicants are not."""
    ask: dict[str, Any] = {"department": Department.POLICE}
    purpose = "residence-permit"
    assert subjects(purpose, POLICE_CHECK, [{A}], named(A), **ask) is None
    assert subjects(purpose, POLICE_CHECK, [{A}], named(B, related=(A,)), **ask) is ErrorCode.CASE_MISMATCH
    assert subjects(purpose, POLICE_CHECK, [{A}, {B}], named(A, B), **ask) is ErrorCode.CASE_MISMATCH
    assert subjects(purpose, POLICE_CHECK, [{A}, {B}], named(A, B), agreement=agreement_of(), **ask) is (
        ErrorCode.CASE_MISMATCH
    )


def test_police_may_look_at_several_persons_of_a_case_in_their_own_register() -> None:
    """R8 is about others' data."""
    assert subjects("residence-permit", "name", [{A}, {B}], named(A, B), department=Department.POLICE) is None


def test_the_rules_never_look_at_what_is_known() -> None:
    """They see ids, the case and the plan; a person nobody knows is an id like any other."""
    phantom = migrant(2**41)
    for one in (A, phantom):
        assert subjects("school-enrolment", "name", [{one}], named(B), department=Department.EDUCATION) is (
            ErrorCode.CASE_MISMATCH
        )


def test_a_person_whom_a_check_names_is_named_in_the_case() -> None:
    """As its subject or as related; otherwise any two persons' kinship could be asked about."""
    assert code_of(lambda: check_named(named(A, related=(B,)), [A, B])) is None
    assert code_of(lambda: check_named(named(A), [B])) is ErrorCode.CASE_MISMATCH
    assert code_of(lambda: check_named(CaseNames(), [])) is None


def test_errors_of_one_root_do_not_count_as_persons() -> None:
    """A root whose id could not be opened is about nobody."""
    assert subjects("social-insurance", "name", [set(), {A}]) is None


@pytest.mark.parametrize("with_case", [True, False])
def test_a_case_counts_only_when_the_request_named_it(with_case: bool) -> None:
    """A token may carry a case; without the header it is not this request's."""
    department = Department.HUMAN_RESOURCES
    one = caller(department, case=case_of(department, A, B, purpose="social-insurance"))
    assert (who(one, "social-insurance", with_case=with_case).case is None) is not with_case


def test_plan_is_what_rules_read() -> None:
    """A withheld field of another department is not asked for, so police may name it."""
    plan: Plan = plan_of("query($a: ID!) { migrant(id: $a) { humanResources { employments { occupation } } } }", {})
    asker = who(caller(Department.POLICE), "residence-permit")
    assert code_of(lambda: check_subjects(asker, named(related=(A,)), [(plan.planned[0], {A})])) is None
