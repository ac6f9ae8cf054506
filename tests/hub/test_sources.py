"""From settings to connectors."""

import asyncio
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import hub.sources
from connectors.opening import SourceKind, SourceSpec
from hub.config import Mode, Settings, SourceSettings
from hub.sources import open_sources
from privacy.keys import KeyRing
from schema.errors import ConfigurationError, ErrorCode, SourceError
from schema.vocabulary import Source

KEYS = KeyRing.from_seed(bytes(32))
SECRET = "hunter2-hunter2"


@dataclass
class Opened:
    """A connector that opens as told."""

    spec: SourceSpec
    failure: Exception | None = None
    open_count: int = 0
    closed: int = 0

    async def open(self) -> None:
        """Open, or fail."""
        self.open_count += 1
        if self.failure is not None:
            raise self.failure

    async def close(self) -> None:
        """Close."""
        self.closed += 1


class Workshop:
    """Makes connectors and keeps them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **failures: Exception) -> None:
        self.made: dict[Source, Opened] = {}
        self._failures = failures
        monkeypatch.setattr(hub.sources, "create", self.create)

    def create(self, spec: SourceSpec) -> Opened:
        """See `connectors.opening.create`."""
        self.made[spec.source] = Opened(spec, self._failures.get(spec.source.value))
        return self.made[spec.source]

    def open(self, settings: Settings) -> list[Source]:
        """Open all sources and close them; which there were."""

        async def work() -> list[Source]:
            async with open_sources(settings, KEYS) as connectors:
                assert all(one.closed == 0 for one in self.made.values())
                return list(connectors)

        return asyncio.run(work())


def source(name: Source = Source.POLICE, **changes: Any) -> SourceSettings:
    """The settings of one source."""
    told: dict[str, Any] = {
        "source": name,
        "kind": "sql",
        "mapping": Path("m.yaml"),
        "address": "postgresql://u:p@h/d",
        "synthetic": True,
    }
    return SourceSettings(**(told | changes))


def settings(tmp_path: Path, *sources: SourceSettings, mode: Mode = Mode.SANDBOX) -> Settings:
    """Settings of an installation."""
    return Settings(sources=sources, state_dir=tmp_path, mode=mode)


def test_every_source_is_opened_and_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once each; the connector's own deadline is behind the engine's."""
    shop = Workshop(monkeypatch)
    found = shop.open(settings(tmp_path, source(), source(Source.HEALTH, kind="http", deadline=1.5)))
    assert found == [Source.POLICE, Source.HEALTH]
    assert [(one.open_count, one.closed) for one in shop.made.values()] == [(1, 1), (1, 1)]
    assert [one.spec.deadline for one in shop.made.values()] == [4.0, 3.0]


def test_a_source_that_is_away_at_start_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The others open; it is tried again when it is asked."""
    shop = Workshop(monkeypatch, police=SourceError(ErrorCode.SOURCE_UNAVAILABLE, "police: not available"))
    with caplog.at_level(logging.WARNING):
        assert shop.open(settings(tmp_path, source(), source(Source.HEALTH))) == [Source.POLICE, Source.HEALTH]
    assert [record.getMessage() for record in caplog.records] == [
        "source police is not available at start: police: not available"
    ]


def test_a_mapping_that_does_not_fit_ends_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And everything that was opened is closed."""
    shop = Workshop(monkeypatch, health=ConfigurationError("m.yaml:3: no column"))
    with pytest.raises(ConfigurationError):
        shop.open(settings(tmp_path, source(), source(Source.HEALTH)))
    assert {one.closed for one in shop.made.values()} == {1}


@pytest.mark.parametrize(("mode", "synthetic_only"), [(Mode.SANDBOX, True), (Mode.PRODUCTION, False)])
def test_a_sandbox_refuses_real_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: Mode, synthetic_only: bool
) -> None:
    """R4: the connector itself holds to it, also when it opens later."""
    shop = Workshop(monkeypatch)
    one = settings(tmp_path, source()).model_copy(update={"mode": mode})
    shop.open(one)
    assert shop.made[Source.POLICE].spec.synthetic_only is synthetic_only


@pytest.mark.parametrize(
    ("given", "address", "kind"),
    [
        ("sql", "postgresql://u:p@h/d", SourceKind.SQL_POSTGRES),
        ("sql", "postgres://u:p@h/d", SourceKind.SQL_POSTGRES),
        ("sql", "sqlite+aiosqlite:////tmp/a.db", SourceKind.SQL),
        ("sql", "mysql+asyncmy://u:p@h/d", SourceKind.SQL),
        ("http", "https://h", SourceKind.HTTP),
        ("graphql", "https://h", SourceKind.GRAPHQL),
    ],
)
def test_kinds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, address: str, kind: SourceKind) -> None:
    """PostgreSQL has a kind of its own; what is no file has no staging store."""
    shop = Workshop(monkeypatch)
    shop.open(settings(tmp_path, source(kind=given, address=address)))
    spec = shop.made[Source.POLICE].spec
    assert (spec.kind, spec.address, spec.staging) == (kind, address, None)


def test_files_are_staged_under_a_key_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each department's store is in its own folder, under its own key."""
    shop = Workshop(monkeypatch)
    files = [source(name, kind="file", address=str(tmp_path)) for name in (Source.HUMAN_RESOURCES, Source.HEALTH)]
    shop.open(settings(tmp_path, *files))
    places = [one.spec.staging for one in shop.made.values()]
    assert all(place is not None for place in places)
    assert places[0] != places[1]
    assert len({str(place) for place in places}) == 2


def test_credentials_come_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of its own, which nobody else needs to read; paths in it are paths."""
    file = tmp_path / "health.toml"
    file.write_text(f'client_id = "hub"\nclient_secret = "{SECRET}"\nauthorities = "/ca.pem"\n')
    shop = Workshop(monkeypatch)
    shop.open(settings(tmp_path, source(Source.HEALTH, kind="http", credentials=file)))
    found = shop.made[Source.HEALTH].spec.credentials
    assert found.authorities == Path("/ca.pem")
    assert SECRET not in repr(shop.made[Source.HEALTH].spec)


@pytest.mark.parametrize("content", [None, "not toml", f'password = "{SECRET}"\nnobody_knows = 1\n', "client_id = \n"])
def test_credentials_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None) -> None:
    """One line that names the file and quotes nothing of it."""
    file = tmp_path / "health.toml"
    if content is not None:
        file.write_text(content)
    shop = Workshop(monkeypatch)
    with pytest.raises(ConfigurationError) as failed:
        shop.open(settings(tmp_path, source(Source.HEALTH, kind="http", credentials=file)))
    assert str(failed.value) == f"{file}: not a file with the credentials of source `health`"
    assert failed.value.__cause__ is None
