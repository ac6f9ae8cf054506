"""TLS: only a trusted authority and the right host are accepted, and our certificate is shown where it is asked for."""

import asyncio
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from connectors.credentials import Credentials
from connectors.errors import translate
from connectors.remote import RemoteClient
from schema.errors import ErrorCode, SourceError
from schema.vocabulary import Source
from tests.connectors.services import serve


@dataclass
class Authority:
    """A certificate authority with what it has signed, as files."""

    folder: Path
    name: str

    def __post_init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)])
        basic = x509.BasicConstraints(ca=True, path_length=None)
        certificate = self._builder(self._subject, self._key).add_extension(basic, critical=True)
        self.path = self.folder / f"{self.name}.pem"
        signed = certificate.sign(self._key, hashes.SHA256())
        self.path.write_bytes(signed.public_bytes(serialization.Encoding.PEM))

    def sign(self, name: str, address: str) -> tuple[Path, Path]:
        """A certificate for one address, and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        signed = self._builder(subject, key).add_extension(names, critical=False).sign(self._key, hashes.SHA256())
        certificate, key_file = self.folder / f"{name}.pem", self.folder / f"{name}.key"
        certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        plain = serialization.NoEncryption()
        form = serialization.PrivateFormat.PKCS8
        key_file.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, plain))
        return certificate, key_file

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        own = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(hours=1))
            .add_extension(own, critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(usage, critical=True)
        )


async def _hello(_: Request) -> JSONResponse:
    return JSONResponse({"hello": "hub"})


def ask(address: str, credentials: Credentials) -> object:
    """What the service answers, or the error as connectors raise it."""

    async def work() -> object:
        client = RemoteClient(address, credentials, None, 2.0)
        try:
            return await client.get("/hello")
        except Exception as error:
            return translate(error, Source.HEALTH, "health.persons")
        finally:
            await client.close()

    return asyncio.run(work())


APP = Starlette(routes=[Route("/hello", _hello)])


def test_only_a_trusted_authority_and_the_right_host(tmp_path: Path) -> None:
    """Without the authority, with another one, or for another host there is no answer."""
    ours, other = Authority(tmp_path, "ours"), Authority(tmp_path, "other")
    for address, authority, good in [
        ("127.0.0.1", ours.path, True),
        ("127.0.0.1", other.path, False),
        ("127.0.0.1", None, False),
        ("192.0.2.1", ours.path, False),
    ]:
        certificate, key = ours.sign("service", address)
        with serve(APP, ssl_certfile=str(certificate), ssl_keyfile=str(key)) as url:
            answer = ask(url, Credentials(authorities=authority))
        if good:
            assert answer == {"hello": "hub"}
        else:
            assert isinstance(answer, SourceError)
            assert answer.code is ErrorCode.SOURCE_UNAVAILABLE


@pytest.mark.parametrize("shown", [True, False])
def test_our_certificate_is_shown_where_it_is_asked_for(tmp_path: Path, shown: bool) -> None:
    """A service that asks for a certificate answers with one, and not without."""
    ours = Authority(tmp_path, "ours")
    certificate, key = ours.sign("service", "127.0.0.1")
    own, own_key = ours.sign("hub", "127.0.0.1")
    credentials = Credentials(authorities=ours.path)
    if shown:
        credentials = Credentials(authorities=ours.path, certificate=own, certificate_key=own_key)
    settings = {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_ca_certs": str(ours.path)}
    with serve(APP, ssl_certfile=str(certificate), ssl_keyfile=str(key), **settings) as url:
        answer = ask(url, credentials)
    if shown:
        assert answer == {"hello": "hub"}
    else:
        assert isinstance(answer, SourceError)
