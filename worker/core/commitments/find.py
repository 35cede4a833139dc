"""Goes through the turns of a call and collects its promises, those in so many words first."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from worker.core.call import Party
from worker.core.commitments import signs
from worker.core.commitments.accepted import (
    assents,
    find_offer,
    find_request,
    hangs_on_a_condition,
    is_done_or_refused,
    is_for_later,
    takes_up,
)
from worker.core.commitments.answers import find_answer, find_awaited
from worker.core.commitments.found import TURNS_BACK, CallInSentences, Found
from worker.core.commitments.later import add, is_withdrawn
from worker.core.commitments.spoken import Promise, find_promises
from worker.core.commitments.words import cut_words, in_the_future, is_short, tell, with_condition
from worker.core.cues import speaks_to_the_machine
from worker.core.due import due_places, find_due, is_time_of_day
from worker.core.evidence import Sentence, split_sentences
from worker.core.summary import Commitment, Due, Evidence
from worker.core.transcript import Turn
from worker.core.wording import word_set

LONGEST_OFFER_WORDS = 20
"""A sentence with more to it names days for other reasons."""

LONGEST_YES_WORDS = 12
"""An answer with more to it than this is no mere yes."""


_OTHER_SIDE = {Party.AGENT: Party.CUSTOMER, Party.CUSTOMER: Party.AGENT}
_FROM_THE_EVENT = re.compile(r"(?:within|in|inside|over|no|at most)\b(?! (?:the (?:morning|evening|afternoon)|[A-Z]))")
_SPOKEN_OF = word_set("he she it they that you")


def find_commitments(turns: Sequence[Turn], started_at: datetime | None) -> tuple[Commitment, ...]:
    """The promises of a call in order, as c1, c2 and so on; none of turns without words.

    ``started_at`` is aware and in the zone of the call, by which days are counted; None leaves every due without a day.
    """
    call = CallInSentences(turns, tuple(split_sentences(turn) for turn in turns), started_at)
    spoken = [_spoken_in(call, turn) for turn in range(len(turns))]
    found: list[Found] = []
    for turn in range(len(turns)):
        found = [one for one in found if not is_withdrawn(call, turn, one)]
        here = spoken[turn] or _taken_up_in(call, turn) or _timed_in(call, turn)
        promises_next = turn + 1 < len(turns) and bool(spoken[turn + 1] or _taken_up_in(call, turn + 1))
        for one in here or _agreed_in(call, turn, promises_next=promises_next):
            if one.turn != turn or not is_withdrawn(call, turn, one):
                add(found, one)
    return tuple(
        Commitment(f"c{at}", one.party, _OTHER_SIDE.get(one.party, Party.UNKNOWN), one.what, one.due, one.evidence)
        for at, one in enumerate(found, start=1)
    )


# 1. Promises in so many words.


def _spoken_in(call: CallInSentences, turn: int) -> list[Found]:
    found = []
    for at, sentence in enumerate(call.sentences[turn]):
        if speaks_to_the_machine(sentence.text):
            continue
        promises = find_promises(sentence.text, sentence.turn.party)
        found += [_of_promise(call, turn, at, promise, alone=len(promises) == 1) for promise in promises]
    return found


def _of_promise(call: CallInSentences, turn: int, at: int, promise: Promise, *, alone: bool) -> Found:
    sentence = call.sentences[turn][at]
    party = sentence.turn.party
    start, end = (0, len(sentence.text)) if alone and is_short(sentence) else (promise.start, promise.end)
    due = find_due(sentence.text[promise.start : promise.end], call.said_at(turn)) if promise.due else None
    if due is not None and promise.waits and _FROM_THE_EVENT.match(due.words):
        due = None  # "once we have it, within five days": five days from a day that nobody knows yet
    waits, until = promise.condition
    if start - len(", so ") <= until <= start:
        start = waits
    evidence = [cut_words(sentence, start, max(end, until))]
    if due is None:
        due, said = _due_said_after(call, turn, at)
        evidence += said
    condition = sentence.text[slice(*promise.condition)]
    behind = None if condition else _condition_behind(call, turn, at)
    if behind is not None:
        condition = behind.text.rstrip(" .!")
        evidence.append(cut_words(behind, 0, len(behind.text)))
    what = tell(_without(sentence.text, promise), party, condition)
    what = what if promise.subject in ("", "i", "we", "me", "us") else in_the_future(what)
    due, said = _on_day_spoken_of(call, turn, at, promise, due)
    evidence = [*said, *evidence]
    if promise.leans or signs.ABOUT_IT.match(what):
        asked = _asked_before(call, turn, at, turns_back=1, sure=not signs.DO_IT.match(what))
        if asked is not None and (
            promise.leans or signs.DO_IT.match(what) or asked.what.split()[:1] == what.split()[:1]
        ):
            what, due, evidence = asked.what, due or asked.due, [*asked.evidence, *evidence]
            what = with_condition(what, condition, party)
    return Found(turn, at, party, what, due, tuple(evidence), promise.leans and bool(what) and not condition)


def _condition_behind(call: CallInSentences, turn: int, at: int) -> Sentence | None:
    """The next sentence where it is no more than a condition: "We'll refund you. Unless the bank objects."."""
    for following in call.sentences[turn][at + 1 : at + 2]:
        if signs.CONDITION_ALONE.match(following.text.replace("’", "'").lower()):
            return following
    return None


def _without(text: str, promise: Promise) -> str:
    """The words that tell the act, without those it waits for."""
    start, end = promise.condition
    if not promise.act < start < promise.end:
        return text[promise.act : promise.end]
    return f"{text[promise.act : start]} {text[end : promise.end]}"


def _on_day_spoken_of(
    call: CallInSentences, turn: int, at: int, promise: Promise, due: Due | None
) -> tuple[Due | None, list[Evidence]]:
    """A due whose day was spoken of before: "Thursday?" — "Fine." — "He'll be there then", or "between 8 and 12"."""
    said_at = call.said_at(turn)
    is_then = due is None and signs.THEN.search(call.sentences[turn][at].text[promise.start : promise.end])
    is_open = due is not None and promise.subject in _SPOKEN_OF and is_time_of_day(due.words)
    if said_at is None or not (is_then or is_open):
        return due, []
    for back in range(turn, max(-1, turn - TURNS_BACK - 1), -1):
        for sentence in reversed(call.sentences[back] if back < turn else call.sentences[back][:at]):
            day = find_due(sentence.text, said_at)
            if (
                day is None
                or day.day is None
                or day.instant is not None
                or len(sentence.text.split()) > LONGEST_OFFER_WORDS
            ):
                continue
            joined = day if due is None else find_due(f"{day.words} {due.words}", said_at)
            if joined is not None and joined.day == day.day:
                return replace(joined, words=(due or day).words), [_evidence(sentence)]
    return due, []


def _due_said_after(call: CallInSentences, turn: int, at: int) -> tuple[Due | None, list[Evidence]]:
    """A due that stands by itself behind the promise: "I'll call you back. By Friday.", or as the answer to "when?"."""
    following = call.sentences[turn][at + 1 :]
    answer_in = turn
    if not following and turn + 2 < len(call.turns) and call.turns[turn + 2].party is call.turns[turn].party:
        asked = call.turns[turn + 1].text
        if signs.ASKS_WHEN.search(asked) and len(asked.split()) <= LONGEST_YES_WORDS:
            following, answer_in = call.sentences[turn + 2], turn + 2
    if not following:
        return None, []
    sentence = following[0]
    places = due_places(sentence.text)
    if not places or len(sentence.text.split()) > len(sentence.text[places[0][0] : places[-1][1]].split()) + 2:
        return None, []
    return find_due(sentence.text, call.said_at(answer_in)), [cut_words(sentence, 0, len(sentence.text))]


def _timed_in(call: CallInSentences, turn: int) -> list[Found]:
    """A time alone that answers "when?": its question says what is promised."""
    if turn == 0 or not call.sentences[turn] or not call.sentences[turn - 1]:
        return []
    asked, answer = call.sentences[turn - 1][-1], call.sentences[turn][0]
    awaited = find_awaited(asked.text, answer.turn.party)
    due = find_answer(answer.text, call.said_at(turn))
    if awaited is None or due is None or asked.turn.party is answer.turn.party:
        return []
    what = tell(awaited, asked.turn.party)
    return [Found(turn, 0, answer.turn.party, what, due, (_evidence(asked), _evidence(answer)))]


# 2. Offers and requests that are taken up.


def _taken_up_in(call: CallInSentences, turn: int) -> list[Found]:
    """ "I'll do that", "consider it done", behind what it stands for."""
    for at, sentence in enumerate(call.sentences[turn]):
        if not takes_up(sentence.text) or speaks_to_the_machine(sentence.text) or sentence.text.rstrip().endswith("?"):
            continue
        if is_done_or_refused(call.turns[turn].text) or hangs_on_a_condition(sentence.text):
            return []
        asked = _asked_before(call, turn, at, turns_back=TURNS_BACK, sure=False, later=is_for_later(sentence.text))
        if asked is None:
            return []
        due = find_due(sentence.text, call.said_at(turn))
        evidence = (*asked.evidence, _evidence(sentence))
        party = sentence.turn.party
        return [replace(asked, turn=turn, sentence=at, party=party, due=due or asked.due, evidence=evidence)]
    return []


def _agreed_in(call: CallInSentences, turn: int, *, promises_next: bool) -> list[Found]:
    """A mere yes: to a request it binds who says it, to an offer the one who made it."""
    if turn == 0 or not call.sentences[turn] or not _is_mere_yes(call.turns[turn].text):
        return []
    before, answer = call.turns[turn - 1], call.sentences[turn][0]
    if before.party is call.turns[turn].party or not call.sentences[turn - 1]:
        return []
    asked = _asked_before(call, turn, 0, turns_back=1, sure=True)
    if (
        asked is not None
        and not signs.SAYS_NUMBERS.search(asked.what)
        and not is_done_or_refused(call.turns[turn].text)
    ):
        evidence = (*asked.evidence, _evidence(answer))
        due = find_due(answer.text, call.said_at(turn)) or asked.due
        return [replace(asked, turn=turn, party=call.turns[turn].party, due=due, evidence=evidence)]
    offered = _offered_before(call, turn)
    is_done = turn + 1 < len(call.turns) and is_done_or_refused(call.turns[turn + 1].text)
    if offered is None or promises_next or is_done:
        return []
    return [replace(offered, turn=turn, evidence=(*offered.evidence, _evidence(answer)))]


def _is_mere_yes(text: str) -> bool:
    return len(text.split()) <= LONGEST_YES_WORDS and assents(text) and not speaks_to_the_machine(text)


def _asked_before(
    call: CallInSentences, turn: int, at: int, *, turns_back: int, sure: bool, later: bool = False
) -> Found | None:
    """The last thing that the speaker of a sentence was asked to do, or himself offered to do.

    ``sure``: only what is plainly for after the call. ``later``: the sentence puts it off, so that it may be any act.
    """
    speaker = call.turns[turn].party
    for back in range(turn, max(-1, turn - turns_back - 1), -1):
        sentences = call.sentences[back] if back < turn else call.sentences[back][:at]
        for sentence in reversed(sentences):
            if speaks_to_the_machine(sentence.text):
                continue
            own = sentence.turn.party is speaker
            asks = sentence.text
            act = (
                (None if sure else find_offer(asks, sure=not later))
                if own
                else find_request(asks, sure=sure, later=later)
            )
            if act is not None:
                return _of_asked(call, back, sentence, act)
    return None


def _offered_before(call: CallInSentences, turn: int) -> Found | None:
    """The offer in the last sentence of the turn before."""
    sentence = call.sentences[turn - 1][-1]
    act = find_offer(sentence.text)
    return None if act is None or speaks_to_the_machine(sentence.text) else _of_asked(call, turn - 1, sentence, act)


def _of_asked(call: CallInSentences, turn: int, sentence: Sentence, act: int) -> Found:
    party = sentence.turn.party
    words = sentence.text[act:]
    return Found(turn, 0, party, tell(words, party), find_due(words, call.said_at(turn)), (_evidence(sentence, act),))


def _evidence(sentence: Sentence, start: int = 0) -> Evidence:
    """A sentence as evidence; where it is too long, from ``start`` on."""
    return cut_words(sentence, 0 if is_short(sentence) else start, len(sentence.text))
