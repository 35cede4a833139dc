"""What each page says, as plain values: made from a record and its reader, and only set in type by the templates.

A page's HTML and its JSON come from the same record, so the two cannot say different things. Everything here is for
people: no word of the trade, lengths in words, nothing guessed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, TypeAlias

from worker.core.call import Party
from worker.core.errors import BadRecording
from worker.core.evidence import NO_MODEL
from worker.core.record import CallRecord, MadeBy
from worker.core.sound import Interval, clock
from worker.core.summary import HEADINGS, Statement, StatementKind
from worker.core.transcript import CallWarning, Code, Hold, Participant, SoundKind, Turn
from worker.record.standing import CallState, Standing

UNSURE_WORD = 0.5
"""A word heard with less confidence than this is shown as unsure."""

WEAK_SUPPORT = 0.7
"""A written statement with less support than this says that it should be checked against the words."""

GAP_S = 3.0
"""Silence shorter than this between turns is how people talk; longer is shown."""

STAGES_IN_WORDS = {
    "decode": "opening the sound",
    "listen": "finding speech, music and silence",
    "transcribe": "writing down the words",
    "separate": "telling the voices apart",
    "attribute": "working out who said what",
    "summarise": "writing the short version",
    "check": "checking the short version against the words",
    "publish": "putting the record together",
}
"""Every stage, in the order of a call's way."""

WARNINGS_IN_WORDS = {
    Code.TRUNCATED: "The recording breaks off. What was there is shown; the end of the call is missing.",
    Code.NO_SPEECH: "Nobody was heard to speak. Listen to the recording if somebody should be.",
    Code.SILENT_TRACK: "One side of this recording is silent. Whoever should be heard there is missing here.",
    Code.SAME_SOUND: "Both sides were recorded as one sound, so the voices were told apart by how they sound.",
    Code.NOT_HEARD: "What was said here could not be made out, or not all of it.",
    Code.UNCERTAIN_WORDS: "Several words in a row were heard with little confidence.",
    Code.OVERLAP: "People spoke at the same time in places. Words of either may be missing there.",
    Code.UNKNOWN_PARTY: "Of at least one voice it is not known whether it is the agent's or the customer's.",
    Code.DOUBTED_PARTY: (
        "Whoever handed the recording over said which voice is whose; what the voices say speaks against it."
    ),
    Code.DAMAGED: "Parts of the recording could not be read. There is silence in their place.",
    Code.OTHER_LANGUAGE: "The short version is written for English calls only. Here it quotes each side's own words.",
    Code.UNATTRIBUTED_WORDS: "Words were heard, but nobody was found who says them.",
    Code.ONE_VOICE: "Two people sound like one voice here. Where it is not clear who speaks, no side is named.",
    Code.LANGUAGE_UNSURE: "It is not certain which language was spoken, so words may have been heard wrongly.",
    Code.LANGUAGE_CHANGES: "Another language is spoken here. The words stand as they were said, in that language.",
    Code.NO_MODEL: "The short version quotes the words as they were said. Nothing was put into other words.",
    Code.CLIPPED: "The recording is too loud and distorted in places. Words there may have been heard wrongly.",
}
"""What a warning means to the people who were on the call. The record's own message is for those who run it."""

PARTIES_IN_WORDS = {
    Party.AGENT: "Agent",
    Party.CUSTOMER: "Customer",
    Party.OTHER: "Another voice",
    Party.UNKNOWN: "Unknown voice",
}


@dataclass(frozen=True)
class Clip:
    """A stretch of the call that can be played, to 1/100 s, and the turn in which it lies, if it lies in one."""

    label: str
    start_s: float
    end_s: float
    turn: str | None


@dataclass(frozen=True)
class StatementLine:
    """One statement as the page shows it; ``note`` says in words when it should be checked."""

    id: str
    text: str
    quoted: bool
    clips: tuple[Clip, ...]
    note: str | None


@dataclass(frozen=True)
class StatementGroup:
    """Statements of one kind under their heading."""

    heading: str
    lines: tuple[StatementLine, ...]


@dataclass(frozen=True)
class Person:
    """One of those who were heard, and why they were taken for it. ``role`` is None where the name says it."""

    name: str
    role: str | None
    party: Party
    reason: str
    is_you: bool


@dataclass(frozen=True)
class PieceOfText:
    """Words in a row that were heard equally surely."""

    text: str
    unsure: bool


@dataclass(frozen=True)
class TurnItem:
    """One turn. ``person`` is None where the same voice goes on.

    ``times`` has each word's start and end, in 1/100 s. Words are parted by one space and hold none themselves, so the
    n-th word of ``pieces`` has the n-th pair of ``times``.
    """

    kind: ClassVar[str] = "turn"

    id: str
    party: Party
    person: Person | None
    clip: Clip
    pieces: tuple[PieceOfText, ...]
    times: str
    overlaps: bool


@dataclass(frozen=True)
class HoldItem:
    """A hold: its length in words, and where in the call it lies, in per cent, for a bar drawn to scale."""

    kind: ClassVar[str] = "hold"

    clip: Clip
    text: str
    bar_from: float
    bar_width: float


@dataclass(frozen=True)
class PauseItem:
    """A long silence, or a stretch in which nothing could be made out."""

    kind: ClassVar[str] = "pause"

    clip: Clip
    text: str


Item: TypeAlias = TurnItem | HoldItem | PauseItem


@dataclass(frozen=True)
class Notice:
    """Something that a person should know, with the places to listen to."""

    text: str
    clips: tuple[Clip, ...]


@dataclass(frozen=True)
class MadeLine:
    """Who made one part of the record."""

    part: str
    model: str
    revision: str


@dataclass(frozen=True)
class RecordPage:
    """The record of one call as one of its parties sees it. The same for both but for who "you" is.

    ``unknown_you`` is a line for a reader whose own voice was not found. ``language`` is empty where it is not known.
    """

    title: str
    names: tuple[str, ...]
    started_at: datetime | None
    when: str
    length: str
    on_hold: str | None
    people: tuple[Person, ...]
    unknown_you: str | None
    groups: tuple[StatementGroup, ...]
    notices: tuple[Notice, ...]
    anybody_heard: bool
    anything_unsure: bool
    language: str
    conversation: tuple[Item, ...]
    made: tuple[MadeLine, ...]
    file_name: str
    sha256: str
    sound_url: str
    json_url: str


@dataclass(frozen=True)
class StandingPage:
    """Where a call stands that has no record yet."""

    title: str
    lines: tuple[str, ...]
    is_moving: bool  # the page looks again by itself


@dataclass(frozen=True)
class MessagePage:
    """One thing to be said: what this place is, or what went wrong, in the same words as the API's problem details."""

    title: str
    message: str


Page: TypeAlias = RecordPage | StandingPage | MessagePage


def length_in_words(seconds: float) -> str:
    """A length as it is said: "9 minutes 5 seconds", "40 seconds", "less than a second"."""
    whole_s = round(seconds)
    if whole_s < 1:
        return "less than a second"
    hours, rest = divmod(whole_s, 3600)
    minutes, left_s = divmod(rest, 60)
    parts = [(hours, "hour"), (minutes, "minute"), (left_s, "second")]
    return " ".join(f"{count} {unit}{'' if count == 1 else 's'}" for count, unit in parts if count)


def record_page(record: CallRecord, *, you: Party, sound_url: str, json_url: str) -> RecordPage:
    """The page of a record for one of its parties."""
    people = _people(record.parties, you)
    names = tuple(part.name for part in record.parties if part.name)
    hold_s = sum(hold.end_s - hold.start_s for hold in record.holds)
    return RecordPage(
        title=f"Record of a call between {' and '.join(names)}" if len(names) == 2 else "Record of a call",
        names=names if len(names) == 2 else (),
        started_at=record.started_at,
        when=_when(record.started_at),
        length=length_in_words(record.recording.duration_s),
        on_hold=length_in_words(hold_s) if hold_s >= 1 else None,
        people=tuple(people.values()),
        unknown_you=_unknown_you(people.values(), you),
        groups=_groups(record),
        notices=_notices(record),
        anybody_heard=bool(record.turns),
        anything_unsure=any(word.confidence < UNSURE_WORD for turn in record.turns for word in turn.words),
        language=record.language or "",
        conversation=_conversation(record, people),
        made=tuple(_made(made) for made in record.made_by),
        file_name=record.recording.file_name,
        sha256=record.recording.sha256,
        sound_url=sound_url,
        json_url=json_url,
    )


def standing_page(standing: Standing) -> StandingPage:
    """The page of a call that has no record yet: what has happened, what is kept, what comes next."""
    kept = "The recording has arrived and is kept safe."
    title = "This record is being made"
    match standing.state:
        case CallState.FAILED if standing.reason == BadRecording.__name__ and standing.message:
            return StandingPage("This record could not be made", (kept, standing.message), is_moving=False)
        case CallState.FAILED:
            # Its message is for those who run the service and names parts of it.
            lines = (
                "Something in this service did not work. The people who run it see this call on their list.",
                "They can try again with the recording that is here; nobody has to send it again.",
            )
            return StandingPage("This record could not be made", (kept, *lines), is_moving=False)
        case CallState.WAITING if standing.not_before is not None:
            line = "Something it needs was not there. It is tried again by itself in a few minutes."
        case CallState.RUNNING:
            line = _step(standing)
        case _:
            line = "It waits for its turn."
    return StandingPage(title, (kept, line), is_moving=True)


def _step(standing: Standing) -> str:
    stages = list(STAGES_IN_WORDS)
    if standing.stage not in stages:  # of another version of this program
        return "It is being worked on."
    done = f", {standing.progress:.0%} done" if standing.progress >= 0.01 else ""
    return f"Step {stages.index(standing.stage) + 1} of {len(stages)}: {STAGES_IN_WORDS[standing.stage]}{done}."


def _when(started_at: datetime | None) -> str:
    if started_at is None:
        return "When the call was made is not known"
    zone = started_at.tzname() or ""
    return f"{started_at:%A} {started_at.day} {started_at:%B %Y}, {started_at:%H:%M} {zone}".strip()


# Who was heard --------------------------------------------------------------------------------------------------------

Voice: TypeAlias = tuple[str | None, int | None]
"""A speaker and the channel on which it is heard."""


def _people(participants: Iterable[Participant], you: Party) -> dict[Voice, Person]:
    """Everybody who was heard, by voice. Where several would have one name they are numbered."""
    participants = tuple(participants)
    parties = Counter(part.party for part in participants)
    unnamed = Counter(part.party for part in participants if part.name is None)
    numbers: Counter[Party] = Counter()
    people: dict[Voice, Person] = {}
    for part in participants:
        role = PARTIES_IN_WORDS[part.party]
        name = part.name
        if name is None and unnamed[part.party] > 1:
            numbers[part.party] += 1
            name = f"{role} {numbers[part.party]}"
        people[part.speaker, part.channel] = Person(
            name=name or role,
            role=role.lower() if part.name else None,
            party=part.party,
            reason=_reason(part),
            # Of two agents nobody said which one holds the link.
            is_you=part.party is you and parties[you] == 1,
        )
    return people


def _reason(part: Participant) -> str:
    taken = {
        Party.AGENT: "Taken for the agent",
        Party.CUSTOMER: "Taken for the customer",
        Party.OTHER: "Neither agent nor customer",
        Party.UNKNOWN: "Not known whether agent or customer",
    }
    return f"{taken[part.party]}: {part.reason.rstrip('.')}."


def _unknown_you(people: Collection[Person], you: Party) -> str | None:
    if any(person.is_you for person in people):
        return None
    return f"You opened this as the {you}." + (" Which voice is yours was not found." if people else "")


# In short -------------------------------------------------------------------------------------------------------------


def _groups(record: CallRecord) -> tuple[StatementGroup, ...]:
    groups = []
    for kind in StatementKind:
        lines = tuple(_statement(one) for one in record.summary.statements if one.kind is kind)
        if lines:
            groups.append(StatementGroup(HEADINGS[kind], lines))
    return tuple(groups)


def _statement(statement: Statement) -> StatementLine:
    clips = tuple(_clip(piece.start_s, piece.end_s, piece.turn) for piece in statement.evidence)
    weak = not statement.quoted and statement.support < WEAK_SUPPORT
    note = "Written by machine, and the words carry it only in part. Listen to them." if weak else None
    return StatementLine(statement.id, statement.text, statement.quoted, clips, note)


def _clip(start_s: float, end_s: float, turn: str | None) -> Clip:
    return Clip(clock(start_s), _hundredths(start_s) / 100, _hundredths(end_s) / 100, turn)


def _hundredths(seconds: float) -> int:
    return round(seconds * 100)


# The conversation -----------------------------------------------------------------------------------------------------


def _conversation(record: CallRecord, people: Mapping[Voice, Person]) -> tuple[Item, ...]:
    """Turns, holds and pauses in the order in which they began. A voice is named where it begins."""
    parts: list[tuple[float, Turn | HoldItem | PauseItem]] = [
        *((hold.start_s, _hold(hold, record.recording.duration_s)) for hold in record.holds),
        *((pause.clip.start_s, pause) for pause in _pauses(record)),
        *((turn.start_s, turn) for turn in record.turns),
    ]
    parts.sort(key=lambda part: part[0])
    items: list[Item] = []
    before: Voice | None = None
    for _, part in parts:
        if isinstance(part, Turn):
            voice = (part.speaker, part.channel)
            items.append(_turn(part, people.get(voice) or _nobody(part) if voice != before else None))
            before = voice
        else:
            items.append(part)
            before = None
    return tuple(items)


def _nobody(turn: Turn) -> Person:
    """Who is named for words that nobody was found to say."""
    return Person("Not known who", None, turn.party, "", is_you=False)


def _turn(turn: Turn, person: Person | None) -> TurnItem:
    pieces: list[PieceOfText] = []
    for word in turn.words:
        # A space within a word ("10 000") would be taken for the end of it.
        text = "\N{NO-BREAK SPACE}".join(word.text.split())
        unsure = word.confidence < UNSURE_WORD
        if pieces and pieces[-1].unsure == unsure:
            pieces[-1] = PieceOfText(f"{pieces[-1].text} {text}", unsure)
        else:
            pieces.append(PieceOfText(text, unsure))
    return TurnItem(
        id=turn.id,
        party=turn.party,
        person=person,
        clip=_clip(turn.start_s, turn.end_s, turn.id),
        pieces=tuple(pieces),
        times=" ".join(f"{_hundredths(word.start_s)}-{_hundredths(word.end_s)}" for word in turn.words),
        overlaps=turn.overlaps,
    )


def _hold(hold: Hold, duration_s: float) -> HoldItem:
    length_s = hold.end_s - hold.start_s
    what = "music or another lasting sound" if hold.kind is SoundKind.MUSIC else "silence"
    return HoldItem(
        clip=_clip(hold.start_s, hold.end_s, None),
        text=f"On hold for {length_in_words(length_s)}: {what}",
        bar_from=round(100 * hold.start_s / duration_s, 1),
        bar_width=round(max(1.0, 100 * length_s / duration_s), 1),
    )


def _pauses(record: CallRecord) -> list[PauseItem]:
    """What could not be heard, and the silences before, between and after what was."""
    lost = [found for one in record.warnings if one.code is Code.NOT_HEARD and (found := _stretch(one))]
    pauses = [_pause(stretch, f"[not heard, {max(1, round(stretch.length_s))} s]") for stretch in lost]
    end_s = record.recording.duration_s
    sounding: tuple[Turn | Hold, ...] = (*record.turns, *record.holds)
    heard = [Interval(one.start_s, one.end_s) for one in sounding]
    silent_from_s = 0.0
    for stretch in (*sorted(heard + lost), Interval(end_s, end_s)):
        silence = Interval(silent_from_s, stretch.start_s)
        if silence.length_s >= GAP_S:
            pauses.append(_pause(silence, f"Nobody was heard for {length_in_words(silence.length_s)}"))
        silent_from_s = max(silent_from_s, stretch.end_s)
    return pauses


def _pause(stretch: Interval, text: str) -> PauseItem:
    return PauseItem(_clip(stretch.start_s, stretch.end_s, None), text)


# What is not certain --------------------------------------------------------------------------------------------------


def _notices(record: CallRecord) -> tuple[Notice, ...]:
    """One notice for each thing there is to say, with all the places that it is about."""
    clips: dict[str, list[Clip]] = {}
    for warning in record.warnings:
        places = clips.setdefault(WARNINGS_IN_WORDS[warning.code], [])
        if found := _stretch(warning):
            turns = (one.id for one in record.turns if one.start_s < found.end_s and one.end_s > found.start_s)
            places.append(_clip(found.start_s, found.end_s, next(turns, None)))
    return tuple(Notice(text, tuple(places)) for text, places in clips.items())


def _stretch(warning: CallWarning) -> Interval | None:
    """The stretch of a warning that has one with a length."""
    if warning.start_s is None or warning.end_s is None or warning.end_s <= warning.start_s:
        return None
    return Interval(warning.start_s, warning.end_s)


def _made(made: MadeBy) -> MadeLine:
    part = STAGES_IN_WORDS.get(made.stage, made.stage)
    model = "rules of this program" if made.model is None or made.model == NO_MODEL else made.model
    return MadeLine(part[:1].upper() + part[1:], model, made.revision)
