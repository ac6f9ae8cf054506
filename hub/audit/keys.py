"""The keys the log needs, and an in-memory set of them for tests and tools."""

from dataclasses import dataclass
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

__all__ = ["AuditKeys", "MemoryKeys"]


class AuditKeys(Protocol):
    """What the log asks of the key service.

    The three secret keys are 32 bytes each and independent of one another. A person's list of accesses is
    found under the index key, proven under the audit key, and read with the payload key.
    """

    @property
    def log_name(self) -> str:
        """Name of the log without spaces or `+`; the origin of a shard's checkpoints is `<log name>/<shard>`."""

    def audit_key(self) -> bytes:
        """Key of the subject tokens and case digests in payloads (32 bytes)."""

    def index_key(self) -> bytes:
        """Key of the subject digests in the side index (32 bytes)."""

    def payload_key(self) -> bytes:
        """Key that seals payload rows at rest (32 bytes)."""

    def sign(self, message: bytes) -> bytes:
        """Ed25519 signature (64 bytes) of a checkpoint."""

    def public_key(self) -> bytes:
        """The 32 bytes that verify `sign`."""


@dataclass(frozen=True, slots=True, repr=False)
class MemoryKeys:
    """Keys held in memory; `AuditKeys` for tests and tools."""

    log_name: str
    secrets: tuple[bytes, bytes, bytes]
    signer: Ed25519PrivateKey

    @classmethod
    def from_seed(cls, seed: bytes, log_name: str = "audit.example") -> "MemoryKeys":
        """The same keys for the same seed (32 bytes)."""
        secrets = tuple(bytes(byte ^ mask for byte in seed) for mask in (1, 2, 3))
        return cls(log_name, (secrets[0], secrets[1], secrets[2]), Ed25519PrivateKey.from_private_bytes(seed))

    def audit_key(self) -> bytes:
        return self.secrets[0]

    def index_key(self) -> bytes:
        return self.secrets[1]

    def payload_key(self) -> bytes:
        return self.secrets[2]

    def sign(self, message: bytes) -> bytes:
        return self.signer.sign(message)

    def public_key(self) -> bytes:
        return self.signer.public_key().public_bytes_raw()
