"""Prepare a hub over demo departments that run elsewhere: keys, agreements, linked records, the cast of the story.

`python -m hub.demo.prepare --city DIR`, with the settings of the hub that will serve. `hub demo` does the same for
departments it starts itself.
"""

import argparse
import asyncio
import sys
from datetime import timedelta
from pathlib import Path

from hub.city.directory import open_city
from hub.city.personas import find_personas
from hub.clock import now
from hub.config import Settings, load_settings
from hub.demo.agreements import write_demo_agreements
from hub.demo.cast import cast_file
from hub.demo.installation import JURISDICTION, DemoInstallation
from hub.demo.issuer import DemoIssuer
from hub.demo.running import prepare_registry
from hub.keys import KeyFile
from schema.errors import ClientError, ConfigurationError, InternalError

__all__ = ["prepare"]

_AGREEMENT_DAYS = 90


async def prepare(settings: Settings, city: Path) -> None:
    """Everything a served demo needs. Safe to run again.

    Raises ConfigurationError in production mode or without a folder for agreements, else as linking does.
    """
    if settings.production or settings.agreements_dir is None:
        raise ConfigurationError("a demo needs sandbox mode and agreements_dir")
    keys = await asyncio.to_thread(KeyFile.of(settings).complete)
    expires = now() + timedelta(days=_AGREEMENT_DAYS)
    write_demo_agreements(settings.agreements_dir, keys.signer("agreement"), jurisdiction=JURISDICTION, expires=expires)
    cast_file(settings.state_dir).parent.mkdir(parents=True, exist_ok=True)
    found = open_city(city)
    issuer = DemoIssuer.open(settings.state_dir)
    installation = DemoInstallation(settings, Path(), issuer, found, find_personas(found))
    await prepare_registry(installation, lambda _source, _persons: None)


def main() -> None:
    """The process."""
    parser = argparse.ArgumentParser(prog="hub.demo.prepare", description="Prepare a hub over demo departments.")
    parser.add_argument("--city", type=Path, required=True, help="folder of the generated city")
    try:
        asyncio.run(prepare(load_settings(), parser.parse_args().city))
    except (ClientError, InternalError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
