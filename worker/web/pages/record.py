"""The page of a record, put together from its sections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from worker.core.dialogue.state import Dialogue
from worker.core.dialogue.values import Item as Entered
from worker.core.dialogue.values import WholeCall
from worker.core.record import CallRecord, MadeBy
from worker.core.transcript import Layout
from worker.record.standing import StoredCall
from worker.web.pages.added import AddedLine, added_of
from worker.web.pages.annotations import NoteLine, Reading, by_target, zone_of
from worker.web.pages.conversation import UNSURE_WORD, Item, conversation_of
from worker.web.pages.happened import HappenedLine, happened_of
from worker.web.pages.in_short import (
    EndingLine,
    StatementGroup,
    StatementLine,
    ending_of,
    groups_of,
    named_maker,
    statement_line,
    writers_of,
)
from worker.web.pages.looks import EntranceLine, LookLine, entrances_of, looks_of
from worker.web.pages.notices import Notice, notices_of
from worker.web.pages.owed import NOTHING, Owed
from worker.web.pages.people import Person, Reader, names_of_sides, people_of, unknown_you
from worker.web.pages.promises import PromiseLine, no_promise, promises_of
from worker.web.pages.proof import ProofFacts, ProofLine, proof_of
from worker.web.pages.saying import Saying
from worker.web.pages.whereabouts import StandLine, where_it_stands
from worker.web.pages.words import STAGES_IN_WORDS, instant_in_words, joined, length_in_words
from worker.web.texts import _


@dataclass(frozen=True)
class KeptRecording:
    """A recording of the call as it is kept."""

    file_name: str
    sha256: str


@dataclass(frozen=True)
class MadeLine:
    """Who made one part of the record."""

    part: str
    model: str
    revision: str


@dataclass(frozen=True)
class WholeCallPart:
    """What was said of the call as a whole, and what the reader may say of it."""

    notes: tuple[NoteLine, ...]
    saying: Saying


@dataclass(frozen=True)
class RecordPage:
    """The record of one call as somebody sees it. The same for both sides but for who "you" is.

    ``title`` names the page, ``names`` those in it. ``headline``, ``ending``, ``no_promise`` and ``unknown_you`` are
    None where there is nothing to say. ``any_quoted`` and ``any_written`` tell how the statements were made.
    ``language`` is empty where it is not known. ``may_write`` is whether the reader may say anything at all here;
    ``looks`` and ``entrances`` are None for those who are not told who looked. ``tracks`` names the party on each
    track. ``last_entry`` is the number of the last entry that the page knows. ``record`` is what the stages made, for
    programs: the HTML shows it in its own way.
    """

    call_id: str
    title: str
    names: tuple[str, ...]
    headline: StatementLine | None
    started_at: datetime | None
    when: str
    length: str
    on_hold: str | None
    duration_s: float
    people: tuple[Person, ...]
    unknown_you: str | None
    ending: EndingLine | None
    stands: tuple[StandLine, ...]
    may_write: bool
    groups: tuple[StatementGroup, ...]
    any_quoted: bool
    any_written: bool
    promises: tuple[PromiseLine, ...]
    no_promise: str | None
    notices: tuple[Notice, ...]
    anybody_heard: bool
    anything_unsure: bool
    language: str
    conversation: tuple[Item, ...]
    whole: WholeCallPart
    added: tuple[AddedLine, ...]
    looks: tuple[LookLine, ...] | None
    entrances: tuple[EntranceLine, ...] | None
    happened: tuple[HappenedLine, ...]
    owed: Owed
    proof: ProofLine
    writers: str | None
    made: tuple[MadeLine, ...]
    recordings: tuple[KeptRecording, ...]
    tracks: tuple[str, ...]
    last_entry: int
    record: CallRecord

    template: ClassVar[str] = "record.html"


def record_page(
    record: CallRecord,
    dialogue: Dialogue,
    *,
    call_id: str,
    reader: Reader,
    proof: ProofFacts,
    sees_looks: bool = True,
    may_copy: bool = True,
    recordings: Mapping[str, StoredCall] | None = None,
    items: Sequence[Entered] = (),
    owed: Owed = NOTHING,
) -> RecordPage:
    """The page of a record for somebody who reads it. ``dialogue`` is what was said of it, as it stands now.

    ``sees_looks``: the reader is told who looked; ``may_copy``: and may take a copy away. ``recordings`` are those that
    the two sides made themselves and added, by their ids. ``items`` are all entries; ``owed`` is what the reader may
    ask for, and whether the record is used.
    """
    people = people_of(record.parties, reader.party)
    names = tuple(part.name for part in record.parties if part.name)
    started_at = record.started_at and record.started_at.astimezone(record.local_zone)
    reading = Reading(record, dialogue, reader, zone_of(record))
    said = by_target(dialogue)
    sides = names_of_sides(people)
    summary = record.summary
    whole = WholeCallPart(
        reading.notes(said.get("call", ())), reading.saying(WholeCall(), what=_("the call as a whole"))
    )
    return RecordPage(
        call_id=call_id,
        title=_("Record of a call between {names}").format(names=joined(names))
        if len(names) == 2
        else _("Record of a call"),
        names=names if len(names) == 2 else (),
        headline=statement_line(summary.headline, reading, said, sides) if summary.headline else None,
        started_at=started_at,
        when=instant_in_words(started_at) if started_at else _("When the call was made is not known"),
        length=length_in_words(record.recording.duration_s),
        on_hold=_on_hold(record),
        duration_s=record.recording.duration_s,
        people=tuple(people.values()),
        unknown_you=unknown_you(people.values(), reader),
        ending=ending_of(record),
        stands=where_it_stands(reading),
        may_write=bool(whole.saying.offers),
        groups=groups_of(reading, said, sides),
        any_quoted=any(one.quoted for one in summary.statements),
        any_written=any(not one.quoted for one in summary.statements),
        promises=promises_of(reading, people, said),
        no_promise=no_promise(record),
        notices=notices_of(record),
        anybody_heard=bool(record.turns),
        anything_unsure=any(word.confidence < UNSURE_WORD for turn in record.turns for word in turn.words),
        language=record.language or "",
        conversation=conversation_of(reading, people, said),
        whole=whole,
        added=added_of(reading, call_id=call_id, recordings=recordings or {}),
        looks=looks_of(reading) if sees_looks else None,
        entrances=entrances_of(reading) if sees_looks else None,
        happened=happened_of(items, reading),
        owed=owed,
        proof=proof_of(proof, reading, copy_url=f"/requests/new?call={call_id}" if may_copy else None),
        writers=writers_of(summary),
        made=tuple(_made(made) for made in record.made_by),
        recordings=_recordings(record),
        tracks=_tracks(record),
        last_entry=proof.entries - 1,
        record=record,
    )


def _recordings(record: CallRecord) -> tuple[KeptRecording, ...]:
    if not record.legs:  # before version 3
        return (KeptRecording(record.recording.file_name, record.recording.sha256),)
    return tuple(KeptRecording(one.file_name, one.sha256) for one in (leg.kept_as or leg for leg in record.legs))


def _on_hold(record: CallRecord) -> str | None:
    hold_s = sum(hold.end_s - hold.start_s for hold in record.holds)
    return length_in_words(hold_s) if hold_s >= 1 else None


def _tracks(record: CallRecord) -> tuple[str, ...]:
    """The party on each track of the sound; "unknown" where a track carries more than one."""
    of_track = {one.channel: one.party.value for one in record.parties}
    is_apart = record.layout is Layout.TRACK_PER_PARTY
    return tuple(of_track.get(n, "unknown") if is_apart else "unknown" for n in range(record.recording.channels))


def _made(made: MadeBy) -> MadeLine:
    part = _(STAGES_IN_WORDS[made.stage]) if made.stage in STAGES_IN_WORDS else made.stage
    return MadeLine(part[:1].upper() + part[1:], named_maker(made.model), made.revision)
