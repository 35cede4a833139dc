"""Evidence is cut out of the turns, letter for letter; a quotation is never put together."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.core.call import Party
from worker.core.evidence import LONGEST_SENTENCE_WORDS, cut, is_exact, quotation, shorten, split_sentences
from worker.core.summary import Evidence
from worker.core.transcript import Turn, Word


def turn_of(text: str, *, party: Party = Party.AGENT, joint: str = " ", pause_after: int | None = None) -> Turn:
    """A turn with half a second for each word, and two seconds of silence behind one of them."""
    words = []
    at_s = 10.0
    for number, word in enumerate(text.split()):
        words.append(Word(word, at_s, at_s + 0.4, 0.9))
        at_s += 2.5 if number == pause_after else 0.5
    spoken = joint.join(word.text for word in words)
    return Turn("t1", party, "track 0", 0, 10.0, words[-1].end_s if words else 10.0, spoken, tuple(words))


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("I called. Nobody came.", ["I called.", "Nobody came."]),
        ("Is it done? Yes!", ["Is it done?", "Yes!"]),
        ("Mr. Smith came at 8 a.m. on Friday.", ["Mr. Smith came at 8 a.m. on Friday."]),
        ("It costs 75. 34 in all.", ["It costs 75.", "34 in all."]),
        ("I was... well, waiting.", ["I was... well, waiting."]),
        ("no marks at all", ["no marks at all"]),
    ],
)
def test_a_turn_is_parted_into_its_sentences(text: str, sentences: list[str]) -> None:
    assert [sentence.text for sentence in split_sentences(turn_of(text))] == sentences


def test_a_long_pause_ends_a_sentence_where_nobody_heard_a_full_stop() -> None:
    turn = turn_of("it leaks I want another one", pause_after=1)
    assert [sentence.text for sentence in split_sentences(turn)] == ["it leaks", "I want another one"]


def test_a_pause_for_thought_does_not_end_a_sentence() -> None:
    assert len(split_sentences(turn_of("so, it leaks", pause_after=0))) == 1


def test_words_without_full_stops_are_parted_so_that_they_can_be_quoted() -> None:
    parts = split_sentences(turn_of(" ".join(["word"] * 100)))
    assert max(part.end - part.first for part in parts) <= LONGEST_SENTENCE_WORDS
    assert sum(part.end - part.first for part in parts) == 100


def test_an_empty_turn_has_no_sentences() -> None:
    assert split_sentences(turn_of("")) == ()


def test_evidence_has_the_seconds_of_its_first_and_last_word() -> None:
    turn = turn_of("I called. Nobody came.")
    second = split_sentences(turn)[1]
    assert cut(second, second) == Evidence("t1", 11.0, 11.9, "Nobody came.")


def test_words_that_are_written_without_spaces_are_quoted_without_them() -> None:
    turn = turn_of("来て ください。 誰も 来ない。", joint="")
    assert split_sentences(turn)[0].text == "来てください。誰も来ない。"


def test_a_turn_whose_words_do_not_stand_in_its_text_is_quoted_whole() -> None:
    turn = turn_of("I called. Nobody came.")
    odd = Turn("t1", turn.party, None, 0, turn.start_s, turn.end_s, "Something else.", turn.words)
    (only,) = split_sentences(odd)
    assert cut(only, only) == Evidence("t1", turn.start_s, turn.end_s, "Something else.")


def test_words_that_were_not_said_are_not_exact() -> None:
    turn = turn_of("I called. Nobody came.")
    assert is_exact(Evidence("t1", 11.0, 11.9, "Nobody came."), [turn])
    assert not is_exact(Evidence("t1", 11.0, 11.9, "Everybody came."), [turn])
    assert not is_exact(Evidence("t2", 11.0, 11.9, "Nobody came."), [turn]), "It has to be that very turn."
    assert not is_exact(Evidence("t1", 11.0, 11.9, " "), [turn]), "Nothing is not evidence."


@given(st.lists(st.text(alphabet="ab.,!?' ’–0", min_size=1, max_size=6).filter(str.strip), max_size=60))
def test_every_word_of_every_turn_is_in_one_sentence_and_can_be_quoted(words: list[str]) -> None:
    turn = turn_of(" ".join(words))
    sentences = split_sentences(turn)
    assert [at for sentence in sentences for at in range(sentence.first, sentence.end)] == list(range(len(turn.words)))
    for sentence in sentences:
        assert is_exact(cut(sentence, sentence), [turn])


def quoted(text: str, *, party: Party = Party.CUSTOMER, most_words: int = 22) -> str:
    turn = turn_of(text, party=party)
    sentences = split_sentences(turn)
    return quotation([(turn, shorten(sentences[0], sentences[-1], most_words=most_words))])


def test_a_quotation_says_who_and_nothing_of_its_own() -> None:
    assert quoted("It leaks.") == "The customer said: “It leaks.”"
    assert quoted("It leaks.", party=Party.UNKNOWN) == "One speaker said: “It leaks.”", "Who spoke is never guessed."
    assert quoted("Does it leak?") == "The customer asked: “Does it leak?”"


def test_words_of_hesitation_are_left_out_at_the_start_of_a_quotation() -> None:
    assert quoted("Um, okay, so the machine leaks again.") == "The customer said: “the machine leaks again.”"


def test_a_long_sentence_is_cut_at_a_clause_and_the_cut_is_shown() -> None:
    text = "we looked at it with my brother for a while, and the new washing machine leaks 3 litres each night, you see"
    assert quoted(text, most_words=10) == "The customer said: “… the new washing machine leaks 3 litres each night, …”"


@given(
    st.lists(
        st.sampled_from(["So", "the", "machine", "leaks,", "and", "9", "litres.", "Why?", "um"]),
        min_size=1,
        max_size=40,
    )
)
def test_a_shortened_quotation_is_short_and_stands_in_the_turn(words: list[str]) -> None:
    turn = turn_of(" ".join(words))
    sentences = split_sentences(turn)
    short = shorten(sentences[0], sentences[-1], most_words=8)
    assert is_exact(short, [turn])
    assert len(short.quote.split()) <= 8
    assert turn.start_s <= short.start_s <= short.end_s <= turn.end_s
