"""The queue is a short window onto the database: what comes onto it, in which order, and how it is filled again."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis

from worker.core.arrival import Arrived, Handover, Priority
from worker.core.call import CallDetails
from worker.core.errors import Unavailable
from worker.core.record import MadeBy
from worker.core.stage import Stage
from worker.jobs import JobQueue, Way
from worker.jobs.queue import WINDOW


def hand_over(installation, number: int, *, line: str = "sales", priority: Priority = Priority.NORMAL) -> list[str]:
    """So many calls of one line, put on the queue as the intake does it; their ids."""
    put = []
    for one in range(number):
        details = CallDetails(external_id=f"{line} {priority} {one} {time.monotonic_ns()}", line=line)
        arrived = Arrived("0" * 64, "call.wav", 1000)
        accepted = installation.store.accept(Handover(details, priority=priority), arrived, first_stage="decode")
        installation.queue.put(accepted.call_id, "decode")
        put.append(accepted.call_id)
    return put


def take(installation, stage: str = "decode") -> str | None:
    """Takes the next job as a worker does: fills what runs low, then pops."""
    installation.filler().top_up([stage])
    taken = installation.queue.redis.lpop(installation.queue.rq(stage).key)
    return taken and taken.decode().partition("-")[0]


def begin(installation, call_id: str, worker: str = "here", lease_s: float = 60.0) -> None:
    now = installation.store.now()
    assert installation.store.begin(call_id, "decode", worker=worker, lease_s=lease_s, now=now)


def test_an_accepted_call_is_found_although_the_queue_was_away(installation, recording):
    """Accepted means safe: the sweeper finds in the database what never reached the queue."""
    nowhere = JobQueue(Redis.from_url(f"unix://{installation.folder}/no.sock"), "onrecord")
    here, installation.queue = installation.queue, nowhere
    call_id = installation.accept(recording)
    installation.queue = here
    assert here.shown("decode") == ()
    installation.sweeper().sweep()
    assert here.shown("decode") == (call_id,)


def test_a_queue_that_is_away_is_said_to_be(installation):
    queue = JobQueue(Redis.from_url(f"unix://{installation.folder}/no.sock"), "onrecord")
    with pytest.raises(Unavailable, match="are safe and wait"):
        queue.put("0" * 16, "decode")
    with pytest.raises(Unavailable):
        queue.to_fill(["decode"])


def test_sweeping_again_changes_nothing(installation):
    put = hand_over(installation, 3)
    for _ in range(3):
        installation.sweeper().sweep()
    assert installation.queue.shown("decode") == tuple(put)


def test_an_emptied_queue_is_filled_again(installation):
    put = hand_over(installation, 3)
    installation.queue.redis.flushall()
    installation.sweeper().sweep()
    assert installation.queue.shown("decode") == tuple(put)


def test_a_job_lost_between_being_taken_and_being_begun_is_put_back(installation):
    """A worker killed right after the pop leaves a call that waits, and is in no queue."""
    (call_id,) = hand_over(installation, 1)
    assert take(installation) == call_id
    assert installation.queue.shown("decode") == ()
    installation.sweeper().sweep()
    assert installation.queue.shown("decode") == (call_id,)


def test_a_job_that_counts_as_started_for_ever_is_put_back_when_its_lease_has_run_out(installation):
    """Its worker died, and RQ keeps its hash as started: nobody asks that."""
    (call_id,) = hand_over(installation, 1)
    take(installation)
    installation.queue.redis.hset(f"rq:job:{call_id}-decode", "status", "started")
    begin(installation, call_id, worker="dead", lease_s=0.2)
    installation.sweeper().sweep()
    assert installation.queue.shown("decode") == (), "it may yet live"
    time.sleep(0.25)
    installation.sweeper().sweep()
    assert installation.queue.shown("decode") == (call_id,)


def test_what_was_put_off_comes_back_when_its_time_has_come(installation):
    first, second = hand_over(installation, 2)
    begin(installation, first)
    due = installation.store.now() + timedelta(seconds=0.3)
    installation.store.put_off(first, "decode", worker="here", error=Unavailable(), not_before=due)
    installation.sweeper().sweep()
    assert installation.queue.shown("decode") == (second,)
    time.sleep(0.35)
    installation.sweeper().sweep()
    assert installation.queue.shown("decode") == (first, second), "it keeps its turn"


def test_only_the_next_few_lie_on_redis_and_all_are_taken_in_their_order(installation):
    put = hand_over(installation, 3 * WINDOW)
    assert len(installation.queue.shown("decode")) == WINDOW
    taken = []
    while (one := take(installation)) is not None:
        begin(installation, one)
        taken.append(one)
        assert len(installation.queue.shown("decode")) <= WINDOW
    assert taken == put


@pytest.mark.parametrize("priority", [Priority.NORMAL, Priority.BULK])
def test_a_call_of_another_line_is_among_the_next_few_whatever_one_line_has_waiting(installation, priority):
    """A telephony system hands over a day's backlog, or an import of old calls; today's call comes in then."""
    hand_over(installation, 500, line="sales", priority=priority)
    for _ in range(5):
        begin(installation, take(installation))
    (today,) = hand_over(installation, 1, line="support")
    next_few = []
    for _ in range(3):
        next_few.append(take(installation))
        begin(installation, next_few[-1])
        time.sleep(0.11)  # a stage takes that long at least; the window is put in order no more often
    assert today in next_few


def test_bulk_calls_get_a_share_while_others_wait(installation):
    hand_over(installation, 20, line="old", priority=Priority.BULK)
    hand_over(installation, 30, line="new")
    first = []
    installation.sweeper().sweep()
    for _ in range(22):
        first.append(take(installation))
        begin(installation, first[-1])
    bulk = [one for one in first if installation.store.call(one).priority is Priority.BULK]
    assert 2 <= len(bulk) <= 4, "about one in eleven, and never none"


def test_no_more_calls_are_begun_than_have_room_on_scratch_disks(installation):
    put = hand_over(installation, 5)
    filler = installation.filler(most_begun=2)
    done = []
    for _ in range(3):
        filler.fill("decode")
        for call_id in installation.queue.shown("decode"):
            begin(installation, call_id)
            installation.store.finish(
                call_id,
                "decode",
                worker="here",
                value="",
                made_by=MadeBy("decode", None, "1", 0.0),
                next_stage="listen",
            )
            done.append(call_id)
    assert done == put[:2]
    now = installation.store.now()
    installation.store.begin(put[0], "listen", worker="here", lease_s=60.0, now=now)
    installation.store.fail(put[0], "listen", worker="here", reason="BadRecording", message="No.")
    filler.fill("decode")
    assert installation.queue.shown("decode") == (put[2],), "a call that has failed takes no room"


def test_a_call_put_on_a_queue_that_is_held_back_does_not_slip_in(installation):
    hand_over(installation, 1)
    installation.filler(most_begun=0).fill("decode")
    assert installation.queue.shown("decode") == ()
    hand_over(installation, 1)
    assert installation.queue.shown("decode") == ()


def test_what_is_taken_or_put_while_the_database_is_asked_stays_so(installation):
    first, second, third = hand_over(installation, 3)
    seen = installation.queue.shown("decode")
    installation.queue.redis.lpop(installation.queue.rq("decode").key)  # another worker takes the first
    installation.queue.put("f" * 16, "decode")  # and another call comes in
    installation.queue.fill("decode", [first, third, second], seen=seen, is_all=True)
    assert installation.queue.shown("decode") == (third, second, "f" * 16)


def test_what_lies_on_the_queue_is_ids_and_nothing_else(installation, recording):
    call_id = installation.accept(recording, CallDetails(agent="Quentin Zebrowski", external_id="secret"))
    redis = installation.queue.redis
    stored = redis.hgetall(f"rq:job:{call_id}-decode")
    everything = b"".join((*stored.keys(), *stored.values(), *redis.keys("*")))
    assert not [word for word in (b"call.wav", b"Quentin", b"secret") if word in everything]
    assert not any(value.startswith(b"\x80") for value in stored.values()), "no pickled object"


def test_filling_costs_a_few_round_trips_however_much_waits(installation):
    """50,000 waiting calls must cost no more than fifty."""
    hand_over(installation, 2 * WINDOW)
    redis = installation.queue.redis

    def commands() -> int:
        return int(redis.info("stats")["total_commands_processed"])

    installation.queue.redis.delete(installation.queue.rq("decode").key)
    before = commands()
    installation.filler().fill("decode")
    assert len(installation.queue.shown("decode")) == WINDOW
    assert commands() - before < 4 * WINDOW + 12
    before = commands()
    for _ in range(WINDOW // 2 - 1):
        assert take(installation)
    assert commands() - before < 6 * WINDOW // 2, "while half are there, nothing is filled"


def test_a_measurement_may_bring_stages_of_its_own(installation):
    way = Way((Stage(name="nothing", requires=(), produces="none", gives=str, run=lambda progress: ""),))
    queue = JobQueue(installation.queue.redis, "measured", way)
    queue.put("0" * 16, "nothing")
    assert queue.shown("nothing") == ("0" * 16,)
    assert way.after("fetch") == "nothing"
    assert way.after("nothing") is None


def test_waiting_is_decided_by_the_clock_of_the_database(installation):
    assert abs(installation.store.now() - datetime.now(UTC)) < timedelta(seconds=5)
    assert installation.store.now().tzinfo is not None
