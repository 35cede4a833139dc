"""The ways in: one-time links, codes, code words, an agent who vouches, the company's own site; and no other."""

from __future__ import annotations

import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import count

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from tests.handed_over import hand_over
from tests.web.conftest import AS_BROWSER, BASE_URL, Site
from tests.web.reading import read
from tests.web.records import short_call
from worker.core.call import CallDetails, Party
from worker.core.dialogue.values import LetIn, Reason
from worker.core.errors import Invalid, Unavailable
from worker.core.log.entry import Role
from worker.exchange.sending import Sending
from worker.record.outbox import Letter
from worker.web.app import create_app
from worker.web.hand_over import HandOver

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
MARIA, PHONE = "maria@post.example", "+4930123456"
DANIEL = "daniel@brightwater.example"

numbers = count(1)


def receive(site: Site, address: str | None = MARIA, **details: str) -> str:
    """A call whose customer has this address."""
    said = CallDetails(agent_address=DANIEL, customer_address=address, customer="Maria Lopez", **details)  # type: ignore[arg-type]
    return hand_over(
        site.store, said, sha256=f"{next(numbers):064x}", file_name="a.wav", size_bytes=1, first_stage="decode"
    ).call_id


def invited(site: Site, call_id: str) -> str:
    return site.parts.invitations.address(call_id, base="")


def code_in(letter: Letter) -> str:
    (code,) = set(re.findall(r"\b\d{6}\b", letter.text))
    return code


def send_code(site: Site, address: str) -> str:
    """Asks for a code, and reads it where the embedded default shows it."""
    assert site.client.post(f"{address}/code", follow_redirects=False).status_code == 303
    return code_in(site.store.people.outbox.letters()[0])


def is_in(site: Site, call_id: str) -> bool:
    return site.client.get(f"/calls/{call_id}", headers=AS_BROWSER, follow_redirects=False).status_code == 200


# One-time links


def one_time(site: Site, call_id: str) -> str:
    person = site.store.people.side(call_id, Role.CUSTOMER)
    return site.store.people.sessions.one_time_token(person.id, only_call=call_id, lasts=HOUR, now=site.now)


def test_a_program_that_looks_at_a_link_does_not_use_it_up(site: Site) -> None:
    call_id = receive(site)
    token = one_time(site, call_id)
    for _ in range(3):
        page = site.client.get(f"/sign-in/once/{token}", headers=AS_BROWSER)
        site.client.head(f"/sign-in/once/{token}")
    form = read(page.text).one("form", action="/sign-in/once")
    assert [button.text for button in form.all("button")] == ["Go on"]
    assert not is_in(site, call_id)
    given = {one.attributes["name"]: one.attributes["value"] for one in form.all("input")}
    response = site.client.post("/sign-in/once", data=given, follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (303, f"/calls/{call_id}")
    assert is_in(site, call_id)


def test_a_link_that_was_used_is_too_old_or_is_not_ours_says_so_in_the_same_words(site: Site) -> None:
    call_id = receive(site)
    used, old = one_time(site, call_id), one_time(site, call_id)
    site.client.post("/sign-in/once", data={"token": used})
    site.sign_out()
    site.now += HOUR
    pages = {
        site.client.post("/sign-in/once", data={"token": token}, headers=AS_BROWSER).text
        for token in (used, old, "made up")
    }
    (page,) = pages
    assert "was used, is too old, or is not complete" in read(page).one("p", role="alert").text
    assert not is_in(site, call_id)


def test_whoever_runs_the_service_signs_staff_in_to_all_that_is_theirs(site: Site) -> None:
    call_id = receive(site)
    agent = site.store.people.find(DANIEL)
    token = site.store.people.sessions.one_time_token(agent.id, only_call=None, lasts=HOUR, now=site.now)
    response = site.client.post("/sign-in/once", data={"token": token}, follow_redirects=False)
    assert response.headers["location"] == "/"
    assert is_in(site, call_id)


# A code


def test_a_code_that_is_sent_to_the_address_of_the_call_opens_it(site: Site) -> None:
    call_id, other, foreign = receive(site), receive(site), receive(site, "somebody@post.example")
    address = invited(site, call_id)
    page = read(site.client.get(address, headers=AS_BROWSER).text)
    assert page.one("h1").text == "Open the record of your call"
    sent = site.client.post(f"{address}/code", headers=AS_BROWSER)
    field = read(sent.text).one("input", name="code")
    assert field.attributes["autocomplete"] == "one-time-code"
    assert field.attributes["inputmode"] == "numeric"
    (letter,) = site.store.people.outbox.letters()
    assert letter.address == MARIA
    code = code_in(letter)
    response = site.client.post(address, data={"code": code}, follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (303, f"/calls/{call_id}")
    assert is_in(site, call_id)
    assert is_in(site, other), "whoever reads that address is its person, on every call of theirs"
    assert not is_in(site, foreign)


def test_an_invitation_opens_nothing_by_itself_and_shows_nothing_of_the_call(site: Site) -> None:
    call_id = site.publish(short_call())
    page = site.client.get(invited(site, call_id), headers=AS_BROWSER)
    assert page.status_code == 200
    for word in ("Maria", "Daniel", "washing", "Brightwater", call_id, "2026"):
        assert word not in read(page.text).text
    assert not is_in(site, call_id)


def test_a_telephone_gets_a_code_that_it_can_fill_in_by_itself(site: Site) -> None:
    send_code(site, invited(site, receive(site, PHONE)))
    (letter,) = site.store.people.outbox.letters()
    assert letter.address == PHONE
    assert letter.text.endswith(f"@localhost #{code_in(letter)}")


def test_an_invitation_answers_the_same_whether_or_not_an_address_is_known(site: Site) -> None:
    answers = []
    for call_id in (receive(site), receive(site, None), "0123456789abcdef"):
        address = invited(site, call_id)
        given = [site.client.get(address, headers=AS_BROWSER)]
        given += [site.client.post(f"{address}/code", headers=AS_BROWSER) for _ in range(7)]
        given += [site.client.post(address, data={"code": "abcdef"}, headers=AS_BROWSER) for _ in range(7)]
        given += [site.client.post(address, data={"word": "grey heron"}, headers=AS_BROWSER) for _ in range(7)]
        token = address.removeprefix("/c/")
        answers.append([(one.status_code, one.text.replace(token, "")) for one in given])
    assert answers[0] == answers[1] == answers[2]
    assert {status for status, _ in answers[0]} == {200, 403, 429}


def test_after_five_wrong_codes_the_right_one_is_wrong_too(site: Site) -> None:
    call_id = receive(site)
    address = invited(site, call_id)
    code = send_code(site, address)
    for _ in range(5):
        page = site.client.post(address, data={"code": f"{(int(code) + 1) % 10**6:06}"}, headers=AS_BROWSER)
        assert page.status_code == 403
    field = read(page.text).one("input", name="code")
    assert field.attributes["aria-invalid"] == "true"
    assert "wait 15 minutes" in read(page.text).one("p", id=field.attributes["aria-describedby"]).text
    assert site.client.post(address, data={"code": code}).status_code == 403
    assert not is_in(site, call_id)
    site.now += 15 * MINUTE
    site.client.post(address, data={"code": send_code(site, address)})
    assert is_in(site, call_id)


def test_no_more_than_five_codes_an_hour_are_sent_to_anybody(site: Site) -> None:
    address = invited(site, receive(site))
    for _ in range(5):
        assert site.client.post(f"{address}/code").status_code == 200
    for _ in range(4):
        refused = site.client.post(f"{address}/code", headers=AS_BROWSER)
        assert refused.status_code == 429
        assert "No new code was sent" in read(refused.text).one("p", role="alert").text
        assert "is on its way" not in refused.text
    assert len(site.store.people.outbox.letters()) == 5


def test_who_has_to_wait_is_told_that_no_new_code_was_sent(site: Site) -> None:
    address = invited(site, receive(site))
    code = send_code(site, address)
    for _ in range(5):
        site.client.post(address, data={"code": f"{(int(code) + 1) % 10**6:06}"})
    refused = site.client.post(f"{address}/code", headers=AS_BROWSER)
    assert refused.status_code == 429
    assert "come in another way" in read(refused.text).one("p", role="alert").text
    assert len(site.store.people.outbox.letters()) == 1


def test_who_is_in_already_needs_no_second_code(site: Site) -> None:
    call_id, foreign = receive(site), receive(site, "somebody@post.example")
    site.link(call_id)
    response = site.client.get(invited(site, call_id), headers=AS_BROWSER, follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (303, f"/calls/{call_id}")
    other = site.client.get(invited(site, foreign), headers=AS_BROWSER, follow_redirects=False)
    assert read(other.text).one("h1").text == "Open the record of your call", "signed in as somebody else"


def test_somebody_else_who_is_signed_in_comes_in_by_the_invitation_as_its_customer(site: Site) -> None:
    call_id, foreign = receive(site), receive(site, "somebody@post.example")
    site.link(foreign)
    del site.client.headers["X-CSRF-Token"]
    page = read(site.client.get(invited(site, call_id), headers=AS_BROWSER).text)
    csrf = page.all("input", name="csrf")[0].attributes["value"]
    site.client.post(f"{invited(site, call_id)}/code", data={"csrf": csrf})
    code = code_in(site.store.people.outbox.letters()[0])
    site.client.post(invited(site, call_id), data={"csrf": csrf, "code": code})
    assert is_in(site, call_id)
    assert not is_in(site, foreign)


def test_a_code_of_one_customer_opens_nothing_to_another(site: Site) -> None:
    mine, theirs = receive(site), receive(site, "somebody@post.example")
    code = send_code(site, invited(site, mine))
    if send_code(site, invited(site, theirs)) != code:
        assert site.client.post(invited(site, theirs), data={"code": code}).status_code == 403
    assert not is_in(site, theirs)


@pytest.mark.parametrize("end", ["", "/code"])
def test_an_invitation_that_was_altered_or_is_too_old_is_refused(site: Site, end: str) -> None:
    address = invited(site, receive(site))
    body, made_at, signature = address.rsplit(".", 2)
    changed = f"{body[:-1]}{'A' if body[-1] != 'A' else 'B'}.{made_at}.{signature}"
    method = "POST" if end else "GET"
    for wrong in (changed, address[:-3], "/c/made-up"):
        assert site.client.request(method, wrong + end, headers=AS_BROWSER).status_code == 403
    parts = replace(site.parts, invited_for=timedelta(seconds=-1))  # whose invitations have all ended
    with site.client_of(parts) as client:
        assert "too old" in client.request(method, address + end, headers=AS_BROWSER).text


class FailingCarrier:
    """A gateway that takes nothing; what it is told it must not repeat."""

    def send(self, address: str, *, subject: str, text: str) -> None:
        raise Unavailable("The webhook that sends messages answered 500.")


def test_a_code_that_could_not_be_sent_is_told_so_without_saying_to_whom(site: Site) -> None:
    parts = replace(site.parts, sending=Sending(webhook=FailingCarrier()))
    call_id = receive(site, PHONE)
    with site.client_of(parts) as client, capture_logs() as logs:
        page = client.post(f"{invited(site, call_id)}/code", headers=AS_BROWSER)
    assert page.status_code == 503
    assert "could not be sent now" in read(page.text).one("p", role="alert").text
    (letter,) = site.store.people.outbox.letters()
    assert letter.failure == "Unavailable"
    assert PHONE not in page.text + str(logs)
    assert logs[0]["event"] == "code.not_sent"


def test_a_number_to_which_nothing_sends_is_told_so_with_the_other_ways_in(site: Site) -> None:
    parts = replace(site.parts, sending=Sending(mail=FailingCarrier()))
    call_id = receive(site, PHONE)
    with site.client_of(parts) as client, capture_logs() as logs:
        pages = [client.post(f"{invited(site, call_id)}/code", headers=AS_BROWSER) for _ in range(7)]
    assert {page.status_code for page in pages} == {503}, "and no sending is counted"
    said = read(pages[0].text).one("p", role="alert").text
    assert "No code can be sent" in said
    assert "in a few minutes" not in said, "it would not help"
    assert {one["event"] for one in logs} == {"code.no_way"}
    assert PHONE not in pages[0].text + str(logs)
    assert site.store.people.outbox.letters() == ()


def test_what_was_sent_is_not_kept(site: Site) -> None:
    class Taking:
        def send(self, address: str, *, subject: str, text: str) -> None:
            pass

    parts = replace(site.parts, sending=Sending(mail=Taking()))
    with site.client_of(parts) as client:
        assert client.post(f"{invited(site, receive(site))}/code").status_code == 200
    (letter,) = site.store.people.outbox.letters()
    assert (letter.text, letter.sent_at) == ("", site.now)


def test_no_code_and_no_address_gets_into_the_log(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    address = invited(site, receive(site))
    with capture_logs() as logs:
        code = send_code(site, address)
        site.client.post(address, data={"code": code})
    lines = [record.getMessage() for record in caplog.records if not record.name.startswith("httpx")]
    said = str(logs) + "\n".join(lines)
    for secret in (code, MARIA, address.removeprefix("/c/"), site.client.cookies["onrecord"]):
        assert secret not in said


# A code word


def test_a_code_word_that_was_given_in_the_call_opens_that_call_alone(site: Site) -> None:
    call_id, other = receive(site), receive(site)
    site.store.people.codes.set_word(call_id, "Blue Heron")
    response = site.client.post(invited(site, call_id), data={"word": "blue heron"}, follow_redirects=False)
    assert response.headers["location"] == f"/calls/{call_id}"
    assert is_in(site, call_id)
    assert not is_in(site, other), "who knows a word of one call is not known on another"


def test_a_call_without_an_address_opens_by_its_code_word(site: Site) -> None:
    call_id = receive(site, None)
    site.store.people.codes.set_word(call_id, "Blue Heron")
    site.client.post(invited(site, call_id), data={"word": "BLUE HERON"})
    assert is_in(site, call_id)


# An agent who vouches


def test_an_agent_lets_the_customer_of_their_own_call_in_and_the_record_shows_it(site: Site) -> None:
    call_id, other = receive(site), receive(site)
    address = site.link(call_id, Party.AGENT)
    page = read(site.client.get(f"{address}/vouch", headers=AS_BROWSER).text)
    assert "The record shows to both of you that you did." in page.text
    shown = read(site.client.post(f"{address}/vouch", headers=AS_BROWSER).text)
    code = shown.one("p", id="code").text
    assert re.fullmatch(r"[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{4}", code)
    assert shown.one("p", id="address").text == f"{BASE_URL}/sign-in/once/{code}"
    item = site.store.log.items(call_id)[-1]
    customer = site.store.people.side(call_id, Role.CUSTOMER)
    assert item.content == LetIn(customer.id, "Maria Lopez", Reason.VOUCHED)
    assert item.actor.role is Role.AGENT
    site.sign_out()
    read_out = code.replace("-", " ").upper()
    response = site.client.post("/sign-in/once", data={"token": read_out}, follow_redirects=False)
    assert response.headers["location"] == f"/calls/{call_id}"
    assert is_in(site, call_id)
    assert not is_in(site, other)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_nobody_else_vouches(site: Site, method: str) -> None:
    call_id = receive(site)
    assert site.client.request(method, f"{site.link(call_id)}/vouch").status_code == 403
    site.sign_in(site.store.people.add("emma@brightwater.example", is_reviewer=True))
    assert site.client.request(method, f"/calls/{call_id}/vouch").status_code == 404
    assert not [item for item in site.store.log.items(call_id) if isinstance(item.content, LetIn)]


# The company's own site

SECRET_KEY = "a secret of the company's own site and ours"


def handed_over(site: Site, key: object = None, algorithm: str = "HS256", **claims: object) -> str:
    told = {
        "aud": BASE_URL,
        "exp": int(site.now.timestamp()) + 120,
        "jti": f"jti-{next(numbers)}",
        "sub": MARIA,
    } | claims
    told = {name: value for name, value in told.items() if value is not None}
    return jwt.encode({"alg": algorithm}, told, key or OctKey.import_key(SECRET_KEY), algorithms=[algorithm])  # type: ignore[arg-type]


@pytest.fixture
def company(site: Site) -> Iterator[TestClient]:
    """Somebody's browser, on its way from the company's own site."""
    parts = replace(site.parts, hand_over=HandOver(SECRET_KEY, BASE_URL))
    with site.client_of(parts) as client:
        client.headers["sec-fetch-site"] = "cross-site"
        client.headers["origin"] = "https://brightwater.example"
        yield client


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_company_s_own_site_hands_its_customer_over(site: Site, company: TestClient, method: str) -> None:
    call_id, foreign = receive(site), receive(site, "somebody@post.example")
    token = handed_over(site, sub=MARIA.upper())
    given = {"params": {"token": token}} if method == "GET" else {"data": {"token": token}}
    response = company.request(method, "/sign-in/hand-over", **given, follow_redirects=False)  # type: ignore[arg-type]
    assert (response.status_code, response.headers["location"]) == (303, "/")
    assert company.get(f"/calls/{call_id}").status_code == 200
    assert company.get(f"/calls/{foreign}").status_code == 404
    again = company.request(method, "/sign-in/hand-over", **given)  # type: ignore[arg-type]
    assert again.status_code == 403, "once"


def test_the_company_s_own_site_hands_over_to_one_call_by_the_id_it_has_for_it(site: Site, company: TestClient) -> None:
    call_id, other = receive(site, None, external_id="PBX-7"), receive(site)
    response = company.get(
        "/sign-in/hand-over", params={"token": handed_over(site, sub="PBX-7")}, follow_redirects=False
    )
    assert response.headers["location"] == f"/calls/{call_id}"
    assert company.get(f"/calls/{call_id}").status_code == 200
    assert company.get(f"/calls/{other}").status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"aud": "https://other.example"},
        {"aud": None},
        {"aud": ["https://other.example"]},
        {"exp": -1},
        {"exp": 301},
        {"exp": None},
        {"exp": "soon"},
        {"jti": None},
        {"jti": 7},
        {"sub": None},
        {"sub": ""},
        {"sub": "PBX-unknown"},
        {"nbf": 60},
    ],
    ids=str,
)
def test_a_hand_over_that_is_not_as_it_must_be_is_refused(
    site: Site, company: TestClient, wrong: dict[str, object]
) -> None:
    receive(site)
    now_s = int(site.now.timestamp())
    claims = {
        name: now_s + value if name in ("exp", "nbf") and isinstance(value, int) else value
        for name, value in wrong.items()
    }
    response = company.get("/sign-in/hand-over", params={"token": handed_over(site, **claims)})
    assert response.status_code == 403
    assert "Go back to the site you came from" in response.text
    assert not company.cookies


def test_a_hand_over_that_somebody_else_signed_is_refused(site: Site, company: TestClient) -> None:
    receive(site)
    right = handed_over(site)
    head, body, signature = right.split(".")
    unsigned = "eyJhbGciOiJub25lIn0"
    for token in (
        handed_over(site, OctKey.import_key("another secret of 32 letters, or more")),
        f"{head}.{body}.{signature[:-2]}AA",
        f"{unsigned}.{body}.",
        f"{unsigned}.{body}.{signature}",
        "made up",
        "",
    ):
        assert company.get("/sign-in/hand-over", params={"token": token}).status_code == 403
    assert company.get("/sign-in/hand-over", params={"token": right}, follow_redirects=False).status_code == 303


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
def test_a_public_key_takes_no_signature_that_was_made_with_it_as_a_secret(site: Site) -> None:
    """Which algorithm is right follows from the key: else everybody who knows the public key could sign."""
    private = Ed25519PrivateKey.generate()
    pem = private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    receive(site)
    with site.client_of(replace(site.parts, hand_over=HandOver(pem, BASE_URL))) as client:
        for name in ("Ed25519", "EdDSA"):
            good = handed_over(site, OKPKey.import_key(private), name)
            assert client.get("/sign-in/hand-over", params={"token": good}, follow_redirects=False).status_code == 303
        signed = handed_over(site).rpartition(".")[0]
        signature = urlsafe_b64encode(hmac.digest(pem.encode(), signed.encode(), "sha256")).decode().rstrip("=")
        bad = f"{signed}.{signature}"
        assert client.get("/sign-in/hand-over", params={"token": bad}).status_code == 403


def test_without_a_key_nobody_is_handed_over(site: Site) -> None:
    receive(site)
    assert site.client.get("/sign-in/hand-over", params={"token": handed_over(site)}).status_code == 403


@pytest.mark.parametrize(
    "key",
    [
        "short",
        "-----BEGIN PUBLIC KEY-----\nnone\n-----END PUBLIC KEY-----",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ7xbLqkFf3pEo3mVY7D6pP8W5r5wM1m0m1b2b3c4d5e",
        '{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}',
    ],
)
def test_a_key_that_is_none_is_found_at_the_start(key: str) -> None:
    with pytest.raises(Invalid, match="ONRECORD_HANDOVER_KEY") as refused:
        HandOver(key, BASE_URL)
    assert key not in refused.value.message


# The way in for everybody, and the outbox


def test_the_way_in_says_what_there_is_for_whom(site: Site) -> None:
    page = read(site.client.get("/sign-in?next=/calls/abc", headers=AS_BROWSER).text)
    assert [heading.text for heading in page.all("h2")] == ["If it is your own call", "If you work here"]
    assert page.one("input", name="token").attributes["autocomplete"] == "one-time-code"
    assert not page.all("a", class_="button"), "there is no sign-in of a company"


HERE = ("127.0.0.1", 50000)


def browser(site: Site, base_url: str, client: tuple[str, int] = HERE, **changed: object) -> TestClient:
    parts = replace(site.parts, base_url=base_url, **changed)  # type: ignore[arg-type]
    return TestClient(create_app(parts), base_url=base_url, client=client)


def test_the_embedded_default_shows_what_it_would_have_sent_to_this_machine_alone(site: Site) -> None:
    here = "http://127.0.0.1:8000"
    address = invited(site, receive(site))
    with browser(site, here) as client:
        client.post(f"{address}/code")
        page = client.get("/outbox", headers=AS_BROWSER)
        assert MARIA in page.text
        assert re.search(r"\b\d{6}\b", page.text)
        for headers in (
            {"host": "rebound.example"},
            {"x-forwarded-for": "203.0.113.9"},
            {"x-forwarded-proto": "https"},
            {"forwarded": "for=1"},
            {"x-real-ip": "203.0.113.9"},
            {"via": "1.1 proxy"},
        ):
            assert client.get("/outbox", headers=headers).status_code == 404
    with browser(site, here, is_for_others=True) as behind_a_proxy:
        assert behind_a_proxy.get("/outbox").status_code == 404, "which asks from here, and need not say for whom"
    with browser(site, here, ("203.0.113.9", 50000)) as elsewhere:
        assert elsewhere.get("/outbox").status_code == 404
    with browser(site, here, sending=Sending(webhook=FailingCarrier())) as sending:
        assert sending.get("/outbox").status_code == 404
    with browser(site, "https://records.example") as public:
        assert public.get("/outbox", headers={"host": "127.0.0.1"}).status_code == 404


def test_an_installation_for_others_that_sends_nothing_says_that_a_code_could_not_be_sent(site: Site) -> None:
    with browser(site, "https://records.example") as public:
        response = public.post(f"{invited(site, receive(site))}/code", headers=AS_BROWSER)
    assert response.status_code == 503
