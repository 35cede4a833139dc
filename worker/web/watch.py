"""Tells open pages what changes: one look at the database a second for all of them, however many are open.

Nothing is looked at while no page is open. A page that leaves is forgotten at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass

import structlog

from worker.record.standing import Standing

log = structlog.get_logger()

EVERY_S = 1.0
AFTER_TROUBLE_S = 10.0
MOST_LISTENERS = 500
"""Each holds a connection. Who comes after is told to come again."""


@dataclass(frozen=True)
class Head:
    """Where a call stands, and how many entries its record has."""

    standing: Standing
    entries: int


class Watch:
    """Looks at every call that somebody listens to. Belongs to the event loop in which it is first listened to.

    ``look`` gives the heads of these calls, in a thread; a call that is not there is left out.
    """

    def __init__(
        self,
        look: Callable[[frozenset[str]], Mapping[str, Head]],
        *,
        every_s: float = EVERY_S,
        after_trouble_s: float = AFTER_TROUBLE_S,
        most: int = MOST_LISTENERS,
    ) -> None:
        self._look, self._every_s, self._after_trouble_s, self._most = look, every_s, after_trouble_s, most
        self._listeners: dict[str, set[asyncio.Event]] = {}
        self._heads: dict[str, Head] = {}
        self._looking: asyncio.Task[None] | None = None

    @property
    def listeners(self) -> int:
        """How many listen now."""
        return sum(map(len, self._listeners.values()))

    @property
    def is_full(self) -> bool:
        """Nobody else can listen now."""
        return self.listeners >= self._most

    async def heads(self, call_id: str, *, lasts_s: float) -> AsyncGenerator[Head]:
        """The head of this call as it is now, and then each time that it has changed, for so many seconds.

        Ends at once where it is full.
        """
        if self.is_full:
            return
        changed = asyncio.Event()
        self._listeners.setdefault(call_id, set()).add(changed)
        if self._looking is None:
            self._looking = asyncio.create_task(self._look_again())
        ends_at = asyncio.get_running_loop().time() + lasts_s
        try:
            told = None
            while True:
                head = self._heads.get(call_id)
                if head != told and head is not None:
                    told = head
                    yield head
                    continue
                async with asyncio.timeout_at(ends_at):
                    await changed.wait()
                changed.clear()
        except TimeoutError:
            return
        finally:
            self._forget(call_id, changed)

    def _forget(self, call_id: str, listener: asyncio.Event) -> None:
        self._listeners[call_id].discard(listener)
        if not self._listeners[call_id]:
            del self._listeners[call_id]
            self._heads.pop(call_id, None)  # it is old before somebody listens again
        if not self._listeners and self._looking is not None:
            self._looking.cancel()
            self._looking = None

    async def _look_again(self) -> None:
        while True:
            try:
                self._tell(await asyncio.to_thread(self._look, frozenset(self._listeners)))
            except Exception as error:  # a bug too: pages that listen would otherwise wait for ever
                log.warning("live.no_look", error=type(error).__name__)
                await asyncio.sleep(self._after_trouble_s)
            await asyncio.sleep(self._every_s)

    def _tell(self, heads: Mapping[str, Head]) -> None:
        for call_id, head in heads.items():
            if call_id in self._listeners and self._heads.get(call_id) != head:
                self._heads[call_id] = head
                for listener in self._listeners[call_id]:
                    listener.set()
