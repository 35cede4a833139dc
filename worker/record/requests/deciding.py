"""What the desk decides of a request, and what it looks at before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from worker.core.errors import Invalid, NotAllowed
from worker.core.log.entry import Role
from worker.core.requests.clock import check_extension
from worker.core.requests.rules import check_may
from worker.core.requests.values import LONGEST_TEXT, By, Ground, LeftOut, RequestKind, RequestState, Step
from worker.record.requests.effects import Effects
from worker.record.requests.kept import is_handed_over
from worker.record.requests.values import Request


class Deciding(Effects):
    """What nobody does but the desk."""

    def extend(self, request_id: str, months: int, why: str, *, by: By, now: datetime) -> Request:
        """Takes one or two months more, once and within the first month; the asker is written why."""
        why = _said(why, "Say why it takes longer: the asker is written so.")
        with self._changing(request_id, now=now, step=Step.EXTENDED, by=by) as change:
            check_extension(change.request.clock, months, self.calendar, now=now)
            self._details(change, why_longer=why)
            self._clock(change, replace(change.request.clock, more_months=months, extended_at=now))
            self._step(change, Step.EXTENDED, by, why)
        return self.get(request_id, now=now)

    def review(self, request_id: str, left_out: Sequence[LeftOut], *, by: By, now: datetime) -> Request:
        """The desk has looked at ``details.places``: these words stay out of what is handed over (none: all stay)."""
        with self._changing(request_id, now=now, step=Step.REVIEWED, by=by) as change:
            one = change.request
            if not is_handed_over(one):
                raise Invalid("Nothing is handed over in answer to this, so nothing has to stay out.")
            if one.package is not None:
                raise Invalid("The package is being made already. Wait for it, or ask anew.")
            if {one.call_id for one in left_out} - set(one.calls):
                raise Invalid("These words stand in another call than those that are asked for.")
            self._details(change, left_out=tuple(left_out))
            change.of(reviewed_at=now)
            self._step(change, Step.REVIEWED, by)
        return self.advance(request_id, now=now)

    def answer(self, request_id: str, note: str | None, *, by: By, now: datetime) -> Request:
        """It is done: the asker is written so, with the note. By the desk, or by what does it at its word."""
        note = (note or "").strip() or None
        _check_length(note)
        with self._changing(request_id, now=now) as change:
            _check_desk(by)
            _check_proved(change.request)
            if change.request.kind is RequestKind.RESTRICTION and not self._was(change, Step.RESTRICTED):
                raise Invalid("Nothing is restricted yet. Restrict the record, or say why not by refusing it.")
            self._details(change, note=note)
            self._end(change, RequestState.ANSWERED)
            self._step(change, Step.ANSWERED, by, note)
        return self.get(request_id, now=now)

    def refuse(self, request_id: str, ground: Ground, reason: str, *, by: By, now: datetime) -> Request:
        """It is refused; the asker is written why, and where to complain."""
        reason = _said(reason, "Say why it is refused: the asker is written so.")
        with self._changing(request_id, now=now, step=Step.REFUSED, by=by) as change:
            self._details(change, reason=reason)
            change.request = replace(change.request, ground=ground)
            self._end(change, RequestState.REFUSED, ground=ground)
            self._step(change, Step.REFUSED, by, reason, ground)
        return self._without_package(request_id, now=now)

    def restrict(self, request_id: str, *, by: By, now: datetime) -> Request:
        """Restricts the calls of a request that was not restricted by itself, and answers it."""
        check_may(Step.LIFTED, by.actor.role)
        with self._changing(request_id, now=now) as change:
            _check_proved(change.request)
            if change.request.kind is not RequestKind.RESTRICTION or not change.request.calls:
                raise Invalid("Restriction is not what was asked for, or it is not known of which calls.")
            self._restrict(change, by)
            self._end(change, RequestState.ANSWERED)
            self._step(change, Step.ANSWERED, by)
        return self.get(request_id, now=now)


def _check_desk(by: By) -> None:
    if by.actor.role not in (Role.DESK, Role.SYSTEM):
        raise NotAllowed("This is for those to do who answer requests here. Make somebody one: onrecord people add")


def _check_proved(one: Request) -> None:
    if one.clock.is_paused:
        raise Invalid("It is not proved who asks. Nothing is done at their word, and nothing handed over, before that.")


def _said(text: str, otherwise: str) -> str:
    if not (text := text.strip()):
        raise Invalid(otherwise)
    _check_length(text)
    return text


def _check_length(text: str | None) -> None:
    if len(text or "") > LONGEST_TEXT:
        raise Invalid(f"This is too long. Up to {LONGEST_TEXT} letters can be sent.")
