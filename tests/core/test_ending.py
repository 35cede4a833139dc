"""Where a call ended: resolved or open only where words show it, and the customer's words before all others."""

from __future__ import annotations

import pytest

from worker.core.call import Party
from worker.core.commitments import find_commitments
from worker.core.ending import find_ending
from worker.core.evidence import is_exact
from worker.core.summary import EndState
from worker.core.transcript import Turn, Word

AGENT, CUSTOMER = Party.AGENT, Party.CUSTOMER
START = ((AGENT, "How can I help you?"), (CUSTOMER, "My router keeps losing the connection since Monday."))


def turns_of(*lines: tuple[Party, str]) -> tuple[Turn, ...]:
    turns, at_s = [], 0.0
    for number, (party, text) in enumerate([*START, *lines], start=1):
        words = []
        for word in text.split():
            words.append(Word(word, at_s, at_s + 0.3, 0.9))
            at_s += 0.4
        turns.append(Turn(f"t{number}", party, party.value, 0, words[0].start_s, words[-1].end_s, text, tuple(words)))
        at_s += 0.5
    return tuple(turns)


@pytest.mark.parametrize(
    ("state", "lines"),
    [
        (EndState.RESOLVED, [(AGENT, "Please restart it."), (CUSTOMER, "Oh, it's working now, lovely.")]),
        (EndState.RESOLVED, [(AGENT, "I have reset your line."), (CUSTOMER, "That's great, thank you.")]),
        (EndState.OPEN, [(AGENT, "Please restart it."), (CUSTOMER, "It still doesn't connect.")]),
        (EndState.OPEN, [(AGENT, "We will send a technician by Friday."), (CUSTOMER, "Okay.")]),
        (EndState.OPEN, [(CUSTOMER, "It's working now."), (CUSTOMER, "No wait, it's not working again.")]),
        (EndState.UNCLEAR, [(AGENT, "Please restart it."), (CUSTOMER, "Okay, bye.")]),
        (EndState.UNCLEAR, [(AGENT, "Is it working now?"), (CUSTOMER, "Hm, is it fixed now?")]),
        (EndState.UNCLEAR, [(AGENT, "I have located your account."), (CUSTOMER, "Great, thank you.")]),
    ],
)
def test_the_ending_is_what_the_last_words_show(state: EndState, lines: list[tuple[Party, str]]) -> None:
    turns = turns_of(*lines)
    ending = find_ending(turns, find_commitments(turns, None))
    assert ending.state is state
    assert all(is_exact(words, turns) for words in ending.evidence)


def test_a_call_of_nothing_ends_unclear() -> None:
    assert find_ending((), ()).state is EndState.UNCLEAR
