"""Settings: where they come from, what is refused, and that the page lists each of them."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm
from pydantic import BaseModel

from hub.config import AuditSettings, IssuerSettings, LimitSettings, Settings, SourceSettings, load_settings
from schema.errors import ConfigurationError
from schema.vocabulary import Source

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"
POLICE = """
[[sources]]
source = "police"
kind = "sql"
mapping = "police.yaml"
address = "postgresql://reader:hush@127.0.0.1/police"
synthetic = true
"""


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("HUB_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def write(tmp_path: Path, text: str) -> Path:
    """A settings file with that text."""
    path = tmp_path / "settings.toml"
    path.write_text(text, encoding="utf-8")
    return path


def production(tmp_path: Path, *, demo: bool) -> Path:
    """A whole production configuration, with a key set on disk."""
    jwk = json.loads(OKPAlgorithm.to_jwk(Ed25519PrivateKey.generate().public_key())) | {"kid": "1", "use": "sig"}
    key_set = {"keys": [jwk]} | ({"demo": True} if demo else {})
    (tmp_path / "jwks.json").write_text(json.dumps(key_set))
    return write(
        tmp_path,
        f"""
mode = "production"
database_url = "postgresql://hub_service:hush@db/hub"
database_owner_url = "postgresql://hub_owner:hush@db/hub"
agreements_dir = "{tmp_path}"
[[issuers]]
name = "https://issuer.example"
algorithm = "EdDSA"
departments = ["police"]
key_set = "{tmp_path}/jwks.json"
""",
    )


def test_defaults() -> None:
    """Without any setting the hub is a sandbox on this machine only, with a database of its own."""
    settings = load_settings()
    assert not settings.production
    assert settings.embedded
    assert settings.host == "127.0.0.1"
    assert settings.key_path == settings.state_dir / "keys.json"


def test_environment_over_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable beats the file, which beats the default, value by value inside a table."""
    monkeypatch.setenv("HUB_CONFIG", str(write(tmp_path, "port = 1\n[limits]\ndepth = 5\nlength = 6\n")))
    monkeypatch.setenv("HUB_LIMITS__LENGTH", "7")
    settings = load_settings()
    assert (settings.port, settings.limits.depth, settings.limits.length) == (1, 5, 7)


def test_secret_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret may lie in a file of its own."""
    (tmp_path / "hub_key_passphrase").write_text("hush\n")
    monkeypatch.setenv("HUB_SECRETS_DIR", str(tmp_path))
    passphrase = load_settings().key_passphrase
    assert passphrase is not None
    assert passphrase.get_secret_value() == "hush"


def test_file_in_the_working_folder(tmp_path: Path) -> None:
    """`hub.toml` of the working folder is read without being named."""
    (tmp_path / "hub.toml").write_text('audience = "here"')
    assert load_settings().audience == "here"


def test_secrets_stay_hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No password shows when settings are printed."""
    monkeypatch.setenv("HUB_DATABASE_URL", "postgresql://hub:hush@db/hub")
    monkeypatch.setenv("HUB_KEY_PASSPHRASE", "hush")
    settings = load_settings(write(tmp_path, POLICE))
    assert settings.sources[0].source is Source.POLICE
    assert "hush" not in repr(settings) + str(settings) + settings.model_dump_json()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('modus = "sandbox"', "there is no setting `modus`"),
        ("[limits]\ndept = 3", "there is no setting `limits.dept`"),
        ('mode = "live"', "`mode`"),
        ('port = "eighty"', "`port`"),
        ("[limits]\ndepth = 0", "`limits.depth`"),
        ('database_url = "mysql://hub:hush@db/hub"', "`database_url`: must begin with postgresql://"),
        ('database_owner_url = "postgresql://hub:hush@db/hub"', "database_owner_url needs database_url"),
        (POLICE + POLICE, "two sources are of one department"),
        (POLICE.replace("true", "false"), "refuses source `police`: it is not marked synthetic"),
        (POLICE.replace("synthetic = true\n", ""), "refuses source `police`: it is not marked synthetic"),
        (POLICE.replace('"police"', '"polise"'), "`sources.0.source`"),
        ('mode = "production"', "production mode needs database_url"),
        ("port = 1 2", "not valid TOML (at line 1, column 10)"),
    ],
)
def test_refused(tmp_path: Path, text: str, message: str) -> None:
    """A wrong file is refused in one line that names file and setting, never a secret."""
    with pytest.raises(ConfigurationError) as caught:
        load_settings(write(tmp_path, text))
    assert message in str(caught.value)
    assert "settings.toml" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize("content", [b"\xff\xfe", None])
def test_unreadable_file(tmp_path: Path, content: bytes | None) -> None:
    """A named file that is missing or is no text is an error, not an empty configuration."""
    path = tmp_path / "settings.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=r"settings\.toml"):
        load_settings(path)


def test_broken_list_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list variable that is not JSON is refused without being quoted."""
    monkeypatch.setenv("HUB_SOURCES", "[hush")
    with pytest.raises(ConfigurationError, match="not valid JSON") as caught:
        load_settings()
    assert "hush" not in str(caught.value)


def test_production_starts(tmp_path: Path) -> None:
    """A whole production configuration is accepted; real sources need no mark there."""
    path = production(tmp_path, demo=False)
    path.write_text(path.read_text() + POLICE.replace("synthetic = true\n", ""))
    assert load_settings(path).production


@pytest.mark.parametrize("missing", ["database_url", "database_owner_url", "agreements_dir"])
def test_production_needs(tmp_path: Path, missing: str) -> None:
    """Production takes nothing built in: neither database nor rules."""
    path = production(tmp_path, demo=False)
    path.write_text("\n".join(line for line in path.read_text().splitlines() if not line.startswith(missing)))
    with pytest.raises(ConfigurationError, match=r"database_url|production mode needs"):
        load_settings(path)


def test_production_refuses_demo_issuer(tmp_path: Path) -> None:
    """A key set that says it is for demonstrations ends a production start."""
    with pytest.raises(ConfigurationError, match=r"demo issuer `https://issuer\.example`"):
        load_settings(production(tmp_path, demo=True))


def rows(model: type[BaseModel], variable: str, key: str) -> Iterator[str]:
    """The line the page must have for every setting of a model; nested tables are walked."""
    for name, field in model.model_fields.items():
        part = field.annotation
        if isinstance(part, type) and issubclass(part, BaseModel):
            yield from rows(part, f"{variable}{name.upper()}__", f"{key}{name}.")
        else:
            yield f"| `{variable}{name.upper()}` | `{key}{name}` | {default(field)} | {field.description} |"


def list_rows(model: type[BaseModel]) -> Iterator[str]:
    """The line for every key of one entry of a list."""
    for name, field in model.model_fields.items():
        yield f"| `{name}` | {default(field)} | {field.description} |"


def default(field: Any) -> str:
    """A default as the page writes it."""
    if field.is_required():
        return "required"
    value = None if field.default_factory else field.default
    return "" if value is None or value == () else f"`{value}`".lower()


def test_page_lists_every_setting() -> None:
    """The page has one line for each setting with its default and description, and no other."""
    expected = [
        *rows(Settings, "HUB_", ""),
        *list_rows(IssuerSettings),
        *list_rows(SourceSettings),
    ]
    written = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    assert written == expected


def test_every_setting_is_described() -> None:
    """No setting is without a description."""
    for model in (Settings, IssuerSettings, SourceSettings, LimitSettings, AuditSettings):
        assert all(field.description for field in model.model_fields.values())
