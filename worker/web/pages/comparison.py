"""Somebody's own recording of a call beside the one that the record was made from: what agrees, what differs."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from worker.core.dialogue.alignment import Comparison, Difference, Differing, Part, Place, compare
from worker.core.record import CallRecord
from worker.core.transcript import Word
from worker.web.pages.clips import Clip, clip_of
from worker.web.pages.people import Who
from worker.web.pages.words import length_in_words
from worker.web.texts import _, later, plural

SOUND_BESIDE_S = 1.0
"""Where one recording has nothing, its sound is played from so long before the place to so long after."""

WORDS_BESIDE = 5
"""So many words stand before and after a difference, so that its place is known."""

HEADINGS = {
    Place.BEFORE: later("Before the part that both hold"),
    Place.INSIDE: later("In the part that both hold"),
    Place.AFTER: later("After the part that both hold"),
}

WHAT = {
    Difference.OTHER_WORDS: later("Other words"),
    Difference.ONLY_OURS: later("Only in the recording of this record"),
    Difference.ONLY_THEIRS: later("Only in the added recording"),
}


@dataclass(frozen=True)
class Side:
    """What one of the two recordings holds in one place, with a few words ``before`` and ``after`` it.

    ``text`` is empty where it holds no words there.
    """

    before: str
    text: str
    after: str
    clip: Clip


@dataclass(frozen=True)
class DifferenceLine:
    """One place where the two differ, in words, with what each of them holds there."""

    what: str
    longer: str | None
    ours: Side
    theirs: Side


@dataclass(frozen=True)
class DifferenceGroup:
    """The differences of one part of the call, in its order."""

    heading: str
    lines: tuple[DifferenceLine, ...]


@dataclass(frozen=True)
class ComparisonPage:
    """Two recordings of one call. Both are claims of the same weight here: which is right is not decided.

    ``refusal`` says, where the two share hardly any word, that nothing is compared; then nothing else is there.
    """

    title: str
    back: str
    added_by: Who
    when: str
    refusal: str | None
    agreement: str | None
    start: str | None
    no_difference: str | None
    groups: tuple[DifferenceGroup, ...]
    ours_url: str
    theirs_url: str

    template: ClassVar[str] = "comparison.html"


def comparison_page(
    ours: CallRecord, theirs: CallRecord, *, call_id: str, number: int, added_by: Who, when: str
) -> ComparisonPage:
    """The page for the recording that was added with this entry, by whom and when, in words."""
    found = compare(ours, theirs)
    same = found.is_same_call
    return ComparisonPage(
        title=_("Two recordings, side by side"),
        back=f"/calls/{call_id}#entry-{number}",
        added_by=added_by,
        when=when,
        refusal=None if same else _refusal(ours, theirs),
        agreement=_agreement(found) if same else None,
        start=_start(found.offset_s or 0.0) if same else None,
        no_difference=_("No word was heard otherwise in one of them than in the other.")
        if same and not found.differences
        else None,
        groups=_groups(found, _words(ours), _words(theirs)) if same else (),
        ours_url=f"/calls/{call_id}/sound",
        theirs_url=f"/calls/{call_id}/files/{number}",
    )


def _refusal(ours: CallRecord, theirs: CallRecord) -> str:
    if not theirs.turns:
        return _("No words were heard in the added recording, so there is nothing to compare. It can be played here.")
    if not ours.turns:
        return _("No words were heard in the recording of this record, so there is nothing to compare.")
    return _(
        "This seems to be another call: hardly any words were heard in both recordings. Listen to both. If it is "
        "another call, whoever added it can withdraw it."
    )


def _agreement(found: Comparison) -> str:
    text = plural(
        "{count} word was heard alike in both: {share} % of what was said while both recorded.",
        "{count} words were heard alike in both: {share} % of what was said while both recorded.",
        found.agreed_words,
    )
    # Not 100 while anything differs.
    share = 100 if found.share == 1 and not found.differences else min(99, round(100 * found.share))
    return text.format(count=found.agreed_words, share=share)


def _start(offset_s: float) -> str:
    """What stands at one time in ours stands so much later in theirs, so theirs began so much earlier."""
    length = length_in_words(abs(offset_s))
    if abs(offset_s) < 1:
        return _("Both begin at the same moment.")
    if offset_s > 0:
        return _("The added recording begins {length} earlier.").format(length=length)
    return _("The added recording begins {length} later.").format(length=length)


def _words(record: CallRecord) -> tuple[Word, ...]:
    return tuple(sorted((word for turn in record.turns for word in turn.words), key=lambda word: word.start_s))


def _groups(found: Comparison, ours: Sequence[Word], theirs: Sequence[Word]) -> tuple[DifferenceGroup, ...]:
    groups = []
    for place in Place:
        lines = tuple(_line(one, ours, theirs) for one in found.differences if one.place is place)
        if lines:
            groups.append(DifferenceGroup(_(HEADINGS[place]), lines))
    return tuple(groups)


def _line(one: Differing, ours: Sequence[Word], theirs: Sequence[Word]) -> DifferenceLine:
    return DifferenceLine(_(WHAT[one.difference]), _longer(one), _side(one.ours, ours), _side(one.theirs, theirs))


def _longer(one: Differing) -> str | None:
    """How a part shows that was cut out of one of the two, or put into it."""
    length = length_in_words(abs(one.longer_s))
    if one.longer_s >= 1:
        return _("The added recording is {length} longer here.").format(length=length)
    if one.longer_s <= -1:
        return _("The recording of this record is {length} longer here.").format(length=length)
    return None


def _side(part: Part, words: Sequence[Word]) -> Side:
    start_s, end_s = part.start_s, part.end_s
    first = bisect_left(words, start_s, key=lambda word: word.start_s)
    after = bisect_left(words, end_s, key=lambda word: word.start_s)
    before = [word.text for word in words[max(0, first - WORDS_BESIDE) : first]]
    behind = [word.text for word in words[after : after + WORDS_BESIDE]]
    if not part.text:
        start_s, end_s = max(0.0, start_s - SOUND_BESIDE_S), end_s + SOUND_BESIDE_S
    return Side(" ".join(before), part.text, " ".join(behind), clip_of(start_s, end_s, None))
