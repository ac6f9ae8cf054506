"""Where the hub's keys are kept: one file of mode 0600, encrypted when a passphrase is set.

    plain      {"format": "hub-keys/v1", "protection": "none", "keys": […]}
    encrypted  {"format": "hub-keys/v1", "protection": "passphrase", "suite": "intl-1", "kdf": {…}, "sealed": "…"}

The passphrase goes through scrypt (RFC 7914), the keys through AES-256-GCM with everything else in the file as
associated data. A backup is an encrypted file of the same format with a passphrase of its own and a costlier scrypt.
"""

import fcntl
import json
import os
import secrets
import stat
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from hub.config import Settings
from hub.files import write_private
from privacy.keys import KeyKind, KeyRing, KeyService, SecretKey, SigningKey, Suite
from schema.errors import ConfigurationError

__all__ = ["HubAuditKeys", "KeyFile", "decode_keys", "encode_keys", "load_keys", "read_backup", "write_backup"]

_FORMAT: Final = "hub-keys/v1"
_FILE_COST: Final = 2**15
_BACKUP_COST: Final = 2**17
_HIGHEST_COST: Final = 2**20
_SHORTEST_PASSPHRASE: Final = 8


def load_keys(settings: Settings) -> KeyRing:
    """The hub's keys. A sandbox makes those it lacks; production expects `hub keys init` to have been run.

    Raises ConfigurationError when the file is missing, unsound or readable by others, or the passphrase is wrong.
    """
    file = KeyFile.of(settings)
    if not settings.production:
        return file.complete()
    ring = file.read()
    if ring.missing:
        raise ConfigurationError("the key file lacks keys that this version of the hub needs: run `hub keys init`")
    return ring


@dataclass(frozen=True, slots=True, repr=False)
class KeyFile:
    """The key file. Changes of several processes happen one after another; a crash leaves the old file or the new."""

    path: Path
    passphrase: str | None = None

    @classmethod
    def of(cls, settings: Settings) -> "KeyFile":
        """The key file of an installation."""
        passphrase = settings.key_passphrase
        return cls(settings.key_path, None if passphrase is None else passphrase.get_secret_value())

    def read(self) -> KeyRing:
        """The keys. Raises ConfigurationError as `load_keys` does."""
        try:
            mode = self.path.stat().st_mode
            content = self.path.read_bytes()
        except FileNotFoundError:
            raise ConfigurationError(f"there is no key file {self.path}: run `hub keys init`") from None
        except OSError:
            raise ConfigurationError(f"the key file {self.path} cannot be read") from None
        if stat.S_IMODE(mode) & 0o077:
            raise ConfigurationError(f"the key file {self.path} is open to others: make its mode 600")
        return decode_keys(content, self.passphrase, str(self.path))

    def complete(self) -> KeyRing:
        """The keys, after adding version 1 of every key that is missing; makes the file when there is none."""
        if self.path.exists():
            ring = self.read()
            if not ring.missing:
                return ring
        return self.change(lambda ring: ring.completed(os.urandom))

    def change(self, change: Callable[[KeyRing], KeyRing]) -> KeyRing:
        """Store what `change` makes of the present keys (none, if there is no file) and return it."""
        with self._lock():
            ring = change(self.read() if self.path.exists() else KeyRing(()))
            self._write(ring)
            return ring

    def replace(self, ring: KeyRing) -> None:
        """Store these keys instead of the present ones."""
        with self._lock():
            self._write(ring)

    def _write(self, ring: KeyRing) -> None:
        write_private(self.path, encode_keys(ring, self.passphrase, _FILE_COST))

    @contextmanager
    def _lock(self) -> Iterator[None]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.with_name(f"{self.path.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def write_backup(ring: KeyRing, path: Path, passphrase: str) -> None:
    """Write all keys to a new file under a passphrase of their own.

    Raises ConfigurationError when the file exists or the passphrase is shorter than 8 characters.
    """
    if len(passphrase) < _SHORTEST_PASSPHRASE:
        raise ConfigurationError(f"the passphrase of a backup has at least {_SHORTEST_PASSPHRASE} characters")
    if path.exists():
        raise ConfigurationError(f"{path} exists already")
    try:
        write_private(path, encode_keys(ring, passphrase, _BACKUP_COST))
    except OSError:
        raise ConfigurationError(f"{path} cannot be written") from None


def read_backup(path: Path, passphrase: str) -> KeyRing:
    """The keys of a backup. Raises ConfigurationError when it is none, is damaged, or the passphrase is wrong."""
    try:
        content = path.read_bytes()
    except OSError:
        raise ConfigurationError(f"{path} cannot be read") from None
    return decode_keys(content, passphrase, str(path))


def encode_keys(ring: KeyRing, passphrase: str | None, cost: int) -> bytes:
    """A key file's content; encrypted when there is a passphrase, with scrypt cost N = `cost`."""
    entries = [_encode_key(key) for key in ring]
    if passphrase is None:
        return _dump({"format": _FORMAT, "protection": "none", "keys": entries})
    header: dict[str, Any] = {
        "format": _FORMAT,
        "protection": "passphrase",
        "suite": Suite.INTL_1.value,
        "kdf": {"name": "scrypt", "n": cost, "r": 8, "p": 1, "salt": _text(secrets.token_bytes(16))},
        "nonce": _text(secrets.token_bytes(12)),
    }
    cipher, nonce = _cipher(header, passphrase)
    sealed = cipher.encrypt(nonce, _dump({"keys": entries}), _dump(header))
    return _dump({**header, "sealed": _text(sealed)})


def decode_keys(content: bytes, passphrase: str | None, name: str) -> KeyRing:
    """The keys in a key file's content; `name` is how errors call it. Raises ConfigurationError."""
    try:
        document = json.loads(content)
        if document["format"] != _FORMAT:
            raise ValueError
        if document["protection"] == "none":
            return KeyRing(_decode_key(entry) for entry in document["keys"])
        if passphrase is None:
            raise ConfigurationError(f"{name} is encrypted: set HUB_KEY_PASSPHRASE")
        header = {key: value for key, value in document.items() if key != "sealed"}
        cipher, nonce = _cipher(header, passphrase)
        opened = json.loads(cipher.decrypt(nonce, b64decode(document["sealed"]), _dump(header)))
        return KeyRing(_decode_key(entry) for entry in opened["keys"])
    except InvalidTag:
        raise ConfigurationError(f"{name} does not open: the passphrase is wrong, or the file was changed") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ConfigurationError(f"{name} is not a key file of this version of the hub") from None


def _cipher(header: Mapping[str, Any], passphrase: str) -> tuple[AESGCM, bytes]:
    kdf = header["kdf"]
    if header["suite"] != Suite.INTL_1 or kdf["name"] != "scrypt" or not 2 <= kdf["n"] <= _HIGHEST_COST:
        raise ValueError
    if (kdf["r"], kdf["p"]) != (8, 1):
        raise ValueError
    scrypt = Scrypt(salt=b64decode(kdf["salt"]), length=32, n=kdf["n"], r=8, p=1)
    return AESGCM(scrypt.derive(passphrase.encode())), b64decode(header["nonce"])


def _encode_key(key: SecretKey | SigningKey) -> dict[str, str | int]:
    kind, secret = (KeyKind.SECRET, key.root) if isinstance(key, SecretKey) else (KeyKind.SIGNING, key.seed)
    return {
        "name": key.name,
        "version": key.version,
        "suite": key.suite.value,
        "kind": kind.value,
        "secret": _text(secret),
    }


def _decode_key(entry: Mapping[str, Any]) -> SecretKey | SigningKey:
    make = SecretKey if KeyKind(entry["kind"]) is KeyKind.SECRET else SigningKey
    return make(str(entry["name"]), int(entry["version"]), Suite(entry["suite"]), b64decode(entry["secret"]))


def _dump(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def _text(content: bytes) -> str:
    return b64encode(content).decode()


class HubAuditKeys:
    """The keys the audit log asks for (`hub.audit.keys.AuditKeys`), from the key service."""

    def __init__(self, keys: KeyService, log_name: str) -> None:
        self._log_name = log_name
        self._audit = keys.current("audit").derive("audit")
        self._index = keys.current("audit-index").derive("audit-index")
        self._payload = keys.current("payload").derive("payload")
        self._signer = keys.signer("checkpoint")

    @property
    def log_name(self) -> str:
        """Name of the log in its checkpoints."""
        return self._log_name

    def audit_key(self) -> bytes:
        """Key of the subject tokens and case digests in payloads."""
        return self._audit

    def index_key(self) -> bytes:
        """Key of the subject digests in the side index."""
        return self._index

    def payload_key(self) -> bytes:
        """Key that seals payload rows at rest."""
        return self._payload

    def sign(self, message: bytes) -> bytes:
        """Ed25519 signature of a checkpoint."""
        return self._signer.sign(message)

    def public_key(self) -> bytes:
        """The 32 bytes that verify `sign`."""
        return self._signer.public_key
