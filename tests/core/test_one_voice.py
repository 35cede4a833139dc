"""Two parties in one voice: told apart by words only where that is near certain; one person is never split."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from worker.core.call import Party
from worker.core.one_voice import MOST_WORDS, tell_parties_apart
from worker.core.transcript import Word

SHARED = Path(__file__).parents[2].parent / "shared" / "data"

CALL = (
    ("agent", "Thank you for calling Northwind. My name is Emily. How can I help you today?"),
    ("customer", "Hi Emily. I have a problem with my bill. I was charged twice and nobody called me back."),
    ("agent", "I am sorry to hear that. Could I have your account number, please?"),
    ("customer", "Sure, my account number is four four one two."),
    ("agent", "Thank you. I have processed the refund. Is there anything else I can help you with?"),
    ("customer", "No, that's all. Thank you for your help, Emily."),
    ("agent", "You're welcome. You will receive an email today. Thank you for your time."),
)


SHORT = (
    ("agent", "Is that the cleaning on the ninth?"),
    ("customer", "Yes."),
    ("agent", "At ten?"),
    ("customer", "Yes."),
    ("agent", "When would suit you better?"),
    ("customer", "Any day after the twentieth."),
)


def words(said: Sequence[tuple[str, str]]) -> tuple[list[Word], list[str]]:
    """The words of all turns in their order, 0.4 s from turn to turn, and who says each."""
    heard: list[Word] = []
    who: list[str] = []
    at_s = 0.0
    for speaker, text in said:
        for part in text.split():
            heard.append(Word(part, at_s, at_s + 0.3, 0.9))
            who.append(speaker)
            at_s += 0.35
        at_s += 0.4
    return heard, who


def leg(said: Sequence[tuple[str, str]], side: str) -> list[Word]:
    """One side's words alone, with silence where the other speaks."""
    return [word for word, who in zip(*words(said), strict=True) if who == side]


def test_a_dialogue_in_one_voice_is_read_as_one_and_what_is_given_to_a_party_is_right() -> None:
    heard, who = words(CALL)
    parties = tell_parties_apart(heard, language="en")
    assert len(parties) == len(heard)
    named = [(party, truth) for party, truth in zip(parties, who, strict=True) if party is not Party.UNKNOWN]
    assert all(party == truth for party, truth in named)
    assert len(named) >= MOST_WORDS * len(heard)


def test_sentences_are_given_whole() -> None:
    heard, _ = words(CALL)
    parties = tell_parties_apart(heard, language="en")
    for (one, party), (_, next_party) in pairwise(zip(heard, parties, strict=True)):
        assert party is next_party or one.text.endswith((".", "?"))


@pytest.mark.parametrize("side", ["agent", "customer"])
def test_one_party_alone_is_never_taken_for_two(side: str) -> None:
    assert tell_parties_apart(leg(CALL, side), language="en") == ()
    assert tell_parties_apart(leg(SHORT, side), language="en") == ()


def test_where_questions_are_answered_in_the_voice_that_asks_two_are_known_to_be_there() -> None:
    heard, _ = words(SHORT)
    assert set(tell_parties_apart(heard, language="en")) == {Party.UNKNOWN}
    spanish = [("agent", "¿La factura llegó ayer?"), ("customer", "No."), ("agent", "¿El lunes?"), ("customer", "Sí.")]
    assert set(tell_parties_apart(words(spanish)[0], language="es")) == {Party.UNKNOWN}


def test_of_a_conversation_that_is_no_service_call_only_that_two_speak_is_known() -> None:
    talk = "Did you see the match? Yes, it was great. I was there with my brother. Oh, was it cold? No, not at all."
    assert set(tell_parties_apart(words([("friend", talk)])[0], language="en")) == {Party.UNKNOWN}
    assert tell_parties_apart(words([("friend", "I was there with my brother. It was great.")])[0], language="en") == ()


def test_where_little_tells_nobody_is_named_but_two_parties_are_known_to_be_there() -> None:
    story = "The house stands by the lake and the road goes round it. " * 12
    heard, _ = words([*CALL, ("customer", story.strip())])
    assert set(tell_parties_apart(heard, language="en")) == {Party.UNKNOWN}


@pytest.mark.parametrize("language", ["sw", None])
def test_a_language_without_cues_tells_nobody_apart(language: str | None) -> None:
    assert tell_parties_apart(words(CALL)[0], language=language) == ()


def test_no_words_have_no_parties() -> None:
    assert tell_parties_apart((), language="en") == ()


def _dialogues() -> Iterator[list[tuple[str, str]]]:
    for path in sorted((SHARED / "calls" / "ref").glob("*.json")):
        turns = [(turn.get("role"), turn["text"]) for turn in json.loads(path.read_text())["utterances"]]
        if turns and turns[0][0]:
            yield turns
    for name in ("tweetsumm_60", "todsum_20"):
        for row in (SHARED / "text" / f"{name}.jsonl").read_text().splitlines():
            yield [(turn["speaker"], turn["text"]) for turn in json.loads(row)["turns"]]


@pytest.mark.skipif(
    not SHARED.is_dir(), reason="the shared calls and dialogues are only on the machines they were lent to"
)
def test_on_real_dialogues_in_one_voice_what_is_given_is_right_and_no_single_side_is_split() -> None:
    given: Counter[bool] = Counter()
    legs = split = flagged = 0
    for turns in _dialogues():
        heard, who = words(turns)
        parties = tell_parties_apart(heard, language="en")
        given.update(
            party == truth for party, truth in zip(parties, who, strict=bool(parties)) if party is not Party.UNKNOWN
        )
        for side in ("agent", "customer"):
            alone = tell_parties_apart(leg(turns, side), language="en")
            legs += 1
            split += any(party is not Party.UNKNOWN for party in alone)
            flagged += bool(alone)
    assert split == 0, "one party alone is never taken for two"
    assert flagged <= 0.02 * legs
    assert given[True] >= 1500, "most of the clear calls are told apart"
    assert given[False] <= 0.01 * given.total(), "better nobody than the wrong party"
