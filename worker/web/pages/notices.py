"""What is not certain: what a person should know about this record, and where to listen."""

from __future__ import annotations

from dataclasses import dataclass

from worker.core.record import CallRecord
from worker.core.sound import Interval
from worker.core.transcript import CallWarning
from worker.web.pages.clips import Clip, clip_of
from worker.web.pages.words import WARNINGS_IN_WORDS
from worker.web.texts import _, later

CUT = later(
    "Card numbers, codes and the like were taken out of the words and of what is heard here; a soft tone stands in "
    "their place. If something else was taken out with them, or they were missed, say so."
)


@dataclass(frozen=True)
class Notice:
    """Something that a person should know, with the places to listen to."""

    text: str
    clips: tuple[Clip, ...]


def notices_of(record: CallRecord) -> tuple[Notice, ...]:
    """One notice for each thing there is to say, with all the places that it is about."""
    clips: dict[str, list[Clip]] = {}
    for warning in record.warnings:
        places = clips.setdefault(_(WARNINGS_IN_WORDS[warning.code]), [])
        if found := stretch_of(warning):
            turns = (one.id for one in record.turns if one.start_s < found.end_s and one.end_s > found.start_s)
            places.append(clip_of(found.start_s, found.end_s, next(turns, None)))
    notices = [Notice(text, tuple(places)) for text, places in clips.items()]
    if record.cuts:
        cuts = tuple(clip_of(cut.start_s, cut.end_s, cut.turn) for cut in record.cuts)
        notices.append(Notice(_(CUT), cuts))
    return tuple(notices)


def stretch_of(warning: CallWarning) -> Interval | None:
    """The stretch of a warning that has one with a length."""
    if warning.start_s is None or warning.end_s is None or warning.end_s <= warning.start_s:
        return None
    return Interval(warning.start_s, warning.end_s)
