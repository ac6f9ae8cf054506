"""Settings: variables `HUB_…`, over one TOML file, over defaults. `docs/configuration.md` lists them all."""

import hashlib
import os
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from auth.key_sets import SigningAlgorithm, parse_key_set
from schema.errors import ConfigurationError
from schema.vocabulary import Department, Source

__all__ = [
    "AuditSettings",
    "IssuerSettings",
    "LimitSettings",
    "LogLevel",
    "Mode",
    "Settings",
    "SourceKind",
    "SourceSettings",
    "default_state_dir",
    "load_settings",
]

CONFIG_VARIABLE: Final = "HUB_CONFIG"
SECRETS_VARIABLE: Final = "HUB_SECRETS_DIR"
DEFAULT_FILE: Final = "hub.toml"

SourceKind = Literal["sql", "file", "http", "graphql"]
Count = Annotated[int, Field(ge=1)]
Seconds = Annotated[float, Field(gt=0, le=300)]


class Mode(StrEnum):
    """Sandbox: synthetic sources only, ad-hoc documents allowed. Production: agreements only, nothing built in."""

    SANDBOX = "sandbox"
    PRODUCTION = "production"


class LogLevel(StrEnum):
    """How much the hub writes to its log."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class IssuerSettings(_Part):
    """One token issuer (`auth.issuers.Issuer`)."""

    name: str = Field(min_length=1, description="the `iss` of its tokens")
    algorithm: SigningAlgorithm = Field(description="the one algorithm it signs with")
    departments: frozenset[Department] = Field(min_length=1, description="the departments it may speak for")
    key_set: str = Field(min_length=1, description="its JWK Set: a file, or an address that begins with `https://`")


class SourceSettings(_Part):
    """One department's system, reached through one connector."""

    source: Source = Field(description="the department")
    kind: SourceKind = Field(description="the kind of connector")
    mapping: Path = Field(description="its mapping file")
    address: SecretStr = Field(description="database URL, inbox folder or service address, as the kind needs it")
    credentials: Path | None = Field(default=None, description="file with the credentials of the hub's account there")
    deadline: Seconds = Field(default=2.0, description="seconds after which a call counts as timed out")
    synthetic: bool = Field(default=False, description="whether every person in it is made up")


class LimitSettings(_Part):
    """What one request, and one client in one day, may ask for."""

    depth: Count = Field(default=20, description="deepest nesting of a document, fragments included")
    length: Count = Field(default=20_000, description="longest document, in characters")
    roots: Count = Field(default=20, description="most root fields in a document, aliases counted")
    fields: Count = Field(default=500, description="most fields in a document, fragments counted at each use")
    body_bytes: Count = Field(default=262_144, description="largest request body, in bytes")
    subjects_per_day: Count = Field(
        default=2_000, description="most distinct persons one client may ask about in a day"
    )


class AuditSettings(_Part):
    """The audit log's own limits."""

    log_name: str = Field(
        default="migrant-data-hub", pattern=r"^[^\s+]+$", description="name of the log in its checkpoints"
    )
    batch: Count = Field(default=512, description="most records committed in one transaction")
    queue: Count = Field(default=8_192, description="most records waiting to be committed before the hub answers BUSY")
    wait_seconds: Seconds = Field(default=5.0, description="longest wait for a record to become durable")
    checkpoint_seconds: Seconds = Field(
        default=1.0, description="longest time between two checkpoints of a growing log"
    )
    stale_seconds: Seconds = Field(
        default=30.0, description="age of database or checkpoint beyond which queries are refused"
    )


def default_state_dir() -> Path:
    """As root `/var/lib/migrant-data-hub/<digest of the clone's path>`, else `.hub` of the working directory."""
    if os.geteuid() != 0:
        return Path.cwd() / ".hub"
    installation = str(Path(__file__).resolve().parents[1])
    return Path("/var/lib/migrant-data-hub") / hashlib.sha256(installation.encode()).hexdigest()[:12]


class Settings(BaseSettings):
    """Everything an operator can set. Immutable; its `repr` shows no secret."""

    model_config = SettingsConfigDict(
        env_prefix="HUB_",
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    mode: Mode = Field(default=Mode.SANDBOX, description="`sandbox` or `production`")
    host: str = Field(default="127.0.0.1", description="address to listen on")
    port: int = Field(default=8470, ge=0, le=65_535, description="port to listen on; 0 takes any free one")
    audience: str = Field(default="migrant-data-hub", min_length=1, description="the `aud` a token must name")
    log_level: LogLevel = Field(default=LogLevel.INFO, description="`debug`, `info`, `warning` or `error`")
    state_dir: Path = Field(
        default_factory=default_state_dir,
        description="folder for keys and the embedded database; "
        "as root `/var/lib/migrant-data-hub/<digest>`, else `.hub` of the working directory",
    )
    database_url: SecretStr | None = Field(
        default=None, description="PostgreSQL 15 to 18 as the service role; without it an embedded one is started"
    )
    database_owner_url: SecretStr | None = Field(
        default=None, description="the same database as the role that owns its tables; used for migrations only"
    )
    database_connections: int = Field(default=10, ge=2, le=1_000, description="most database connections per process")
    shard: str = Field(
        default="main", pattern=r"^[a-z0-9-]{1,40}$", description="name of this process's audit log shard"
    )
    key_file: Path | None = Field(
        default=None, description="file with the hub's keys; without it `keys.json` in the state folder"
    )
    key_passphrase: SecretStr | None = Field(default=None, description="passphrase the key file is encrypted with")
    agreements_dir: Path | None = Field(default=None, description="folder with the signed agreements")
    policies_dir: Path | None = Field(
        default=None, description="folder with the owners' policies; without it the built-in ones"
    )
    issuers: tuple[IssuerSettings, ...] = Field(
        default=(), description="token issuers; `[[issuers]]` tables or a JSON list"
    )
    sources: tuple[SourceSettings, ...] = Field(
        default=(), description="the departments' systems; `[[sources]]` or a JSON list"
    )
    limits: LimitSettings = Field(default_factory=LimitSettings, description="limits of requests")
    audit: AuditSettings = Field(default_factory=AuditSettings, description="limits of the audit log")

    @property
    def production(self) -> bool:
        """Whether the hub runs with real persons."""
        return self.mode is Mode.PRODUCTION

    @property
    def embedded(self) -> bool:
        """Whether the hub starts its own database."""
        return self.database_url is None

    @property
    def key_path(self) -> Path:
        """Where the keys are."""
        return self.key_file or self.state_dir / "keys.json"

    @field_validator("database_url", "database_owner_url")
    @classmethod
    def _check_url(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not url.get_secret_value().startswith(("postgresql://", "postgres://")):
            raise ValueError("must begin with postgresql://")
        return url

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        if len({source.source for source in self.sources}) < len(self.sources):
            raise ValueError("two sources are of one department")
        if len({issuer.name for issuer in self.issuers}) < len(self.issuers):
            raise ValueError("two issuers have one name")
        if self.database_owner_url is not None and self.database_url is None:
            raise ValueError("database_owner_url needs database_url")
        return self

    @model_validator(mode="after")
    def _check_mode(self) -> Self:
        """DESIGN R4: a sandbox holds no real person. A production system takes nothing built in for granted."""
        if not self.production:
            for source in self.sources:
                if not source.synthetic:
                    raise ValueError(f"sandbox mode refuses source `{source.source}`: it is not marked synthetic")
            return self
        for name in ("database_url", "database_owner_url", "agreements_dir"):
            if getattr(self, name) is None:
                raise ValueError(f"production mode needs {name}")
        if not self.issuers:
            raise ValueError("production mode needs an issuer")
        return self


def load_settings(file: Path | None = None) -> Settings:
    """Settings from the environment, over secret files, over the TOML file, over defaults.

    The file is `file`, else the one `HUB_CONFIG` names, else `hub.toml` if there is one. `HUB_SECRETS_DIR` names a
    folder of secret files called like the variables in small letters (`hub_database_url`).

    Raises ConfigurationError in one line that names the setting and never its value.
    """
    path = file or _named_file()
    data = _read_toml(path)

    class LoadedSettings(Settings):
        model_config = SettingsConfigDict(secrets_dir=os.environ.get(SECRETS_VARIABLE))

        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return env_settings, file_secret_settings, InitSettingsSource(settings_cls, dict(data))

    try:
        settings = LoadedSettings()
    except ValidationError as error:
        raise ConfigurationError(_one_line(error.errors(include_url=False)[0], path)) from None
    except SettingsError:
        raise ConfigurationError("a HUB_ variable that takes a list or table is not valid JSON") from None
    _refuse_demo_issuers(settings)
    return settings


def _named_file() -> Path | None:
    if named := os.environ.get(CONFIG_VARIABLE):
        return Path(named)
    return Path(DEFAULT_FILE) if Path(DEFAULT_FILE).exists() else None


def _read_toml(path: Path | None) -> Mapping[str, Any]:
    if path is None:
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError:
        raise ConfigurationError(f"{path}: cannot be read") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{path}: not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        place = str(error).rpartition("(")[2].rstrip(")")
        raise ConfigurationError(f"{path}: not valid TOML ({place})") from None


def _one_line(error: Mapping[str, Any], path: Path | None) -> str:
    origin = f"{path} or environment" if path else "environment"
    setting = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"{origin}: there is no setting `{setting}`"
    message = error["msg"].removeprefix("Value error, ")
    return f"{origin}: `{setting}`: {message}" if setting else f"{origin}: {message}"


def _refuse_demo_issuers(settings: Settings) -> None:
    """Key sets on disk can be judged now; those behind an address are judged when they arrive."""
    if not settings.production:
        return
    for issuer in settings.issuers:
        if "://" in issuer.key_set:
            continue
        try:
            document = Path(issuer.key_set).read_bytes()
        except OSError:
            raise ConfigurationError(f"the key set of issuer `{issuer.name}` cannot be read") from None
        if parse_key_set(document, issuer.algorithm).demo:
            raise ConfigurationError(f"production mode refuses the demo issuer `{issuer.name}`")
