"""Keys of the issuers, kept fresh beside the requests and never in their way.

Each issuer has one background task. It reads the key set again after an interval, or soon after a token
named a key that is not there, but never twice within a minute, so that nobody can make the hub hammer
an issuer by inventing key names. While a set cannot be read, the keys from before stay.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from auth.issuers import Issuer, IssuerDirectory
from auth.key_sets import MAX_KEY_SET_BYTES, KeySet, parse_key_set
from hub.config import Settings
from hub.demo.issuer import DEMO_ISSUER, DemoIssuer
from schema.errors import ConfigurationError

__all__ = ["Fetch", "IssuerKeys", "Pace", "fetch_https", "issuer_directory"]

Fetch = Callable[[str], Awaitable[bytes]]
"""Reads the document at an address; raises OSError, httpx.HTTPError or ConfigurationError when it cannot."""

FETCH_SECONDS: Final = 5.0

_LOG = logging.getLogger("hub.issuer_keys")


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between two readings: as a rule, and at the very least."""

    interval: float = 300.0
    floor: float = 60.0


def issuer_directory(settings: Settings) -> IssuerDirectory:
    """The configured issuers; in sandbox mode the demo issuer as well, made when there is none yet.

    Raises ConfigurationError when production names the demo issuer.
    """
    issuers = [Issuer(entry.name, entry.algorithm, entry.departments, entry.key_set) for entry in settings.issuers]
    named = any(issuer.name == DEMO_ISSUER for issuer in issuers)
    if settings.production and named:
        raise ConfigurationError(f"production mode refuses the demo issuer `{DEMO_ISSUER}`")
    if not settings.production and not named:
        issuers.append(DemoIssuer.open(settings.state_dir).issuer)
    return IssuerDirectory(issuers)


class IssuerKeys:
    """Fills an IssuerDirectory at start and keeps its keys fresh until stopped."""

    def __init__(
        self, directory: IssuerDirectory, *, allow_demo: bool, fetch: Fetch | None = None, pace: Pace | None = None
    ) -> None:
        """`allow_demo`: whether a key set marked `"demo": true` may be used; never so in production."""
        self._directory = directory
        self._allow_demo = allow_demo
        self._fetch = fetch or fetch_https
        self._pace = pace or Pace()
        self._asked = {issuer.name: asyncio.Event() for issuer in directory}
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Read every key set once, then keep them fresh.

        Raises ConfigurationError for a file that is missing or wrong. An address that does not answer yet is
        logged and tried again: its issuer's tokens are refused until then.
        """
        await asyncio.gather(*(self._read_first(issuer) for issuer in self._directory))
        self._directory.on_unknown_key(self._ask)
        self._tasks = [asyncio.create_task(self._keep_fresh(issuer)) for issuer in self._directory]

    async def stop(self) -> None:
        """End the background tasks; safe to call twice."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ask(self, name: str) -> None:
        self._asked[name].set()

    async def _read_first(self, issuer: Issuer) -> None:
        if issuer.remote:
            await self._refresh(issuer)
        else:
            self._directory.replace(issuer, await self._read(issuer))

    async def _keep_fresh(self, issuer: Issuer) -> None:
        while True:
            await asyncio.sleep(self._pace.floor)
            await self._wait_until_due(issuer)
            self._asked[issuer.name].clear()
            await self._refresh(issuer)

    async def _wait_until_due(self, issuer: Issuer) -> None:
        try:
            async with asyncio.timeout(max(0.0, self._pace.interval - self._pace.floor)):
                await self._asked[issuer.name].wait()
        except TimeoutError:
            return

    async def _refresh(self, issuer: Issuer) -> None:
        """Read the key set and put it to use; on failure keep the keys there are."""
        try:
            changed = self._directory.replace(issuer, await self._read(issuer))
        except ConfigurationError as error:
            _LOG.warning("keys of issuer %s not refreshed: %s", issuer.name, error)
        else:
            if changed:
                _LOG.info("keys of issuer %s changed", issuer.name)

    async def _read(self, issuer: Issuer) -> KeySet:
        try:
            async with asyncio.timeout(2 * FETCH_SECONDS):
                document = await self._load(issuer)
        except (OSError, httpx.HTTPError, TimeoutError):
            raise ConfigurationError(f"key set of issuer {issuer.name} cannot be read") from None
        key_set = parse_key_set(document, issuer.algorithm)
        if key_set.demo and not self._allow_demo:
            raise ConfigurationError(f"key set of issuer {issuer.name} is for demonstrations only")
        return key_set

    async def _load(self, issuer: Issuer) -> bytes:
        if issuer.remote:
            return await self._fetch(issuer.key_set)
        return await asyncio.to_thread(_read_file, Path(issuer.key_set))


async def fetch_https(address: str, transport: httpx.AsyncBaseTransport | None = None) -> bytes:
    """The document at an https address: no redirects, five seconds, 64 KiB at most."""
    async with (
        httpx.AsyncClient(timeout=FETCH_SECONDS, follow_redirects=False, transport=transport) as client,
        client.stream("GET", address, headers={"accept": "application/jwk-set+json, application/json"}) as response,
    ):
        if response.status_code != httpx.codes.OK:
            raise ConfigurationError("key set: the address did not answer with a document")
        document = b""
        async for part in response.aiter_bytes():
            document += part
            if len(document) > MAX_KEY_SET_BYTES:
                raise ConfigurationError("key set: longer than 64 KiB")
        return document


def _read_file(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_KEY_SET_BYTES + 1)
