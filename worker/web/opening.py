"""A record opened for a page: what the stages made, what was said of it, and what the log says of both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from worker.core.dialogue.reading import newest_record, read_dialogue
from worker.core.dialogue.state import Dialogue
from worker.core.dialogue.values import Item
from worker.core.log.verify import KeptEntry, check_call
from worker.core.record import CallRecord
from worker.record.standing import StoredCall
from worker.web.access import Opened, Right
from worker.web.pages.annotations import Reading, zone_of
from worker.web.pages.owed import NOTHING, Owed, owed_of
from worker.web.pages.people import Reader
from worker.web.pages.proof import ProofFacts
from worker.web.pages.record import RecordPage, record_page
from worker.web.parts import Parts


@dataclass(frozen=True)
class OpenRecord:
    """One call's record with all its entries, as they were when it was opened.

    ``recordings`` are those that the two sides made themselves and added, by their ids.
    """

    record: CallRecord
    items: tuple[Item, ...]
    dialogue: Dialogue
    recordings: Mapping[str, StoredCall]


def open_record(parts: Parts, call_id: str) -> OpenRecord:
    """The newest record of a call and what was said of it. Raises NotFound where there is none."""
    items = parts.store.log.items(call_id)
    made = newest_record(items)
    record = made[1] if made else parts.store.record(call_id)
    dialogue = read_dialogue(record, items, now=parts.now())
    return OpenRecord(record, items, dialogue, _recordings(parts, dialogue))


def _recordings(parts: Parts, dialogue: Dialogue) -> Mapping[str, StoredCall]:
    ids = [one.added.recording_call for one in dialogue.added if one.added.recording_call]
    return parts.store.those(ids) if ids else {}


def before_item(parts: Parts, open_one: OpenRecord, item: Item) -> OpenRecord:
    """The same as it was before one of its entries."""
    return _with_items(parts, open_one, tuple(one for one in open_one.items if one.number < item.number))


def with_item(parts: Parts, open_one: OpenRecord, item: Item) -> OpenRecord:
    """The same after one more entry."""
    return _with_items(parts, open_one, (*(one for one in open_one.items if one.number < item.number), item))


def _with_items(parts: Parts, open_one: OpenRecord, items: tuple[Item, ...]) -> OpenRecord:
    dialogue = read_dialogue(open_one.record, items, now=parts.now())
    return OpenRecord(open_one.record, items, dialogue, open_one.recordings)


def owed_to(parts: Parts, opened: Opened) -> Owed:
    """What whoever opened a record may ask for of it, and whether it is used."""
    requests, visitor, now = parts.store.requests, opened.visitor, parts.now()
    return owed_of(
        opened.call.id,
        requests.of_person(visitor.person.id, now=now, only_call=visitor.only_call),
        requests.restriction(opened.call.id),
        requests.calendar,
        may_ask=Right.REQUEST in opened.rights,
    )


def page_of(opened: Opened, one: OpenRecord, proof: ProofFacts, owed: Owed = NOTHING) -> RecordPage:
    """The page as whoever opened it sees it."""
    return record_page(
        one.record,
        one.dialogue,
        call_id=opened.call.id,
        reader=Reader(opened.actor),
        proof=proof,
        sees_looks=Right.SEE_LOOKS in opened.rights,
        may_copy=Right.REQUEST in opened.rights,
        recordings=one.recordings,
        items=one.items,
        owed=owed,
    )


def reading_of(opened: Opened, one: OpenRecord) -> Reading:
    """What lines of the page are made from, for whoever opened it."""
    return Reading(one.record, one.dialogue, Reader(opened.actor), zone_of(one.record))


def proof_facts(parts: Parts, call_id: str) -> ProofFacts:
    """What the log says of a call now: every content is hashed again, and every link looked at.

    Raises BrokenRecord for content that was altered so that it cannot be opened.
    """
    log = parts.store.log
    kept = log.held(call_id)
    checked = check_call(call_id, [KeptEntry(one.entry.number, one.entry.encode(), one.salt, one.body) for one in kept])
    published = log.latest_checkpoint()
    return ProofFacts(
        entries=len(kept),
        is_whole=not checked.findings,
        size=published.size if published else None,
        signed_at=published.at if published else None,
        verifier_key=log.verifier_key,
    )
