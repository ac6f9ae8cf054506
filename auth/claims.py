"""From the claims of a token whose signature holds to a Caller.

Registered claims follow RFC 7519 and RFC 9068; ours are `department`, `roles`, `level`, `jurisdiction`,
`purposes`, `acr` and `case` (`docs/tokens.md`). Text that reaches records is plain ASCII by pattern, so that no
personal name can ride along as a pseudonym and no look-alike letter can pass for another.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, TypeVar, cast

from auth.issuers import Issuer
from auth.model import Caller, Case, Profile
from auth.strict_json import JsonObject
from schema.errors import ErrorCode, TokenError
from schema.ids import SectorId
from schema.vocabulary import Assurance, Department, Level, Role

__all__ = [
    "CASE_REFERENCE",
    "CLOCK_LEEWAY",
    "JURISDICTION",
    "MAX_LIFETIME",
    "MIN_DIGITS",
    "PSEUDONYM",
    "PURPOSE",
    "SECTOR_ID",
    "Expected",
    "read_caller",
]

MAX_LIFETIME: Final = 3600
"""Seconds from `iat` to `exp` at most."""

CLOCK_LEEWAY: Final = 30
"""Seconds an issuer's clock may be ahead of ours (`iat`, `nbf`); `exp` gets none."""

PSEUDONYM: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@|/+=-]{0,127}")
SECTOR_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")
CASE_REFERENCE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}")
PURPOSE: Final = re.compile(r"[a-z][a-z0-9-]{0,63}")
JURISDICTION: Final = re.compile(r"[1-9][0-9](?:[0-9]{2}(?:[0-9]{2}(?:[0-9]{3}(?:[0-9]{3})?)?)?)?")

MIN_DIGITS: Final = {Level.PROVINCE: 2, Level.CITY: 4, Level.COUNTY: 4, Level.TOWNSHIP: 9, Level.VILLAGE: 12}
"""The broadest jurisdiction of each level, in digits. County offices of cities without counties (Dongguan,
Zhongshan, Danzhou, Jiayuguan) are responsible for the whole city, hence 4."""

_PERSON_ROLES: Final = frozenset({Role.PERSON, Role.GUARDIAN})
_MAX_TIME: Final = 253_402_300_799  # the last second of the year 9999
_MAX_LIST: Final = 1000
_CASE_MEMBERS: Final = frozenset({"reference", "purpose", "subjects", "related"})

_Word = TypeVar("_Word", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Expected:
    """What the claims are held against: who signed them, for whom we are, and the time (UTC)."""

    issuer: Issuer
    audience: str
    now: datetime


def read_caller(claims: JsonObject, expected: Expected) -> Caller:
    """The caller these claims describe.

    Raises TokenError: TOKEN_EXPIRED, TOKEN_AUDIENCE, TOKEN_ROLE (a department, role or level that does not exist,
    is not the issuer's to speak for, or does not go with the others), TOKEN_INVALID (anything else).
    """
    expires = _times(claims, expected.now)
    _audience(claims, expected.audience)
    department, roles = _standing(claims, expected.issuer)
    person = department is Department.PERSON
    subject = _text(claims, "sub", SECTOR_ID if person else PSEUDONYM)
    level, jurisdiction = (Level.PROVINCE, "") if person else _reach(claims)
    return Caller(
        profile=Profile(department, roles, level, jurisdiction, _assurance(claims)),
        officer="" if person else subject,
        client=_text(claims, "client_id", PSEUDONYM),
        issuer=expected.issuer.name,
        token_id=_text(claims, "jti", PSEUDONYM),
        expires=expires,
        purposes=frozenset(_texts(claims, "purposes", PURPOSE)),
        case=_case(claims),
        subject=SectorId(subject) if person else None,
    )


def _times(claims: JsonObject, now: datetime) -> datetime:
    issued, expires = _seconds(claims, "iat"), _seconds(claims, "exp")
    latest = now.timestamp() + CLOCK_LEEWAY
    if issued > latest or not 0 < expires - issued <= MAX_LIFETIME:
        raise TokenError(ErrorCode.TOKEN_INVALID)
    if "nbf" in claims and _seconds(claims, "nbf") > latest:
        raise TokenError(ErrorCode.TOKEN_INVALID)
    if expires <= now.timestamp():
        raise TokenError(ErrorCode.TOKEN_EXPIRED)
    return datetime.fromtimestamp(expires, UTC)


def _audience(claims: JsonObject, audience: str) -> None:
    """A token for several audiences can be replayed by each of them against the others, so only ours alone will do."""
    named = claims.get("aud")
    if named is None or not isinstance(named, str | list):
        raise TokenError(ErrorCode.TOKEN_INVALID)
    if named not in (audience, [audience]):
        raise TokenError(ErrorCode.TOKEN_AUDIENCE)


def _standing(claims: JsonObject, issuer: Issuer) -> tuple[Department, frozenset[Role]]:
    department = _word(Department, claims.get("department"))
    roles = frozenset(_word(Role, name) for name in _list(claims, "roles"))
    if not roles:
        raise TokenError(ErrorCode.TOKEN_INVALID)
    personal = department is Department.PERSON
    fits = roles <= _PERSON_ROLES if personal else roles.isdisjoint(_PERSON_ROLES)
    if Role.TREATING_INSTITUTION in roles and department is not Department.HEALTH:
        fits = False
    if not fits or department not in issuer.departments:
        raise TokenError(ErrorCode.TOKEN_ROLE)
    return department, roles


def _reach(claims: JsonObject) -> tuple[Level, str]:
    level = _word(Level, claims.get("level"))
    jurisdiction = _text(claims, "jurisdiction", JURISDICTION)
    if len(jurisdiction) < MIN_DIGITS[level]:
        raise TokenError(ErrorCode.TOKEN_ROLE)
    return level, jurisdiction


def _assurance(claims: JsonObject) -> Assurance:
    named = claims.get("acr", Assurance.LOW.value)
    if not isinstance(named, str) or named not in {level.value for level in Assurance}:
        raise TokenError(ErrorCode.TOKEN_INVALID)
    return Assurance(named)


def _case(claims: JsonObject) -> Case | None:
    if "case" not in claims:
        return None
    case = claims["case"]
    if not isinstance(case, dict) or not _CASE_MEMBERS.issuperset(case):
        raise TokenError(ErrorCode.TOKEN_INVALID)
    case = cast(JsonObject, case)
    return Case(
        reference=_text(case, "reference", CASE_REFERENCE),
        purpose=_text(case, "purpose", PURPOSE),
        subjects=frozenset(map(SectorId, _texts(case, "subjects", SECTOR_ID))),
        related=frozenset(map(SectorId, _texts(case, "related", SECTOR_ID))) if "related" in case else frozenset(),
    )


def _seconds(claims: JsonObject, name: str) -> int:
    """A NumericDate; whole seconds only, and `true` is no number here."""
    value = claims.get(name)
    if type(value) is not int or not 0 < value <= _MAX_TIME:
        raise TokenError(ErrorCode.TOKEN_INVALID)
    return value


def _text(claims: JsonObject, name: str, pattern: re.Pattern[str]) -> str:
    value = claims.get(name)
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise TokenError(ErrorCode.TOKEN_INVALID)
    return value


def _list(claims: JsonObject, name: str) -> list[object]:
    value = claims.get(name)
    if not isinstance(value, list) or len(value) > _MAX_LIST:
        raise TokenError(ErrorCode.TOKEN_INVALID)
    return value


def _texts(claims: JsonObject, name: str, pattern: re.Pattern[str]) -> list[str]:
    values = _list(claims, name)
    if not all(isinstance(value, str) and pattern.fullmatch(value) for value in values):
        raise TokenError(ErrorCode.TOKEN_INVALID)
    return cast(list[str], values)


def _word(words: type[_Word], value: object) -> _Word:
    if not isinstance(value, str):
        raise TokenError(ErrorCode.TOKEN_INVALID)
    try:
        return words(value)
    except ValueError:
        raise TokenError(ErrorCode.TOKEN_ROLE) from None
