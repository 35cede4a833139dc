"""Signed and encrypted vCons: in the forms of the drafts, checked by others, refused where a letter changed."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from joserfc import jwe
from joserfc.jwk import RSAKey

from tests.exchange.exported_calls import material_of
from tests.exchange.other_reader import Vcon
from tests.web.records import short_call
from worker.core.errors import Invalid
from worker.exchange.vcon import VconSigner, build_vcon, encrypted, read_recipient, signed, vcon_to_json
from worker.exchange.vcon.sealing import new_key
from worker.intake.vcon import opened, read_keys

NOW = datetime(2026, 3, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def pem() -> str:
    return new_key("records.example.com", NOW)


@pytest.fixture(scope="module")
def signer(pem: str) -> VconSigner:
    return VconSigner.from_pem(pem)


@pytest.fixture(scope="module")
def reader() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def test_the_signed_form_is_general_json_with_the_certificate_and_the_uuid_beside_the_signature(signer):
    vcon = build_vcon(material_of(short_call()))
    document = json.loads(signed(vcon, signer))
    assert document.keys() == {"payload", "signatures"}
    (signature,) = document["signatures"]
    assert json.loads(base64.urlsafe_b64decode(signature["protected"] + "==")) == {"alg": "RS256"}
    assert signature["header"]["uuid"] == vcon["uuid"]
    (certificate,) = signature["header"]["x5c"]
    found = x509.load_der_x509_certificate(base64.b64decode(certificate))
    assert found.subject.rfc4514_string() == "CN=records.example.com"
    payload = base64.urlsafe_b64decode(document["payload"] + "=" * (-len(document["payload"]) % 4))
    assert payload == vcon_to_json(vcon)


def test_a_program_of_others_finds_the_signature_right_and_one_altered_letter_wrong(signer):
    document = json.loads(signed(build_vcon(material_of(short_call())), signer))
    certificate = x509.load_pem_x509_certificate(signer.certificates.encode())
    key = certificate.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    assert Vcon(document).verify(key)
    payload = document["payload"]
    altered = {**document, "payload": payload[:200] + ("A" if payload[200] != "A" else "B") + payload[201:]}
    assert not Vcon(altered).verify(key)


def test_it_is_taken_in_again_by_who_has_the_certificate_and_by_nobody_else(signer):
    vcon = build_vcon(material_of(short_call()))
    text = signed(vcon, signer)
    assert opened(text, read_keys(signer.certificates)).needed("uuid").text() == vcon["uuid"]
    another = VconSigner.from_pem(new_key("records.example.com", NOW))
    with pytest.raises(Invalid, match="no signature of anybody"):
        opened(text, read_keys(another.certificates))


def test_the_encrypted_form_opens_for_its_reader_and_holds_the_signed_one(signer, reader):
    vcon = build_vcon(material_of(short_call()))
    document = json.loads(encrypted(vcon, signer, [read_recipient(public_pem(reader))]))
    assert document["unprotected"] == {"cty": "application/vcon", "uuid": vcon["uuid"]}
    assert json.loads(base64.urlsafe_b64decode(document["protected"] + "==")) == {"enc": "A256CBC-HS512"}
    (recipient,) = document["recipients"]
    assert recipient["header"] == {"alg": "RSA-OAEP"}
    plain = reader.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    registry = jwe.JWERegistry(algorithms=["RSA-OAEP", "A256CBC-HS512"], strict_check_header=False)
    registry.max_ciphertext_length = 10**9
    found = jwe.decrypt_json(document, RSAKey.import_key(plain), registry=registry)
    assert found.plaintext is not None
    assert json.loads(found.plaintext).keys() == {"payload", "signatures"}
    assert opened(found.plaintext, read_keys(signer.certificates)).needed("uuid").text() == vcon["uuid"]


def test_two_readers_open_one_document(signer, reader):
    second = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    to = [read_recipient(public_pem(one)) for one in (reader, second)]
    document = json.loads(encrypted(build_vcon(material_of(short_call())), signer, to))
    assert len(document["recipients"]) == 2


def test_what_is_no_rsa_key_of_today_is_refused_with_what_to_do(pem):
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    for text in ("", "no key", public_pem(ec.generate_private_key(ec.SECP256R1())), public_pem(short)):
        with pytest.raises(Invalid, match="at least 2048 bits"):
            read_recipient(text)
    certificate = VconSigner.from_pem(pem).certificates
    assert read_recipient(certificate).key_type == "RSA"


def test_a_key_without_its_own_certificate_does_not_sign(pem):
    key = pem[: pem.index("-----BEGIN CERTIFICATE")]
    another = new_key("records.example.com", NOW)
    for text in ("", key, key + another[another.index("-----BEGIN CERTIFICATE") :]):
        with pytest.raises(Invalid, match="key that signs vCons"):
            VconSigner.from_pem(text)
    assert "PRIVATE" not in repr(VconSigner.from_pem(pem))
