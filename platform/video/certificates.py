"""Certificates for signing, and the files that keep them.

Profile: C2PA specification 2.x, "Certificate profile": EC P-256, key usage digitalSignature,
extended key usage emailProtection, an organisation in the subject, never self-signed.
"""

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ROOT_LIFE = timedelta(days=20 * 365)
SIGNER_LIFE = timedelta(days=5 * 365)
CLOCK_SKEW = timedelta(days=1)


@dataclass(frozen=True)
class Pair:
    """A certificate and the private key it speaks for."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def certificate_pem(self) -> bytes:
        """The certificate as PEM."""
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        """The key as unencrypted PKCS#8 PEM."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def new_root(organisation: str, *, now: datetime) -> Pair:
    """A root authority for twenty years that signs end certificates only."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _subject(organisation, "content authority")
    builder = (
        _certificate(name, key, issuer=name, issuer_key=key)
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + ROOT_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
    )
    return Pair(builder.sign(key, hashes.SHA256()), key)


def new_signer(organisation: str, *, root: Pair, now: datetime) -> Pair:
    """A signing certificate for five years, or as long as `root` lives."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _subject(organisation, "content signer")
    root_end = root.certificate.not_valid_after_utc
    builder = (
        _certificate(name, key, issuer=root.certificate.subject, issuer_key=root.key)
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(min(now + SIGNER_LIFE, root_end))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False
        )
    )
    return Pair(builder.sign(root.key, hashes.SHA256()), key)


def _certificate(
    name: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    *,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
) -> x509.CertificateBuilder:
    public, issuer_public = key.public_key(), issuer_key.public_key()
    subject_id = x509.SubjectKeyIdentifier.from_public_key(public)
    issuer_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_public)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .add_extension(subject_id, critical=False)
        .add_extension(issuer_id, critical=False)
    )


def _subject(organisation: str, role: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, f"{organisation} {role}"),
        ]
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def read_pair(path: Path) -> Pair | None:
    """The pair kept at `path`, or None.  Raises ValueError or TypeError for a damaged file."""
    if not path.exists():
        return None
    content = path.read_bytes()
    key = load_pem_private_key(content, password=None)
    certificate = x509.load_pem_x509_certificate(content)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise TypeError(f"{path.name} holds no key on an elliptic curve.")
    if key.public_key() != certificate.public_key():
        raise ValueError(f"The key in {path.name} is not its certificate's.")
    return Pair(certificate, key)


def write_pair(path: Path, pair: Pair) -> Pair:
    """Keep `pair` at `path`, whole or not at all, readable by the owner alone; gives it back."""
    aside = path.with_name(f".{path.name}.new")
    aside.unlink(missing_ok=True)
    handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(pair.key_pem + pair.certificate_pem)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
    return pair
