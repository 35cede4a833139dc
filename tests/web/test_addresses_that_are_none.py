"""What cannot be read as an address is refused with a reason, wherever it comes from.

``http://[::1`` made Python's own reading of addresses raise in the middle of a request, which was answered with 500:
found by ``scripts/fuzz_intake.py``.
"""

from __future__ import annotations

import pytest

from tests.web.conftest import Site
from tests.web.handing_over import Sender
from worker.core.arrival import Announced, name_at
from worker.core.errors import Invalid

NONE = ("http://[::1", "https://[", "https://a]b/x.wav")


@pytest.mark.parametrize("address", NONE)
def test_a_recording_is_not_announced_at_what_is_no_address(address: str) -> None:
    with pytest.raises(Invalid, match="address"):
        Announced(address, "call.wav")


def test_a_file_is_named_by_the_end_of_its_address_and_by_nothing_else_of_it() -> None:
    assert name_at("https://me:secret@pbx.example.com/a/call%201.wav?token=secret") == "call 1.wav"
    assert name_at("https://pbx.example.com") == ""


@pytest.mark.parametrize("address", NONE)
def test_the_api_answers_it_with_422(site: Site, address: str) -> None:
    sender = Sender.at(site)
    answer = sender.announce({"address": address})
    assert answer.status_code == 422
    assert sender.calls() == 0


@pytest.mark.parametrize("address", NONE)
def test_a_page_that_is_not_there_says_so_whatever_page_a_browser_says_it_comes_from(site: Site, address: str) -> None:
    answer = site.client.get("/nothing", headers={"Accept": "text/html", "Referer": address})
    assert answer.status_code == 404
