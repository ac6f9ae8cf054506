"""From settings to connectors: the departments' systems, opened and checked against their mappings."""

import logging
import tomllib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from connectors.contract import Connector
from connectors.credentials import Credentials
from connectors.file import StagingPlace
from connectors.opening import SourceKind, SourceSpec, create
from hub.config import Settings, SourceSettings
from privacy.keys import KeyService
from schema.errors import ConfigurationError, SourceError
from schema.vocabulary import Source

__all__ = ["open_sources"]

_LOG = logging.getLogger(__name__)
_PATHS: Final = frozenset({"authorities", "certificate", "certificate_key"})


@asynccontextmanager
async def open_sources(settings: Settings, keys: KeyService) -> AsyncIterator[Mapping[Source, Connector]]:
    """Every configured source. One that does not answer is kept, and tried again at its first call.

    Raises ConfigurationError when a mapping does not fit its source, or a sandbox meets a source that does not say of
    itself that it is synthetic (DESIGN R4).
    """
    connectors = {one.source: create(_spec(settings, one, keys)) for one in settings.sources}
    try:
        for source, connector in connectors.items():
            await _open(source, connector)
        yield connectors
    finally:
        for connector in connectors.values():
            await connector.close()


async def _open(source: Source, connector: Connector) -> None:
    try:
        await connector.open()
    except SourceError as error:
        _LOG.warning("source %s is not available at start: %s", source.value, error)


def _spec(settings: Settings, one: SourceSettings, keys: KeyService) -> SourceSpec:
    address = one.address.get_secret_value()
    kind = _kind(one, address)
    staging = None
    if kind is SourceKind.FILE:
        folder = settings.state_dir / "staging" / one.source.value
        staging = StagingPlace(folder, keys.current("staging").derive(one.source.value))
    return SourceSpec(
        source=one.source,
        kind=kind,
        mapping=one.mapping,
        address=address,
        credentials=_credentials(one),
        staging=staging,
        deadline=one.deadline * 2,
        synthetic_only=not settings.production,
    )


def _kind(one: SourceSettings, address: str) -> SourceKind:
    if one.kind == "sql":
        plain = address.startswith(("postgresql://", "postgres://"))
        return SourceKind.SQL_POSTGRES if plain else SourceKind.SQL
    return SourceKind(one.kind)


def _credentials(one: SourceSettings) -> Credentials:
    """The fields of `Credentials` in a TOML file of their own, which nobody else needs to read."""
    if one.credentials is None:
        return Credentials()
    try:
        given: dict[str, Any] = tomllib.loads(one.credentials.read_text(encoding="utf-8"))
        placed: dict[str, Any] = {name: Path(value) if name in _PATHS else value for name, value in given.items()}
        return Credentials(**placed)
    except (OSError, ValueError, TypeError):
        message = f"{one.credentials}: not a file with the credentials of source `{one.source}`"
        raise ConfigurationError(message) from None
