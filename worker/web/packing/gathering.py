"""Gathers what a package of calls holds: entries and proofs from the log, the bytes from their stores, the pages that
are made of them. ``worker.exchange.package`` writes what this gives."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from worker.core.call import CallDetails
from worker.core.dialogue.reading import newest_record, read_dialogue
from worker.core.dialogue.state import Dialogue
from worker.core.dialogue.values import Added, Item, Received
from worker.core.errors import BrokenRecord, NotFound
from worker.core.leaving_out import Left, leave_out
from worker.core.log.entry import SYSTEM, Actor, Role
from worker.core.packages import Step
from worker.core.record import CallRecord
from worker.core.requests.values import LeftOut
from worker.core.sound import Interval
from worker.exchange import plain_text, vcon, vtt
from worker.exchange.machine_made import SOURCE_TYPE
from worker.exchange.package import Attached, Contents, CopiedCall, CopiedEntry, Earlier, form, typeset
from worker.exchange.result_json import record_to_json
from worker.exchange.script import script_of
from worker.exchange.silenced import silence
from worker.exchange.web_annotation import Addresses, collection_of
from worker.record.files import FileStore
from worker.record.log.tree import Published
from worker.record.sounds import SoundStore
from worker.record.store import Store
from worker.web.packing.document import document_of
from worker.web.packing.page import Beside, CallLine, index_html, record_html
from worker.web.packing.readme import readme
from worker.web.pages.people import Reader
from worker.web.pages.proof import ProofFacts
from worker.web.pages.record import MadeLine, RecordPage, record_page
from worker.web.texts import _, speaking

NOBODY = Reader(Actor(Role.DESK, "nobody"))
"""Who reads a package is not known: neither side is "you"."""

Told = Callable[[Step, int], None]
"""Is told what begins now, and for which of the calls, from 0."""


def tell_nobody(_step: Step, _place: int) -> None:
    """For who waits for it in one go."""


@dataclass(frozen=True)
class Wanted:
    """What goes into a package: calls in their order, what stays out, in which language; ``now`` is in UTC.

    ``since`` is the size of an earlier checkpoint to which it is tied by a proof.
    """

    call_ids: Sequence[str]
    leave_out: Sequence[LeftOut]
    language: str
    now: datetime
    since: int | None = None


@dataclass(frozen=True)
class Gatherer:
    """The stores that a package comes from. ``signer`` gives the key that signs vCons."""

    store: Store
    sounds: SoundStore
    files: FileStore
    base_url: str
    signer: Callable[[], vcon.VconSigner]

    def gather(self, wanted: Wanted, scratch: Path, *, told: Told = tell_nobody) -> Contents:
        """The package; its protected sound lies in ``scratch`` as long as it is written, where anything is left out.

        What is not yet in the tree is taken in, and its head signed, first. Raises NotFound for a call that has no
        record, or whose record was erased, or if no checkpoint of that size was signed.
        """
        log = self.store.log
        log.include()
        log.publish(wanted.now)
        newest = log.latest_checkpoint()
        if newest is None:
            raise NotFound("Nothing is in the log yet. `onrecord calls` shows which calls there are.")
        with speaking(wanted.language):
            calls = [self._call(wanted, place, newest, scratch, told) for place in range(len(wanted.call_ids))]
            made = tuple(dict.fromkeys(line for _call, _line, lines in calls for line in lines))
            index = None
            if len(calls) > 1:
                index = index_html(_("The records of your calls"), [line for _call, line, _made in calls])
            return Contents(
                key=log.verifier_key,
                checkpoint=newest.note,
                calls=[one for one, _line, _made in calls],
                readme=readme([one for one, _line, _made in calls], made, is_tied=wanted.since is not None),
                earlier=self._earlier(wanted.since, newest),
                index=index,
            )

    def _earlier(self, since: int | None, newest: Published) -> Earlier | None:
        if since is None or since == newest.size:
            return None
        return Earlier(self.store.log.checkpoint(since).note, self.store.log.consistency(since, newest.size))

    def _call(
        self, wanted: Wanted, place: int, newest: Published, scratch: Path, told: Told
    ) -> tuple[CopiedCall, CallLine, tuple[MadeLine, ...]]:
        call_id, folder = wanted.call_ids[place], form.folder_of(place, len(wanted.call_ids))
        told(Step.LOG, place)
        read = self._read(call_id, wanted, newest)
        told(Step.SOUND, place)
        sound = self._sound(call_id, read.stretches, scratch)
        files = dict(self._files(call_id, read))
        told(Step.PAGES, place)
        page = self._page(read, newest)
        beside = Beside(
            sound=form.SOUND if sound else None,
            has_left_out=bool(read.stretches),
            files={number: form.file_name("", number, file.name) for number, file in files.items()},
            others="../../index.html" if folder else None,
        )
        texts = self._texts(read, page, beside, wanted.now)
        told(Step.PDF, place)
        texts[form.PDF] = typeset.pdf_of(document_of(page, beside))
        copied = CopiedCall(call_id, read.entries, read.left.withheld, sound, files, texts)
        return copied, CallLine(f"{folder}{form.INDEX}", page.title, page.when, page.length), page.made

    def _read(self, call_id: str, wanted: Wanted, newest: Published) -> _Read:
        log = self.store.log
        proofs = log.proofs(call_id, newest.size)
        held = log.held(call_id, 0, len(proofs))
        if not proofs:
            raise NotFound(
                "There is no such call, or nothing of it is in the log. `onrecord calls` shows which there are."
            )
        if [proof.leaf.number for proof in proofs] != [one.entry.number for one in held]:
            raise BrokenRecord("The log of this call is not whole. `onrecord verify` says what is missing.")
        items = log.items(call_id)[: len(held)]
        if (found := newest_record(items)) is None:
            raise NotFound("There is no record of this call yet, or it was erased. Its page says where it stands.")
        stretches = tuple(one for one in wanted.leave_out if one.call_id == call_id)
        made, record = found
        left = leave_out(record, items, stretches, says=_("[left out: it is about another person]"))
        entries = tuple(
            CopiedEntry(
                one.entry.encode(),
                None if one.entry.number in left.withheld else one.salt,
                None if one.entry.number in left.withheld else one.body,
                proof.leaf.position,
                proof.hashes,
            )
            for one, proof in zip(held, proofs, strict=True)
        )
        dialogue = read_dialogue(left.record, left.items, now=wanted.now)
        details = next((one.content.details for one in items if isinstance(one.content, Received)), CallDetails())
        return _Read(call_id, left, dialogue, entries, stretches, details, items[0].at, made)

    def _sound(self, call_id: str, stretches: Sequence[LeftOut], scratch: Path) -> Attached | None:
        """The copy for listening; None where nobody has made it yet."""
        try:
            size = self.sounds.copy_size(call_id)
        except NotFound:
            return None
        if not stretches:
            return Attached(form.SOUND, size, partial(self.sounds.read_copy, call_id))
        whole, silent = scratch / f"{call_id}.whole.flac", scratch / f"{call_id}.flac"
        with whole.open("wb") as file:
            file.writelines(self.sounds.read_copy(call_id))
        silence(whole, silent, [Interval(one.start_s, one.end_s) for one in stretches])
        whole.unlink()
        return Attached(form.SOUND, silent.stat().st_size, partial(_blocks, silent))

    def _files(self, call_id: str, read: _Read) -> Iterator[tuple[int, Attached]]:
        """Added files, but no recording as somebody brought it: what was cut from the call is heard there.

        Nor what came with the recording, where words stay out: a transcript of somebody else may be in it.
        """
        for one in read.left.items:
            added = one.content
            if not isinstance(added, Added) or added.file is None or added.recording_call is not None:
                continue
            if read.stretches and one.actor == SYSTEM:
                continue
            file = added.file
            yield one.number, Attached(file.name, file.size_bytes, partial(self.files.read, call_id, file), file.sha256)

    def _page(self, read: _Read, newest: Published) -> RecordPage:
        ids = [one.added.recording_call for one in read.dialogue.added if one.added.recording_call]
        page = record_page(
            read.left.record,
            read.dialogue,
            call_id=read.call_id,
            reader=NOBODY,
            proof=ProofFacts(len(read.entries), True, newest.size, newest.at, self.store.log.verifier_key),
            may_copy=False,
            recordings=self.store.those(ids) if ids else {},
            items=read.left.items,
        )
        return replace(page, unknown_you=None)  # it is for whoever opens it

    def _texts(self, read: _Read, page: RecordPage, beside: Beside, now: datetime) -> dict[str, bytes]:
        record, dialogue = read.left.record, read.dialogue
        script = script_of(record, dialogue)
        collection = collection_of(dialogue, record, self._addresses(read.call_id))
        material = vcon.Material(
            call_id=read.call_id,
            details=read.details,
            received_at=read.received_at,
            record=record,
            record_at=read.made.at,
            dialogue=dialogue,
            addresses=self._addresses(read.call_id),
            host=self.store.log.signer.name.partition("/")[0],
            now=now,
        )
        return {
            form.INDEX: record_html(page, beside),
            form.TEXT: plain_text.plain_text_of(record, script).encode(errors="replace"),
            form.CAPTIONS: vtt.vtt_of(script).encode(errors="replace"),
            form.RECORD: _record_json(record),
            form.VCON: vcon.signed(vcon.build_vcon(material), self.signer()),
            form.ANNOTATIONS: f"{json.dumps(collection, ensure_ascii=False, indent=1)}\n".encode(errors="replace"),
        }

    def _addresses(self, call_id: str) -> Addresses:
        record = f"{self.base_url.rstrip('/')}/calls/{call_id}"
        return Addresses(record, f"{record}/sound", f"{self.base_url.rstrip('/')}/api/v1/calls/{call_id}/annotations")


@dataclass(frozen=True)
class _Read:
    """One call as it goes into a package: what is left of its record, and its entries with their proofs."""

    call_id: str
    left: Left
    dialogue: Dialogue
    entries: tuple[CopiedEntry, ...]
    stretches: tuple[LeftOut, ...]
    details: CallDetails
    received_at: datetime
    made: Item


def _record_json(record: CallRecord) -> bytes:
    """The record for programs, with the mark that most of it was made by machine."""
    marked = {
        "digital_source_type": SOURCE_TYPE,
        "made_by_machine": "Words, speakers, statements and promises were found by machine in the recording.",
        "record": json.loads(record_to_json(record)),
    }
    return f"{json.dumps(marked, ensure_ascii=False, indent=1)}\n".encode(errors="replace")


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            yield block
