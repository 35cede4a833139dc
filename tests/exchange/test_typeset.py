"""transcript.pdf: tagged, titled, in its language, read in its order, and set in seconds."""

from __future__ import annotations

import io
import time
from typing import Any

import pytest
from pypdf import PdfReader

from tests.browser.sample import sample_record
from tests.web.records import long_call, page_of, record_of, said
from worker.core.call import Party
from worker.core.record import CallRecord
from worker.core.transcript import Participant
from worker.exchange.machine_made import SOURCE_TYPE
from worker.exchange.package.typeset import pdf_of
from worker.web.packing.document import document_of
from worker.web.packing.page import Beside
from worker.web.texts import speaking

NOTHING_BESIDE = Beside("sound.flac", has_left_out=False, files={})


def pdf(record: CallRecord, language: str = "en") -> PdfReader:
    with speaking(language):
        return PdfReader(io.BytesIO(pdf_of(document_of(page_of(record), NOTHING_BESIDE))))


def tags(reader: PdfReader) -> list[str]:
    """The kinds of all tags, in the order in which they are read."""
    found: list[str] = []

    def walk(node: Any) -> None:
        one = node.get_object() if hasattr(node, "get_object") else node
        if isinstance(one, list):
            for child in one:
                walk(child)
        elif isinstance(one, dict):
            if "/S" in one:
                found.append(str(one["/S"]))
            if "/K" in one:
                walk(one["/K"])

    walk(reader.trailer["/Root"]["/StructTreeRoot"]["/K"])
    return found


@pytest.fixture(scope="module")
def sample() -> PdfReader:
    return pdf(sample_record())


def test_it_is_tagged_and_says_so_and_in_which_language_it_is(sample: PdfReader):
    root = sample.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] is True or root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert sample.metadata is not None
    assert sample.metadata.title == "Record of a call between Daniel Price and Maria Lopez"
    assert b"pdfuaid" in root["/Metadata"].get_object().get_data(), "PDF/UA-1"


def test_its_headings_come_in_order_and_its_lists_and_tables_are_such(sample: PdfReader):
    found = tags(sample)
    assert found.index("/H1") < found.index("/H2")
    assert {"/Document", "/P", "/L", "/LI", "/LBody", "/Table", "/TH", "/TD"} <= set(found)


def test_it_is_marked_as_made_by_machine_for_programs(sample: PdfReader):
    assert SOURCE_TYPE.encode() in sample.trailer["/Root"]["/Metadata"].get_object().get_data()


def test_it_says_what_was_said_in_its_order_with_page_numbers(sample: PdfReader):
    pages = [page.extract_text() for page in sample.pages]
    whole = " ".join(" ".join(pages).split())
    places = [whole.index(text) for text in ("In short", "Promises", "The conversation", "How this was made")]
    assert places == sorted(places)
    assert "Thank you for calling Brightwater Appliances." in whole
    for number, text in enumerate(pages, 1):
        assert f"Page {number} of {len(pages)}" in text


def test_its_fonts_lie_in_it(sample: PdfReader):
    fonts = [font.get_object() for page in sample.pages for font in page["/Resources"]["/Font"].values()]
    assert fonts
    for font in fonts:
        below = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
        held = set(below["/FontDescriptor"].get_object())
        assert held & {"/FontFile", "/FontFile2", "/FontFile3"}, "a font that is not embedded looks otherwise elsewhere"


def test_it_speaks_the_readers_language():
    reader = pdf(sample_record(), "de")
    assert reader.trailer["/Root"]["/Lang"] == "de"


@pytest.mark.parametrize(
    "name", ["ليلى حسن", "דנה לוי", "Zoë Müller-Łukasz Đặng", "王小明", "#let x = 1 *bold* $y$ \\ @z"]
)
def test_names_of_every_script_and_signs_of_markup_are_text(name: str):
    voice = Participant(Party.CUSTOMER, name, "track 1", 1, "the sender of the call said so")
    record = record_of((said("t1", Party.CUSTOMER, f"I am {name} .", 0.0, 3.0),), duration_s=4.0, parties=(voice,))
    reader = pdf(record)
    assert len(reader.pages) >= 1
    assert "/StructTreeRoot" in reader.trailer["/Root"]
    if name.startswith("#let"):
        assert "#let x = 1 *bold* $y$" in " ".join(reader.pages[0].extract_text().split())


def test_a_call_of_600_turns_is_set_in_seconds():
    began = time.process_time()
    reader = pdf(long_call(turns=600, words=9000))
    assert len(reader.pages) > 20
    assert time.process_time() - began < 30
