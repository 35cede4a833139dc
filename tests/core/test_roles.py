"""Who is the agent: found from the words where they are clear, and left unknown where they are not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from worker.core.call import CallDetails, Party
from worker.core.role_cues import CUES, Reading, plain
from worker.core.roles import Role, Utterance, find_announcements, find_roles
from worker.core.sound import Interval
from worker.core.transcript import Word

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
NOTHING_KNOWN = CallDetails()
A, B, C = "speaker 1", "speaker 2", "speaker 3"

GREETING = "Thank you for calling Northwind. My name is Emily. How can I help you today?"
PROBLEM = "Hi, I have a problem with my bill. I was charged twice and nobody called me back."
CHECKING = "I am sorry to hear that. Could I have your account number, please? Let me look that up for you."
NUMBER = "Sure, my account number is four four one two."
GOODBYE = "Is there anything else I can help you with? You will receive an email today."
THANKS = "No, that's all. Thank you for your help."


def words(text: str, start_s: float = 0.0, *, each_s: float = 0.4) -> tuple[Word, ...]:
    parts = text.split()
    return tuple(
        Word(part, start_s + place * each_s, start_s + (place + 1) * each_s, 0.9) for place, part in enumerate(parts)
    )


def call(*said: tuple[str, str]) -> list[Utterance]:
    at_s, utterances = 0.0, []
    for speaker, text in said:
        utterances.append(Utterance(speaker, words(text, at_s)))
        at_s = utterances[-1].words[-1].end_s + 0.5
    return utterances


def roles(
    utterances: Sequence[Utterance],
    *,
    details: CallDetails = NOTHING_KNOWN,
    told: Mapping[str, Party] | None = None,
    own_tracks: bool = False,
    language: str | None = "en",
) -> dict[str, Role]:
    return find_roles(utterances, details=details, told=told or {}, own_tracks=own_tracks, language=language)


def parties(found: Mapping[str, Role]) -> dict[str, Party]:
    return {speaker: role.party for speaker, role in found.items()}


SERVICE = ((A, GREETING), (B, PROBLEM), (A, CHECKING), (B, NUMBER), (A, GOODBYE), (B, THANKS))


def test_the_agent_is_found_from_the_words_and_the_reason_quotes_them() -> None:
    found = roles(call(*SERVICE))
    assert parties(found) == {A: Party.AGENT, B: Party.CUSTOMER}
    assert found[A].reason == "said “Thank you for calling” at 0:00"
    assert found[B].reason == "said “Thank you for your help” at 0:34"


def test_it_makes_no_difference_who_speaks_first_or_how_the_speakers_are_called() -> None:
    swapped = {A: B, B: A}
    outbound = [*SERVICE[1:], SERVICE[0]]
    assert parties(roles(call(*((swapped[speaker], text) for speaker, text in SERVICE)))) == {
        B: Party.AGENT,
        A: Party.CUSTOMER,
    }
    assert parties(roles(call(*outbound))) == {B: Party.CUSTOMER, A: Party.AGENT}


@pytest.mark.parametrize(
    "said",
    [
        ((A, "Did you see the match?"), (B, "Yes it was great, wasn't it? I was there with my brother.")),
        ((A, "He was here on Monday and went home again."), (B, "She told me about the garden and the two dogs.")),
        ((A, "Yes."), (B, "Okay.")),
        ((A, GREETING), (B, "Welcome to Northwind. How may I help you? Is there anything else I can help you with?")),
        ((A, PROBLEM), (B, "I have a problem as well. My order never came. I was told that it was on its way.")),
    ],
    ids=["friends", "nothing that tells", "hardly a word", "two agents", "two customers"],
)
def test_what_is_not_clear_stays_unknown_for_both(said: Sequence[tuple[str, str]]) -> None:
    found = roles(call(*said))
    assert parties(found) == {A: Party.UNKNOWN, B: Party.UNKNOWN}, "no role is better than the wrong role"
    assert all(role.reason for role in found.values())


def test_who_says_nothing_telling_is_known_by_the_other_of_two() -> None:
    found = roles(call((A, GREETING), (B, "Well the green one over there in the corner by the door."), (A, GOODBYE)))
    assert parties(found) == {A: Party.AGENT, B: Party.CUSTOMER}
    assert found[B].reason == "the other speaker, the agent, said “Thank you for calling” at 0:00"


def test_a_voice_of_a_few_words_has_no_role_where_it_may_be_an_error_of_the_diarizer() -> None:
    found = roles(call((A, GREETING), (B, "Uh"), (A, CHECKING), (A, GOODBYE)))
    assert parties(found) == {A: Party.AGENT, B: Party.UNKNOWN}
    found = roles(call((A, GREETING), (B, "Uh"), (A, CHECKING), (A, GOODBYE)), own_tracks=True)
    assert parties(found) == {A: Party.AGENT, B: Party.CUSTOMER}, "on a track of its own it is somebody else"


def test_a_stray_third_voice_does_not_stand_in_the_way() -> None:
    assert parties(roles(call(*SERVICE, (C, "Hm")))) == {A: Party.AGENT, B: Party.CUSTOMER, C: Party.UNKNOWN}


def test_after_a_transfer_two_agents_are_possible() -> None:
    second = "Welcome to the billing team. How may I assist you? Could you confirm your account number for me?"
    more = "I apologize for the inconvenience. I have processed the refund. Is there anything else I can do for you?"
    found = roles(call(*SERVICE[:4], (A, "I will transfer you to billing."), (C, second), (B, THANKS), (C, more)))
    assert parties(found) == {A: Party.AGENT, B: Party.CUSTOMER, C: Party.AGENT}


def test_a_third_voice_that_leans_to_one_side_has_a_role_beside_somebody_of_the_other() -> None:
    # "put you through" counts 2.5: not enough alone (4.0), but a customer is heard and this is not another one.
    first = "Northwind reservations, good day, this is about the room. I will put you through to accounts."
    found = roles(call((A, first), (B, PROBLEM), (C, CHECKING), (B, THANKS), (C, GOODBYE)))
    assert parties(found) == {A: Party.AGENT, B: Party.CUSTOMER, C: Party.AGENT}
    assert parties(roles(call((A, first)))) == {A: Party.UNKNOWN}


def test_a_third_voice_that_says_nothing_telling_stays_unknown() -> None:
    found = roles(call(*SERVICE, (C, "The dog has been out in the garden since five and wants his dinner.")))
    assert parties(found) == {A: Party.AGENT, B: Party.CUSTOMER, C: Party.UNKNOWN}


def test_one_leg_of_a_call_is_enough_where_its_words_are_clear() -> None:
    assert parties(roles(call((A, GREETING), (A, CHECKING), (A, GOODBYE)))) == {A: Party.AGENT}
    assert parties(roles(call((A, "Hello, can you hear me? Hello?")))) == {A: Party.UNKNOWN}


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        # A says "my name is Emily" (5), B calls her so (3): more than the margin of 4.5 in either direction.
        (CallDetails(agent="Emily Clark"), {A: Party.AGENT, B: Party.CUSTOMER}),
        (CallDetails(customer="Emily Clark"), {A: Party.CUSTOMER, B: Party.AGENT}),
        (CallDetails(agent="Emmily Clarke"), {A: Party.AGENT, B: Party.CUSTOMER}),  # spelled in another way
        (CallDetails(agent="4412"), {A: Party.UNKNOWN, B: Party.UNKNOWN}),
        (CallDetails(agent="Emily Clark", customer="Emily Brown"), {A: Party.UNKNOWN, B: Party.UNKNOWN}),
    ],
)
def test_a_name_that_the_sender_gave_decides_when_it_is_heard(details: CallDetails, expected: dict[str, Party]) -> None:
    said = call((A, "Good day, my name is Emily, we met at the house."), (B, "Hello Emily, yes, at the door, I know."))
    assert parties(roles(said, details=details)) == expected


def test_whoever_asks_for_a_name_is_not_taken_for_it() -> None:
    said = call((A, "Am I speaking with Emily? It is about the house at the lake."), (B, "Yes that is right, it is."))
    assert parties(roles(said, details=CallDetails(customer="Emily Clark")))[A] is not Party.CUSTOMER


def test_what_the_sender_said_stands_and_the_other_of_two_follows_from_it() -> None:
    said = call((A, "The green one."), (B, "And the blue one."))
    found = roles(said, told={A: Party.AGENT}, own_tracks=True)
    assert parties(found) == {A: Party.AGENT, B: Party.CUSTOMER}
    assert found[A].reason == "the sender of the call said so"


def test_swapped_channels_are_kept_as_told_but_doubted() -> None:
    found = roles(call(*SERVICE), told={A: Party.CUSTOMER, B: Party.AGENT}, own_tracks=True)
    assert parties(found) == {A: Party.CUSTOMER, B: Party.AGENT}
    assert all(role.doubted for role in found.values())
    right = roles(call(*SERVICE), told={A: Party.AGENT, B: Party.CUSTOMER}, own_tracks=True)
    assert not any(role.doubted for role in right.values())


def test_who_was_told_and_says_nothing_is_still_a_party() -> None:
    found = roles(call((A, GREETING)), told={A: Party.AGENT, B: Party.CUSTOMER}, own_tracks=True)
    assert parties(found) == {A: Party.AGENT, B: Party.CUSTOMER}


def test_the_other_of_two_is_not_named_against_its_own_words() -> None:
    found = roles(call(*SERVICE), told={A: Party.CUSTOMER}, own_tracks=True)
    assert parties(found) == {A: Party.CUSTOMER, B: Party.UNKNOWN}, "both would be customers: that cannot be"


@pytest.mark.parametrize(
    ("language", "agent", "customer"),
    [
        (
            "es",
            "Buenas tardes, le atiende Marta. ¿En qué puedo ayudarle? ¿Me podría facilitar su número de contrato?",
            "Hola, llamo porque me han cobrado dos veces la factura de marzo. Eso es todo, gracias por su ayuda.",
        ),
        (
            "de",
            "Guten Tag, mein Name ist Krause. Was kann ich für Sie tun? Können Sie mir bitte Ihre Adresse nennen?",
            "Ich rufe an wegen meiner Rechnung. Wann bekomme ich das Geld? Das war alles, danke für Ihre Hilfe.",
        ),
        (
            "fr",
            "Bonjour, en quoi puis-je vous aider ? Pouvez-vous me donner votre numéro de commande ?",
            "Bonjour, j'ai un problème avec ma commande. Non, c'est tout. Merci beaucoup pour votre aide.",
        ),
    ],
)
def test_agents_and_customers_are_known_in_other_languages_too(language: str, agent: str, customer: str) -> None:
    assert parties(roles(call((A, agent), (B, customer)), language=language)) == {A: Party.AGENT, B: Party.CUSTOMER}
    assert set(parties(roles(call((A, agent), (B, agent)), language=language)).values()) == {Party.UNKNOWN}


def test_in_a_call_that_changes_its_language_the_cues_of_both_count() -> None:
    said = call(
        (A, "Thank you for calling Bluebird. One moment, please, I will bring in a colleague."),
        (B, "Hello. I have a ticket to Madrid, and I want to change the date."),
        (C, "Buenas tardes. Soy Elena. Le enviaré el billete nuevo por correo. Que tenga un buen día."),
        (B, "Gracias. ¿Cuánto cuesta el cambio? Gracias por su ayuda. Eso es todo."),
    )
    for language in ("en", "es"):
        assert parties(roles(said, language=language)) == {A: Party.AGENT, B: Party.CUSTOMER, C: Party.AGENT}


@pytest.mark.parametrize(
    ("language", "menu"),
    [
        ("es", "Su llamada es muy importante para nosotros. Para facturas, pulse uno."),
        ("de", "Ihr Anruf ist uns wichtig. Für Rechnungen drücken Sie die Eins."),
        ("fr", "Votre appel est important pour nous. Pour les factures, tapez un."),
    ],
)
def test_machines_are_known_in_other_languages_too(language: str, menu: str) -> None:
    said = words(menu)
    assert find_announcements(said, holds=(), language=language) == ((0, len(said)),)


@pytest.mark.parametrize("language", ["it", "tr", None])
def test_a_language_without_cues_decides_nothing_but_what_was_told_stands(language: str | None) -> None:
    said = call(*SERVICE)
    assert parties(roles(said, language=language)) == {A: Party.UNKNOWN, B: Party.UNKNOWN}
    told = roles(said, told={A: Party.AGENT}, own_tracks=True, language=language)
    assert told[A].party is Party.AGENT


def test_nobody_heard_has_no_role() -> None:
    assert roles([]) == {}


MENU = (
    "Thank you for calling Northwind. For orders, press one. For bills, press two. "
    "To speak with an operator, press zero."
)
QUEUE = "Your call is important to us. All of our agents are currently busy. Please stay on the line."


@pytest.mark.parametrize(
    ("before", "machine", "after"),
    [
        ("", MENU, ""),
        ("", QUEUE, ""),
        ("", MENU, "Good morning. My name is Emily."),
        ("I will put you on hold now.", QUEUE, "Hello, I am back. Thank you for waiting."),
        ("", "Welcome to Northwind. This call may be recorded for training. Please wait.", "How can I help you?"),
        ("", "Please enter your customer number, followed by the pound key.", "Northwind, what can I do for you?"),
        ("", "Your call cannot be completed as dialed.", ""),
        ("One moment.", "You are currently caller number three waiting to speak with a representative.", ""),
    ],
)
def test_what_only_a_machine_says_is_told_from_the_person_on_the_same_track(
    before: str, machine: str, after: str
) -> None:
    first = len(before.split())
    said = words(" ".join((before, machine, after)))
    assert find_announcements(said, holds=(), language="en") == ((first, first + len(machine.split())),)


@pytest.mark.parametrize(
    "text",
    [
        GREETING,
        "Thank you for calling Northwind. This call may be recorded for training. My name is Emily.",
        "When you hear the menu, for bills you press two. I can wait. Then tell me what it says.",
        "Please stay on the line. I will look that up.",
        PROBLEM,
    ],
)
def test_a_person_who_sounds_like_a_machine_for_a_moment_stays_a_person(text: str) -> None:
    assert find_announcements(words(text), holds=(), language="en") == ()


def test_a_weak_sign_is_enough_within_a_hold_and_between_two_pieces_of_music() -> None:
    said = words("Please continue to hold.", 20.0)
    assert find_announcements(said, holds=(), language="en") == ()
    assert find_announcements(said, holds=(Interval(0.0, 60.0),), language="en") == ((0, 4),)
    around = (Interval(0.0, 19.5), Interval(22.0, 60.0))
    assert find_announcements(said, holds=around, language="en") == ((0, 4),)


def test_who_comes_back_to_the_line_between_two_pieces_of_music_is_a_person() -> None:
    around = (Interval(0.0, 19.5), Interval(26.0, 60.0))
    said = words("Thank you for holding. Helen? The reading was estimated.", 20.0)
    assert find_announcements(said, holds=around, language="en") == ()
    assert find_announcements(said[:4], holds=around, language="en") == ((0, 4),), "alone it is a set phrase"


def test_announcements_are_not_looked_for_in_a_language_whose_machines_are_not_known() -> None:
    assert find_announcements(words(MENU), holds=(), language="it") == ()
    assert find_announcements((), holds=(), language="en") == ()


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("I’ll", "i will"),
        ("Can't", "can not"),
        ("don't,", "do not"),
        ("What's", "what is"),
        ("E-mail.", "email"),
        ("party's", "party s"),
        ("—", ""),
    ],
)
def test_words_are_read_without_case_punctuation_and_contractions(said: str, read: str) -> None:
    assert plain(said) == read


def test_a_match_leads_back_to_the_words_as_they_were_said() -> None:
    reading = Reading.of(words("— So, how can I help you today?"))
    assert reading.text == "so how can i help you today"
    (match,) = (match for cue in CUES["en"].roles if (match := cue.pattern.search(reading.text)))
    assert [word.text for word in reading.words_of(match)] == ["how", "can", "I", "help"]


def _dialogues() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    for path in sorted((SHARED / "calls" / "ref").glob("*.json")):
        turns = [(turn.get("role"), turn["text"]) for turn in json.loads(path.read_text())["utterances"]]
        if turns and turns[0][0]:
            yield "call", turns
    for name in ("tweetsumm_60", "todsum_20"):
        for row in (SHARED / "text" / f"{name}.jsonl").read_text().splitlines():
            yield name, [(turn["speaker"], turn["text"]) for turn in json.loads(row)["turns"]]


@pytest.mark.skipif(
    not SHARED.is_dir(), reason="the shared calls and dialogues are only on the machines they were lent to"
)
def test_on_real_service_dialogues_a_role_is_right_or_unknown_and_hardly_ever_wrong() -> None:
    right: dict[str, int] = {}
    total: dict[str, int] = {}
    wrong = 0
    for kind, turns in _dialogues():
        found = roles(call(*((f"voice of {role}", text) for role, text in turns if text.split())))
        named = [(speaker, role.party) for speaker, role in found.items() if role.party is not Party.UNKNOWN]
        wrong += any(speaker != f"voice of {party}" for speaker, party in named)
        right[kind] = right.get(kind, 0) + (len(named) == 2)
        total[kind] = total.get(kind, 0) + 1
    assert wrong <= 0.02 * sum(total.values()), "better no role than the wrong role"
    assert right["call"] >= 0.95 * total["call"]
    assert right["todsum_20"] >= 0.9 * total["todsum_20"]
    assert right["tweetsumm_60"] >= 0.6 * total["tweetsumm_60"], "chats without greeting or goodbye stay unknown"
