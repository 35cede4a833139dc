"""Where a request stands, for who asked: its page, taking it back, and the package that answers it."""

# No "from __future__ import annotations" here: see ``worker.web.routes.record``.

from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from worker.core.errors import Invalid, NotFound, Unavailable
from worker.core.packages import PackageState
from worker.core.people import LONGEST_ADDRESS, normal_address
from worker.core.requests.values import Block, RequestKind
from worker.record.requests.values import Request as AskedFor
from worker.web.asked import OpenedRequest, days_of, names_of, only, opened_request
from worker.web.pages.requests.asking import CallChoice
from worker.web.pages.requests.naming import path_of
from worker.web.pages.requests.package import PackagePart, ShownCodePage, package_part
from worker.web.pages.requests.status import StatusNow, StatusPage, status_page
from worker.web.parts import Parts
from worker.web.posting import post_package_code
from worker.web.rendering import PRIVATE, shown
from worker.web.routes.packages import check_may_take, zip_of
from worker.web.routes.requests.handling import handled
from worker.web.texts import _, later

log = structlog.get_logger()

READ = ["GET", "HEAD"]

NO_WAY = later("No code can be sent there from here. Give another address, or let the code be shown.")
NOT_SENT = later("The code could not be sent now. It is tried again for a day.")


def routes(parts: Parts) -> APIRouter:
    """``/requests/{request_id}`` and what its asker finds below it."""
    router = APIRouter()
    requests = parts.store.requests
    Either = Annotated[OpenedRequest, Depends(opened_request(parts))]  # noqa: N806 -- a type
    Asker = Annotated[OpenedRequest, Depends(only(parts, desk=False))]  # noqa: N806 -- a type
    # What a page asks by itself keeps no session alive.
    Waiting = Annotated[OpenedRequest, Depends(only(parts, desk=False, is_use=False))]  # noqa: N806 -- a type

    @router.api_route("/requests/{request_id}", methods=READ)
    def one(opened: Either) -> Response:
        page = handled(parts, opened) if opened.is_desk else status_of(parts, opened)
        return shown(page, opened.visitor)

    @router.api_route("/requests/{request_id}/now", methods=READ)
    def now(opened: Waiting) -> Response:
        return shown(StatusNow(status_of(parts, opened)), opened.visitor)

    @router.post("/requests/{request_id}/withdraw")
    def withdraw(opened: Asker) -> Response:
        requests.withdraw(opened.request.id, by=opened.by, now=parts.now())
        return back_to(opened)

    @router.post("/requests/{request_id}/calls")
    def calls(opened: Asker, call: Annotated[tuple[str, ...], Form()] = ()) -> Response:
        requests.found_calls(opened.request.id, call, by=opened.by, now=parts.now())
        return back_to(opened)

    @router.post("/requests/{request_id}/code")
    def code(opened: Asker, address: Annotated[str, Form()] = "") -> Response:
        package = parts.store.packages.of_request(opened.request.id)
        if package is None:
            raise NotFound("There is no package of this request. Look at the request again.")
        check_may_take(parts, package)
        if not address:
            page = ShownCodePage(opened.request.id, parts.store.packages.show_code(package.id))
            return shown(page, opened.visitor)
        try:
            to = another_address(parts, opened.request, address)
        except Invalid as error:
            return shown(status_of(parts, opened, problem=_(error.message)), opened.visitor, status=422)
        code = parts.store.packages.show_code(package.id)
        try:
            post_package_code(parts, to, code)
        except Unavailable as error:
            log.warning("code.not_sent", error=error.message)
            return shown(ShownCodePage(opened.request.id, problem=_(NOT_SENT)), opened.visitor, status=503)
        return shown(ShownCodePage(opened.request.id, sent_to=to), opened.visitor)

    @router.api_route("/requests/{request_id}/package", methods=READ)
    def package(request: Request, opened: Asker) -> Response:
        found = parts.store.packages.of_request(opened.request.id)
        if found is None or found.state is not PackageState.READY:
            raise NotFound("There is nothing to take here now. The page of the request says where it stands.")
        return zip_of(parts, found, of=opened.request.id, is_head=request.method == "HEAD")

    def back_to(opened: OpenedRequest) -> Response:
        return RedirectResponse(path_of(opened.request.id), status_code=303, headers=PRIVATE)

    return router


def another_address(parts: Parts, request: AskedFor, typed: str) -> str:
    """Where the code of a package goes: not where its letters go, or who reads those has both. Raises Invalid."""
    address = normal_address(typed[: LONGEST_ADDRESS + 1])
    if address == request.details.address:
        raise Invalid("Letters about this request go to that address. Give another one for the code.")
    if not (parts.shows_outbox or parts.sending.reaches(address)):
        raise Invalid(NO_WAY)
    return address


def status_of(parts: Parts, opened: OpenedRequest, *, problem: str | None = None) -> StatusPage:
    """The page of a request for who asked. ``problem``: why the code of its package was not sent."""
    request = opened.request
    return status_page(
        request,
        parts.store.requests.history(request.id),
        days_of(parts, (request,)),
        package=_package(parts, opened, problem),
        possible=_possible(parts, opened),
        erased=[one for one in request.calls if parts.store.keeping.receipts(one)] if _is_erasure(request) else (),
        calendar=parts.store.requests.calendar,
    )


def _is_erasure(request: AskedFor) -> bool:
    return request.kind is RequestKind.ERASURE


def _package(parts: Parts, opened: OpenedRequest, problem: str | None) -> PackagePart | None:
    found = parts.store.packages.of_request(opened.request.id)
    if found is None:
        return None
    calendar = parts.store.requests.calendar
    return package_part(found, opened.request, calendar, base_url=parts.base_url, now=parts.now(), problem=problem)


def _possible(parts: Parts, opened: OpenedRequest) -> tuple[CallChoice, ...]:
    """The asker's calls, where it waits for which of them is meant."""
    request = opened.request
    if Block.CALL not in request.blocks:
        return ()
    on_calls = parts.store.requests.possible_calls(request.id, now=parts.now())
    ids = [one.call_id for one in on_calls if opened.visitor.only_call in (None, one.call_id)]
    names = names_of(parts, ids, with_matter=True)
    return tuple(CallChoice(one, names[one]) for one in ids)
