"""Who looked at a record and who was let in: each look is an entry, and both sides see them all."""

from __future__ import annotations

from dataclasses import dataclass

from worker.core.dialogue.state import Entrance, Look
from worker.core.dialogue.values import Reason, Way
from worker.web.pages.annotations import Moment, Reading
from worker.web.pages.people import Who, who_of
from worker.web.texts import _, later, plural

WAYS = {
    Way.PAGE: later("read it"),
    Way.DATA: later("took it as data"),
    Way.SOUND: later("listened to it"),
    Way.FILE: later("opened a file"),
    Way.COPY: later("took a copy of it"),
}

REASONS = {
    Reason.VOUCHED: later("let in {name}, as the customer of this call"),
    Reason.ASSIGNED: later("asked {name} to review it"),
    Reason.NEXT_CALL: later("let in {name}, who takes the next call"),
}


@dataclass(frozen=True)
class LookLine:
    """Somebody looked in one way, so many times."""

    who: Who
    what: str
    times: str | None
    last: Moment


@dataclass(frozen=True)
class EntranceLine:
    """Somebody was let in: by whom, and why."""

    number: int
    who: Who
    what: str
    when: Moment


def looks_of(reading: Reading) -> tuple[LookLine, ...]:
    """Every look, the last one first."""
    return tuple(
        _look(one, reading) for one in sorted(reading.dialogue.looks, key=lambda one: one.last_at, reverse=True)
    )


def entrances_of(reading: Reading) -> tuple[EntranceLine, ...]:
    """Everybody who was let in, in the order in which they were."""
    return tuple(_entrance(one, reading) for one in reading.dialogue.entrances)


def _look(look: Look, reading: Reading) -> LookLine:
    times = plural("{count} time", "{count} times", look.times).format(count=look.times) if look.times > 1 else None
    return LookLine(who_of(look.actor, look.by, reading.reader), _(WAYS[look.way]), times, reading.moment(look.last_at))


def _entrance(one: Entrance, reading: Reading) -> EntranceLine:
    return EntranceLine(
        one.number,
        who_of(one.actor, one.by, reading.reader),
        _(REASONS[one.reason]).format(name=one.name),
        reading.moment(one.at),
    )
