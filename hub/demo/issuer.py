"""The demo issuer: stands in for the departments' identity services until there are any.

Its private key lies in the state folder, so whoever can read that folder can be anybody. That is why its
key set and its tokens are marked `"demo": true` and production refuses both its name and its mark.
"""

import hashlib
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Self

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from jwt import PyJWS
from jwt.algorithms import OKPAlgorithm

from auth.claims import Expected, read_caller
from auth.issuers import Issuer
from auth.key_sets import SigningAlgorithm
from auth.model import Case
from hub.files import write_private
from schema.errors import ConfigurationError
from schema.vocabulary import Assurance, Department, Level, Role

__all__ = ["DEMO_ISSUER", "DemoIssuer", "TokenRequest"]

DEMO_ISSUER: Final = "https://demo.invalid/issuer"
"""The `iss` of demo tokens. `.invalid` never resolves (RFC 2606)."""


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """What a demo token shall say. For a person, `subject` is their sector id and level and jurisdiction are unused."""

    department: Department
    roles: tuple[Role, ...]
    level: Level = Level.COUNTY
    jurisdiction: str = ""
    purposes: tuple[str, ...] = ()
    subject: str = "demo-officer"
    client: str = "demo-client"
    assurance: Assurance = Assurance.SUBSTANTIAL
    minutes: int = 30
    case: Case | None = None


class DemoIssuer:
    """Signs demo tokens, and other demo documents, with a key of its own."""

    def __init__(self, key: Ed25519PrivateKey, folder: Path) -> None:
        self._key = key
        self._public = OKPAlgorithm.to_jwk(key.public_key(), as_dict=True)
        self._kid = _thumbprint(self._public)
        self.key_set_file = folder / "jwks.json"

    @classmethod
    def open(cls, state_dir: Path) -> Self:
        """The demo issuer of a state folder; makes its key (mode 0600) and its key set when there are none.

        Two processes that open it at once get the same key. Raises ConfigurationError when the key cannot be read or
        others may read it.
        """
        folder = state_dir / "demo-issuer"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        issuer = cls(_load_or_make_key(folder / "key.pem"), folder)
        document = issuer.key_set
        if not issuer.key_set_file.exists() or issuer.key_set_file.read_bytes() != document:
            write_private(issuer.key_set_file, document)
        return issuer

    @property
    def issuer(self) -> Issuer:
        """This issuer as the hub's directory knows it; it may speak for everybody."""
        return Issuer(DEMO_ISSUER, SigningAlgorithm.EDDSA, frozenset(Department), str(self.key_set_file))

    @property
    def key_set(self) -> bytes:
        """Its JWK Set, marked as made for demonstrations."""
        key = {"kid": self._kid, "use": "sig", "alg": SigningAlgorithm.EDDSA.value} | self._public
        return json.dumps({"demo": True, "keys": [key]}, indent=2).encode()

    def mint(self, request: TokenRequest, *, audience: str, now: datetime) -> str:
        """A token that says what is asked for, valid from `now` (UTC).

        Raises TokenError when the hub would refuse it: no demo token is printed that does not work.
        """
        claims = _claims(request, audience, now)
        read_caller(claims, Expected(self.issuer, audience, now))
        return self.sign("at+jwt", claims)

    def sign(self, kind: str, content: Mapping[str, object]) -> str:
        """A JSON object as a compact JWS (RFC 7515) with `kind` as its `typ`, signed with the demo key."""
        payload = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        signer = PyJWS(algorithms=[SigningAlgorithm.EDDSA.value])
        return signer.encode(payload, self._key, SigningAlgorithm.EDDSA.value, {"typ": kind, "kid": self._kid})


def _claims(request: TokenRequest, audience: str, now: datetime) -> dict[str, object]:
    issued = int(now.timestamp())
    claims: dict[str, object] = {
        "iss": DEMO_ISSUER,
        "sub": request.subject,
        "aud": audience,
        "iat": issued,
        "exp": issued + 60 * request.minutes,
        "jti": secrets.token_hex(16),
        "client_id": request.client,
        "department": request.department.value,
        "roles": [role.value for role in request.roles],
        "purposes": list(request.purposes),
        "acr": request.assurance.value,
        "demo": True,
    }
    if request.department is not Department.PERSON:
        claims |= {"level": request.level.value, "jurisdiction": request.jurisdiction}
    if request.case is not None:
        claims["case"] = {
            "reference": request.case.reference,
            "purpose": request.case.purpose,
            "subjects": sorted(request.case.subjects),
            "related": sorted(request.case.related),
        }
    return claims


def _load_or_make_key(path: Path) -> Ed25519PrivateKey:
    if not path.exists():
        _make_key(path)
    if path.stat().st_mode & 0o077:
        raise ConfigurationError(f"{path}: others may read this key; make it mode 0600 or delete it")
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigurationError(f"{path}: not an Ed25519 key; delete it to have a new one made")
    return key


def _make_key(path: Path) -> None:
    """Write a new key unless another process was first: a link, unlike a rename, never replaces."""
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_private(unfinished, pem)
    try:
        os.link(unfinished, path)
    except FileExistsError:
        return
    finally:
        unfinished.unlink()


def _thumbprint(jwk: Mapping[str, object]) -> str:
    """RFC 7638: the key's name is a digest of the key."""
    members = {name: jwk[name] for name in ("crv", "kty", "x")}
    return hashlib.sha256(json.dumps(members, sort_keys=True, separators=(",", ":")).encode()).hexdigest()[:32]
