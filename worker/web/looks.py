"""Each look at a record is an entry that both sides can see, noted here."""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING

from worker.core.dialogue.values import Looked, Way

if TYPE_CHECKING:
    from worker.web.access import Opened
    from worker.web.parts import Parts

ONE_HEARING = timedelta(minutes=30)
"""A player asks for the sound in many small parts: within this time they are one look."""

MOST_REMEMBERED = 10_000


class RecentLooks:
    """Which hearings are under way, so that each is noted once. Each process that serves pages has its own."""

    def __init__(self) -> None:
        self._since: OrderedDict[tuple[str, str], datetime] = OrderedDict()
        self._lock = Lock()

    def is_new(self, session: str, call_id: str, now: datetime) -> bool:
        """Whether this session did not hear this call of late; from now on it did."""
        with self._lock:
            since = self._since.pop((session, call_id), None)
            is_new = since is None or since + ONE_HEARING <= now
            self._since[session, call_id] = now if is_new or since is None else since
            while len(self._since) > MOST_REMEMBERED:
                self._since.popitem(last=False)
            return is_new

    def forget(self, session: str, call_id: str) -> None:
        """As if it had not been heard: it could not be noted."""
        with self._lock:
            self._since.pop((session, call_id), None)


def note_look(parts: Parts, opened: Opened, way: Way) -> None:
    """Puts a look into the record; the sound once per session and half an hour. Called where something is shown.

    What cannot be noted is not shown: raises what the log raises.
    """
    hearing = (opened.visitor.session, opened.call.id)
    if way is Way.SOUND and not parts.looks.is_new(*hearing, parts.now()):
        return
    try:
        parts.store.log.append(opened.call.id, opened.actor, Looked(way), by=opened.name)
    except BaseException:
        parts.looks.forget(*hearing)
        raise
