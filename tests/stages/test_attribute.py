"""Who said what, from tracks and from voices: parties, announcements, what stays open and what is warned of."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from worker.core.call import CallDetails, Party
from worker.core.sound import Interval
from worker.core.transcript import (
    Code,
    Conversation,
    Hold,
    Layout,
    Listening,
    SoundKind,
    SpeakerStretch,
    TrackWords,
    Transcript,
    Voices,
    Word,
)
from worker.stages.attribute import ANNOUNCEMENT, attribute

NOTHING_KNOWN = CallDetails()

GREETING = "Thank you for calling Northwind. My name is Emily. How can I help you today?"
PROBLEM = "I have a problem with my bill. I was charged twice and nobody called me back."
CHECKING = "I am sorry to hear that. Could I have your account number please?"
NUMBER = "My account number is four four one two."
QUEUE = "Your call is important to us. All of our agents are currently busy. Please stay on the line."


def words(text: str, start_s: float, confidence: float = 0.9) -> tuple[Word, ...]:
    """Words of 0.3 s, one right after the other."""
    return tuple(
        Word(part, start_s + place * 0.3, start_s + (place + 1) * 0.3, confidence)
        for place, part in enumerate(text.split())
    )


def span(said: Sequence[Word]) -> Interval:
    return Interval(said[0].start_s, said[-1].end_s)


def on_tracks(
    *tracks: Sequence[Word],
    details: CallDetails = NOTHING_KNOWN,
    holds: tuple[Hold, ...] = (),
    language: str | None = "en",
) -> Conversation:
    return _run(
        Listening(Layout.TRACK_PER_PARTY, tuple(range(len(tracks))), (), holds),
        Transcript(tuple(TrackWords(channel, tuple(said)) for channel, said in enumerate(tracks)), language, 0.9),
        Voices((), {f"track {channel}": channel for channel, said in enumerate(tracks) if said}),
        details,
    )


def mixed(
    *said: tuple[str | None, Sequence[Word]],
    details: CallDetails = NOTHING_KNOWN,
    holds: tuple[Hold, ...] = (),
    language: str | None = "en",
) -> Conversation:
    """Words in the order of the call, each row with the voice that is heard in it, if any."""
    heard = [SpeakerStretch(speaker, span(row).start_s, span(row).end_s) for speaker, row in said if speaker]
    return _run(
        Listening(Layout.MIXED, (0,), (), holds),
        Transcript((TrackWords(0, tuple(word for _, row in said for word in row)),), language, 0.9),
        Voices(tuple(heard), {}),
        details,
    )


def _run(listening: Listening, transcript: Transcript, voices: Voices, details: CallDetails) -> Conversation:
    done: list[float] = []
    conversation = attribute(listening, transcript, voices, details, progress=done.append)
    assert done[-1] == 1.0
    assert done == sorted(done)
    quoted = [word.text for track in transcript.tracks for word in track.words if len(word.text) > 6]
    for warning in conversation.warnings:
        assert not any(text in warning.message for text in quoted), "a warning never quotes the call"
    return conversation


def read(conversation: Conversation) -> list[tuple[Party, str | None, int | None, str]]:
    return [(turn.party, turn.speaker, turn.channel, turn.text) for turn in conversation.turns]


def codes(conversation: Conversation) -> list[Code]:
    return [warning.code for warning in conversation.warnings]


def test_on_tracks_the_parties_are_found_from_the_words() -> None:
    agent = [*words(GREETING, 0.0), *words(CHECKING, 12.0)]
    customer = [*words(PROBLEM, 6.0), *words(NUMBER, 17.0)]
    expected = [Party.AGENT, Party.CUSTOMER, Party.AGENT, Party.CUSTOMER]
    for tracks, channels in (((agent, customer), [0, 1, 0, 1]), ((customer, agent), [1, 0, 1, 0])):
        conversation = on_tracks(*tracks, details=CallDetails(agent="Emily Clark", customer="Jack Brown"))
        assert [turn.party for turn in conversation.turns] == expected, "which track is whose makes no difference"
        assert [turn.channel for turn in conversation.turns] == channels
        assert [turn.text for turn in conversation.turns] == [GREETING, PROBLEM, CHECKING, NUMBER]
        assert [(one.party, one.name, one.channel) for one in conversation.participants] == [
            (Party.AGENT, "Emily Clark", channels[0]),
            (Party.CUSTOMER, "Jack Brown", channels[1]),
        ]
        assert conversation.warnings == ()


def test_what_the_sender_said_of_the_channels_decides() -> None:
    told = CallDetails(party_of_channel={0: Party.CUSTOMER, 1: Party.AGENT})
    conversation = on_tracks(words("The green one.", 0.0), words("And the blue one.", 3.0), details=told)
    assert [turn.party for turn in conversation.turns] == [Party.CUSTOMER, Party.AGENT]
    assert [one.reason for one in conversation.participants] == ["the sender of the call said so"] * 2
    assert conversation.warnings == ()


def test_channels_that_were_told_the_wrong_way_round_are_warned_of() -> None:
    told = CallDetails(party_of_channel={0: Party.CUSTOMER, 1: Party.AGENT})
    conversation = on_tracks(words(GREETING, 0.0), words(PROBLEM, 6.0), details=told)
    assert [turn.party for turn in conversation.turns] == [Party.CUSTOMER, Party.AGENT], "what was told stands"
    assert codes(conversation) == [Code.DOUBTED_PARTY] * 2
    assert "swapped" in conversation.warnings[0].message


def test_a_party_that_was_named_and_is_silent_throughout_is_still_there() -> None:
    told = CallDetails(customer="Jack Brown", party_of_channel={0: Party.AGENT, 1: Party.CUSTOMER})
    conversation = on_tracks(words(GREETING, 0.0), (), details=told)
    assert [(one.party, one.name, one.channel) for one in conversation.participants] == [
        (Party.AGENT, None, 0),
        (Party.CUSTOMER, "Jack Brown", 1),
    ]


def test_a_silent_track_of_which_nothing_is_known_is_nobody() -> None:
    conversation = on_tracks((), words(GREETING, 0.0))
    assert [(one.party, one.channel) for one in conversation.participants] == [(Party.AGENT, 1)]


def test_unknown_parties_are_said_to_be_unknown() -> None:
    conversation = on_tracks(words("The green one.", 0.0), words("And the blue one.", 3.0))
    assert [turn.party for turn in conversation.turns] == [Party.UNKNOWN] * 2
    assert all(one.name is None for one in conversation.participants)
    assert codes(conversation) == [Code.UNKNOWN_PARTY] * 2


def test_an_announcement_on_the_agents_track_is_not_the_agents() -> None:
    hold = Hold(20.0, 60.0, SoundKind.MUSIC, 0)
    agent = [*words(GREETING, 0.0), *words(CHECKING, 12.0), *words(QUEUE, 30.0), *words("I am back.", 61.0)]
    conversation = on_tracks(agent, words(PROBLEM, 6.0), holds=(hold,))
    assert (Party.OTHER, ANNOUNCEMENT, 0, QUEUE) in read(conversation)
    assert [turn.text for turn in conversation.turns if turn.party is Party.AGENT] == [GREETING, CHECKING, "I am back."]
    assert {one.speaker: one.party for one in conversation.participants} == {
        "track 0": Party.AGENT,
        "track 1": Party.CUSTOMER,
        ANNOUNCEMENT: Party.OTHER,
    }


def test_a_machines_own_voice_on_a_mixed_track_keeps_its_name_and_is_no_party() -> None:
    conversation = mixed(
        ("speaker 1", words(QUEUE, 0.0)),
        ("speaker 2", words(GREETING, 10.0)),
        ("speaker 3", words(PROBLEM, 16.0)),
    )
    assert [(turn.party, turn.speaker) for turn in conversation.turns] == [
        (Party.OTHER, "speaker 1"),
        (Party.AGENT, "speaker 2"),
        (Party.CUSTOMER, "speaker 3"),
    ]


def test_a_machine_that_diarization_took_for_the_agent_is_told_from_the_agent() -> None:
    conversation = mixed(
        ("speaker 1", words(QUEUE, 0.0)),
        ("speaker 1", words(GREETING, 10.0)),
        ("speaker 2", words(PROBLEM, 16.0)),
        ("speaker 1", words(CHECKING, 22.0)),
    )
    assert [(turn.party, turn.speaker) for turn in conversation.turns] == [
        (Party.OTHER, ANNOUNCEMENT),
        (Party.AGENT, "speaker 1"),
        (Party.CUSTOMER, "speaker 2"),
        (Party.AGENT, "speaker 1"),
    ]


def test_on_a_mixed_track_words_and_not_segments_change_hands() -> None:
    both = words(f"{GREETING} {PROBLEM}", 0.0)  # one segment for the recogniser, without a pause
    border_s = len(GREETING.split()) * 0.3
    conversation = _run(
        Listening(Layout.MIXED, (0,), (), ()),
        Transcript((TrackWords(0, both),), "en", 0.9),
        Voices((SpeakerStretch("speaker 1", 0.0, border_s), SpeakerStretch("speaker 2", border_s, 20.0)), {}),
        NOTHING_KNOWN,
    )
    assert read(conversation) == [
        (Party.AGENT, "speaker 1", None, GREETING),
        (Party.CUSTOMER, "speaker 2", None, PROBLEM),
    ]


def test_mono_sold_as_stereo_gives_every_line_once_and_ignores_what_was_said_of_channels() -> None:
    told = CallDetails(party_of_channel={0: Party.CUSTOMER, 1: Party.AGENT})
    conversation = mixed(("speaker 1", words(GREETING, 0.0)), ("speaker 2", words(PROBLEM, 6.0)), details=told)
    assert read(conversation) == [
        (Party.AGENT, "speaker 1", None, GREETING),
        (Party.CUSTOMER, "speaker 2", None, PROBLEM),
    ]


def test_one_leg_recorded_alone_takes_its_party_from_what_was_said_of_its_channel() -> None:
    told = CallDetails(party_of_channel={0: Party.CUSTOMER})
    conversation = mixed(("speaker 1", words("The green one over there.", 0.0)), details=told)
    assert [one.party for one in conversation.participants] == [Party.CUSTOMER]
    two = mixed(
        ("speaker 1", words("The green one.", 0.0)), ("speaker 2", words("And the blue one.", 3.0)), details=told
    )
    assert {one.party for one in two.participants} == {Party.UNKNOWN}, "two voices cannot both be the customer"


def test_of_two_agents_nobody_is_given_the_one_name() -> None:
    second = "Welcome to billing. How may I assist you? Could you confirm your account number for me?"
    conversation = mixed(
        ("speaker 1", words(GREETING, 0.0)),
        ("speaker 2", words(PROBLEM, 6.0)),
        ("speaker 1", words("I will transfer you to billing.", 12.0)),
        ("speaker 3", words(second, 20.0)),
        ("speaker 2", words(NUMBER, 26.0)),
        details=CallDetails(agent="Somebody Else", customer="Jack Brown"),
    )
    assert [(one.party, one.name) for one in conversation.participants] == [
        (Party.AGENT, None),
        (Party.CUSTOMER, "Jack Brown"),
        (Party.AGENT, None),
    ]


def test_words_where_nobody_speaks_are_kept_counted_and_warned_of() -> None:
    conversation = mixed(
        ("speaker 1", words(GREETING, 0.0)),
        (None, words("Hello over there.", 20.0)),
        ("speaker 2", words(PROBLEM, 30.0)),
    )
    assert (Party.UNKNOWN, None, None, "Hello over there.") in read(conversation)
    (warning,) = (one for one in conversation.warnings if one.code is Code.UNATTRIBUTED_WORDS)
    assert (warning.start_s, warning.end_s) == (20.0, 20.9)
    assert "3" in warning.message
    assert len(conversation.participants) == 2


def test_words_that_nobody_says_are_named_where_they_are() -> None:
    conversation = mixed(
        (None, words("Hello over there.", 0.0)),
        ("speaker 1", words(GREETING, 20.0)),
        (None, words("Over there.", 40.0)),
    )
    lost = [one for one in conversation.warnings if one.code is Code.UNATTRIBUTED_WORDS]
    assert [(one.start_s, one.end_s) for one in lost] == [(0.0, 0.9), (40.0, 40.6)]
    assert ["3" in one.message for one in lost] == [True, False]


def test_overlap_is_stated_on_the_turns_and_named_with_its_stretch_on_a_mixed_track_only() -> None:
    listening = Listening(Layout.MIXED, (0,), (), ())
    transcript = Transcript((TrackWords(0, words(GREETING, 0.0)),), "en", 0.9)
    voices = Voices((SpeakerStretch("speaker 1", 0.0, 5.0), SpeakerStretch("speaker 2", 2.0, 4.0)), {})
    conversation = _run(listening, transcript, voices, NOTHING_KNOWN)
    assert [turn.overlaps for turn in conversation.turns] == [True]
    overlap = [one for one in conversation.warnings if one.code is Code.OVERLAP]
    assert [(one.start_s, one.end_s) for one in overlap] == [(2.0, 4.0)]
    stereo = on_tracks(words(GREETING, 0.0), words(PROBLEM, 2.0))
    assert all(turn.overlaps for turn in stereo.turns)
    assert Code.OVERLAP not in codes(stereo), "on two tracks both are heard in full"


def test_two_parties_in_one_voice_are_told_apart_by_their_words_and_warned_of() -> None:
    conversation = mixed(("speaker 1", words(f"{GREETING} {PROBLEM} {CHECKING} {NUMBER}", 0.0)))
    assert {one.speaker: one.party for one in conversation.participants if one.party is not Party.UNKNOWN} == {
        "speaker 1 as agent": Party.AGENT,
        "speaker 1 as customer": Party.CUSTOMER,
    }
    for turn in conversation.turns:
        assert turn.party is not Party.AGENT or turn.text in f"{GREETING} {CHECKING}"
        assert turn.party is not Party.CUSTOMER or turn.text in (PROBLEM, NUMBER)
    (warning,) = conversation.warnings
    assert (warning.code, warning.start_s) == (Code.ONE_VOICE, 0.0), "that words alone told them apart is said"


def test_where_one_voice_speaks_for_both_and_little_tells_its_party_is_unknown() -> None:
    story = "The house stands by the lake and the road goes round it. " * 8
    conversation = mixed(("speaker 1", words(f"{GREETING} {PROBLEM} {CHECKING} {NUMBER} {story}", 0.0)))
    assert [(one.speaker, one.party) for one in conversation.participants] == [("speaker 1", Party.UNKNOWN)]
    assert codes(conversation) == [Code.ONE_VOICE], "as one person it would be the agent, and wrongly"


def test_one_voice_of_one_party_and_two_voices_are_left_as_they_are() -> None:
    alone = mixed(("speaker 1", words(f"{GREETING} {CHECKING}", 0.0)))
    assert [(one.speaker, one.party) for one in alone.participants] == [("speaker 1", Party.AGENT)]
    told = CallDetails(party_of_channel={0: Party.AGENT})
    leg = mixed(("speaker 1", words(f"{GREETING} {PROBLEM} {CHECKING} {NUMBER}", 0.0)), details=told)
    assert Code.ONE_VOICE not in codes(leg), "the sender said that one party is heard"
    two = mixed(("speaker 1", words(f"{GREETING} {CHECKING}", 0.0)), ("speaker 2", words(f"{PROBLEM} {NUMBER}", 10.0)))
    assert codes(two) == []


def test_stretches_heard_with_little_certainty_are_named() -> None:
    agent = [*words(GREETING, 0.0), *words("the house by the lake", 10.0, 0.2)]
    conversation = on_tracks(agent, words(PROBLEM, 5.0))
    (warning,) = (one for one in conversation.warnings if one.code is Code.UNCERTAIN_WORDS)
    assert (warning.start_s, warning.end_s) == (10.0, 11.5)


@pytest.mark.parametrize("language", ["en", None])
def test_a_call_without_words_has_no_turns_and_no_warnings(language: str | None) -> None:
    for conversation in (on_tracks((), (), language=language), mixed(language=language)):
        assert (conversation.participants, conversation.turns, conversation.warnings) == ((), (), ())
        assert conversation.language == language


def test_a_language_whose_agents_are_not_known_is_attributed_to_speakers_and_its_parties_stay_unknown() -> None:
    conversation = mixed(
        ("speaker 1", words("Buongiorno, come posso aiutarla?", 0.0)),
        ("speaker 2", words("La mia fattura è sbagliata.", 4.0)),
        language="it",
    )
    assert [turn.speaker for turn in conversation.turns] == ["speaker 1", "speaker 2"]
    assert {turn.party for turn in conversation.turns} == {Party.UNKNOWN}
    assert codes(conversation) == [Code.UNKNOWN_PARTY] * 2
