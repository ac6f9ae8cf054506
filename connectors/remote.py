"""One HTTPS client for the kinds that speak HTTP: verified TLS, bounded bodies, JSON only, no redirects.

Plain `http` is accepted for this machine, and elsewhere only when the source says that it is synthetic.
"""

import asyncio
import ssl
import time
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import httpx
import orjson

from connectors.credentials import Credentials
from connectors.driver_logs import quiet_drivers
from connectors.errors import RubbishError, UnavailableError
from schema.errors import ConfigurationError

__all__ = ["RemoteClient"]

_LARGEST_BODY: Final = 32 << 20
_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_EARLY: Final = 30.0
_SHORTEST: Final = 1.0


class RemoteClient:
    """JSON requests to one address, with a bearer token: a service token, or one from `token_path`
    (RFC 6749 section 4.4) that is renewed before it expires and once after a 401."""

    def __init__(
        self, address: str, credentials: Credentials, token_path: str | None, deadline: float, connections: int = 16
    ) -> None:
        quiet_drivers()
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigurationError("the address of a service must start with https:// or http://")
        self.is_exposed = parts.scheme == "http" and parts.hostname not in _LOOPBACK
        self._address = address.rstrip("/")
        self._credentials = credentials
        self._token_path = token_path
        self._token = credentials.token
        self._expires = 0.0
        self._renewing = asyncio.Lock()
        # httpcore's own limit loses a slot for good when a request that waits for one is cancelled, so we keep ours
        self._slots = asyncio.Semaphore(connections)
        self._client = httpx.AsyncClient(
            verify=_tls(credentials) if parts.scheme == "https" else False,
            timeout=httpx.Timeout(deadline),
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=connections),
            trust_env=False,
            follow_redirects=False,
        )

    async def close(self) -> None:
        """Close all connections; safe to call twice."""
        await self._client.aclose()

    async def get(self, path: str, parameters: Mapping[str, str] | None = None) -> object:
        """The JSON answer to a GET."""
        return await self._ask("GET", path, None, parameters)

    async def post(self, path: str, body: Mapping[str, object]) -> object:
        """The JSON answer to a POST of JSON."""
        return await self._ask("POST", path, orjson.dumps(body), None)

    async def _ask(self, method: str, path: str, body: bytes | None, parameters: Mapping[str, str] | None) -> object:
        token = await self._bearer()
        status, answer = await self._send(method, path, body, parameters, token)
        if status == httpx.codes.UNAUTHORIZED and self._token_path is not None:
            if token == self._token:
                self._expires = 0.0
            status, answer = await self._send(method, path, body, parameters, await self._bearer())
        if status in (httpx.codes.BAD_REQUEST, httpx.codes.NOT_FOUND):
            raise RubbishError("the request was not understood")
        if status != httpx.codes.OK:
            raise UnavailableError(f"the service answered with status {status}")
        return _parse(answer)

    async def _send(
        self, method: str, path: str, body: bytes | None, parameters: Mapping[str, str] | None, token: str
    ) -> tuple[int, bytes]:
        headers = {"Accept": "application/json"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if body is not None:
            headers["Content-Type"] = "application/json"
        request = self._client.build_request(
            method, self._address + path, content=body, params=parameters, headers=headers
        )
        return await self._receive(request)

    async def _receive(self, request: httpx.Request) -> tuple[int, bytes]:
        async with self._slots:
            response = await self._client.send(request, stream=True)
            try:
                return response.status_code, await _bounded_body(response)
            finally:
                await response.aclose()

    async def _bearer(self) -> str:
        if self._token_path is None or time.monotonic() < self._expires:
            return self._token
        async with self._renewing:
            if time.monotonic() >= self._expires:
                await self._renew()
            return self._token

    async def _renew(self) -> None:
        form = {
            "grant_type": "client_credentials",
            "client_id": self._credentials.client_id,
            "client_secret": self._credentials.client_secret,
        }
        if self._credentials.scope:
            form["scope"] = self._credentials.scope
        request = self._client.build_request("POST", f"{self._address}{self._token_path}", data=form)
        status, body = await self._receive(request)
        if status != httpx.codes.OK:
            raise UnavailableError(f"the token endpoint answered with status {status}")
        answer = _parse(body)
        if not isinstance(answer, dict) or not isinstance(answer.get("access_token"), str):
            raise RubbishError("the token endpoint sent no token")
        life = answer.get("expires_in")
        seconds = float(life) if isinstance(life, int) else 60.0
        self._token = answer["access_token"]
        self._expires = time.monotonic() + max(min(seconds - _EARLY, seconds * 0.8), _SHORTEST)


async def _bounded_body(response: httpx.Response) -> bytes:
    chunks, size = [], 0
    async for chunk in response.aiter_bytes():
        size += len(chunk)
        if size > _LARGEST_BODY:
            raise RubbishError("the answer is too large")
        chunks.append(chunk)
    return b"".join(chunks)


def _tls(credentials: Credentials) -> ssl.SSLContext:
    """Verification is never off. Raises ConfigurationError for files that cannot be read."""
    try:
        context = ssl.create_default_context(cafile=credentials.authorities)
        if credentials.certificate is not None:
            context.load_cert_chain(credentials.certificate, credentials.certificate_key)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(f"the TLS files cannot be read ({type(error).__name__})") from None
    return context


def _parse(body: bytes) -> object:
    try:
        answer: object = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise RubbishError("the answer is not JSON") from None
    return answer
