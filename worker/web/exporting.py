"""One call in a form for other programs: what ``onrecord export`` writes and the API hands out.

Whether somebody may have it, and that they took it, is the business of whoever calls this.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from worker.core.dialogue.reading import newest_record, read_dialogue
from worker.core.dialogue.state import Dialogue
from worker.core.dialogue.values import Added, Item
from worker.core.errors import Invalid, NotFound
from worker.core.log.entry import SYSTEM
from worker.core.record import CallRecord
from worker.exchange import plain_text, srt, vcon, vtt, wav_copy
from worker.exchange.package import form, package_blocks
from worker.exchange.result_json import record_to_json
from worker.exchange.script import script_of
from worker.exchange.web_annotation import Addresses
from worker.record.files import FileStore
from worker.record.sounds import SoundStore
from worker.record.standing import StoredCall
from worker.record.store import Store
from worker.web.packing.gathering import Gatherer, Wanted
from worker.web.texts import language

INLINE_MOST = 50_000_000
"""Bytes of a listening copy that goes into a vCon. A larger one stays at its https address, where there is one."""


class Format(StrEnum):
    """In which form a call goes out."""

    VCON = "vcon"
    VTT = "vtt"
    SRT = "srt"
    TXT = "txt"
    PDF = "pdf"
    JSON = "json"
    PACKAGE = "package"


@dataclass(frozen=True)
class Exported:
    """What was made: under which name it is kept, what it is, and its bytes in blocks."""

    name: str
    media_type: str
    blocks: Iterable[bytes]


@dataclass(frozen=True)
class Sealing:
    """How a vCon goes out: as it is, signed, or signed and encrypted to those who may read it."""

    sign: bool = False
    encrypt_to: Sequence[vcon.Recipient] = ()


AS_IT_IS = Sealing()


@dataclass(frozen=True)
class _Read:
    """A call's newest record with all that was said of it."""

    call: StoredCall
    record: CallRecord
    record_at: datetime
    made: int
    dialogue: Dialogue
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Exporter:
    """Makes every form of a call. ``signer`` gives the key that signs vCons, once one is signed."""

    store: Store
    sounds: SoundStore
    base_url: str
    signer: Callable[[], vcon.VconSigner]

    def export(self, call: StoredCall, to: Format, *, now: datetime, sealing: Sealing = AS_IT_IS) -> Exported:
        """One call in one form, as it is ``now`` (UTC). Raises NotFound while it has no record."""
        if sealing != AS_IT_IS and to is not Format.VCON:
            raise Invalid("A vCon is what can be signed and encrypted. Ask for that, or leave signing out.")
        read = self._read(call, now)
        if to is Format.PDF:
            return Exported(f"{call.id}.pdf", "application/pdf", [self._pdf(call, now)])
        if to is Format.PACKAGE:
            return Exported(f"{call.id}.zip", "application/zip", self._package(call, now))
        if to is Format.VCON:
            return Exported(f"{call.id}.vcon.json", vcon.MEDIA_TYPE, [self._vcon(read, now, sealing)])
        text, ending, media_type = self._text(read, to)
        return Exported(f"{call.id}.{ending}", media_type, [text.encode(errors="replace")])

    def material(self, call: StoredCall, *, now: datetime, with_sound: bool = True) -> vcon.Material:
        """What the vCon of a call is made from."""
        return self._material(self._read(call, now), now, with_sound=with_sound)

    def _read(self, call: StoredCall, now: datetime) -> _Read:
        items = self.store.log.items(call.id)
        if (newest := newest_record(items)) is None:
            raise NotFound("There is no record of this call yet, or no longer. Its page says where it stands.")
        made, record = newest
        return _Read(call, record, made.at, made.number, read_dialogue(record, items, now=now), items)

    def _text(self, read: _Read, to: Format) -> tuple[str, str, str]:
        script = script_of(read.record, read.dialogue)
        match to:
            case Format.VTT:
                return vtt.vtt_of(script), "vtt", f"{vtt.MEDIA_TYPE}; charset=utf-8"
            case Format.SRT:
                return srt.srt_of(script), "srt", f"{srt.MEDIA_TYPE}; charset=utf-8"
            case Format.TXT:
                return plain_text.plain_text_of(read.record, script), "txt", plain_text.MEDIA_TYPE
            case _:
                return f"{record_to_json(read.record, indent=2)}\n", "json", "application/json"

    @property
    def _gatherer(self) -> Gatherer:
        files = FileStore(self.sounds.blobs, self.store.log)
        return Gatherer(self.store, self.sounds, files, self.base_url, self.signer)

    def _pdf(self, call: StoredCall, now: datetime) -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            contents = self._gatherer.gather(Wanted([call.id], (), language(), now), Path(folder))
        return contents.calls[0].texts[form.PDF]

    def _package(self, call: StoredCall, now: datetime) -> Iterator[bytes]:
        """The whole package, nothing left out; what cannot be made is known before the first block is given."""
        with tempfile.TemporaryDirectory() as folder:
            contents = self._gatherer.gather(Wanted([call.id], (), language(), now), Path(folder))
        return package_blocks(contents, self.store.log.signer.sign)

    def _vcon(self, read: _Read, now: datetime, sealing: Sealing) -> bytes:
        made = vcon.build_vcon(self._material(read, now, with_sound=True))
        if sealing.encrypt_to:
            return vcon.encrypted(made, self.signer(), sealing.encrypt_to)
        return vcon.signed(made, self.signer()) if sealing.sign else vcon.vcon_to_json(made)

    def _material(self, read: _Read, now: datetime, *, with_sound: bool) -> vcon.Material:
        call, log = read.call, self.store.log
        return vcon.Material(
            call_id=call.id,
            details=call.details,
            received_at=call.received_at,
            record=read.record,
            record_at=read.record_at,
            dialogue=read.dialogue,
            addresses=self._addresses(call.id),
            host=log.signer.name.partition("/")[0],
            now=now,
            sound=self._sound(call.id) if with_sound else None,
            proof=self._proof(read, now),
            came_with=self._came_with(read),
        )

    def _came_with(self, read: _Read) -> vcon.Object | None:
        """What else was in the vCon in which the call came in; None where there was none, or it was erased."""
        for item in read.items:
            file = item.content.file if isinstance(item.content, Added) and item.actor == SYSTEM else None
            if file is not None and file.name == vcon.CAME_WITH_FILE:
                files = FileStore(self.sounds.blobs, self.store.log)
                rest: vcon.Object = json.loads(b"".join(files.read(read.call.id, file)))
                return rest
        return None

    def _addresses(self, call_id: str) -> Addresses:
        record = f"{self.base_url}/calls/{call_id}"
        return Addresses(record, f"{record}/sound", f"{self.base_url}/api/v1/calls/{call_id}/annotations")

    def _sound(self, call_id: str) -> vcon.InlineSound | vcon.SoundAt | None:
        """The protected sound; None where nobody has made the copy for listening yet."""
        try:
            size = self.sounds.copy_size(call_id)
        except NotFound:
            return None
        address = self._addresses(call_id).sound
        if size > INLINE_MOST and urlsplit(address).scheme == "https":
            return vcon.SoundAt(address, _sha512(self.sounds.read_copy(call_id)), "audio/flac", f"{call_id}.flac")
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "copy.flac"
            with copy.open("wb") as file:
                file.writelines(self.sounds.read_copy(call_id))
            return vcon.InlineSound(wav_copy.wav_of(copy), wav_copy.MEDIA_TYPE, f"{call_id}.wav")

    def _proof(self, read: _Read, now: datetime) -> vcon.Proof | None:
        """That the record is in the log; what is not in the tree yet is taken in, and its head signed, first."""
        log, call_id = self.store.log, read.call.id
        log.include()
        log.publish(now)
        newest = log.latest_checkpoint()
        held = {one.entry.number: one for one in log.held(call_id)}
        proven = log.proofs(call_id, newest.size) if newest else ()
        made = held[read.made]
        if newest is None or made.salt is None or made.body is None:
            return None
        entries = tuple(
            vcon.ProvenEntry(held[one.leaf.number].entry.encode(), one.leaf.position, tuple(one.hashes))
            for one in proven
            if one.leaf.number in held
        )
        return vcon.Proof(log.verifier_key, newest.note, entries, read.made, made.salt, made.body)


def _sha512(blocks: Iterator[bytes]) -> bytes:
    hashed = hashlib.sha512()
    for block in blocks:
        hashed.update(block)
    return hashed.digest()
