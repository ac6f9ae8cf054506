"""The bearer token of a request, verified: the one place where `pyjwt` is asked.

The token is checked in this order, and nothing it says is used before its turn: length and shape; header and
claims as unambiguous JSON; the issuer it names, of ours; the algorithm configured for that issuer; a key of
that issuer; the signature; every claim. Every failure is a TokenError with a fixed text, because the
library's own messages quote the token.
"""

import base64
import re
from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from typing import Final

from jwt import PyJWS, PyJWTError
from jwt.algorithms import OKPAlgorithm

from auth.claims import Expected, read_caller
from auth.issuers import Issuer, IssuerDirectory
from auth.key_sets import SigningAlgorithm
from auth.model import Caller
from auth.strict_json import JsonObject, StrictJsonError, parse_object
from auth.token_cache import TokenCache
from schema.errors import ErrorCode, TokenError

__all__ = ["MAX_TOKEN_BYTES", "Clock", "TokenVerifier"]

Clock = Callable[[], datetime]
"""The time now, in UTC and aware of it."""

MAX_TOKEN_BYTES: Final = 8192

_COMPACT: Final = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")
_HEADER_MEMBERS: Final = frozenset({"alg", "typ", "kid"})
_TYPES: Final = frozenset({"at+jwt", "application/at+jwt"})


class TokenVerifier:
    """Bearer tokens to callers.

    Verified tokens are remembered for a moment (`auth.token_cache`); refused ones never.
    """

    def __init__(self, issuers: IssuerDirectory, audience: str, clock: Clock) -> None:
        self._issuers = issuers
        self._audience = audience
        self._clock = clock
        self._cache = TokenCache()
        self._signatures = {algorithm: _signature_reader(algorithm) for algorithm in SigningAlgorithm}

    def verify(self, authorization_header: str | None) -> Caller:
        """The caller named by the value of an `Authorization` header (RFC 6750 section 2.1).

        Raises TokenError, and nothing else, for every value that is not a valid token of a configured issuer.
        """
        token = _bearer_token(authorization_header)
        now = self._clock()
        generation = self._issuers.generation
        digest = sha256(token.encode("ascii")).digest()
        caller = self._cache.find(digest, now, generation)
        if caller is None:
            caller = self._verify_fresh(token, now)
            self._cache.remember(digest, caller, now, generation)
        return caller

    def _verify_fresh(self, token: str, now: datetime) -> Caller:
        shape = _COMPACT.fullmatch(token)
        if shape is None:
            raise TokenError(ErrorCode.TOKEN_INVALID)
        header, claims = _json_segment(shape[1]), _json_segment(shape[2])
        issuer = self._named_issuer(claims)
        self._verify_signature(token, header, issuer)
        return read_caller(claims, Expected(issuer, self._audience, now))

    def _named_issuer(self, claims: JsonObject) -> Issuer:
        name = claims.get("iss")
        issuer = self._issuers.find(name) if isinstance(name, str) else None
        if issuer is None:
            raise TokenError(ErrorCode.TOKEN_INVALID)
        return issuer

    def _verify_signature(self, token: str, header: JsonObject, issuer: Issuer) -> None:
        """INVARIANT: key and algorithm come from the configuration; the header only picks among the issuer's keys."""
        kind, kid = header.get("typ"), header.get("kid")
        if header.keys() != _HEADER_MEMBERS or header["alg"] != issuer.algorithm.value:
            raise TokenError(ErrorCode.TOKEN_INVALID)
        if not isinstance(kind, str) or kind.lower() not in _TYPES or not isinstance(kid, str):
            raise TokenError(ErrorCode.TOKEN_INVALID)
        key = self._issuers.key(issuer, kid)
        if key is None:
            raise TokenError(ErrorCode.TOKEN_INVALID)
        try:
            self._signatures[issuer.algorithm].decode(token, key, algorithms=[issuer.algorithm.value])
        except (PyJWTError, ValueError, TypeError):
            raise TokenError(ErrorCode.TOKEN_INVALID) from None


def _signature_reader(algorithm: SigningAlgorithm) -> PyJWS:
    """A reader that knows this one algorithm, so that no other can be talked into use."""
    if algorithm is SigningAlgorithm.ED25519:
        reader = PyJWS(algorithms=[])
        reader.register_algorithm(algorithm.value, OKPAlgorithm())
        return reader
    return PyJWS(algorithms=[algorithm.value])


def _bearer_token(header: str | None) -> str:
    if header is None or header[:7].lower() != "bearer " or len(header) == 7:
        raise TokenError(ErrorCode.TOKEN_MISSING)
    if len(header) > MAX_TOKEN_BYTES + 7:
        raise TokenError(ErrorCode.TOKEN_TOO_LONG)
    if not header.isascii():
        raise TokenError(ErrorCode.TOKEN_INVALID)
    return header[7:]


def _json_segment(segment: str) -> JsonObject:
    """A segment's JSON object; base64url without padding and without stray bits (RFC 7515 section 2)."""
    try:
        text = base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
        if base64.urlsafe_b64encode(text).rstrip(b"=").decode("ascii") != segment:
            raise TokenError(ErrorCode.TOKEN_INVALID)
        return parse_object(text)
    except (StrictJsonError, ValueError):
        raise TokenError(ErrorCode.TOKEN_INVALID) from None
