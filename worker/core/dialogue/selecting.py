"""Choosing a part of the record: words of a turn with their exact text and seconds, and the name of a choice.

A choice is named in forms and addresses by a short key ("statement:s1", "words:t4:3-7"). The key of words holds no word
of anybody: they are completed from the record, so that nobody can put other words into it.
"""

from __future__ import annotations

import re

from worker.core.dialogue.values import OnEntry, OnPromise, OnStatement, OnWords, Target, WholeCall
from worker.core.errors import Invalid
from worker.core.record import CallRecord
from worker.core.transcript import Turn

AROUND_LETTERS = 32
"""So many letters before and after the chosen words are kept, to find them again where numbers are not known."""

CLOSE_S = 0.01
"""Seconds that differ by less are the same place: they may have been written with two decimals."""

LONGEST_KEY = 200

_RANGE = re.compile(r"(\d{1,9})-(\d{1,9})", re.ASCII)
_NUMBER = re.compile(r"\d{1,9}", re.ASCII)


def words_target(record: CallRecord, turn_id: str, first: int, end: int) -> OnWords:
    """The words ``[first, end)`` of a turn, by number from 0, with their text and seconds as the record has them.

    Raises Invalid where there are no such words.
    """
    turn = next((turn for turn in record.turns if turn.id == turn_id), None)
    if turn is None:
        raise Invalid("There is no such turn in this conversation. Open the record again and choose the words there.")
    return _cut(turn, first, end)


def stands_there(chosen: OnWords, turn: Turn | None) -> bool:
    """Whether these very words stand in the turn at that place and at those seconds."""
    if turn is None or chosen.turn != turn.id or not 0 <= chosen.first < chosen.end <= len(turn.words):
        return False
    found = _cut(turn, chosen.first, chosen.end)
    return (
        (chosen.quote, chosen.prefix, chosen.suffix) == (found.quote, found.prefix, found.suffix)
        and abs(chosen.start_s - found.start_s) < CLOSE_S
        and abs(chosen.end_s - found.end_s) < CLOSE_S
    )


def words_between(turn: Turn, start_s: float, end_s: float) -> range:
    """The numbers of the words of a turn whose middle lies in these seconds; an empty range where there are none."""
    inside = [at for at, word in enumerate(turn.words) if start_s <= (word.start_s + word.end_s) / 2 <= end_s]
    return range(inside[0], inside[-1] + 1) if inside else range(0)


def target_key(target: Target) -> str:
    """The name of a choice in forms and addresses: "call", "statement:s1", "promise:p2", "words:t4:3-7", "entry:12"."""
    match target:
        case WholeCall():
            return "call"
        case OnStatement(id=name):
            return f"statement:{name}"
        case OnPromise(id=name):
            return f"promise:{name}"
        case OnWords():
            return f"words:{target.turn}:{target.first}-{target.end}"
        case OnEntry():
            return f"entry:{target.number}"


def parse_target(key: str, record: CallRecord) -> Target:
    """What ``target_key`` named, words completed from the record. Whether there is such a statement, promise or entry
    is looked at by ``worker.core.dialogue.rules``.

    Raises Invalid for a key that names nothing.
    """
    on, _, rest = key[: LONGEST_KEY + 1].partition(":")
    if len(key) <= LONGEST_KEY:
        if key == "call":
            return WholeCall()
        if on == "statement" and rest:
            return OnStatement(rest)
        if on == "promise" and rest:
            return OnPromise(rest)
        if on == "entry" and _NUMBER.fullmatch(rest):
            return OnEntry(int(rest))
        turn, _, numbers = rest.rpartition(":")
        chosen = _RANGE.fullmatch(numbers)
        if on == "words" and turn and chosen:
            return words_target(record, turn, int(chosen[1]), int(chosen[2]))
    raise Invalid("It is not known which part of the record this is about. Open the record again and choose it there.")


def _cut(turn: Turn, first: int, end: int) -> OnWords:
    if not 0 <= first < end <= len(turn.words):
        raise Invalid("There are no such words in this turn. Open the record again and choose them there.")
    texts = [word.text for word in turn.words]
    before, after = " ".join((*texts[:first], "")), " ".join(("", *texts[end:]))
    return OnWords(
        turn=turn.id,
        first=first,
        end=end,
        quote=" ".join(texts[first:end]),
        prefix=before[-AROUND_LETTERS:],
        suffix=after[:AROUND_LETTERS],
        start_s=turn.words[first].start_s,
        end_s=turn.words[end - 1].end_s,
    )
