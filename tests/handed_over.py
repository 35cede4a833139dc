"""Handing a recording over to a store of the tests, without its bytes or with what opens them."""

from __future__ import annotations

from worker.core.arrival import Arrived, Handover, Sealed
from worker.core.call import CallDetails
from worker.record.standing import Accepted
from worker.record.store import Store


def hand_over(
    store: Store,
    details: CallDetails | None = None,
    *,
    sha256: str,
    file_name: str = "call.wav",
    size_bytes: int = 44,
    first_stage: str = "decode",
    own_recording_of: str | None = None,
    sealed: Sealed | None = None,
) -> Accepted:
    """The call of a recording that has arrived, of a sender without a name."""
    arrived = Arrived(sha256, file_name, size_bytes, sealed)
    handover = Handover(details or CallDetails())
    return store.accept(handover, arrived, first_stage=first_stage, own_recording_of=own_recording_of)
