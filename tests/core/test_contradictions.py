"""What no sentence may do, however freely it is written: contradict what was said, or bring in what was not."""

from __future__ import annotations

import pytest

from worker.core.call import Party
from worker.core.support import Complaint, Spoken, find_contradictions, judge

TALK = (
    Spoken(Party.AGENT, "Good morning, this is Anna of Harbour Heating. How can I help you?", "Anna"),
    Spoken(Party.CUSTOMER, "The boiler in my flat is quick to go out, Mr. Novak came on Monday.", "Ben"),
    Spoken(Party.AGENT, "We don't service that boiler on weekends. The visit costs 80 euros a month.", "Anna"),
    Spoken(Party.CUSTOMER, "Then I accept the plan. I never got the letter from you.", "Ben"),
)


@pytest.mark.parametrize(
    "sentence",
    [
        "The agent of Harbour Heating told the customer about a service plan for €80 a month.",
        "The customer complained that his heating keeps going out although Mr. Novak had visited on Monday.",
        "Servicing is not offered on weekends, and the customer never received a letter.",
        "Ben accepted the plan.",
        "No matter what the weather is like, the visit costs 80 euros.",
        "The visit only costs 80 euros.",
    ],
)
def test_a_sentence_in_words_of_its_own_may_stand(sentence: str) -> None:
    assert find_contradictions(sentence, TALK) == ()


@pytest.mark.parametrize(
    ("complaint", "sentence"),
    [
        (Complaint.NUMBER, "The visit costs 90 euros a month."),
        (Complaint.NAME, "The agent of Valley Heating explained the plan."),
        (Complaint.NAME, "Mrs. Novak came to look at the boiler."),
        (Complaint.NAME, "Somebody came on Tuesday."),
        (Complaint.NAME, "The visit costs 80 euros a week."),
        (Complaint.NEGATION, "The customer did not accept the plan."),
        (Complaint.NEGATION, "The agent failed to mention the costs of a visit."),
        (Complaint.RESTRICTION, "The agent offered only a plan for the flat."),
        (Complaint.OPPOSITE, "The customer declined the plan."),
        (Complaint.OPPOSITE, "The boiler is slow to go out."),
        (Complaint.FORM, "Ben and Ben accepted the plan."),
        (Complaint.FORM, "The customer accepted the the plan."),
        (Complaint.WHO, "Anna has a boiler that is quick to go out."),
    ],
)
def test_what_contradicts_or_was_never_said_is_named(complaint: Complaint, sentence: str) -> None:
    assert complaint in find_contradictions(sentence, TALK)


def test_nothing_said_carries_no_number_and_no_name() -> None:
    assert set(find_contradictions("Anna paid 80 euros.", ())) == {Complaint.NUMBER}, "a first word may be any word"
    assert Complaint.NAME in find_contradictions("It was Anna.", ())


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("I was wondering whether I was charged twice.", "The customer said they were charged twice."),
        ("An oil, an oil light. An oil.", "The customer said the oil light was an oil."),
        (
            "When someone buys a car from us, the warranty covers hail damage and the engine light but the oil change "
            "is something that we just don't have here.",
            "The customer said that when someone buys a car from them, the warranty covers hail and oil changes.",
        ),
        ("You're also welcome to come in anytime.", "The customer promised to come in anytime."),
        ("I would be disappointed if it came late.", "The customer said they were disappointed."),
    ],
)
def test_a_statement_that_firms_up_or_turns_what_was_said_is_refused(said: str, sentence: str) -> None:
    assert not judge(sentence, Party.CUSTOMER, [Spoken(Party.CUSTOMER, said)]).is_carried


def test_the_customer_the_receipt_is_no_word_said_twice() -> None:
    said = [Spoken(Party.AGENT, "I will email you the receipt today.")]
    assert judge("The agent promised to email the customer the receipt today.", Party.AGENT, said).is_carried


def test_what_somebody_says_of_themselves_may_be_told_in_other_small_words() -> None:
    said = [Spoken(Party.CUSTOMER, "I'm feeling a bit disappointed about the pricing on my recent photo shoot.")]
    sentence = "The customer said they were disappointed with the pricing on their recent photo shoot."
    assert judge(sentence, Party.CUSTOMER, said).is_carried
