"""Write one department's system of a generated city, where each department has a machine or container of its own.

`python -m hub.demo.systems.install DEPARTMENT --city DIR --into PLACE`; PLACE is a folder, and for police and
civil-affairs a file with the URL of their database as its owner, so that no password stands in a command.
"""

import argparse
import asyncio
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from hub.city.directory import CityDirectory, open_city
from hub.demo.systems.business import write_business_system
from hub.demo.systems.civil_affairs import admit_civil_affairs_reader, write_civil_affairs_database
from hub.demo.systems.health import write_health_system
from hub.demo.systems.human_resources import deliver_human_resources
from hub.demo.systems.police import Reader, write_police_system
from schema.errors import ConfigurationError
from schema.vocabulary import Source

__all__ = ["INSTALLERS", "READER"]

READER: Final = "hub_reader"
"""The hub's account in a department's database server; the server's own set-up makes it, with its password."""


def _police(place: Path, city: CityDirectory) -> bool:
    return asyncio.run(write_police_system(_url(place), city, Reader(READER)))


def _civil_affairs(place: Path, city: CityDirectory) -> bool:
    async def write() -> bool:
        fresh = await write_civil_affairs_database(_url(place), city)
        await admit_civil_affairs_reader(_url(place), READER)
        return fresh

    return asyncio.run(write())


def _url(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError:
        raise ConfigurationError(f"{file} cannot be read") from None


INSTALLERS: Final[Mapping[Source, Callable[[Path, CityDirectory], bool]]] = MappingProxyType(
    {
        Source.POLICE: _police,
        Source.CIVIL_AFFAIRS: _civil_affairs,
        Source.HUMAN_RESOURCES: deliver_human_resources,
        Source.HEALTH: write_health_system,
        Source.BUSINESS: write_business_system,
    }
)
"""Each writes its system into a place and says whether anything was to be done."""


def main() -> None:
    """The process."""
    parser = argparse.ArgumentParser(prog="hub.demo.systems.install", description="Write a department's demo system.")
    parser.add_argument("department", choices=[source.value for source in Source])
    parser.add_argument("--city", type=Path, required=True, help="folder of a generated city")
    parser.add_argument("--into", type=Path, required=True, help="folder, or file with the database's URL")
    found = parser.parse_args()
    try:
        fresh = INSTALLERS[Source(found.department)](found.into, open_city(found.city))
    except ConfigurationError as error:
        sys.exit(str(error))
    print(f"{found.department}: {'written' if fresh else 'nothing to do'}")


if __name__ == "__main__":
    main()
