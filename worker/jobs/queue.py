"""The queue: for each stage a short window, on Redis, onto the calls that wait for it in the database.

The database knows all that waits and in what order (``Store.waiting``). Of each stage only the first few lie on a queue
of RQ, as ids, so that an import of 50,000 calls neither fills Redis nor stands before the call that comes in now:
filling a window puts it into the order that the database has by then. What the window does not show is marked, and
whoever takes jobs next, or the sweeper, fills it.

Workers listen to the queues of several stages at once, for which RQ pops with BLPOP. What a kill between popping and
beginning loses still waits in the database, and comes with the next filling. So does everything when Redis is emptied.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue
from rq.queue import EnqueueData
from rq.serializers import JSONSerializer

from worker.core.errors import Unavailable
from worker.jobs.way import WAY, Way

RUN_JOB = "worker.jobs.run_job"
WINDOW = 32
"""Calls of one stage that lie on Redis at most, a few more for a moment. It is filled again when half are taken."""
IN_ORDER_EVERY_MS = 100
"""A window that is full enough is put in order for new arrivals no more often than this."""

# What is marked of a window, in a hash by stage; of one that shows all in its order, nothing.
UNORDERED = b"unordered"  # it shows all that waits, and what came last may belong further ahead
MORE = b"more"  # more waits than it shows
MORE_UNORDERED = b"more unordered"

# The list becomes: what is wanted, less what was taken since it was looked at, then what was added since.
_FILL = """
local seen, wanted, now_there, is_wanted, list = {}, {}, {}, {}, {}
local n = tonumber(ARGV[3])
for i = 4, 3 + n do seen[ARGV[i]] = true end
local current = redis.call("LRANGE", KEYS[1], 0, -1)
for _, id in ipairs(current) do now_there[id] = true end
for i = 4 + n, #ARGV do
    is_wanted[ARGV[i]] = true
    if now_there[ARGV[i]] or not seen[ARGV[i]] then list[#list + 1] = ARGV[i] end
end
for _, id in ipairs(current) do
    if not is_wanted[id] and not seen[id] then list[#list + 1] = id end
end
redis.call("DEL", KEYS[1])
if #list > 0 then redis.call("RPUSH", KEYS[1], unpack(list)) end
if ARGV[2] == "" then redis.call("HDEL", KEYS[2], ARGV[1]) else redis.call("HSET", KEYS[2], ARGV[1], ARGV[2]) end
return #list
"""


class JobQueue:
    """The queues of one installation, by its name: one for each stage.

    Every method raises Unavailable if Redis cannot be reached. Nothing is lost then: the sweeper fills it later.
    """

    def __init__(self, redis: Redis, name: str, way: Way = WAY) -> None:
        self.redis, self.name, self.way = redis, name, way
        self._queues = {
            stage: Queue(f"{name}:{stage}", connection=redis, serializer=JSONSerializer) for stage in way.names
        }
        self._marks = f"{name}:marks"

    def rq(self, stage: str) -> Queue:
        """RQ's own queue of a stage."""
        return self._queues[stage]

    def shown(self, stage: str) -> tuple[str, ...]:
        """The calls in the window of a stage, in the order in which they are taken."""
        with _reaching_redis():
            return tuple(_call_of(job_id) for job_id in self._queues[stage].job_ids)

    def put(self, call_id: str, stage: str) -> None:
        """Says that a call now waits for a stage: it comes into the window while that has room.

        Twice is no harm: the second job finds the work taken or done.
        """
        queue = self._queues[stage]
        with _reaching_redis(), self.redis.pipeline() as pipe:
            pipe.hget(self._marks, stage)
            pipe.llen(queue.key)
            mark, length = pipe.execute()
            if mark in (None, UNORDERED) and length < WINDOW:
                queue.enqueue_many([self._job(call_id, stage)], pipeline=pipe)
                if length:
                    pipe.hset(self._marks, stage, UNORDERED)
            else:
                pipe.hset(self._marks, stage, MORE_UNORDERED)
            pipe.execute()

    def to_fill(self, stages: Collection[str]) -> tuple[str, ...]:
        """Those of the stages whose window should be filled before the next job is taken: one round trip, or two."""
        with _reaching_redis():
            # redis-py types each answer as one that may have to be awaited.
            marks: Mapping[bytes, bytes] = self.redis.hgetall(self._marks)  # type: ignore[assignment]
            marked = [(stage, marks[stage.encode()]) for stage in stages if stage.encode() in marks]
            if not marked:
                return ()
            with self.redis.pipeline(transaction=False) as pipe:
                for stage, _ in marked:
                    pipe.llen(self._queues[stage].key)
                lengths = pipe.execute()
            return tuple(
                stage
                for (stage, mark), length in zip(marked, lengths, strict=True)
                if (mark != UNORDERED and length < WINDOW // 2)
                or (mark != MORE and length and self._is_time_to_order(stage))
            )

    def _is_time_to_order(self, stage: str) -> bool:
        return bool(self.redis.set(f"{self.name}:{stage}:ordered", 1, nx=True, px=IN_ORDER_EVERY_MS))

    def fill(self, stage: str, call_ids: Sequence[str], *, seen: Collection[str], is_all: bool) -> None:
        """Makes these calls the window of a stage, in this order.

        ``seen`` is what it showed before the database was asked: what was taken or put since then stays taken or put.
        ``is_all`` says that no more wait than these.
        """
        queue = self._queues[stage]
        if is_all and tuple(call_ids) == tuple(seen):
            with _reaching_redis():
                self.redis.hdel(self._marks, stage)
            return
        with _reaching_redis(), self.redis.pipeline() as pipe:
            queue.enqueue_many([self._job(one, stage) for one in call_ids if one not in seen], pipeline=pipe)
            before, wanted = ([_job_id(one, stage) for one in ids] for ids in (seen, call_ids))
            mark = b"" if is_all else MORE
            pipe.eval(_FILL, 2, queue.key, self._marks, stage, mark, len(before), *before, *wanted)
            pipe.execute()

    def is_our_turn(self, what: str, *, every_s: float) -> bool:
        """True for the first of all workers that asks within these seconds."""
        with _reaching_redis():
            return bool(self.redis.set(f"{self.name}:{what}", 1, nx=True, px=max(1, round(every_s * 1000))))

    def _job(self, call_id: str, stage: str) -> EnqueueData:
        return Queue.prepare_data(
            RUN_JOB,
            args=(call_id, stage),
            job_id=_job_id(call_id, stage),
            timeout=max(1, round(self.way.time_s(stage))),
            result_ttl=0,
            failure_ttl=0,
        )


def _job_id(call_id: str, stage: str) -> str:
    return f"{call_id}-{stage}"


def _call_of(job_id: str) -> str:
    return job_id.partition("-")[0]


@contextmanager
def _reaching_redis() -> Iterator[Any]:
    try:
        yield
    except RedisError as error:
        raise Unavailable("The queue (Redis) cannot be reached. Accepted calls are safe and wait.") from error
