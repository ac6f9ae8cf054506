"""How a connector proves itself to a source. Nothing secret shows in a repr."""

from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Credentials"]


@dataclass(frozen=True, slots=True)
class Credentials:
    """OAuth2 client credentials (`client_id`, `client_secret`, `scope`) or a service token; for TLS a file of
    trusted authorities and, for mutual TLS, a certificate with its key."""

    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    scope: str = ""
    token: str = field(default="", repr=False)
    authorities: Path | None = None
    certificate: Path | None = None
    certificate_key: Path | None = None
