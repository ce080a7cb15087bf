"""Whom the webhook's connections trust: a certificate of an authority, for that very host."""

import datetime as dt
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from services.adapters.dynamodb.connection_pool import ConnectionPool, tls_context
from tests.support.hostile_server import hostile_server, serve_politely

REQUEST = b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}"


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate that signed itself, for one address."""

    file: Path

    @property
    def server(self) -> ssl.SSLContext:
        """Of a server that shows it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file)
        return context

    def trusted(self) -> ssl.SSLContext:
        """The client's own context, with this certificate among its authorities."""
        tls_context.cache_clear()
        context = tls_context()
        tls_context.cache_clear()
        context.load_verify_locations(self.file)
        return context


@pytest.fixture
def identity_of(tmp_path: Path) -> Callable[[str], Identity]:
    """Make one for an address."""

    def make(address: str) -> Identity:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, address)])
        now = dt.datetime.now(dt.UTC)
        alternative = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
        certificate = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(minutes=5))
            .not_valid_after(now + dt.timedelta(minutes=5))
            .add_extension(alternative, critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, SHA256())
        )
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        file = tmp_path / f"{address}.pem"
        file.write_bytes(private + certificate.public_bytes(Encoding.PEM))
        return Identity(file)

    return make


async def test_a_certificate_of_an_authority_is_trusted(
    identity_of: Callable[[str], Identity],
) -> None:
    """If it is for the host that was asked for."""
    identity = identity_of("127.0.0.1")
    async with hostile_server(serve_politely, tls=identity.server) as server:
        pool = ConnectionPool(server.endpoint, tls=identity.trusted)
        answers = [await pool.send(REQUEST) for _ in range(2)]
        await pool.close()

    assert [one.body for one in answers] == [b"{}", b"{}"]
    assert len(server.visits) == 1


async def test_a_certificate_of_nobody_is_refused(identity_of: Callable[[str], Identity]) -> None:
    """Nothing is sent: neither a ballot nor a signature."""
    async with hostile_server(serve_politely, tls=identity_of("127.0.0.1").server) as server:
        with pytest.raises(ssl.SSLCertVerificationError):
            await ConnectionPool(server.endpoint).send(REQUEST)

    assert server.requests == 0


async def test_a_certificate_of_another_host_is_refused(
    identity_of: Callable[[str], Identity],
) -> None:
    """Although its authority is trusted."""
    identity = identity_of("127.0.0.2")
    async with hostile_server(serve_politely, tls=identity.server) as server:
        with pytest.raises(ssl.SSLCertVerificationError, match=r"127\.0\.0\.1"):
            await ConnectionPool(server.endpoint, tls=identity.trusted).send(REQUEST)

    assert server.requests == 0
