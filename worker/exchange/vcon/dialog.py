"""The sound of a call as a vCon's dialog: one recording from its beginning to its end, with who waits in it and when.

A call of several recordings is one dialog too, as it is one sound: times in the analyses are those of that sound. Where
each recording lies in it stands in the call's own attachment.
"""

from __future__ import annotations

from worker.core.call import Direction, Party
from worker.core.transcript import Layout
from worker.exchange.vcon.parties import Parties, channels_of
from worker.exchange.vcon.values import InlineSound, Json, Material, Object, SoundAt, b64url

CALLER = {Direction.INBOUND: Party.CUSTOMER, Direction.OUTBOUND: Party.AGENT}


def dialog_of(material: Material, parties: Parties) -> Object:
    """The one recording."""
    record, details = material.record, material.details
    dialog: Object = {
        "type": "recording",
        "start": material.at(0.0),
        "duration": record.recording.duration_s,
        "parties": _parties(channels_of(record, parties, details.party_of_channel)),
    }
    caller = CALLER.get(details.direction) if details.direction else None
    if caller in parties.of_side:
        dialog["originator"] = parties.of_side[caller]
    history = _history(material, parties)
    if history:
        dialog["party_history"] = history
    return {**dialog, **_content(material.sound)}


def _parties(channels: list[list[int]]) -> Json:
    """One channel has its parties in a flat list; of several each has its own, and null where nobody is."""
    if len(channels) == 1:
        return list(channels[0])
    return [None if not one else one[0] if len(one) == 1 else list(one) for one in channels]


def _history(material: Material, parties: Parties) -> list[Json]:
    """Who is on the line from when to when, as far as the tracks show it, and when the customer waits.

    Only a track that is one party's shows that. Whoever shares one was heard on it, and nobody knows since when.
    """
    events: list[tuple[float, int, str]] = []
    record = material.record
    waits = parties.of_side.get(Party.CUSTOMER)
    if record.layout is Layout.TRACK_PER_PARTY:
        for one in sorted({parties.of_voice[each.speaker, each.channel] for each in record.parties}):
            events += [(0.0, one, "join"), (record.recording.duration_s, one, "drop")]
    if waits is not None:
        for hold in record.holds:
            events += [(hold.start_s, waits, "hold"), (hold.end_s, waits, "unhold")]
    order = ("join", "unhold", "hold", "drop")  # of what happens at one instant
    events.sort(key=lambda event: (event[0], order.index(event[2]), event[1]))
    return [{"party": party, "time": material.at(at_s), "event": event} for at_s, party, event in events]


def _content(sound: InlineSound | SoundAt | None) -> Object:
    """``mimetype`` is what the first drafts called ``mediatype``; programs of their time still ask for it."""
    if sound is None:
        return {}
    about: Object = {"mediatype": sound.media_type, "mimetype": sound.media_type, "filename": sound.file_name}
    match sound:
        case InlineSound(data=data):
            return {**about, "body": b64url(data), "encoding": "base64url"}
        case SoundAt(address=address, sha512=sha512):
            return {**about, "url": address, "content_hash": f"sha512-{b64url(sha512)}"}
