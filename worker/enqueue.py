"""A recording handed over by Python code: ``from worker.enqueue import enqueue``.

The code runs where On Record's settings are in the environment (``ONRECORD_…``), as for the command ``onrecord``.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import BinaryIO

from worker.bootstrap import Installation
from worker.core.arrival import Announced, Handover, name_at
from worker.core.errors import Invalid
from worker.intake.accept import Intake
from worker.record.standing import Accepted
from worker.settings import read_settings

__all__ = ["enqueue"]


def enqueue(
    recording: Path | str | BinaryIO,
    handover: Handover | None = None,
    *,
    file_name: str | None = None,
    access: str | None = None,
    content_hash: str | None = None,
) -> Accepted:
    """Hands a recording over: a file by its path, an open binary file, or the address from which it is fetched.

        details = CallDetails(external_id="pbx-4711", party_of_channel={0: Party.AGENT, 1: Party.CUSTOMER})
        call_id = enqueue("calls/4711.wav", Handover(details, sender="pbx-berlin")).call_id

    Safe when it returns: the bytes are kept, then the call is in the database, and last its first stage is on the
    queue; a queue that is away loses nothing, for a worker finds the call in the database. Handing the same over again
    gives the same call, with ``is_new`` False, so whoever is unsure calls this again. Of an address
    (``https://…``, ``s3://…``) what is safe then is the address: a worker fetches it, with the installation's
    credentials that ``access`` names, and checks ``content_hash`` (``sha512-`` or ``sha256-`` and base64url).

    ``file_name`` is for what has no name of its own, such as an open file. Raises Invalid for what cannot be taken,
    BadRecording for no bytes, Unavailable where it cannot be stored now, and Busy, an Unavailable with
    ``retry_after_s``, where too much waits already: in each case nothing was accepted.
    """
    if isinstance(recording, str) and "://" in recording:
        announced = Announced(
            recording, file_name or name_at(recording) or "recording", access=access, content_hash=content_hash
        )
        return _intake().announce(announced, handover)
    if access is not None or content_hash is not None:
        raise Invalid("access and content_hash are of a recording that is fetched from an address.")
    if isinstance(recording, (str, Path)):
        path = Path(recording)
        return _intake().accept_file(path, handover, file_name=file_name)
    return _intake().accept(recording, file_name or "recording", handover)


@cache
def _intake() -> Intake:
    """The door of the installation of this process's settings, opened the first time and then kept."""
    return Installation(read_settings()).intake
