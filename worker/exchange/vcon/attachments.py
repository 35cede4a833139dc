"""What goes with the call, as a vCon's attachments: the call's details, on what ground it was recorded, what both sides
wrote, the proof, and what else came with the call.

``type`` says what ``purpose`` says, for programs of the first drafts.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace

from worker.core.call import LawfulBasis
from worker.core.dialogue.state import Dialogue
from worker.core.dialogue.values import PARTIES
from worker.core.log.entry import Role
from worker.exchange.vcon.parties import Parties
from worker.exchange.vcon.values import (
    CALL_PURPOSE,
    CAME_WITH_PURPOSE,
    VENDOR,
    Json,
    Material,
    Object,
    Proof,
    instant,
)
from worker.exchange.web_annotation import collection_of

JSON = "application/json"


def attachments_of(material: Material, parties: Parties) -> list[Json]:
    """All of them; a ground of recording, annotations and a proof only where there is one."""
    found: list[Json] = [_attachment(material, parties.keeper, CALL_PURPOSE, call_body(material), "onrecord-call-1")]
    if (basis := material.details.lawful_basis) is not None:
        found.append(_attachment(material, parties.keeper, "lawful_basis", _lawful_basis(material, basis)))
    found += _annotations(material, parties)
    if material.proof is not None:
        found.append(
            _attachment(material, parties.keeper, "onrecord_proof", _proof(material.proof), "onrecord-proof-1")
        )
    if (rest := material.came_with) is not None:
        kind = "application/vcon+json"
        found.append(_attachment(material, parties.keeper, CAME_WITH_PURPOSE, rest, "vcon", kind))
    return found


def call_body(material: Material) -> Object:
    """What is known of the call and has no place in the drafts: it is read when the vCon comes in again.

    Names and addresses are not in it: whoever takes them from the parties has taken them from the vCon.
    """
    details, record = material.details, material.record
    return {
        "call": material.call_id,
        "external_id": details.external_id,
        "started_at": None if details.started_at is None else instant(details.started_at),
        "zone": details.zone,
        "language": details.language,
        "direction": details.direction,
        "line": details.line,
        "continues": details.continues,
        "notice_given": details.notice_given,
        "party_of_channel": {str(channel): party.value for channel, party in sorted(details.party_of_channel.items())},
        "recording": {"sha256": record.recording.sha256, "file_name": record.recording.file_name},
        "legs": [
            {"sha256": leg.sha256, "file_name": leg.file_name, "start": leg.start_s, "duration": leg.duration_s}
            for leg in record.legs
        ],
    }


def _attachment(
    material: Material, party: int, purpose: str, body: Object, schema: str | None = None, mediatype: str = JSON
) -> Object:
    ours: Object = {} if schema is None else {"vendor": VENDOR, "schema": schema}
    return {
        "purpose": purpose,
        "type": purpose,
        **ours,
        "start": material.at(0.0),
        "party": party,
        "dialog": 0,
        "mediatype": mediatype,
        "encoding": "json",
        "body": body,
    }


def _lawful_basis(material: Material, basis: LawfulBasis) -> Object:
    """As draft-howe-vcon-lawful-basis-00 has it: what is known is the ground, and that it is one for recording."""
    body: Object = {
        "lawful_basis": basis.value,
        "expiration": None,
        "purpose_grants": [{"purpose": "recording", "granted": True, "granted_at": material.at(0.0)}],
    }
    if material.details.notice_given is not None:
        body["metadata"] = {"notice_given": material.details.notice_given}
    return body


def _annotations(material: Material, parties: Parties) -> list[Json]:
    """What each side wrote, as W3C Web Annotations, in an attachment of that side; a reviewer's is the keeper's."""
    found: list[Json] = []
    for role in (Role.AGENT, Role.CUSTOMER, Role.REVIEWER):
        dialogue = _of_role(material.dialogue, role)
        if dialogue.said or dialogue.decisions:
            body = collection_of(dialogue, material.record, material.addresses)
            side = parties.of_side.get(PARTIES[role], parties.keeper) if role in PARTIES else parties.keeper
            kind = "application/ld+json"
            found.append(_attachment(material, side, "annotations", body, f"web-annotation-{role.value}", kind))
    return found


def _of_role(dialogue: Dialogue, role: Role) -> Dialogue:
    return replace(
        dialogue,
        said=tuple(one for one in dialogue.said if one.actor.role is role),
        decisions=tuple(one for one in dialogue.decisions if one.actor.role is role),
    )


def _proof(proof: Proof) -> Object:
    """Enough to check, with the log's public key from elsewhere, that the record stands in the log as it is here."""
    return {
        "key": proof.key,
        "checkpoint": proof.checkpoint,
        "entries": [
            {
                "entry": b64encode(one.encoded).decode(),
                "position": one.position,
                "hashes": [each.hex() for each in one.hashes],
            }
            for one in proof.entries
        ],
        "record": {"number": proof.made, "salt": proof.salt.hex(), "content": b64encode(proof.body).decode()},
    }
