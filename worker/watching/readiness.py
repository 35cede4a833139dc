"""Whether what an installation works with can be reached now: the database, the queue, the store of recordings.

Each part is asked at the same time as the others and has a time limit of its own. One that hangs is asked once: who
asks meanwhile waits for that answer until its limit and no longer, so that nothing piles up on a part that is away.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from threading import Lock, Thread

import structlog

log = structlog.get_logger()

WITHIN_S = 2.0


@dataclass(frozen=True)
class Part:
    """Something that the installation works with. ``ask`` returns if it is there, and raises if not.

    Without a part that ``is_needed`` nothing can be served. Without another one less can: with the queue away calls
    are accepted and kept, and wait.
    """

    name: str
    ask: Callable[[], object]
    is_needed: bool = True


@dataclass(frozen=True)
class Ready:
    """Which parts answered within their time. ``is_ready`` if all did that are needed."""

    answered: dict[str, bool]
    is_ready: bool


class Readiness:
    """Asks the parts of one installation. Safe to share between threads."""

    def __init__(self, parts: Sequence[Part], *, within_s: float = WITHIN_S) -> None:
        self._parts, self._within_s = tuple(parts), within_s
        self._asked: dict[str, _Asked] = {}
        self._lock = Lock()

    def look(self) -> Ready:
        """How it stands now, after the time limit at the latest."""
        with self._lock:
            for part in self._parts:
                if (asked := self._asked.get(part.name)) is None or asked.answer.done():
                    self._asked[part.name] = _Asked(_ask(part), time.monotonic() + self._within_s)
            asked_now = dict(self._asked)
        for one in asked_now.values():
            wait([one.answer], timeout=max(0.0, one.until - time.monotonic()))
        answered = {name: one.answer.done() and one.answer.result() for name, one in asked_now.items()}
        return Ready(answered, all(answered[part.name] for part in self._parts if part.is_needed))


@dataclass(frozen=True)
class _Asked:
    """A question that was put to a part, and until when its answer is waited for."""

    answer: Future[bool]
    until: float


def _ask(part: Part) -> Future[bool]:
    """Asks in a thread that does not hold up the end of the process, as one of a pool would while a part hangs."""
    answer: Future[bool] = Future()
    Thread(target=lambda: answer.set_result(_answers(part)), name=f"ready {part.name}", daemon=True).start()
    return answer


def _answers(part: Part) -> bool:
    """Whether it did. Why not stays here but for the kind of the error: a message may name an address with a secret."""
    try:
        part.ask()
    except Exception as error:  # whatever a driver raises: it did not answer
        log.warning("ready.away", part=part.name, error=type(error).__name__)
        return False
    return True
