"""The page of a record, put together from its sections."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from worker.core.call import Party
from worker.core.record import CallRecord, MadeBy
from worker.web.pages.conversation import UNSURE_WORD, Item, conversation_of
from worker.web.pages.in_short import (
    EndingLine,
    StatementGroup,
    StatementLine,
    ending_of,
    groups_of,
    headline_of,
    named_maker,
    writers_of,
)
from worker.web.pages.notices import Notice, notices_of
from worker.web.pages.people import Person, people_of, unknown_you
from worker.web.pages.promises import PromiseLine, no_promise, promises_of
from worker.web.pages.words import STAGES_IN_WORDS, instant_in_words, length_in_words


@dataclass(frozen=True)
class MadeLine:
    """Who made one part of the record."""

    part: str
    model: str
    revision: str


@dataclass(frozen=True)
class RecordPage:
    """The record of one call as one of its parties sees it. The same for both but for who "you" is.

    ``title`` names the page, ``names`` those in it. ``headline``, ``ending``, ``no_promise`` and ``unknown_you`` are
    None where there is nothing to say. ``any_quoted`` and ``any_written`` tell how the statements were made.
    ``language`` is empty where it is not known.
    """

    title: str
    names: tuple[str, ...]
    headline: StatementLine | None
    started_at: datetime | None
    when: str
    length: str
    on_hold: str | None
    people: tuple[Person, ...]
    unknown_you: str | None
    ending: EndingLine | None
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
    writers: str | None
    made: tuple[MadeLine, ...]
    file_name: str
    sha256: str
    sound_url: str
    json_url: str


def record_page(record: CallRecord, *, you: Party, now: datetime, sound_url: str, json_url: str) -> RecordPage:
    """The page of a record for one of its parties. ``now`` decides which promises are past their time."""
    people = people_of(record.parties, you)
    names = tuple(part.name for part in record.parties if part.name)
    hold_s = sum(hold.end_s - hold.start_s for hold in record.holds)
    statements = record.summary.statements
    started_at = record.started_at and record.started_at.astimezone(record.local_zone)
    return RecordPage(
        title=f"Record of a call between {' and '.join(names)}" if len(names) == 2 else "Record of a call",
        names=names if len(names) == 2 else (),
        headline=headline_of(record),
        started_at=started_at,
        when=instant_in_words(started_at) if started_at else "When the call was made is not known",
        length=length_in_words(record.recording.duration_s),
        on_hold=length_in_words(hold_s) if hold_s >= 1 else None,
        people=tuple(people.values()),
        unknown_you=unknown_you(people.values(), you),
        ending=ending_of(record),
        groups=groups_of(statements),
        any_quoted=any(one.quoted for one in statements),
        any_written=any(not one.quoted for one in statements),
        promises=promises_of(record, people, now=now),
        no_promise=no_promise(record),
        notices=notices_of(record),
        anybody_heard=bool(record.turns),
        anything_unsure=any(word.confidence < UNSURE_WORD for turn in record.turns for word in turn.words),
        language=record.language or "",
        conversation=conversation_of(record, people),
        writers=writers_of(record.summary),
        made=tuple(_made(made) for made in record.made_by),
        file_name=record.recording.file_name,
        sha256=record.recording.sha256,
        sound_url=sound_url,
        json_url=json_url,
    )


def _made(made: MadeBy) -> MadeLine:
    part = STAGES_IN_WORDS.get(made.stage, made.stage)
    return MadeLine(part[:1].upper() + part[1:], named_maker(made.model), made.revision)
