"""The watch over calls: one look for everybody who listens, and nobody forgotten or kept."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing, suppress

from worker.core.errors import Unavailable
from worker.record.standing import CallState, Standing
from worker.web.watch import Head, Watch

SOON_S = 5.0


class Calls:
    """What a database would say, and how often and about what it was asked."""

    def __init__(self, **entries: int) -> None:
        self.heads = {name: Head(Standing(CallState.READY), count) for name, count in entries.items()}
        self.asked: list[frozenset[str]] = []
        self.threads: set[int] = set()
        self.fails = 0

    def look(self, call_ids: frozenset[str]) -> Mapping[str, Head]:
        self.asked.append(call_ids)
        self.threads.add(threading.get_ident())
        if self.fails:
            self.fails -= 1
            raise Unavailable
        return {name: head for name, head in self.heads.items() if name in call_ids}

    def add_entry(self, name: str) -> None:
        self.heads[name] = Head(self.heads[name].standing, self.heads[name].entries + 1)


def run(test: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(test(), SOON_S))


async def next_of(heads: AsyncIterator[Head]) -> int:
    return (await anext(heads)).entries


async def until(holds: Callable[[], bool]) -> None:
    while not holds():
        await asyncio.sleep(0.005)


def test_whoever_listens_is_told_how_it_stands_and_then_what_changes():
    calls = Calls(a=3)

    async def test() -> None:
        watch = Watch(calls.look, every_s=0.01)
        async with aclosing(watch.heads("a", lasts_s=SOON_S)) as heads:
            assert await next_of(heads) == 3
            waiting = asyncio.create_task(next_of(heads))
            await until(lambda: len(calls.asked) > 3)
            assert not waiting.done(), "nothing has changed, so nothing is told"
            calls.add_entry("a")
            assert await waiting == 4

    run(test)
    assert threading.get_ident() not in calls.threads, "the database is never asked in the thread that serves everybody"


def test_a_hundred_pages_cost_one_look():
    calls = Calls(a=1, b=1)

    async def test() -> None:
        watch = Watch(calls.look, every_s=0.05)
        pages = [watch.heads("ab"[number % 2], lasts_s=SOON_S) for number in range(100)]
        told = await asyncio.gather(*(next_of(page) for page in pages))
        assert told == [1] * 100
        assert len(calls.asked) <= 2
        assert calls.asked[-1] == {"a", "b"}
        for page in pages:
            await page.aclose()

    run(test)


def test_nothing_is_looked_at_while_nobody_listens():
    calls = Calls(a=1)

    async def test() -> None:
        watch = Watch(calls.look, every_s=0.005)
        heads = watch.heads("a", lasts_s=SOON_S)
        await next_of(heads)
        await heads.aclose()
        assert watch.listeners == 0
        await asyncio.sleep(0.02)
        asked = len(calls.asked)
        await asyncio.sleep(0.05)
        assert len(calls.asked) == asked

    run(test)


def test_a_page_that_is_cut_off_while_it_waits_is_forgotten():
    calls = Calls(a=1)

    async def listen(watch: Watch) -> None:
        async with aclosing(watch.heads("a", lasts_s=SOON_S)) as heads:
            async for _head in heads:
                pass

    async def test() -> None:
        watch = Watch(calls.look, every_s=0.005)
        page = asyncio.create_task(listen(watch))
        await until(lambda: watch.listeners == 1 and bool(calls.asked))
        page.cancel()
        with suppress(asyncio.CancelledError):
            await page
        assert watch.listeners == 0

    run(test)


def test_whoever_comes_back_is_told_how_it_stands_now():
    calls = Calls(a=1)

    async def test() -> None:
        watch = Watch(calls.look, every_s=0.005)
        for entries in (1, 2):
            async with aclosing(watch.heads("a", lasts_s=SOON_S)) as heads:
                assert await next_of(heads) == entries
            calls.add_entry("a")

    run(test)


def test_nobody_is_listened_to_for_ever():
    async def test() -> None:
        watch = Watch(Calls(a=1).look, every_s=0.005)
        assert [head.entries async for head in watch.heads("a", lasts_s=0.05)] == [1]
        assert watch.listeners == 0

    run(test)


def test_no_more_listen_than_there_is_room_for():
    calls = Calls(a=1)

    async def test() -> None:
        watch = Watch(calls.look, every_s=0.005, most=1)
        async with aclosing(watch.heads("a", lasts_s=SOON_S)) as heads:
            await next_of(heads)
            assert watch.is_full
            assert [head async for head in watch.heads("a", lasts_s=SOON_S)] == []
        assert not watch.is_full

    run(test)


def test_a_database_that_is_away_for_a_moment_is_asked_again():
    calls = Calls(a=1)
    calls.fails = 2

    async def test() -> None:
        async with aclosing(Watch(calls.look, every_s=0.005, after_trouble_s=0.01).heads("a", lasts_s=SOON_S)) as heads:
            assert await next_of(heads) == 1

    run(test)
    assert len(calls.asked) >= 3
