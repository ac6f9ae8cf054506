"""The demo's installation: a city, five departments' systems, and the settings of a hub over them.

Everything lies in the state folder; a second start finds it there. Services run as long as the installation is open;
the hub itself is a process of its own (`hub serve`), as in any other installation.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from connectors.opening import mapping_path
from hub.city.directory import CityDirectory, write_city
from hub.city.personas import Personas, find_personas
from hub.clock import day_of, now
from hub.config import Settings, load_settings
from hub.demo.agreements import write_demo_agreements
from hub.demo.issuer import DemoIssuer
from hub.demo.systems.business import SERVICE_TOKEN_FILE, write_business_system
from hub.demo.systems.civil_affairs import write_civil_affairs_file
from hub.demo.systems.health import CLIENT_ID, SECRET_FILE, write_health_system
from hub.demo.systems.human_resources import deliver_human_resources
from hub.demo.systems.launch import ServiceProcess
from hub.demo.systems.police import Reader, write_police_system
from hub.files import write_private
from hub.keys import KeyFile
from hub.postgres import EmbeddedServer
from schema.vocabulary import Source

__all__ = ["CITY", "JURISDICTION", "DemoInstallation", "open_installation"]

CITY: Final = "demo-city"
JURISDICTION: Final = "3205"
_POLICE_OWNER: Final = "police_owner"
_POLICE_READER: Final = "police_reader"
_HEALTH: Final = "hub.demo.systems.health"
_BUSINESS: Final = "hub.demo.systems.business"


@dataclass(frozen=True, slots=True)
class DemoInstallation:
    """What stands: settings, their file, the issuer of tokens, the cast of the story."""

    settings: Settings
    settings_file: Path
    issuer: DemoIssuer
    city: CityDirectory
    personas: Personas


@asynccontextmanager
async def open_installation(people: int, seed: int, port: int) -> AsyncIterator[DemoInstallation]:
    """Generate the city, write the five systems, start the two services, write the settings.

    Raises ConfigurationError when something of it cannot be had.
    """
    base = load_settings()
    folder = base.state_dir / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    async with AsyncExitStack() as stack:
        server = await asyncio.to_thread(EmbeddedServer.start, base.state_dir / "postgres")
        stack.callback(server.stop)
        today = day_of(now())
        place = folder / f"city-{people}-{seed}-{today}"  # as of today, so that no department's data is stale
        city = await asyncio.to_thread(write_city, people, seed, place, today)
        addresses = await _write_systems(server, city, folder)
        addresses[Source.HEALTH] = stack.enter_context(ServiceProcess.start(_HEALTH, folder / "health")).address
        business = stack.enter_context(ServiceProcess.start(_BUSINESS, folder / "business")).address
        addresses[Source.BUSINESS] = f"{business}/graphql"
        issuer = DemoIssuer.open(base.state_dir)
        keys = await asyncio.to_thread(KeyFile.of(base).complete)
        write_demo_agreements(
            folder / "agreements",
            keys.signer("agreement"),
            jurisdiction=JURISDICTION,
            expires=now() + timedelta(days=90),
        )
        settings_file = _write_settings(folder, base, addresses, port)
        yield DemoInstallation(load_settings(settings_file), settings_file, issuer, city, find_personas(city))


async def _write_systems(server: EmbeddedServer, city: CityDirectory, folder: Path) -> dict[Source, str]:
    """Write what changed; the addresses of the systems that need no service."""
    police = await _write_police(server, city)
    civil_affairs, inbox = folder / "civil-affairs.sqlite", folder / "human-resources"
    await asyncio.to_thread(write_civil_affairs_file, civil_affairs, city)
    await asyncio.to_thread(deliver_human_resources, inbox, city)
    await asyncio.to_thread(write_health_system, folder / "health", city)
    await asyncio.to_thread(write_business_system, folder / "business", city)
    return {
        Source.POLICE: police,
        Source.CIVIL_AFFAIRS: f"sqlite+aiosqlite:///{civil_affairs}",
        Source.HUMAN_RESOURCES: str(inbox),
    }


async def _write_police(server: EmbeddedServer, city: CityDirectory) -> str:
    def prepare() -> None:
        for role in (_POLICE_OWNER, _POLICE_READER):
            server.create_role(role)
        server.create_database("police", _POLICE_OWNER)
        server.allow_connection("police", _POLICE_READER)

    await asyncio.to_thread(prepare)
    await write_police_system(server.url("police", _POLICE_OWNER), city, Reader(_POLICE_READER))
    return server.url("police", _POLICE_READER)


def _write_settings(folder: Path, base: Settings, addresses: dict[Source, str], port: int) -> Path:
    """The settings of the demo's hub: a TOML file like any other installation's, readable by its owner only."""
    kinds = {
        Source.POLICE: "sql",
        Source.CIVIL_AFFAIRS: "sql",
        Source.HUMAN_RESOURCES: "file",
        Source.HEALTH: "http",
        Source.BUSINESS: "graphql",
    }
    lines = [
        "# Written by `hub demo`; the next start writes it again.",
        'mode = "sandbox"',
        f"port = {port}",
        f"state_dir = {_quoted(base.state_dir)}",
        f"agreements_dir = {_quoted(folder / 'agreements')}",
    ]
    for source, address in addresses.items():
        lines += [
            "",
            "[[sources]]",
            f"source = {_quoted(source.value)}",
            f"kind = {_quoted(kinds[source])}",
            f"mapping = {_quoted(mapping_path(CITY, source))}",
            f"address = {_quoted(address)}",
            "synthetic = true",
        ]
        credentials = _write_credentials(folder, source)
        if credentials is not None:
            lines.append(f"credentials = {_quoted(credentials)}")
    path = folder / "hub.toml"
    write_private(path, ("\n".join(lines) + "\n").encode())
    return path


def _write_credentials(folder: Path, source: Source) -> Path | None:
    if source is Source.HEALTH:
        secret = (folder / "health" / SECRET_FILE).read_text(encoding="utf-8").strip()
        content = f"client_id = {_quoted(CLIENT_ID)}\nclient_secret = {_quoted(secret)}\n"
    elif source is Source.BUSINESS:
        token = (folder / "business" / SERVICE_TOKEN_FILE).read_text(encoding="utf-8").strip()
        content = f"token = {_quoted(token)}\n"
    else:
        return None
    path = folder / f"{source.value}-credentials.toml"
    write_private(path, content.encode())
    return path


def _quoted(value: object) -> str:
    return json.dumps(str(value), ensure_ascii=False)
