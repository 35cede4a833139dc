"""What a vCon brings besides its recordings: kept with the call, so that it is not lost when the call goes out again.

The recordings are taken out, since they are kept by themselves, and so is every other sound. In all that is text, what
must not be kept in the clear is replaced by tokens, as it is in the words of the call (``protecting``).
"""

from __future__ import annotations

import json
from typing import Any

from worker.exchange.vcon.values import CALL_PURPOSE, CAME_WITH_PURPOSE
from worker.intake.vcon.places import Place
from worker.intake.vcon.protecting import protected

READ = frozenset({"vcon", "uuid", "created_at", "updated_at", "parties", "dialog", "attachments", "extensions"})
PRESSED = frozenset({"button", "dtmf"})
OF_A_PARTY = frozenset({"name", "role", "tel", "mailto"})
OF_A_RECORDING = frozenset(
    {
        "type",
        "start",
        "duration",
        "parties",
        "originator",
        "mediatype",
        "mimetype",
        "filename",
        "body",
        "encoding",
        "url",
        "content_hash",
        "alg",
        "signature",
    }
)
"""What is taken over into the call. A vCon that says nothing but these leaves nothing to be kept."""


def rest_of(vcon: Place) -> bytes | None:
    """The vCon without its recordings, protected, as JSON; None where everything in it was taken over.

    Of a vCon that an On Record made it is what the call came with there: all else of it is made of the call.
    """
    value = vcon.value
    if not isinstance(value, dict):
        return None
    for one in _objects(value, "attachments"):
        if one.get("purpose") == CALL_PURPOSE:
            return _came_with(value)
    if not _says_more(value):
        return None
    kept = {**value, "dialog": [_without_keys(_without_sound(one)) for one in _items(value, "dialog")]}
    for name in ("attachments", "analysis"):
        if name in value:
            kept[name] = [_without_sound(one) for one in _items(value, name)]
    return _written(protected(kept))


def _came_with(vcon: dict[str, Any]) -> bytes | None:
    for one in _objects(vcon, "attachments"):
        if one.get("purpose") == CAME_WITH_PURPOSE and isinstance(one.get("body"), dict):
            return _written(protected(one["body"]))
    return None


def _says_more(vcon: dict[str, Any]) -> bool:
    """Whether anything in it is not taken over into the call."""
    grounds = [
        one for one in _objects(vcon, "attachments") if (one.get("purpose") or one.get("type")) == "lawful_basis"
    ]
    return (
        any(vcon[name] for name in vcon.keys() - READ)
        or any(one.keys() - OF_A_PARTY for one in _objects(vcon, "parties"))
        or any(one.get("type") != "recording" or one.keys() - OF_A_RECORDING for one in _objects(vcon, "dialog"))
        or len(grounds) < len(_items(vcon, "attachments"))
    )


def _items(vcon: dict[str, Any], name: str) -> list[Any]:
    """What stands in one of its lists; nothing where it is no list, which no vCon has."""
    found = vcon.get(name)
    return found if isinstance(found, list) else []


def _objects(vcon: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [one for one in _items(vcon, name) if isinstance(one, dict)]


def _without_sound(one: object) -> object:
    """A dialog, attachment or analysis; a recording, or bytes that may be one, without them."""
    if not isinstance(one, dict):
        return one
    kind = one.get("mediatype") or one.get("mimetype") or ""
    is_bytes = one.get("encoding") in ("base64url", "base64")
    is_sound = one.get("type") in ("recording", "tts") or str(kind).startswith(("audio/", "video/")) or not kind
    if one.get("type") == "recording" or (is_bytes and is_sound):
        return {name: value for name, value in one.items() if name not in ("body", "url")}
    return one


def _without_keys(dialog: object) -> object:
    """A dialog without the keys that somebody pressed: on a telephone, cards and their codes are typed as well."""
    history = dialog.get("party_history") if isinstance(dialog, dict) else None
    if not isinstance(dialog, dict) or not isinstance(history, list):
        return dialog
    events = [
        {name: value for name, value in one.items() if name not in PRESSED} if isinstance(one, dict) else None
        for one in history
    ]
    return {**dialog, "party_history": events}


def _written(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")
