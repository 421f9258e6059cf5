"""The lake's own certificate authority, and what it signs.

Each lake has its own: a key that leaks opens one demonstration on one machine. Keys are P-256
because a handshake then costs a tenth of an RSA one.
"""

# These modules run as the package "lake", in an environment that has no escape_vre.
# ruff: noqa: TID252

import datetime
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ..layout import HOST, write

_YEARS = datetime.timedelta(days=3650)


def make(ca: Path, *, server: Path, client: Path) -> None:
    """Create a certificate authority, a server's identity and a client's.

    The authority's key is not stored: nothing more is ever signed, so it cannot be stolen.

    Parameters
    ----------
    ca : Path — written last, PEM certificate: if it exists, the rest does.
    server, client : Path — written with mode 0600, PEM certificate and key.
    """
    ca_key = ec.generate_private_key(ec.SECP256R1())
    name = _name("escape-vre demonstration lake CA")
    ca_certificate = (
        _builder(name, name, ca_key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(ca_key.public_key()), critical=False
        )
        .sign(ca_key, hashes.SHA256())
    )
    for path, title, purpose in (
        (server, "localhost", ExtendedKeyUsageOID.SERVER_AUTH),
        (client, "demo", ExtendedKeyUsageOID.CLIENT_AUTH),
    ):
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            _builder(_name(title), name, key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()),
                critical=False,
            )
        )
        if path is server:
            names = [
                x509.DNSName("localhost"),
                *(x509.IPAddress(ipaddress.ip_address(one)) for one in {"127.0.0.1", HOST}),
            ]
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        certificate = builder.sign(ca_key, hashes.SHA256())
        pem = certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        write(path, pem.decode())
    write(ca, ca_certificate.public_bytes(serialization.Encoding.PEM).decode(), mode=0o644)


def _name(title: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "escape-vre demonstration"),
            x509.NameAttribute(NameOID.COMMON_NAME, title),
        ]
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    # A day's grace: virtual machines wake up with clocks that are behind.
    now = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + _YEARS)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
