"""What verification reads: the rows and checkpoints of each shard, wherever they are kept."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from hub.audit.commitment import Payload
from hub.audit.note import NoteKey

__all__ = ["Evidence", "EvidenceRow"]


@dataclass(frozen=True, slots=True, repr=False)
class EvidenceRow:
    """One row as stored.

    `entry` is None where only a payload is left. `payload` is None where there is none; `damaged` says that there is
    one, but it does not open or its columns contradict it.
    """

    position: int
    entry: bytes | None
    payload: Payload | None = None
    damaged: bool = False


class Evidence(Protocol):
    """One copy of the log. Readable once, shard after shard."""

    blind: bool
    """Whether this copy holds commitments only, no payloads."""

    async def shards(self) -> Sequence[str]:
        """Names of all shards, sorted."""

    def key(self, shard: str) -> NoteKey:
        """The key that must have signed the shard's checkpoints. Raises NoteError without one."""

    def notes(self, shard: str) -> AsyncIterator[str]:
        """The shard's checkpoints, smallest first as far as their places allow."""

    def rows(self, shard: str) -> AsyncIterator[EvidenceRow]:
        """The shard's rows, in the order in which they are stored."""
