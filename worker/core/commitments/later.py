"""One promise is one, however often it is said; later words replace it or take it back."""

from __future__ import annotations

import re
from dataclasses import replace

from worker.core.commitments import signs
from worker.core.commitments.found import TURNS_BACK, CallInSentences, Found
from worker.core.cues import speaks_to_the_machine
from worker.core.due import due_places, find_due
from worker.core.due.spoken import speak
from worker.core.wording import content_stems, tokenize

SAME_SHARE = 0.7
"""Who says the same thing again promises it once: from this share of common words on it is the same."""

_NUMBER = re.compile(r"\d[\d.,:]*")

_OF_SOMEBODY = re.compile(r"\b(?:customer|agent|side)'s (?:[\w-]+)(?:'s)?")


def add(found: list[Found], one: Found) -> None:
    """Adds a promise to those found, in the place of the one that it repeats or replaces if there is such a one."""
    for at, earlier in enumerate(found):
        if earlier.party is not one.party:
            continue
        if _is_same(earlier, one):
            evidence = (*earlier.evidence, *(part for part in one.evidence if part not in earlier.evidence))
            due = earlier.due or one.due
            found[at] = replace(earlier, due=due, evidence=evidence)
            return
        if one.what and _is_replaced(earlier, one):
            found[at] = one
            return
    if one.what:
        found.append(one)


def _is_same(earlier: Found, later: Found) -> bool:
    """The same act again; or "you'll have it by Friday" right behind the promise that "it" speaks of."""
    if _differ_in_due(earlier, later) or _differ_in_numbers(earlier, later):
        return False
    follows = earlier.turn == later.turn and 0 <= later.sentence - earlier.sentence <= 1
    if later.leans and follows and len(later.evidence) == 1:
        return True
    return _is_same_act(earlier, later) and (signs.CONDITION.search(f" {later.what}") is None) == (
        signs.CONDITION.search(f" {earlier.what}") is None
    )


def _is_replaced(earlier: Found, later: Found) -> bool:
    """The same act with another number or day, or with a condition now; and not said to come on top."""
    is_later = (later.turn, later.sentence) > (earlier.turn, earlier.sentence)
    is_later = is_later or signs.NO_MORE.search(earlier.evidence[-1].quote.lower()) is not None
    if signs.ON_TOP.search(" ".join(part.quote for part in later.evidence).lower()):
        return False
    if signs.CONDITION.search(f" {later.what}") and _differ_in_due(earlier, later):
        return False  # "if I can't reach you, I'll call you on Friday"
    return is_later and _is_same_act(earlier, later) and _whose(earlier.what) == _whose(later.what)


def _whose(words: str) -> set[str]:
    """Whom it is done to or with: "your wife" is another one than "you"."""
    return set(_OF_SOMEBODY.findall(words))


def _is_same_act(earlier: Found, later: Found) -> bool:
    one, other = _act_stems(earlier.what), _act_stems(later.what)
    return bool(one and other) and len(one & other) / len(one | other) >= SAME_SHARE


def _act_stems(words: str) -> set[str]:
    """What is done with what, without persons, numbers and what it waits for."""
    condition = signs.CONDITION.search(f" {words}")
    plain = speak(words if condition is None else words[: max(0, condition.start() - 1)]).text
    return set(content_stems(tokenize(_NUMBER.sub(" ", plain)))) - {"custom", "customer", "agent", "side"}


def _differ_in_numbers(earlier: Found, later: Found) -> bool:
    one, other = (set(_NUMBER.findall(speak(each.what).text)) for each in (earlier, later))
    return bool(one and other) and one != other


def _differ_in_due(earlier: Found, later: Found) -> bool:
    one, other = earlier.due, later.due
    if one is None or other is None:
        return False
    if one.day is None or other.day is None or one.instant is None or other.instant is None:
        return one.day != other.day or (one.day is None and one.words.lower() != other.words.lower())
    # Hours counted from later words end later, and are the same hours.
    return one.instant != other.instant and one.words.lower() != other.words.lower()


def is_withdrawn(call: CallInSentences, turn: int, promise: Found) -> bool:
    """Whether who made a promise takes it back in this turn, behind the promise."""
    if call.turns[turn].party is not promise.party:
        return False
    behind = call.sentences[turn][promise.sentence + 1 if promise.turn == turn else 0 :]
    return any(_takes_back(call, turn, sentence.text, promise) for sentence in behind)


def _takes_back(call: CallInSentences, turn: int, text: str, promise: Found) -> bool:
    plain = text.replace("’", "'").lower()
    if plain.rstrip().endswith("?") or speaks_to_the_machine(text):
        return False
    stems = _act_stems(promise.what)
    is_near = turn - promise.turn <= TURNS_BACK - 1
    if signs.TAKES_BACK.search(plain):
        return is_near
    off = signs.CALLED_OFF.search(plain)
    if off is not None and "cancel" not in promise.what:
        named = set(content_stems(tokenize(off["thing"])))
        asked = " ".join(each.text for each in call.turns[max(0, promise.turn - TURNS_BACK) : turn]).lower()
        return bool(named & stems) or (not named and is_near and "cancel" not in asked)
    refused = signs.CANNOT.search(plain)
    if refused is None:
        return False
    after_all = signs.AFTER_ALL.search(plain) is not None
    due = find_due(refused["act"], call.said_at(turn))
    if due is not None and promise.due is not None and due.day != promise.due.day:
        return False
    act = refused["act"]
    for start, end in reversed(due_places(act)):
        act = f"{act[:start]} {act[end:]}"
    denied = _act_stems(signs.AFTER_ALL.sub(" ", act))
    if after_all:
        points = is_near and signs.DOES_IT.match(act) is not None
        return points or len(denied & stems) >= max(1, len(stems) / 2)
    return bool(denied) and len(denied & stems) / len(denied | stems) >= SAME_SHARE
