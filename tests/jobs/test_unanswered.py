"""A database whose answer is lost, or that was never reached, at each single write on the way of a call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count

import pytest
import sqlalchemy as sa

from worker.core.arrival import Announced, Handover
from worker.core.call import CallDetails
from worker.core.errors import Unavailable
from worker.intake.accept import Intake
from worker.jobs import work as jobs
from worker.record.standing import CallState


@pytest.mark.parametrize("is_kept", [True, False], ids=["kept", "not kept"])
def test_a_write_that_is_not_answered_is_asked_for_again_and_the_call_ends_as_one_record(
    installation, recording, monkeypatch, is_kept
):
    """The connection is cut once, at the first write, then at the second, and so on, until a call has no more."""
    monkeypatch.setattr(jobs, "ASK_AGAIN_S", 0.0)
    store, sound = installation.store, recording.read_bytes()
    intake, write = Intake(store, installation.sounds, installation.queue), store._database.writing
    calls = []

    class Elsewhere:
        def fetch(self, announced, to):
            to.write_bytes(sound + announced.file_name.encode())

    for cut_at in count():
        writes = count()

        @contextmanager
        def writing(writes=writes, cut_at=cut_at) -> Iterator[sa.Connection]:
            is_cut = next(writes) == cut_at
            if is_cut and not is_kept:
                raise Unavailable
            with write() as connection:
                yield connection
            if is_cut:
                raise Unavailable

        monkeypatch.setattr(store._database, "writing", writing)
        announced = Announced(f"https://vendor.example/{cut_at}", f"{cut_at}.wav")
        calls.append(call_id := _insist(lambda one=announced: intake.announce(one, _known(one.file_name))).call_id)
        clock = [store.now()]
        work = installation.work(fetcher=Elsewhere, clock=lambda clock=clock: clock[0])
        while (stands := store.call(call_id).standing).state not in (CallState.READY, CallState.FAILED):
            work.run(call_id, stands.stage)
            clock[0] += timedelta(minutes=15)
        if next(writes) <= cut_at:
            break
    assert {call.standing.state for call in store.calls(limit=len(calls) + 1)} == {CallState.READY}
    for call_id in calls:
        kinds = [item.kind for item in store.log.items(call_id)]
        assert (kinds.count("received"), kinds.count("made")) == (1, 1)
    assert len(store.calls(limit=len(calls) + 1)) == len(calls)
    assert store.log.audit().findings == ()


def _known(name: str) -> Handover:
    return Handover(CallDetails(external_id=name))


def _insist(ask):
    try:
        return ask()
    except Unavailable:
        return ask()
