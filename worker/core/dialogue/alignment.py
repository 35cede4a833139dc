"""Somebody's own recording of a call beside ours: where the same words lie in both, and where the two differ.

Only words and their times are compared, never who is said to have spoken them: an own recording mostly carries one
track, and its parties may be found the other way round. Which of two differing recordings is right is not decided here.

1. Runs of words that stand once in each recording are taken for the same place, as far as they come in the same order.
2. Each place says how much later the other recording is there. A place whose delay no neighbour shares is left out.
3. Every word is looked for where those delays expect it, and the longest chain of found words in one order is kept.
4. What lies between found words is a difference; so is a jump of the delay, which is how a cut shows in silence.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from statistics import median

from worker.core.record import CallRecord

NEAR_S = 2.0
"""A word is looked for so far around where it is expected: times of one word differ by as much between two hearings."""

JUMP_S = 3.0
"""From so much on a change of the delay is a part that one recording has and the other has not."""

LEAST_WORDS = 5
"""So many words have to be found in both, or nothing is said of the two."""

LEAST_SHARE = 0.4
"""So large a share of the words has to be found where both record: two hearings of bad lines agree on half of them,
two calls that begin with the same announcement on less."""

_RUNS = (3, 2, 1)  # words in a run; the shorter ones only where longer ones are not found, in a call of a few words
_LETTERS = re.compile(r"\w+")


class Place(StrEnum):
    """Where a difference lies: before, inside or after the part that both recordings hold."""

    BEFORE = "before"
    INSIDE = "inside"
    AFTER = "after"


class Difference(StrEnum):
    """How two recordings differ in one place."""

    OTHER_WORDS = "other_words"
    ONLY_OURS = "only_ours"
    ONLY_THEIRS = "only_theirs"


@dataclass(frozen=True)
class Part:
    """A stretch of one recording, in its own seconds. Where it has no words there, between those beside."""

    start_s: float
    end_s: float
    text: str


@dataclass(frozen=True)
class Differing:
    """One place where two recordings differ. ``longer_s`` is by how much theirs is longer there; negative: shorter.

    Before and after the common part it is 0: nothing was cut there, one recording only began or ended later.
    """

    difference: Difference
    place: Place
    ours: Part
    theirs: Part
    longer_s: float


@dataclass(frozen=True)
class Comparison:
    """Two recordings side by side.

    ``offset_s`` is what is added to our seconds to have theirs, where the common part begins; a cut changes it further
    on. ``agreed_words`` are found in both, ``share`` in [0, 1] is how many that is of the words of the recording that
    has fewer of them in the time that both record. Where ``is_same_call`` is false the rest says nothing: no offset, no
    differences.
    """

    is_same_call: bool
    offset_s: float | None
    agreed_words: int
    share: float
    differences: tuple[Differing, ...]


@dataclass(frozen=True)
class _Heard:
    plain: str
    text: str
    start_s: float
    end_s: float


_Pair = tuple[int, int]  # the numbers of a word of ours and of one of theirs


def compare(ours: CallRecord, theirs: CallRecord) -> Comparison:
    """Our recording and another one that is said to be of the same call. Records without words share nothing."""
    a, b = _words(ours), _words(theirs)
    pairs = _found(a, b, _places(a, b))
    share = _share(a, b, pairs)
    if len(pairs) < LEAST_WORDS or share < LEAST_SHARE:
        return Comparison(False, None, len(pairs), share, ())
    offset_s = median(_delay(a, b, pair) for pair in pairs[:LEAST_WORDS])
    return Comparison(True, round(offset_s, 3), len(pairs), share, _differences(a, b, pairs))


def _words(record: CallRecord) -> list[_Heard]:
    """The words in the order in which they are said; signs alone are none."""
    heard = [
        _Heard("".join(_LETTERS.findall(word.text.casefold())), word.text, word.start_s, word.end_s)
        for turn in record.turns
        for word in turn.words
    ]
    return sorted((word for word in heard if word.plain), key=lambda word: word.start_s)


def _places(a: Sequence[_Heard], b: Sequence[_Heard]) -> list[_Pair]:
    """Steps 1 and 2: words by which the two recordings are laid beside each other."""
    for run in _RUNS:
        there = _single_runs(b, run)
        pairs = [(at, there[words]) for words, at in _single_runs(a, run).items() if words in there]
        chain = _longest_chain(pairs)
        delays = [_delay(a, b, pair) for pair in chain]
        shared = [abs(after - before) <= NEAR_S for before, after in pairwise(delays)]
        kept = [
            pair
            for pair, with_before, with_after in zip(chain, [False, *shared], [*shared, False], strict=False)
            if with_before or with_after
        ]
        if kept:
            return kept
    return []


def _single_runs(words: Sequence[_Heard], run: int) -> dict[tuple[str, ...], int]:
    """The runs of so many words that stand once, and where."""
    first: dict[tuple[str, ...], int] = {}
    again = set()
    for at in range(len(words) - run + 1):
        key = tuple(word.plain for word in words[at : at + run])
        if first.setdefault(key, at) != at:
            again.add(key)
    return {key: at for key, at in first.items() if key not in again}


def _found(a: Sequence[_Heard], b: Sequence[_Heard], places: Sequence[_Pair]) -> list[_Pair]:
    """Step 3: the words of both that are the same words."""
    if not places:
        return []
    starts = [word.start_s for word in b]
    numbers = [at for at, _ in places]
    pairs: set[_Pair] = set()
    for at, word in enumerate(a):
        after = bisect_right(numbers, at)
        # Where something was cut out in between, the word has the delay of the place before or of that behind.
        for place in {places[max(after - 1, 0)], places[min(after, len(places) - 1)]}:
            expected_s = word.start_s + _delay(a, b, place)
            near = range(bisect_left(starts, expected_s - NEAR_S), bisect_right(starts, expected_s + NEAR_S))
            pairs.update((at, other) for other in near if b[other].plain == word.plain)
    return _longest_chain(pairs)


def _longest_chain(pairs: set[_Pair] | list[_Pair]) -> list[_Pair]:
    """As many of the pairs as can stand in one order in both; each word once. By patience sorting, in n log n."""
    ends: list[int] = []  # the lowest number of theirs with which a chain of that length ends
    tails: list[_Pair] = []
    before: dict[_Pair, _Pair | None] = {}
    # Of pairs of one word of ours the later goes first, so that none of them follows another in a chain.
    for pair in sorted(pairs, key=lambda pair: (pair[0], -pair[1])):
        length = bisect_left(ends, pair[1])
        before[pair] = tails[length - 1] if length else None
        ends[length : length + 1] = [pair[1]]
        tails[length : length + 1] = [pair]
    chain: list[_Pair] = []
    last = tails[-1] if tails else None
    while last is not None:
        chain.append(last)
        last = before[last]
    return chain[::-1]


def _delay(a: Sequence[_Heard], b: Sequence[_Heard], pair: _Pair) -> float:
    return b[pair[1]].start_s - a[pair[0]].start_s


def _share(a: Sequence[_Heard], b: Sequence[_Heard], pairs: Sequence[_Pair]) -> float:
    """The share of words found, of those said while both recordings ran; that of the one that has fewer of them."""
    if not pairs:
        return 0.0
    early_s, late_s = _delay(a, b, pairs[0]), _delay(a, b, pairs[-1])
    in_a = _between(a, b[0].start_s - early_s, b[-1].start_s - late_s)
    in_b = _between(b, a[0].start_s + early_s, a[-1].start_s + late_s)
    return min(1.0, len(pairs) / max(1, min(in_a, in_b)))


def _between(words: Sequence[_Heard], start_s: float, end_s: float) -> int:
    return sum(start_s - NEAR_S <= word.start_s <= end_s + NEAR_S for word in words)


def _differences(a: Sequence[_Heard], b: Sequence[_Heard], pairs: Sequence[_Pair]) -> tuple[Differing, ...]:
    """Step 4: what lies between one found word and the next, before the first and after the last."""
    found = []
    for (at, other), (next_at, next_other) in pairwise([(-1, -1), *pairs, (len(a), len(b))]):
        ours, theirs = range(at + 1, next_at), range(other + 1, next_other)
        if at < 0:
            found += _at_an_edge(a, b, ours, theirs, Place.BEFORE, _delay(a, b, pairs[0]))
        elif next_at == len(a):
            found += _at_an_edge(a, b, ours, theirs, Place.AFTER, _delay(a, b, pairs[-1]))
        else:
            longer_s = _delay(a, b, (next_at, next_other)) - _delay(a, b, (at, other))
            if ours or theirs or abs(longer_s) >= JUMP_S:
                found.append(_differing(a, b, ours, theirs, Place.INSIDE, longer_s))
    return tuple(found)


def _at_an_edge(
    a: Sequence[_Heard], b: Sequence[_Heard], ours: range, theirs: range, place: Place, delay_s: float
) -> list[Differing]:
    """Where one recording runs and the other does not yet, or no longer, its words differ from nothing."""
    if not (ours and theirs):
        return [_differing(a, b, ours, theirs, place, 0.0)] if ours or theirs else []
    # Seconds of ours in which both recordings have words.
    start_s, end_s = max(a[0].start_s, b[0].start_s - delay_s), min(a[-1].end_s, b[-1].end_s - delay_s)
    both_a = [at for at in ours if start_s - NEAR_S <= a[at].start_s <= end_s + NEAR_S]
    both_b = [at for at in theirs if start_s - NEAR_S <= b[at].start_s - delay_s <= end_s + NEAR_S]
    in_a, out_a = _parted(both_a, ours, place)
    in_b, out_b = _parted(both_b, theirs, place)
    at_a, at_b = (in_a[:0], in_b[:0]) if place is Place.BEFORE else (in_a[len(in_a) :], in_b[len(in_b) :])
    pieces = [(out_a, at_b), (at_a, out_b), (in_a, in_b)]
    if place is Place.AFTER:
        pieces.reverse()
    return [_differing(a, b, one, other, place, 0.0) for one, other in pieces if one or other]


def _parted(both: Sequence[int], words: range, place: Place) -> tuple[range, range]:
    """The words beside the common part: those that lie in the time of both, and those further out."""
    if place is Place.BEFORE:
        edge = both[0] if both else words.stop
        return range(edge, words.stop), range(words.start, edge)
    edge = both[-1] + 1 if both else words.start
    return range(words.start, edge), range(edge, words.stop)


def _differing(
    a: Sequence[_Heard], b: Sequence[_Heard], ours: range, theirs: range, place: Place, longer_s: float
) -> Differing:
    if ours and theirs:
        difference = Difference.OTHER_WORDS
    else:
        difference = Difference.ONLY_OURS if ours or (not theirs and longer_s < 0) else Difference.ONLY_THEIRS
    return Differing(difference, place, _part(a, ours), _part(b, theirs), round(longer_s, 3))


def _part(words: Sequence[_Heard], span: range) -> Part:
    """The words of a span; of an empty one, the time between the words beside it."""
    if span:
        inside = words[span.start : span.stop]
        return Part(inside[0].start_s, max(word.end_s for word in inside), " ".join(word.text for word in inside))
    start_s = words[span.start - 1].end_s if span.start > 0 else 0.0
    end_s = words[span.start].start_s if span.start < len(words) else start_s
    return Part(start_s, max(start_s, end_s), "")
