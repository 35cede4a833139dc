"""Which speaker is the agent, and which words a machine spoke: decided from what is known, or left unknown.

In this order:

1. what the sender of the call said about its channels (``CallDetails.party_of_channel``);
2. names that the sender gave, heard in the call: "my name is Emily" is said by Emily, "thank you, Emily" is not;
3. the words, by the cues of ``worker.core.role_cues``, and by whom they talk of: customers of themselves, agents of
   "you".

All of it adds up to one log odds per speaker, as if the cues were independent, which they are not; so what is said
again counts less each time, and the limits for a decision lie far above what single cues reach. Two speakers are judged
against each other: the agent is the one whose sum is higher by ``SURE_MARGIN``. Three or more are judged each alone, so
two agents (a transfer) are possible; who then is still unknown but leans to one side is judged against the other side.
Everything else is ``UNKNOWN``: no role is better than the wrong role.

Each decision keeps its reason, so that people can contest it. A reason quotes the call: it belongs in the record, never
in a log.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from worker.core.attribution import ends_sentence
from worker.core.call import CallDetails, Party
from worker.core.listening import joined
from worker.core.role_cues import CUES, Cue, Cues, Reading, plain
from worker.core.sound import Interval
from worker.core.transcript import Word

SURE_MARGIN = 4.5
"""How much two speakers must differ: odds of about 90 to 1, were the cues independent."""

SURE_ALONE = 4.0
"""What a speaker must reach who cannot be compared with one other."""

LEANING = 2.0
"""What is enough for one of several speakers, where somebody of the other side is named: more than one weak cue."""

TOO_ALIKE = 3.0
"""Where both of two speakers reach this on one side, both talk like one party, and even a clear margin must double."""

AGAIN_AT_MOST = 2.5
"""Something said n times counts log2(1 + n) times, but never more than this: long calls repeat everything."""

FEW_WORDS = 8
"""A voice told apart by diarization with fewer words and hardly a cue may be no person of its own: it has no role."""

HARDLY_A_CUE = 1.0

NAME_HEARD = 5.0
"""A name that the sender gave, in a self-introduction."""

NAME_CALLED = 3.0
"""A name that the sender gave, called: whoever says it is the other side."""

SAME_NAME = 0.85
"""How alike two spellings must be (difflib's ratio) to be one name: recognisers spell names as they please."""

WHOM_THEY_TALK_OF = 1.0
"""The most that pronouns count for. Of two speakers that is less than half the margin: they never make a decision."""

FIRST_TO_SPEAK = 0.4
"""Agents answer most calls; but they also make some, and recordings start late."""

IS_MACHINE = "speaks like a machine: an announcement or a menu"
"""Why a speaker is nobody: what the record says of it, and by what others know it."""

ANNOUNCED = 3.0
"""What neighbouring sentences must reach together to be a machine's."""

IN_HOLD = 2.5
"""What it counts for a machine that a message lies in a hold, or between two, on the track of the music, and that
nobody speaks there right before or after it: who comes back to the line says more than one set phrase."""

ONE_HOLD_S = 15.0
"""Two holds on a track with no more than this between them are one, with something said in it."""

SENTENCE_GAP_S = 0.6
"""Machines and people pause between sentences; where punctuation is missing, this ends one."""

ONE_MESSAGE_S = 2.5
"""A longer pause ends an announcement."""


@dataclass(frozen=True)
class Utterance:
    """Words of one speaker that belong together, in their order."""

    speaker: str
    words: tuple[Word, ...]


@dataclass(frozen=True)
class Role:
    """What one speaker was found to be, and why. ``doubted`` says that the words contradict what the sender said."""

    party: Party
    reason: str
    doubted: bool = False


def find_roles(
    utterances: Sequence[Utterance],
    *,
    details: CallDetails,
    told: Mapping[str, Party],
    own_tracks: bool,
    language: str | None,
) -> dict[str, Role]:
    """The role of every speaker, in the order of their first words; those who were told but say nothing come last.

    ``told`` is what the sender said about a speaker. ``own_tracks``: each speaker has a track, so that two speakers are
    surely two people, however little one says. Utterances are ordered by start and hold no announcements.
    """
    names = tuple(dict.fromkeys([*(utterance.speaker for utterance in utterances), *told]))
    cues = CUES.get(language or "")
    if cues is None:
        return {name: Role(told[name], _TOLD) if name in told else Role(Party.UNKNOWN, _NO_CUES) for name in names}
    leanings = {name: _lean(name, utterances, details, cues) for name in names}
    if utterances:
        first = utterances[0].speaker
        leanings[first] = replace(leanings[first], log_odds=leanings[first].log_odds + FIRST_TO_SPEAK)
    main = [
        one
        for one in leanings.values()
        if told.get(one.speaker) is not Party.OTHER and (own_tracks or one.speaker in told or not one.is_slight)
    ]
    roles = {}
    for name, one in leanings.items():
        others = [other for other in main if other is not one]
        if name in told:
            roles[name] = _as_told(told[name], one, others)
        elif one not in main:
            roles[name] = Role(Party.UNKNOWN, "says too little")
        elif len(main) == 2:
            roles[name] = _of_two(one, others[0], told.get(others[0].speaker))
        else:
            roles[name] = _alone(one)
    if len(main) > 2:
        named = {role.party for role in roles.values()}
        roles |= {one.speaker: _beside(one, named) for one in main if roles[one.speaker].party is Party.UNKNOWN}
    return roles


def find_announcements(
    words: Sequence[Word], *, holds: Iterable[Interval], language: str | None
) -> tuple[tuple[int, int], ...]:
    """Half-open ranges of the words of one speaker that a machine spoke, in order.

    ``holds`` are those on the speaker's track. Judged sentence by sentence; neighbours that sound like a machine are
    summed, because one alone may be a person who explains a menu.
    """
    cues = CUES.get(language or "")
    if cues is None:
        return ()
    zones = joined(holds, gap_s=ONE_HOLD_S)
    return tuple(
        (first, last)
        for first, last, total in _messages(words, cues)
        if total + (IN_HOLD if _stands_alone(words, first, last) and _lies_in(words[first:last], zones) else 0.0)
        >= ANNOUNCED
    )


_TOLD = "the sender of the call said so"
_UNCLEAR = "the words do not say it clearly enough"
_NO_CUES = "for the language of this call it is not known what agents and customers say"


@dataclass(frozen=True)
class Sign:
    """One cue or name that was heard, what it counts for, and its first words."""

    weight: float
    words: tuple[Word, ...]

    def __str__(self) -> str:
        seconds = int(self.words[0].start_s)
        quote = " ".join(word.text for word in self.words).strip(" .,;:!?")
        return f"said “{quote}” at {seconds // 60}:{seconds % 60:02}"


@dataclass(frozen=True)
class _Leaning:
    """What one speaker's words say: the log odds of being the agent, and the signs that make them up."""

    speaker: str
    word_count: int
    log_odds: float
    signs: tuple[Sign, ...]

    @property
    def is_slight(self) -> bool:
        return self.word_count < FEW_WORDS and abs(self.log_odds) <= HARDLY_A_CUE

    def best_sign(self, party: Party) -> Sign | None:
        """The strongest sign for a party, the earliest of several."""
        side = 1 if party is Party.AGENT else -1
        signs = [sign for sign in self.signs if sign.weight * side > 0]
        return max(signs, key=lambda sign: (sign.weight * side, -sign.words[0].start_s), default=None)


def _lean(speaker: str, utterances: Sequence[Utterance], details: CallDetails, cues: Cues) -> _Leaning:
    readings = [Reading.of(utterance.words) for utterance in utterances if utterance.speaker == speaker]
    # In a call that changes its language all cues are heard; those of another language match nothing in this one.
    roles = [cue for known in CUES.values() for cue in known.roles]
    signs = [*cue_signs(readings, roles), *_name_signs(readings, details, cues)]
    return _Leaning(
        speaker,
        word_count=sum(len(reading.words) for reading in readings),
        log_odds=sum(sign.weight for sign in signs) + whom_they_talk_of(readings, cues),
        signs=tuple(signs),
    )


def cue_signs(readings: Sequence[Reading], cues: Sequence[Cue]) -> list[Sign]:
    """The cues that were heard in what one speaker says, each once; what is said again counts for less."""
    signs = []
    for cue in cues:
        said = [reading.words_of(match) for reading in readings for match in cue.pattern.finditer(reading.text)]
        if said:
            signs.append(Sign(cue.weight * min(math.log2(1 + len(said)), AGAIN_AT_MOST), said[0]))
    return signs


def whom_they_talk_of(readings: Sequence[Reading], cues: Cues) -> float:
    """ln(words for others / words for oneself); two of each are added, so that little says little."""
    counts = Counter(word for reading in readings for word in reading.text.split())
    others, self = (sum(counts[word] for word in group) for group in (cues.others, cues.self))
    return max(-WHOM_THEY_TALK_OF, min(WHOM_THEY_TALK_OF, math.log((others + 2) / (self + 2))))


def _name_signs(readings: Sequence[Reading], details: CallDetails, cues: Cues) -> list[Sign]:
    agent, customer = _name_parts(details.agent), _name_parts(details.customer)
    signs = []
    for names, side in ((agent - customer, 1), (customer - agent, -1)):
        for pattern, weight in ((cues.introduces, NAME_HEARD * side), (cues.calls, -NAME_CALLED * side)):
            said = [
                reading.words_of(match)
                for reading in readings
                for match in pattern.finditer(reading.text)
                if any(group and is_one_of(group, names) for group in match.groups())
            ]
            if said:
                signs.append(Sign(weight, said[0]))
    return signs


def _name_parts(name: str | None) -> frozenset[str]:
    return frozenset(part for part in plain(name or "").split() if len(part) > 2 and part.isalpha())


def is_one_of(heard: str, names: Iterable[str]) -> bool:
    """Whether a name, in lower case, is one of these, as far as recognisers spell names alike."""
    return any(heard == name or SequenceMatcher(None, heard, name).ratio() >= SAME_NAME for name in names)


def _as_told(party: Party, one: _Leaning, others: Sequence[_Leaning]) -> Role:
    """What the sender said stands; where the words clearly say the contrary, that is said with it."""
    found = _of_two(one, others[0], None) if len(others) == 1 else _alone(one)
    if {party, found.party} == {Party.AGENT, Party.CUSTOMER}:
        return Role(party, f"{_TOLD}; the words speak for the {found.party}: {found.reason}", doubted=True)
    return Role(party, _TOLD)


def _of_two(one: _Leaning, other: _Leaning, other_told: Party | None) -> Role:
    """The role of one of two speakers, from what both say and from what is known of the other."""
    if other_told in (Party.AGENT, Party.CUSTOMER):
        party = Party.CUSTOMER if other_told is Party.AGENT else Party.AGENT
        contrary = -one.log_odds if party is Party.AGENT else one.log_odds
        if contrary >= SURE_ALONE:
            return Role(
                Party.UNKNOWN,
                f"the sender of the call named the other speaker the {other_told}, as which this one talks",
            )
        return Role(party, f"the sender of the call named the other speaker the {other_told}")
    margin = one.log_odds - other.log_odds
    alike = min(one.log_odds, other.log_odds) >= TOO_ALIKE or max(one.log_odds, other.log_odds) <= -TOO_ALIKE
    if abs(margin) < SURE_MARGIN * (2 if alike else 1):
        return Role(Party.UNKNOWN, "the words of the two speakers do not tell them apart clearly enough")
    party = Party.AGENT if margin > 0 else Party.CUSTOMER
    sign = one.best_sign(party)
    if sign is not None:
        return Role(party, str(sign))
    # Nothing that this one says tells; then it must be something that the other one says.
    other_party = Party.CUSTOMER if party is Party.AGENT else Party.AGENT
    return Role(party, f"the other speaker, the {other_party}, {other.best_sign(other_party)}")


def _alone(one: _Leaning) -> Role:
    if abs(one.log_odds) < SURE_ALONE:
        return Role(Party.UNKNOWN, _UNCLEAR)
    party = Party.AGENT if one.log_odds > 0 else Party.CUSTOMER
    return Role(party, str(one.best_sign(party)))


def _beside(one: _Leaning, named: Container[Party]) -> Role:
    """The role of one of several speakers whose own words are not clear enough: it takes somebody of the other side."""
    party, other_party = (Party.AGENT, Party.CUSTOMER) if one.log_odds > 0 else (Party.CUSTOMER, Party.AGENT)
    sign = one.best_sign(party)
    if other_party not in named or abs(one.log_odds) < LEANING or sign is None:
        return Role(Party.UNKNOWN, _UNCLEAR)
    return Role(party, str(sign))


def _messages(words: Sequence[Word], cues: Cues) -> Iterator[tuple[int, int, float]]:
    """Neighbouring sentences that sound like a machine: the range of their words and the sum of their cues.

    One sentence without a cue may lie between two with one. One that sounds like a person ends the message.
    """
    start: int | None = None
    end, total, skipped = 0, 0.0, 0
    for first, last in sentences(words):
        reading = Reading.of(words[first:last])
        score = _sum(reading, cues.machine) - _sum(reading, cues.person)
        skipped += score == 0
        over = score < 0 or skipped > 1 or words[first].start_s - words[max(0, end - 1)].end_s > ONE_MESSAGE_S
        if start is not None and over:
            yield start, end, total
            start = None
        if score > 0:
            if start is None:
                start, total = first, 0.0
            end, total, skipped = last, total + score, 0
    if start is not None:
        yield start, end, total


def _sum(reading: Reading, cues: Sequence[Cue]) -> float:
    return sum(cue.weight * len(cue.pattern.findall(reading.text)) for cue in cues)


def sentences(words: Sequence[Word]) -> Iterator[tuple[int, int]]:
    """The half-open ranges of the words that are a sentence, by their punctuation and their pauses."""
    first = 0
    for place, word in enumerate(words, start=1):
        last = place == len(words)
        if last or ends_sentence(word.text) or words[place].start_s - word.end_s > SENTENCE_GAP_S:
            yield first, place
            first = place


def _stands_alone(words: Sequence[Word], first: int, last: int) -> bool:
    before_s = words[first].start_s - words[first - 1].end_s if first > 0 else math.inf
    after_s = words[last].start_s - words[last - 1].end_s if last < len(words) else math.inf
    return min(before_s, after_s) > ONE_MESSAGE_S


def _lies_in(words: Sequence[Word], zones: Sequence[Interval]) -> bool:
    middle_s = (words[0].start_s + words[-1].end_s) / 2
    return any(zone.start_s <= middle_s < zone.end_s for zone in zones)
