"""Words, then speakers, then turns: who said each word, and which words belong together.

Words and not segments are given to speakers, because a recogniser's segment often runs across a change of speaker. Two
clocks disagree here: a recogniser's word times and a diarizer's borders each err by a few tenths of a second. So on a
mixed track the words are read as a whole, and the cheapest reading wins (``give_to_speakers``): a word costs what it
lacks of its speaker's voice, a change of speaker costs little where people do change (after a sentence, at a pause, at
a short answer) and more inside a sentence. Short answers ("yes") carry agreement and are never smoothed away.

Turns (``group_turns``) are made per speaker, not by cutting the line of all words at every change. Their order is the
order of their starts. A turn is cut

1. at a pause of more than ``PAUSE_S``, where a hold begins or ends, and where another recording begins;
2. where somebody else speaks in the gap between two of its words; but in a gap of less than ``NOD_GAP_S`` inside a
   sentence a short answer ("mhm" while the other draws breath), or one who speaks on all the while, leaves the
   sentence whole;
3. at the first end of a sentence, or breath, after somebody else began to say more than a short answer: so an
   interruption stands where it happened and not after a minute of the other's speech, and no sentence is torn.

Nothing is dropped: every word that comes in is in exactly one turn.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise

from worker.core.call import Party
from worker.core.listening import Intervals, joined
from worker.core.sound import Interval
from worker.core.transcript import Hold, SpeakerStretch, Turn, Word

REACH_S = 0.5
"""How far from a voice a word may lie and still be that speaker's; further away, nobody was found to say it."""

PAUSE_S = 1.5
"""A longer silence within one speaker's words ends a turn."""

BREATH_S = 0.5
"""A gap between words at which a speaker may be cut, or change, without a sentence being torn."""

NOD_GAP_S = 0.7
"""A gap that holds a listener's "mhm" but hardly a question's answer, which needs time before and after it."""

OVERLAP_S = 0.2
"""Two people are said to speak at once from here on: less than this is the error of the word times."""

TEARING = 0.25
"""What a change of speaker inside a sentence costs, in words that lie wholly outside their speaker's voice: a
word of 0.25 s right outside, or of half a second between two of its stretches. Seen only where there is punctuation."""

CHANGING = 0.02
"""What it costs where people do change. Not 0: of two voices heard in the same word, the one that was speaking wins."""

ANSWERING = 0.3
"""What speaks for the one who is heard only briefly, when a short answer falls into two voices at once."""

BRIEF_S = 1.2
"""The longest stretch of a voice that is taken for one short answer."""

HEARD_TOGETHER_S = 5.0
"""Stretches of one kind with no more than this between them are named as one: a person hears them in one go."""

UNSURE_WORD = 0.5
UNSURE_STRETCH = 0.4
UNSURE_WORDS = 2
"""A stretch is uncertain where at least this many words below ``UNSURE_WORD`` average below ``UNSURE_STRETCH``. Of the
words in such stretches three of four were heard wrongly, at four stretches in ten minutes; of single words, fewer."""

_SHORT_ANSWERS = {
    "de": "ja nein doch okay ok gut genau richtig stimmt klar mhm hm aha danke bitte jawohl gerne",
    "en": "yes yeah yep yup no nope okay ok right sure uh-huh uh huh mhm mm-hmm mm hmm hm correct exactly alright fine "
    "great good perfect thanks absolutely definitely please oh ah wow really sorry",
    "es": "sí si no vale bien claro exacto correcto ajá gracias bueno okay ok perfecto eh",
    "fr": "oui non ouais si d'accord accord bien exact exactement voilà merci hum mhm okay ok parfait",
    "it": "sì si no okay ok bene certo esatto giusto grazie va perfetto mhm ecco",
    "nl": "ja nee oké okay ok goed precies klopt juist hm mhm dank bedankt prima",
}
SHORT_ANSWERS: Mapping[str, frozenset[str]] = {
    language: frozenset(answers.split()) for language, answers in _SHORT_ANSWERS.items()
}
"""Words that are a whole answer, per language. A language that is not here has none: nothing is smoothed for it."""

_SENTENCE_END = re.compile(r"[.?!…。？！]['\"”’)\]]*$")
_EDGES = re.compile(r"^[^\w]+|[^\w]+$")


@dataclass(frozen=True)
class Spoken:
    """A word and who says it. ``speaker`` None: nobody was found to. ``shared``: another voice is heard in it too."""

    word: Word
    speaker: str | None
    channel: int | None
    shared: bool = False


def track_speaker(channel: int) -> str:
    """The speaker of a track that carries one party."""
    return f"track {channel}"


def ends_sentence(text: str) -> bool:
    """Whether a word closes a sentence, as far as its punctuation says so."""
    return _SENTENCE_END.search(text) is not None


def ends_question(text: str) -> bool:
    """Whether a word closes a question."""
    return ends_sentence(text) and ("?" in text or "？" in text)


def is_short_answer(text: str, *, language: str | None) -> bool:
    """Whether this word alone can be an answer in that language."""
    return _EDGES.sub("", text).casefold() in SHORT_ANSWERS.get(language or "", frozenset())


def give_to_speakers(
    words: Sequence[Word], stretches: Sequence[SpeakerStretch], *, language: str | None
) -> tuple[Spoken, ...]:
    """Who says each word of a mixed track, in the order of the words.

    A word lies in a speaker's voice by the share of its interval that the voice covers; outside the voice the share
    falls to 0 over ``REACH_S``. A word with no voice in reach has speaker None. Words are ordered by start.
    """
    voices = _voices(stretches)
    nearness = [{name: near for name, voice in voices.items() if (near := voice.nearness(word)) > 0} for word in words]
    reading: list[str | None] = [None] * len(words)
    # Words that nobody is near to part the call into runs that are read on their own.
    start = 0
    while start < len(words):
        end = start
        while end < len(words) and nearness[end]:
            end += 1
        if end > start:
            reading[start:end] = _cheapest_reading(words[start:end], nearness[start:end], voices, language=language)
        start = end + 1
    return tuple(
        Spoken(word, speaker, None, speaker is not None and _is_shared(word, speaker, voices))
        for word, speaker in zip(words, reading, strict=True)
    )


def group_turns(
    spoken: Sequence[Spoken], *, holds: Sequence[Hold], seams_s: Sequence[float] = (), language: str | None
) -> tuple[Turn, ...]:
    """Turns in order of their start, with ids ``t1``, ``t2`` ... and every party still unknown.

    ``seams_s`` is where in the sound another recording of the call begins.

    Words of one speaker on one channel must come in the order in which they were heard. Times are rounded to 3 places.
    """
    line = _Line(spoken, language=language)
    borders = sorted({*seams_s, *(border for hold in holds for border in (hold.start_s, hold.end_s))})
    runs: list[list[Spoken]] = []
    for mine in line.by_speaker.values():
        run = [mine[0]]
        for before, after in pairwise(mine):
            if line.cuts(run, before, after, borders):
                runs.append(run)
                run = []
            run.append(after)
        runs.append(run)
    runs.sort(key=lambda run: (_start_s(run), _end_s(run), run[0].channel or 0, run[0].speaker or ""))
    return tuple(_turn(f"t{number}", run, line) for number, run in enumerate(runs, start=1))


def overlapping(stretches: Sequence[SpeakerStretch]) -> Intervals:
    """Where two voices are heard at once for at least ``OVERLAP_S``, in order; those near to each other as one."""
    shared = [
        Interval(max(mine.start_s, theirs.start_s), min(mine.end_s, theirs.end_s))
        for one, other in combinations(_voices(stretches).values(), 2)
        for mine in one.stretches
        for theirs in other.near(mine.start_s, mine.end_s)
    ]
    return joined((both for both in shared if both.length_s >= OVERLAP_S), gap_s=HEARD_TOGETHER_S)


def uncertain_stretches(words: Sequence[Word]) -> tuple[tuple[Interval, int], ...]:
    """Stretches heard with little certainty, each with its count of words: at least ``UNSURE_WORDS`` in a row.

    One better word between two doubtful ones does not end a stretch, as long as the whole stays below the limit.
    """
    found = []
    run: list[Word] = []
    for place, word in enumerate(words):
        if word.confidence < UNSURE_WORD:
            run.append(word)
            continue
        bridged = [*run, word, words[place + 1]] if run and place + 1 < len(words) else []
        if bridged and words[place + 1].confidence < UNSURE_WORD and _mean(bridged) < UNSURE_STRETCH:
            run.append(word)
            continue
        found.append(run)
        run = []
    found.append(run)
    return tuple(
        (Interval(round(run[0].start_s, 3), round(max(word.end_s for word in run), 3)), len(run))
        for run in found
        if len(run) >= UNSURE_WORDS and _mean(run) < UNSURE_STRETCH
    )


def _mean(words: Sequence[Word]) -> float:
    return sum(word.confidence for word in words) / len(words)


class _Voice:
    """One speaker's stretches, joined where they touch, so that each can be found by bisection."""

    def __init__(self, stretches: Sequence[Interval]) -> None:
        self.stretches = joined(stretches)
        self._ends = [stretch.end_s for stretch in self.stretches]

    def near(self, start_s: float, end_s: float) -> Intervals:
        """The stretches that share something with an interval."""
        first = last = bisect_right(self._ends, start_s)
        while last < len(self.stretches) and self.stretches[last].start_s < end_s:
            last += 1
        return self.stretches[first:last]

    def overlap_s(self, word: Word) -> float:
        span = Interval(word.start_s, word.end_s)
        return sum(stretch.overlap_s(span) for stretch in self.near(word.start_s, word.end_s))

    def nearness(self, word: Word) -> float:
        """1 where the voice covers the word; of what it does not cover, less the further away it is, 0 at REACH_S."""
        covered_s = self.overlap_s(word)
        length_s = word.end_s - word.start_s
        around = self.near(word.start_s - REACH_S, word.end_s + REACH_S)
        if not around:
            return 0.0
        if covered_s >= length_s:
            return 1.0
        # The uncovered part is judged at its middle: exact enough for a word of some tenths of a second.
        away_s = min(max(stretch.start_s - word.end_s, word.start_s - stretch.end_s, 0.0) for stretch in around)
        away_s += (length_s - covered_s) / 2
        rest = max(0.0, 1.0 - away_s / REACH_S)
        # Never quite 0: this voice is in reach, so it may be given the word if there is no other.
        return max(0.001, (covered_s + (length_s - covered_s) * rest) / length_s)

    def is_brief_around(self, word: Word) -> bool:
        around = self.near(word.start_s, word.end_s)
        return len(around) == 1 and around[0].length_s <= BRIEF_S


def _voices(stretches: Sequence[SpeakerStretch]) -> dict[str, _Voice]:
    names = dict.fromkeys(stretch.speaker for stretch in stretches)  # a dict keeps the order of appearance
    return {name: _Voice([Interval(s.start_s, s.end_s) for s in stretches if s.speaker == name]) for name in names}


def _cheapest_reading(
    words: Sequence[Word],
    nearness: Sequence[Mapping[str, float]],
    voices: Mapping[str, _Voice],
    *,
    language: str | None,
) -> list[str]:
    """The sequence of speakers that costs least, by dynamic programming over the words (Viterbi's algorithm)."""
    answers = [is_short_answer(word.text, language=language) for word in words]
    # Without punctuation every word would be inside a sentence; without short answers a "yes" would be smoothed away.
    known = language in SHORT_ANSWERS and any(ends_sentence(word.text) for word in words)
    costs: dict[str, float] = {}
    came_from: list[dict[str, str]] = []
    for place, word in enumerate(words):
        change = CHANGING
        if place and known and not answers[place] and not answers[place - 1]:
            before = words[place - 1]
            if not ends_sentence(before.text) and word.start_s - before.end_s < BREATH_S:
                change = TEARING
        best = min(costs, key=lambda name: costs[name]) if costs else None
        step: dict[str, float] = {}
        origin: dict[str, str] = {}
        for name, near in nearness[place].items():
            cost = 1.0 - near
            if answers[place] and len(nearness[place]) > 1 and near == 1.0 and voices[name].is_brief_around(word):
                cost -= ANSWERING
            if best is not None:
                stay = costs.get(name)
                if stay is not None and stay <= costs[best] + change:
                    cost, origin[name] = cost + stay, name
                else:
                    cost, origin[name] = cost + costs[best] + change, best
            step[name] = cost
        costs = step
        came_from.append(origin)
    name = min(costs, key=lambda name: costs[name])
    reading = [name]
    for origin in reversed(came_from[1:]):
        name = origin[name]
        reading.append(name)
    return reading[::-1]


def _is_shared(word: Word, speaker: str, voices: Mapping[str, _Voice]) -> bool:
    """Whether another voice is heard together with the speaker's own, for longer than borders err."""
    own = voices[speaker].near(word.start_s, word.end_s)
    for name, voice in voices.items():
        if name == speaker:
            continue
        both_s = sum(
            min(a.end_s, b.end_s, word.end_s) - max(a.start_s, b.start_s, word.start_s)
            for a in own
            for b in voice.near(word.start_s, word.end_s)
            if a.overlap_s(b) > 0
        )
        if both_s >= min(OVERLAP_S, (word.end_s - word.start_s) / 2):
            return True
    return False


class _Line:
    """All words of the call on one time line: what is needed to see one speaker's words among the others'."""

    def __init__(self, spoken: Sequence[Spoken], *, language: str | None) -> None:
        self.by_speaker: dict[tuple[str | None, int | None], list[Spoken]] = {}
        for one in spoken:
            self.by_speaker.setdefault((one.speaker, one.channel), []).append(one)
        self._language = language
        self._by_middle = sorted(spoken, key=_middle_s)
        self._middles = [_middle_s(one) for one in self._by_middle]
        self._by_start = sorted(spoken, key=lambda one: one.word.start_s)
        self._starts = [one.word.start_s for one in self._by_start]
        self._longest_s = max((one.word.end_s - one.word.start_s for one in spoken), default=0.0)
        self._openings = sorted(self._find_openings(), key=lambda opening: opening[0])
        self._opening_starts = [start_s for start_s, _ in self._openings]

    def cuts(self, run: Sequence[Spoken], before: Spoken, after: Spoken, borders: Sequence[float]) -> bool:
        """Whether a turn ends between two words of one speaker; the numbers are those of the module's rules."""
        gap_s = after.word.start_s - before.word.end_s
        # 1. A pause, or the border of a hold or a recording in the gap.
        if gap_s > PAUSE_S:
            return True
        if gap_s > 0 and bisect_right(borders, after.word.start_s) > bisect_left(borders, before.word.end_s):
            return True
        # 2. Somebody else speaks in the gap.
        between = self._others_between(before, after)
        whole = gap_s < NOD_GAP_S and not ends_sentence(before.word.text)
        if between and not (whole and (self._is_nod(between) or self._speak_on(between, before, after))):
            return True
        # 3. Somebody else began to say more than a short answer, and here is a place to cut.
        if not ends_sentence(before.word.text) and gap_s < BREATH_S:
            return False
        first = bisect_right(self._opening_starts, _start_s(run))
        last = bisect_right(self._opening_starts, before.word.end_s)
        return any(key != _key(before) for _, key in self._openings[first:last])

    def others_within(self, run: Sequence[Spoken]) -> bool:
        """Whether words of another speaker lie within a turn, for longer than the word times err."""
        start_s, end_s = _start_s(run), _end_s(run)
        shared_s = sum(
            min(end_s, one.word.end_s) - max(start_s, one.word.start_s)
            for one in self._around(start_s, end_s)
            if _key(one) != _key(run[0])
        )
        return shared_s >= OVERLAP_S

    def _around(self, start_s: float, end_s: float) -> list[Spoken]:
        """The words of anybody that share something with an interval."""
        first = bisect_left(self._starts, start_s - self._longest_s)
        last = bisect_left(self._starts, end_s)
        return [one for one in self._by_start[first:last] if one.word.end_s > start_s]

    def _others_between(self, before: Spoken, after: Spoken) -> list[Spoken]:
        first = bisect_left(self._middles, before.word.end_s)
        last = bisect_right(self._middles, after.word.start_s)
        return [one for one in self._by_middle[first:last] if _key(one) != _key(before)]

    def _speak_on(self, between: Sequence[Spoken], before: Spoken, after: Spoken) -> bool:
        """Whether those who speak in a gap speak on into it from before, and out of it: so nobody answers there."""
        speaking = {_key(one) for one in between}
        return all(
            speaking <= {_key(one) for one in self._around(own.word.start_s, own.word.end_s)} for own in (before, after)
        )

    def _is_nod(self, words: Sequence[Spoken]) -> bool:
        # A word that nobody was found to say is no listener's nod: it may belong into the sentence.
        return len(words) <= 2 and all(
            one.speaker is not None and is_short_answer(one.word.text, language=self._language) for one in words
        )

    def _find_openings(self) -> list[tuple[float, tuple[str | None, int | None]]]:
        """Where each speaker begins to say more than a short answer, after a pause."""
        found = []
        for key, mine in self.by_speaker.items():
            run = [mine[0]]
            for before, after in pairwise(mine):
                if after.word.start_s - before.word.end_s > PAUSE_S:
                    found.append((run, key))
                    run = []
                run.append(after)
            found.append((run, key))
        return [(_start_s(run), key) for run, key in found if not self._is_nod(run)]


def _key(one: Spoken) -> tuple[str | None, int | None]:
    return one.speaker, one.channel


def _middle_s(one: Spoken) -> float:
    return (one.word.start_s + one.word.end_s) / 2


def _start_s(run: Sequence[Spoken]) -> float:
    return min(one.word.start_s for one in run)


def _end_s(run: Sequence[Spoken]) -> float:
    return max(one.word.end_s for one in run)


def _turn(turn_id: str, run: Sequence[Spoken], line: _Line) -> Turn:
    words = tuple(replace(one.word, start_s=round(one.word.start_s, 3), end_s=round(one.word.end_s, 3)) for one in run)
    return Turn(
        id=turn_id,
        party=Party.UNKNOWN,
        speaker=run[0].speaker,
        channel=run[0].channel,
        start_s=min(word.start_s for word in words),
        end_s=max(word.end_s for word in words),
        text=" ".join(word.text for word in words),
        words=words,
        overlaps=any(one.shared for one in run) or line.others_within(run),
    )
