"""Where a request stands, for who asked: its page, taking it back, and the package that answers it."""

# No "from __future__ import annotations" here: see ``worker.web.routes.record``.

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from worker.core.errors import NotFound
from worker.core.packages import PackageState
from worker.core.requests.values import Block, RequestKind
from worker.record.requests.values import Request as AskedFor
from worker.web.asked import OpenedRequest, days_of, names_of, only, opened_request
from worker.web.pages.requests.asking import CallChoice
from worker.web.pages.requests.naming import path_of
from worker.web.pages.requests.package import PackagePart, ShownCodePage, package_part
from worker.web.pages.requests.status import StatusNow, StatusPage, status_page
from worker.web.parts import Parts
from worker.web.rendering import PRIVATE, shown
from worker.web.routes.added import begun
from worker.web.routes.requests.handling import handled

READ = ["GET", "HEAD"]


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
    def code(opened: Asker) -> Response:
        package = parts.store.packages.of_request(opened.request.id)
        if package is None:
            raise NotFound("There is no package of this request. Look at the request again.")
        page = ShownCodePage(opened.request.id, parts.store.packages.show_code(package.id))
        return shown(page, opened.visitor)

    @router.api_route("/requests/{request_id}/package", methods=READ)
    def package(request: Request, opened: Asker) -> Response:
        found = parts.store.packages.of_request(opened.request.id)
        if found is None or found.state is not PackageState.READY:
            raise NotFound("There is nothing to take here now. The page of the request says where it stands.")
        headers = PRIVATE | {
            "Content-Disposition": f'attachment; filename="record-{opened.request.id}.zip"',
            "Content-Length": str(found.size_bytes),
        }
        if request.method == "HEAD":
            return Response(media_type="application/zip", headers=headers)
        blocks = begun(parts.package_files.read(found.id))
        parts.store.packages.note_taken(found.id)
        return StreamingResponse(blocks, media_type="application/zip", headers=headers)

    def back_to(opened: OpenedRequest) -> Response:
        return RedirectResponse(path_of(opened.request.id), status_code=303, headers=PRIVATE)

    return router


def status_of(parts: Parts, opened: OpenedRequest) -> StatusPage:
    """The page of a request for who asked."""
    request = opened.request
    return status_page(
        request,
        parts.store.requests.history(request.id),
        days_of(parts, (request,)),
        package=_package(parts, opened),
        possible=_possible(parts, opened),
        erased=[one for one in request.calls if parts.store.keeping.receipts(one)] if _is_erasure(request) else (),
        calendar=parts.store.requests.calendar,
    )


def _is_erasure(request: AskedFor) -> bool:
    return request.kind is RequestKind.ERASURE


def _package(parts: Parts, opened: OpenedRequest) -> PackagePart | None:
    found = parts.store.packages.of_request(opened.request.id)
    if found is None:
        return None
    return package_part(found, opened.request.id, parts.store.requests.calendar, now=parts.now())


def _possible(parts: Parts, opened: OpenedRequest) -> tuple[CallChoice, ...]:
    """The asker's calls, where it waits for which of them is meant."""
    request = opened.request
    if Block.CALL not in request.blocks:
        return ()
    on_calls = parts.store.requests.possible_calls(request.id, now=parts.now())
    ids = [one.call_id for one in on_calls if opened.visitor.only_call in (None, one.call_id)]
    names = names_of(parts, ids, with_matter=True)
    return tuple(CallChoice(one, names[one]) for one in ids)
