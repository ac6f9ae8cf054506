"""Tokens verified a moment ago, so that a busy client's token costs a digest instead of a signature."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from auth.model import Caller

__all__ = ["CACHE_SECONDS", "CACHE_SIZE", "TokenCache"]

CACHE_SECONDS: Final = 60
CACHE_SIZE: Final = 4096


@dataclass(frozen=True, slots=True)
class _Remembered:
    """A caller verified at `since`, good until `until` under the keys of `generation`."""

    caller: Caller
    since: datetime
    until: datetime
    generation: int


class TokenCache:
    """Callers by the SHA-256 of their token: no token is kept.

    At most CACHE_SIZE entries; the oldest make room. An entry holds for at most CACHE_SECONDS, never past its
    token's `exp`, never under another generation of keys, and never at a time before it was made.
    """

    def __init__(self) -> None:
        self._entries: dict[bytes, _Remembered] = {}
        self._generation = 0

    def __len__(self) -> int:
        return len(self._entries)

    def find(self, digest: bytes, now: datetime, generation: int) -> Caller | None:
        """The caller remembered under that digest, if that still holds."""
        entry = self._entries.get(digest)
        if entry is not None and entry.generation == generation and entry.since <= now < entry.until:
            return entry.caller
        return None

    def remember(self, digest: bytes, caller: Caller, now: datetime, generation: int) -> None:
        """Keep a caller verified at `now` with keys of `generation`; entries of another generation go."""
        if generation != self._generation:
            self._entries.clear()
            self._generation = generation
        self._entries.pop(digest, None)
        while len(self._entries) >= CACHE_SIZE:
            del self._entries[next(iter(self._entries))]
        until = min(caller.expires, now + timedelta(seconds=CACHE_SECONDS))
        self._entries[digest] = _Remembered(caller, now, until, generation)
