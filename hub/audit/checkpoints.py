"""Where a shard's checkpoints are kept beside the database, so that a truncated or restored database is found."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hub.audit.keys import AuditKeys
from hub.audit.note import Checkpoint, NoteKey, checkpoint_of, sign_note
from hub.files import write_private
from schema.errors import ConfigurationError, StorageError

__all__ = ["ShardPlace", "checkpoint_files", "shard_key", "sign_checkpoint"]

SHARD: Final = re.compile(r"[a-z0-9-]{1,40}")
SUFFIX: Final = ".checkpoint"


@dataclass(frozen=True, slots=True)
class ShardPlace:
    """A shard's name, and the hub's state folder that holds its checkpoint file."""

    shard: str
    state_dir: Path

    def __post_init__(self) -> None:
        if not SHARD.fullmatch(self.shard):
            raise ConfigurationError("a shard's name has 1 to 40 letters a–z, digits and `-`")

    @property
    def file(self) -> Path:
        """`<state folder>/audit/<shard>.checkpoint`."""
        return self.state_dir / "audit" / f"{self.shard}{SUFFIX}"

    def read(self) -> str | None:
        """The note in the file, or None without a file. Raises StorageError when it cannot be read."""
        try:
            return self.file.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError):
            raise StorageError(f"the checkpoint file of shard `{self.shard}` cannot be read") from None

    def write(self, note: str) -> None:
        """Replace the file, whole and durably. Raises StorageError (a full disk, a read-only folder)."""
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            write_private(self.file, note.encode())
        except OSError:
            raise StorageError(f"the checkpoint file of shard `{self.shard}` cannot be written") from None


def checkpoint_files(state_dir: Path) -> list[ShardPlace]:
    """The shards that have a checkpoint file in this state folder, by name."""
    names = sorted(file.name.removesuffix(SUFFIX) for file in (state_dir / "audit").glob(f"*{SUFFIX}"))
    return [ShardPlace(name, state_dir) for name in names if SHARD.fullmatch(name)]


def shard_key(log_name: str, public_key: bytes, shard: str) -> NoteKey:
    """The key that verifies one shard's checkpoints; its name is the shard's origin."""
    return NoteKey(f"{log_name}/{shard}", public_key)


def sign_checkpoint(keys: AuditKeys, shard: str, size: int, root: bytes) -> str:
    """A signed checkpoint of the shard."""
    key = shard_key(keys.log_name, keys.public_key(), shard)
    note = sign_note(Checkpoint(key.name, size, root).text(), key, keys.sign)
    # INVARIANT: nothing is published that its own public key does not verify.
    checkpoint_of(note, key)
    return note
