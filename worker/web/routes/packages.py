"""Packages that are opened by a link: whoever it was sent to types the code that came another way.

Who asked and is signed in takes theirs from the page of the request (``worker.web.routes.requests``).
"""

# No "from __future__ import annotations" here: see ``worker.web.routes.record``.

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import StreamingResponse

from worker.core.errors import NotAllowed, NotFound
from worker.core.packages import Package, PackageState, Protection
from worker.record.people import Kind
from worker.web.access import RESTRICTED
from worker.web.pages.package_link import PackageLinkPage
from worker.web.parts import Parts
from worker.web.rendering import PRIVATE, shown
from worker.web.routes.added import begun
from worker.web.texts import _, later

READ = ["GET", "HEAD"]
LONGEST_CODE = 40

NOT_RIGHT = later("This is not the code, or it was tried too often. After 5 tries, wait 15 minutes.")
NOT_HERE = later("There is nothing to take here, or no longer. Ask whoever sent you the link for a new one.")


def routes(parts: Parts) -> APIRouter:
    """``/packages/{package_id}``."""
    router = APIRouter()

    def of_link(package_id: str) -> Package:
        """The package, if a link opens it. What is not there, and what is not for links, is answered alike."""
        try:
            package = parts.store.packages.of(package_id)
        except NotFound:
            raise NotFound(NOT_HERE) from None
        if package.protection is not Protection.LINK or package.state in (PackageState.ENDED, PackageState.FAILED):
            raise NotFound(NOT_HERE)
        return package

    @router.api_route("/packages/{package_id}", methods=READ)
    def link(request: Request, package_id: str) -> Response:
        page = PackageLinkPage(of_link(package_id))
        return shown(page, parts.access.visitor_if_any(request))

    @router.post("/packages/{package_id}")
    def take(request: Request, package_id: str, code: Annotated[str, Form(max_length=LONGEST_CODE)] = "") -> Response:
        package = of_link(package_id)
        if package.state is not PackageState.READY:
            return shown(PackageLinkPage(package), parts.access.visitor_if_any(request))
        if not parts.store.packages.is_code(package_id, code, now=parts.now()):
            page = PackageLinkPage(package, problem=_(NOT_RIGHT))
            return shown(page, parts.access.visitor_if_any(request), status=403)
        return zip_of(parts, package, of=package_id)

    return router


def check_may_take(parts: Parts, package: Package) -> None:
    """Raises NotAllowed while a record in it is kept and not used, also if it was packed before: then its customer
    alone takes it, and nothing that staff asked for goes anywhere."""
    if package.person is None or not any(parts.store.requests.restriction(one) for one in package.call_ids):
        return
    if parts.store.people.person(package.person).kind is not Kind.CUSTOMER:
        raise NotAllowed(RESTRICTED)


def zip_of(parts: Parts, package: Package, *, of: str, is_head: bool = False) -> Response:
    """A package that is ready, as a file with the id in its name of what it is ``of``. That it was taken is noted;
    ``is_head``: it was only asked about. Raises NotFound, NotAllowed as ``check_may_take`` does, and BrokenRecord
    before anything of it is sent."""
    check_may_take(parts, package)
    headers = PRIVATE | {
        "Content-Disposition": f'attachment; filename="record-{of}.zip"',
        "Content-Length": str(package.size_bytes),
    }
    if is_head:
        return Response(media_type="application/zip", headers=headers)
    blocks = begun(parts.package_files.read(package.id))
    parts.store.packages.note_taken(package.id)
    return StreamingResponse(blocks, media_type="application/zip", headers=headers)
