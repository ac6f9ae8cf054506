"""From a specification to a connector of the right kind, or to one clear complaint."""

import json
import logging
from pathlib import Path

import pytest

from connectors.credentials import Credentials
from connectors.file import FileConnector, StagingPlace
from connectors.graphql import GraphqlConnector
from connectors.http import HttpConnector
from connectors.opening import SourceKind, SourceSpec, create, mapping_path
from connectors.sql import SqlConnector
from connectors.sql_postgres import PostgresConnector
from schema.errors import ConfigurationError
from schema.vocabulary import Source

KINDS = [
    (Source.POLICE, SourceKind.SQL_POSTGRES, PostgresConnector),
    (Source.CIVIL_AFFAIRS, SourceKind.SQL, SqlConnector),
    (Source.HUMAN_RESOURCES, SourceKind.FILE, FileConnector),
    (Source.HEALTH, SourceKind.HTTP, HttpConnector),
    (Source.BUSINESS, SourceKind.GRAPHQL, GraphqlConnector),
]


def spec(source: Source, kind: SourceKind, folder: Path) -> SourceSpec:
    """A specification that is complete for every kind."""
    credentials = Credentials("hub", "canary-secret", token="canary-token")
    staging = StagingPlace(folder, bytes(32))
    return SourceSpec(source, kind, mapping_path("demo-city", source), "http://canary@127.0.0.1/", credentials, staging)


@pytest.mark.parametrize(("source", "kind", "made"), KINDS)
def test_every_kind_is_made(source: Source, kind: SourceKind, made: type, tmp_path: Path) -> None:
    """Each kind makes its connector for its source, not open and not synthetic yet."""
    connector = create(spec(source, kind, tmp_path))
    assert type(connector) is made
    assert (connector.source, connector.synthetic) == (source, False)


@pytest.mark.parametrize(("source", "kind"), [(Source.POLICE, SourceKind.HTTP), (Source.HEALTH, SourceKind.SQL)])
def test_a_mapping_of_another_kind_is_refused(source: Source, kind: SourceKind, tmp_path: Path) -> None:
    """A mapping of tables does not make a service, and the complaint names the line."""
    with pytest.raises(ConfigurationError, match=rf"{source}\.yaml:\d+: this kind of source needs"):
        create(spec(source, kind, tmp_path))


def test_a_mapping_of_another_source_is_refused(tmp_path: Path) -> None:
    """Health's mapping does not serve police."""
    path = tmp_path / "health.yaml"
    path.write_text(json.dumps({"source": "health", "collections": {}}))
    with pytest.raises(ConfigurationError, match="is for source `health`, not `police`"):
        create(SourceSpec(Source.POLICE, SourceKind.HTTP, path, "https://127.0.0.1/"))


def test_files_need_a_staging_place(tmp_path: Path) -> None:
    """Without a folder and key for staging there is no file source."""
    path = mapping_path("demo-city", Source.HUMAN_RESOURCES)
    with pytest.raises(ConfigurationError, match="needs a staging folder and key"):
        create(SourceSpec(Source.HUMAN_RESOURCES, SourceKind.FILE, path, str(tmp_path)))


def test_nothing_secret_shows(tmp_path: Path) -> None:
    """Neither addresses nor credentials nor keys are in a repr."""
    for source, kind, _ in KINDS:
        shown = repr(spec(source, kind, tmp_path))
        assert "canary" not in shown
        assert repr(bytes(32)) not in shown


def test_drivers_are_quiet(tmp_path: Path) -> None:
    """Making a connector tells every driver to log warnings only."""
    create(spec(*KINDS[0][:2], tmp_path))
    for name in ("aiosqlite", "asyncpg", "httpcore", "httpx", "sqlalchemy.engine"):
        assert not logging.getLogger(name).isEnabledFor(logging.INFO)
