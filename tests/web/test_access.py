"""Who may open what: a link opens its own call for its own party, for as long as it is valid, and nothing else."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from tests.web.conftest import AS_BROWSER, SECRET, Site
from tests.web.reading import read
from tests.web.records import short_call, unknown_voices_call
from worker.core.call import Party
from worker.core.errors import Invalid
from worker.web.access import Holder, Links
from worker.web.app import create_app

ONE, OTHER = "1a" * 32, "2b" * 32
SUFFIXES = ("", ".json", "/sound")


def altered(token: str) -> dict[str, str]:
    body, made_at, signature = token.rsplit(".", 2)
    changed = ("A" if body[5] != "A" else "B").join((body[:5], body[6:]))
    return {
        "another letter": f"{changed}.{made_at}.{signature}",
        "another time": f"{body}.{made_at[:-1]}{'A' if made_at[-1] != 'A' else 'B'}.{signature}",
        "cut off": token[:-3],
        "no signature": body,
        "not ours": "eyJhIjoxfQ.abc.def",
    }


def test_both_sides_see_the_same_page_and_only_you_differs(site: Site) -> None:
    call_id = site.publish(short_call())
    pages = []
    for party in (Party.AGENT, Party.CUSTOMER):
        link = site.link(call_id, party)
        pages.append(site.client.get(link).text.replace(link, "LINK"))
    agent, customer = pages
    assert 'Daniel Price</bdi><span class="quiet">, agent</span> <span class="quiet">(you)</span>' in agent
    assert 'Maria Lopez</bdi><span class="quiet">, customer</span> <span class="quiet">(you)</span>' in customer
    without_you = [re.sub(r' <span class="quiet">\(you\)</span>', "", page) for page in pages]
    assert without_you[0] == without_you[1], "neither side is the person of record"


def test_who_was_not_found_among_the_voices_is_told_so(site: Site) -> None:
    call_id = site.publish(unknown_voices_call())
    for party in (Party.AGENT, Party.CUSTOMER):
        page = site.open(call_id, party)
        assert f"You opened this as the {party}. Which voice is yours was not found." in page.text
        assert "(you)" not in page.text, "which voice it is would be a guess"


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_altered_and_foreign_tokens_are_refused(site: Site, suffix: str) -> None:
    call_id = site.publish(short_call(), sound=b"sound")
    link = site.link(call_id)
    assert site.client.get(link + suffix).status_code == 200
    foreign = Links("another secret", valid_for=timedelta(days=1)).token(Holder(call_id, Party.AGENT))
    for what, token in {**altered(link.removeprefix("/r/")), "of another installation": foreign}.items():
        response = site.client.get(f"/r/{token}{suffix}")
        assert response.status_code == 403, what
        assert "Daniel" not in response.text


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_expired_token_is_refused_and_says_so(site: Site, suffix: str) -> None:
    link = site.link(site.publish(short_call(), sound=b"sound"))
    too_old = Links(SECRET, valid_for=timedelta(seconds=-1))  # whose links have all expired
    client = TestClient(create_app(store=site.store, sounds=site.sounds, links=too_old))
    response = client.get(link + suffix, headers=AS_BROWSER)
    assert response.status_code == 403
    assert "This link is too old. Ask for a new one from whoever sent it." in read(response.text).text


def test_a_refusal_is_a_clear_page_for_people_and_problem_details_for_programs(site: Site) -> None:
    words = "This link is not complete or not ours. Ask for a new one from whoever sent it."
    page = site.client.get("/r/nothing", headers=AS_BROWSER)
    assert page.status_code == 403
    assert page.headers["content-type"].startswith("text/html")
    assert read(page.text).one("h1").text == "This link does not open a record"
    assert words in read(page.text).text
    problem = site.client.get("/r/nothing")
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json() == {"type": "about:blank", "title": "Forbidden", "status": 403, "detail": words}


def test_a_link_opens_the_sound_and_the_data_of_its_own_call_only(site: Site, with_hash) -> None:
    one = site.link(site.publish(with_hash(short_call(), ONE), sound=b"one"))
    other = site.link(site.publish(with_hash(short_call(), OTHER), sound=b"other"))
    assert site.client.get(f"{one}/sound").content == b"one"
    assert site.client.get(f"{other}/sound").content == b"other"
    assert site.client.get(f"{one}.json").json()["recording"]["sha256"] == ONE
    for address in (f"{one}/sound/{OTHER}", f"{one}/{OTHER}", f"/r/{OTHER}/sound", "/r/", f"{one}/../sound"):
        assert site.client.get(address).status_code in (403, 404)


def test_a_link_to_a_call_that_is_gone_says_what_to_do(site: Site) -> None:
    response = site.client.get(site.link("0123456789abcdef"), headers=AS_BROWSER)
    assert response.status_code == 404
    assert "Ask whoever sent it." in read(response.text).text
    assert "onrecord" not in response.text, "the operator's command means nothing to a party"


@pytest.mark.parametrize("party", [Party.OTHER, Party.UNKNOWN])
def test_there_are_links_for_the_agent_and_the_customer_alone(party: Party) -> None:
    with pytest.raises(Invalid, match="agent or for the customer"):
        Links("secret", valid_for=timedelta(days=1)).token(Holder("call", party))


def test_nobody_can_look_through_records(site: Site) -> None:
    site.publish(short_call())
    home = site.client.get("/")
    assert home.status_code == 200
    assert "Nobody can look through records here." in home.text
    for address in ("/r", "/r/", "/docs", "/openapi.json", "/calls", "/static/", "/static/../app.py"):
        assert site.client.get(address).status_code in (403, 404), address
