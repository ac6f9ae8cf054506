"""Agreements in their smallest form: a signed file that says who may run which document for what, and until when.

A file `<id>.agreement.json` holds `agreement` (readable), `suite` and `signature`: a JWS in compact form with
detached content (RFC 7515 appendix F), `typ` `agreement+jwt`, over the canonical JSON of `agreement` (members sorted,
no white space, UTF-8). Suite `intl-1` signs with Ed25519 (RFC 8037, RFC 9864).
"""

import base64
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from auth.strict_json import JsonObject, parse_object
from privacy.decide import granted
from privacy.fieldset import field_set, is_listing
from privacy.keys import Signer, Suite
from privacy.model import Agreement, Purpose
from privacy.policybook import PolicyBook
from schema.divisions import is_known
from schema.errors import ClientError, ConfigurationError
from schema.vocabulary import Department

__all__ = ["AGREEMENT_SUFFIX", "AgreementTerms", "load_agreements", "sign_agreement"]

AGREEMENT_SUFFIX: Final = ".agreement.json"
_TYPE: Final = "agreement+jwt"
_ALGORITHM: Final = "Ed25519"


@dataclass(frozen=True, slots=True)
class AgreementTerms:
    """What is signed. `client` None: any client of the department. `expires` is aware of its time zone."""

    id: str
    document: str
    purpose: str
    department: Department
    jurisdiction: str
    volume_per_day: int
    expires: datetime
    client: str | None = None


def sign_agreement(terms: AgreementTerms, signer: Signer) -> bytes:
    """The content of the agreement's file, `<id>.agreement.json`."""
    content: dict[str, object] = {
        "id": terms.id,
        "document": terms.document,
        "purpose": terms.purpose,
        "department": terms.department.value,
        "client": terms.client,
        "jurisdiction": terms.jurisdiction,
        "volumePerDay": terms.volume_per_day,
        "expires": terms.expires.isoformat(),
    }
    header = _encode(_canonical(_header(signer.suite, signer.public_key)))
    signature = signer.sign(_signed_bytes(header, content))
    whole = {"suite": signer.suite.value, "agreement": content, "signature": f"{header}..{_encode(signature)}"}
    return json.dumps(whole, ensure_ascii=False, indent=2).encode() + b"\n"


def load_agreements(directory: Path, keys: Collection[bytes], book: PolicyBook) -> Mapping[str, Agreement]:
    """Every agreement of a folder by id; expired ones too, so that using one can be told from naming none.

    `keys` are the raw Ed25519 public keys that may have signed (`KeyService.public_keys("agreement")`). Raises
    ConfigurationError naming the file for a bad signature, an unknown purpose, a document that does not fit the schema,
    or one that asks for a field its purpose never grants to its department.
    """
    found: dict[str, Agreement] = {}
    for path in sorted(directory.glob(f"*{AGREEMENT_SUFFIX}")):
        try:
            agreement = _read_agreement(path.read_bytes(), keys, book)
        except (OSError, ValueError, ClientError) as error:
            raise ConfigurationError(f"{path}: {error}") from None
        if path.name != f"{agreement.id}{AGREEMENT_SUFFIX}":
            raise ConfigurationError(f"{path}: the file must be named after the agreement's id")
        found[agreement.id] = agreement
    return MappingProxyType(found)


def _read_agreement(text: bytes, keys: Collection[bytes], book: PolicyBook) -> Agreement:
    """Raises ValueError with the reason; StrictJsonError is one."""
    whole = parse_object(text)
    content = whole.get("agreement")
    if not isinstance(content, dict) or whole.get("suite") != Suite.INTL_1.value or len(whole) != 3:
        raise ValueError("not an agreement of suite `intl-1`")
    _verify(content, _member(whole, "signature"), keys)
    terms = _terms(content)
    return _compiled(terms, _purpose_of(terms, book))


def _verify(content: JsonObject, signature: str, keys: Collection[bytes]) -> None:
    """INVARIANT: the key comes from the configuration; the header only says which of them it was."""
    header, _, rest = signature.partition("..")
    for key in keys:
        if header != _encode(_canonical(_header(Suite.INTL_1, key))):
            continue
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(_decode(rest), _signed_bytes(header, content))
        except (InvalidSignature, ValueError):
            break
        return
    raise ValueError("the signature does not hold under any accepted key")


def _terms(content: JsonObject) -> AgreementTerms:
    client, volume = content.get("client"), content.get("volumePerDay")
    if not isinstance(client, str | None) or type(volume) is not int or volume < 1:
        raise ValueError("`client` or `volumePerDay` is not what it should be")
    expires = datetime.fromisoformat(_member(content, "expires"))
    if expires.tzinfo is None:
        raise ValueError("`expires` has no time zone")
    return AgreementTerms(
        id=_member(content, "id"),
        document=_member(content, "document"),
        purpose=_member(content, "purpose"),
        department=Department(_member(content, "department")),
        jurisdiction=_member(content, "jurisdiction"),
        volume_per_day=volume,
        expires=expires,
        client=client,
    )


def _purpose_of(terms: AgreementTerms, book: PolicyBook) -> Purpose:
    purpose = book.purposes.get(terms.purpose)
    if purpose is None:
        raise ValueError(f"purpose `{terms.purpose}` is not in the catalogue")
    if terms.department not in purpose.departments:
        raise ValueError(f"department `{terms.department.value}` may not name purpose `{terms.purpose}`")
    if not is_known(terms.jurisdiction):
        raise ValueError("the jurisdiction is not a division")
    return purpose


def _compiled(terms: AgreementTerms, purpose: Purpose) -> Agreement:
    fields = field_set(terms.document)
    excess = sorted(fields - granted(terms.department, purpose).keys())
    if excess:
        raise ValueError(f"purpose `{purpose.code}` never grants `{'`, `'.join(excess)}`")
    return Agreement(
        id=terms.id,
        document=terms.document,
        document_hash=sha256(terms.document.encode()).hexdigest(),
        purpose=terms.purpose,
        department=terms.department.value,
        client=terms.client,
        jurisdiction=terms.jurisdiction,
        volume_per_day=terms.volume_per_day,
        expires=terms.expires,
        fields=fields,
        listing=is_listing(terms.document),
    )


def _header(suite: Suite, public_key: bytes) -> dict[str, object]:
    key_id = sha256(public_key).hexdigest()[:32]
    return {"alg": _ALGORITHM, "kid": key_id, "suite": suite.value, "typ": _TYPE}


def _signed_bytes(header: str, content: Mapping[str, object]) -> bytes:
    return f"{header}.{_encode(_canonical(content))}".encode()


def _canonical(content: Mapping[str, object]) -> bytes:
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _member(content: JsonObject, name: str) -> str:
    value = content.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"`{name}` is missing or not text")
    return value
