"""A recording of a call that one of its sides made: kept as evidence, and worked as the call's own recording is.

It goes through the same door and the same stages. It has no place in any list, no links and no rights of its own:
whoever may read the record of the call may read this.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import BinaryIO

from worker.core.arrival import Handover
from worker.core.errors import Invalid
from worker.intake.accept import Intake
from worker.record.standing import Accepted, StoredCall


def accept_own_recording(recording: BinaryIO, file_name: str, of: StoredCall, *, intake: Intake) -> Accepted:
    """Accepts somebody's own recording of a call that is here; the call under which it is worked.

    The same bytes again for the same call are the same recording. What was said of the call when it was handed over
    holds for this too, but for who is on which channel, and for how people are reached. Raises Invalid for the very
    file that is here already, and for a recording of a recording; otherwise what ``Intake.accept`` does.
    """
    if of.own_recording_of is not None:
        raise Invalid("This is somebody's own recording already. Add yours to the call itself.")
    recording.seek(0)
    sha256 = hashlib.file_digest(recording, "sha256").hexdigest()  # type: ignore[arg-type]  # wants readinto
    if sha256 in (leg.sha256 for leg in of.legs):
        raise Invalid(
            "This is, byte for byte, the recording from which this record was made, so there is nothing to compare. "
            "Nothing was changed."
        )
    recording.seek(0)
    details = replace(
        of.details, external_id=None, continues=None, party_of_channel={}, agent_address=None, customer_address=None
    )
    return intake.accept(recording, file_name, Handover(details, of.sender), own_recording_of=of.id)
