"""Erasure by request: the desk decides, all calls go, the asker is written; a hold or a dead store stops it aloud."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.record.test_requests import MARIA, NOW, Desk
from worker.core.errors import Invalid, NotAllowed, Unavailable
from worker.core.keeping.values import Why
from worker.core.log.entry import Actor, EntryKind, Role
from worker.core.requests.values import Block, By, RequestKind, RequestState, Step
from worker.owed.answering import erase_as_asked
from worker.owed.erasing import Stores
from worker.record.sounds import SoundStore
from worker.record.store import Store


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store)


@pytest.fixture
def stores(store: Store, sound_store: SoundStore) -> Stores:
    return Stores(store, sound_store)


def now() -> datetime:
    return datetime.now(UTC)


def test_every_call_of_the_request_goes_with_a_receipt_and_the_asker_is_written(desk: Desk, stores: Stores):
    mine, also, not_mine = desk.call(), desk.call(), desk.call(customer="other@example.org")
    one = desk.ask(RequestKind.ERASURE, None, now=now())
    assert one.blocks == (Block.DECISION,)
    done = erase_as_asked(one.id, by=desk.by, stores=stores)
    assert done.request.state is RequestState.ANSWERED
    assert {receipt.call_id for receipt in done.receipts} == {mine, also}
    assert all(receipt.why is Why.REQUEST and receipt.ended_at for receipt in done.receipts)
    for call_id in (mine, also):
        assert desk.store.log.record(call_id) is None
        kinds = [item.kind for item in desk.store.log.items(call_id)]
        assert (kinds[-1], EntryKind.REQUESTED in kinds) == (EntryKind.ERASED, True), "that it was asked stays"
    assert desk.store.log.record(not_mine) is not None
    assert all(f"Erased of call {call_id}" in (done.request.details.note or "") for call_id in (mine, also))
    assert desk.letters(now=now()) == [(MARIA, Step.ASKED), (MARIA, Step.ANSWERED)]


def test_a_legal_hold_stops_all_of_it_before_anything_is_erased(desk: Desk, stores: Stores):
    held, free = desk.call(), desk.call()
    desk.store.keeping.hold(held, "a claim", by=desk.by.actor, name="Dana", now=now())
    one = desk.ask(RequestKind.ERASURE, None)
    assert Block.LEGAL_HOLD in one.blocks
    with pytest.raises(NotAllowed, match="legal hold"):
        erase_as_asked(one.id, by=desk.by, stores=stores)
    assert desk.store.log.record(free) is not None
    desk.store.keeping.release(held, "it is over", by=desk.by.actor, name="Dana", now=now())
    assert erase_as_asked(one.id, by=desk.by, stores=stores).request.state is RequestState.ANSWERED


def test_a_place_that_does_not_answer_leaves_the_request_open_and_it_goes_on_when_asked_again(
    desk: Desk, stores: Stores, monkeypatch: pytest.MonkeyPatch
):
    one = desk.ask(RequestKind.ERASURE, desk.call())

    def away(_call_id: str) -> int:
        raise Unavailable("The index is away.")

    with monkeypatch.context() as patch:
        patch.setattr(desk.store.search, "forget", away)
        with pytest.raises(Unavailable, match="search index"):
            erase_as_asked(one.id, by=desk.by, stores=stores)
    waiting = desk.store.requests.get(one.id, now=NOW)
    assert Block.FAILED in waiting.blocks
    assert "search index" in (waiting.failure or "")
    assert erase_as_asked(one.id, by=desk.by, stores=stores).request.state is RequestState.ANSWERED


def test_nothing_is_erased_for_who_may_not_or_who_has_proved_nothing(desk: Desk, stores: Stores):
    call_id = desk.call()
    letter = desk.letter(RequestKind.ERASURE, call_id)
    with pytest.raises(Invalid, match="not proved"):
        erase_as_asked(letter.id, by=desk.by, stores=stores)
    with pytest.raises(NotAllowed):
        erase_as_asked(letter.id, by=By(Actor(Role.OPERATOR, "o")), stores=stores)
    other = desk.ask(RequestKind.ACCESS, None)
    with pytest.raises(Invalid, match="not what is asked"):
        erase_as_asked(other.id, by=desk.by, stores=stores)
    assert desk.store.log.record(call_id) is not None
