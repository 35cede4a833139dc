"""Following a call from outside while workers work it: asks the database, which is the truth about where it stands."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from worker.core.errors import NotFound, Unavailable
from worker.core.sound import Sound
from worker.record.standing import CallState
from worker.record.store import Store
from worker.stages import STAGES

ASK_EVERY_S = 0.2


class Show(Protocol):
    """Takes a stage, the share of it that is done, and the call's length once it is known."""

    def __call__(self, stage: str, share: float, *, duration_s: float | None) -> None: ...


def follow(store: Store, call_id: str, show: Show, *, alive: Callable[[], bool] = lambda: True) -> bool:
    """Reports each stage as it moves until the call is ready (True) or failed (False), or ``alive`` says to stop."""
    duration_s: float | None = None
    while alive():
        time.sleep(ASK_EVERY_S)
        try:
            standing = store.call(call_id).standing
        except Unavailable:  # a moment's; it is asked again
            continue
        at = len(STAGES) if standing.state is CallState.READY else _position(standing.stage)
        if duration_s is None and at > 0:
            duration_s = _duration_s(store, call_id, is_ready=standing.state is CallState.READY)
        for stage in STAGES[:at]:
            show(stage.name, 1.0, duration_s=duration_s)
        if standing.stage is not None and standing.attempts:
            show(standing.stage, standing.progress, duration_s=duration_s)
        if standing.state in (CallState.READY, CallState.FAILED):
            return standing.state is CallState.READY
    return False


def _duration_s(store: Store, call_id: str, *, is_ready: bool) -> float | None:
    """The call's length: from its record, else from what was decoded, which is there until the record is."""
    if is_ready:
        return store.record(call_id).recording.duration_s
    try:
        return store.value(call_id, STAGES[0].name, Sound).facts.duration_s
    except NotFound:  # it became ready just now
        return None


def _position(stage: str | None) -> int:
    return next((number for number, one in enumerate(STAGES) if one.name == stage), 0)
