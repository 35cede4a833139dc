"""The figures of scripts.bench_statements, on texts and answers small enough to be counted by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from numpy.typing import NDArray

from scripts.statements.carried import missing
from scripts.statements.checker import Reading
from scripts.statements.lexical import best_threshold, overlap
from scripts.statements.measure import Measured, refuses
from scripts.statements.promises import is_due_right, score_promises
from scripts.statements.report import model_figures
from scripts.statements.scores import checker_figures, coverage_figures, judged, nearness
from scripts.statements.texts import (
    Judged,
    Said,
    Talk,
    clean,
    lead,
    parties_of,
    read_judged,
    read_talks,
    set_name,
    speak,
    split_turns,
)
from scripts.statements.writers import Bare, Writer, Written, side_texts
from worker.core.call import Party
from worker.core.summary import Commitment, Due, Evidence, Statement, StatementKind, Summary
from worker.core.support import Complaint
from worker.core.transcript import Turn

ZONE = ZoneInfo("Europe/Dublin")


def row(summary: str, *, faithful: bool, dialogue: str = "Ann: The blue kettle leaks") -> Judged:
    return Judged("one", split_turns(dialogue), summary, faithful)


def statement(party: Party, text: str, *quotes: str, quoted: bool = False, turn: str = "t1") -> Statement:
    evidence = tuple(Evidence(turn, 0.0, 1.0, quote) for quote in quotes or (text,))
    return Statement("s1", StatementKind.ASKED, party, text, quoted, evidence, 1.0, None if quoted else "a model")


def written(*statements: Statement, turns: dict[str, str] | None = None, headline: Statement | None = None) -> Written:
    return Written(Summary(statements, headline), turns or {}, length_s=10.0, seconds=2.0)


# --- texts -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("faithfulness_summedits_sales_call_100.jsonl", "sales_call"),
        ("faithfulness_summedits_qmsum_40.jsonl", "qmsum"),
        ("faithfulness_dialsummeval_60_NC.jsonl", "dialsummeval"),
        ("faithfulness_faceval_7.jsonl", "faceval"),
        ("tweetsumm_60.jsonl", "tweetsumm"),
        ("dialogsum_service_20_NC.jsonl", "dialogsum_service"),
        ("todsum.jsonl", "todsum"),
    ],
)
def test_a_set_is_known_by_the_name_of_its_file(file: str, name: str) -> None:
    assert set_name(Path(file)) == name


def test_a_dialogue_is_split_where_a_name_begins_a_line_and_other_lines_go_on() -> None:
    dialogue = "Sales Agent: We have two:\n\n1. small\nClient: At 5:30 then\nso it is: fine\nhttps://example.org"
    assert split_turns(dialogue) == (
        Said("Sales Agent", "We have two: 1. small"),
        Said("Client", "At 5:30 then so it is: fine https://example.org"),
    )


def test_a_message_is_cleaned_of_what_nobody_would_have_said() -> None:
    told = "@4711 Mail me@example.org &amp; see https://example.org/x #kettle 🎉 ^AB"
    assert clean(told) == "Mail me@example.org & see kettle"
    assert clean("We look into it - Ann 1/2") == "We look into it"


def test_folders_are_read_by_the_pattern_of_their_names_and_rows(tmp_path: Path) -> None:
    judged_row = {"id": "j", "dialogue": "Ann: hello", "summary": "Ann greets.", "faithful": True}
    (tmp_path / "faithfulness_summedits_shop_1.jsonl").write_text(json.dumps(judged_row) + "\n")
    sides = {"id": "a", "turns": [{"speaker": "agent", "text": "@1 hello"}, {"speaker": "customer", "text": "@2"}]}
    sides["references"] = [{"customer": "c1", "agent": "a1"}, {"customer": "c2"}]
    (tmp_path / "chats_1.jsonl").write_text(json.dumps(sides) + "\n")
    whole = {**sides, "id": "b", "references": [{"overall": "o"}]}
    (tmp_path / "desk_1_NC.jsonl").write_text(json.dumps(whole) + "\n")
    assert read_judged(tmp_path) == {"shop": [Judged("j", (Said("Ann", "hello"),), "Ann greets.", True)]}
    chat, desk = read_talks(tmp_path)
    assert (chat.set_name, chat.turns) == ("chats", (Said("agent", "hello"),)), "a turn of nothing but a handle is gone"
    assert chat.references == {"customer": ("c1", "c2"), "agent": ("a1",)}
    assert (desk.set_name, desk.references) == ("desk", {"overall": ("o",)})


def test_written_turns_are_spoken_one_after_the_other() -> None:
    conversation = speak([Said("agent", "Hello there"), Said("customer", "Hi")])
    first, second = conversation.turns
    assert (first.start_s, first.end_s) == (0.0, pytest.approx(0.7))
    assert second.start_s == pytest.approx(1.3)
    assert [turn.party for turn in conversation.turns] == [Party.AGENT, Party.CUSTOMER]
    assert sum(len(turn.words) for turn in conversation.turns) == 3


def test_speakers_without_a_party_get_it_from_their_words_or_stay_unknown() -> None:
    assert set(parties_of([Said("A", "red"), Said("B", "blue")]).values()) == {Party.UNKNOWN}


def test_the_first_three_sentences_are_counted_over_turns() -> None:
    assert lead([Said("a", "One. Two costs 2.50!"), Said("a", "Three? Four.")], 3) == "One. Two costs 2.50! Three?"


# --- the checker -----------------------------------------------------------------------------------------------------


def test_balanced_accuracy_is_the_mean_of_unfaithful_refused_and_faithful_kept() -> None:
    rows = [row("a", faithful=True)] * 4 + [row("b", faithful=False)] * 2
    assert judged(rows, [True, False, False, False, True, False]) == {
        "balanced_accuracy": 0.625,  # (1/2 + 3/4) / 2
        "recall_unfaithful": 0.5,
        "true_refused": 0.25,
    }


def test_rows_of_one_kind_have_no_balanced_accuracy() -> None:
    assert judged([row("a", faithful=True)], [False])["balanced_accuracy"] is None


def test_overlap_is_the_share_of_words_of_meaning_that_were_said() -> None:
    turns = split_turns("Ann: The blue kettle leaks")
    assert overlap(turns, "Ann has a blue kettle.") == 1.0
    assert overlap(turns, "Ann's red kettle leaked.") == pytest.approx(3 / 4)


def test_the_baselines_threshold_is_the_best_for_these_very_rows() -> None:
    rows = [row("x", faithful=True), row("x", faithful=True), row("x", faithful=False), row("x", faithful=False)]
    assert best_threshold(rows, [0.9, 0.6, 0.5, 0.7]) == pytest.approx(0.55), "3 of 4 right, refusing least"
    assert best_threshold(rows, [0.1, 0.2, 0.8, 0.9]) == 0.0, "where refusing is worse than not, nothing is refused"


def test_all_is_over_all_rows_of_all_sets() -> None:
    sets = {
        "one": [row("Blue kettle.", faithful=True), row("Red pan.", faithful=False)],
        "two": [row("The kettle leaks.", faithful=True), row("A green door.", faithful=False)],
    }
    by_rules = {"one": [False, False], "two": [False, True]}
    figures = checker_figures(sets, {"one": [False, True], "two": [True, True]}, by_rules)
    assert set(figures) == {"one", "two", "all"}
    assert figures["one"]["balanced_accuracy"] == 1.0
    assert figures["two"]["balanced_accuracy"] == 0.5
    assert figures["all"]["balanced_accuracy"] == 0.75
    assert figures["all"]["true_refused"] == 0.5
    assert figures["all"]["rules_balanced_accuracy"] == 0.75
    assert figures["all"]["lexical_balanced_accuracy"] == 1.0


@pytest.mark.parametrize(
    ("complaints", "entailed", "refused"),
    [((), (0.9, 0.8), False), ((), (0.9, 0.1), True), ((Complaint.NUMBER,), (), True), ((), (), False)],
)
def test_a_summary_is_refused_for_one_complaint_or_one_doubted_sentence(
    complaints: tuple[Complaint, ...], entailed: tuple[float, ...], refused: bool
) -> None:
    assert refuses(Reading(complaints, entailed)) is refused


# --- coverage --------------------------------------------------------------------------------------------------------


class Letters:
    """Vectors that tell only whether there is an a or a b in a text."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = [[float("a" in text), float("b" in text)] for text in texts]
        lengths = [max(1.0, sum(row) ** 0.5) for row in rows]
        return np.array([[x / length for x in row] for row, length in zip(rows, lengths, strict=True)], np.float32)


def test_nearness_is_to_the_nearest_reference_and_in_the_mean_to_all() -> None:
    # "a c": with "a c" precision and recall 1; with "a b" 1/2 each.
    found = nearness(["a c"], [["a c", "a b"]], Letters())
    assert (found["rouge1"], found["rouge1_mean"]) == (1.0, 0.75)
    assert (found["rouge2"], found["rouge2_mean"]) == (1.0, 0.5)
    assert found["embedding"] == 1.0
    assert found["embedding_mean"] == pytest.approx((1 + 0.5**0.5) / 2, abs=1e-4)
    assert found["words"] == 2.0


def test_each_measure_takes_its_own_nearest_reference() -> None:
    # To "c b a": ROUGE-1 1, ROUGE-2 0. To "a b x y": ROUGE-1 2 * 2/7, ROUGE-2 1 of 2 and 1 of 3, F1 0.4.
    found = nearness(["a b c"], [["c b a", "a b x y"]], None)
    assert (found["rouge1"], found["rouge2"]) == (1.0, 0.4)
    assert "embedding" not in found


def test_a_side_is_scored_on_its_own_statements_against_its_own_references_and_baselines() -> None:
    talk = Talk(
        "one",
        "chats",
        (Said("customer", "Kettle leaks. It is new. Very new. Help."), Said("agent", "We send one.")),
        {"customer": ("kettle leaks",), "agent": ("we send one",)},
    )
    ours = written(statement(Party.CUSTOMER, "Kettle leaks."), statement(Party.AGENT, "We refund."))
    bare = Bare({"customer": "pan leaks", "agent": "", "overall": "pan leaks"}, 10.0, 1.0)
    figures = coverage_figures([talk], [ours], {0: bare}, None)
    assert set(figures) == {"customer", "agent"}, "there is no reference for the whole"
    customer, agent = figures["customer"], figures["agent"]
    assert (customer["rouge1"], customer["bare_rouge1"], customer["beside_bare_rouge1"]) == (1.0, 0.5, 1.0)
    assert customer["lead3_rouge1"] == pytest.approx(2 * 2 / 9, abs=1e-4), "2 of its 7 words, and both of the reference"
    assert agent["rouge1"] == pytest.approx(2 / 5, abs=1e-4)
    assert (agent["lead3_rouge1"], agent["bare_rouge1"]) == (1.0, 0.0)


def test_statements_of_no_side_count_for_the_whole_alone() -> None:
    summary = Summary((statement(Party.CUSTOMER, "A."), statement(Party.UNKNOWN, "B.")), statement(Party.AGENT, "H."))
    assert side_texts(summary) == {"customer": "A.", "agent": "", "overall": "A. B."}


# --- what is carried -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("The agent promised $25.99 by Friday.", "it's twenty five ninety nine by friday"),
        ("The customer's number is 4071.", "it is four zero seven one"),
        ("The customer's number is 0141 555.", "oh one four one, five five five"),
        ("The agent named 3:30 on the 15th of May.", "at three thirty on May fifteenth"),
        ("The agent named 105 and 1,200 pieces.", "one hundred and five, or twelve hundred"),
        ("The customer paid 3.5 million.", "three point five million"),
        ("The agent said 24-48 hours.", "twenty four to forty eight hours"),
        ("The agent said within two days.", "in 2 business days"),
        ("The customer is called Smith.", "S M I T H"),
        ("The agent gave jo.doe@example.com.", "jo dot doe at example dot com"),
        ("Michael wants one of them.", "I want that"),
        ("The customer said: “I may. Ask Paul.”", "I may. Ask Paul."),
        ("The customer said: “… I may … Ask Paul …”", "Well, I may. Ask Paul. Now."),
    ],
)
def test_what_was_said_is_found_however_it_is_written(text: str, said: str) -> None:
    assert missing(text, [said]) == []


@pytest.mark.parametrize(
    ("text", "said", "lacking"),
    [
        ("The agent promised 25 dollars.", "twenty-six dollars", ["25"]),
        ("The agent took 25 percent off.", "twenty-five dollars off", ["25"]),
        ("The customer waited five days.", "I waited five hours", ["five"]),
        ("The customer waited 5 minutes.", "I waited twenty five minutes", ["5"]),
        ("The customer's number is 71.", "it is four zero seven one", ["71"]),
        ("The agent calls on Monday in May.", "you may get a call on Tuesday", ["monday"]),
        ("The agent calls tomorrow.", "we call today", ["tomorrow"]),
        ("The customer spoke to Paula.", "I spoke to Paul", ["Paula"]),
        ("The customer gave me@example.com.", "my mail is you at example dot com", ["me@example.com"]),
        ("The customer said: “I want two.”", "I want not two.", ["I want two."]),
    ],
)
def test_what_was_not_said_is_named(text: str, said: str, lacking: list[str]) -> None:
    assert missing(text, [said]) == lacking


def test_headlines_and_quotations_are_looked_at_as_written_statements_are() -> None:
    turns = {"t1": "I waited five days. Help me."}
    good = statement(Party.CUSTOMER, "The customer waited 5 days.", "I waited five days.")
    quoted = statement(Party.CUSTOMER, "The customer said: “Help me.”", "Help me.", quoted=True)
    unsaid = statement(Party.CUSTOMER, "The customer waited.", "I waited for long.")
    headline = statement(Party.CUSTOMER, "A wait of six days", "I waited five days.")
    talk = Talk("one", "chats", (Said("customer", "I waited five days. Help me."),), {"customer": ("five days",)})
    ours = written(good, quoted, unsaid, turns=turns, headline=headline)
    measured = Measured("a model", 1.5, (ours,), (), {}, tokens=30, writing_s=1.5)
    figures = model_figures(measured, [talk], [], None)
    assert figures["carried_by_evidence"] == 0.5
    assert figures["quoted"] == pytest.approx(1 / 3, abs=1e-4), "the headline is no statement"
    assert [one["lacks"] for one in figures["offenders"]] == [["six"], ["I waited for long."]]
    assert figures["seconds_per_call_second"] == 0.2
    assert figures["tokens_per_second"] == 20.0
    assert figures["coverage"].keys() == {"customer"}


def test_our_stages_are_asked_as_they_stand_and_without_a_model_quote_what_was_said() -> None:
    talk = Talk(
        "one",
        "chats",
        (
            Said("agent", "Thank you for calling, how can I help you?"),
            Said("customer", "My kettle leaks and I want a refund of 30 dollars."),
            Said("agent", "I am sorry. We will send you the money by Friday."),
        ),
        {},
    )
    writer = Writer("none")
    ours = writer.summarise_text(talk)
    assert ours.summary.statements
    assert {one.written_by for one in ours.summary.statements} == {None, "rules"}, "only promises are put, by rule"
    assert ours.length_s == pytest.approx(31 * 0.35 + 2 * 0.6)
    assert ours.turn_texts["t2"] == talk.turns[1].text
    assert writer.tokens_written() is None
    assert (
        model_figures(Measured("none", 0.0, (ours,), (), {}, None, 0.0), [talk], [], None)["carried_by_evidence"] == 1
    )


# --- promises --------------------------------------------------------------------------------------------------------

PROMISED = {
    "id": "p",
    "started_at": "2026-03-10T10:14:00+00:00",
    "zone": "Europe/Dublin",
    "turns": [{"speaker": "customer", "text": "Please do"}, {"speaker": "agent", "text": "Sure, I'll ring you Friday"}],
    "promises": [
        {
            "turn": 1,
            "words": "I'll ring you Friday",
            "promisor": "agent",
            "beneficiary": "customer",
            "due": {"day": "2026-03-13"},
        }
    ],
}


def promise(turn: Turn, quote: str, *, by: Party = Party.AGENT, day: int | None = 13) -> Commitment:
    to = Party.CUSTOMER if by is Party.AGENT else Party.AGENT
    due = Due("Friday", date(2026, 3, day)) if day else None
    return Commitment("c1", by, to, "ring", due, (Evidence(turn.id, turn.start_s, turn.end_s, quote),))


@pytest.mark.parametrize(
    ("turn", "quote", "by", "day", "precision", "due_right"),
    [
        (1, "I'll ring you Friday", Party.AGENT, 13, 1.0, 1.0),
        (1, "ring you", Party.AGENT, 14, 1.0, 0.0),
        (1, "ring you", Party.AGENT, None, 1.0, 0.0),
        (1, "Sure,", Party.AGENT, 13, 0.0, None),
        (1, "I'll ring you Friday", Party.CUSTOMER, 13, 0.0, None),
        (0, "Please do", Party.AGENT, 13, 0.0, None),
    ],
)
def test_a_promise_is_right_by_its_turn_its_promisor_and_some_of_its_words(
    turn: int, quote: str, by: Party, day: int | None, precision: float, due_right: float | None
) -> None:
    score = score_promises([PROMISED], lambda turns, at: [promise(turns[turn], quote, by=by, day=day)])
    figures = score.figures()
    assert (figures["precision"], figures["recall"], figures["due_right"]) == (precision, precision, due_right)


def test_a_promise_found_twice_is_right_once() -> None:
    score = score_promises([PROMISED], lambda turns, at: [promise(turns[1], "ring"), promise(turns[1], "Friday")])
    assert (score.found, score.right, score.labelled) == (2, 1, 1)


def test_the_finder_is_told_when_the_call_began_in_the_zone_of_the_call() -> None:
    told = []
    score_promises([PROMISED], lambda turns, at: told.append(at) or [])
    assert told[0].tzinfo == ZONE
    assert told[0].isoformat() == "2026-03-10T10:14:00+00:00"


def test_a_due_time_is_the_day_without_a_time_of_day_or_the_instant_to_the_minute_or_none() -> None:
    at = datetime(2026, 3, 13, 17, 0, tzinfo=ZONE)
    day, instant = {"day": "2026-03-13"}, {"instant": "2026-03-13T18:00:30+01:00"}
    assert is_due_right(Due("Friday", at.date()), day)
    assert not is_due_right(Due("Friday", at.date(), at), day), "a time of day that nobody said"
    assert is_due_right(Due("Friday at five", at.date(), at), instant)
    assert not is_due_right(Due("Friday at five", at.date(), at + timedelta(minutes=1, seconds=30)), instant)
    assert is_due_right(None, None)
    assert is_due_right(Due("soon", None), None)
    assert not is_due_right(Due("Friday", at.date()), None)
