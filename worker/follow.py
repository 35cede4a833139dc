"""Following a call from outside while workers work it: asks the database, which is the truth about where it stands."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

from worker.core.sound import Sound
from worker.record.store import Store

ASK_EVERY_S = 0.2


class Show(Protocol):
    """Takes a stage, the share of it that is done, and the call's length once it is known."""

    def __call__(self, stage: str, share: float, *, duration_s: float | None) -> None: ...


def follow(store: Store, call_id: str, show: Show, *, alive: Callable[[], bool] = lambda: True) -> bool:
    """Reports each stage as it moves until the call is ready (True) or failed (False), or ``alive`` says to stop."""
    duration_s: float | None = None
    while alive():
        call = store.call(call_id)
        for run in store.stage_runs(call_id):
            if duration_s is None and run.stage == "decode" and run.is_done:
                duration_s = store.value(call_id, "decode", Sound).facts.duration_s
            if run.attempts:
                show(run.stage, run.progress, duration_s=duration_s)
        if call.is_ready or call.is_failed:
            return call.is_ready
        time.sleep(ASK_EVERY_S)
    return False
