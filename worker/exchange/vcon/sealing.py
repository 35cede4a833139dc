"""Signing and encrypting vCons: JWS and JWE in their General JSON forms (RFC 7515 and 7516, and the core draft).

A vCon is signed with RS256, which the draft asks for, by a key whose certificate goes with the signature. Once it is
signed, it may be encrypted to somebody's RSA key.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeAlias, cast

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from joserfc import jwe, jws
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from worker.core.errors import Invalid
from worker.exchange.vcon.build import vcon_to_json
from worker.exchange.vcon.values import Object

ALGORITHM = "RS256"
KEY_ENCRYPTION, ENCRYPTION = "RSA-OAEP", "A256CBC-HS512"
KEY_BITS, LEAST_BITS = 3072, 2048
LASTS = timedelta(days=3650)
LONGEST_NAME = 64  # letters of a certificate's common name (RFC 5280, appendix A.1)

_JWS = jws.JWSRegistry(algorithms=[ALGORITHM], strict_check_header=False)  # the draft puts the uuid there
_JWE = jwe.JWERegistry(algorithms=[KEY_ENCRYPTION, ENCRYPTION], strict_check_header=False)
_NO_RECIPIENT = (
    "A vCon is encrypted to a public RSA key of at least 2048 bits, in PEM, or to a certificate of one. "
    "This is none: ask for another."
)

Recipient: TypeAlias = RSAKey
"""A public key to which a vCon is encrypted."""


@dataclass(frozen=True)
class VconSigner:
    """The key that signs vCons, and its certificates in base64 of their DER, its own first."""

    key: RSAKey = field(repr=False)
    chain: tuple[str, ...]

    @classmethod
    def from_pem(cls, text: str) -> VconSigner:
        """A private key followed by its certificate and those above it, in PEM. Raises Invalid for anything else."""
        try:
            private = load_pem_private_key(text.encode(), password=None)
            chain = x509.load_pem_x509_certificates(text.encode())
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise Invalid("The key that signs vCons is none: a private RSA key and its certificate, in PEM.") from error
        if not isinstance(private, rsa.RSAPrivateKey) or private.key_size < LEAST_BITS:
            raise Invalid(f"The key that signs vCons is an RSA key of at least {LEAST_BITS} bits.")
        if _public(chain[0].public_key()) != _public(private.public_key()):
            raise Invalid("The first certificate of the key that signs vCons is that of another key.")
        plain = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return cls(RSAKey.import_key(plain), tuple(_der(one) for one in chain))

    @property
    def certificates(self) -> str:
        """The certificates in PEM, for those who check."""
        return "".join(f"-----BEGIN CERTIFICATE-----\n{one}\n-----END CERTIFICATE-----\n" for one in self.chain)


def new_key(host: str, now: datetime) -> str:
    """A new key with a certificate that it signed itself, in PEM, for who has none of an authority."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host[:LONGEST_NAME])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now.astimezone(UTC))
        .not_valid_after(now.astimezone(UTC) + LASTS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(private, hashes.SHA256())
    )
    key = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return (key + certificate.public_bytes(Encoding.PEM)).decode()


def signed(vcon: Object, signer: VconSigner) -> bytes:
    """The signed form. The certificates stand in the unprotected header, as the draft has them, with the uuid."""
    header = {"x5c": list(signer.chain), "uuid": vcon["uuid"]}
    members: list[jws.HeaderDict] = [{"protected": {"alg": ALGORITHM}, "header": header}]
    document = jws.serialize_json(members, vcon_to_json(vcon), signer.key, registry=_JWS)
    return json.dumps(document, separators=(",", ":")).encode()


def read_recipient(pem: str) -> Recipient:
    """The public key of whoever is to read a vCon. Raises Invalid for a text that is no such key."""
    try:
        text = pem.encode()
        is_certificate = b"BEGIN CERTIFICATE" in text
        public = x509.load_pem_x509_certificate(text).public_key() if is_certificate else load_pem_public_key(text)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Invalid(_NO_RECIPIENT) from error
    if not isinstance(public, rsa.RSAPublicKey) or public.key_size < LEAST_BITS:
        raise Invalid(_NO_RECIPIENT)
    return RSAKey.import_key(_public(public))


def encrypted(vcon: Object, signer: VconSigner, to: Iterable[Recipient]) -> bytes:
    """The encrypted form of the signed one, for each of these. Raises Invalid for a key that cannot be used."""
    protected = {"enc": ENCRYPTION}
    unprotected = {"cty": "application/vcon", "uuid": vcon["uuid"]}
    message = jwe.GeneralJSONEncryption(protected, signed(vcon, signer), unprotected)
    for recipient in to:
        message.add_recipient({"alg": KEY_ENCRYPTION}, recipient)
    try:
        document = jwe.encrypt_json(message, None, registry=_JWE)
    except (JoseError, ValueError) as error:
        raise Invalid(_NO_RECIPIENT) from error
    return json.dumps(document, separators=(",", ":")).encode()


def _public(key: object) -> bytes:
    return cast(rsa.RSAPublicKey, key).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _der(certificate: x509.Certificate) -> str:
    return b64encode(certificate.public_bytes(Encoding.DER)).decode()
