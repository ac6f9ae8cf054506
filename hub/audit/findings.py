"""What verification can find, with the exit code of each."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum

__all__ = ["Finding", "FindingKind", "Report", "ShardReport"]


class FindingKind(IntEnum):
    """Kinds of damage; the value is the exit code of `hub audit verify`."""

    EDIT = 10
    DELETION = 11
    TRUNCATION = 12
    REORDERING = 13
    SIGNATURE = 14
    PAYLOAD = 15
    FORK = 16


MEANINGS = {
    FindingKind.EDIT: "an entry was changed or inserted",
    FindingKind.DELETION: "an entry was deleted",
    FindingKind.TRUNCATION: "the end of the log is missing",
    FindingKind.REORDERING: "entries stand in another order",
    FindingKind.SIGNATURE: "a checkpoint is not signed by the log's key",
    FindingKind.PAYLOAD: "a payload was changed or removed, the entry is whole",
    FindingKind.FORK: "two signed checkpoints contradict each other",
}


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """Damage in one shard: at positions `first` to `last` inclusive, as narrow as the evidence allows."""

    kind: FindingKind
    shard: str
    first: int
    last: int

    def __str__(self) -> str:
        place = f"position {self.first}" if self.first == self.last else f"positions {self.first} to {self.last}"
        return f"{self.kind.name.lower()}: shard {self.shard}, {place}: {MEANINGS[self.kind]}"


@dataclass(slots=True)
class ShardReport:
    """One shard: how many entries, checkpoints and payloads were verified, and what was found.

    `unsigned` entries at the end are newer than the last checkpoint. `root` is hex.
    """

    shard: str
    entries: int = 0
    checkpoints: int = 0
    payloads: int = 0
    unsigned: int = 0
    root: str = ""
    findings: list[Finding] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Report:
    """The whole log."""

    shards: Sequence[ShardReport]

    @property
    def findings(self) -> list[Finding]:
        """Everything found, gravest first."""
        return sorted(finding for shard in self.shards for finding in shard.findings)

    @property
    def records(self) -> int:
        """Entries in all shards."""
        return sum(shard.entries for shard in self.shards)

    @property
    def verified(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    @property
    def exit_code(self) -> int:
        """0, or the code of the gravest finding."""
        return min((int(finding.kind) for finding in self.findings), default=0)
