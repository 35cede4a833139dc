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


RESOLVED, OPEN, UNCLEAR = EndState.RESOLVED, EndState.OPEN, EndState.UNCLEAR


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ("Yes, it's working again.", RESOLVED),
        ("Okay, that did the trick, thank you.", RESOLVED),
        ("No, it's all sorted, thanks.", RESOLVED),
        ("I can log in now.", RESOLVED),
        ("It looks like everything is back on now.", RESOLVED),
        ("I had trouble with the plug but it's working now.", RESOLVED),
        ("That worked, no problem.", RESOLVED),
        ("It's solved. I was afraid that it doesn't work.", RESOLVED),
        ("It's working now, I think that's all.", RESOLVED),
        ("All sorted, thank you.", RESOLVED),
        ("I finally got it working.", RESOLVED),
        ("I came here to get it fixed.", UNCLEAR),
        ("My brother got it working.", UNCLEAR),
        ("Oh sure, it's fixed.", UNCLEAR),
        ("None of this is sorted.", UNCLEAR),
        ("No way it's working.", UNCLEAR),
        ("Hardly a thing here, and it's fixed.", UNCLEAR),
        ("I can't believe that it's solved.", UNCLEAR),
        ("I don't believe this is fixed.", UNCLEAR),
        ("I doubt it's working.", UNCLEAR),
        ("I wonder whether it's sorted.", UNCLEAR),
        ("Maybe it's fixed.", UNCLEAR),
        ("I guess it's working.", UNCLEAR),
        ("I thought it's solved.", UNCLEAR),
        ("I'd love to see it's fixed.", UNCLEAR),
        ("I would like everything sorted by Tuesday.", UNCLEAR),
        ("I want it fixed.", UNCLEAR),
        ("I hope it's working.", UNCLEAR),
        ("I expect it's solved by the weekend.", UNCLEAR),
        ("If it's working next week I stay, otherwise I go.", UNCLEAR),
        ("Ring me when it's fixed.", UNCLEAR),
        ("I pay once it's working.", UNCLEAR),
        ("I stay until it's sorted.", UNCLEAR),
        ("You say it's working.", UNCLEAR),
        ("Your man told me it's fixed.", UNCLEAR),
        ("The letter says that it's solved.", UNCLEAR),
        ("He claims it's sorted, and there I stand.", UNCLEAR),
        ("It's working now, but the sound is gone.", UNCLEAR),
        ("It's fixed. However, the bill is wrong.", UNCLEAR),
        ("Everything works except the printer.", UNCLEAR),
        ("It's working now. The light is red though.", UNCLEAR),
        ("That fixed nothing.", UNCLEAR),
        ("That did cost me a day.", UNCLEAR),
        ("It worked until Sunday.", UNCLEAR),
        ("That worked for my sister.", UNCLEAR),
        ("Oh, it's fixed, how wonderful, thanks for nothing.", UNCLEAR),
        ("I was worried that it doesn't work.", UNCLEAR),
        ("If it doesn't work I'll ring you.", UNCLEAR),
        ("It didn't help.", OPEN),
        ("It's still the same.", OPEN),
    ],
)
def test_a_matter_is_resolved_only_where_the_customer_says_so_and_means_it(said: str, state: EndState) -> None:
    turns = turns_of((AGENT, "Please restart it."), (CUSTOMER, said))
    assert find_ending(turns, ()).state is state


def test_a_wish_for_a_solution_is_not_overruled_by_an_earlier_thanks() -> None:
    turns = turns_of(
        (AGENT, "I have reset your line."), (CUSTOMER, "Thank you."), (CUSTOMER, "I want it fixed, please.")
    )
    assert find_ending(turns, ()).state is UNCLEAR


@pytest.mark.parametrize(
    ("done", "answer", "state"),
    [
        ("I have updated your address.", "Perfect, thanks.", RESOLVED),
        ("I have updated your address.", "Great, thank you, no, that's all.", RESOLVED),
        ("I have cancelled your visit.", "Great, just great.", UNCLEAR),
        ("I have cancelled your visit.", "Wonderful. Thank you for nothing.", UNCLEAR),
        ("I have cancelled your visit.", "Oh great, how wonderful.", UNCLEAR),
        ("I have updated your address.", "Thanks, but the name is wrong.", UNCLEAR),
        ("I have updated your address.", "Great, I never asked for that.", UNCLEAR),
        ("I have updated your address.", "Great. And the name?", UNCLEAR),
        ("If you paid it, your bill has been updated.", "Great, thanks.", UNCLEAR),
        ("Nothing has been updated.", "Great, thanks.", UNCLEAR),
        ("I have escalated your case.", "Great, thanks.", UNCLEAR),
    ],
)
def test_thanks_resolve_a_matter_only_where_they_are_meant(done: str, answer: str, state: EndState) -> None:
    assert find_ending(turns_of((AGENT, done), (CUSTOMER, answer)), ()).state is state


@pytest.mark.parametrize(
    ("promise", "state"),
    [
        ("I'll send you a confirmation email.", RESOLVED),
        ("We'll send you a receipt.", RESOLVED),
        ("We'll send you a text to confirm that.", RESOLVED),
        ("You will receive a confirmation by email within the hour.", RESOLVED),
        ("You'll get a confirmation text shortly.", RESOLVED),
        ("I'll send you an email with the decision by Friday.", OPEN),
        ("I'll send you a new router by Friday.", OPEN),
        ("We'll call you back to confirm the price tomorrow.", OPEN),
    ],
)
def test_a_note_of_what_is_done_leaves_nothing_open(promise: str, state: EndState) -> None:
    turns = turns_of((AGENT, f"I have updated your address. {promise}"), (CUSTOMER, "Great, thank you."))
    promises = find_commitments(turns, None)
    assert promises, "The promise stays a promise."
    assert find_ending(turns, promises).state is state
