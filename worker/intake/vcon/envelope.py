"""What a vCon comes in: plain, signed (JWS, opened with the keys of those who may sign), or encrypted (refused)."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping
from typing import Any, TypeAlias

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OKPKey, RSAKey

from worker.core.errors import Invalid
from worker.intake.vcon.places import Place, wrong

VconKeys: TypeAlias = "tuple[RSAKey | ECKey | OKPKey, ...]"

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519")
"""Signatures by a private key: none by a secret that both sides share, and above all not "none"."""

MOST_SIGNATURES = 10
"""Each is held against each key, over all of the payload."""

MOST_VALUES = 2_000_000
"""Of one text of JSON: what a call of ten hours has, its words one by one, several times. A recording is one value."""

_REGISTRY = jws.JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)  # the drafts put their uuid there
_NO_KEY = "ONRECORD_VCON_KEYS holds a key that cannot be used. It takes public ones in PEM: RSA, EC, Ed25519."
_BLOCK = re.compile(r"-----BEGIN ([A-Z ]+)-----.+?-----END \1-----", re.DOTALL)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]*={0,2}")


def read_keys(pem: str) -> VconKeys:
    """The public keys in a text: PEM, of keys or of certificates. Raises Invalid for anything else in it."""
    keys = tuple(_key(block[0].encode(), block[1] == "CERTIFICATE") for block in _BLOCK.finditer(pem))
    if not keys:
        raise Invalid("ONRECORD_VCON_KEYS holds no key in PEM.")
    return keys


def _key(pem: bytes, is_certificate: bool) -> RSAKey | ECKey | OKPKey:
    try:
        public = x509.load_pem_x509_certificate(pem).public_key() if is_certificate else load_pem_public_key(pem)
        plain = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        match public:
            case rsa.RSAPublicKey():
                return RSAKey.import_key(plain)
            case ec.EllipticCurvePublicKey():
                return ECKey.import_key(plain)
            case ed25519.Ed25519PublicKey():
                return OKPKey.import_key(plain)
    except (ValueError, UnsupportedAlgorithm, JoseError) as error:
        raise Invalid(_NO_KEY) from error
    raise Invalid(_NO_KEY)


def opened(text: str | bytes, keys: VconKeys = ()) -> Place:
    """The unsigned vCon in a text. Raises Invalid for what is none, or is signed by nobody who is known here."""
    outer = Place(parsed(text, ""))
    if outer.get("ciphertext") is not None or outer.get("recipients") is not None:
        raise wrong("", "is encrypted, and there is no key for it here: send it decrypted")
    payload = outer.get("payload")
    if payload is None:
        return outer
    if not keys:
        raise wrong("/signatures", "cannot be checked: ONRECORD_VCON_KEYS names nobody who may sign. Send it unsigned")
    return Place(parsed(_signed_payload(outer, payload, keys), "/payload"))


def decoded(place: Place) -> bytes:
    """The bytes of a text in base64url or base64. Older programs call one by the name of the other."""
    text = "".join(place.text().split())
    if not _BASE64.fullmatch(text) or (set(text) & set("+/") and set(text) & set("-_")):
        raise place.wrong("is not base64url")
    plain = text.rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except binascii.Error:
        raise place.wrong("is not base64url: it was cut off") from None


def _signed_payload(outer: Place, payload: Place, keys: VconKeys) -> bytes:
    """What is signed, once one signature is found to be that of somebody who may sign."""
    signatures = list(outer.each("signatures")) or [outer]
    if len(signatures) > MOST_SIGNATURES:
        raise wrong("/signatures", f"are more than {MOST_SIGNATURES}")
    for one in signatures:
        # Of the header only what is signed counts; the rest of it could name another algorithm, and is left out.
        signed = ".".join(part.text() for part in (one.needed("protected"), payload, one.needed("signature")))
        for key in keys:
            try:
                return jws.deserialize_compact(signed, key, registry=_REGISTRY).payload
            except (JoseError, ValueError):
                continue
    raise wrong("/signatures", "has no signature of anybody whose key is in ONRECORD_VCON_KEYS")


def parsed(text: str | bytes, pointer: str) -> object:
    """What JSON says. Raises Invalid for anything else, also for what two readers could read in two ways, and for what
    is made of so many values that it would take many times its own size in memory."""
    if _values_in(text) > MOST_VALUES:
        raise wrong(pointer, f"is made of more than {MOST_VALUES} values")
    try:
        return json.loads(text, object_pairs_hook=_object, parse_constant=_no_number)
    except (ValueError, RecursionError):  # also of text that is not UTF-8
        raise wrong(pointer, "is no JSON, or has a name twice in one object") from None


def _values_in(text: str | bytes) -> int:
    """How many values JSON has at most, by the signs without which there is no further one."""
    if isinstance(text, str):
        return sum(text.count(sign) for sign in "{[,")
    return sum(text.count(sign) for sign in b"{[,")


def _object(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError
    return found


def _no_number(_text: str) -> float:
    raise ValueError
