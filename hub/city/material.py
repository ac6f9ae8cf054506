"""What the city is made of, read from `city.toml`: words, weights, schedules."""

import tomllib
from functools import lru_cache
from importlib.resources import files
from typing import Any

__all__ = ["letters", "shares", "text", "weights", "words"]


@lru_cache(maxsize=1)
def _material() -> dict[str, Any]:
    return tomllib.loads((files("hub.city") / "city.toml").read_text(encoding="utf-8"))


def text(section: str, name: str) -> str:
    """A text as it stands."""
    return str(_material()[section][name])


def words(section: str, name: str) -> list[str]:
    """A text cut at its spaces."""
    return text(section, name).split()


def letters(section: str, name: str) -> str:
    """A text without spaces and line ends."""
    return "".join(words(section, name))


def weights(section: str) -> dict[str, float]:
    """Names and their weights."""
    return {name: float(weight) for name, weight in _material()[section].items()}


def shares(section: str) -> dict[str, dict[str, float]]:
    """Weights within each of several groups."""
    return {name: dict(group) for name, group in _material()[section].items()}
