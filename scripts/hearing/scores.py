"""One call's score, as sums that can be added up over calls: what was right, what was wrong, what it cost.

How words are compared: where each track has a reference of its own (stereo heard as stereo), track by track; else all
words of the call in one line, the utterances of the reference in the order that fits best, each speaker's own order
kept (meeteval's MIMO), since two who speak at once have no order. Words that stand for each other are then paired with
the fewest errors, and everything about parties is counted on these pairs.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import meeteval
import numpy as np
from scipy.optimize import linear_sum_assignment

from scripts.hearing.hearers import NOBODY, Heard
from scripts.hearing.references import Call, Reference, Utterance
from scripts.hearing.tokens import HeardToken, HeardWord, SaidToken, pair, tokens_of_utterance, tokens_of_words
from worker.core.listening import Intervals, joined, without
from worker.core.sound import Interval
from worker.core.transcript import SpeakerStretch

logging.getLogger("preprocess").setLevel(logging.ERROR)

COLLAR_S = 0.25
NEAR_SPEECH_S = 0.5
"""A word within this of true speech was at worst placed badly; further away it was invented."""
ECHO_S = 2.0
"""A word too many on one track is the other party's where that one says it within this time."""
AFTER_SILENCE_S = 1.0
NOISY_ROUNDS, NOISY_ROUNDS_OF_ONE, LONGEST_PHRASE = 4, 8, 12
MOST_SPEAKERS = 4
"""With more the best order takes too long to find; no call of a customer has them."""

OTHER_PARTY = {"agent": "customer", "customer": "agent"}

Pair = tuple[SaidToken | None, HeardToken | None]


@dataclass
class Score:
    """Sums over one call or several. Words, seconds and calls are counted; shares are made of them at the end."""

    calls: int = 0
    sound_s: float = 0.0
    seconds_by_stage: Counter[str] = field(default_factory=Counter)
    peak_mb: float = 0.0
    said: Counter[str] = field(default_factory=Counter)  # words by role; "" are all
    wrong: Counter[str] = field(default_factory=Counter)
    cp_said: int = 0
    cp_wrong: int = 0
    given: int = 0
    given_rightly: int = 0
    role_calls: Counter[str] = field(default_factory=Counter)  # right, unknown, wrong
    der_total_s: float = 0.0
    der_wrong_s: float = 0.0
    idle_s: float = 0.0
    invented_words: int = 0
    short_said: int = 0
    short_kept: int = 0
    loops: int = 0
    longest_word_s: float = 0.0
    time_errors_s: list[float] = field(default_factory=list)
    start_errors_s: list[float] = field(default_factory=list)  # of first words after silence
    sureness: list[tuple[float, bool]] = field(default_factory=list)

    def add(self, other: Score) -> None:
        """Adds another one's sums."""
        for name, value in vars(other).items():
            if name in ("peak_mb", "longest_word_s"):
                setattr(self, name, max(getattr(self, name), value))
            elif isinstance(value, Counter):
                getattr(self, name).update(value)
            else:
                setattr(self, name, getattr(self, name) + value)


def score(call: Call, heard: Heard) -> Score:
    """What one hearer's answer for one call is worth, against its reference as far as that goes."""
    reference = call.reference
    by_track = call.channels > 1 and all(word.channel is not None for word in heard.words)
    result = Score(
        calls=1,
        sound_s=call.duration_s,
        seconds_by_stage=Counter(heard.seconds_by_stage),
        peak_mb=heard.peak_mb,
        loops=count_loops([word.text.casefold().strip(".,!?") for word in _in_order(heard)]),
        longest_word_s=max((word.end_s - word.start_s for word in heard.words), default=0.0),
    )
    if heard.voices is not None:
        _score_voices(result, _by_side(call) if by_track else reference.rttm, heard.voices)
    if not reference.is_known:
        return result
    if reference.has_times:
        _score_invented(result, call, heard, by_track=by_track)
    if not reference.utterances:
        return result

    pairs = _pair_by_track(call, heard) if by_track else _pair_in_one_line(reference, heard)
    if reference.is_spelled:
        _score_words(result, pairs)
        _score_speakers_words(result, reference, heard, by_track=by_track)
    _score_attribution(result, pairs, by_track=by_track, reference=reference)
    if reference.tells_roles and any(word.party is not None for word in heard.words):
        result.role_calls[_judge_roles(pairs)] += 1
    if reference.has_times:
        _score_times(result, pairs, reference)
    return result


# Pairing ---------------------------------------------------------------------------------------------------------


def _in_order(heard: Heard) -> list[HeardWord]:
    return sorted(heard.words, key=lambda word: (word.start_s, word.end_s))


def _pair_by_track(call: Call, heard: Heard) -> list[Pair]:
    pairs: list[Pair] = []
    for channel in range(call.channels):
        said = [utterance for utterance in call.reference.utterances if utterance.channel == channel]
        words = [word for word in _in_order(heard) if word.channel == channel]
        pairs.extend(_pair_tokens(said, tokens_of_words(words, call.reference.language), call.reference.language))
    return pairs


def _pair_in_one_line(reference: Reference, heard: Heard) -> list[Pair]:
    tokens = tokens_of_words(_in_order(heard), reference.language)
    return _pair_tokens(_best_order(reference, tokens), tokens, reference.language)


def _best_order(reference: Reference, heard: Sequence[HeardToken]) -> Sequence[Utterance]:
    """The utterances in the order in which they fit best what was heard, each speaker's own order kept."""
    by_speaker: dict[str, list[Utterance]] = {}
    for utterance in reference.utterances:
        if tokens_of_utterance(utterance, reference.language):
            by_speaker.setdefault(utterance.speaker, []).append(utterance)
    if not 1 < len(by_speaker) <= MOST_SPEAKERS or not heard or not reference.has_times:
        return reference.utterances
    streams = list(by_speaker.values())
    texts = [
        [" ".join(token.text for token in tokens_of_utterance(one, reference.language)) for one in stream]
        for stream in streams
    ]
    found = meeteval.wer.mimo_word_error_rate(
        texts, [" ".join(token.text for token in heard)], reference_sort=False, hypothesis_sort=False
    )
    rest = [iter(stream) for stream in streams]
    return [next(rest[speaker]) for speaker, _ in found.assignment]


def _pair_tokens(said: Iterable[Utterance], heard: Sequence[HeardToken], language: str) -> list[Pair]:
    tokens = [token for utterance in said for token in tokens_of_utterance(utterance, language)]
    places = pair([token.text for token in tokens], [token.text for token in heard])
    return [(None if a is None else tokens[a], None if b is None else heard[b]) for a, b in places]


# Words -----------------------------------------------------------------------------------------------------------


def _score_words(result: Score, pairs: Sequence[Pair]) -> None:
    role = next((said.utterance.role for said, _ in pairs if said is not None), "other")
    for said, heard in pairs:
        if said is not None:
            role = said.utterance.role  # a word too many counts for whoever spoke before it
            for name in ("", role):
                result.said[name] += 1
            if said.is_short_answer:
                result.short_said += 1
                result.short_kept += heard is not None and heard.text == said.text
        is_right = said is not None and heard is not None and said.text == heard.text
        if not is_right:
            for name in ("", role):
                result.wrong[name] += 1
        if heard is not None:
            result.sureness.append((heard.word.confidence, is_right))


def _score_speakers_words(result: Score, reference: Reference, heard: Heard, *, by_track: bool) -> None:
    """cpWER: each speaker's words in a line of their own, the lines matched so that least is wrong.

    Of tracks each is one line: whoever speaks there, one after the other, is on one side of the call.
    """
    said: dict[object, list[str]] = {}
    for utterance in reference.utterances:
        line = said.setdefault(utterance.channel if by_track else utterance.speaker, [])
        line.extend(token.text for token in tokens_of_utterance(utterance, reference.language))
    lines: dict[object, list[HeardWord]] = {}
    for word in _in_order(heard):
        lines.setdefault(word.channel if by_track else word.speaker, []).append(word)
    found = meeteval.wer.cp_word_error_rate(
        [" ".join(words) for words in said.values()],
        [" ".join(token.text for token in tokens_of_words(line, reference.language)) for line in lines.values()],
        reference_sort=False,
        hypothesis_sort=False,
    )
    result.cp_said += found.length
    result.cp_wrong += found.errors


def count_loops(words: Sequence[str]) -> int:
    """Places where a phrase is said over and over: four times in a row, a single word eight times."""
    loops = at = 0
    while at < len(words):
        length = 0
        for size in range(1, LONGEST_PHRASE + 1):
            rounds = 1
            while words[at : at + size] == words[at + rounds * size : at + (rounds + 1) * size] and words[at:]:
                rounds += 1
            if rounds >= (NOISY_ROUNDS_OF_ONE if size == 1 else NOISY_ROUNDS):
                length = rounds * size
                break
        loops += length > 0
        at += max(1, length)
    return loops


# Parties ---------------------------------------------------------------------------------------------------------


def _score_attribution(result: Score, pairs: Sequence[Pair], *, by_track: bool, reference: Reference) -> None:
    """How many words that somebody said, and that were heard, were given to that one.

    Of tracks: a word is given to the wrong one where it is heard, too many, on a track on which the other party leaks.
    Or where it is said to be the other party's. In one line: speakers stand for the reference's in the way that gives
    most words rightly.
    """
    both = [(said, heard) for said, heard in pairs if said is not None and heard is not None]
    if by_track:
        echoes = sum(_is_echo(heard, reference) for said, heard in pairs if said is None and heard is not None)
        swapped = sum(
            reference.tells_roles and heard.word.party == OTHER_PARTY.get(said.utterance.role) for said, heard in both
        )
        result.given += len(both) + echoes
        result.given_rightly += len(both) - swapped
        return
    if any(heard.word.speaker is None for _, heard in both):
        return  # a hearer that tells no speakers apart
    meaning = _meaning_of_speakers(both)
    result.given += len(both)
    result.given_rightly += sum(meaning.get(str(heard.word.speaker)) == said.utterance.speaker for said, heard in both)


def _is_echo(heard: HeardToken, reference: Reference) -> bool:
    at_s = (heard.word.start_s + heard.word.end_s) / 2
    return any(
        token.text == heard.text and token.at_s is not None and abs(token.at_s - at_s) <= ECHO_S
        for utterance in reference.utterances
        if utterance.channel != heard.word.channel
        for token in tokens_of_utterance(utterance, reference.language)
    )


def _meaning_of_speakers(both: Sequence[tuple[SaidToken, HeardToken]]) -> dict[str, str]:
    """For each heard speaker the true one, one to one, so that most words are given rightly; for nobody, no one."""
    heard_names = sorted({str(heard.word.speaker) for _, heard in both} - {NOBODY})
    said_names = sorted({said.utterance.speaker for said, _ in both})
    table = np.zeros((len(heard_names), len(said_names)))
    for said, heard in both:
        if heard.word.speaker != NOBODY:
            table[heard_names.index(str(heard.word.speaker)), said_names.index(said.utterance.speaker)] += 1
    rows, columns = linear_sum_assignment(-table)
    return {heard_names[row]: said_names[column] for row, column in zip(rows, columns, strict=True)}


def _judge_roles(pairs: Sequence[Pair]) -> str:
    """right: agent and customer are called so in most of their words. wrong: one is called the other. Else unknown."""
    parties: dict[str, Counter[str | None]] = {"agent": Counter(), "customer": Counter()}
    for said, heard in pairs:
        if said is not None and heard is not None and said.utterance.role in parties:
            parties[said.utterance.role][heard.word.party] += 1
    called = {role: counts.most_common(1)[0][0] for role, counts in parties.items() if counts}
    if any(party == OTHER_PARTY[role] for role, party in called.items()):
        return "wrong"
    return "right" if all(called.get(role) == role for role in parties) else "unknown"


def _by_side(call: Call) -> tuple[SpeakerStretch, ...]:
    """Who spoke when, whoever speaks on a track being that track's side of the call."""
    channels = {utterance.speaker: f"track {utterance.channel}" for utterance in call.reference.utterances}
    return tuple(
        SpeakerStretch(channels.get(one.speaker, one.speaker), one.start_s, one.end_s) for one in call.reference.rttm
    )


def _score_voices(result: Score, truth: Sequence[SpeakerStretch], voices: Sequence[SpeakerStretch]) -> None:
    if not truth:
        return
    import warnings

    from pyannote.metrics.diarization import DiarizationErrorRate

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="'uem' was approximated")  # all of the sound is to be judged
        counts = DiarizationErrorRate(collar=COLLAR_S)(_annotation(truth), _annotation(voices), detailed=True)
    result.der_total_s += counts["total"]
    result.der_wrong_s += counts["missed detection"] + counts["false alarm"] + counts["confusion"]


def _annotation(stretches: Sequence[SpeakerStretch]) -> Any:
    from pyannote.core import Annotation, Segment

    annotation = Annotation()
    for number, stretch in enumerate(stretches):
        annotation[Segment(stretch.start_s, stretch.end_s), number] = stretch.speaker
    return annotation


# Times -----------------------------------------------------------------------------------------------------------


def _speech(utterances: Iterable[Utterance]) -> Intervals:
    """From the start to the end of each utterance: within it nobody invents."""
    return joined(Interval(one.speech[0].start_s, one.speech[-1].end_s) for one in utterances)


def _score_invented(result: Score, call: Call, heard: Heard, *, by_track: bool) -> None:
    """Words that lie wholly where nobody speaks on their track, and the seconds in which that could have happened."""
    tracks: Sequence[int | None] = range(call.channels) if by_track else (None,)
    for channel in tracks:
        said = _speech(one for one in call.reference.utterances if channel is None or one.channel == channel)
        near = joined(Interval(part.start_s - NEAR_SPEECH_S, part.end_s + NEAR_SPEECH_S) for part in said)
        idle = without((Interval(0.0, call.duration_s),), near)
        result.idle_s += sum(part.length_s for part in idle)
        result.invented_words += sum(
            any(part.start_s <= word.start_s and word.end_s <= part.end_s for part in idle)
            for word in heard.words
            if channel is None or word.channel == channel
        )


def _score_times(result: Score, pairs: Sequence[Pair], reference: Reference) -> None:
    """By how much words are off: all where the reference has their times, else the first and last of utterances.

    And by how much the first ones after silence are.
    """
    starts_after_silence = set()
    for channel in {one.channel for one in reference.utterances}:
        spoken = _speech(one for one in reference.utterances if one.channel == channel)
        starts_after_silence |= {
            (channel, after.start_s)
            for before, after in pairwise(spoken)
            if after.start_s - before.end_s >= AFTER_SILENCE_S
        }
    for said, heard in pairs:
        if said is None or heard is None or said.text != heard.text:
            continue
        if said.start_s is not None:
            error_s = abs(heard.word.start_s - said.start_s)
            result.time_errors_s.append(error_s)
            if (said.utterance.channel, said.start_s) in starts_after_silence:
                result.start_errors_s.append(error_s)
        if said.end_s is not None:
            result.time_errors_s.append(abs(heard.word.end_s - said.end_s))
