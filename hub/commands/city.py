"""`hub city`: make the synthetic city."""

import sys
from datetime import date, datetime
from pathlib import Path

import click

from hub.city.directory import write_city
from hub.config import load_settings
from schema.errors import ConfigurationError

__all__ = ["command"]


@click.group("city")
def command() -> None:
    """The synthetic city and its five departments."""


@command.command("generate")
@click.option("--people", type=click.IntRange(1, 1_000_000), default=2_000, show_default=True, help="How many people.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same bytes.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="An empty or new folder for the city.  [default: `city-PEOPLE-SEED` in the state folder]",
)
@click.option("--as-of", type=click.DateTime(["%Y-%m-%d"]), help="The day the city is seen on.  [default: 2026-11-01]")
def generate(people: int, seed: int, out: Path | None, as_of: datetime | None) -> None:
    """Generate a city into a folder; a folder that holds this very city is left as it is."""
    day: date | None = as_of.date() if as_of else None
    try:
        folder = out or load_settings().state_dir / f"city-{people}-{seed}"
        with click.progressbar(length=people, label="people", file=sys.stderr) as bar:
            city = write_city(people, seed, folder, day, bar.update)
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from None
    except OSError:
        raise click.ClickException("the folder cannot be written") from None
    click.echo(f"{city.people} people, {sum(city.rows.values())} rows, as of {city.as_of}, digest {city.digest[:16]}")
    click.echo(str(city.path))
