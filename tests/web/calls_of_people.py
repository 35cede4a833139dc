"""Calls of people who have addresses, as a telephony system hands them over: for tests of homes and the next call."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tests import handed_over
from tests.web.conftest import WORKER, Site
from tests.web.records import MADE_BY, short_call
from worker.core.call import CallDetails
from worker.core.dialogue.values import Annotation
from worker.core.log.entry import Actor, Role
from worker.core.record import CallRecord
from worker.record.people import Kind, Person

DANIEL, MARIA = "daniel@brightwater.example", "+4930123456"
NAMES = {DANIEL: "Daniel Price", MARIA: "Maria Lopez"}


def began(number: int) -> datetime:
    """Two days before ``NOW``, one call an hour."""
    return datetime(2026, 3, 10, 10, 14, tzinfo=UTC) + timedelta(hours=number)


def hand_over(site: Site, number: int = 0, *, agent: str = DANIEL, customer: str = MARIA) -> str:
    """A call whose recording has arrived, and nothing more; its id."""
    details = CallDetails(
        agent=NAMES.get(agent),
        customer=NAMES.get(customer),
        agent_address=agent,
        customer_address=customer,
        started_at=began(number),
    )
    return handed_over.hand_over(
        site.store, details, sha256=f"{number:064x}", file_name="call.wav", size_bytes=1, first_stage="publish"
    ).call_id


def make(site: Site, call_id: str, record: CallRecord) -> str:
    """Ends the work on a call with this record; its id."""
    assert site.store.begin(call_id, "publish", **WORKER, now=datetime.now(UTC))
    site.store.finish(call_id, "publish", worker="w", value=record, made_by=MADE_BY[0], next_stage=None)
    return call_id


def call_between(
    site: Site, number: int = 0, *, record: CallRecord | None = None, agent: str = DANIEL, customer: str = MARIA
) -> str:
    """A call that is ready; its id. Its agent promised to send a technician by Friday, the day after ``NOW``."""
    record = record or short_call()
    recording = replace(record.recording, sha256=f"{number:064x}")
    record = replace(record, recording=recording, started_at=began(number))
    return make(site, hand_over(site, number, agent=agent, customer=customer), record)


def agent_of(site: Site, address: str = DANIEL) -> Person:
    return site.store.people.find(address, Kind.STAFF)


def customer_of(site: Site, address: str = MARIA) -> Person:
    return site.store.people.find(address, Kind.CUSTOMER)


def says(site: Site, call_id: str, role: Role, annotation: Annotation) -> int:
    """An annotation by a side of a call, past the pages; its number."""
    person = site.store.people.side(call_id, role)
    item = site.store.log.append(call_id, Actor(role, person.id), annotation, by=person.name)
    return item.number
