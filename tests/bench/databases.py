"""The driver as the bench uses it: one connection for setting up, one pool per database for the programs."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

import asyncpg

from tests.bench.serving import addresses

__all__ = ["connected", "open_pools"]

_ASYNCPG: Final[Any] = asyncpg  # no types of its own
_CONNECTIONS: Final = 8
_SESSION: Final = {"jit": "off", "plan_cache_mode": "force_generic_plan"}


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Any]:
    """One connection, closed at the end."""
    connection = await _ASYNCPG.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def open_pools() -> AsyncIterator[Mapping[str, Any]]:
    """One pool per database by name, as large as the hub's and without a reset query."""
    async with AsyncExitStack() as stack:
        pools = {}
        for name, url in addresses().items():
            pool = _ASYNCPG.create_pool(url, min_size=1, max_size=_CONNECTIONS, reset=_keep, server_settings=_SESSION)
            pools[name.replace("-", "_")] = await stack.enter_async_context(pool)
        yield pools


async def _keep(_connection: object) -> None:
    """Sessions hold no state."""
