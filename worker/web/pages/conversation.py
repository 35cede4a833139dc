"""The conversation: turns, holds and pauses in the order of the call, each word with its time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, TypeAlias

from worker.core.call import Party
from worker.core.record import CallRecord
from worker.core.sound import Interval
from worker.core.transcript import Code, Hold, SoundKind, Turn
from worker.web.pages.clips import Clip, clip_of, hundredths
from worker.web.pages.notices import stretch_of
from worker.web.pages.people import Person, Voice
from worker.web.pages.words import length_in_words

UNSURE_WORD = 0.5
"""A word heard with less confidence than this is shown as unsure."""

GAP_S = 3.0
"""Silence shorter than this between turns is how people talk; longer is shown."""


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


def conversation_of(record: CallRecord, people: Mapping[Voice, Person]) -> tuple[Item, ...]:
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
        clip=clip_of(turn.start_s, turn.end_s, turn.id),
        pieces=tuple(pieces),
        times=" ".join(f"{hundredths(word.start_s)}-{hundredths(word.end_s)}" for word in turn.words),
        overlaps=turn.overlaps,
    )


def _hold(hold: Hold, duration_s: float) -> HoldItem:
    length_s = hold.end_s - hold.start_s
    what = "music or another lasting sound" if hold.kind is SoundKind.MUSIC else "silence"
    return HoldItem(
        clip=clip_of(hold.start_s, hold.end_s, None),
        text=f"On hold for {length_in_words(length_s)}: {what}",
        bar_from=round(100 * hold.start_s / duration_s, 1),
        bar_width=round(max(1.0, 100 * length_s / duration_s), 1),
    )


def _pauses(record: CallRecord) -> list[PauseItem]:
    """What could not be heard, and the silences before, between and after what was."""
    lost = [found for one in record.warnings if one.code is Code.NOT_HEARD and (found := stretch_of(one))]
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
    return PauseItem(clip_of(stretch.start_s, stretch.end_s, None), text)
