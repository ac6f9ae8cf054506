"""The command line: one file per verb, gathered here as a literal list."""

import click

from hub.commands import audit, city, db, demo, keys, policy, registry, serve, subject, token

__all__ = ["main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Migrant Data Hub: ask five departments one question, privately and on the record."""


for _command in (
    demo.command,
    serve.command,
    token.command,
    policy.command,
    audit.command,
    registry.command,
    subject.command,
    keys.command,
    db.command,
    city.command,
):
    main.add_command(_command)
