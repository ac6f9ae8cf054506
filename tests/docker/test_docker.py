"""The image and the compose file name only what exists. No engine runs here: both are compared with the code."""

import json
import os
import re
import stat
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import click
import pytest

from connectors.mapping_reader import read_mapping
from hub.app import create_app
from hub.commands import main as program
from hub.config import Settings, SourceSettings, load_settings
from hub.demo.systems.install import READER
from hub.service import Hub
from hub.store.database import DATABASE, OWNER_ROLE, SERVICE_ROLE
from schema.vocabulary import Source
from tests.docker.compose import DOCKER, Service, instructions, read_compose, services
from tests.house import PACKAGES, ROOT

SITE_PACKAGES = "/opt/hub/lib/python3.11/site-packages/"
DEPARTMENTS = {source.value for source in Source}


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What docker/make-secrets.sh makes."""
    folder = tmp_path_factory.mktemp("docker") / "secrets"
    subprocess.run(["sh", str(DOCKER / "make-secrets.sh"), str(folder)], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def settings(secrets: Path) -> Settings:
    """The settings of the hub in the compose file."""
    environment = {**image_environment(), **services()["hub"].told["environment"], "HUB_SECRETS_DIR": str(secrets)}
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("HUB_")]:
            patch.delenv(name)
        for name, value in environment.items():
            if name.startswith("HUB_"):
                patch.setenv(name, value)
        patch.chdir(secrets)
        return load_settings()


def image_environment() -> dict[str, str]:
    """The variables of the image."""
    words = " ".join(told for name, told in instructions() if name == "ENV").split()
    return dict(word.split("=", 1) for word in words)


def stages() -> list[list[tuple[str, str]]]:
    """The stages of the Dockerfile."""
    found: list[list[tuple[str, str]]] = []
    for name, told in instructions():
        if name == "FROM":
            found.append([])
        found[-1].append((name, told))
    return found


def fits_settings(variable: str) -> bool:
    """Whether the hub knows a variable."""
    first, *rest = variable.removeprefix("HUB_").lower().split("__")
    return variable in {"HUB_CONFIG", "HUB_SECRETS_DIR"} or (not rest and first in Settings.model_fields)


def test_the_image_is_built_from_what_is_there() -> None:
    """Every file the Dockerfile copies exists and passes its ignore file; all five packages are among them."""
    copied = {word for name, told in stages()[0] if name == "COPY" for word in told.split()[:-1]}
    admitted = set(re.findall(r"^!(.+)$", (DOCKER / "Dockerfile.dockerignore").read_text(encoding="utf-8"), re.M))
    assert [word for word in copied if not (ROOT / word).exists()] == []
    assert copied == admitted
    assert set(PACKAGES) <= copied


def test_the_image_is_installed_from_the_lock() -> None:
    """Libraries come from requirements.lock with hashes; nothing is fetched later; no address is named."""
    runs = [told for name, told in instructions() if name == "RUN"]
    fetching = [told for told in runs if "pip download" in told]
    assert len(fetching) == 1
    assert "--require-hashes" in fetching[0]
    assert "--requirement requirements.lock" in fetching[0]
    for line in (part for told in runs for part in told.split("&&") if "pip" in part and "install" in part):
        assert "--no-index" in line
    assert "://" not in "".join(runs)


def test_the_image_runs_without_root() -> None:
    """The last stage sets a numbered account, takes only the installation from the first, and holds no secret."""
    last = dict(stages()[-1])
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", last["USER"])
    assert all(told.startswith("--from=build") for name, told in stages()[-1] if name == "COPY")
    assert not [name for name in image_environment() if re.search("PASS|SECRET|KEY|TOKEN|URL", name)]


def test_the_image_speaks_the_code_s_names() -> None:
    """Variables are settings; port, health address, command and state folder are the code's own."""
    environment, last = image_environment(), dict(stages()[-1])
    assert [name for name in environment if name.startswith("HUB_") and not fits_settings(name)] == []
    assert int(environment["HUB_PORT"]) == int(last["EXPOSE"]) == Settings.model_fields["port"].default
    checked = re.search(r"http://127\.0\.0\.1:(\d+)(/[a-z/]+)", last["HEALTHCHECK"])
    assert checked is not None
    assert checked[1] == last["EXPOSE"]
    assert checked[2] in {getattr(route, "path", "") for route in create_app(cast(Hub, None)).routes}
    assert json.loads(last["ENTRYPOINT"]) == ["hub"]
    assert json.loads(last["CMD"])[0] in program.commands
    assert environment["HUB_STATE_DIR"] in {place for _, place in services()["hub"].mounts()}


@pytest.mark.parametrize("service", services().values(), ids=lambda service: service.name)
def test_every_service_is_hardened(service: Service) -> None:
    """Read-only root, no capability, no new privileges, no root account; and its health is watched unless it ends."""
    told = service.told
    assert (told["read_only"], told["cap_drop"], told["security_opt"]) == (True, ["ALL"], ["no-new-privileges:true"])
    assert "/tmp" in told["tmpfs"]
    assert service.ours or told["user"] not in {"root", "0"}
    assert not {"privileged", "cap_add", "pid", "ipc", "devices"} & told.keys()
    watched = service.ours or "test" in told["healthcheck"]
    assert told["healthcheck"] == {"disable": True} if service.job else watched


def test_networks_are_walls() -> None:
    """Only the hub and its set-up share a department's or the database's network; only the hub is published."""
    told, members = read_compose(), dict.fromkeys(read_compose()["networks"], frozenset[str]())
    for service in services().values():
        assert service.networks or service.told["network_mode"] == "none"
        members |= {network: members[network] | {service.name} for network in service.networks}
    hub = {"hub", "hub-setup"}
    assert members.pop("front") == {"hub"}
    assert members.pop("hub-database") == hub | {"hub-database"}
    for department, present in members.items():
        assert {department} <= present - hub <= {department, f"{department}-setup"}
    assert all(told["networks"][name].get("internal") for name in [*members, "hub-database"])
    published = {service.name: service.told["ports"] for service in services().values() if "ports" in service.told}
    assert published == {"hub": [f"127.0.0.1:{dict(instructions())['EXPOSE']}:{dict(instructions())['EXPOSE']}"]}


def test_every_department_is_a_service() -> None:
    """Five departments, each a service of its own."""
    assert services().keys() >= DEPARTMENTS


def test_everything_named_is_declared_and_used() -> None:
    """Volumes, secrets, networks and services that are named exist, and none is declared for nothing."""
    told, all_services = read_compose(), services().values()
    mounted = {volume for service in all_services for volume, _ in service.mounts() if not volume.startswith(".")}
    assert mounted == set(told["volumes"])
    assert {secret for service in all_services for secret in service.secrets} == set(told["secrets"])
    assert {network for service in all_services for network in service.networks} == set(told["networks"])
    needed = {name for service in all_services for name in service.told.get("depends_on", ())}
    assert needed <= services().keys()
    for service in all_services:
        for name, how in service.told.get("depends_on", {}).items():
            wanted = "service_completed_successfully" if services()[name].job else "service_healthy"
            assert how == {"condition": wanted}, f"{service.name} waits for {name}"


def test_mounted_scripts_are_sound() -> None:
    """Scripts that the database images read exist, are read and not executed, and use only secrets of their service."""
    for service in services().values():
        for file, _ in service.mounts():
            if file.startswith("."):
                script = DOCKER / file
                subprocess.run(["sh", "-n", str(script)], check=True)
                assert not script.stat().st_mode & stat.S_IXUSR, file
                used = re.findall(r"/run/secrets/(\w+)", script.read_text(encoding="utf-8"))
                assert set(used) <= service.secrets


def test_accounts_are_those_of_the_code() -> None:
    """The database scripts make the roles, the database and the reader that the code speaks of."""
    hub = (DOCKER / "hub-database.sh").read_text(encoding="utf-8")
    assert f"CREATE ROLE {OWNER_ROLE} " in hub
    assert f"CREATE ROLE {SERVICE_ROLE} " in hub
    assert f"CREATE DATABASE {DATABASE} OWNER {OWNER_ROLE}" in hub
    assert f"CREATE ROLE {READER} " in (DOCKER / "police.sh").read_text(encoding="utf-8")
    assert f"CREATE USER {READER}@" in (DOCKER / "civil-affairs.sh").read_text(encoding="utf-8")


def test_secrets_are_made_once(secrets: Path) -> None:
    """Each secret of the compose file is made; the folder is closed; a second run changes none."""
    before = {path.name: path.read_bytes() for path in secrets.iterdir()}
    assert before.keys() == set(read_compose()["secrets"])
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    subprocess.run(["sh", str(DOCKER / "make-secrets.sh"), str(secrets)], check=True, capture_output=True)
    assert {path.name: path.read_bytes() for path in secrets.iterdir()} == before
    passwords = [content for name, content in before.items() if name.endswith(("password", "secret", "token"))]
    assert len(set(passwords)) == len(passwords)
    assert all(re.fullmatch(rb"[0-9a-f]{48}\n", content) for content in passwords)


@pytest.mark.parametrize(
    "name", ["hub_database_url", "hub_database_owner_url", "police_owner_url", "civil_affairs_owner_url"]
)
def test_addresses_of_databases_fit(secrets: Path, name: str) -> None:
    """A database's URL names its service, its port, its account and that account's password."""
    url = urlsplit((secrets / name).read_text(encoding="utf-8").strip())
    database = services()[str(url.hostname)]
    assert url.password == (secrets / f"{url.username}_password").read_text(encoding="utf-8").strip()
    assert url.port == (3306 if "mariadb" in database.told["image"] else 5432)
    known = json.dumps(database.told) + "".join(
        (DOCKER / file).read_text() for file, _ in database.mounts() if file[0] == "."
    )
    assert str(url.username) in known
    assert url.path[1:] in known


def test_the_hub_starts_with_these_settings(settings: Settings) -> None:
    """Variables and secrets make valid settings: the database, five synthetic sources, a passphrase, agreements."""
    assert settings.database_url is not None
    assert settings.database_owner_url is not None
    assert settings.key_passphrase is not None
    assert settings.agreements_dir is not None
    assert settings.agreements_dir.is_relative_to(settings.state_dir)
    assert {source.source.value for source in settings.sources} == DEPARTMENTS
    assert all(source.synthetic for source in settings.sources)
    for service in (services()["hub"], services()["hub-setup"]):
        assert [name for name in service.told["environment"] if not fits_settings(name)] == []
        assert [name for name in service.secrets if name.startswith("hub_") and not fits_settings(name.upper())] == []


@pytest.mark.parametrize("department", sorted(DEPARTMENTS))
def test_the_hub_finds_each_department(settings: Settings, secrets: Path, department: str) -> None:
    """Mapping, host, port, account and credentials of a source are those of its service."""
    source = next(one for one in settings.sources if one.source.value == department)
    mapping = Path(str(source.mapping).removeprefix(SITE_PACKAGES))
    assert read_mapping(ROOT / mapping).source is source.source
    service, address = services()[department], source.address.get_secret_value()
    if source.kind == "file":
        assert address in {place for volume, place in services()["hub"].mounts() if volume in dict(service.mounts())}
        assert service.option("--into") == address
        return
    url = urlsplit(address)
    assert url.hostname == department
    if source.kind == "sql":
        password = secrets / f"{department.replace('-', '_')}_reader_password"
        assert (url.username, url.password) == (READER, password.read_text(encoding="utf-8").strip())
        return
    assert str(url.port) == service.option("--port")
    assert f":{url.port}/health" in json.dumps(service.told["healthcheck"])
    assert credentials_fit(source, service, secrets)


def credentials_fit(source: SourceSettings, service: Service, secrets: Path) -> bool:
    """Whether the hub's credentials hold the secret that the service compares."""
    given, expected = Path(str(source.credentials)), Path(str(service.option("--secret-file")))
    secret = (secrets / expected.name).read_text(encoding="utf-8").strip()
    mounted = given.name in services()["hub"].secrets and expected.name in service.secrets
    return mounted and secret in (secrets / given.name).read_text(encoding="utf-8")


@pytest.mark.parametrize("service", [one for one in services().values() if one.ours], ids=lambda service: service.name)
def test_every_command_can_be_run(service: Service) -> None:
    """Each command line is one that our programs understand; files and folders in it are mounted."""
    words = service.command_line
    if words[0] == "hub":
        parse_hub(words[1:])
    else:
        assert words[:2] == ["python", "-m"]
        assert [word for word in words if word.startswith("--") and word not in help_of(words[2])] == []
        positional = words[3] if not words[3].startswith("-") else None
        assert positional is None or positional in DEPARTMENTS
    places = {place for _, place in service.mounts()} | {f"/run/secrets/{name}" for name in service.secrets}
    assert [word for word in words if word.startswith("/") and word not in places] == []


@lru_cache
def help_of(module: str) -> str:
    """What a program says of its options."""
    return subprocess.run([sys.executable, "-m", module, "--help"], capture_output=True, text=True, check=True).stdout


def parse_hub(words: list[str]) -> None:
    """Parse a `hub` command line without running it; click raises where it does not fit."""
    command: click.Command = program
    while isinstance(command, click.Group):
        command = command.commands[words[0]]
        words = words[1:]
    command.make_context("hub", list(words))


def test_the_departments_programs_are_the_demo_s() -> None:
    """Health and business run the modules that `hub demo` starts."""
    demo = (ROOT / "hub" / "demo" / "installation.py").read_text(encoding="utf-8")
    for department in ("health", "business"):
        assert f'"{services()[department].command_line[2]}"' in demo
