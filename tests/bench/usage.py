"""What processes have used, as Linux's /proc tells it: CPU seconds and peak memory. Elsewhere: nothing."""

import os
from pathlib import Path
from typing import Final

__all__ = ["cpu_seconds", "peak_megabytes", "tree_cpu_seconds"]

_TICKS: Final = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, all its threads."""
    fields = _stat(pid)
    return (int(fields[11]) + int(fields[12])) / _TICKS if fields else 0.0


def tree_cpu_seconds(pid: int) -> float:
    """The same of a process, its children of now and those that ended before: a PostgreSQL server as a whole."""
    fields = _stat(pid)
    ended = (int(fields[13]) + int(fields[14])) / _TICKS if fields else 0.0
    return cpu_seconds(pid) + ended + sum(cpu_seconds(child) for child in _children(pid))


def peak_megabytes(pid: int) -> float:
    """The largest resident set of a process so far (`VmHWM`)."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the third on; the second, a name, may hold anything."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return []


def _children(pid: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        fields = _stat(int(path.name))
        if fields and int(fields[1]) == pid:
            found.append(int(path.name))
    return found
