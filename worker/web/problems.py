"""Errors as problem details (RFC 9457): the one form in which programs are told that something did not work."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus

from fastapi import Response

from worker.core.errors import BadRecording, CallError, Invalid, NotAllowed, NotFound, Unavailable
from worker.intake.limits import Busy
from worker.web.texts import later

PROBLEM = "application/problem+json"

STATUS = {NotAllowed: 403, NotFound: 404, Invalid: 422, BadRecording: 422, Unavailable: 503}
"""The status of our errors; every other one is ours to mend, and 500."""

# What operators are told names parts that mean nothing to a party of a call: it goes to the log, and these to them.
OTHER_TITLES = {460: "Checksum Mismatch"}  # of tus, and in no register

ON_OUR_SIDE = {
    500: later("Nothing was changed. The people who run this service can see what happened. Try again later."),
    503: later("Nothing was changed, and the recording is kept safe. Try again in a few minutes."),
}


@dataclass(frozen=True)
class Misfit:
    """One part of what was sent that does not fit: where, as a JSON pointer (RFC 6901) into it, and why."""

    pointer: str
    detail: str


def status_of(error: CallError) -> int:
    """The status with which one of our errors is answered."""
    return next((status for kind, status in STATUS.items() if isinstance(error, kind)), 500)


def headers_of(error: CallError) -> dict[str, str]:
    """When to ask again, where the error says it."""
    return {"Retry-After": str(error.retry_after_s)} if isinstance(error, Busy) else {}


def problem(
    status: int, detail: str, *, misfits: Sequence[Misfit] = (), headers: Mapping[str, str] | None = None
) -> Response:
    """The answer for programs. ``misfits``, the parts that do not fit, become the member ``errors``."""
    body: dict[str, object] = {
        "type": "about:blank",
        "title": OTHER_TITLES.get(status) or HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if misfits:
        body["errors"] = [asdict(one) for one in misfits]
    kept_from_caches = {"Cache-Control": "private, no-store"}
    return Response(
        json.dumps(body), status_code=status, media_type=PROBLEM, headers={**(headers or {}), **kept_from_caches}
    )
