"""Puts a vCon together of its parts."""

from __future__ import annotations

import json

from worker.exchange.vcon.analysis import analyses_of
from worker.exchange.vcon.attachments import attachments_of
from worker.exchange.vcon.dialog import dialog_of
from worker.exchange.vcon.ids import new_uuid, uuid_of_call
from worker.exchange.vcon.parties import parties_of
from worker.exchange.vcon.values import VENDOR, VERSION, Json, Material, Object, instant


def build_vcon(material: Material) -> Object:
    """The unsigned vCon of a call.

    Where something was cut it is the redacted form, and names the less redacted one: the vCon in which the call came,
    else the call as it was received, which is no vCon that anybody was given. A call that came as a vCon from which
    nothing was cut is that vCon amended.
    """
    parties = parties_of(material)
    vcon: Object = {
        "vcon": VERSION,
        "uuid": new_uuid(material.host, material.now),
        "extensions": _extensions(material),
        "created_at": instant(material.now),
        **_version_of(material),
        **_subject(material),
        "parties": list(parties.objects),
        "dialog": [dialog_of(material, parties)],
        "analysis": analyses_of(material, parties),
        "attachments": attachments_of(material, parties),
    }
    return vcon


def vcon_to_json(vcon: Object) -> bytes:
    """The vCon as the text that is handed out, and signed. Signs that are no text are replaced."""
    return json.dumps(vcon, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode(errors="replace")


def _extensions(material: Material) -> list[Json]:
    basis: list[Json] = ["lawful_basis"] if material.details.lawful_basis is not None else []
    return ["CC", *basis, "wtf_transcription", VENDOR]


def _version_of(material: Material) -> Object:
    cuts = material.record.cuts
    if cuts:
        less = material.came_as or uuid_of_call(material.host, material.call_id, material.received_at)
        kinds = sorted({f"{cut.kind}:{cut.action}" for cut in cuts})
        return {"redacted": {"uuid": less, "type": " ".join(kinds)}}
    return {"amended": {"uuid": material.came_as}} if material.came_as else {}


def _subject(material: Material) -> Object:
    headline = material.record.summary.headline
    if headline is None:
        return {}
    state = material.dialogue.statements.get(headline.id)
    return {"subject": state.shown if state else headline.text}
