"""`hub demo --once`: each caller asks over HTTP; what they got, what they did not get and why is told."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from hub.city.personas import Persona
from hub.demo.client import DemoClient
from hub.demo.scenarios import SCENARIOS, Scenario

__all__ = ["CallerAnswer", "run_story", "tell_story"]


_ROWS = 3
"""Rows of a list that are told one by one."""


@dataclass(frozen=True, slots=True)
class CallerAnswer:
    """One caller's operation and the response as received."""

    scenario: Scenario
    response: Mapping[str, Any]

    def told(self) -> dict[str, Any]:
        """As `--json` prints it."""
        return {
            "department": self.scenario.department.value,
            "role": self.scenario.role.value,
            "purpose": self.scenario.purpose,
            "operation": self.scenario.document,
            "response": self.response,
        }


def run_story(client: DemoClient, cast: Mapping[str, Persona], person_ids: Mapping[str, str]) -> list[CallerAnswer]:
    """Let every caller ask. `person_ids` are what the persons' own portal knows them by."""
    return [_run_one(client, scenario, cast, person_ids) for scenario in SCENARIOS]


def _run_one(
    client: DemoClient, scenario: Scenario, cast: Mapping[str, Persona], person_ids: Mapping[str, str]
) -> CallerAnswer:
    headers = {
        "hub-purpose": scenario.purpose,
        "hub-case": scenario.reference,
        "hub-agreement": scenario.agreement,
    }
    ids = dict(person_ids) if scenario.department.value == "person" else _find_ids(client, scenario, cast, headers)
    response = client.ask(scenario.token(ids, cast), scenario.document, scenario.variables(ids, cast), headers)
    return CallerAnswer(scenario, response)


def _find_ids(
    client: DemoClient, scenario: Scenario, cast: Mapping[str, Persona], headers: Mapping[str, str | None]
) -> dict[str, str]:
    """The case is opened first, naming nobody; the ids found go into it."""
    token = scenario.token({}, cast)
    return {
        name: client.find_id(
            token,
            {"kind": cast[name].document_kind, "number": cast[name].number, "name": cast[name].name},
            headers,
        )
        for name in (*scenario.subjects, *scenario.related)
    }


def tell_story(answers: Sequence[CallerAnswer], console: Console) -> None:
    """Print each caller's answer as a table of paths, values and reasons."""
    for answer in answers:
        one = answer.scenario
        console.print()
        console.rule(f"[bold]{one.title}[/bold]  {one.title_zh}", align="left")
        console.print(f"{one.department.value} · {one.role.value} · purpose {one.purpose}")
        console.print(_table(answer.response))
        extensions = answer.response.get("extensions", {})
        sources = (f"{row['department']} {row['status']}" for row in extensions.get("sources", ()))
        console.print(f"departments asked: {', '.join(sources) or 'none'}")
        if "receipt" in extensions:
            console.print(f"audit record: {extensions['receipt']['id']}")


def _table(response: Mapping[str, Any]) -> Table:
    markers = {".".join(row["path"]): row["code"] for row in response.get("extensions", {}).get("markers", ())}
    table = Table(show_edge=False, pad_edge=False)
    for title in ("path", "value", "why"):
        table.add_column(title, overflow="fold")
    for error in response.get("errors", ()):
        table.add_row(
            ".".join(map(str, error.get("path", ()))), "", f"{error['extensions']['code']}: {error['message']}"
        )
    for path, value in _leaves(response.get("data") or {}, ()):
        names = ".".join(part for part in path if not part.isdigit())
        table.add_row(".".join(path), "—" if value is None else str(value), _reason(names, value, markers))
    return table


def _leaves(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Paths with what stands there in one line: a check is its answer, a row of a list its values."""
    if isinstance(value, dict) and "answer" in value:
        yield path, f"{value['answer']}  ({value['source']})"
    elif isinstance(value, dict) and "name" in value and set(value) <= {"code", "name"}:
        yield path, value["name"]
    elif isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(inner, (*path, key))
    elif isinstance(value, list) and value and "id" not in value[0]:
        for index, inner in enumerate(value[:_ROWS]):
            yield (*path, str(index)), ", ".join(str(told) for _, told in _leaves(inner, ()) if told is not None)
        if len(value) > _ROWS:
            yield (*path, "…"), f"{len(value) - _ROWS} more"
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from _leaves(inner, (*path, str(index)))
    else:
        yield path, None if value == [] else value


def _reason(path: str, value: Any, markers: Mapping[str, str]) -> str:
    """The marker of the path, of what stands above it, or of what would stand below."""
    if value is not None:
        return "masked" if str(value).endswith("**") else ""
    related = {code for marked, code in markers.items() if path.startswith(marked) or marked.startswith(path)}
    if related == {"WITHHELD"}:
        return "withheld for this purpose, never fetched"
    return "nothing on record, or a condition is not met" if related else ""
