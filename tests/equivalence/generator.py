"""Generates valid query documents over the schema: aliases, fragments, inline fragments, directives, merged fields.

Public generators make practically no fragments, directives or variables, which is where a compiled plan could
disagree with an executor; this one makes all of them often.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema, get_named_type, is_leaf_type

__all__ = ["GeneratedOperation", "OperationGenerator"]

_ROOTS = ("migrant", "lookup", "migrants", "me", "__typename")


@dataclass(frozen=True)
class GeneratedOperation:
    """A document with its variables."""

    document: str
    variables: Mapping[str, Any]


@dataclass
class _Scope:
    """Response keys used in one place of the answer, so that whatever merges there is the same field."""

    keys: dict[str, tuple[str, str, "_Scope"]] = field(default_factory=dict)


class OperationGenerator:
    """Deterministic for a seed."""

    def __init__(self, schema: GraphQLSchema, ids: list[str], seed: int) -> None:
        self._schema = schema
        self._ids = ids
        self._random = random.Random(seed)  # noqa: S311  reproducible, not secret

    def generate(self) -> GeneratedOperation:
        """One operation."""
        self._fragments: list[str] = []
        self._variables: dict[str, tuple[str, Any]] = {}
        query = self._schema.query_type
        assert query is not None
        body = self._selection(query, _Scope(), 0)
        declared = ", ".join(f"${name}: {type_}" for name, (type_, _) in self._variables.items())
        head = f"query Generated({declared})" if declared else "query Generated"
        document = "\n".join([f"{head} {body}", *self._fragments])
        return GeneratedOperation(document, {name: value for name, (_, value) in self._variables.items()})

    def _selection(self, parent: GraphQLObjectType, scope: _Scope, depth: int) -> str:
        count = self._random.randint(1, 3 if depth < 6 else 2)
        return "{ " + " ".join(self._part(parent, scope, depth) for _ in range(count)) + " }"

    def _part(self, parent: GraphQLObjectType, scope: _Scope, depth: int) -> str:
        draw = self._random.random()
        if depth < 6 and draw < 0.12:
            condition = f" on {parent.name}" if self._random.random() < 0.7 else ""
            return f"...{condition}{self._directives()} {self._selection(parent, scope, depth + 1)}"
        if depth < 6 and draw < 0.22:
            return self._named_fragment(parent, scope, depth)
        return self._field(parent, scope, depth)

    def _named_fragment(self, parent: GraphQLObjectType, scope: _Scope, depth: int) -> str:
        body = self._selection(parent, scope, depth + 1)
        name = f"Part{len(self._fragments)}"
        self._fragments.append(f"fragment {name} on {parent.name} {body}")
        again = f" ...{name}{self._directives()}" if self._random.random() < 0.3 else ""
        return f"...{name}{self._directives()}{again}"

    def _field(self, parent: GraphQLObjectType, scope: _Scope, depth: int) -> str:
        name = self._random.choice(self._names(parent))
        known = [key for key, (used, _, _) in scope.keys.items() if used == name]
        if known and self._random.random() < 0.5:
            key = self._random.choice(known)
            _, arguments, inner = scope.keys[key]
        else:
            key = name if name not in scope.keys and self._random.random() < 0.7 else f"k{len(scope.keys)}_{depth}"
            if key in scope.keys:
                key = f"{key}_{self._random.randrange(10**6)}"
            inner = _Scope()
            arguments = "" if name == "__typename" else self._arguments(parent.fields[name], name)
            scope.keys[key] = (name, arguments, inner)
        label = name if key == name else f"{key}: {name}"
        return f"{label}{arguments}{self._directives()}{self._below(parent, name, inner, depth)}"

    def _below(self, parent: GraphQLObjectType, name: str, inner: _Scope, depth: int) -> str:
        if name == "__typename":
            return ""
        child = get_named_type(parent.fields[name].type)
        return "" if is_leaf_type(child) else " " + self._selection(child, inner, depth + 1)

    def _names(self, parent: GraphQLObjectType) -> list[str]:
        if parent is self._schema.query_type:
            return list(_ROOTS)
        return [*parent.fields, "__typename"] if self._random.random() < 0.2 else list(parent.fields)

    def _arguments(self, definition: GraphQLField, field_name: str) -> str:
        given = [f"{name}: {self._argument(field_name, name, str(arg.type))}" for name, arg in definition.args.items()]
        return f"({', '.join(given)})" if given else ""

    def _argument(self, field_name: str, name: str, type_name: str) -> str:
        literal = self._random.random() < 0.3
        value = self._value(name, type_name)
        if literal and type_name.startswith("InsuredPeriod"):
            return str(value)
        if literal and name == "first":
            return str(value)
        variable = f"v{len(self._variables)}"
        declared = type_name
        if type_name == "Int!" and self._random.random() < 0.5:
            declared = f"Int = {value}"
            self._variables[variable] = (declared, value)
            return f"${variable}"
        self._variables[variable] = (declared, value)
        return f"${variable}"

    def _value(self, name: str, type_name: str) -> Any:
        choose = self._random.choice
        if name == "after":
            return None
        if name == "first":
            return self._random.randint(1, 5)
        choices = {
            "ID": self._ids,
            "InsuredPeriod": ["MONTHS_6", "MONTHS_12", "MONTHS_36"],
            "DocumentKind": ["RESIDENT_ID"],
            "Date": ["1990-01-01", "1985-05-05"],
        }
        names = self._ids if name == "number" else ["张三", "李四", "阿·布"]
        return choose(choices.get(type_name.rstrip("!"), names))

    def _directives(self) -> str:
        if self._random.random() > 0.15:
            return ""
        kind = self._random.choice(["skip", "include"])
        flag = self._random.random() < 0.5
        if self._random.random() < 0.4:
            return f" @{kind}(if: {str(flag).lower()})"
        variable = f"v{len(self._variables)}"
        self._variables[variable] = ("Boolean!", flag)
        return f" @{kind}(if: ${variable})"
