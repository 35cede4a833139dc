"""Staff come in by the company's own sign-in: a real provider, over HTTP, and everything that can be wrong with it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from joserfc.jwk import OctKey
from starlette.testclient import TestClient

from tests.handed_over import hand_over
from tests.web.conftest import AS_BROWSER, BASE_URL, Site
from tests.web.oidc_provider import CLIENT_ID, CLIENT_SECRET, Provider, Running, new_key
from tests.web.reading import read
from worker.core.call import CallDetails
from worker.core.errors import Unavailable
from worker.record.people import Person
from worker.web.single_sign_on import SingleSignOn

DANIEL = "daniel@brightwater.example"
GOOD = {"email": "Daniel@Brightwater.example", "email_verified": True, "name": "Daniel Price"}


@pytest.fixture(scope="module")
def running() -> Iterator[Provider]:
    with Running() as provider:
        yield provider


@pytest.fixture
def provider(running: Provider) -> Provider:
    """The provider as it is when nothing is wrong."""
    running.claims, running.algorithm, running.signs_with = dict(GOOD), "RS256", None
    del running.keys[1:]
    return running


def single_sign_on(provider: Provider) -> SingleSignOn:
    return SingleSignOn(
        provider.issuer,
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        redirect_uri=f"{BASE_URL}/sign-in/company/back",
    )


@pytest.fixture
def browser(site: Site, provider: Provider) -> Iterator[TestClient]:
    """Somebody's browser at an installation that knows the provider."""
    parts = replace(site.parts, single_sign_on=single_sign_on(provider), reviewers="reviewers", operators="operators")
    with site.client_of(parts) as client:
        yield client


def receive(site: Site) -> str:
    details = CallDetails(agent_address=DANIEL, customer_address="maria@post.example")
    return hand_over(
        site.store, details, sha256="0" * 64, file_name="a.wav", size_bytes=1, first_stage="decode"
    ).call_id


def go(browser: TestClient, *, to: str = "/") -> str:
    """Goes to the provider and comes back, up to the address to which it sends back."""
    away = browser.get("/sign-in/company", params={"next": to}, follow_redirects=False)
    assert away.status_code == 303
    back = httpx2.get(away.headers["location"], trust_env=False)
    assert back.status_code == 302, back.text
    return back.headers["location"].removeprefix(BASE_URL)


def come_in(browser: TestClient, *, to: str = "/") -> httpx2.Response:
    return browser.get(go(browser, to=to), headers=AS_BROWSER, follow_redirects=False)


def who(site: Site, browser: TestClient) -> Person:
    found = site.store.people.sessions.find(browser.cookies["onrecord"])
    assert found is not None
    return site.store.people.person(found[0].person_id)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_an_agent_is_found_by_the_address_that_the_company_vouches_for(
    site: Site, browser: TestClient, provider: Provider, algorithm: str
) -> None:
    call_id = receive(site)
    provider.algorithm = algorithm
    provider.keys.append(new_key(algorithm))
    response = come_in(browser, to=f"/calls/{call_id}")
    assert (response.status_code, response.headers["location"]) == (303, f"/calls/{call_id}")
    assert browser.get(f"/calls/{call_id}", headers=AS_BROWSER).status_code == 200
    assert who(site, browser) == site.store.people.find(DANIEL)


def test_what_is_asked_is_asked_with_a_state_a_nonce_and_a_challenge_that_are_new_each_time(
    browser: TestClient,
) -> None:
    asked = []
    for _ in range(2):
        away = browser.get("/sign-in/company", follow_redirects=False).headers["location"]
        asked.append({name: value for name, (value,) in parse_qs(urlsplit(away).query).items()})
    for name in ("state", "nonce", "code_challenge"):
        assert len(asked[0][name]) >= 32
        assert asked[0][name] != asked[1][name]
    assert asked[0]["code_challenge_method"] == "S256"
    assert asked[0]["redirect_uri"] == f"{BASE_URL}/sign-in/company/back"
    assert asked[0]["scope"].split()[0] == "openid"


def test_the_sign_in_page_leads_to_the_company(browser: TestClient) -> None:
    page = read(browser.get("/sign-in?next=/calls/a%26b", headers=AS_BROWSER).text)
    assert page.one("a", class_="button").attributes["href"] == "/sign-in/company?next=/calls/a%26b"


def test_groups_make_reviewers_and_operators_each_time_anew(
    site: Site, browser: TestClient, provider: Provider
) -> None:
    for claims, duties in (
        ({"groups": ["staff", "reviewers"]}, (True, False)),
        ({"roles": "operators"}, (False, True)),
        ({"groups": [], "roles": ["reviewers", "operators"]}, (True, True)),
        ({}, (False, False)),
    ):
        provider.claims = GOOD | claims
        assert come_in(browser).status_code == 303
        person = who(site, browser)
        assert (person.is_reviewer, person.is_operator) == duties, claims


def test_a_group_makes_the_desk_each_time_anew_and_where_none_is_set_staff_stays_what_it_was(
    site: Site, browser: TestClient, provider: Provider
) -> None:
    parts = replace(site.parts, single_sign_on=single_sign_on(provider), desk="privacy")
    with site.client_of(parts) as chosen:
        for claims, may in (
            ({"groups": ["privacy"]}, True),
            ({"roles": ["cooks"]}, False),
            ({"roles": "privacy"}, True),
        ):
            provider.claims = GOOD | claims
            assert come_in(chosen, to="/requests").status_code == 303
            assert who(site, chosen).is_desk is may, claims
            assert chosen.get("/requests", headers=AS_BROWSER).status_code == (200 if may else 404)
            assert ("Requests to be answered" in chosen.get("/", headers=AS_BROWSER).text) is may
    provider.claims = dict(GOOD)
    assert come_in(browser).status_code == 303
    assert who(site, browser).is_desk, "this installation takes the desk from no group"


def test_where_a_group_is_set_for_agents_nobody_else_of_the_company_looks_customers_up(
    site: Site, browser: TestClient, provider: Provider
) -> None:
    parts = replace(site.parts, single_sign_on=single_sign_on(provider), agents="agents")
    with site.client_of(parts) as chosen:
        for claims, may in (({"groups": ["agents"]}, True), ({"groups": ["cooks"]}, False), ({}, False)):
            provider.claims = GOOD | claims
            assert come_in(chosen).status_code == 303
            assert (chosen.get("/next-call").status_code == 200) is may, claims
            page = read(chosen.get("/", headers=AS_BROWSER).text).text
            assert ("Who is calling?" in page) is may
            assert ("There is nothing here for you yet." in page) is not may
        receive(site)
        assert chosen.get("/next-call").status_code == 200, "the agent of a call takes calls"
    provider.claims = GOOD | {"sub": "77", "email": "ruth@brightwater.example"}
    come_in(browser)
    assert browser.get("/next-call").status_code == 200, "where no group is set, everybody without another duty does"


def test_without_groups_in_the_settings_duties_stay_as_the_operator_set_them(site: Site, provider: Provider) -> None:
    site.store.people.add(DANIEL, is_reviewer=True)
    with site.client_of(replace(site.parts, single_sign_on=single_sign_on(provider))) as browser:
        come_in(browser)
        assert who(site, browser).is_reviewer


def test_who_came_once_is_known_by_who_they_are_there_whatever_their_address_is_then(
    site: Site, browser: TestClient, provider: Provider
) -> None:
    provider.claims = GOOD | {"sub": "42"}
    come_in(browser)
    daniel = who(site, browser)
    provider.claims = {"sub": "42", "email": "d.price@brightwater.example", "email_verified": True}
    assert come_in(browser).status_code == 303
    assert who(site, browser).id == daniel.id


def test_whoever_is_given_an_address_that_was_somebody_else_s_does_not_become_them(
    site: Site, browser: TestClient, provider: Provider
) -> None:
    call_id = receive(site)
    come_in(browser)
    browser.cookies.clear()
    provider.claims = GOOD | {"sub": "8"}
    response = come_in(browser)
    assert response.status_code == 403
    assert "somebody else" in response.text
    assert browser.get(f"/calls/{call_id}").status_code == 401


@pytest.mark.parametrize(
    "wrong",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another"},
        {"aud": None},
        {"aud": [CLIENT_ID, "another"], "azp": "another"},
        {"iss": "https://another.example"},
        {"iss": None},
        {"exp": timedelta(minutes=-10)},
        {"exp": None},
        {"sub": None},
        {"email_verified": False},
        {"email_verified": None},
        {"email_verified": "true"},
        {"email": None},
        {"email": ["daniel@brightwater.example"]},
        {"email": "no address"},
        {"nbf": timedelta(hours=1)},
    ],
    ids=str,
)
def test_a_token_that_is_not_as_it_must_be_signs_nobody_in(
    site: Site, browser: TestClient, provider: Provider, wrong: dict[str, object]
) -> None:
    """A time in it is told from now."""
    receive(site)
    provider.claims = GOOD | {
        name: int(time.time() + value.total_seconds()) if isinstance(value, timedelta) else value
        for name, value in wrong.items()
    }
    response = come_in(browser)
    assert response.status_code in (403, 422)
    assert "onrecord" not in browser.cookies
    assert "brightwater" not in response.text


def test_a_token_signed_by_somebody_else_signs_nobody_in(browser: TestClient, provider: Provider) -> None:
    stranger = new_key("RS256")
    provider.signs_with = stranger
    assert come_in(browser).status_code == 403, "a key that is not theirs"
    stranger = new_key("RS256")
    stranger._dict_value["kid"] = provider.keys[-1].kid
    provider.signs_with = stranger
    assert come_in(browser).status_code == 403, "under the name of theirs"


def test_a_token_signed_with_what_both_sides_know_signs_nobody_in(browser: TestClient, provider: Provider) -> None:
    provider.algorithm = "HS256"
    provider.signs_with = OctKey.import_key(CLIENT_SECRET, {"kid": provider.keys[-1].kid})  # type: ignore[assignment]
    assert come_in(browser).status_code == 403


def test_a_key_that_the_provider_took_since_is_asked_for(browser: TestClient, provider: Provider) -> None:
    assert come_in(browser).status_code == 303
    provider.keys.append(new_key("RS256"))
    before = provider.asked_for_keys
    assert come_in(browser).status_code == 303
    assert come_in(browser).status_code == 303
    assert provider.asked_for_keys == before + 1


def test_whoever_comes_back_is_the_one_who_went(site: Site, browser: TestClient) -> None:
    """A stranger's way back, opened by somebody else, would sign them in as the stranger."""
    back = go(browser)
    with site.client_of(replace(site.parts, single_sign_on=None)) as victim:
        assert victim.get(back).status_code == 403
    code = back.partition("code=")[2].partition("&")[0]
    for altered in (f"/sign-in/company/back?code={code}&state=another", f"/sign-in/company/back?code={code}"):
        assert browser.get(altered).status_code == 403
    assert browser.get(back, follow_redirects=False).status_code == 303
    browser.cookies.clear()
    assert browser.get(back).status_code == 403, "once"


def test_whoever_says_no_over_there_is_not_signed_in(browser: TestClient) -> None:
    state = go(browser).partition("state=")[2]
    response = browser.get(f"/sign-in/company/back?error=access_denied&error_description=secret&state={state}")
    assert response.status_code == 403
    assert "secret" not in response.text


def test_the_way_back_is_open_for_ten_minutes_in_a_cookie_for_no_script(browser: TestClient) -> None:
    (cookie,) = browser.get("/sign-in/company", follow_redirects=False).headers.get_list("set-cookie")
    assert cookie.startswith("onrecord-away=")
    assert {"HttpOnly", "Max-Age=600", "Path=/sign-in/company", "SameSite=lax"} <= set(cookie.split("; "))


def test_a_provider_that_is_not_there_or_is_another_is_told_plainly(site: Site, provider: Provider) -> None:
    with Running() as other:
        gone = other.issuer
    for issuer in (gone, provider.issuer + "/"):
        sign_on = SingleSignOn(issuer, client_id="a", client_secret=None, redirect_uri=f"{BASE_URL}/back")
        with pytest.raises(Unavailable, match="ONRECORD_OIDC_ISSUER"):
            sign_on.begin()
        with site.client_of(replace(site.parts, single_sign_on=sign_on)) as browser:
            assert browser.get("/sign-in/company", headers=AS_BROWSER).status_code == 503


def test_without_a_provider_there_is_no_such_way_in(site: Site) -> None:
    assert site.client.get("/sign-in/company").status_code == 404
