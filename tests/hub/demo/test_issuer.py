"""The demo issuer makes tokens that work, and keeps its key to itself."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from jwt import PyJWS

from auth.issuers import IssuerDirectory
from auth.key_sets import parse_key_set
from auth.model import Caller, Case
from auth.tokens import TokenVerifier
from hub.demo.issuer import DEMO_ISSUER, DemoIssuer, TokenRequest
from schema.errors import ConfigurationError, ErrorCode, TokenError
from schema.ids import SectorId
from schema.vocabulary import Assurance, Department, Level, Role

NOW = datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
CLERK = TokenRequest(
    Department.EDUCATION,
    (Role.WINDOW_CLERK,),
    Level.COUNTY,
    "320583",
    ("school-enrolment",),
    case=Case("2026-1", "school-enrolment", frozenset({SectorId("child")}), frozenset({SectorId("mother")})),
)


def verify(issuer: DemoIssuer, token: str, now: datetime = NOW) -> Caller:
    """What a hub that believes this issuer makes of a token."""
    directory = IssuerDirectory([issuer.issuer])
    directory.replace(issuer.issuer, parse_key_set(issuer.key_set_file.read_bytes(), issuer.issuer.algorithm))
    return TokenVerifier(directory, "hub", lambda: now).verify(f"Bearer {token}")


def test_minted_token_says_what_was_asked(tmp_path: Path) -> None:
    """A minted token verifies and gives the caller that was asked for."""
    issuer = DemoIssuer.open(tmp_path)
    caller = verify(issuer, issuer.mint(CLERK, audience="hub", now=NOW))
    assert caller.profile.department is Department.EDUCATION
    assert caller.profile.assurance is Assurance.SUBSTANTIAL
    assert (caller.profile.level, caller.profile.jurisdiction) == (Level.COUNTY, "320583")
    assert (caller.officer, caller.client, caller.issuer) == ("demo-officer", "demo-client", DEMO_ISSUER)
    assert caller.case == CLERK.case
    assert caller.expires == NOW + timedelta(minutes=30)


@pytest.mark.parametrize("department", list(Department))
def test_demo_issuer_speaks_for_everybody(tmp_path: Path, department: Department) -> None:
    """Every department, and a person, can be tried out."""
    issuer = DemoIssuer.open(tmp_path)
    person = department is Department.PERSON
    role = Role.PERSON if person else Role.CASE_OFFICER
    request = TokenRequest(department, (role,), jurisdiction="3205", subject="some-id")
    caller = verify(issuer, issuer.mint(request, audience="hub", now=NOW))
    assert caller.profile.department is department
    assert caller.subject == ("some-id" if person else None)


def test_two_tokens_differ(tmp_path: Path) -> None:
    """Every token has an id of its own."""
    issuer = DemoIssuer.open(tmp_path)
    ids = {verify(issuer, issuer.mint(CLERK, audience="hub", now=NOW)).token_id for _ in range(10)}
    assert len(ids) == 10


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (TokenRequest(Department.EDUCATION, (), jurisdiction="3205"), ErrorCode.TOKEN_INVALID),
        (TokenRequest(Department.EDUCATION, (Role.PERSON,), jurisdiction="3205"), ErrorCode.TOKEN_ROLE),
        (TokenRequest(Department.EDUCATION, (Role.AUDITOR,)), ErrorCode.TOKEN_INVALID),
        (TokenRequest(Department.EDUCATION, (Role.AUDITOR,), jurisdiction="3205", minutes=61), ErrorCode.TOKEN_INVALID),
    ],
)
def test_unusable_tokens_are_not_minted(tmp_path: Path, request_: TokenRequest, code: ErrorCode) -> None:
    """A token that the hub would refuse is refused at the mint."""
    with pytest.raises(TokenError) as caught:
        DemoIssuer.open(tmp_path).mint(request_, audience="hub", now=NOW)
    assert caught.value.code is code


def test_key_is_private_and_lasting(tmp_path: Path) -> None:
    """The key is made once, readable by its owner only, and used again."""
    token = DemoIssuer.open(tmp_path).mint(CLERK, audience="hub", now=NOW)
    key = tmp_path / "demo-issuer" / "key.pem"
    assert key.stat().st_mode & 0o777 == 0o600
    assert key.parent.stat().st_mode & 0o777 == 0o700
    assert verify(DemoIssuer.open(tmp_path), token).officer == "demo-officer"
    assert sorted(path.name for path in key.parent.iterdir()) == ["jwks.json", "key.pem"]


def test_simultaneous_first_use_makes_one_key(tmp_path: Path) -> None:
    """Programs that start at once agree on one key."""
    with ThreadPoolExecutor(8) as pool:
        issuers = list(pool.map(lambda _: DemoIssuer.open(tmp_path), range(8)))
    assert len({issuer.key_set for issuer in issuers}) == 1


def test_key_set_follows_the_key(tmp_path: Path) -> None:
    """A lost or outdated key set is written again."""
    issuer = DemoIssuer.open(tmp_path)
    for content in (None, b"{}"):
        if content is None:
            issuer.key_set_file.unlink()
        else:
            issuer.key_set_file.write_bytes(content)
        assert DemoIssuer.open(tmp_path).key_set_file.read_bytes() == issuer.key_set


def test_readable_key_is_refused(tmp_path: Path) -> None:
    """A key that others may read is refused, because they may have."""
    DemoIssuer.open(tmp_path)
    (tmp_path / "demo-issuer" / "key.pem").chmod(0o644)
    with pytest.raises(ConfigurationError, match="others may read"):
        DemoIssuer.open(tmp_path)


@pytest.mark.parametrize(
    "content", [b"", b"rubbish", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_broken_key_is_refused(tmp_path: Path, content: bytes) -> None:
    """A file that is no key is refused with a way out."""
    DemoIssuer.open(tmp_path)
    (tmp_path / "demo-issuer" / "key.pem").write_bytes(content)
    with pytest.raises(ConfigurationError, match="delete it"):
        DemoIssuer.open(tmp_path)


def test_everything_is_marked_demo(tmp_path: Path) -> None:
    """The key set and every token say that they are for demonstrations."""
    issuer = DemoIssuer.open(tmp_path)
    document = issuer.key_set_file.read_bytes()
    assert json.loads(document)["demo"] is True
    assert "d" not in json.loads(document)["keys"][0]
    key = next(iter(parse_key_set(document, issuer.issuer.algorithm).keys.values()))
    claims = PyJWS(algorithms=["EdDSA"]).decode(issuer.mint(CLERK, audience="hub", now=NOW), key, ["EdDSA"])
    assert json.loads(claims)["demo"] is True


def test_other_documents_are_no_tokens(tmp_path: Path) -> None:
    """Something else signed by the demo issuer does not pass for a token."""
    issuer = DemoIssuer.open(tmp_path)
    token = issuer.mint(CLERK, audience="hub", now=NOW)
    key = next(iter(parse_key_set(issuer.key_set, issuer.issuer.algorithm).keys.values()))
    claims = json.loads(PyJWS(algorithms=["EdDSA"]).decode(token, key, ["EdDSA"]))
    with pytest.raises(TokenError):
        verify(issuer, issuer.sign("agreement+jwt", claims))
    assert verify(issuer, issuer.sign("at+jwt", claims)).officer == "demo-officer"
