"""Captions and the plain transcript: what stands in them, in which order, and that no words break their form.

``_read_vtt`` and ``_read_srt`` are readers of their own that follow the forms' texts and know nothing of the writers.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings

from tests.exchange.exported_calls import NOW, protected_call, records
from tests.web.records import AGENT, record_of, said, short_call, silent_call, unknown_voices_call
from worker.core.call import Party
from worker.core.dialogue.reading import read_dialogue
from worker.core.dialogue.selecting import words_target
from worker.core.dialogue.values import Act, Annotation, Item, NewSpeaker, NewWords, OnEntry, OnWords
from worker.core.log.entry import Actor, EntryKind, Role
from worker.core.record import CallRecord
from worker.exchange.cues import LONGEST_CUE, LONGEST_CUE_S, cues_of
from worker.exchange.plain_text import plain_text_of
from worker.exchange.script import Line, Speech, script_of
from worker.exchange.srt import srt_of
from worker.exchange.tokens import written_out
from worker.exchange.vtt import vtt_of

QUICK = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def script(record: CallRecord, *items: Item) -> tuple[Line, ...]:
    return script_of(record, read_dialogue(record, items, now=NOW))


def vtt(record: CallRecord, *items: Item) -> str:
    return vtt_of(script(record, *items))


def srt(record: CallRecord, *items: Item) -> str:
    return srt_of(script(record, *items))


def text(record: CallRecord, *items: Item) -> str:
    return plain_text_of(record, script(record, *items))


def accepted(correction: NewWords | NewSpeaker, chosen: OnWords) -> tuple[Item, Item]:
    """A correction by the customer, and that the agent holds it too."""
    proposed = Annotation(Act.CORRECT, chosen, correction=correction)
    at = datetime(2026, 3, 11, tzinfo=UTC)
    return (
        Item(1, Actor(Role.CUSTOMER, "m"), at, EntryKind.ANNOTATED, "Maria", proposed),
        Item(2, Actor(Role.AGENT, "d"), at, EntryKind.ANNOTATED, "Daniel", Annotation(Act.ACCEPT, OnEntry(1))),
    )


LEAKS = words_target(short_call(), "t2", 8, 10)


# Readers ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shown:
    """A caption as a player has it."""

    start_s: float
    end_s: float
    name: str | None
    text: str


def _seconds(stamp: str) -> float:
    hours, minutes, seconds = re.split(r":", stamp.replace(",", "."))
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


def _read_vtt(file: str) -> list[Shown]:
    """The cues of a WebVTT file, block by block, as its parsing rules have it: a block is a cue if one of its first two
    lines holds an arrow."""
    blocks = re.split(r"\n{2,}", file.strip("\n"))
    assert blocks.pop(0).split("\n")[0] == "WEBVTT"
    shown = []
    for block in blocks:
        lines = block.split("\n")
        at = next((number for number, line in enumerate(lines[:2]) if "-->" in line), None)
        if at is None:
            assert lines[0].startswith(("NOTE", "STYLE")), block
            continue
        assert not any("-->" in line for line in lines[at + 1 :]), block
        found = re.fullmatch(r"(\d\d+:\d\d:\d\d\.\d{3}) --> (\d\d+:\d\d:\d\d\.\d{3})", lines[at])
        assert found, lines[at]
        payload = "\n".join(lines[at + 1 :])
        voice = re.match(r"<v ([^>]*)>", payload)
        plain = html.unescape(re.sub(r"<[^>]*>", "", payload))
        shown.append(Shown(_seconds(found[1]), _seconds(found[2]), html.unescape(voice[1]) if voice else None, plain))
    return shown


def _read_srt(file: str) -> list[Shown]:
    shown = []
    for number, block in enumerate(filter(None, file.split("\n\n")), start=1):
        first, times, *lines = block.strip("\n").split("\n")
        assert first == str(number)
        found = re.fullmatch(r"(\d\d+:\d\d:\d\d,\d{3}) --> (\d\d+:\d\d:\d\d,\d{3})", times)
        assert found, times
        assert len(lines) == 1, block
        shown.append(Shown(_seconds(found[1]), _seconds(found[2]), None, lines[0]))
    return shown


# What stands in them ---------------------------------------------------------------------------------------------


def test_each_caption_names_its_voice_and_marks_what_was_hardly_heard() -> None:
    shown = vtt(short_call())
    assert "<v Maria Lopez>I bought a washing machine from you, and it <c.unsure>leaks.</c></v>" in shown
    first = _read_vtt(shown)[0]
    assert (first.start_s, first.name) == (0.8, "Daniel Price")


def test_a_hold_is_a_note_in_webvtt_and_a_caption_where_there_are_no_notes() -> None:
    hold = "On hold for 16 seconds: music or another lasting sound"
    assert f"\nNOTE 0:13 to 0:29: {hold}\n" in vtt(short_call())
    (shown,) = [one for one in _read_srt(srt(short_call())) if "hold for 16" in one.text]
    assert shown == Shown(13.4, 29.8, None, f"[{hold}]")
    assert f"[0:13] -- {hold} --" in text(short_call())


def test_captions_stand_in_the_order_of_their_beginnings_also_where_people_speak_at_once() -> None:
    long = said("t1", Party.AGENT, " ".join(["word"] * 60), 0.0, 30.0)
    within = said("t2", Party.CUSTOMER, "Yes. Go on.", 3.0, 4.0)
    shown = _read_vtt(vtt(record_of((long, within), duration_s=30.0)))
    assert [one.start_s for one in shown] == sorted(one.start_s for one in shown)
    assert [one.name for one in shown][:3] == ["Daniel Price", "Maria Lopez", "Daniel Price"]


def test_tokens_are_written_out_for_people() -> None:
    shown = " ".join(one.text for one in _read_vtt(vtt(protected_call())))
    assert shown.startswith("It is [card number ending in 4242] and [security code of a card, cut], thank you.")
    assert "[security code of a card, cut]" in text(protected_call())
    assert written_out("[email:example.com] [not_one] [card_code]") == (
        "[email address at example.com] [not_one] [security code of a card, cut]"
    )


def test_what_both_sides_agreed_on_stands_there_with_what_was_heard_below_it() -> None:
    items = accepted(NewWords("it drips & drips."), LEAKS)
    assert "and <c.agreed>it drips &amp; drips.</c></v>" in vtt(short_call(), *items)
    shown = text(short_call(), *items)
    assert "from you, and {it drips & drips.}\n" in shown
    assert "        The machine heard: I bought a washing machine from you, and it leaks.\n" in shown
    assert "{it" not in text(short_call(), items[0]), "one side alone changes nothing"
    gone = accepted(NewWords(""), LEAKS)
    assert "and {[nothing was said]}\n" in text(short_call(), *gone)


def test_who_spoke_is_whom_both_sides_hold_it_was() -> None:
    items = accepted(NewSpeaker(Party.AGENT), LEAKS)
    shown = text(short_call(), *items)
    assert "[0:06] Daniel Price (agent): I bought" in shown
    assert "        The machine took this for: Maria Lopez\n" in shown


def test_the_transcript_says_of_which_call_it_is_who_made_it_and_what_its_marks_mean() -> None:
    shown = text(short_call())
    assert "Began: 2026-03-10 10:14:00 UTC\nLength: 44 seconds\nLanguage: en\n" in shown
    assert "Agent: Daniel Price (said “thank you for calling” at 0:01)" in shown
    assert "written by machine" in shown
    assert "and it leaks.(?)" in shown
    assert "[0:10] Daniel Price (agent), while somebody else speaks: May I" in shown
    assert "- transcribe: whisper-base, ebe41f7" in shown
    assert shown.endswith(f"SHA-256 of the recording: {'5e' * 32}\n")


def test_unknown_voices_are_told_apart_and_nobody_is_given_a_name() -> None:
    shown = text(unknown_voices_call())
    assert "] Unknown voice 1: Good morning." in shown
    assert "Unknown voice 2" in shown


def test_a_call_without_a_word_is_a_valid_file_of_each_kind() -> None:
    assert _read_vtt(vtt(silent_call())) == []
    assert srt(silent_call()) == ""
    assert "Nobody was heard to speak." in text(silent_call())


# Bounds ----------------------------------------------------------------------------------------------------------


def test_a_long_turn_becomes_captions_that_can_be_read() -> None:
    words = " ".join(f"word{number}" for number in range(400))
    cues = cues_of(script(record_of((said("t1", Party.AGENT, words, 0.0, 200.0),), duration_s=200.0)))
    assert " ".join(word.text for cue in cues for word in cue.words) == words
    assert max(len(" ".join(word.text for word in cue.words)) for cue in cues) <= LONGEST_CUE
    assert max(cue.end_s - cue.start_s for cue in cues) <= LONGEST_CUE_S + 0.001


def test_a_turn_without_words_of_its_own_is_captioned_by_its_text() -> None:
    turn = replace(said("t1", Party.AGENT, "some words that are said", 1.0, 3.0), words=())
    (shown,) = _read_vtt(vtt(record_of((turn,), duration_s=3.0)))
    assert shown == Shown(1.0, 3.0, "Daniel Price", "some words that are said")


@pytest.mark.parametrize(
    "words",
    [
        "00:00:01.000 --> 00:00:02.000",
        "<v Somebody>else</v> & <b>bold</b> &lt; &amp;",
        "שלום אני צריך עזרה \u202eabc\u202c",
        "line\none\r\n\r\n2\r\n--> and\u2028more",
        "NOTE this STYLE WEBVTT",
        "{\\an8}over <i>there</i>",
        "\x00\x07 \ud800 nothing",
    ],
)
def test_no_words_and_no_name_break_a_file(words: str) -> None:
    turn = said("t1", Party.AGENT, words, 0.0, 2.0)
    voice = replace(AGENT, name=words)
    record = record_of((turn, said("t2", Party.AGENT, "After it.", 3.0, 4.0)), duration_s=4.0, parties=(voice,))
    read = _read_vtt(vtt(record))
    assert "After it." in [one.text for one in read]
    assert len({one.name for one in read}) == 1
    captions = _read_srt(srt(record))
    assert captions[-1].text.endswith("After it.")
    assert len(text(record).split("After it.")) == 2


@given(records())
@QUICK
def test_whatever_is_said_every_file_reads_back_with_all_of_its_words(record: CallRecord) -> None:
    lines = script(record)
    spoken = sorted(word.text for line in lines if isinstance(line, Speech) for word in line.words)
    read = _read_vtt(vtt(record))
    assert sorted(" ".join(one.text for one in read).split()) == sorted(" ".join(spoken).split())
    assert [one.start_s for one in read] == sorted(one.start_s for one in read)
    assert all(one.start_s < one.end_s for one in read)
    captions = _read_srt(srt(record))
    assert all(one.start_s < one.end_s for one in captions)
    assert len(captions) >= len(read)
    assert text(record).endswith("\n")
    for made in (vtt(record), srt(record), text(record)):
        made.encode()
