"""What stands in place of protected words, as pages write it out; and what people type is protected too."""

from __future__ import annotations

from dataclasses import replace

import pytest
from markupsafe import Markup

from tests.web.conftest import Site
from tests.web.records import short_call
from worker.core import protection
from worker.core.dialogue.values import Act, Annotation, NewWords, OnWords, WholeCall
from worker.core.protection import Action, Cut, Kind, token
from worker.exchange import tokens
from worker.web.texts import speaking
from worker.web.tokens import CUT, MASKED, WHY_OVERWRITTEN, written_out
from worker.web.typed import without_cards

SPACE = "\N{NO-BREAK SPACE}"


def plain(text: str) -> str:
    return text.replace(SPACE, " ")


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_token_is_written_out_as_one_word(kind: Kind) -> None:
    for one in (token(kind), token(kind, "4242")):
        written = written_out(f"It is {one}. Thanks")
        assert written.startswith("It is [")
        assert written.endswith("]. Thanks")
        assert "_" not in written
        assert len(written.split(" ")) == len(f"It is {one}. Thanks".split(" ")), "no space within it breaks"
    assert CUT[kind] != MASKED[kind] or kind in (Kind.CARD_CODE, Kind.CARD_EXPIRY, Kind.PASSWORD, Kind.ONE_TIME_CODE)


def test_what_a_mask_left_is_said() -> None:
    assert plain(written_out("[card_number:4242]")) == "[card number ending in 4242]"
    assert plain(written_out("[email:example.org],")) == "[email address at example.org],"
    assert plain(written_out("[card_code]")) == "[security code of a card, cut]"


@pytest.mark.parametrize("kind", Kind)
def test_what_goes_out_as_text_says_the_same_as_the_pages_do_in_english(kind: Kind) -> None:
    with speaking("en"):
        for one in (token(kind), token(kind, "4242")):
            assert plain(written_out(one)) == tokens.written_out(one)


@pytest.mark.parametrize("text", ["", "no token", "[nothing was said]", "[card_number", "[Card_Number]", "[other:1]"])
def test_every_other_text_stays_as_it_is(text: str) -> None:
    assert written_out(text) == text


def test_markup_stays_markup_and_what_is_left_stays_escaped() -> None:
    with speaking("en"):
        written = written_out(Markup("<b>[email:a&amp;b.example]</b>"))
    assert isinstance(written, Markup)
    assert plain(written) == "<b>[email address at a&amp;b.example]</b>"


def test_why_a_recording_was_overwritten_is_the_text_of_the_catalogues() -> None:
    assert protection.WHY_OVERWRITTEN == WHY_OVERWRITTEN


def protected_call():
    """The short call, in whose first turn a card number stands."""
    record = short_call()
    first = record.turns[0]
    words = (replace(first.words[0], text="[card_number:4242]"), *first.words[1:])
    turn = replace(first, words=words, text=" ".join(word.text for word in words))
    cut = Cut(Kind.CARD_NUMBER, Action.MASK, turn.id, 0, (0,), 0.1, 0.9)
    return replace(record, turns=(turn, *record.turns[1:]), cuts=(cut,))


def test_a_page_writes_out_what_the_record_has_as_tokens(site: Site) -> None:
    call_id = site.publish(protected_call())
    page = site.open(call_id)
    assert "[card number ending in 4242]" in plain(page.text)
    assert "[card_number" not in page.text
    assert "a soft tone stands in their place" in page.text
    assert "[card_number:4242]" in site.client.get(f"/calls/{call_id}.json").text, "programs read the token"


def test_what_is_sent_to_a_record_is_kept_without_the_cards_in_it(site: Site) -> None:
    call_id = site.publish(short_call())
    address = site.link(call_id)
    said = {"act": "add", "target": "call", "text": "It was 4929 1234 5678 9015, and the security code is 739."}
    csrf = site.client.headers["X-CSRF-Token"]
    assert site.client.post(f"{address}/annotations", data={**said, "csrf": csrf}).status_code == 200
    new = {"act": "add", "target": {"on": "call"}, "text": "Once more: 4929 1234 5678 9015"}
    assert site.client.post(f"/api/v1{address}/annotations", json=new).status_code == 201
    added = {"text": "I wrote 4929 1234 5678 9015 on paper", "csrf": csrf}
    assert site.client.post(f"{address}/added", data=added, files={"file": ("", b"")}).status_code == 200
    written = [one.content.text for one in site.store.log.items(call_id) if getattr(one.content, "text", None)]
    assert written == [
        "It was [card_number:9015], and the security code is [card_code].",
        "Once more: [card_number:9015]",
        "I wrote [card_number:9015] on paper",
    ]


def test_a_card_that_is_typed_is_not_kept() -> None:
    said = Annotation(Act.ADD, WholeCall(), "My card is 4929 1234 5678 9015.\n\nThe security code is 739, I said.")
    assert without_cards(said).text == "My card is [card_number:9015].\n\nThe security code is [card_code], I said."
    target = OnWords("t1", 0, 2, "x", "", "", 0.0, 1.0)
    correction = Annotation(Act.CORRECT, target, correction=NewWords("4929 1234 5678 9015"))
    assert without_cards(correction).correction == NewWords("[card_number:9015]")
    other = Annotation(Act.ADD, WholeCall(), "Invoice 2207 of 12 March: 40 euros. Call 0170 1234567.")
    assert without_cards(other) == other
