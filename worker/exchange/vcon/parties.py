"""Who takes part, as a vCon's parties: one for each side, one for every other voice, and the keeper of the record."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from worker.core.call import Party
from worker.core.people import is_phone
from worker.core.record import CallRecord
from worker.core.transcript import Turn
from worker.exchange.script import voices_of
from worker.exchange.vcon.values import KEEPER, Material, Object

ROLES = {Party.AGENT: "agent", Party.CUSTOMER: "customer", Party.OTHER: "thirdparty"}
"""In the words of the contact centre extension; a voice that nobody knows has none."""

IN_MAILTO = "@!#$&'*+/=^_`{|}~-."
"""What stands in an address as it is (RFC 6068, section 2)."""


@dataclass(frozen=True)
class Parties:
    """The parties of a vCon, and by which of them each side and each voice goes."""

    objects: tuple[Object, ...]
    of_side: dict[Party, int]
    of_voice: dict[tuple[str | None, int | None], int]
    keeper: int

    def of_turn(self, turn: Turn) -> int | None:
        """The party that says a turn; None where nobody was found to."""
        found = self.of_voice.get((turn.speaker, turn.channel))
        return found if found is not None else self.of_side.get(turn.party)


def parties_of(material: Material) -> Parties:
    """Both sides, as far as anything is known of them, then the other voices in the order of the record."""
    record, details = material.record, material.details
    objects: list[Object] = []
    of_side: dict[Party, int] = {}
    known = {
        Party.AGENT: (details.agent, details.agent_address),
        Party.CUSTOMER: (details.customer, details.customer_address),
    }
    for side, (name, address) in known.items():
        if name or address or _takes_part(side, material):
            of_side[side] = len(objects)
            objects.append({"role": ROLES[side], **_named(name), **_reached_at(address)})
    of_voice: dict[tuple[str | None, int | None], int] = {}
    names = voices_of(record)
    for one in record.parties:
        voice = one.speaker, one.channel
        if one.party in of_side:
            of_voice[voice] = of_side[one.party]
            continue
        of_voice[voice] = len(objects)
        role: Object = {"role": ROLES[one.party]} if one.party in ROLES else {}
        objects.append({**role, **_named(names[voice])})
    objects.append({"type": "bot", **_named(KEEPER)})
    return Parties(tuple(objects), of_side, of_voice, len(objects) - 1)


def channels_of(record: CallRecord, parties: Parties, said: dict[int, Party]) -> list[list[int]]:
    """Who is on each channel of the sound: whoever was heard there, else who was said to be."""
    channels: list[list[int]] = []
    for channel in range(record.recording.channels):
        heard = [parties.of_voice[one.speaker, one.channel] for one in record.parties if one.channel == channel]
        told = parties.of_side.get(said[channel]) if channel in said else None
        channels.append(list(dict.fromkeys(heard)) or ([] if told is None else [told]))
    return channels


def _takes_part(side: Party, material: Material) -> bool:
    record, details = material.record, material.details
    return (
        any(one.party is side for one in record.parties)
        or any(one.party is side for one in record.turns)
        or side in details.party_of_channel.values()
        or (side is Party.CUSTOMER and bool(record.holds))  # it is the customer who waits
    )


def _named(name: str | None) -> Object:
    """A name, and that nobody here has proven it: it is the sender's word, or what the voice is called."""
    return {"name": name, "validation": "none"} if name else {}


def _reached_at(address: str | None) -> Object:
    if address is None:
        return {}
    if is_phone(address):
        return {"tel": f"tel:{address}"}
    return {"mailto": f"mailto:{quote(address, safe=IN_MAILTO)}"}
