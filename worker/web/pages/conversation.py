"""The conversation: turns, holds, pauses and new recordings in the order of the call, each word with its time.

What is shown is the reading that both sides hold: corrections that were accepted stand in the text, marked, and what
the machine heard stays one step away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Literal, TypeAlias

from worker.core.call import Party
from worker.core.dialogue.state import Said, ShownWords, TurnReading
from worker.core.dialogue.values import OnWords
from worker.core.record import CallRecord
from worker.core.sound import Interval
from worker.core.transcript import Code, Hold, SoundKind, Turn
from worker.web.pages.annotations import NoteLine, Reading
from worker.web.pages.clips import Clip, clip_of, hundredths
from worker.web.pages.notices import stretch_of
from worker.web.pages.people import Person, Voice
from worker.web.pages.words import PARTIES_IN_WORDS, length_in_words
from worker.web.texts import _

UNSURE_WORD = 0.5
"""A word heard with less confidence than this is shown as unsure."""

GAP_S = 3.0
"""Silence shorter than this between turns is how people talk; longer is shown."""


@dataclass(frozen=True)
class PieceOfText:
    """Words in a row that are shown alike.

    ``changed_from`` and ``changed_to`` are there where a correction of these words was accepted: the machine heard
    words ``[changed_from, changed_to)`` there, by number. ``is_noted``: somebody said something of them.
    """

    text: str
    unsure: bool
    is_noted: bool = False
    changed_from: int | None = None
    changed_to: int | None = None

    @property
    def is_plain(self) -> bool:
        """Whether there is nothing to be shown but the words."""
        return not (self.unsure or self.is_noted) and self.changed_to is None

    @property
    def classes(self) -> str:
        """How the words are set apart."""
        return " ".join(["unsure"] * self.unsure + ["noted"] * self.is_noted)


@dataclass(frozen=True)
class Heard:
    """What the machine heard in a turn that is shown otherwise. ``who`` is there where another was taken to speak."""

    text: str
    who: str | None


@dataclass(frozen=True)
class TurnItem:
    """One turn. ``person`` is None where the same voice goes on; ``words`` is how many words the machine heard.

    ``times`` has each word's start and end, in 1/100 s. Words are parted by one space and hold none themselves, so the
    n-th word of ``pieces`` has the n-th pair of ``times``.
    """

    id: str
    party: Party
    person: Person | None
    clip: Clip
    pieces: tuple[PieceOfText, ...]
    times: str
    overlaps: bool
    words: int
    heard: Heard | None
    notes: tuple[NoteLine, ...]
    kind: Literal["turn"] = "turn"


@dataclass(frozen=True)
class HoldItem:
    """A hold: its length in words, and where in the call it lies, in per cent, for a bar drawn to scale."""

    clip: Clip
    text: str
    bar_from: float
    bar_width: float
    kind: Literal["hold"] = "hold"


@dataclass(frozen=True)
class PauseItem:
    """A long silence, or a stretch in which nothing could be made out."""

    clip: Clip
    text: str
    kind: Literal["pause"] = "pause"


@dataclass(frozen=True)
class LegItem:
    """Where the next recording of the call begins."""

    clip: Clip
    text: str
    kind: Literal["leg"] = "leg"


Item: TypeAlias = TurnItem | HoldItem | PauseItem | LegItem


def conversation_of(
    reading: Reading, people: Mapping[Voice, Person], said: Mapping[str, Sequence[Said]]
) -> tuple[Item, ...]:
    """Turns, holds, pauses and new recordings in the order in which they began. A voice is named where it begins.

    ``said`` is what was said of each turn, under ``turn:`` and its id.
    """
    record = reading.record
    parts: list[tuple[float, Turn | HoldItem | PauseItem | LegItem]] = [
        *((leg.clip.start_s, leg) for leg in _later_legs(record)),
        *((hold.start_s, _hold(hold, record.recording.duration_s)) for hold in record.holds),
        *((pause.clip.start_s, pause) for pause in _pauses(reading)),
        *((turn.start_s, turn) for turn in record.turns),
    ]
    parts.sort(key=lambda part: part[0])
    items: list[Item] = []
    before: tuple[Voice, Party] | None = None
    for _start_s, part in parts:
        if isinstance(part, Turn):
            shown = reading.dialogue.readings.get(part.id)
            voice = (part.speaker, part.channel), shown.party if shown and shown.party else part.party
            person = _speaker(part, shown, people) if voice != before else None
            items.append(_turn(part, person, shown, people, reading, said.get(f"turn:{part.id}", ())))
            before = voice
        else:
            items.append(part)
            before = None
    return tuple(items)


def _speaker(turn: Turn, shown: TurnReading | None, people: Mapping[Voice, Person]) -> Person:
    heard = people.get((turn.speaker, turn.channel))
    if shown is None or shown.party is None or (heard and heard.party is shown.party):
        return heard or Person(_("Not known who"), None, turn.party, is_you=False)
    named = [one for one in people.values() if one.party is shown.party]
    return named[0] if len(named) == 1 else Person(_(PARTIES_IN_WORDS[shown.party]), None, shown.party, False)


def _turn(
    turn: Turn,
    person: Person | None,
    shown: TurnReading | None,
    people: Mapping[Voice, Person],
    reading: Reading,
    said: Sequence[Said],
) -> TurnItem:
    pieces, times = _shown_words(turn, shown, _noted(said))
    return TurnItem(
        id=turn.id,
        party=shown.party if shown and shown.party else turn.party,
        person=person,
        clip=clip_of(turn.start_s, turn.end_s, turn.id),
        pieces=pieces,
        times=times,
        overlaps=turn.overlaps,
        words=len(turn.words),
        heard=_heard(turn, shown, people) if shown else None,
        notes=reading.notes(said),
    )


def _noted(said: Sequence[Said]) -> frozenset[int]:
    """The numbers of the words of which somebody said something."""
    chosen = (one.annotation.target for one in said)
    return frozenset(at for one in chosen if isinstance(one, OnWords) for at in range(one.first, one.end))


def _shown_words(turn: Turn, shown: TurnReading | None, noted: Set[int]) -> tuple[tuple[PieceOfText, ...], str]:
    """The words of a turn as they are shown, in pieces that look alike, and their times.

    One plain loop: a call of an hour has ten thousand words, and its page is made while somebody waits.
    """
    changed = {one.first: one for one in shown.words} if shown else {}
    pieces: list[PieceOfText] = []
    times: list[str] = []
    alike: list[str] = []
    before, until = None, 0
    for at, word in enumerate(turn.words):
        if at < until:
            continue
        look: tuple[bool, bool, int | None, int | None]  # the fields of a piece but its text, in their order
        if (new := changed.get(at)) is None:
            # A space within a word ("10 000") would be taken for the end of it.
            text = "\N{NO-BREAK SPACE}".join(word.text.split()) if " " in word.text else word.text
            look = word.confidence < UNSURE_WORD, at in noted, None, None
            times.append(_pair(word.start_s, word.end_s))
        else:
            until = new.end
            text, pairs = _in_place_of(turn, new)
            look = False, False, new.first, new.end
            times.append(pairs)
        if before is not None and look != before:
            pieces.append(PieceOfText(" ".join(alike), *before))
            alike = []
        alike.append(text)
        before = look
    if before is not None:
        pieces.append(PieceOfText(" ".join(alike), *before))
    return tuple(pieces), " ".join(times)


def _in_place_of(turn: Turn, new: ShownWords) -> tuple[str, str]:
    """The words of a correction, and their times: they share that of the words for which they stand."""
    texts = new.text.split() or [_("[nothing was said]").replace(" ", "\N{NO-BREAK SPACE}")]
    start_s, end_s = turn.words[new.first].start_s, turn.words[new.end - 1].end_s
    step_s = (end_s - start_s) / len(texts)
    pairs = (_pair(start_s + n * step_s, start_s + (n + 1) * step_s) for n in range(len(texts)))
    return " ".join(texts), " ".join(pairs)


def _pair(start_s: float, end_s: float) -> str:
    return f"{hundredths(start_s)}-{hundredths(end_s)}"


def _heard(turn: Turn, shown: TurnReading, people: Mapping[Voice, Person]) -> Heard:
    heard = people.get((turn.speaker, turn.channel))
    is_other = shown.party is not None and shown.party is not turn.party
    return Heard(turn.text, (heard.name if heard else _("Not known who")) if is_other else None)


def _hold(hold: Hold, duration_s: float) -> HoldItem:
    length_s = hold.end_s - hold.start_s
    text = (
        _("On hold for {length}: music or another lasting sound")
        if hold.kind is SoundKind.MUSIC
        else _("On hold for {length}: silence")
    )
    return HoldItem(
        clip=clip_of(hold.start_s, hold.end_s, None),
        text=text.format(length=length_in_words(length_s)),
        bar_from=round(100 * hold.start_s / duration_s, 1),
        bar_width=round(max(1.0, 100 * length_s / duration_s), 1),
    )


def _later_legs(record: CallRecord) -> list[LegItem]:
    """The recordings after the first, which is the beginning of the call."""
    return [
        LegItem(
            clip_of(leg.start_s, leg.start_s + leg.duration_s, None), _("The call goes on here, in a new recording")
        )
        for leg in record.legs[1:]
    ]


def _pauses(reading: Reading) -> list[PauseItem]:
    """What could not be heard, and the silences before, between and after what was."""
    record = reading.record
    lost = [found for one in record.warnings if one.code is Code.NOT_HEARD and (found := stretch_of(one))]
    pauses = [
        _pause(stretch, _("[not heard, {seconds} s]").format(seconds=max(1, round(stretch.length_s))))
        for stretch in lost
    ]
    end_s = record.recording.duration_s
    sounding: tuple[Turn | Hold, ...] = (*record.turns, *record.holds)
    heard = [Interval(one.start_s, one.end_s) for one in sounding]
    silent_from_s = 0.0
    for stretch in (*sorted(heard + lost), Interval(end_s, end_s)):
        silence = Interval(silent_from_s, stretch.start_s)
        if silence.length_s >= GAP_S:
            text = _("Nobody was heard for {length}").format(length=length_in_words(silence.length_s))
            pauses.append(_pause(silence, text))
        silent_from_s = max(silent_from_s, stretch.end_s)
    return pauses


def _pause(stretch: Interval, text: str) -> PauseItem:
    return PauseItem(clip_of(stretch.start_s, stretch.end_s, None), text)
