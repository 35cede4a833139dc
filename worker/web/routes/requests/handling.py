"""One request at the desk: what is known of it, and everything that can be done about it."""

# No "from __future__ import annotations" here: see ``worker.web.routes.record``.

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from starlette.concurrency import run_in_threadpool

from worker.core.dialogue.values import Way
from worker.core.errors import Invalid, NotAllowed, NotFound, Unavailable
from worker.core.keeping.values import KeptKind, LegalHold
from worker.core.requests.values import By, Ground
from worker.record.requests import Requests
from worker.record.requests.values import Restriction
from worker.web.access import Opened, Right
from worker.web.asked import OpenedRequest, names_of, only
from worker.web.looks import note_look
from worker.web.pages.requests.handling import About, CallLine, HandledPage, handled_page
from worker.web.pages.requests.naming import path_of
from worker.web.pages.requests.review import ReviewPage, left_out, review_page
from worker.web.parts import Parts
from worker.web.problems import status_of
from worker.web.rendering import PRIVATE, shown
from worker.web.texts import _
from worker.web.typed import text_without_cards

READ = ["GET", "HEAD"]


def routes(parts: Parts) -> APIRouter:
    """What the desk alone does below ``/requests/{request_id}``."""
    router = APIRouter()
    Handled = Annotated[OpenedRequest, Depends(only(parts, desk=True))]  # noqa: N806 -- a type

    @router.post("/requests/{request_id}/acts")
    async def act(request: Request, opened: Handled) -> Response:
        form = await request.form()
        written = {name: value for name, value in form.items() if isinstance(value, str)}
        chosen = tuple(one.strip() for one in form.getlist("call") if isinstance(one, str) and one.strip())
        return await run_in_threadpool(do, opened, written, chosen)

    def do(opened: OpenedRequest, written: dict[str, str], chosen: tuple[str, ...]) -> Response:
        try:
            if (act := _ACTS.get(written.get("act", ""))) is None:
                raise Invalid("It is not known what is to be done. Open the request again and use one of its buttons.")
            act(_Deed(parts, opened, written, chosen))
        except (Invalid, NotAllowed, NotFound, Unavailable) as error:
            page = handled(parts, opened, problem=_(error.message), given=written)
            return shown(page, opened.visitor, status=status_of(error))
        return RedirectResponse(path_of(opened.request.id), status_code=303, headers=PRIVATE)

    @router.api_route("/requests/{request_id}/review", methods=READ)
    def review(request: Request, opened: Handled) -> Response:
        return shown(places(request, opened), opened.visitor)

    @router.post("/requests/{request_id}/review")
    async def reviewed(request: Request, opened: Handled) -> Response:
        form = await request.form()
        chosen = frozenset(one for one in form.getlist("out") if isinstance(one, str))
        return await run_in_threadpool(note_review, request, opened, chosen)

    def note_review(request: Request, opened: OpenedRequest, chosen: frozenset[str]) -> Response:
        out = left_out(opened.request, chosen)
        try:
            parts.store.requests.review(opened.request.id, out, by=opened.by, now=parts.now())
        except (Invalid, NotAllowed) as error:
            page = places(request, opened, problem=_(error.message))
            return shown(page, opened.visitor, status=status_of(error))
        return RedirectResponse(path_of(opened.request.id), status_code=303, headers=PRIVATE)

    def places(request: Request, opened: OpenedRequest, problem: str | None = None) -> ReviewPage:
        """The places with their words. Who reads them has read these records, and each says so."""
        ids = tuple(dict.fromkeys(one.call_id for one in opened.request.details.places))
        if not ids:
            raise NotFound("Nobody else seems to be heard or named in these calls. Look at the request again.")
        calls = {one: parts.access.open(request, one, Right.READ) for one in ids}
        if request.method == "GET":  # asking for the head shows nothing
            _note(parts, calls)
        turns = {one: {turn.id: turn for turn in parts.store.record(one).turns} for one in ids}
        return review_page(opened.request, turns, names_of(parts, ids), problem=problem)

    return router


def handled(
    parts: Parts, opened: OpenedRequest, *, problem: str | None = None, given: dict[str, str] | None = None
) -> HandledPage:
    """The page of a request as it is now, for the desk."""
    requests, now = parts.store.requests, parts.now()
    request = requests.get(opened.request.id, now=now)
    possible = [one.call_id for one in requests.possible_calls(request.id, now=now) if one.call_id not in request.calls]
    names = names_of(parts, [*request.calls, *possible])
    held = parts.store.keeping.held()
    about = About(
        history=requests.history(request.id),
        calls=[_call_line(parts, one, names[one], held) for one in request.calls],
        possible=[CallLine(one, names[one], None) for one in possible],
        restrictions=_restrictions(parts, opened),
        may_erase=parts.erase_as_asked is not None,
    )
    return handled_page(request, about, calendar=requests.calendar, now=now, problem=problem, given=given)


def _call_line(parts: Parts, call_id: str, label: str, held: Mapping[str, datetime]) -> CallLine:
    """A call of a request: it opens while the request is open, and leads to the receipt once it was erased."""
    erased = parts.store.keeping.receipts(call_id)
    opens = bool(erased) or parts.store.requests.is_asked(call_id)
    return CallLine(
        call_id,
        label,
        f"/calls/{call_id}" if opens else None,
        hold=_why_held(parts, call_id) if call_id in held else None,
        is_erased=any(one.what is KeptKind.RECORD for one in erased),
    )


def _why_held(parts: Parts, call_id: str) -> str:
    items = parts.store.log.items(call_id, with_record=False)
    reasons = (one.content.reason for one in reversed(items) if isinstance(one.content, LegalHold))
    return next(reasons, "")


def _restrictions(parts: Parts, opened: OpenedRequest) -> list[Restriction]:
    """Those that this request set."""
    found = (parts.store.requests.restriction(one) for one in opened.request.calls)
    return [one for one in found if one is not None and one.request == opened.request.id]


def _note(parts: Parts, calls: Mapping[str, Opened]) -> None:
    for one in calls.values():
        note_look(parts, one, Way.PAGE)


@dataclass(frozen=True)
class _Deed:
    """What the desk does to a request, with what it wrote and chose in the form."""

    parts: Parts
    opened: OpenedRequest
    written: Mapping[str, str]
    chosen: tuple[str, ...]

    @property
    def _requests(self) -> Requests:
        return self.parts.store.requests

    @property
    def _id(self) -> str:
        return self.opened.request.id

    @property
    def _by(self) -> By:
        return self.opened.by

    @property
    def _now(self) -> datetime:
        return self.parts.now()

    @property
    def _text(self) -> str:
        return (text_without_cards(self.written.get("text")) or "").strip()

    def ask_for_proof(self) -> None:
        self._requests.ask_for_proof(self._id, self._text, by=self._by, now=self._now)

    def proved(self) -> None:
        self._requests.proved(self._id, self._text, by=self._by, now=self._now)

    def calls(self) -> None:
        self._requests.found_calls(self._id, self.chosen, by=self._by, now=self._now)

    def extend(self) -> None:
        months = self.written.get("months", "")
        if months not in ("1", "2"):
            raise Invalid("Choose how much more time is taken.")
        self._requests.extend(self._id, int(months), self._text, by=self._by, now=self._now)

    def package(self) -> None:
        self._requests.make_package(self._id, by=self._by, now=self._now)

    def restrict(self) -> None:
        self._requests.restrict(self._id, by=self._by, now=self._now)

    def answer(self) -> None:
        self._requests.answer(self._id, self._text or None, by=self._by, now=self._now)

    def erase(self) -> None:
        if not self.written.get("sure"):
            raise Invalid("Say that you have checked that no law wants it kept.")
        if self.parts.erase_as_asked is None:
            raise NotAllowed("Nothing is erased from here. Use the command: onrecord requests erase")
        self.parts.erase_as_asked(self._id, self._by)

    def refuse(self) -> None:
        try:
            ground = Ground(self.written.get("ground", ""))
        except ValueError as error:
            raise Invalid("Choose on which ground it is refused.") from error
        self._requests.refuse(self._id, ground, self._text, by=self._by, now=self._now)

    def withdraw(self) -> None:
        self._requests.withdraw(self._id, by=self._by, now=self._now)

    def tell_lifting(self) -> None:
        for one in _restrictions(self.parts, self.opened):
            self._requests.tell_lifting(one.call_id, self._text, by=self._by, now=self._now)

    def lift(self) -> None:
        for one in _restrictions(self.parts, self.opened):
            self._requests.lift(one.call_id, by=self._by, now=self._now)


_ACTS: Mapping[str, Callable[[_Deed], None]] = {
    "ask_for_proof": _Deed.ask_for_proof,
    "proved": _Deed.proved,
    "calls": _Deed.calls,
    "extend": _Deed.extend,
    "package": _Deed.package,
    "restrict": _Deed.restrict,
    "answer": _Deed.answer,
    "erase": _Deed.erase,
    "refuse": _Deed.refuse,
    "withdraw": _Deed.withdraw,
    "tell_lifting": _Deed.tell_lifting,
    "lift": _Deed.lift,
}
"""By what a form's button sends as ``act``."""
