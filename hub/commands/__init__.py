"""The command line: one file per verb, gathered here as a literal list."""

import click

__all__ = ["main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Migrant Data Hub: ask five departments one question, privately and on the record."""
