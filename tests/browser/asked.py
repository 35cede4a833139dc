"""Requests in every state, for whoever looks at their pages: asked at home, by a stranger, entered, at the desk."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tests.browser.conftest import DETAILS, Place, other_recording
from tests.browser.sample import sample_record
from tests.browser.view import View
from tests.web.records import said
from worker.core.call import Party
from worker.core.log.entry import SYSTEM, Actor, Role
from worker.core.packages import Protection, Step
from worker.core.record import CallRecord
from worker.core.requests.values import Asked, By, CameBy, Ground, RequestKind
from worker.owed.answering import erase_as_asked
from worker.owed.erasing import Stores
from worker.record.package_jobs import PackageJob
from worker.record.people import Person
from worker.record.requests.values import Request

LONG_ENOUGH_S = 3.0
FIRST_NUMBER = 0x40  # of the recordings here, apart from those elsewhere in the world
ABOUT_OTHERS = (
    "On Friday I work, but my husband Stefan is at home all day, so he can open the door for the technician.",
    "If nobody opens, our neighbour Mrs Ferreira on the second floor has the key.",
)


def everything_asked(place: Place) -> list[View]:
    """Every page of requests, each state of it once."""
    calls = [_call(place, number, day) for number, day in enumerate((10, 11, 12, 16, 17))]
    maria = place.person(calls[0], Role.CUSTOMER)
    dora = place.store.people.add("dora@example.com", name="Dora Winter", is_desk=True)
    others = _call(place, 6, 18, record=with_others())
    at_once = _asks(place, maria, RequestKind.TRANSCRIPT, calls[0])
    third = _asks(place, maria, RequestKind.SOUND, others)
    erasure = _asks(place, maria, RequestKind.ERASURE, calls[1])
    restricted = _asks(
        place, maria, RequestKind.RESTRICTION, calls[2], "I never said that the repair may cost thirty dollars."
    )
    longer = _asks(place, maria, RequestKind.ACCESS, None)
    refused = _asks(place, maria, RequestKind.CORRECTION, calls[3], "I was told that it is free for two years.")
    by_desk, now = By(Actor(Role.DESK, dora.id), dora.name), datetime.now(UTC)
    requests = place.store.requests
    requests.extend(longer.id, 2, "Your calls of six years have to be put together.", by=by_desk, now=now)
    requests.refuse(refused.id, Ground.IS_ACCURATE, "It is heard at 0:41 that it is free for one.", by=by_desk, now=now)
    letter = _letter(place, by_desk)
    stranger = requests.ask(
        Asked(RequestKind.ACCESS, CameBy.PUBLIC, address="stranger@example.com", about_when="last autumn"),
        by=By(SYSTEM),
        now=now,
    )
    ready = _asks(place, maria, RequestKind.PORTABILITY, calls[4])
    make_ready(place, ready)
    erased = _call(place, 7, 19)
    gone = _asks(place, maria, RequestKind.ERASURE, erased)
    erase_as_asked(gone.id, by=by_desk, stores=Stores(place.store, place.parts.sounds))
    locked = _asks(place, maria, RequestKind.TRANSCRIPT, calls[1])
    make_ready(place, locked, Protection.CODE)
    by_link = _asks(place, maria, RequestKind.SOUND, calls[3])
    make_ready(place, by_link, Protection.LINK)
    contested = _letter_to_restrict(place, by_desk, calls[4])
    return [
        View("asking, choices", maria, f"/requests/new?call={calls[0]}"),
        View("asking, choices of a stranger", None, "/requests/new"),
        View("asking, a correction", maria, f"/requests/new?what=correction&call={calls[0]}"),
        View("asking, a transcript", maria, f"/requests/new?what=transcript&call={calls[0]}"),
        View("asking, a stranger", None, "/requests/new?what=transcript"),
        View("asking, the code", None, f"/requests/code?request={stranger.id}"),
        View("asked, home", maria, "/"),
        View("asked, being put together", maria, f"/requests/{at_once.id}"),
        View("asked, ready", maria, f"/requests/{ready.id}"),
        View("asked, locked", maria, f"/requests/{locked.id}"),
        View("asked, by a link", maria, f"/requests/{by_link.id}"),
        View("asked, erased", maria, f"/requests/{gone.id}"),
        View("record, erased", maria, f"/calls/{erased}"),
        View("asked, third persons", maria, f"/requests/{third.id}"),
        View("asked, extended", maria, f"/requests/{longer.id}"),
        View("asked, refused", maria, f"/requests/{refused.id}"),
        View("record, restricted, customer", maria, f"/calls/{calls[2]}"),
        View("record, restricted, agent", place.person(calls[2], Role.AGENT), f"/calls/{calls[2]}"),
        View("desk", dora, "/requests"),
        View("desk, ended", dora, "/requests?ended=1"),
        View("desk, home", dora, "/"),
        View("desk, entry", dora, "/requests/entry"),
        View("desk, a letter", dora, f"/requests/{letter.id}"),
        View("desk, erasure", dora, f"/requests/{erasure.id}"),
        View("desk, restriction", dora, f"/requests/{restricted.id}"),
        View("desk, a letter to restrict", dora, f"/requests/{contested.id}"),
        View("desk, third persons", dora, f"/requests/{third.id}"),
        View("desk, who else is in it", dora, f"/requests/{third.id}/review"),
        View("desk, the record", dora, f"/calls/{others}"),
    ]


def _call(place: Place, number: int, day: int, *, record: CallRecord | None = None) -> str:
    """A call of Maria's on a day of March."""
    at = datetime(2026, 3, day, 10, 14, tzinfo=UTC)
    made = replace(other_recording(record or sample_record(), FIRST_NUMBER + number), started_at=at)
    return place.publish(made, replace(DETAILS, started_at=at, external_id=f"asked {number}"))


def with_others() -> CallRecord:
    """The sample call, in which Maria speaks of her husband and of a neighbour."""
    record, texts = sample_record(), list(ABOUT_OTHERS)
    turns = []
    for turn in record.turns:
        if texts and turn.party is Party.CUSTOMER and turn.end_s - turn.start_s > LONG_ENOUGH_S:
            turn = said(turn.id, turn.party, texts.pop(0), turn.start_s, turn.end_s)
        turns.append(turn)
    assert not texts
    summary = replace(record.summary, statements=(), headline=None, commitments=())
    return replace(record, turns=tuple(turns), summary=summary)


def _asks(place: Place, person: Person, kind: RequestKind, call_id: str | None, text: str | None = None) -> Request:
    """What a customer asks on their own page."""
    asked = Asked(kind, CameBy.HOME, person=person.id, call_id=call_id, is_proved=True, text=text)
    by = By(Actor(Role.CUSTOMER, person.id), person.name)
    return place.store.requests.ask(asked, by=by, now=datetime.now(UTC))


def _letter(place: Place, by: By) -> Request:
    """A letter that came three days ago, of somebody who is not known here."""
    came = datetime.now(UTC) - timedelta(days=3)
    asked = Asked(
        RequestKind.ACCESS,
        CameBy.LETTER,
        name="Wolfgang Amadeus Featherstonehaugh",
        about_when="several times last summer, about a refrigerator",
        text="I want to know what you keep about me, and for how long.",
        received_at=came,
    )
    return place.store.requests.ask(asked, by=by, now=datetime.now(UTC))


def _letter_to_restrict(place: Place, by: By, call_id: str) -> Request:
    """A letter of somebody who has not shown who they are, and says that a record is wrong."""
    asked = Asked(
        RequestKind.RESTRICTION,
        CameBy.LETTER,
        name="Maria Lopez",
        call_id=call_id,
        text="I was never told that the repair costs anything.",
    )
    return place.store.requests.ask(asked, by=by, now=datetime.now(UTC))


def make_ready(place: Place, request: Request, protection: Protection = Protection.NONE) -> None:
    """The package that answers a request, made as a worker makes it, of a few bytes."""
    packages = place.store.packages
    found = packages.of_request(request.id)
    if found is None or found.protection is not protection:
        if found is not None:
            packages.cancel(found.id)
        found = packages.ask(request.calls, for_person=request.person, request_id=request.id, protection=protection)
    taken: list[PackageJob] = []
    while (job := packages.jobs.take(lease_s=60.0)) is not None and job.id != found.id:
        taken.append(job)
    assert job is not None
    with place.parts.package_files.writing(job.id) as writer:
        writer.write(b"PK\x05\x06" + bytes(18))
        assert packages.jobs.ready(job, writer.end(), kept_for=timedelta(days=30))
    for other in taken:
        packages.jobs.beat(other, Step.SOUND, 2, lease_s=3600.0)
    place.store.requests.advance(request.id, now=datetime.now(UTC))
