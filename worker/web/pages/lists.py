"""Lines of lists: calls, promises, what waits for an answer. Homes, the desk and the look before a call share them.

Each line leads to the place in the record where it stands. It says "you" to whoever reads it, and names the other side
where its name is known.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic, TypeVar

from worker.core.call import Party
from worker.core.dialogue.values import NewSentence, NewSpeaker, NewWords
from worker.core.log.entry import Role
from worker.core.matters import Gist, Matter, MatterKind
from worker.core.summary import EndState
from worker.record.matters import A_PAGE, Listed, OpenMatter
from worker.record.standing import CallState, Standing, StoredCall
from worker.record.store import Store
from worker.web.pages.in_short import ENDINGS_IN_WORDS
from worker.web.pages.words import day_in_words, instant_in_words, joined, length_in_words, with_leads
from worker.web.texts import _, later, plural

T = TypeVar("T")
S = TypeVar("S")


@dataclass(frozen=True)
class Rows(Generic[T]):
    """One page of a list: lines ``first`` to ``last`` of ``total``, from 1, and where the ones before and after are."""

    rows: tuple[T, ...]
    first: int
    last: int
    total: int
    before: str | None
    after: str | None


@dataclass(frozen=True)
class PromiseRow:
    """One promise. ``late`` says that its time has passed or that it was not kept; None where neither is so.

    ``by_when`` is a line of its own; ``due_at`` is there where it names an instant. ``who`` promised it to whom, when.
    """

    href: str
    what: str
    by_when: str
    due_at: datetime | None
    late: str | None
    who: str


@dataclass(frozen=True)
class WaitingRow:
    """Something that waits for an answer. ``says`` is who said what kind of thing, ``text`` the words, if any.

    ``call`` tells of which call it was said: by its day and its matter.
    """

    href: str
    says: str
    text: str
    call: str


@dataclass(frozen=True)
class CallRow:
    """One call: its matter, when, for how long, with whom, where it stands.

    Where no matter was found, ``matter`` says with whom the call was, and ``other`` is None.
    """

    href: str
    matter: str
    when: str
    started_at: datetime | None
    length: str | None
    other: str | None
    standing: tuple[str, ...]


def rows_of(listed: Listed[S], line: Callable[[S], T], *, name: str) -> Rows[T]:
    """The lines of a list. ``name`` is its own in the address, where several lists have pages of their own."""
    first = (listed.page - 1) * A_PAGE + 1
    last = min(listed.total, listed.page * A_PAGE)

    def at(page: int) -> str:
        return f"?{name}={page}#{name}"

    return Rows(
        rows=tuple(line(one) for one in listed.items),
        first=first,
        last=last,
        total=listed.total,
        before=at(listed.page - 1) if listed.page > 1 else None,
        after=at(listed.page + 1) if last < listed.total else None,
    )


def promise_row(one: OpenMatter, *, you: Role | None, now: datetime) -> PromiseRow:
    """A promise as its reader sees it; ``you`` is which side of it they are, None for neither."""
    matter = one.matter
    due_at = matter.due.instant if matter.due else None
    if due_at is not None:
        due_at = one.gist.in_its_zone(due_at)
    return PromiseRow(
        href=_href(one),
        what=matter.text[:1].upper() + matter.text[1:],
        by_when=_by_when(matter, due_at),
        due_at=due_at,
        late=_late(one, you=you, now=now),
        who=_on_day(_who_promised(one, you), one.gist),
    )


def waiting_row(one: OpenMatter, *, you: Role | None) -> WaitingRow:
    """A question, a proposal or a dispute as its reader sees it."""
    matter = one.matter
    return WaitingRow(
        href=_href(one),
        says=_says(one, you),
        text=_text(matter),
        call=_in_call(one.gist),
    )


def call_row(call: StoredCall, gist: Gist | None, *, you: Role | None, now: datetime) -> CallRow:
    """A call as its reader sees it; ``gist`` is None where there is no record."""
    started_at = gist.in_its_zone(gist.started_at) if gist and gist.started_at else call.details.started_at
    names = [_named(call, gist, side) for side in (Role.AGENT, Role.CUSTOMER) if side is not you]
    other = joined(names)
    headline = with_leads(gist.headline) if gist and gist.headline else None
    return CallRow(
        href=f"/calls/{call.id}",
        matter=headline or _("A call with {name}").format(name=other),
        when=instant_in_words(started_at) if started_at else _("When the call was made is not known"),
        started_at=started_at,
        length=length_in_words(gist.duration_s) if gist else None,
        other=_begun(other) if headline else None,
        standing=_standing(call.standing, gist, you, now),
    )


def call_rows(store: Store, listed: Listed[str], *, you: Role | None, now: datetime, name: str) -> Rows[CallRow]:
    """The lines of a list of calls, read for those on its page."""
    calls, gists = store.those(listed.items), store.matters.gists(listed.items)
    return rows_of(listed, lambda one: call_row(calls[one], gists.get(one), you=you, now=now), name=name)


def _href(one: OpenMatter) -> str:
    return f"/calls/{one.call_id}#{one.matter.place}".rstrip("#")


def _in_call(gist: Gist) -> str:
    """Of which call something was said."""
    if gist.started_at is None:
        return with_leads(gist.headline or "")
    day = day_in_words(gist.in_its_zone(gist.started_at).date())
    if gist.headline is None:
        return _("In the call of {day}").format(day=day)
    return _("In the call of {day}: {matter}").format(day=day, matter=with_leads(gist.headline))


def _on_day(sentence: str, gist: Gist) -> str:
    if gist.started_at is None:
        return sentence
    day = day_in_words(gist.in_its_zone(gist.started_at).date())
    return _("{sentence} on {day}").format(sentence=sentence, day=day)


# Who


def _name(one: OpenMatter, side: Role | None) -> str:
    """A side as it is named within a sentence."""
    known = {Role.AGENT: one.gist.agent, Role.CUSTOMER: one.gist.customer}.get(side) if side else None
    return isolated(known) if known else _unnamed(side)


def _name_of_by(one: OpenMatter) -> str:
    """Who brought a matter: the name under which they were shown then, before what they are called in the call."""
    return isolated(one.matter.by_name) if one.matter.by_name else _name(one, one.matter.by)


def isolated(name: str) -> str:
    """A name as it stands in a sentence: one that is written from right to left must not turn the sentence around."""
    turns = any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in name)
    return f"\N{FIRST STRONG ISOLATE}{name}\N{POP DIRECTIONAL ISOLATE}" if turns else name


def _unnamed(side: Role | None) -> str:
    match side:
        case Role.AGENT:
            return _("the agent")
        case Role.CUSTOMER:
            return _("the customer")
        case Role.REVIEWER:
            return _("the reviewer")
    return _("somebody")


def _named(call: StoredCall, gist: Gist | None, side: Role) -> str:
    given = {Role.AGENT: call.details.agent, Role.CUSTOMER: call.details.customer}[side]
    heard = {Role.AGENT: gist.agent, Role.CUSTOMER: gist.customer}[side] if gist else None
    return isolated(heard or given or "") or _unnamed(side)


def _begun(text: str) -> str:
    return text[:1].upper() + text[1:]


# Promises


def _who_promised(one: OpenMatter, you: Role | None) -> str:
    by, to = one.matter.by, one.matter.to
    if by is None:
        return _("It was not heard who promised it")
    if by is you:
        return _("You promised {name}").format(name=_name(one, to))
    promisor = _begun(_name_of_by(one))
    if to is you and you is not None:
        return _("{name} promised you").format(name=promisor)
    return _("{name} promised {other}").format(name=promisor, other=_name(one, to))


def _by_when(matter: Matter, due_at: datetime | None) -> str:
    if matter.due is None:
        return _("No time was said")
    if due_at is not None:
        return _("By {instant}").format(instant=instant_in_words(due_at))
    if matter.due.day is not None:
        return _("By {day}").format(day=day_in_words(matter.due.day))
    return _("“{words}”, as it was said in the call").format(words=matter.due.words)


def _late(one: OpenMatter, *, you: Role | None, now: datetime) -> str | None:
    matter = one.matter
    if matter.is_broken and matter.to is you and you is not None:
        return _("You said that it was not kept")
    if matter.is_broken:
        return _("{name} said that it was not kept").format(name=_begun(_name(one, matter.to)))
    if not matter.is_late(now):
        return None
    return _("Its time has passed") if matter.due and matter.due.instant else _("Its day has passed")


# What waits


WORDS = (later("You proposed other words"), later("{name} proposes other words"))

SPEAKERS = {
    Party.AGENT: (
        later("You proposed that the agent said this"),
        later("{name} proposes that the agent said this"),
    ),
    Party.CUSTOMER: (
        later("You proposed that the customer said this"),
        later("{name} proposes that the customer said this"),
    ),
    Party.OTHER: (
        later("You proposed that another voice said this"),
        later("{name} proposes that another voice said this"),
    ),
}


def _says(one: OpenMatter, you: Role | None) -> str:
    """Who said what kind of thing: in the past of what the reader said, in the present of what waits for them."""
    matter = one.matter
    if matter.kind is MatterKind.DISPUTE and matter.by is None:
        return _("The two sides hold different versions")
    mine, theirs = _kind_in_words(matter)
    if you is not None and matter.by is you:
        return _(mine).format(day=_day_proposed(matter))
    return _(theirs).format(name=_begun(_name_of_by(one)), day=_day_proposed(matter))


def _kind_in_words(matter: Matter) -> tuple[str, str]:
    """What kind of thing was said, as its reader said it and as somebody else did."""
    match matter:
        case Matter(kind=MatterKind.QUESTION):
            return later("You asked"), later("{name} asks")
        case Matter(kind=MatterKind.DISPUTE, place=""):
            return (
                later("You said that this record is not what happened"),
                later("{name} says that this record is not what happened"),
            )
        case Matter(kind=MatterKind.DISPUTE):
            return later("You said that this is not what happened"), later("{name} says that this is not what happened")
        case Matter(day=date()):
            return (
                later("You proposed {day} as another day for this promise"),
                later("{name} proposes {day} as another day for this promise"),
            )
        case Matter(correction=NewSpeaker(party=party)):
            return SPEAKERS[party]
    return WORDS


def _day_proposed(matter: Matter) -> str:
    return day_in_words(matter.day) if matter.day is not None else ""


def _text(matter: Matter) -> str:
    match matter.correction:
        case NewSentence(text=text):
            return text
        case NewWords(text=text):
            return text or _("(nothing was said)")
    return matter.text


# Where a call stands


def _standing(standing: Standing, gist: Gist | None, you: Role | None, now: datetime) -> tuple[str, ...]:
    if standing.state is CallState.FAILED:
        return (_("This record could not be made"),)
    if standing.state is not CallState.READY:
        return (_("This record is being made"),)
    if gist is None:
        return (_("There is nothing of this record to show"),)
    return tuple(_open_in_words(gist.matters, you, now)) or _ended(gist)


def _open_in_words(matters: Sequence[Matter], you: Role | None, now: datetime) -> list[str]:
    waiting = sum(you is not None and one.waits_for(you) for one in matters)
    disputed = sum(one.is_disputed for one in matters)
    promises = [one for one in matters if one.kind is MatterKind.PROMISE]
    late = sum(one.is_late(now) or one.is_broken for one in promises)
    lines = []
    if waiting:
        lines.append(
            plural("{count} thing waits for you", "{count} things wait for you", waiting).format(count=waiting)
        )
    if disputed:
        lines.append(plural("{count} thing disputed", "{count} things disputed", disputed).format(count=disputed))
    if promises:
        text = plural("{count} promise open", "{count} promises open", len(promises)).format(count=len(promises))
        lines.append(_("{promises}, {count} late").format(promises=text, count=late) if late else text)
    return lines


def _ended(gist: Gist) -> tuple[str, ...]:
    """Of a call in which nothing waits and nothing was promised: how it ended, if that is known."""
    if gist.ending is EndState.UNCLEAR:
        return ()
    return (_("It ended: {ending}").format(ending=_(ENDINGS_IN_WORDS[gist.ending])),)
