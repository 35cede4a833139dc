"""What an opened vCon says: its recordings, and for each what is known of the call."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from urllib.parse import unquote

from worker.core.arrival import MOST_LEGS, Announced, Handover, Priority, name_at
from worker.core.call import CallDetails, Direction, LawfulBasis, Party
from worker.core.errors import Invalid
from worker.core.people import LONGEST_NAME, normal_address
from worker.exchange.addresses import LONGEST_ADDRESS
from worker.intake.attach import FileKind, clean_name
from worker.intake.vcon.envelope import VconKeys, decoded, opened, parsed
from worker.intake.vcon.own import own_part, with_own_part
from worker.intake.vcon.places import Place, wrong
from worker.record.tables.calls import EXTERNAL_ID_LENGTH

Leg: TypeAlias = "tuple[Path | Announced, Handover]"

OLDEST, NEWEST = (0, 0, 1), (0, 5, 0)
UNDERSTOOD = frozenset({"lawful_basis", "cc", "contact_center"})
"""Extensions of which what matters here is read. A vCon that makes another one critical asks to be refused."""

PARTY_OF_ROLE = {
    "agent": Party.AGENT,
    "customer": Party.CUSTOMER,
    "supervisor": Party.OTHER,
    "sme": Party.OTHER,
    "thirdparty": Party.OTHER,
}
_DIRECTION = {Party.CUSTOMER: Direction.INBOUND, Party.AGENT: Direction.OUTBOUND}
HASHES = {"sha512": 64, "sha256": 32}
"""Those that are checked, the better one first, and their bytes."""

_ENDINGS = {
    "audio/wav": ".wav",
    "audio/x-wav": ".wav",
    "audio/mp3": ".mp3",
    "audio/mpeg": ".mp3",
    "audio/x-mp3": ".mp3",
    "audio/mp4": ".m4a",
    "audio/x-mp4": ".m4a",
    "audio/ogg": ".ogg",
    "audio/flac": ".flac",
    "audio/webm": ".webm",
}


@dataclass(frozen=True)
class _Person:
    """One of the vCon's parties, as far as it is told who that is."""

    party: Party | None
    name: str | None
    address: str | None


def read_vcon(
    text: str | bytes,
    *,
    folder: Path,
    keys: VconKeys = (),
    sender: str = "",
    priority: Priority = Priority.NORMAL,
) -> tuple[Leg, ...]:
    """The recordings of a vCon, at least one: written into ``folder``, or where they are fetched from.

    All of them are of one call. Raises Invalid, naming the place, for what is no vCon of a version that is known, for
    one without a recording, and for a signature or a hash that does not hold.
    """
    return legs_of(opened(text, keys), folder=folder, sender=sender, priority=priority)


def legs_of(vcon: Place, *, folder: Path, sender: str = "", priority: Priority = Priority.NORMAL) -> tuple[Leg, ...]:
    """The same of a vCon that is opened already."""
    _check_version(vcon)
    people = [_person(one) for one in vcon.each("parties")]
    basis = _lawful_basis(vcon)
    uuid = vcon.needed("uuid")
    external_id = uuid.text(longest=EXTERNAL_ID_LENGTH)
    if not external_id.strip():
        raise uuid.wrong("is empty")
    dialogs = [one for one in vcon.each("dialog") if _kind(one) == "recording"]
    if not dialogs:
        raise wrong("/dialog", "holds no recording")
    if len(dialogs) > MOST_LEGS:
        raise wrong("/dialog", f"holds more than {MOST_LEGS} recordings")
    own = own_part(vcon)
    legs = []
    for number, dialog in enumerate(dialogs):
        details = _details(dialog, people, external_id=external_id, basis=basis)
        if own is not None:
            details = with_own_part(details, own, is_whole=len(dialogs) == 1)
        handover = Handover(details, sender, legs=len(dialogs) if len(dialogs) > 1 else None, priority=priority)
        legs.append((_recording(dialog, folder / str(number)), handover))
    return tuple(legs)


def _check_version(vcon: Place) -> None:
    """The newest drafts need not name a version; an extension that must be understood is named by all of them."""
    version = vcon.get("vcon")
    if version is not None:
        found = re.fullmatch(r"(\d{1,3})\.(\d{1,3})\.(\d{1,3})", version.text())
        if found is None or not OLDEST <= tuple(int(part) for part in found.groups()) <= NEWEST:
            raise version.wrong("is no version from 0.0.1 to 0.5.0")
    for name in ("critical", "must_support"):
        for one in vcon.each(name):
            if one.text().lower() not in UNDERSTOOD:
                raise one.wrong("names an extension that is not known here, and says that it must be")


def _kind(dialog: Place) -> str | None:
    """The type of a dialog; an empty one holds the place of what was taken out."""
    kind = dialog.get("type")
    return None if kind is None else kind.text()


# People ----------------------------------------------------------------------------------------------------------


def _person(party: Place) -> _Person:
    role, name, kind = party.get("role"), party.get("name"), party.get("type")
    found = PARTY_OF_ROLE.get(role.text().lower()) if role is not None else None
    if found is None and kind is not None and kind.text().lower() == "bot":
        found = Party.OTHER
    return _Person(found, None if name is None else name.text(longest=LONGEST_NAME).strip() or None, _address(party))


def _address(party: Place) -> str | None:
    """Where the party can be reached from outside; what is no such address, as an extension's number, is left out."""
    for name, scheme in (("mailto", "mailto:"), ("tel", "tel:")):
        given = party.get(name)
        if given is not None:
            plain = unquote(given.text().removeprefix(scheme).partition(";")[0].partition("?")[0])
            try:
                return normal_address(plain)
            except Invalid:
                continue
    return None


def _channels(dialog: Place, people: Sequence[_Person]) -> list[list[_Person]]:
    """Who is on each channel, as far as it is said; of a list of numbers it is not known yet if it is one channel's."""
    parties = dialog.get("parties")
    if parties is None:
        return []
    if not isinstance(parties.value, list):
        return [[people[parties.number(below=len(people))]]]
    channels = []
    for one in parties.items():
        numbers = one.items() if isinstance(one.value, list) else [] if one.value is None else [one]
        channels.append([people[number.number(below=len(people))] for number in numbers])
    return channels


def _party_of_channel(channels: Sequence[Sequence[_Person]]) -> dict[int, Party]:
    """The party of each channel on which all are of one."""
    found: dict[int, Party] = {}
    for channel, persons in enumerate(channels):
        parties = {person.party for person in persons}
        if len(parties) == 1 and (party := parties.pop()) is not None:
            found[channel] = party
    return found


def _the(party: Party, on_it: Sequence[_Person], people: Sequence[_Person]) -> _Person:
    """The one person of a party, of those on the recording if any is; nobody where there are several, since it is not
    said who speaks when."""
    persons = on_it if any(person.party is party for person in on_it) else people
    found = [person for person in dict.fromkeys(persons) if person.party is party]
    return found[0] if len(found) == 1 else _Person(None, None, None)


# The call --------------------------------------------------------------------------------------------------------


def _details(dialog: Place, people: Sequence[_Person], *, external_id: str, basis: LawfulBasis | None) -> CallDetails:
    channels = _channels(dialog, people)
    on_it = [person for persons in channels for person in persons]
    agent, customer = _the(Party.AGENT, on_it, people), _the(Party.CUSTOMER, on_it, people)
    start = dialog.get("start")
    originator = dialog.get("originator")
    caller = None if originator is None else people[originator.number(below=len(people))].party
    try:
        return CallDetails(
            agent=agent.name,
            customer=customer.name,
            agent_address=agent.address,
            customer_address=customer.address,
            started_at=None if start is None else start.instant(),
            external_id=external_id,
            party_of_channel=_party_of_channel(channels),
            direction=_DIRECTION.get(caller or Party.UNKNOWN),
            lawful_basis=basis,
        )
    except Invalid:  # of what is taken over, a start outside of time alone can still be wrong
        raise wrong(f"{dialog.pointer}/start", "is in no year that a call can have begun in") from None


def _lawful_basis(vcon: Place) -> LawfulBasis | None:
    """On what ground the call was recorded: that of the first such attachment that does not leave recording out."""
    for one in vcon.each("attachments"):
        named = one.get("purpose") or one.get("type")
        if named is None or named.value != "lawful_basis":
            continue
        body = _json_body(one)
        basis = body.needed("lawful_basis")
        grants = {grant.needed("purpose").text(): _is_granted(grant) for grant in body.each("purpose_grants")}
        if not grants.get("recording", not grants):
            continue
        try:
            return LawfulBasis(basis.text())
        except ValueError:
            raise basis.wrong("is none of the grounds of Art. 6 (1) GDPR") from None
    return None


def _is_granted(grant: Place) -> bool:
    granted, status = grant.get("granted"), grant.get("status")
    if granted is not None:
        return granted.value is True
    return status is None or status.value == "granted"


def _json_body(attachment: Place) -> Place:
    """The object in a body: as it is, or written out as text, which the drafts ask for."""
    body = attachment.needed("body")
    return Place(parsed(body.value, body.pointer), body.pointer) if isinstance(body.value, str) else body


# The recording ---------------------------------------------------------------------------------------------------


def _recording(dialog: Place, folder: Path) -> Path | Announced:
    body, url = dialog.get("body"), dialog.get("url")
    if body is not None and body.value == "":
        body = None
    if url is not None and url.value == "":
        url = None
    if (body is None) == (url is None):
        raise dialog.wrong("has both a body and a url" if body else "has neither a body nor a url: it was taken out")
    hashes = _hashes(dialog)
    name = _file_name(dialog, url)
    if url is not None:
        address = url.text()
        if len(address) > LONGEST_ADDRESS or not re.fullmatch(r"https://[!-~]+", address):
            raise url.wrong("is no https address")
        return Announced(address, name, content_hash=_best(hashes))
    return _written(dialog, body, hashes, folder / name)


def _written(dialog: Place, body: Place | None, hashes: Mapping[str, bytes], path: Path) -> Path:
    encoding = dialog.get("encoding")
    if body is None or encoding is None or encoding.text() not in ("base64url", "base64"):
        raise wrong(f"{dialog.pointer}/encoding", "is not base64url, which a recording is in")
    data = decoded(body)
    if not data:
        raise body.wrong("is empty")
    for algorithm, expected in hashes.items():
        if hashlib.new(algorithm, data).digest() != expected:
            raise body.wrong("is not what its hash says")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def _hashes(dialog: Place) -> dict[str, bytes]:
    """The hashes of the recording, by algorithm. Raises Invalid if it has some and all are of kinds not known here."""
    given = dialog.get("content_hash")
    if given is not None:
        several = given.items() if isinstance(given.value, list) else [given]
        told = [(one, *one.text().partition("-")[::2]) for one in several]
    elif (signature := dialog.get("signature")) is not None:  # up to 0.0.2: the hash, and in which algorithm
        algorithm = dialog.needed("alg").text().lower().replace("-", "")
        told = [(signature, algorithm, signature.text())]
    else:
        return {}
    found = {}
    for place, algorithm, text in told:
        if algorithm in HASHES:
            found[algorithm] = decoded(Place(text, place.pointer))
            if len(found[algorithm]) != HASHES[algorithm]:
                raise place.wrong(f"is no hash of {HASHES[algorithm]} bytes in base64url")
    if told and not found:
        raise told[0][0].wrong("is no SHA-512 and no SHA-256: it cannot be checked")
    return found


def _best(hashes: Mapping[str, bytes]) -> str | None:
    """The best hash as the drafts write it now."""
    for algorithm in HASHES:
        if algorithm in hashes:
            return f"{algorithm}-{base64.urlsafe_b64encode(hashes[algorithm]).decode().rstrip('=')}"
    return None


def _file_name(dialog: Place, url: Place | None) -> str:
    """What people called the file, else the end of its address, else a name by what it is said to be."""
    given, kind = dialog.get("filename"), dialog.get("mediatype") or dialog.get("mimetype")
    name = "" if given is None else given.text()
    if not name and url is not None:
        try:
            name = name_at(url.text())
        except Invalid:
            raise url.wrong("is no https address") from None
    if not name:
        ending = "" if kind is None else _ENDINGS.get(kind.text().partition(";")[0].strip().lower(), "")
        name = f"recording{ending}"
    return clean_name(name, FileKind.RECORDING)
