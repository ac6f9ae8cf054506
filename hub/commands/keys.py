"""`hub keys`: make, rotate, retire, back up and restore the hub's keys."""

import asyncio
import os
from pathlib import Path
from typing import IO

import click
from rich.console import Console
from rich.table import Table

from hub.audit.events import Event
from hub.config import load_settings
from hub.keys import KeyFile, read_backup, write_backup
from hub.operator_desk import OperatorDesk, RefusedCommandError, open_desk, run_at_desk, run_command
from hub.registry.rotation import count_rows_under
from privacy.keys import KEY_CATALOGUE, KeyKind, KeyRing, SecretKey, SigningKey
from schema.errors import ConfigurationError

__all__ = ["command"]

_FILE = click.Path(dir_okay=False, path_type=Path)
_PASSPHRASE_FILE = click.option(
    "--passphrase-file", type=click.File(encoding="utf-8"), help="File with the passphrase; without it you are asked."
)


@click.group("keys")
def command() -> None:
    """The hub's keys. Commands never show a secret one."""


@command.command("init")
def init() -> None:
    """Make every key that is missing; those there stay as they are."""

    def work() -> tuple[KeyFile, int, KeyRing]:
        file = KeyFile.of(load_settings())
        before = len(list(file.read())) if file.path.exists() else 0
        return file, before, file.complete()

    file, before, ring = run_command(work)
    count = len(list(ring))
    click.echo(f"{count} keys in {file.path}, {count - before} of them new")


@command.command("show")
def show() -> None:
    """List names, versions and public keys."""
    ring = run_command(lambda: KeyFile.of(load_settings()).read())
    table = Table("key", "versions", "suite", "for", "public key of the newest")
    for name, spec in KEY_CATALOGUE.items():
        versions = [key for key in ring if key.name == name]
        if versions:
            numbers = ", ".join(str(key.version) for key in versions)
            public = ring.signer(name).public_key.hex() if spec.kind is KeyKind.SIGNING else ""
            table.add_row(name, numbers, versions[0].suite.value, spec.meaning, public)
    Console(width=None if Console().is_terminal else 200).print(table)


@command.command("rotate")
@click.argument("name", type=click.Choice([name for name, spec in KEY_CATALOGUE.items() if spec.rotates]))
def rotate(name: str) -> None:
    """Make a new version of a key. The old ones still open what they closed, until retired.

    Running hubs go on with the old version until they are restarted.
    """

    async def work(desk: OperatorDesk) -> int:
        ring = desk.keys.rotated(name, os.urandom)
        newest = _newest(ring, name)
        await desk.record(Event.KEY_ROTATION, _detail(newest))
        KeyFile.of(desk.settings).replace(ring)
        return newest.version

    version = run_at_desk(work)
    click.echo(f"version {version} of key {name} is current; restart the hub")


@command.command("retire")
@click.argument("name", type=click.Choice(list(KEY_CATALOGUE)))
@click.argument("version", type=click.IntRange(1, 255))
@click.option("--force", is_flag=True, help="Also when persons of the registry are lost by it.")
def retire(name: str, version: int, force: bool) -> None:
    """Destroy an old version of a key: what only it can open is lost."""

    async def work(desk: OperatorDesk) -> None:
        ring = desk.keys.retired(name, version)
        lost = await count_rows_under(desk.pool, name, version)
        if lost and not force:
            remedy = "hub registry reseal" if name == "crosswalk" else "hub registry build"
            raise ConfigurationError(f"{lost} persons would be lost: run `{remedy}` first, or use --force")
        gone = next(key for key in desk.keys if (key.name, key.version) == (name, version))
        await desk.record(Event.KEY_ROTATION, _detail(gone))
        KeyFile.of(desk.settings).replace(ring)

    run_at_desk(work)
    click.echo(f"version {version} of key {name} is gone; restart the hub")


@command.command("backup")
@click.argument("file", type=_FILE)
@_PASSPHRASE_FILE
def backup(file: Path, passphrase_file: IO[str] | None) -> None:
    """Write all keys to a new FILE, encrypted with a passphrase of its own."""
    passphrase = _passphrase(passphrase_file, confirm=True)

    async def work(desk: OperatorDesk) -> int:
        count = len(list(desk.keys))
        await desk.record(Event.KEY_BACKUP, {"change": "backup", "keys": str(count)})
        write_backup(desk.keys, file, passphrase)
        return count

    click.echo(f"{run_at_desk(work)} keys in {file}")


@command.command("restore")
@click.argument("file", type=_FILE)
@click.option("--replace", is_flag=True, help="Replace the keys that are there.")
@_PASSPHRASE_FILE
def restore(file: Path, replace: bool, passphrase_file: IO[str] | None) -> None:
    """Take all keys from a backup FILE."""
    passphrase = _passphrase(passphrase_file, confirm=False)

    async def work() -> int:
        settings = load_settings()
        keys = KeyFile.of(settings)
        if keys.path.exists() and not replace:
            raise RefusedCommandError(f"there are keys in {keys.path}: use --replace to give them up")
        ring = await asyncio.to_thread(read_backup, file, passphrase)
        keys.replace(ring)
        async with open_desk(settings, ring) as desk:
            await desk.record(Event.KEY_BACKUP, {"change": "restore", "keys": str(len(list(ring)))})
        return len(list(ring))

    click.echo(f"{run_command(lambda: asyncio.run(work()))} keys restored; restart the hub")


def _passphrase(file: IO[str] | None, *, confirm: bool) -> str:
    if file is not None:
        return str(file.read()).strip("\r\n")
    return str(click.prompt("passphrase of the backup", hide_input=True, confirmation_prompt=confirm, err=True))


def _newest(ring: KeyRing, name: str) -> SecretKey | SigningKey:
    return max((key for key in ring if key.name == name), key=lambda key: key.version)


def _detail(key: SecretKey | SigningKey) -> dict[str, str]:
    return {"key": key.name, "suite": key.suite.value, "version": str(key.version)}
