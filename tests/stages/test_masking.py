"""Tokens in place of words, and the stretches of sound that are taken with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from worker.core.call import CallDetails, Party
from worker.core.errors import Invalid
from worker.core.protection import NEVER_KEPT, TOKEN, Action, Cut, Found, Kind, Rules
from worker.core.sound import RecordingFacts, Sound, Track
from worker.core.transcript import Conversation, Layout, Leak, Listening, Participant, Turn, Word
from worker.stages.protect import protect
from worker.stages.protecting.masking import LEAST_MARGIN_S, MARGIN_S, WIDEST_MARGIN_S, Heard, mask

RULES = Rules()
NOTHING_KNOWN = CallDetails()


def said(text: str, start_s: float = 10.0, *, each_s: float = 0.5, gap_s: float = 0.0, sure: float = 0.9) -> list[Word]:
    return [
        Word(part, start_s + place * (each_s + gap_s), start_s + place * (each_s + gap_s) + each_s, sure)
        for place, part in enumerate(text.split())
    ]


def turn(words: list[Word], *, number: int = 1, channel: int | None = 0, party: Party = Party.CUSTOMER) -> Turn:
    text = " ".join(word.text for word in words)
    return Turn(f"t{number}", party, "a", channel, words[0].start_s, words[-1].end_s, text, tuple(words))


def masked(turns: list[Turn], *found: Found, rules: Rules = RULES) -> tuple[tuple[Turn, ...], tuple[Cut, ...]]:
    return mask(turns, found, rules.of(None), heard_on=lambda one: Heard((one.channel or 0,)), duration_s=60.0)


def test_a_token_stands_for_the_words_and_the_sentence_still_ends_there() -> None:
    words = said("My code is one two three. Anything else?")
    (one,), (cut,) = masked([turn(words)], Found(Kind.CARD_CODE, 0, 3, 6))
    assert one.text == "My code is [card_code]. Anything else?"
    assert one.text == " ".join(word.text for word in one.words)
    token = one.words[cut.word]
    assert TOKEN.search(token.text)
    assert (token.start_s, token.end_s) == (words[3].start_s, words[5].end_s)


def test_a_mask_leaves_what_tells_it_apart_and_a_cut_leaves_nothing() -> None:
    turns = [turn(said("It is 4242424242424242 thanks"))]
    found = Found(Kind.CARD_NUMBER, 0, 2, 3, left="4242")
    assert masked(turns, found)[0][0].text == "It is [card_number:4242] thanks"
    cutting = Rules({Kind.CARD_NUMBER: Action.CUT})
    assert masked(turns, found, rules=cutting)[0][0].text == "It is [card_number] thanks"


def test_what_the_rules_keep_stays_as_it_was_said_and_is_no_cut() -> None:
    turns = [turn(said("Write to anna@example.org please"))]
    assert masked(turns, Found(Kind.EMAIL, 0, 2, 3)) == (tuple(turns), ())


def test_several_tokens_in_one_turn_are_numbered_as_they_stand_in_it() -> None:
    (one,), cuts = masked(
        [turn(said("It is 4242 4242 and the code is one two three"))],
        Found(Kind.CARD_NUMBER, 0, 2, 4, left="4242"),
        Found(Kind.CARD_CODE, 0, 8, 11),
    )
    assert one.text == "It is [card_number:4242] and the code is [card_code]"
    assert [one.words[cut.word].text for cut in cuts] == ["[card_number:4242]", "[card_code]"]


def test_a_token_is_as_sure_as_the_least_sure_of_its_words() -> None:
    words = [*said("one two"), Word("three", 11.0, 11.5, 0.6)]
    (one,), _ = masked([turn(words)], Found(Kind.CARD_CODE, 0, 0, 3))
    assert one.words[0].confidence == 0.6


@pytest.mark.parametrize(
    ("gap_s", "margin_s"),
    [(0.0, LEAST_MARGIN_S), (0.2, 0.2), (2.0, MARGIN_S)],
    ids=["words run together", "a breath between", "a pause"],
)
def test_the_sound_is_taken_with_a_margin_that_spares_the_words_beside_it(gap_s: float, margin_s: float) -> None:
    words = said("code one please", gap_s=gap_s)
    _, (cut,) = masked([turn(words)], Found(Kind.CARD_CODE, 0, 1, 2))
    assert cut.start_s == pytest.approx(words[1].start_s - margin_s, abs=0.002)
    assert cut.end_s == pytest.approx(words[1].end_s + margin_s, abs=0.002)


@pytest.mark.parametrize(
    "doubtful",
    [Word("4242424242424242", 20.0, 20.5, 0.9), Word("seven", 20.0, 20.5, 0.3)],
    ids=["sixteen digits in half a second", "hardly heard"],
)
def test_where_the_times_cannot_be_right_all_the_sound_up_to_the_words_beside_goes(doubtful: Word) -> None:
    words = [*said("here", 19.0), doubtful, *said("okay", 26.0)]
    _, (cut,) = masked([turn(words)], Found(Kind.CARD_NUMBER, 0, 1, 2))
    assert cut.start_s == 19.5, "up to the end of the word before"
    assert cut.end_s == 20.5 + WIDEST_MARGIN_S, "the word after is far away"


def test_the_words_beside_are_those_on_the_same_sound_whoever_says_them() -> None:
    mine = turn(said("four two", 20.0))
    theirs = turn(said("and", 21.05), number=2, party=Party.AGENT)
    _, (cut,) = masked([mine, theirs], Found(Kind.CARD_CODE, 0, 0, 2))
    assert cut.end_s == pytest.approx(21.0 + LEAST_MARGIN_S)
    other_track = turn(said("and", 21.05), number=2, channel=1, party=Party.AGENT)
    _, (cut,) = masked([mine, other_track], Found(Kind.CARD_CODE, 0, 0, 2))
    assert cut.end_s == pytest.approx(21.0 + MARGIN_S)


def test_the_stretch_never_leaves_the_sound() -> None:
    _, (first, last) = masked(
        [turn(said("one", 0.0)), turn(said("two", 59.5), number=2)],
        Found(Kind.CARD_CODE, 0, 0, 1),
        Found(Kind.CARD_CODE, 1, 0, 1),
    )
    assert (first.start_s, last.end_s) == (0.0, 60.0)


# The stage


def sound_of(channels: int) -> Sound:
    tracks = tuple(Track(channel, Path("/nowhere"), 60 * 16_000, 0.1, 0.1) for channel in range(channels))
    return Sound(RecordingFacts(60.0, channels, 8000, "pcm_s16le"), tracks)


def protected(turns, found, listening, *, channels=2, details=NOTHING_KNOWN, rules=RULES, participants=()):
    spoken = Conversation(tuple(participants), tuple(turns), language="en")
    return protect(
        spoken,
        listening,
        sound_of(channels),
        details,
        protection=rules,
        progress=lambda _: None,
        find=lambda _turns, _language: tuple(found),
    )


CODE = Found(Kind.CARD_CODE, 0, 0, 2)


def test_sound_is_taken_from_the_track_of_the_speaker() -> None:
    listening = Listening(Layout.TRACK_PER_PARTY, (0, 1), (), ())
    made = protected([turn(said("one two"), channel=1)], [CODE], listening)
    assert made.cuts[0].channels == (1,)


def test_what_leaks_is_taken_from_both_tracks_and_as_much_later_as_it_is_heard() -> None:
    leak = Leak(source=1, into=0, lag=3200, taps=(0.1,) * 800, remains_db=-30.0)
    listening = Listening(Layout.TRACK_PER_PARTY, (0, 1), (), (), leaks=(leak,))
    made = protected([turn(said("one two"), channel=1)], [CODE], listening)
    assert made.cuts[0].channels == (0, 1)
    assert made.cuts[0].end_s == pytest.approx(11.0 + MARGIN_S + 0.25)
    theirs = protected([turn(said("one two"), channel=0)], [CODE], listening)
    assert theirs.cuts[0].channels == (0,), "it leaks one way only"


def test_a_mixed_call_is_overwritten_on_every_track() -> None:
    listening = Listening(Layout.MIXED, (0,), (), ())
    made = protected([turn(said("one two"), channel=None)], [CODE], listening)
    assert made.cuts[0].channels == (0, 1)


def test_a_track_that_nobody_listened_to_is_overwritten_too() -> None:
    """It may carry a copy of the sound of another."""
    listening = Listening(Layout.TRACK_PER_PARTY, (0, 1), (), ())
    made = protected([turn(said("one two"), channel=0)], [CODE], listening, channels=3)
    assert made.cuts[0].channels == (0, 2)


def test_a_voice_on_the_one_mixed_track_of_several_is_overwritten_there() -> None:
    listening = Listening(Layout.TRACK_PER_PARTY, (0, 1, 2), (), (), mixed_channels=(2,))
    made = protected([turn(said("one two"), channel=None)], [CODE], listening, channels=3)
    assert made.cuts[0].channels == (2,)


def test_the_rules_are_those_of_the_line_of_the_call() -> None:
    rules = Rules.read("email=mask;line:support:email=cut")
    listening = Listening(Layout.TRACK_PER_PARTY, (0, 1), (), ())
    turns, found = [turn(said("anna@example.org"))], [Found(Kind.EMAIL, 0, 0, 1, left="example.org")]
    texts = [
        protected(turns, found, listening, rules=rules, details=CallDetails(line=line)).turns[0].text
        for line in (None, "sales", "support")
    ]
    assert texts == ["[email:example.org]", "[email:example.org]", "[email]"]


def test_the_reason_for_a_party_says_no_more_than_the_turns_do() -> None:
    reason = "says “my name is one two”"
    somebody = Participant(Party.CUSTOMER, None, "a", 0, reason)
    listening = Listening(Layout.TRACK_PER_PARTY, (0, 1), (), ())
    made = protected([turn(said("one two"))], [CODE], listening, participants=[somebody])
    assert made.participants[0].reason == "says “my name is [card_code]”"


def test_a_call_that_says_nothing_of_the_kind_is_the_same_afterwards() -> None:
    listening = Listening(Layout.TRACK_PER_PARTY, (0, 1), (), ())
    turns = (turn(said("good morning")),)
    assert protected(turns, [], listening) == Conversation((), turns, language="en")


# The rules as they are written in the settings


def test_rules_are_read_for_all_lines_and_for_one() -> None:
    rules = Rules.read(" email=mask, phone=cut ; line:the support: 2:email=keep")
    assert rules.of(None)[Kind.EMAIL] is Action.MASK
    assert rules.of("the support: 2")[Kind.EMAIL] is Action.KEEP
    assert rules.of("the support: 2")[Kind.PHONE] is Action.CUT
    assert Rules.read("") == Rules()


@pytest.mark.parametrize(
    "text", ["email", "email=hide", "mail=cut", "line:support", "line::email=cut", "email=cut phone=cut"]
)
def test_a_rule_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="A rule of protection is"):
        Rules.read(text)


@pytest.mark.parametrize("kind", sorted(NEVER_KEPT))
def test_no_rule_keeps_what_is_never_kept(kind: Kind) -> None:
    for action in ("keep", "mask"):
        with pytest.raises(Invalid, match="is always cut"):
            Rules.read(f"line:support:{kind}={action}")
