"""Saying something of a part of the record: a page for who has no script, and a piece of one for everybody else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from worker.core.dialogue.selecting import target_key
from worker.core.dialogue.values import Act, OnStatement, OnWords, Target
from worker.web.pages.annotations import Reading
from worker.web.pages.clips import Clip, clip_of
from worker.web.pages.saying import Saying, saying_of
from worker.web.texts import _


@dataclass(frozen=True)
class ChoosableWord:
    """One word of a turn, to begin or to end with."""

    number: int
    text: str


@dataclass(frozen=True)
class SayPage:
    """What can be said of one thing. ``quote`` is what it is about, in its own words, ``place`` where it stands.

    ``words`` of the turn can be chosen anew, from ``first`` to before ``end``; empty for what is no words. ``problem``
    says what was wrong with what was sent; what was written stands in the forms again, or, where none fits it any
    more, in ``written``.
    """

    call_id: str
    quote: str | None
    clip: Clip | None
    place: str
    turn: str | None
    words: tuple[ChoosableWord, ...]
    first: int
    end: int
    saying: Saying | None
    problem: str | None = None
    written: tuple[str, ...] = ()

    template: ClassVar[str] = "say.html"

    @property
    def say(self) -> SayPage:
        """Itself: the forms are set in type alike on a page of their own and as a piece of another."""
        return self

    @property
    def title(self) -> str:
        """The heading."""
        return _("This was not sent") if self.problem else _("Say something about this")


@dataclass(frozen=True)
class SayPart:
    """The same as a piece of the record's page."""

    say: SayPage
    template: ClassVar[str] = "record/say_part.html"

    @property
    def title(self) -> str:
        """The heading."""
        return self.say.title

    @property
    def call_id(self) -> str:
        """The call of the record."""
        return self.say.call_id


def say_page(target: Target, reading: Reading, *, call_id: str) -> SayPage:
    """What the reader may say of this."""
    shown = _quote(target, reading)
    chosen = target if isinstance(target, OnWords) else None
    return SayPage(
        call_id=call_id,
        quote=shown,
        clip=clip_of(chosen.start_s, chosen.end_s, chosen.turn) if chosen else None,
        place=place_of(target),
        turn=chosen.turn if chosen else None,
        words=_words(target, reading),
        first=chosen.first if chosen else 0,
        end=chosen.end if chosen else 0,
        saying=reading.saying(target, what=_("these words"), shown=shown or ""),
    )


def problem_page(
    act: Act, target: Target, reading: Reading, *, call_id: str, given: dict[str, str], problem: str
) -> SayPage:
    """What was wrong, with the form as it was filled in, so that nothing that was written is lost."""
    page = say_page(target, reading, call_id=call_id)
    asked = saying_of(target, (act,), what=_("these words"), shown=page.quote or "")
    filled = asked.only(act, given)
    return SayPage(
        call_id,
        page.quote,
        page.clip,
        page.place,
        page.turn,
        (),
        page.first,
        page.end,
        filled,
        problem,
        written=() if filled.offers else tuple(text for text in given.values() if text.strip()),
    )


def lost_page(*, call_id: str, given: dict[str, str], problem: str) -> SayPage:
    """The same where it is not known what it was about: then what was written is at least shown."""
    written = tuple(text for text in given.values() if text.strip())
    return SayPage(call_id, None, None, "conversation", None, (), 0, 0, None, problem, written)


def place_of(target: Target) -> str:
    """Where on the record's page this stands: the id of its element."""
    match target:
        case OnWords(turn=turn):
            return turn
        case OnStatement(id=name):
            return name
        case _:
            kind, _sep, rest = target_key(target).partition(":")
            return {"call": "whole", "entry": f"entry-{rest}"}.get(kind, rest)


def _quote(target: Target, reading: Reading) -> str | None:
    match target:
        case OnWords():
            return _as_shown(target, reading)
        case OnStatement(id=name) if name in reading.dialogue.statements:
            return reading.dialogue.statements[name].shown
        case _:
            return None


def _as_shown(chosen: OnWords, reading: Reading) -> str:
    """The chosen words as the page shows them: in place of corrected ones, which are one text, what they became."""
    shown = reading.dialogue.readings.get(chosen.turn)
    if shown is None:
        return chosen.quote
    texts = []
    for word in _words(chosen, reading)[chosen.first : chosen.end]:
        new = next((one for one in shown.words if one.first <= word.number < one.end), None)
        if new is None:
            texts.append(word.text)
        elif word.number == max(new.first, chosen.first):
            texts.append(new.text)
    return " ".join(text for text in texts if text) or chosen.quote


def _words(target: Target, reading: Reading) -> tuple[ChoosableWord, ...]:
    if not isinstance(target, OnWords):
        return ()
    turn = next(turn for turn in reading.record.turns if turn.id == target.turn)
    return tuple(ChoosableWord(number, word.text) for number, word in enumerate(turn.words))
