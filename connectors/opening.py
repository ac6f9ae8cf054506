"""From a specification to a connector: the one place that knows all kinds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Final

from connectors.contract import Connector
from connectors.credentials import Credentials
from connectors.driver_logs import quiet_drivers
from connectors.file import FileConnector, StagingPlace
from connectors.graphql import GraphqlConnector
from connectors.http import HttpConnector
from connectors.mapping import SourceMapping
from connectors.mapping_reader import read_mapping
from connectors.shaped import ShapedConnector
from connectors.sql import SqlConnector
from connectors.sql_postgres import PostgresConnector
from schema.errors import ConfigurationError
from schema.vocabulary import Source

__all__ = ["SourceKind", "SourceSpec", "create", "mapping_path"]


class SourceKind(StrEnum):
    """The kinds of source; the memory connector is for tests and has no address."""

    SQL_POSTGRES = "sql_postgres"
    SQL = "sql"
    FILE = "file"
    HTTP = "http"
    GRAPHQL = "graphql"


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """Where one source is and how to reach it.

    `address`: a `postgresql://` URL, an SQLAlchemy URL, the folder of an inbox, or the URL of a service; it may hold
    a password. `deadline` is seconds for one call at the source: a backstop behind the
    engine's own. `staging` is for the kind `file` only. `synthetic_only` refuses a
    source that does not say of itself that it is synthetic, also when it is reached later only.
    """

    source: Source
    kind: SourceKind
    mapping: Path
    address: str = field(repr=False)
    credentials: Credentials = field(default_factory=Credentials)
    staging: StagingPlace | None = None
    deadline: float = 5.0
    connections: int = 8
    synthetic_only: bool = False


def mapping_path(city: str, source: Source) -> Path:
    """The mapping file shipped for a department of a city."""
    return Path(__file__).parent / "mappings" / city / f"{source}.yaml"


def create(spec: SourceSpec) -> Connector:
    """A connector that is not open yet. Raises ConfigurationError with file and line when the mapping is wrong."""
    quiet_drivers()
    mapping = read_mapping(spec.mapping)
    if mapping.source is not spec.source:
        raise mapping.fail(1, f"the mapping is for source `{mapping.source}`, not `{spec.source}`")
    connector = _MAKERS[spec.kind](mapping, spec)
    connector.synthetic_only = spec.synthetic_only
    return connector


def _file(mapping: SourceMapping, spec: SourceSpec) -> ShapedConnector:
    if spec.staging is None:
        raise ConfigurationError(f"source `{spec.source}` of kind `file` needs a staging folder and key")
    return FileConnector(mapping, Path(spec.address), spec.staging, spec.deadline)


def _postgres(mapping: SourceMapping, spec: SourceSpec) -> ShapedConnector:
    return PostgresConnector(mapping, spec.address, spec.deadline, spec.connections)


def _sql(mapping: SourceMapping, spec: SourceSpec) -> ShapedConnector:
    return SqlConnector(mapping, spec.address, spec.deadline, spec.connections)


def _http(mapping: SourceMapping, spec: SourceSpec) -> ShapedConnector:
    return HttpConnector(mapping, spec.address, spec.credentials, spec.deadline)


def _graphql(mapping: SourceMapping, spec: SourceSpec) -> ShapedConnector:
    return GraphqlConnector(mapping, spec.address, spec.credentials, spec.deadline)


_MAKERS: Final[Mapping[SourceKind, Callable[[SourceMapping, SourceSpec], ShapedConnector]]] = {
    SourceKind.SQL_POSTGRES: _postgres,
    SourceKind.SQL: _sql,
    SourceKind.FILE: _file,
    SourceKind.HTTP: _http,
    SourceKind.GRAPHQL: _graphql,
}
