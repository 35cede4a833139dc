"""The API for the company's own systems about requests: by a key, without what anybody wrote."""

from __future__ import annotations

import json

import pytest

from tests.web.calls_of_people import MARIA, call_between
from tests.web.conftest import NOW, Site
from worker.core.log.entry import SYSTEM
from worker.core.requests.values import Asked, By, CameBy, RequestKind
from worker.record.senders import Scope

AT = "/api/v1/requests"


@pytest.fixture
def key(site: Site) -> dict[str, str]:
    return {"Authorization": f"Bearer {site.store.senders.add('crm', [Scope.REQUESTS], now=NOW)}"}


def test_a_letter_is_entered_once_and_seen_by_due_day(site: Site, key: dict[str, str]):
    call_id = call_between(site)
    body = {"kind": "erasure", "came_by": "letter", "address": MARIA, "name": "Maria", "text": "a secret"}
    made = site.client.post(AT, json={**body, "received_at": "2026-03-02T09:00:00+01:00"}, headers=key)
    assert made.status_code == 201, made.text
    one = made.json()
    assert (one["due"], one["waits_for"], one["calls"]) == ("2026-04-02", ["decision"], [call_id])
    assert site.client.post(AT, json=body, headers=key).json()["id"] == one["id"], "asked again, it is the same"
    assert site.client.get(AT, headers=key).json() == {"requests": [one], "total": 1}
    assert site.client.get(f"{AT}/{one['id']}", headers=key).json() == one
    assert not any(word in json.dumps(one) for word in ("secret", "Maria", MARIA))


def test_it_takes_a_key_with_that_scope(site: Site):
    assert site.client.get(AT).status_code == 401
    other = {"Authorization": f"Bearer {site.store.senders.add('pbx', [Scope.OPERATE], now=NOW)}"}
    assert site.client.get(AT, headers=other).status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "erasure", "came_by": "home", "address": MARIA},
        {"kind": "erasure", "came_by": "letter"},
        {"kind": "erasure", "came_by": "letter", "address": "nowhere"},
        {"kind": "correction", "came_by": "letter", "address": MARIA},
        {"kind": "erasure", "came_by": "letter", "address": MARIA, "received_at": "2026-03-02T09:00:00"},
        {"kind": "erasure", "came_by": "letter", "address": MARIA, "received_at": "0001-01-01T00:00:00+00:00"},
        {"kind": "erasure", "came_by": "letter", "address": MARIA, "text": "\ud800"},
        {"kind": "erasure", "came_by": "letter", "address": MARIA, "is_proved": True},
    ],
)
def test_what_makes_no_sense_is_refused_and_nothing_is_entered(site: Site, key: dict[str, str], body: dict[str, str]):
    content = json.dumps(body)
    answer = site.client.post(AT, content=content, headers=key | {"content-type": "application/json"})
    assert answer.status_code == 422
    assert site.store.requests.desk(now=NOW).total == 0


def test_a_call_that_is_not_there_is_not_found(site: Site, key: dict[str, str]):
    body = {"kind": "transcript", "came_by": "letter", "address": MARIA, "call_id": "0" * 16}
    assert site.client.post(AT, json=body, headers=key).status_code == 404
    assert site.client.get(f"{AT}/nothing", headers=key).status_code == 404


def test_those_that_ended_are_listed_apart(site: Site, key: dict[str, str]):
    asked = Asked(RequestKind.ACCESS, CameBy.LETTER, address=MARIA)
    one = site.store.requests.ask(asked, by=By(SYSTEM), now=NOW)
    site.store.requests.answer(one.id, None, by=By(SYSTEM), now=NOW)
    assert site.client.get(AT, headers=key).json()["total"] == 0
    (ended,) = site.client.get(AT, params={"ended": True}, headers=key).json()["requests"]
    assert (ended["id"], ended["state"], ended["waits_for"]) == (one.id, "answered", [])
