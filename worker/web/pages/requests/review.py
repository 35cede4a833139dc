"""Third persons in what is to be handed over: each place with its words and its sound, and what stays out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from worker.core.requests.values import LeftOut, Place, Sign
from worker.core.transcript import Turn
from worker.record.requests.values import Request
from worker.web.pages.clips import Clip, clip_of
from worker.web.pages.requests.naming import path_of, title_at_desk
from worker.web.pages.requests.words import SIGNS
from worker.web.texts import _

AROUND = 8  # words that are shown before and after, so that a place can be judged
SURE = 0.5


@dataclass(frozen=True)
class PlaceLine:
    """One place: why it was found, the words with those around them, and where to hear it. ``is_out``: it stays out."""

    id: str
    sign: str
    before: str
    words: str
    after: str
    clip: Clip
    unsure: str | None
    is_out: bool


@dataclass(frozen=True)
class CallPlaces:
    """The places of one call, in the order in which they are said."""

    id: str
    label: str
    sound: str
    places: tuple[PlaceLine, ...]


@dataclass(frozen=True)
class ReviewPage:
    """All places of a request. ``is_reviewed``: somebody has looked before; ``back`` leads to the request."""

    id: str
    of: str
    calls: tuple[CallPlaces, ...]
    is_reviewed: bool
    back: str
    problem: str | None = None
    template: ClassVar[str] = "requests/review.html"

    @property
    def title(self) -> str:
        """The heading."""
        return _("Who else is in it")


def review_page(
    request: Request, turns: Mapping[str, Mapping[str, Turn]], labels: Mapping[str, str], *, problem: str | None = None
) -> ReviewPage:
    """The page of a request's places. ``turns`` are those of each call by their ids, ``labels`` name the calls."""
    places = request.details.places
    ids = list(dict.fromkeys(one.call_id for one in places))
    out = {_key(one) for one in request.details.left_out}

    def line(place: Place) -> PlaceLine:
        is_out = _key(place) in out if request.is_reviewed else _is_proposed(place)
        return _line(place, turns.get(place.call_id, {}).get(place.turn), is_out)

    def of(call_id: str) -> CallPlaces:
        found = sorted((one for one in places if one.call_id == call_id), key=lambda one: (one.start_s, one.first))
        return CallPlaces(
            call_id, labels.get(call_id, call_id), f"/calls/{call_id}/sound", tuple(line(one) for one in found)
        )

    return ReviewPage(
        request.id,
        title_at_desk(request),
        tuple(of(one) for one in ids),
        request.is_reviewed,
        path_of(request.id),
        problem,
    )


def left_out(request: Request, chosen: frozenset[str]) -> tuple[LeftOut, ...]:
    """What stays out of what is handed over, of the places that were ticked."""
    return tuple(one.left_out() for one in request.details.places if one.id in chosen)


def _line(place: Place, turn: Turn | None, is_out: bool) -> PlaceLine:
    words = turn.words if turn else ()
    before = words[max(0, place.first - AROUND) : place.first]
    after = words[place.end : place.end + AROUND]
    return PlaceLine(
        id=place.id,
        sign=_(SIGNS[place.sign]),
        before=" ".join(one.text for one in before),
        words=place.words,
        after=" ".join(one.text for one in after),
        clip=clip_of(place.start_s, place.end_s, place.turn),
        unsure=None if place.sure >= SURE else _("This is not certain."),
        is_out=is_out,
    )


def _is_proposed(place: Place) -> bool:
    """What the machine would keep out: not who spoke for the company, whom the asker has heard in their work."""
    return place.sign is not Sign.COLLEAGUE and place.sure >= SURE


def _key(place: Place | LeftOut) -> tuple[str, str, int, int]:
    return place.call_id, place.turn, place.first, place.end
