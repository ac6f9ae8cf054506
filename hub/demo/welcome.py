"""What `hub demo` prints once everything stands: addresses, and queries ready to paste."""

import json
import shlex

from rich.console import Console

from hub.clock import now
from hub.demo.cast import DemoCast
from hub.demo.installation import DemoInstallation
from hub.demo.scenarios import SCENARIOS, Scenario

__all__ = ["print_welcome"]

_MINUTES = 60


def print_welcome(console: Console, address: str, installation: DemoInstallation, cast: DemoCast) -> None:
    """Print the query page's address and one command for each caller; tokens last an hour."""
    console.print()
    console.print(f"Query page:  [bold]{address}/console/[/bold]  (its examples carry fresh tokens)")
    console.print(f"API:         {address}/graphql")
    console.print(f"Settings:    {installation.settings_file}")
    console.print(f"\nReady to paste (tokens last {_MINUTES} minutes; `hub token --help` makes others):")
    for scenario in SCENARIOS:
        console.print(f"\n# {scenario.title}  {scenario.title_zh}", highlight=False)
        console.out(_curl(address, scenario, installation, cast), highlight=False)
    console.print("\nCtrl+C stops everything; the data stays for the next time.")


def _curl(address: str, scenario: Scenario, installation: DemoInstallation, cast: DemoCast) -> str:
    ids = cast.ids[scenario.department.value]
    request = scenario.token(ids, cast.members, _MINUTES)
    token = installation.issuer.mint(request, audience=installation.settings.audience, now=now())
    headers = {
        "content-type": "application/json",
        "authorization": f"Bearer {token}",
        "hub-purpose": scenario.purpose,
        "hub-case": scenario.reference,
        "hub-agreement": scenario.agreement,
    }
    body = {"query": scenario.document, "variables": scenario.variables(ids, cast.members)}
    words = ["curl", "-s", f"{address}/graphql"]
    for name, value in headers.items():
        if value:
            words += ["-H", f"{name}: {value}"]
    return shlex.join([*words, "-d", json.dumps(body, ensure_ascii=False)])
