"""Claims: each one in every form that must not pass."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth.claims import MAX_LIFETIME
from schema.errors import ErrorCode, TokenError
from schema.vocabulary import Assurance, Department, Level, Role
from tests.auth.world import World, refusal


def test_person_is_bound_to_subject(world: World) -> None:
    """A person's token carries their sector id as subject and no officer, level or jurisdiction."""
    token = world.token_of(
        "people", sub="own_sector-id", roles=["person"], level=..., jurisdiction=..., acr="in-person"
    )
    caller = world.verify(token)
    assert caller.subject == "own_sector-id"
    assert (caller.officer, caller.profile.jurisdiction) == ("", "")
    assert caller.profile.assurance is Assurance.IN_PERSON


REQUIRED = ["iss", "sub", "aud", "exp", "iat", "jti", "client_id"]
OWN = ["department", "roles", "level", "jurisdiction", "purposes"]


@pytest.mark.parametrize("name", REQUIRED + OWN)
def test_every_required_claim_is_required(world: World, name: str) -> None:
    """A token without one of the required claims is refused, and so is one where it is null."""
    assert refusal(world, world.token(**{name: ...})) is ErrorCode.TOKEN_INVALID
    assert refusal(world, world.token(**{name: None})) is ErrorCode.TOKEN_INVALID


def test_expired_token_is_told_so(world: World) -> None:
    """A token is good up to its last second and expired at `exp`, without leeway."""
    token = world.token()
    world.clock.pass_seconds(1799)
    assert world.verify(token).officer == "officer-7"
    world.clock.pass_seconds(1)
    assert refusal(world, token) is ErrorCode.TOKEN_EXPIRED


@pytest.mark.parametrize(("ahead", "accepted"), [(0, True), (30, True), (31, False), (3600, False)])
@pytest.mark.parametrize("name", ["iat", "nbf"])
def test_tokens_from_the_future_are_refused(world: World, name: str, ahead: int, accepted: bool) -> None:
    """An issuer's clock may be half a minute ahead and no more."""
    moment = int(world.clock.now.timestamp()) + ahead
    token = world.token(**{name: moment, "exp": moment + 600})
    if accepted:
        assert world.verify(token).officer == "officer-7"
    else:
        assert refusal(world, token) is ErrorCode.TOKEN_INVALID


@pytest.mark.parametrize("seconds", [MAX_LIFETIME + 1, MAX_LIFETIME + 60, 86400, 0, -1])
def test_lifetime_is_an_hour_at_most(world: World, seconds: int) -> None:
    """A token made for more than an hour, or for no time at all, is refused."""
    issued = int(world.clock.now.timestamp())
    assert refusal(world, world.token(iat=issued, exp=issued + seconds)) is ErrorCode.TOKEN_INVALID
    assert world.verify(world.token(iat=issued, exp=issued + MAX_LIFETIME)).officer == "officer-7"


TIMES = [
    "1e400",
    "1e9",
    "NaN",
    "Infinity",
    "-Infinity",
    "true",
    "-5",
    "0",
    '"1788256800"',
    "null",
    "[]",
    "1788256800.5",
]


@pytest.mark.parametrize("name", ["exp", "iat", "nbf"])
@pytest.mark.parametrize("value", [*TIMES, "9" * 40, "9" * 5000, "253402300800"])
def test_times_are_whole_numbers(world: World, name: str, value: str) -> None:
    """Times that are huge, negative, fractional, not numbers or not finite are refused."""
    raw = json.dumps(world.claims(**{name: "HERE"})).replace('"HERE"', value).encode()
    assert refusal(world, world.seal(world.header(), raw)) is ErrorCode.TOKEN_INVALID


@pytest.mark.parametrize("audience", ["https://hub.example/", "https://other.example", "", "HTTPS://hub.example"])
def test_wrong_audience_is_told_so(world: World, audience: str) -> None:
    """A token for another service is refused as such."""
    assert refusal(world, world.token(aud=audience)) is ErrorCode.TOKEN_AUDIENCE
    assert refusal(world, world.token(aud=[audience])) is ErrorCode.TOKEN_AUDIENCE


def test_audience_list_names_us_alone(world: World) -> None:
    """A list of audiences is accepted when we are the only one: every other could replay the token."""
    assert world.verify(world.token(aud=["https://hub.example"])).officer == "officer-7"
    for audience in (["https://hub.example", "https://other.example"], [], ["https://hub.example"] * 2):
        assert refusal(world, world.token(aud=audience)) is ErrorCode.TOKEN_AUDIENCE
    for audience in (7, {"https://hub.example": 1}, True):
        assert refusal(world, world.token(aud=audience)) is ErrorCode.TOKEN_INVALID


@pytest.mark.parametrize("name", ["sub", "jti", "client_id"])
@pytest.mark.parametrize(
    "value", [7, True, ["officer-7"], {"a": 1}, "", " officer", "张三", "officer\u200b7", "a\nb", "x" * 129, "\ud800"]
)
def test_names_are_plain_text(world: World, name: str, value: object) -> None:
    """Subject, token id and client are short plain ASCII, so that no personal name or trick reaches a record."""
    assert refusal(world, world.token(**{name: value})) is ErrorCode.TOKEN_INVALID


@pytest.mark.parametrize(
    "department",
    [
        "tax",
        "Education",
        "EDUCATION",
        "education ",
        "education\u200b",
        "еducation",
        "ｅducation",
        "educatıon",
        "",
        "edu\u0301",
    ],
)
def test_unknown_department_is_told_so(world: World, department: str) -> None:
    """A department that does not exist is refused as such, look-alike letters included."""
    assert refusal(world, world.token(department=department)) is ErrorCode.TOKEN_ROLE


@pytest.mark.parametrize("department", [d.value for d in Department if d is not Department.EDUCATION])
def test_issuer_speaks_for_its_departments_only(world: World, department: str) -> None:
    """An issuer cannot vouch for a department it was not configured for."""
    roles = ["person"] if department == "person" else ["window-clerk"]
    assert refusal(world, world.token(department=department, roles=roles)) is ErrorCode.TOKEN_ROLE


@pytest.mark.parametrize("changes", [{"roles": ["chief"]}, {"roles": ["window-clerk", "root"]}, {"level": "nation"}])
def test_unknown_role_or_level_is_told_so(world: World, changes: dict[str, Any]) -> None:
    """A role or level that does not exist is refused as such, also beside one that does."""
    assert refusal(world, world.token(**changes)) is ErrorCode.TOKEN_ROLE


@pytest.mark.parametrize(
    "changes",
    [
        {"department": 7},
        {"department": ["education"]},
        {"roles": "window-clerk"},
        {"roles": []},
        {"roles": [7]},
        {"roles": [["window-clerk"]]},
        {"roles": {"window-clerk": True}},
        {"level": 3},
        {"purposes": "school-enrolment"},
        {"purposes": [7]},
        {"purposes": ["School Enrolment"]},
        {"purposes": [None]},
        {"acr": "certain"},
        {"acr": 2},
        {"acr": ["high"]},
        {"jurisdiction": 3205},
        {"jurisdiction": ""},
        {"jurisdiction": "320"},
        {"jurisdiction": "32050"},
        {"jurisdiction": "3205000"},
        {"jurisdiction": "3205000000000"},
        {"jurisdiction": "03"},
        {"jurisdiction": "32%"},
        {"jurisdiction": "３２０５"},
        {"jurisdiction": "٣٢٠٥"},
        {"jurisdiction": "3205\n"},
        {"case": "2026-1"},
        {"case": None},
        {"case": []},
        {"case": {}},
        {"case": {"reference": "2026-1", "purpose": "school-enrolment"}},
        {"case": {"reference": "2026-1", "purpose": "school-enrolment", "subjects": "a"}},
        {"case": {"reference": "2026-1", "purpose": "school-enrolment", "subjects": [1]}},
        {"case": {"reference": "2026-1", "purpose": "school-enrolment", "subjects": ["a b"]}},
        {"case": {"reference": "2026-1", "purpose": "school-enrolment", "subjects": ["a"], "realted": ["b"]}},
        {"case": {"reference": "张三", "purpose": "school-enrolment", "subjects": ["a"]}},
        {"case": {"reference": "2026-1", "purpose": 1, "subjects": ["a"]}},
        {"case": {"reference": "2026-1", "purpose": "school-enrolment", "subjects": ["a"], "related": None}},
    ],
)
def test_malformed_claims_are_refused(world: World, changes: dict[str, Any]) -> None:
    """A claim of ours in any other form than documented is refused, never guessed at."""
    assert refusal(world, world.token(**changes)) is ErrorCode.TOKEN_INVALID


@pytest.mark.parametrize(
    ("level", "jurisdiction"),
    [("city", "32"), ("county", "32"), ("township", "320583"), ("township", "3205"), ("village", "320583100")],
)
def test_level_is_a_ceiling(world: World, level: str, jurisdiction: str) -> None:
    """A jurisdiction broader than its level allows is refused."""
    assert refusal(world, world.token(level=level, jurisdiction=jurisdiction)) is ErrorCode.TOKEN_ROLE


@pytest.mark.parametrize("level", list(Level))
def test_every_level_has_a_jurisdiction(world: World, level: Level) -> None:
    """A village's code is narrow enough for every level."""
    caller = world.verify(world.token(level=level.value, jurisdiction="320583100201"))
    assert caller.profile.level is level


@pytest.mark.parametrize("role", ["person", "guardian"])
def test_person_roles_and_department_go_together(world: World, role: str) -> None:
    """A department has no persons among its officers, and a person is no officer."""
    assert refusal(world, world.token(roles=[role])) is ErrorCode.TOKEN_ROLE
    assert refusal(world, world.token(roles=["window-clerk", role])) is ErrorCode.TOKEN_ROLE
    assert refusal(world, world.token_of("people", roles=["window-clerk"])) is ErrorCode.TOKEN_ROLE
    assert refusal(world, world.token_of("people", roles=[role, "auditor"])) is ErrorCode.TOKEN_ROLE
    assert world.verify(world.token_of("people", roles=[role])).profile.roles == {Role(role)}


def test_treating_institutions_belong_to_health(world: World) -> None:
    """Only the health department has treating institutions."""
    assert refusal(world, world.token(roles=["treating-institution"])) is ErrorCode.TOKEN_ROLE
    assert world.verify(world.token_of("health", roles=["treating-institution"])).officer == "officer-7"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
claim_names = st.sampled_from([*REQUIRED, *OWN, "nbf", "acr", "case", "demo"])


@given(
    st.dictionaries(claim_names, json_values, max_size=4),
    st.dictionaries(st.sampled_from(["alg", "typ", "kid", "x"]), json_values, max_size=2),
)
def test_any_signed_claims_give_token_error_or_caller(
    lasting_world: World, claims: dict[str, Any], header: dict[str, Any]
) -> None:
    """Even a trusted issuer's signature over nonsense gives a caller or a TokenError, never another failure."""
    token = lasting_world.seal(lasting_world.header(**header), lasting_world.claims(**claims))
    try:
        caller = lasting_world.verify(token)
    except TokenError:
        return
    assert caller.profile.department is Department.EDUCATION
