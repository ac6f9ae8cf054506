"""YAML documents read node by node, so that every complaint can name its file and line."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

from schema.errors import ConfigurationError

__all__ = ["Entry", "read_document"]

_LARGEST: Final = 1_000_000
_NOTHING: Final = "tag:yaml.org,2002:null"


@dataclass(frozen=True, slots=True)
class Entry:
    """One node of a document. Every method that reads it refuses what it does not expect."""

    file: str
    node: yaml.Node

    @property
    def line(self) -> int:
        """1-based line of the node in its file."""
        return int(self.node.start_mark.line) + 1

    def fail(self, message: str) -> ConfigurationError:
        """The error to raise about this entry."""
        return ConfigurationError(f"{self.file}:{self.line}: {message}")

    def pairs(self) -> Iterator[tuple["Entry", "Entry"]]:
        """The keys and values of a mapping; a key may not occur twice."""
        if not isinstance(self.node, yaml.MappingNode):
            raise self.fail("expected a mapping of keys to values")
        seen = set()
        for key_node, value_node in self.node.value:
            key = Entry(self.file, key_node)
            if (name := key.text()) in seen:
                raise key.fail(f"key `{name}` occurs twice")
            seen.add(name)
            yield key, Entry(self.file, value_node)

    def keys(self, allowed: Collection[str], required: Collection[str] = ()) -> dict[str, "Entry"]:
        """The values of a mapping whose keys are a closed set."""
        found = {}
        for key, value in self.pairs():
            if key.text() not in allowed:
                raise key.fail(f"unknown key `{key.text()}`; expected one of {', '.join(sorted(allowed))}")
            found[key.text()] = value
        for name in sorted(required):
            if name not in found:
                raise self.fail(f"key `{name}` is missing")
        return found

    def items(self) -> list["Entry"]:
        """The entries of a list."""
        if not isinstance(self.node, yaml.SequenceNode):
            raise self.fail("expected a list")
        return [Entry(self.file, node) for node in self.node.value]

    def texts(self) -> list[str]:
        """A list of texts, or a single one."""
        return [self.text()] if self.is_text() else [item.text() for item in self.items()]

    def is_text(self) -> bool:
        """Whether the entry is a plain value, not a list or a mapping."""
        return isinstance(self.node, yaml.ScalarNode)

    def text(self) -> str:
        """The characters of a plain value as they stand in the file: `01` stays `01`."""
        if not isinstance(self.node, yaml.ScalarNode) or self.node.tag == _NOTHING:
            raise self.fail("expected a text")
        return str(self.node.value)

    def choice(self, allowed: Collection[str]) -> str:
        """A text out of a closed set."""
        if (text := self.text()) not in allowed:
            raise self.fail(f"`{text}` is not one of {', '.join(sorted(allowed))}")
        return text

    def number(self, low: int, high: int) -> int:
        """A whole number within bounds."""
        text = self.text()
        if not (text.isascii() and text.isdigit()) or not low <= int(text) <= high:
            raise self.fail(f"expected a whole number from {low} to {high}")
        return int(text)


def read_document(path: Path) -> Entry:
    """The root of one YAML file of at most 1 MB. Raises ConfigurationError with file and line."""
    try:
        if path.stat().st_size > _LARGEST:
            raise ConfigurationError(f"{path}:1: the file is larger than {_LARGEST} bytes")
        node = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except OSError as error:
        raise ConfigurationError(f"{path}:1: the file cannot be read ({type(error).__name__})") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path}:1: the file is not UTF-8") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise ConfigurationError(f"{path}:{mark.line + 1 if mark else 1}: not valid YAML") from None
    except yaml.YAMLError:
        raise ConfigurationError(f"{path}:1: not valid YAML") from None
    if node is None:
        raise ConfigurationError(f"{path}:1: the file is empty")
    return Entry(str(path), node)
