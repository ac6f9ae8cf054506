"""docker/ as data: the Dockerfile's instructions and the compose file's services, merged as an engine would."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from tests.house import ROOT

__all__ = ["DOCKER", "Service", "instructions", "read_compose", "services"]

DOCKER = ROOT / "docker"


@lru_cache
def instructions(path: Path = DOCKER / "Dockerfile") -> list[tuple[str, str]]:
    """(instruction, arguments) of a Dockerfile, continued lines joined."""
    text = re.sub(r"\\\n\s*", " ", path.read_text(encoding="utf-8"))
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in lines]


@lru_cache
def read_compose() -> Mapping[str, Any]:
    """The compose file."""
    found: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text(encoding="utf-8"))
    return found


@dataclass(frozen=True, slots=True)
class Service:
    """One service; `told` is its part of the compose file."""

    name: str
    told: Mapping[str, Any]

    @property
    def ours(self) -> bool:
        """Whether it runs our image."""
        return "build" in self.told

    @property
    def job(self) -> bool:
        """Whether it ends by itself."""
        return self.told.get("restart") == "no"

    @property
    def networks(self) -> frozenset[str]:
        """The networks it is in."""
        return frozenset(self.told.get("networks", ()))

    @property
    def secrets(self) -> frozenset[str]:
        """The secrets it may read."""
        return frozenset(self.told.get("secrets", ()))

    @property
    def command_line(self) -> list[str]:
        """What runs in it, if it is ours."""
        entrypoint = dict(instructions())["ENTRYPOINT"]
        return [*self.told.get("entrypoint", json.loads(entrypoint)), *self.told.get("command", ())]

    def mounts(self) -> Iterator[tuple[str, str]]:
        """(volume or file, place) of each mount."""
        for mount in self.told.get("volumes", ()):
            volume, place = str(mount).split(":")[:2]
            yield volume, place

    def option(self, name: str) -> str | None:
        """The value of an option of its command."""
        words = self.command_line
        return words[words.index(name) + 1] if name in words else None


def services() -> Mapping[str, Service]:
    """Every service by name."""
    return {name: Service(name, told) for name, told in read_compose()["services"].items()}
