"""Sending what no honest client would send, and judging what comes back."""

import json
import socket
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from schema.errors import TEXTS, ErrorCode
from schema.ids import SectorId
from schema.vocabulary import Department, Role
from tests.demo_city import DemoCity

__all__ = ["BY_ID", "Wire", "assert_refused", "codes_of"]

BY_ID = "query($id: ID!) { migrant(id: $id) { name } }"

Headers = Sequence[tuple[str, str]]


class Wire:
    """One client of human resources under `social-insurance`, who may ask about anybody, one at a time."""

    def __init__(self, city: DemoCity) -> None:
        self.city = city
        self.token, purpose = city.clerk(
            department=Department.HUMAN_RESOURCES, roles=(Role.CASE_OFFICER,), purpose="social-insurance"
        )
        self.headers: Headers = [("authorization", f"Bearer {self.token}"), *purpose.items()]
        self._http = city.client()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    @property
    def worker(self) -> SectorId:
        """A person this client may ask about."""
        return self.city.id_of(Department.HUMAN_RESOURCES, "worker")

    def ask(self, document: object, variables: object = None, operation: object = None) -> httpx.Response:
        """A GraphQL request made of whatever is given."""
        body: dict[str, object] = {"query": document}
        if variables is not None:
            body["variables"] = variables
        if operation is not None:
            body["operationName"] = operation
        return self.send(json.dumps(body).encode())

    def send(
        self, body: bytes, headers: Headers | None = None, *, kind: str | None = "application/json"
    ) -> httpx.Response:
        """A POST of any bytes; `kind` is the content type."""
        sent = [*(self.headers if headers is None else headers)]
        return self._http.post("/graphql", content=body, headers=[*sent, ("content-type", kind)] if kind else sent)

    def send_in_chunks(self, body: bytes) -> httpx.Response:
        """A POST that does not tell its length."""
        pieces = (body[start : start + 10_000] for start in range(0, len(body), 10_000))
        headers = [*self.headers, ("content-type", "application/json")]
        return self._http.post("/graphql", content=pieces, headers=headers)

    def with_token(self, token: str) -> httpx.Response:
        """A plain question with another token."""
        body = {"query": BY_ID, "variables": {"id": self.worker}}
        headers = [("authorization", f"Bearer {token}"), ("hub-purpose", "social-insurance")]
        return self.send(json.dumps(body).encode(), headers)

    def get(self, path: str, method: str = "GET") -> httpx.Response:
        """Any address, with a valid token."""
        return self._http.request(method, path, headers=list(self.headers))

    def raw(self, data: bytes) -> bytes:
        """The answer to bytes that need not be HTTP."""
        place = urlsplit(self.city.address)
        with socket.create_connection((place.hostname or "", place.port or 0), timeout=10) as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            received = b""
            while chunk := connection.recv(65_536):
                received += chunk
        return received


def assert_refused(response: httpx.Response, status: int, code: ErrorCode) -> None:
    """Refused as a whole: this status, and one error of this code with its fixed text; nothing else."""
    assert response.status_code == status, response.text
    assert response.json() == {"errors": [{"message": TEXTS[code], "extensions": {"code": code.value}}]}
    assert response.headers["content-type"].startswith("application/json")
    assert response.headers["cache-control"] == "no-store"


def codes_of(response: httpx.Response) -> Mapping[str, str]:
    """The codes of an answer's errors by path; every text is the fixed one of its code."""
    assert response.status_code == 200, response.text
    found: dict[str, Any] = {}
    for error in response.json().get("errors", ()):
        assert error["message"] == TEXTS[ErrorCode(error["extensions"]["code"])]
        assert error.keys() == {"message", "path", "extensions"}
        found[".".join(map(str, error["path"]))] = error["extensions"]["code"]
    return found
