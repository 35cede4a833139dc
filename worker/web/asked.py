"""A request opened by whoever may see it: the one who asked, or the desk that answers; and the calls that it names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from fastapi import Request

from worker.core.errors import NotFound
from worker.core.log.entry import Actor, Role
from worker.core.requests.values import By
from worker.record.people import Kind, Person
from worker.record.requests.values import Request as AskedFor
from worker.web.access import Visitor, is_desk
from worker.web.pages.requests.asking import CallChoice
from worker.web.pages.requests.naming import call_in_words, day_of_call
from worker.web.pages.requests.status import RequestRow, request_row
from worker.web.parts import Parts

MOST_CHOICES = 100
"""Calls that are offered to be chosen from, the last first. Who had more asks for all of them, or from the record."""


@dataclass(frozen=True)
class OpenedRequest:
    """A request, opened by its asker or by the desk."""

    visitor: Visitor
    request: AskedFor
    is_desk: bool

    @property
    def by(self) -> By:
        """Who acts on it."""
        role = Role.DESK if self.is_desk else role_of_asker(self.visitor.person)
        return By(Actor(role, self.visitor.person.id), self.visitor.person.name)


def role_of_asker(person: Person) -> Role:
    """As what somebody asks."""
    return Role.CUSTOMER if person.kind is Kind.CUSTOMER else Role.AGENT


def opened_request(parts: Parts, *, is_use: bool = True) -> Callable[[Request, str], OpenedRequest]:
    """A dependency for routes with ``request_id`` in their address.

    Raises NotSignedIn; NotFound for a request that is not there, and in the same words for somebody else's.
    """

    def opened(request: Request, request_id: str) -> OpenedRequest:
        visitor = parts.access.visitor_asking(request, is_use=is_use)
        try:
            asked = parts.store.requests.get(request_id, now=parts.now())
        except NotFound:
            raise _not_here() from None
        is_own = asked.person == visitor.person.id and _is_of(asked, visitor.only_call)
        if not is_own and not is_desk(visitor):
            raise _not_here()
        return OpenedRequest(visitor, asked, is_desk=not is_own)

    return opened


def only(parts: Parts, *, desk: bool, is_use: bool = True) -> Callable[[Request, str], OpenedRequest]:
    """The same for what the desk alone does, or the asker alone. Nobody handles what they asked for themselves."""
    opening = opened_request(parts, is_use=is_use)

    def opened(request: Request, request_id: str) -> OpenedRequest:
        found = opening(request, request_id)
        if found.is_desk is not desk:
            raise _not_here()
        return found

    return opened


def days_of(parts: Parts, requests: Sequence[AskedFor]) -> dict[str, date]:
    """The days of the calls that requests name, where they are known."""
    ids = [one.call_id for one in requests if one.call_id is not None]
    calls, gists = parts.store.those(ids), parts.store.matters.gists(ids)
    found = {one: day_of_call(calls.get(one), gists.get(one)) for one in ids}
    return {one: day for one, day in found.items() if day is not None}


def names_of(parts: Parts, call_ids: Sequence[str], *, with_matter: bool = False) -> dict[str, str]:
    """Calls as they are named in a line: without what they were about for those who have not opened them."""
    calls, gists = parts.store.those(call_ids), parts.store.matters.gists(call_ids)
    return {one: call_in_words(calls.get(one), gists.get(one), with_matter=with_matter) for one in call_ids}


def choices_of(parts: Parts, visitor: Visitor) -> tuple[CallChoice, ...]:
    """The calls that a visitor may ask about, the last first."""
    person, now = visitor.person, parts.now()
    role = role_of_asker(person)
    on_calls = parts.store.people.calls_of(person.id, now=now, only_call=visitor.only_call)
    mine = [one.call_id for one in on_calls if one.role is role]
    stored = parts.store.those(mine)
    themselves = [one for one in mine if one in stored and stored[one].own_recording_of is None][:MOST_CHOICES]
    names = names_of(parts, themselves, with_matter=True)
    return tuple(CallChoice(one, names[one]) for one in themselves)


def requests_of(parts: Parts, visitor: Visitor) -> tuple[RequestRow, ...]:
    """What a visitor asked for, the newest first."""
    requests = parts.store.requests
    found = requests.of_person(visitor.person.id, now=parts.now(), only_call=visitor.only_call)
    days = days_of(parts, found)
    return tuple(request_row(one, days, requests.calendar) for one in found)


def _is_of(asked: AskedFor, only_call: str | None) -> bool:
    """Whether a request is about the one call alone to which somebody was let in; the desk may have found more."""
    return only_call is None or (asked.call_id == only_call and {*asked.calls} <= {only_call})


def _not_here() -> NotFound:
    return NotFound("There is no request here that is open to you. Look at the address again, or sign in as another.")
