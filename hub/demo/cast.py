"""The cast of the demo's story, with the ids that each department knows them by.

Written after the registry is built, for the query page's ready examples; readable by its owner only, like the city's
truth. A real case system keeps such ids; the story's own callers ask the hub for them.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from hub.city.personas import Persona, Personas
from hub.files import write_private
from hub.registry.crosswalk import Crosswalk
from privacy.sector_ids import SectorIds
from schema.codes import DocumentKind
from schema.identity import normalise_number
from schema.vocabulary import Department

__all__ = ["DemoCast", "cast_file", "make_cast", "members_of", "read_cast"]


@dataclass(frozen=True, slots=True)
class DemoCast:
    """Members by name, and their sector ids by department and member."""

    members: Mapping[str, Persona]
    ids: Mapping[str, Mapping[str, str]]


def members_of(personas: Personas) -> dict[str, Persona]:
    """The cast by the names the scenarios use."""
    return {
        "child": personas.child,
        "firstGuardian": personas.guardians[0],
        "secondGuardian": personas.guardians[1],
        "worker": personas.worker,
        "applicant": personas.applicant,
        "protected": personas.protected,
    }


def cast_file(state_dir: Path) -> Path:
    """Where the cast lies."""
    return state_dir / "demo" / "cast.json"


async def make_cast(state_dir: Path, personas: Personas, crosswalk: Crosswalk, sector_ids: SectorIds) -> DemoCast:
    """Find the cast in the registry and write it down."""
    members = members_of(personas)
    found = {}
    for name, persona in members.items():
        kind = DocumentKind[persona.document_kind]
        number = normalise_number(kind, persona.number)
        migrant = await crosswalk.find(kind, number, persona.name)
        found[name] = migrant or crosswalk.phantom(kind, number, persona.name)
    ids = {
        department.value: {name: str(sector_ids.seal(department, migrant)) for name, migrant in found.items()}
        for department in Department
    }
    told = {"members": {name: asdict(persona) for name, persona in members.items()}, "ids": ids}
    write_private(cast_file(state_dir), json.dumps(told, default=_plain, ensure_ascii=False).encode())
    return DemoCast(members, ids)


def read_cast(state_dir: Path) -> DemoCast | None:
    """The cast of the last demo, or None when there was none."""
    try:
        told = json.loads(cast_file(state_dir).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return DemoCast({name: _persona(member) for name, member in told["members"].items()}, told["ids"])


def _persona(told: dict[str, Any]) -> Persona:
    return Persona(**{**told, "birth_date": date.fromisoformat(told["birth_date"])})


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else dict(value)  # type: ignore[call-overload]
