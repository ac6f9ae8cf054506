"""The scenarios' plain-text form: who asks, why, about whom, with which document; and what comes back.

    # Title
    > Why it must be so.

    given: worker consents to legal-aid by justice
    who: education, window-clerk, city, 3205
    purpose: school-enrolment
    case: child; related firstGuardian secondGuardian
    asks:
        query …
    with:
        id = id of child
    gets 200:
        child.name = masked name of child
        child.birthDate = nothing, WITHHELD
    sources: police

A file may hold several, one after the other; `Exchange` says what each line means. A value may be `something`,
`anything` (there or not), `nothing`, `an empty list`, a paper of a member of the cast, or itself; after `maybe` its
path need not be there.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Exchange", "ExpectedLine", "read_exchanges"]

_KEYS = frozenset(
    {
        "given",
        "who",
        "acts for",
        "may name",
        "purpose",
        "case",
        "case is for",
        "names case",
        "names purpose",
        "agreement",
        "asks",
        "with",
        "gets",
        "errors",
        "sources",
    }
)
_LINE = re.compile(r"(?P<key>[a-z ]+?)(?: (?P<status>\d{3}(?: [A-Z_]+)?))?:(?: (?P<value>.*))?")


@dataclass(frozen=True, slots=True)
class ExpectedLine:
    """One line of `gets`: a path, in which `*` stands for every index of a list, and what stands there."""

    path: tuple[str, ...]
    value: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer.

    `said` holds the plain lines: `given` (flags set before and lifted after), `who` (department, role, level,
    jurisdiction), `acts for` (the person, or the child of a guardian), `may name` (purposes of the token; without it
    the purpose), `purpose`, `case` (members named), `case is for` (its purpose, if another), `names case` and `names
    purpose` (the headers, if other than the case and the purpose), `agreement`, `errors` (path and code), `sources`
    (every department that was asked).
    """

    name: str
    title: str
    said: Mapping[str, str]
    document: str
    variables: Mapping[str, str]
    status: int
    code: str | None
    lines: Sequence[ExpectedLine]


@dataclass(slots=True)
class _Reading:
    title: str
    said: dict[str, str] = field(default_factory=dict)
    blocks: dict[str, list[str]] = field(default_factory=dict)
    outcome: str = ""


def read_exchanges(folder: Path) -> Iterator[Exchange]:
    """Every exchange of every `.txt` file. Raises ValueError naming file and line for what it does not understand."""
    for path in sorted(folder.glob("*.txt")):
        readings = list(_readings(path))
        for number, reading in enumerate(readings, 1):
            name = path.stem if len(readings) == 1 else f"{path.stem}-{number}"
            yield _exchange(name, reading)


def _readings(path: Path) -> Iterator[_Reading]:
    reading: _Reading | None = None
    block: list[str] | None = None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("# "):
            if reading is not None:
                yield reading
            reading, block = _Reading(line[2:]), None
        elif line.startswith("    ") and block is not None:
            block.append(line[4:])
        elif line and not line.startswith(">"):
            block = _take(reading, line, f"{path.name}:{number}")
    if reading is not None:
        yield reading


def _take(reading: _Reading | None, line: str, place: str) -> list[str]:
    """Take a plain line, or the head of a block; the block's lines go into the list returned."""
    match = _LINE.fullmatch(line)
    if reading is None or match is None or match["key"] not in _KEYS:
        raise ValueError(f"{place}: not understood: {line}")
    key = match["key"]
    if key in reading.said or key in reading.blocks:
        raise ValueError(f"{place}: `{key}` twice")
    if match["status"]:
        reading.outcome = match["status"]
    if match["value"]:
        reading.said[key] = match["value"].strip()
        return []
    return reading.blocks.setdefault(key, [])


def _exchange(name: str, reading: _Reading) -> Exchange:
    status, _, code = reading.outcome.partition(" ")
    lines = [_split(line) for line in reading.blocks.get("gets", ())]
    return Exchange(
        name=name,
        title=reading.title,
        said=reading.said,
        document="\n".join(reading.blocks.get("asks", ())),
        variables=dict(_split(line) for line in reading.blocks.get("with", ())),
        status=int(status),
        code=code or None,
        lines=[ExpectedLine(tuple(path.split(".")), value) for path, value in lines],
    )


def _split(line: str) -> tuple[str, str]:
    name, equals, value = line.partition(" = ")
    if not equals:
        raise ValueError(f"no ` = ` in: {line}")
    return name.strip(), value.strip()
