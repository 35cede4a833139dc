"""The record page: what is shown, in which words, and that it says what the record says."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.web.conftest import Site
from tests.web.reading import Element, read
from tests.web.records import (
    AGENT,
    CUSTOMER,
    WRITER,
    evidence,
    long_call,
    page_of,
    record_of,
    said,
    short_call,
    silent_call,
    stated,
    unknown_voices_call,
)
from worker.core.call import Party
from worker.core.record import CallRecord
from worker.core.sound import clock
from worker.core.summary import HEADINGS, Commitment, Due, EndState, StatementKind
from worker.core.transcript import CallWarning, Code, Hold, Participant, SoundKind, Word
from worker.exchange.result_json import record_from_json
from worker.stages import STAGES
from worker.web.pages.in_short import ENDINGS_IN_WORDS
from worker.web.pages.words import STAGES_IN_WORDS, WARNINGS_IN_WORDS, length_in_words

WORDS_OF_THE_TRADE = (
    "channel",
    "track",
    "segment",
    "diariz",
    "transcript",
    "attribut",
    "decode",
    "summaris",
    "SPEAKER_",
    "ticket",
    "SLA",
    "onrecord models",
)


def turns_of(page: Element) -> list[Element]:
    return page.all("li", class_="turn")


def words_of(turn: Element) -> str:
    return turn.one("p", class_="words").raw_text


def parts_of(listing: Element) -> list[Element]:
    """The lines of a list, without those of lists within them."""
    return [one for one in listing.inside if isinstance(one, Element)]


def items_of(page: Element) -> list[str]:
    """Each item of the conversation as it is read, without its time."""
    return [item.all("div")[0].text for item in parts_of(page.one("ol", class_="conversation"))]


# What is on the page


def test_the_head_says_who_when_and_how_long(site: Site) -> None:
    page = site.show(short_call())
    head = page.one("header", class_="head")
    assert head.one("h1").text == "A washing machine that leaks."
    assert page.one("title").text == "Record of a call between Daniel Price and Maria Lopez"
    assert head.one("p", class_="when").text == "Tuesday 10 March 2026, 10:14 UTC"
    assert head.one("time").attributes["datetime"] == "2026-03-10T10:14:00+00:00"
    assert head.one("p", class_="length").text == "44 seconds, of which 16 seconds on hold"
    assert [(one.one("dt").text, one.one("dd").text) for one in head.one("dl").all("div")] == [
        ("Daniel Price, agent", "Taken for the agent: said “thank you for calling” at 0:01."),
        ("Maria Lopez, customer (you)", "Taken for the customer: the sender of the call said so."),
    ]


def test_the_conversation_stands_in_the_order_of_the_call_with_names_where_a_voice_begins(site: Site) -> None:
    assert items_of(site.show(short_call())) == [
        "Daniel Price, agent Thank you for calling Brightwater Appliances. How can I help you today?",
        "Maria Lopez, customer (you) I bought a washing machine from you, and it leaks.",
        "Daniel Price, agent May I put you on hold for a moment? Somebody else spoke at the same time.",
        "On hold for 16 seconds: music or another lasting sound",
        "Daniel Price, agent Thank you for waiting.",
        "The repair is free. A technician will come to you by Friday.",
        "[not heard, 3 s]",
        "Maria Lopez, customer (you) By Friday, good.",
    ]


def test_a_hold_is_drawn_where_it_lies_and_to_scale(site: Site) -> None:
    page = site.show(short_call())
    bar = page.one("ol", class_="conversation").one("rect", class_="hold").attributes
    assert float(bar["x"]) == pytest.approx(100 * 13.4 / 44.0, abs=0.1)
    assert float(bar["width"]) == pytest.approx(100 * (29.8 - 13.4) / 44.0, abs=0.1)
    in_player = page.one("section", class_="player").one("rect", class_="hold").attributes
    assert (in_player["x"], in_player["width"]) == (bar["x"], bar["width"]), "the same in the player"


def test_long_silences_are_shown_wherever_they_are_and_short_ones_are_not(site: Site) -> None:
    turns = (said("t1", Party.AGENT, "Hello.", 4.0, 5.0), said("t2", Party.CUSTOMER, "Hi.", 7.9, 8.5))
    hold = Hold(10.0, 20.0, SoundKind.SILENCE, None)
    assert items_of(site.show(record_of(turns, duration_s=90.0, holds=(hold,)))) == [
        "Nobody was heard for 4 seconds",
        "Daniel Price, agent Hello.",
        "Maria Lopez, customer (you) Hi.",
        "On hold for 10 seconds: silence",
        "Nobody was heard for 1 minute 10 seconds",
    ]


def test_words_heard_with_little_confidence_are_marked_and_the_mark_is_explained(site: Site) -> None:
    section = site.show(short_call()).section("The conversation")
    explained, marked = section.all("span", class_="unsure")
    assert explained.text == "dotted line"
    assert marked.text == "leaks."
    sure = replace(short_call().turns[0], id="t1")
    page = site.show(record_of((sure,), duration_s=6.0, sha256="77" * 32))
    assert not page.all("span", class_="unsure"), "a mark that is not there is not explained"


def test_every_word_has_its_own_time(site: Site) -> None:
    record = short_call()
    for turn, shown in zip(record.turns, turns_of(site.show(record)), strict=True):
        times = shown.one("p", class_="words").attributes["data-times"].split(" ")
        texts = words_of(shown).split(" ")
        assert texts == [word.text for word in turn.words]
        assert times == [f"{round(word.start_s * 100)}-{round(word.end_s * 100)}" for word in turn.words]


def test_a_space_within_a_word_does_not_shift_the_words_behind_it(site: Site) -> None:
    turn = said("t1", Party.CUSTOMER, "It cost X euros.", 0.0, 2.0)
    words = tuple(replace(word, text="10\u00a0000 or 20 000") if word.text == "X" else word for word in turn.words)
    page = site.show(
        record_of((replace(turn, text="It cost 10\u00a0000 or 20 000 euros.", words=words),), duration_s=2.0)
    )
    assert words_of(*turns_of(page)).split(" ") == ["It", "cost", "10\u00a0000\u00a0or\u00a020\u00a0000", "euros."]


def test_times_of_a_statement_and_of_its_words_are_rounded_alike(site: Site) -> None:
    """Else the word before the evidence, which ends where the evidence begins, would be lit up with it."""
    words = (Word("No,", 1.0, 10.0064, 0.9), Word("never.", 10.0064, 11.0, 0.9))
    turn = replace(said("t1", Party.CUSTOMER, "No, never.", 1.0, 11.0), words=words)
    statement = stated(
        "s1", StatementKind.REFUSED, Party.CUSTOMER, "It was refused.", evidence(turn, "never."), support=0.9
    )
    page = site.show(record_of((turn,), duration_s=11.0, statements=(statement,)))
    (link,) = page.section("In short").all("a", class_="play")
    _, never = turns_of(page)[0].one("p", class_="words").attributes["data-times"].split(" ")
    assert float(link.attributes["data-start"]) * 100 == int(never.split("-")[0])


def test_what_is_not_certain_is_said_once_with_all_its_places(site: Site) -> None:
    turns = (said("t1", Party.AGENT, "One two three four five six.", 0.0, 6.0),)
    warnings = (
        CallWarning(Code.SILENT_TRACK, "Nothing is heard on track 1."),
        CallWarning(Code.UNCERTAIN_WORDS, "Words in a row: 3.", 0.5, 1.5),
        CallWarning(Code.UNCERTAIN_WORDS, "Words in a row: 4.", 3.5, 5.5),
        CallWarning(Code.TRUNCATED, "The file ends.", 6.0, 6.0),
    )
    section = site.show(record_of(turns, duration_s=6.0, warnings=warnings)).section("What is not certain")
    silent, unsure, truncated = section.all("li")
    assert silent.text == WARNINGS_IN_WORDS[Code.SILENT_TRACK]
    assert [(link.text, link.attributes["href"]) for link in unsure.all("a")] == [
        ("▸\u00a00:00", "#t1"),
        ("▸\u00a00:03", "#t1"),
    ]
    assert not truncated.all("a"), "a point has no length that could be played"


def test_a_voice_that_is_doubted_is_told_from_one_that_is_unknown(site: Site, with_hash) -> None:
    turns = (said("t1", Party.AGENT, "Hello.", 0.0, 1.0),)
    doubted = (CallWarning(Code.DOUBTED_PARTY, "The sender named track 0 the agent, but …"),)
    page = site.show(record_of(turns, duration_s=1.0, warnings=doubted))
    assert [one.text for one in page.section("What is not certain").all("li")] == [
        WARNINGS_IN_WORDS[Code.DOUBTED_PARTY]
    ]
    page = site.show(with_hash(unknown_voices_call(), "88" * 32))
    assert [one.text for one in page.section("What is not certain").all("li")] == [
        WARNINGS_IN_WORDS[Code.UNKNOWN_PARTY]
    ]


# Everybody is named, nobody is guessed


def test_unknown_voices_are_numbered_and_words_of_nobody_are_nobody_s(site: Site) -> None:
    page = site.show(unknown_voices_call())
    assert page.one("h1").text == "Record of a call"
    assert page.one("p", class_="when").text == "When the call was made is not known"
    assert items_of(page) == [
        "Unknown voice 1 Good morning.",
        "Unknown voice 2 Good morning to you.",
        "Not known who Hello?",
    ]


def test_two_agents_are_numbered_and_neither_is_taken_for_you(site: Site) -> None:
    voices = [Participant(Party.AGENT, None, f"SPEAKER_0{number}", 0, "said so") for number in range(2)]
    turns = (
        said("t1", Party.AGENT, "Hello.", 0.0, 1.0, voice=voices[0]),
        said("t2", Party.AGENT, "I take over.", 1.0, 2.0, voice=voices[1]),
        said("t3", Party.CUSTOMER, "Fine.", 2.0, 3.0),
    )
    page = site.show(record_of(turns, duration_s=3.0, parties=(*voices, CUSTOMER)), Party.AGENT)
    assert items_of(page) == ["Agent 1 Hello.", "Agent 2 I take over.", "Maria Lopez, customer Fine."]
    assert "You opened this as the agent." in page.text


def test_one_voice_heard_on_two_tracks_is_two_voices(site: Site) -> None:
    """Announcements on each side of the line carry one name for the machine and stay apart here."""
    voices = [Participant(Party.OTHER, None, "announcement", channel, "a machine speaks") for channel in range(2)]
    turns = (
        said("t1", Party.OTHER, "You are third in line.", 0.0, 1.0, voice=voices[0]),
        said("t2", Party.OTHER, "This call is recorded.", 1.0, 2.0, voice=voices[1]),
    )
    page = site.show(record_of(turns, duration_s=2.0, parties=voices))
    assert items_of(page) == ["Another voice 1 You are third in line.", "Another voice 2 This call is recorded."]


# What is hard to show


def test_text_that_looks_like_code_is_shown_as_text(site: Site) -> None:
    evil = "<script>alert(\"x\")</script> </ol> & {{ page }} ' onload='x"
    agent = replace(AGENT, name="Ann \"><img src=x onerror=y> O'Neil", reason="said <b>“hi”</b>")
    turn = said("t1", Party.AGENT, evil, 0.0, 5.0, voice=agent)
    words = evidence(turn, turn.text)
    statement = stated("s1", StatementKind.ASKED, Party.AGENT, evil, words)
    promise = Commitment("p1", Party.AGENT, Party.CUSTOMER, evil, Due(evil, None), (words,))
    record = record_of(
        (turn,),
        duration_s=5.0,
        parties=(agent, CUSTOMER),
        statements=(statement,),
        headline=replace(statement, id="s0"),
        promises=(promise,),
    )
    record = replace(record, recording=replace(record.recording, file_name='"><script>x</script>.wav'))
    page = site.show(record)
    assert words_of(*turns_of(page)) == evil
    assert page.section("In short").one("li").one("span", class_="quoted").text == evil
    assert page.one("h1").text == evil
    assert agent.name in page.one("dl", class_="people").text
    assert agent.name in page.one("title").text
    assert evil in page.section("Promises").one("p", class_="due").text
    assert {script.attributes["src"].split("/")[1] for script in page.all("script")} == {"static"}
    assert not page.all("img")
    assert not page.all("b")


def test_a_call_in_which_nobody_speaks_has_an_honest_page(site: Site) -> None:
    page = site.show(silent_call())
    assert items_of(page) == ["Nobody was heard for 30 seconds"]
    assert "Nothing was heard that could be summed up." in page.text
    assert WARNINGS_IN_WORDS[Code.NO_SPEECH] in page.text
    assert "You opened this as the customer." in page.text
    assert "dotted" not in page.text


def test_a_second_of_nothing_is_said_in_words(site: Site) -> None:
    page = site.show(replace(silent_call(), recording=replace(silent_call().recording, duration_s=0.4)))
    assert page.one("p", class_="length").text == "less than a second"
    assert "Nobody was heard in this recording." in page.text


def test_a_call_without_statements_says_why(site: Site) -> None:
    page = site.show(record_of((said("t1", Party.AGENT, "Hello.", 0.0, 1.0),), duration_s=1.0))
    assert "Nothing was found that could be said shorter than the call itself." in page.section("In short").text


def test_names_and_words_that_run_from_right_to_left_keep_to_themselves(site: Site) -> None:
    agent, customer = replace(AGENT, name="عبد الرحمن"), replace(CUSTOMER, name="שרה לוי")
    turns = (
        said("t1", Party.AGENT, "كيف يمكنني مساعدتكم؟", 0.0, 2.0, voice=agent),
        said("t2", Party.CUSTOMER, "רציתי לשאול.", 2.0, 4.0, voice=customer),
    )
    page = site.show(record_of(turns, duration_s=4.0, parties=(agent, customer), language="ar"))
    assert [name.text for name in page.one("h1").all("bdi")] == ["عبد الرحمن", "שרה לוי"]
    assert all(who.all("bdi") for who in page.all("p", class_="who"))
    assert all(one.attributes["dir"] == "auto" for one in page.all("p", class_="words"))
    assert all(one.attributes["lang"] == "ar" for one in page.all("p", class_="words"))


def test_a_language_that_is_not_known_is_not_said_to_be_english(site: Site) -> None:
    page = site.show(replace(unknown_voices_call(), language=None))
    assert {one.attributes["lang"] for one in page.all("p", class_="words")} == {""}


def test_a_long_call_is_one_page_of_moderate_size(site: Site) -> None:
    record = long_call(turns=600, words=10_200)
    response = site.client.get(site.link(site.publish(record)), headers={"accept-encoding": "gzip"})
    assert response.headers["content-encoding"] == "gzip"
    page = read(response.text)
    assert [words_of(turn) for turn in turns_of(page)] == [turn.text for turn in record.turns]
    packed = int(response.headers["content-length"])
    assert packed < 300_000, "a phone should not have to wait for it"


# The words


def test_no_word_of_the_trade_reaches_a_party(site: Site, with_hash) -> None:
    every_warning = tuple(CallWarning(code, f"track 0 channel diarization {code}") for code in Code)
    records = [replace(short_call(), warnings=every_warning), silent_call(), unknown_voices_call()]
    for number, record in enumerate(records):
        page = site.show(with_hash(record, f"{number}a" * 32))
        text = page.text.replace("Ask for the transcript", "")  # that is what people ask for by this name
        found = [word for word in WORDS_OF_THE_TRADE if word.lower() in text.lower()]
        assert not found


def test_there_are_words_for_every_stage_kind_and_warning() -> None:
    assert list(STAGES_IN_WORDS) == [stage.name for stage in STAGES]
    assert set(HEADINGS) == set(StatementKind)
    assert set(WARNINGS_IN_WORDS) == set(Code)
    assert set(ENDINGS_IN_WORDS) == set(EndState)


def test_who_made_what_is_told_part_by_part(site: Site) -> None:
    rows = [[cell.text for cell in row.all("td")] for row in site.show(short_call()).one("tbody").all("tr")]
    assert rows[0] == ["Opening the sound", "rules of this program", "onrecord 0.1.0"]
    assert rows[2] == ["Writing down the words", "whisper-base", "ebe41f70d5b6dfa9166e2c581c45c9c0cfc57b66"]
    assert rows[5] == ["Writing the short version", WRITER, "3"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "less than a second"),
        (1, "1 second"),
        (61, "1 minute 1 second"),
        (3600, "1 hour"),
        (7325, "2 hours 2 minutes 5 seconds"),
    ],
)
def test_lengths_are_said_in_words(seconds: float, words: str) -> None:
    assert length_in_words(seconds) == words


@pytest.mark.parametrize(("seconds", "shown"), [(0, "0:00"), (65.9, "1:05"), (3725, "1:02:05")])
def test_points_of_a_call_are_shown_as_clock_times(seconds: float, shown: str) -> None:
    assert clock(seconds) == shown


# The page and its data


@pytest.mark.parametrize(
    "record", [short_call(), silent_call(), unknown_voices_call()], ids=["short", "silent", "unknown"]
)
def test_the_data_behind_a_link_is_the_record_and_the_page_says_the_same(site: Site, record: CallRecord) -> None:
    call_id = site.publish(record)
    response = site.client.get(f"{site.link(call_id)}.json")
    assert response.headers["content-type"] == "application/json"
    whole = response.json()
    data = whole["record"]
    assert record_from_json(json.dumps(data)) == record
    page = site.open(call_id)
    said_by_page = [one for one in whole["conversation"] if one["kind"] == "turn"]
    assert [words_of(turn) for turn in turns_of(page)] == [
        " ".join(piece["text"] for piece in turn["pieces"]) for turn in said_by_page
    ], "the page and its data come from one value"
    assert whole["title"] == page.one("title").text
    assert [words_of(turn) for turn in turns_of(page)] == [turn["text"] for turn in data["turns"]]
    assert [turn.attributes["id"] for turn in turns_of(page)] == [turn["id"] for turn in data["turns"]]
    lines = page.section("In short").all("li")
    for statement in data["summary"]["statements"]:
        assert any(line.text.startswith(statement["text"]) for line in lines)
    assert len(lines) == len(data["summary"]["statements"])
    for promise in data["summary"]["commitments"]:
        assert promise["what"].lower() in page.one("li", id=promise["id"]).text.lower()
    assert data["recording"]["sha256"] in page.text
    assert page.one("a", download="record.json").attributes["href"] == f"{site.link(call_id)}.json"


def test_every_anchor_leads_somewhere_and_no_id_stands_twice(site: Site) -> None:
    page = site.show(short_call())
    ids = [one.attributes["id"] for one in page if "id" in one.attributes]
    assert len(ids) == len(set(ids))
    for link in page.all("a"):
        if link.attributes["href"].startswith("#"):
            assert link.attributes["href"][1:] in ids
    for one in page:
        if "aria-labelledby" in one.attributes:
            assert one.attributes["aria-labelledby"] in ids


def test_a_page_is_made_from_the_record_its_entries_and_the_clock_alone() -> None:
    assert page_of(short_call()) == page_of(short_call())
