"""Captions as a browser's own player reads them: WebVTT's parser there knows nothing of what wrote them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Route

from tests.exchange.exported_calls import NOW, protected_call
from tests.web.records import AGENT, CUSTOMER, record_of, said, short_call
from worker.core.call import Party
from worker.core.dialogue.reading import read_dialogue
from worker.core.record import CallRecord
from worker.exchange.script import Speech, script_of
from worker.exchange.vtt import vtt_of

SITE = "http://captions.test"
PAGE = """<!doctype html><video><track kind="captions" default src="/captions.vtt"></video>"""
READ = """() => new Promise((done, failed) => {
  const track = document.querySelector("track");
  const read = () => done([...track.track.cues].map((cue) => {
    const voice = cue.getCueAsHTML().querySelector("span[title]");
    return [cue.startTime, cue.endTime, voice ? voice.title : null, cue.getCueAsHTML().textContent,
            cue.getCueAsHTML().querySelectorAll(".unsure").length];
  }));
  track.addEventListener("error", () => failed("not loaded"));
  track.track.mode = "showing";
  if (track.readyState === 2) { read(); } else { track.addEventListener("load", read); }
})"""

HOSTILE = record_of(
    (
        said("t1", Party.AGENT, "1 --> 2 & <v Eve>three</v> &amp; <b>", 0.0, 3.0),
        said("t2", Party.CUSTOMER, "שלום אני צריך עזרה", 2.0, 5.0, unsure=["צריך"]),
        said("t3", Party.AGENT, " ".join(["again"] * 300), 6.0, 200.0),
        said("t4", Party.CUSTOMER, "NOTE STYLE WEBVTT", 7.0, 9.0),
    ),
    duration_s=200.0,
    parties=(replace(AGENT, name="A > B & <i>C</i>"), replace(CUSTOMER, name="مريم")),
)


@pytest.mark.parametrize(
    "record", [short_call(), protected_call(), HOSTILE], ids=["a call", "with a card read out", "hostile words"]
)
def test_a_browser_reads_every_caption_with_its_voice_and_all_of_its_words(
    chromium: Browser, record: CallRecord
) -> None:
    script = script_of(record, read_dialogue(record, (), now=NOW))

    def serve(route: Route) -> None:
        is_page = route.request.url.rstrip("/") == SITE
        kind = "text/html; charset=utf-8" if is_page else "text/vtt; charset=utf-8"
        route.fulfill(body=PAGE if is_page else vtt_of(script), content_type=kind)

    context = chromium.new_context()
    try:
        context.route(f"{SITE}/**", serve)
        page = context.new_page()
        page.goto(SITE)
        cues = page.evaluate(READ)
    finally:
        context.close()
    spoken = [line for line in script if isinstance(line, Speech)]
    for name in {line.name for line in spoken}:
        shown = " ".join(text for _start, _end, voice, text, _unsure in cues if voice == name)
        assert shown == " ".join(word.text for line in spoken if line.name == name for word in line.words)
    assert sum(unsure for *_cue, unsure in cues) == sum(word.is_unsure for line in spoken for word in line.words)
    assert [cue[0] for cue in cues] == sorted(cue[0] for cue in cues)
    assert all(start < end for start, end, *_rest in cues)
