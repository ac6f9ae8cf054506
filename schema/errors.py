"""The one error tree.

    HubError
    ├── ClientError            safe fixed text, stable code, HTTP status
    │   ├── TokenError         who asks could not be established (401)
    │   ├── RequestError       the request cannot be understood (400, or 200 in GraphQL errors)
    │   ├── RefusedError       understood and refused (403)
    │   └── BusyError          try again later (503)
    └── InternalError          generic outside, detail in the log
        ├── ConfigurationError the installation is wrong; said to the operator only
        ├── StorageError       the hub's own database or disk
        └── SourceError        a department's system (timeout, unavailable, quality)

A refusal of a *field* by policy is a value (a marker), never an exception. Texts are fixed per code:
library messages quote values and are never passed on.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

__all__ = [
    "BusyError",
    "ClientError",
    "ConfigurationError",
    "ErrorCode",
    "HubError",
    "InternalError",
    "RefusedError",
    "RequestError",
    "SourceError",
    "StorageError",
    "TEXTS",
    "TokenError",
]


class ErrorCode(StrEnum):
    """Stable codes, in `extensions.code`; `docs/errors.md` explains each."""

    TOKEN_MISSING = "TOKEN_MISSING"
    TOKEN_INVALID = "TOKEN_INVALID"
    TOKEN_EXPIRED = "TOKEN_EXPIRED"
    TOKEN_AUDIENCE = "TOKEN_AUDIENCE"
    TOKEN_TOO_LONG = "TOKEN_TOO_LONG"
    TOKEN_ROLE = "TOKEN_ROLE"
    REQUEST_INVALID = "REQUEST_INVALID"
    REQUEST_TOO_LARGE = "REQUEST_TOO_LARGE"
    DOCUMENT_SYNTAX = "DOCUMENT_SYNTAX"
    DOCUMENT_INVALID = "DOCUMENT_INVALID"
    DOCUMENT_TOO_DEEP = "DOCUMENT_TOO_DEEP"
    DOCUMENT_TOO_LONG = "DOCUMENT_TOO_LONG"
    DOCUMENT_TOO_COMPLEX = "DOCUMENT_TOO_COMPLEX"
    IDENTIFIER_LITERAL = "IDENTIFIER_LITERAL"
    VARIABLES_INVALID = "VARIABLES_INVALID"
    OPERATION_UNSUPPORTED = "OPERATION_UNSUPPORTED"
    ID_INVALID = "ID_INVALID"
    NUMBER_INVALID = "NUMBER_INVALID"
    DIVISION_UNKNOWN = "DIVISION_UNKNOWN"
    PAGE_INVALID = "PAGE_INVALID"
    PURPOSE_MISSING = "PURPOSE_MISSING"
    PURPOSE_UNKNOWN = "PURPOSE_UNKNOWN"
    PURPOSE_REFUSED = "PURPOSE_REFUSED"
    CASE_REQUIRED = "CASE_REQUIRED"
    CASE_MISMATCH = "CASE_MISMATCH"
    AGREEMENT_REQUIRED = "AGREEMENT_REQUIRED"
    AGREEMENT_INVALID = "AGREEMENT_INVALID"
    FIELD_REFUSED = "FIELD_REFUSED"
    LISTING_REFUSED = "LISTING_REFUSED"
    BUDGET_SPENT = "BUDGET_SPENT"
    SANDBOX_ONLY = "SANDBOX_ONLY"
    NOT_FOUND = "NOT_FOUND"
    SOURCE_UNAVAILABLE = "SOURCE_UNAVAILABLE"
    SOURCE_QUALITY = "SOURCE_QUALITY"
    AUDIT_UNAVAILABLE = "AUDIT_UNAVAILABLE"
    BUSY = "BUSY"
    INTERNAL = "INTERNAL"


TEXTS: Final[Mapping[ErrorCode, str]] = {
    ErrorCode.TOKEN_MISSING: "a bearer token is required",
    ErrorCode.TOKEN_INVALID: "the token is not valid",
    ErrorCode.TOKEN_EXPIRED: "the token has expired",
    ErrorCode.TOKEN_AUDIENCE: "the token was not issued for this hub",
    ErrorCode.TOKEN_TOO_LONG: "the token is longer than 8192 bytes",
    ErrorCode.TOKEN_ROLE: "the token names an unknown department, role or level",
    ErrorCode.REQUEST_INVALID: "the request is not a valid GraphQL request",
    ErrorCode.REQUEST_TOO_LARGE: "the request body is too large",
    ErrorCode.DOCUMENT_SYNTAX: "the document has a syntax error",
    ErrorCode.DOCUMENT_INVALID: "the document does not fit the schema",
    ErrorCode.DOCUMENT_TOO_DEEP: "the document is nested too deeply",
    ErrorCode.DOCUMENT_TOO_LONG: "the document is too long",
    ErrorCode.DOCUMENT_TOO_COMPLEX: "the document selects too many fields",
    ErrorCode.IDENTIFIER_LITERAL: "identifiers must be passed as variables",
    ErrorCode.VARIABLES_INVALID: "a variable is missing or has the wrong type",
    ErrorCode.OPERATION_UNSUPPORTED: "only query operations are supported here",
    ErrorCode.ID_INVALID: "the id is not one of your department's ids",
    ErrorCode.NUMBER_INVALID: "the document number is not well formed",
    ErrorCode.DIVISION_UNKNOWN: "the division code is not known",
    ErrorCode.PAGE_INVALID: "the page size or cursor is not valid",
    ErrorCode.PURPOSE_MISSING: "the request names no purpose",
    ErrorCode.PURPOSE_UNKNOWN: "the purpose is not in the catalogue",
    ErrorCode.PURPOSE_REFUSED: "the purpose is not open to this caller",
    ErrorCode.CASE_REQUIRED: "the purpose requires a case",
    ErrorCode.CASE_MISMATCH: "the case does not cover this request",
    ErrorCode.AGREEMENT_REQUIRED: "the request needs an agreement in force",
    ErrorCode.AGREEMENT_INVALID: "the agreement does not cover this request",
    ErrorCode.FIELD_REFUSED: "a root field is not open to this caller",
    ErrorCode.LISTING_REFUSED: "a request about several persons needs an agreement or a case that names each",
    ErrorCode.BUDGET_SPENT: "the daily budget of this client is spent",
    ErrorCode.SANDBOX_ONLY: "documents without an agreement run in sandbox mode only",
    ErrorCode.NOT_FOUND: "there is nothing at this address",
    ErrorCode.SOURCE_UNAVAILABLE: "a department's system did not answer",
    ErrorCode.SOURCE_QUALITY: "a department's system sent a value of the wrong type",
    ErrorCode.AUDIT_UNAVAILABLE: "the audit log is not available, so nothing can be answered",
    ErrorCode.BUSY: "the hub is busy",
    ErrorCode.INTERNAL: "something went wrong inside the hub",
}


class HubError(Exception):
    """Root of every error this project raises on purpose."""


class ClientError(HubError):
    """An error the caller may see: a stable code, its fixed text, an HTTP status."""

    status = 400

    def __init__(self, code: ErrorCode, *, status: int | None = None) -> None:
        super().__init__(TEXTS[code])
        self.code = code
        self.text = TEXTS[code]
        if status is not None:
            self.status = status


class TokenError(ClientError):
    """The caller could not be established (RFC 6750 section 3.1)."""

    status = 401


class RequestError(ClientError):
    """The request cannot be understood."""

    status = 400


class RefusedError(ClientError):
    """The request was understood and refused as a whole."""

    status = 403


class BusyError(ClientError):
    """The hub cannot answer now; the caller may try again."""

    status = 503


class InternalError(HubError):
    """Detail for the operator's log; the caller sees only `ErrorCode.INTERNAL`.

    The message must name no personal value, SQL, key or token.
    """


class ConfigurationError(InternalError):
    """The installation is wrong; shown to the operator at start."""


class StorageError(InternalError):
    """The hub's own database or disk failed."""


class SourceError(InternalError):
    """A department's system failed; `code` says how it shows in the answer, `timed_out` whether it was too slow."""

    def __init__(self, code: ErrorCode, detail: str, *, timed_out: bool = False) -> None:
        super().__init__(detail)
        self.code = code
        self.timed_out = timed_out
