"""Other persons in a call: what is found, what is let go, and how much of a set of examples that we wrote.

The examples are sentences of calls, each with the words that tell of another person between braces, or none.
"""

from __future__ import annotations

import re
import sys
from dataclasses import replace

import pytest

from tests.web.records import AGENT, CUSTOMER, record_of, said
from worker.core.call import Party
from worker.core.record import CallRecord
from worker.core.requests.third_persons import SURE_ENOUGH, find_places
from worker.core.requests.values import Place, Sign
from worker.core.roles import IS_MACHINE
from worker.core.transcript import Participant

ENGLISH = """
It was {my husband} who signed for it.
{My neighbour Mrs Miller} took the parcel in.
I gave it to {my son} on Tuesday.
{My late mother} had the same contract.
Could I speak to {your manager}?
{Your wife} called us yesterday.
The account is in the name of {my daughter Sophie}.
{Peter} told me to ring you.
I spoke to {Sarah} last week and she promised a refund.
A man called {Kowalczyk} was here.
{Mr Brown} from your office said it was free.
{Dr Patel} sent you a letter about that.
I will hand it to {Mr. Godfrey} at noon.
They are {my kids}, {Alex} and Kathy.
May I see your driver's licence?
My name's David Parker.
Am I speaking with Mr. Lopez?
Please talk to {Mrs Van Buren} about the lease.
I have already explained this to {James Whitfield}.
{My ex-husband} still has the card.
{My flatmate Tom} broke it.
Ask {Ms Okonkwo} in accounts.
{My lawyer} will write to you.
It was {Anna's} birthday present.
{Her brother} picked it up.
My name is Maria Lopez.
Thank you, Maria.
Thanks Mr Price, that helps.
This is Daniel speaking.
I live in Bristol near Castle Street.
I bought a Samsung in May.
On Monday I was in London.
It is the Premium Plus contract.
Can you send it by DHL or UPS?
Yes, sir, right away.
I never got the invoice for March.
How can I help you today?
The Wi-Fi drops every evening.
I pay with Visa or PayPal.
They never called me back.
Hello, Daniel.
OK. Right. Goodbye.
I want to speak about my order number.
The washing machine is a Bosch.
We close early on Christmas.
I may call again in June.
Will you mark it as paid?
I rose to the occasion and paid.
In New York it works.
Somebody at the front desk told me so.
"""

GERMAN = """
{Meine Frau} hat gestern angerufen.
Das Paket nahm {mein Nachbar Herr Schulz} an.
{Frau Schneider} hat mir das zugesagt.
Ich habe mit {Thomas} gesprochen.
{Mein Sohn Jonas} wohnt nicht mehr hier.
Ein Herr namens {Kaczmarek} war hier.
{Ihr Kollege} hat aufgelegt.
Mein Name ist Maria Lopez.
Guten Tag, Frau Lopez.
Die Waschmaschine steht im Keller.
Der Vertrag läuft bis Dezember.
Ich wohne in der Berliner Straße.
Die Rechnung kam am Montag.
Danke, Daniel.
"""

SPANISH = """
{Mi marido} firmó el contrato.
Hablé con {la señora García} ayer.
{Mi hija Lucía} no vive aquí.
{Su compañero} me colgó.
Se lo di a {Carmen} el lunes.
Me llamo María López.
Gracias, Daniel.
La lavadora no funciona.
Vivo en Madrid desde enero.
"""


def call_of(text: str, *, language: str | None = "en", party: Party = Party.CUSTOMER) -> CallRecord:
    return record_of([said("t1", party, text, 1.0, 9.0)], duration_s=10.0, language=language)


def found_in(text: str, *, language: str | None = "en") -> tuple[Place, ...]:
    return find_places("c1", call_of(text, language=language))


def examples() -> list[tuple[str, str, list[str]]]:
    """Language, text, and the words that tell of somebody."""
    return [
        (language, re.sub(r"[{}]", "", line), re.findall(r"{([^}]*)}", line))
        for language, lines in (("en", ENGLISH), ("de", GERMAN), ("es", SPANISH))
        for line in lines.strip().splitlines()
    ]


def measure() -> tuple[int, int, int, list[str]]:
    """Persons found, persons missed, places that are nobody, and which sentences went wrong."""
    right, missed, wrong = 0, 0, 0
    odd = []
    for language, text, meant in examples():
        places = found_in(text, language=language)
        hits = [words for words in meant if any(_overlaps(place.words, words) for place in places)]
        extra = [place for place in places if not any(_overlaps(place.words, words) for words in meant)]
        right, missed, wrong = right + len(hits), missed + len(meant) - len(hits), wrong + len(extra)
        if len(hits) < len(meant) or extra:
            odd.append(f"{text} -> {[place.words for place in places]}")
    return right, missed, wrong, odd


def _overlaps(found: str, meant: str) -> bool:
    return bool(set(re.findall(r"\w+", found.lower())) & set(re.findall(r"\w+", meant.lower())))


def test_most_persons_of_the_examples_are_found_and_few_others():
    right, missed, wrong, odd = measure()
    assert right / (right + missed) >= 0.95, odd
    assert wrong / (right + wrong) <= 0.1, odd


@pytest.mark.parametrize(
    ("text", "words", "sign"),
    [
        ("It was my husband who signed.", "my husband", Sign.RELATION),
        ("My neighbour Mrs Miller took it in.", "My neighbour Mrs Miller", Sign.RELATION),
        ("I spoke to your colleague about it.", "your colleague", Sign.COLLEAGUE),
        ("Then Mr Brown came.", "Mr Brown", Sign.NAMED),
        ("I told Sarah about it.", "Sarah", Sign.NAMED),
    ],
)
def test_the_desk_is_told_which_words_when_and_why(text: str, words: str, sign: Sign):
    (place,) = found_in(text)
    assert (place.words.strip("."), place.sign) == (words, sign)
    assert place.turn == "t1"
    assert place.end - place.first == len(words.split())
    assert 1.0 <= place.start_s < place.end_s <= 9.0
    assert place.sure >= SURE_ENOUGH


INTRODUCED = (
    said("t1", Party.AGENT, "Good morning, this is Priya. May I have your name?", 1.0, 3.0),
    said("t2", Party.CUSTOMER, "My name is Oluwaseun Adeyemi.", 3.0, 5.0),
    said("t3", Party.AGENT, "One moment. So Mr Adeyemi, I see it here.", 5.0, 8.0),
)


def test_the_names_of_the_two_sides_are_nobody_elses_however_they_are_known():
    given = "Then Daniel said that Lopez had paid."
    assert find_places("c1", call_of(given)) == (), "they are the names of the record's two sides"
    unnamed = [replace(one, name=None) for one in (AGENT, CUSTOMER)]
    nobody = record_of([said("t1", Party.CUSTOMER, given, 1.0, 9.0)], duration_s=10.0, parties=unnamed)
    assert find_places("c1", nobody) != ()
    assert find_places("c1", nobody, names=["Daniel Price", None, "Maria Lopez"]) == ()


def test_a_name_that_somebody_gives_themselves_is_theirs_in_the_whole_call():
    unnamed = [replace(one, name=None) for one in (AGENT, CUSTOMER)]
    assert find_places("c1", record_of(INTRODUCED, duration_s=10.0, parties=unnamed)) == ()


def test_who_calls_under_another_name_than_the_customers_is_somebody_else():
    maria, misheard = (replace(CUSTOMER, name=name) for name in ("Maria Lopez", "Oluwasheun Adeyemi"))
    places = find_places("c1", record_of(INTRODUCED, duration_s=10.0, parties=(AGENT, maria)))
    assert [(one.turn, one.words.strip(".,")) for one in places] == [("t2", "Oluwaseun Adeyemi"), ("t3", "Mr Adeyemi")]
    assert find_places("c1", record_of(INTRODUCED, duration_s=10.0, parties=(AGENT, misheard))) == ()


def test_a_third_voice_is_somebody_and_an_announcement_is_nobody():
    third = Participant(Party.OTHER, None, "SPEAKER_02", 0, "the words do not say it")
    machine = Participant(Party.OTHER, None, "announcement", 0, IS_MACHINE)
    turns = [
        said("t1", Party.OTHER, "Give it to me, I will tell them.", 1.0, 3.0, voice=third),
        said("t2", Party.OTHER, "Your call is important to us, said Mrs Miller.", 4.0, 7.0, voice=machine),
    ]
    record = record_of(turns, duration_s=10.0, parties=(AGENT, CUSTOMER, third, machine))
    (place,) = find_places("c1", record)
    assert (place.turn, place.sign, place.first, place.end) == ("t1", Sign.OTHER_VOICE, 0, 8)


def test_a_second_voice_on_the_customers_side_is_somebody_else():
    second = Participant(Party.CUSTOMER, None, "SPEAKER_03", 1, "on the customer's track")
    turns = [
        said("t1", Party.CUSTOMER, "I will hand you over to her, she knows it all.", 1.0, 3.0),
        said("t2", Party.CUSTOMER, "Yes, I was there.", 4.0, 5.0, voice=second),
    ]
    (place,) = find_places("c1", record_of(turns, duration_s=10.0, parties=(AGENT, CUSTOMER, second)))
    assert (place.turn, place.sign) == ("t2", Sign.SECOND_CUSTOMER)


def test_what_nobody_is_known_to_have_said_is_asked_about_unless_it_is_an_okay():
    turns = [
        said("t1", Party.UNKNOWN, "Okay.", 1.0, 1.4),
        said("t2", Party.UNKNOWN, "She lives next door to me.", 2.0, 4.0),
    ]
    (place,) = find_places("c1", record_of(turns, duration_s=10.0))
    assert (place.turn, place.sign) == ("t2", Sign.UNKNOWN_VOICE)


def test_what_is_cut_already_is_not_found_again():
    assert found_in("My number is [phone] and my mail is [email:example.org].") == ()


@pytest.mark.parametrize("text", ["", "…", "[card_number:4242]", "MY HUSBAND", "Mr", "called", "my", "Mr Mr Mr", "- -"])
def test_any_text_is_read(text: str):
    turns = [said("t1", Party.CUSTOMER, text or "x", 1.0, 2.0)]
    find_places("c1", record_of(turns, duration_s=10.0, language=None))


if __name__ == "__main__":
    right, missed, wrong, odd = measure()
    found = f"recall {right}/{right + missed}, wrongly found {wrong} of {right + wrong}"
    sys.stdout.write("\n".join([f"{len(examples())} sentences: {found}", *odd, ""]))
