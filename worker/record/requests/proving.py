"""The proof that the asker is who they say: by a code that came back from their address, or as the desk has seen it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from worker.core.errors import Invalid, NotFound
from worker.core.log.entry import Actor, Role
from worker.core.requests.rules import check_may
from worker.core.requests.values import By, Step
from worker.record.requests.effects import Asker
from worker.record.requests.finding import Finding
from worker.record.requests.kept import Change
from worker.record.requests.values import Request

CODE_LETTERS = 24
"""Of the name of an address, under which its codes are counted: 96 bits, as much as the table of codes holds."""


class Proving(Finding):
    """Proof of identity."""

    def new_code(self, request_id: str, *, now: datetime) -> str | None:
        """Six digits to be sent to the asker's address by whoever asks (as sign-in does); None if too many were."""
        one = self.get(request_id, now=now)
        if one.details.address is None or not one.is_open:
            return None
        return self._people.codes.new_code(self._code_name(one.details.address), now=now)

    def prove_by_code(self, request_id: str, typed: str, *, now: datetime) -> Request | None:
        """The request, now proved, if this is the code that was sent; None if not, or tried too often.

        Never says whether a request, an address or a customer is known: a wrong id is a wrong code. ``person`` is then
        the customer of that address, who may be signed in. Where the same is asked for in another request, it is that.
        A code shows whose the address is, and nothing more: None too for what staff asked for themselves, and for a
        letter about a call that is not this customer's, which anybody may have written. That the desk looks at.
        """
        try:
            address = self.get(request_id, now=now).details.address
        except NotFound:
            address = None
        if not self._people.codes.is_code(self._code_name(address or request_id), typed, now=now) or address is None:
            return None
        person = self._people.customer(address)
        one = self.get(request_id, now=now)
        if not one.is_open or one.clock.proved_at is not None:
            return one if one.person == person.id else None
        if not {call.call_id for call in self._on(person, now)}.issuperset(one.calls):
            return None
        by = By(Actor(Role.CUSTOMER, person.id), one.details.name)
        return self._proved(one, Asker(person, address), None, by, now)

    def _code_name(self, address: str) -> str:
        return f"at {self._sealer.name('code', address)[:CODE_LETTERS]}"

    def ask_for_proof(self, request_id: str, wanted: str, *, by: By, now: datetime) -> Request:
        """The desk wants proof of identity, such as a copy of a letter of ours: the clock waits for it."""
        if not (wanted := wanted.strip()):
            raise Invalid("Say what proof is wanted: the asker is written so.")
        with self._changing(request_id, now=now, step=Step.PROOF_ASKED, by=by) as change:
            clock = change.request.clock
            if clock.proof_asked_at is not None or clock.proved_at is not None:
                raise Invalid("Proof was asked for already, or has been seen. It is asked for once.")
            if change.request.due.is_late(now) or clock.more_months:
                raise Invalid("It is too late to ask who it is: that is asked when a request comes in. Answer now.")
            self._details(change, proof_wanted=wanted)
            self._clock(change, replace(clock, proof_asked_at=now))
            self._step(change, Step.PROOF_ASKED, by, wanted)
        return self.get(request_id, now=now)

    def proved(self, request_id: str, how: str, *, by: By, now: datetime) -> Request:
        """The desk has seen proof, such as "passport, by post": the month begins now if proof was asked for."""
        check_may(Step.PROOF_ASKED, by.actor.role)
        one = self.get(request_id, now=now)
        person = None if one.person is None else self._people.person(one.person)
        if person is None and one.details.address is not None:
            person = self._customer_at(one.details.address)
        return self._proved(one, Asker(person, one.details.address), how.strip() or None, by, now)

    def _proved(self, one: Request, asker: Asker, how: str | None, by: By, now: datetime) -> Request:
        meant = (one.call_id,) if one.call_id else self._all_of(asker.person, one.kind, now=now)
        concerned = one.calls or meant
        writer = self._writer(one.kind, asker, concerned)
        with self._changing(one.id, now=now) as change:
            if change.request.clock.proved_at is not None:
                raise Invalid("It was proved already who asks. Nothing more is needed.")
            change.of(person_id=asker.id)
            change.request = replace(change.request, person=asker.id)
            self._prove(change, how)
            if (other := self._settle(change, asker, concerned)) is None:
                self._step(change, Step.PROVED, by, how)
                self._take_effect(change, writer)
        return self.advance(other or one.id, now=now)

    def _prove(self, change: Change, how: str | None) -> None:
        if how is not None:
            self._details(change, proved_how=how)
        self._clock(change, replace(change.request.clock, proved_at=change.now))
