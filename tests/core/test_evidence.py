"""Evidence is cut out of the turns, letter for letter; a quotation is never put together."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.core.call import Party
from worker.core.evidence import LONGEST_SENTENCE_WORDS, cut, is_exact, quotation, shorten, split_sentences
from worker.core.summary import Evidence, StatementKind
from worker.core.transcript import Turn, Word
from worker.stages.summarising.bundle import bundle, headline_of
from worker.stages.summarising.choose import Choice


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


@settings(deadline=None)
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
    assert quoted(text, most_words=11) == "The customer said: “… the new washing machine leaks 3 litres each night, …”"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (
            "I never claimed, and please write that down word for word in your file, that I would pay the invoice "
            "for the second line or anything else of that kind",
            "never claimed",
        ),
        (
            "We will exchange the boiler with the pump and the valves and all the other old parts this very week, "
            "if the inspector at the depot signs the paper for it",
            "if the inspector",
        ),
        (
            "Unless the workshop in the next town writes back tonight with a different price for the old engine, "
            "we will order the engine and pay for the transport to your garage",
            "Unless the workshop",
        ),
        (
            "You get the larger room on the upper floor with breakfast and a view of the harbour and the old town, "
            "as long as the guests leave it by noon",
            "as long as",
        ),
        (
            "The installer pretends, and he wrote it on the sheet that he left on the table in the kitchen, "
            "that the cable was cut by my own children in the garden",
            "pretends",
        ),
    ],
)
@pytest.mark.parametrize("most_words", [13, 22])
def test_no_cut_turns_what_was_said(text: str, kept: str, most_words: int) -> None:
    assert kept in quoted(text, most_words=most_words)


def test_a_sentence_that_cannot_be_cut_without_being_turned_is_quoted_whole() -> None:
    text = "If the meter shows more than the limit that is printed on the last page of it, the contract is not valid"
    assert quoted(text, most_words=13) == f"The customer said: “{text}”"


def test_the_signs_for_what_was_left_out_count_with_the_words() -> None:
    text = "the blue one came on Monday, the green one came on Tuesday with a hole in the box, the red one on Friday"
    for most_words in range(9, 20):
        published = quoted(text, most_words=most_words)
        assert "…" in published
        assert len(published.split()) <= 3 + most_words, "Three words say who."


def bundled(kind: StatementKind, *said: str) -> tuple[str, str]:
    """The published quotation of the customer's last words of a talk, and that of the headline made of them."""
    parties = [Party.AGENT, Party.CUSTOMER][-len(said) :]
    turns = [replace(turn_of(text, party=party), id=party.value) for text, party in zip(said, parties, strict=True)]
    (sentence,) = split_sentences(turns[-1])
    one = bundle(Choice(len(turns) - 1, sentence, sentence, kind, 1.0), turns)
    summary, headline = (
        [*zip(turns[-len(quote) :], quote, strict=True)] for quote in (one.quote, headline_of(one).quote)
    )
    return quotation(summary), quotation(headline)


def test_both_sides_of_a_disagreement_are_quoted_in_at_most_25_words() -> None:
    published, _ = bundled(
        StatementKind.DISAGREED,
        "According to the list in front of me the green lamp went out of the house on Monday morning, with the shade",
        "The lamp came on Thursday evening with a hole in the shade, and the driver has a photo of the hole",
    )
    assert published.startswith("The agent said: “")
    assert "The customer said: “" in published
    assert len(published.split()) <= 25


def test_a_headline_that_no_line_can_hold_is_the_quotation_of_the_summary() -> None:
    text = "The lamp that your shop sent me on Thursday does not work, and the driver has a photo of the hole, I think"
    published, headline = bundled(StatementKind.ASKED, text)
    assert headline == published == f"The customer said: “{text}”", "What hangs on a word is not quoted without it."


def test_of_words_said_twice_the_quotation_is_the_one_with_its_seconds() -> None:
    turn = turn_of("it leaks here, and it leaks here.")
    second = Evidence("t1", turn.words[4].start_s, turn.words[6].end_s, "it leaks here.")
    assert quotation([(turn, second)]) == "The agent said: “… it leaks here.”"


TURNING = [
    "not",
    "never",
    "didn't",
    "can't",
    "If",
    "unless",
    "until",
    "when",
    "only",
    "said",
    "think",
    "doubt",
    "denied",
]
PLAIN = [
    "the",
    "machine",
    "leaks,",
    "and",
    "9",
    "litres",
    "kitchen,",
    "because",
    "um",
    "on",
    "Monday",
    "which",
    "floor.",
]


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(TURNING) | st.sampled_from(PLAIN), min_size=1, max_size=60), st.sampled_from([9, 13, 22])
)
def test_no_word_that_turns_a_sentence_is_left_out_of_its_quotation(words: list[str], most_words: int) -> None:
    turn = turn_of(" ".join(words))
    for sentence in split_sentences(turn):
        short = shorten(sentence, sentence, most_words=most_words)
        assert is_exact(short, [turn])
        assert [word for word in short.quote.split() if word in TURNING] == [
            word for word in sentence.text.split() if word in TURNING
        ]


@settings(deadline=None)
@given(st.lists(st.sampled_from(PLAIN), min_size=1, max_size=60), st.sampled_from([9, 13, 22]))
def test_what_nothing_turns_is_published_within_the_limit(words: list[str], most_words: int) -> None:
    turn = turn_of(" ".join(words))
    for sentence in split_sentences(turn):
        published = quotation([(turn, shorten(sentence, sentence, most_words=most_words))])
        assert len(published.split()) <= 3 + most_words


@settings(deadline=None)
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
