"""vCons as a way in: every version that is read, who is on which channel, what is checked, and how a mistake is named.

The documents follow the examples of the drafts (draft-ietf-vcon-vcon-core, examples/ab_call_*), written here anew.
"""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import OKPKey, RSAKey

from worker.core.arrival import Announced, Handover, Priority
from worker.core.call import Direction, LawfulBasis, Party
from worker.core.errors import Invalid
from worker.intake.vcon import read_keys, read_vcon

SOUND = b"RIFF\x00\xff\xfe\xfb some sound of a call"
UUID = "0199e054-ed10-8035-b9a2-279e0d16bc46"
ALICE = {"tel": "+12345678901", "name": "Alice", "role": "customer"}
BOB = {"mailto": "bob@example.com", "name": "Bob", "role": "agent"}
START = "2026-06-21T17:53:26.000+00:00"
URL = "https://pbx.example.com/recordings/ab_call.mp3?token=secret"


def b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def inline(**changed: Any) -> dict[str, Any]:
    dialog = {
        "type": "recording",
        "start": START,
        "duration": 33.12,
        "parties": [0, 1],
        "mediatype": "audio/x-wav",
        "filename": "ab_call.wav",
        "body": b64url(SOUND),
        "encoding": "base64url",
    }
    return {**dialog, **changed}


def external(**changed: Any) -> dict[str, Any]:
    dialog = {
        "type": "recording",
        "start": START,
        "parties": [0, 1],
        "url": URL,
        "mediatype": "audio/x-mp3",
        "content_hash": f"sha512-{b64url(hashlib.sha512(SOUND).digest())}",
    }
    return {**dialog, **changed}


def vcon(*dialogs: dict[str, Any], **changed: Any) -> dict[str, Any]:
    document = {
        "vcon": "0.4.0",
        "uuid": UUID,
        "created_at": START,
        "parties": [ALICE, BOB],
        "dialog": list(dialogs),
        "analysis": [{"type": "summary", "vendor": "somebody", "body": "not taken over"}],
        "attachments": [],
    }
    return {**document, **changed}


def read(document: dict[str, Any], folder: Path, **options: Any) -> tuple[tuple[Path | Announced, Handover], ...]:
    return read_vcon(json.dumps(document), folder=folder, **options)


def refused(document: dict[str, Any] | str, folder: Path, **options: Any) -> str:
    """The one message of a refusal, after what holds for each: it says what was kept, and quotes nothing."""
    text = document if isinstance(document, str) else json.dumps(document)
    with pytest.raises(Invalid) as caught:
        read_vcon(text, folder=folder, **options)
    message = caught.value.message
    assert message.startswith("This vCon cannot be taken: ")
    assert message.endswith("Nothing was accepted.")
    assert not {"Alice", "secret", "+1234", "bob@"} & set(message.split())
    assert "secret" not in message
    return message


# What is read ----------------------------------------------------------------------------------------------------


def test_an_inline_recording_becomes_a_file_with_what_is_said_of_its_call(tmp_path: Path) -> None:
    ((path, handover),) = read(vcon(inline()), tmp_path, sender="pbx", priority=Priority.BULK)
    assert isinstance(path, Path)
    assert path.name == "ab_call.wav"
    assert path.read_bytes() == SOUND
    assert (handover.sender, handover.priority, handover.legs) == ("pbx", Priority.BULK, None)
    details = handover.details
    assert details.external_id == UUID
    assert details.started_at == datetime(2026, 6, 21, 17, 53, 26, tzinfo=UTC)
    assert (details.agent, details.agent_address) == ("Bob", "bob@example.com")
    assert (details.customer, details.customer_address) == ("Alice", "+12345678901")
    assert details.party_of_channel == {0: Party.CUSTOMER, 1: Party.AGENT}
    assert details.lawful_basis is None, "what nobody said is not filled in"


def test_an_external_recording_is_announced_with_its_hash_and_its_address_is_not_shown(tmp_path: Path) -> None:
    ((announced, _),) = read(vcon(external()), tmp_path)
    assert announced == Announced(URL, "ab_call.mp3", content_hash=external()["content_hash"])
    assert "token" not in repr(announced)


@pytest.mark.parametrize("version", ["0.0.1", "0.0.2", "0.1.0", "0.2.0", "0.3.0", "0.4.0", "0.5.0", None])
def test_every_version_up_to_now_is_read(version: str | None, tmp_path: Path) -> None:
    """The newest drafts ask for no version at all."""
    document = vcon(inline())
    document.pop("vcon")
    ((path, _),) = read(document if version is None else {**document, "vcon": version}, tmp_path)
    assert isinstance(path, Path)


def test_the_hash_of_the_first_drafts_is_read(tmp_path: Path) -> None:
    """Up to 0.0.2 the hash stood in ``signature`` and its algorithm in ``alg``; the media type was ``mimetype``."""
    old = external(alg="SHA-512", signature=b64url(hashlib.sha512(SOUND).digest()), mimetype="audio/x-mp3")
    del old["content_hash"], old["mediatype"]
    ((announced, _),) = read(vcon(old, vcon="0.0.1"), tmp_path)
    assert isinstance(announced, Announced)
    assert announced.content_hash == external()["content_hash"]


@pytest.mark.parametrize("coded", ["base64", "base64url"])
def test_base64_is_read_in_either_alphabet_under_either_name(coded: str, tmp_path: Path) -> None:
    """Programs of the first drafts wrote the one and said the other."""
    plain = base64.b64encode(SOUND).decode()
    assert set(plain) & set("+/"), "this sound tells the two apart"
    for body in (plain, b64url(SOUND), f"{plain[:20]}\r\n{plain[20:]}"):
        ((path, _),) = read(vcon(inline(body=body, encoding=coded), vcon="0.0.1"), tmp_path)
        assert isinstance(path, Path)
        assert path.read_bytes() == SOUND


def test_of_several_hashes_the_best_that_is_known_counts(tmp_path: Path) -> None:
    several = ["sha3-xyz", f"sha256-{b64url(hashlib.sha256(SOUND).digest())}", external()["content_hash"]]
    ((announced, _),) = read(vcon(external(content_hash=several)), tmp_path)
    assert isinstance(announced, Announced)
    assert announced.content_hash == external()["content_hash"]


def test_several_recordings_are_the_legs_of_one_call(tmp_path: Path) -> None:
    later = external(start="2026-06-21T18:10:00+01:00", parties=[1, 0])
    texts = {"type": "text", "start": START, "parties": 0, "body": "hi", "encoding": "none"}
    transfer = {"type": "transfer", "transferee": 0, "transferor": 1, "transfer_target": 1}
    legs = read(vcon(inline(), texts, transfer, {}, later), tmp_path)
    assert [handover.legs for _, handover in legs] == [2, 2]
    assert {handover.details.external_id for _, handover in legs} == {UUID}
    assert legs[1][1].details.started_at == datetime(2026, 6, 21, 17, 10, tzinfo=UTC)
    assert legs[1][1].details.party_of_channel == {0: Party.AGENT, 1: Party.CUSTOMER}


def test_two_inline_recordings_of_one_name_are_two_files(tmp_path: Path) -> None:
    legs = read(vcon(inline(), inline(body=b64url(b"RIFF another"))), tmp_path)
    assert [path.read_bytes() for path, _ in legs if isinstance(path, Path)] == [SOUND, b"RIFF another"]


@pytest.mark.parametrize(
    ("parties", "expected"),
    [
        (0, {0: Party.CUSTOMER}),
        ([1, 0], {0: Party.AGENT, 1: Party.CUSTOMER}),
        ([[1, 2], 0], {1: Party.CUSTOMER}),
        ([[1], [0]], {0: Party.AGENT, 1: Party.CUSTOMER}),
        ([None, 1], {1: Party.AGENT}),
        ([2, 3], {0: Party.OTHER}),
        ([], {}),
        (None, {}),
    ],
    ids=[
        "one",
        "a channel each",
        "two on one channel",
        "lists of one",
        "unused",
        "other and unknown",
        "none",
        "missing",
    ],
)
def test_channels_have_the_party_that_is_said_to_be_on_them(
    parties: object, expected: dict[int, Party], tmp_path: Path
) -> None:
    document = vcon(inline(parties=parties), parties=[ALICE, BOB, {"role": "supervisor"}, {"name": "somebody"}])
    ((_, handover),) = read(document, tmp_path)
    assert handover.details.party_of_channel == expected


def test_of_two_agents_on_one_recording_none_is_named(tmp_path: Path) -> None:
    document = vcon(inline(parties=[0, [1, 2]]), parties=[ALICE, BOB, {**BOB, "name": "Carl"}])
    ((_, handover),) = read(document, tmp_path)
    assert handover.details.agent is None
    assert handover.details.agent_address is None
    assert handover.details.party_of_channel == {0: Party.CUSTOMER, 1: Party.AGENT}


def test_parties_without_a_role_stay_unknown(tmp_path: Path) -> None:
    document = vcon(inline(), parties=[{"tel": "+12345678901", "name": "Alice"}, {"name": "Bob"}])
    ((_, handover),) = read(document, tmp_path)
    assert (handover.details.agent, handover.details.customer) == (None, None)
    assert handover.details.party_of_channel == {}


def test_an_extension_is_no_address_from_outside(tmp_path: Path) -> None:
    document = vcon(inline(), parties=[{**ALICE, "tel": "tel:+1-234-567-8901;ext=5"}, {"tel": "1001", "role": "agent"}])
    ((_, handover),) = read(document, tmp_path)
    assert handover.details.customer_address == "+12345678901"
    assert handover.details.agent_address is None


@pytest.mark.parametrize(
    ("originator", "direction"), [(0, Direction.INBOUND), (1, Direction.OUTBOUND), (2, None), (None, None)]
)
def test_who_called_is_taken_from_the_originator_alone(
    originator: int | None, direction: Direction | None, tmp_path: Path
) -> None:
    dialog = inline() if originator is None else inline(originator=originator)
    ((_, handover),) = read(vcon(dialog, parties=[ALICE, BOB, {"name": "?"}]), tmp_path)
    assert handover.details.direction is direction


@pytest.mark.parametrize("named", ["type", "purpose"])
@pytest.mark.parametrize("as_text", [True, False])
def test_the_lawful_basis_is_read(named: str, as_text: bool, tmp_path: Path) -> None:
    body = {
        "lawful_basis": "legitimate_interests",
        "expiration": None,
        "purpose_grants": [{"purpose": "recording", "granted": True, "granted_at": START}],
    }
    attachment = {named: "lawful_basis", "encoding": "json", "body": json.dumps(body) if as_text else body}
    ((_, handover),) = read(vcon(inline(), attachments=[{"purpose": "invoice"}, attachment]), tmp_path)
    assert handover.details.lawful_basis is LawfulBasis.LEGITIMATE_INTERESTS


def test_a_ground_that_does_not_cover_recording_is_none_for_it(tmp_path: Path) -> None:
    def ground(basis: str, **grant: object) -> dict[str, object]:
        return {"type": "lawful_basis", "body": {"lawful_basis": basis, "purpose_grants": [grant]}}

    not_it = ground("consent", purpose="recording", granted=False)
    other = ground("contract", purpose="analysis", granted=True)
    ((_, handover),) = read(vcon(inline(), attachments=[not_it, other]), tmp_path)
    assert handover.details.lawful_basis is None


def test_a_name_of_a_file_cannot_leave_the_folder(tmp_path: Path) -> None:
    ((path, _),) = read(vcon(inline(filename="../../../etc/pass\x00wd.wav")), tmp_path)
    assert isinstance(path, Path)
    assert path.resolve().is_relative_to(tmp_path.resolve())


# Signed and encrypted --------------------------------------------------------------------------------------------

SIGNER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = ed25519.Ed25519PrivateKey.generate()


def public(key: Any) -> str:
    text: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return text.decode()


def private(key: Any) -> bytes:
    text: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return text


def certificate() -> str:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "pbx.example.com")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(SIGNER.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(SIGNER, hashes.SHA256())
    )
    return made.public_bytes(Encoding.PEM).decode()


def signed(document: dict[str, Any], algorithm: str = "RS256") -> dict[str, Any]:
    """JWS General JSON Serialization, with the unprotected header that the drafts ask for."""
    key = RSAKey.import_key(private(SIGNER)) if algorithm == "RS256" else OKPKey.import_key(private(OTHER))
    registry = jws.JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    header = {"alg": algorithm, "typ": "JWT", "uuid": UUID}
    text = jws.serialize_compact(header, json.dumps(document).encode(), key, registry=registry)
    protected, payload, signature = text.split(".")
    unprotected = {"alg": algorithm, "x5c": ["MIID0TCC"], "uuid": UUID}
    return {
        "payload": payload,
        "signatures": [{"header": unprotected, "signature": signature, "protected": protected}],
    }


def test_a_signed_vcon_is_opened_with_the_key_of_its_signer(tmp_path: Path) -> None:
    keys = read_keys(public(OTHER) + public(SIGNER))
    for algorithm in ("RS256", "Ed25519"):
        ((path, handover),) = read(signed(vcon(inline()), algorithm), tmp_path, keys=keys)
        assert isinstance(path, Path)
        assert handover.details.external_id == UUID
    ((_, handover),) = read(signed(vcon(inline())), tmp_path, keys=read_keys(certificate()))
    assert handover.details.external_id == UUID


def test_a_signature_of_somebody_else_is_refused(tmp_path: Path) -> None:
    assert "/signatures" in refused(signed(vcon(inline())), tmp_path, keys=read_keys(public(OTHER)))


def test_what_was_altered_after_it_was_signed_is_refused(tmp_path: Path) -> None:
    document = signed(vcon(inline()))
    document["payload"] = b64url(json.dumps(vcon(inline(), uuid="another")).encode())
    assert "/signatures" in refused(document, tmp_path, keys=read_keys(public(SIGNER)))


@pytest.mark.parametrize("header", [{"alg": "none"}, {"alg": "HS256"}])
def test_an_algorithm_that_proves_nothing_is_refused(header: dict[str, str], tmp_path: Path) -> None:
    document = signed(vcon(inline()))
    document["signatures"] = [{"protected": b64url(json.dumps(header).encode()), "signature": "", "header": header}]
    assert "/signatures" in refused(document, tmp_path, keys=read_keys(public(SIGNER)))


def test_a_signed_vcon_is_refused_where_nobody_may_sign(tmp_path: Path) -> None:
    assert "ONRECORD_VCON_KEYS" in refused(signed(vcon(inline())), tmp_path)


def test_an_encrypted_vcon_is_refused(tmp_path: Path) -> None:
    jwe = {"unprotected": {"cty": "application/vcon+json"}, "iv": "x", "ciphertext": "x", "recipients": [{}]}
    assert "encrypted" in refused(jwe, tmp_path)


@pytest.mark.parametrize("pem", ["", "no key", private(SIGNER).decode(), public(SIGNER).replace("MII", "XXX", 1)])
def test_keys_that_are_none_are_refused(pem: str) -> None:
    with pytest.raises(Invalid, match="ONRECORD_VCON_KEYS"):
        read_keys(pem)


# Mistakes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "pointer"),
    [
        (vcon(inline(), vcon="0.6.0"), "/vcon "),
        (vcon(inline(), vcon="0.0.0"), "/vcon "),
        (vcon(inline(), vcon=4), "/vcon "),
        (vcon(inline(), uuid=None), "/uuid "),
        (vcon(inline(), uuid="x" * 300), "/uuid "),
        (vcon(inline(), uuid=" "), "/uuid "),
        (vcon(inline(), parties={}), "/parties "),
        (vcon(inline(), parties=[ALICE, "Bob"]), "/parties/1 "),
        (vcon(inline(), parties=[ALICE, {"name": 5}]), "/parties/1/name "),
        (vcon(inline(), parties=[ALICE, {"name": "x" * 300}]), "/parties/1/name "),
        (vcon(), "/dialog "),
        (vcon(inline(type="text")), "/dialog "),
        (vcon(*[external()] * 51), "/dialog "),
        (vcon(inline(type=5)), "/dialog/0/type "),
        (vcon(inline(), inline(start="yesterday")), "/dialog/1/start "),
        (vcon(inline(start="2026-06-21T17:53:26")), "/dialog/0/start "),
        (vcon(inline(start="0001-01-01T00:00:00Z")), "/dialog/0/start "),
        (vcon(inline(start=1750000000)), "/dialog/0/start "),
        (vcon(inline(parties=[0, 2])), "/dialog/0/parties/1 "),
        (vcon(inline(parties=[0, [1, 10**400]])), "/dialog/0/parties/1/1 "),
        (vcon(inline(parties=-1)), "/dialog/0/parties "),
        (vcon(inline(parties=True)), "/dialog/0/parties "),
        (vcon(inline(originator="0")), "/dialog/0/originator "),
        (vcon(inline(body=None)), "/dialog/0 has neither"),
        (vcon(inline(url=URL)), "/dialog/0 has both"),
        (vcon(inline(encoding="none")), "/dialog/0/encoding "),
        (vcon(inline(encoding=None)), "/dialog/0/encoding "),
        (vcon(inline(body="****")), "/dialog/0/body "),
        (vcon(inline(body="ab+_")), "/dialog/0/body "),
        (vcon(inline(body="abcde")), "/dialog/0/body "),
        (vcon(inline(body="==")), "/dialog/0/body "),
        (vcon(inline(body={"a": 1})), "/dialog/0/body "),
        (vcon(inline(content_hash=f"sha512-{b64url(hashlib.sha512(b'other').digest())}")), "/dialog/0/body "),
        (vcon(external(url="http://pbx.example.com/a.wav")), "/dialog/0/url "),
        (vcon(external(url="https://pbx.example.com/a b")), "/dialog/0/url "),
        (vcon(external(url="https://[pbx/a.wav")), "/dialog/0/url "),
        (vcon(external(url="file:///etc/passwd")), "/dialog/0/url "),
        (vcon(external(url=f"https://pbx.example.com/{'a' * 5000}")), "/dialog/0/url "),
        (vcon(external(content_hash="sha512-abcd")), "/dialog/0/content_hash "),
        (vcon(external(content_hash="lm_ots-abcd")), "/dialog/0/content_hash "),
        (vcon(external(content_hash=[5])), "/dialog/0/content_hash/0 "),
        (vcon(external(content_hash=None, signature="abc")), "/dialog/0/alg "),
        (vcon(external(content_hash=None, signature="abc", alg="LMOTS_SHA256_N32_W8")), "/dialog/0/signature "),
        (vcon(inline(filename=7)), "/dialog/0/filename "),
        (vcon(inline(), critical=["hologram"]), "/critical/0 "),
        (vcon(inline(), must_support=["hologram"]), "/must_support/0 "),
        (vcon(inline(), attachments=[{"type": "lawful_basis"}]), "/attachments/0/body "),
        (vcon(inline(), attachments=[{"type": "lawful_basis", "body": "{"}]), "/attachments/0/body "),
        (
            vcon(inline(), attachments=[{"type": "lawful_basis", "body": {"lawful_basis": "because"}}]),
            "/attachments/0/body/lawful_basis ",
        ),
    ],
)
def test_what_is_wrong_is_named_by_its_place(document: dict[str, Any], pointer: str, tmp_path: Path) -> None:
    assert pointer in refused(document, tmp_path)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "5", '{"uuid": NaN}', '{"uuid": "a", "uuid": "b"}', "[" * 100_000, '{"a":' * 100_000]
)
def test_what_is_no_json_object_is_refused(text: str, tmp_path: Path) -> None:
    refused(text, tmp_path)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="is no JSON"):
        read_vcon(b'{"uuid": "\xff\xfe"}', folder=tmp_path)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
PLACES: list[tuple[str | int, ...]] = [
    (),
    *((name,) for name in ("vcon", "uuid", "parties", "dialog", "attachments", "critical", "payload", "signatures")),
    *(("dialog", 0, name) for name in (*inline(), *external(), "originator", "alg", "signature")),
    *(("parties", 0, name) for name in (*ALICE, "mailto", "type")),
    ("dialog", 0),
    ("parties", 0),
    ("attachments", 0),
]


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.sampled_from(PLACES), value=ANYTHING, kind=st.sampled_from([inline, external]))
def test_whatever_stands_anywhere_is_read_or_refused(
    place: tuple[str | int, ...], value: object, kind: Any, tmp_path: Path
) -> None:
    document: Any = json.loads(
        json.dumps(vcon(kind(), attachments=[{"type": "lawful_basis", "body": {"lawful_basis": "consent"}}]))
    )
    if not place:
        document = value
    else:
        inner = document
        for step in place[:-1]:
            inner = inner[step]
        inner[place[-1]] = value
    try:
        legs = read_vcon(json.dumps(document), folder=tmp_path, keys=read_keys(public(OTHER)))
    except Invalid:
        return
    assert legs
