"""What a source sent that could not be used, as counts: never the value, never the key."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from schema.ids import CollectionName

__all__ = ["Finding", "Problem", "QualityCounts"]


class Problem(StrEnum):
    """Why a value was left out."""

    UNMAPPED_CODE = "unmapped-code"
    UNREADABLE = "unreadable"
    DUPLICATE = "duplicate-row"
    BAD_ROW = "bad-row"


@dataclass(frozen=True, slots=True)
class Finding:
    """Which column of which collection; `column` is empty where the whole row is meant."""

    collection: CollectionName
    column: str
    problem: Problem


class QualityCounts:
    """How often each finding was met since the connector was made."""

    def __init__(self) -> None:
        self._counts: Counter[Finding] = Counter()

    def add(self, finding: Finding, times: int = 1) -> None:
        """Count one more."""
        self._counts[finding] += times

    def snapshot(self) -> Mapping[Finding, int]:
        """The counts at this moment."""
        return dict(self._counts)
