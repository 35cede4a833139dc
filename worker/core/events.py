"""Events: what On Record tells other systems of the company, and when it tries again to tell it.

An event says that something happened and to which call: ids, states and instants, never what anybody said. Who wants
to know what was said opens the record, as somebody who may.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from worker.core.dialogue.values import Act, Annotation, Content, NewSentence
from worker.core.log.entry import Role


class EventType(StrEnum):
    """What happened. The names are said to receivers, and stay."""

    CALL_RECEIVED = "call.received"
    CALL_FAILED = "call.failed"
    CALL_RETRIED = "call.retried"
    CALL_HERE_ALREADY = "call.here_already"  # what was announced turned out to be another call: the last that it tells
    RECORD_READY = "record.ready"
    RECORD_DISPUTED = "record.disputed"  # somebody says that it was not so, or puts another sentence beside one
    RECORD_ANNOTATED = "record.annotated"  # anything else that somebody says of it
    PROMISE_LATE = "promise.late"
    REQUEST_RECEIVED = "request.received"  # somebody asks for what the law owes them, and has proved who they are
    REQUEST_DUE = "request.due"  # its time ends soon, or is over
    PACKAGE_READY = "package.ready"  # what was to be handed over to somebody is made
    PACKAGE_FAILED = "package.failed"  # it could not be made, and is not tried again
    REQUEST_ANSWERED = "request.answered"  # or refused


TEST = "endpoint.test"
"""The type of what ``onrecord events test`` sends: it happened to no call, and no endpoint chooses it."""


@dataclass(frozen=True)
class Event:
    """One thing that happened to a call, before it has an id. ``call_id`` None: to no one call, as a request may.

    ``says`` is what receivers are told besides the call's ids: plain texts, such as the reason of a failure, the role
    of who annotated, the id of a promise.
    """

    type: EventType
    call_id: str | None
    at: datetime
    says: Mapping[str, str] = field(default_factory=dict)


def said(call_id: str, role: Role, content: Content, at: datetime) -> Event | None:
    """The event of an entry that a person wrote; None for looks and other entries that tell no news of the record."""
    if not isinstance(content, Annotation):
        return None
    contradicts = content.act is Act.DISPUTE or isinstance(content.correction, NewSentence)
    kind = EventType.RECORD_DISPUTED if contradicts else EventType.RECORD_ANNOTATED
    return Event(kind, call_id, at, {"by": role.value, "act": content.act.value})


# When it is tried again

WAITS = (
    timedelta(0),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""Before each try, as Standard Webhooks has them: the first is at once, the tenth is the last, three days later."""

JITTER = 0.1
"""A wait is up to this share longer, so that what failed together is not tried together again."""

LONGEST_WAIT = WAITS[-1] * (1 + JITTER)


def wait_after(tries: int, *, chance: float, asked_s: float | None = None) -> timedelta | None:
    """How long to wait after ``tries`` that failed; None where that was the last. ``chance`` is a number in [0, 1).

    ``asked_s`` is for how long the receiver asked to be left alone; it is, up to the longest wait there is.
    """
    if tries >= len(WAITS):
        return None
    asked = timedelta(seconds=min(asked_s or 0.0, LONGEST_WAIT.total_seconds()))
    return max(asked, WAITS[tries] * (1 + JITTER * chance))
