"""Looking at watched folders and buckets, again and again, until it is to end."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Protocol

import structlog

from worker.core.errors import Unavailable
from worker.intake.dropped import Look
from worker.intake.limits import Busy

log = structlog.get_logger()


class Place(Protocol):
    """A folder or a bucket that is watched."""

    def look(self) -> Look:
        """Hands over what is there. Raises Unavailable where nothing can be taken now."""
        ...


def watch(places: Sequence[Place], *, every_s: float, ending: threading.Event) -> None:
    """Looks at every place each ``every_s`` seconds until ``ending`` is set.

    A place that cannot be looked at holds up no other. Where there is no room for more, all wait as long as is asked.
    """
    while not ending.is_set():
        wait_s = every_s
        for place in places:
            if ending.is_set():
                return
            try:
                _say(place.look())
            except Busy as error:
                log.warning("watch.busy", again_in_s=error.retry_after_s)
                wait_s = max(wait_s, error.retry_after_s)
            except Unavailable as error:
                log.warning("watch.unavailable", reason=error.message)
        ending.wait(wait_s)


def watch_once(places: Sequence[Place], *, every_s: float, ending: threading.Event) -> Look:
    """Takes what lies there now, and waits only for files that may be whole in a moment. Raises what a look raises."""
    accepted = refused = 0
    for place in places:
        while not ending.is_set():
            look = place.look()
            accepted, refused = accepted + look.accepted, refused + look.refused
            if not look.settling:
                break
            ending.wait(every_s)
    return Look(accepted, refused)


def _say(look: Look) -> None:
    if look.accepted or look.refused:
        log.info("watch.looked", accepted=look.accepted, refused=look.refused)
