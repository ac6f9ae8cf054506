"""Start-up and recovery: rebuild a shard's tree from its rows, and refuse a log that its checkpoints contradict."""

from collections.abc import Sequence
from typing import Final

from hub.audit.checkpoints import ShardPlace, shard_key
from hub.audit.commitment import entry_of
from hub.audit.keys import AuditKeys
from hub.audit.mac import KeyedHash
from hub.audit.merkle import CompactRange, leaf_hash
from hub.audit.note import Checkpoint, NoteError, checkpoint_of
from hub.audit.sealing import unseal_payload
from hub.audit.session import ShardSession
from schema.errors import StorageError

__all__ = ["replay_shard"]

REFUSED: Final = "audit shard `{}` contradicts its checkpoint; run `hub audit verify`"


async def replay_shard(session: ShardSession, place: ShardPlace, keys: AuditKeys, tree: CompactRange) -> int:
    """Append the shard's rows to `tree` from its size on; the size that both database and file hold signed.

    Checked on the way: positions have no gap, the root at each known checkpoint (the database's and the file's) is
    the signed one, and every row after them has a payload that this hub sealed. Raises StorageError.
    """
    heads = known_heads([await session.last_checkpoint(), place.read()], keys, place.shard)
    sizes = [head.size for head in heads]
    if await session.size() < max([tree.size, *sizes]):
        raise StorageError(REFUSED.format(place.shard))
    await extend_tree(session, tree, heads, place.shard)
    await check_tail(session, keys, place.shard, max(sizes, default=0))
    return min(sizes) if len(sizes) == 2 else 0


def known_heads(notes: Sequence[str | None], keys: AuditKeys, shard: str) -> list[Checkpoint]:
    """The checkpoints in the notes there are. Raises StorageError when one is not this log's."""
    key = shard_key(keys.log_name, keys.public_key(), shard)
    try:
        return [checkpoint_of(note, key) for note in notes if note is not None]
    except NoteError:
        raise StorageError(REFUSED.format(shard)) from None


async def extend_tree(session: ShardSession, tree: CompactRange, heads: Sequence[Checkpoint], shard: str) -> None:
    """Append rows, comparing the root at the size of every head that is not behind the tree already."""
    check_heads(tree, heads, shard)
    sizes = {head.size for head in heads}
    async for page in session.entries(tree.size):
        for position, entry in page:
            if position != tree.size:
                raise StorageError(REFUSED.format(shard))
            tree.append(leaf_hash(entry))
            if tree.size in sizes:
                check_heads(tree, heads, shard)


def check_heads(tree: CompactRange, heads: Sequence[Checkpoint], shard: str) -> None:
    """Raise StorageError when a head of the tree's size has another root."""
    for head in heads:
        if head.size == tree.size and head.root != tree.root():
            raise StorageError(REFUSED.format(shard))


async def check_tail(session: ShardSession, keys: AuditKeys, shard: str, first: int) -> None:
    """Rows that no checkpoint covers yet count only if they open under the payload key and fit their entry."""
    keyed = KeyedHash(keys.payload_key())
    async for page in session.sealed(first):
        for _, entry, sealed in page:
            if sealed is None or entry_of(unseal_payload(keyed, sealed).payload) != entry:
                raise StorageError(REFUSED.format(shard))
