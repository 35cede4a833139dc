"""Who is calling, and what is open with them: read by the agent who takes the call, before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from worker.core.matters import Gist
from worker.core.summary import EndState
from worker.record.matters import A_PAGE, Listed, Whose
from worker.record.store import Store
from worker.web.pages.lists import (
    CallRow,
    PromiseRow,
    Rows,
    WaitingRow,
    call_rows,
    isolated,
    promise_row,
    rows_of,
    waiting_row,
)
from worker.web.pages.words import day_in_words, instant_in_words
from worker.web.texts import _, later, plural

ENDED = {
    EndState.RESOLVED: later("The last of these calls ended with its matter resolved."),
    EndState.OPEN: later("The last of these calls ended with its matter still open."),
    EndState.UNCLEAR: later("How the last of these calls ended is not clear from what was said."),
}


@dataclass(frozen=True)
class CallerPage:
    """Before anything is shown: who is asked for, and what there is to say of it.

    ``take`` is where the call is taken; None where nothing is open. ``problem`` says what was wrong with what was
    asked for, and ``who`` is that, to be mended.
    """

    message: str | None = None
    problem: str | None = None
    who: str = ""
    take: str | None = None
    template: ClassVar[str] = "caller.html"

    @property
    def title(self) -> str:
        """The heading."""
        return _("Who is calling?")


@dataclass(frozen=True)
class NextCallPage:
    """What is open with a customer across their calls. ``until`` says how long it stays open to this agent.

    ``shown_calls`` are the ids of those of which something stands here: who reads this has looked at them.
    """

    customer: str
    often: str
    ended: str | None
    until: str
    promised: Rows[PromiseRow]
    own_promises: Rows[PromiseRow]
    spoken: Rows[WaitingRow]
    calls: Rows[CallRow]
    shown_calls: tuple[str, ...]
    template: ClassVar[str] = "next_call.html"

    @property
    def title(self) -> str:
        """The heading."""
        return _("Before you speak with {name}").format(name=self.customer)


def nothing_open() -> CallerPage:
    """Said alike of somebody who is not known here and of somebody with whom nothing is open."""
    return CallerPage(message=_("Nothing is open with whoever calls from there."))


def offer(person_id: str, name: str | None, count: int) -> CallerPage:
    """Something is open, and what it is is shown to who takes the call."""
    texts = plural(
        "Something is open with {name}, in {count} call.", "Something is open with {name}, in {count} calls.", count
    )
    return CallerPage(
        message=texts.format(name=isolated(name) if name else _("this customer"), count=count),
        take=next_call_path(person_id),
    )


def next_call_path(person_id: str) -> str:
    """Where it stands what is open with a customer."""
    return f"/next-call/{person_id}"


def next_call_page(
    store: Store,
    customer: Whose,
    name: str | None,
    open_calls: Sequence[str],
    *,
    until: datetime | None,
    page: Callable[[str], int],
    now: datetime,
) -> NextCallPage:
    """What is open with a customer in these calls, the last one first; none of them is closed to who reads it."""
    matters = store.matters
    promised = matters.promised_to(customer, now=now, page=page("promised"))
    own = matters.promised_by(customer, now=now, page=page("own-promises"))
    spoken = matters.spoken(customer, now=now, page=page("spoken"))
    number = page("calls")
    shown = Listed(tuple(open_calls[(number - 1) * A_PAGE : number * A_PAGE]), number, len(open_calls))
    gists = matters.gists(open_calls)
    last = gists.get(open_calls[0]) if open_calls else None
    return NextCallPage(
        customer=isolated(name) if name else _("this customer"),
        often=_often(store, customer, name, tuple(gists.values()), now=now),
        ended=_(ENDED[last.ending]) if last else None,
        until=_until(last.in_its_zone(until) if last and until else until),
        promised=rows_of(promised, lambda one: promise_row(one, you=None, now=now), name="promised"),
        own_promises=rows_of(own, lambda one: promise_row(one, you=None, now=now), name="own-promises"),
        spoken=rows_of(spoken, lambda one: waiting_row(one, you=None), name="spoken"),
        calls=call_rows(store, shown, you=None, now=now, name="calls"),
        shown_calls=tuple(
            sorted({*shown.items, *(one.call_id for part in (promised, own, spoken) for one in part.items)})
        ),
    )


def _often(store: Store, customer: Whose, name: str | None, gists: Sequence[Gist], *, now: datetime) -> str:
    """How often they called since the first call in which something is open still."""
    name = isolated(name) if name else _("This customer")
    first = min((one.in_its_zone(one.started_at) for one in gists if one.started_at), default=None)
    if first is None:
        total = store.matters.calls(customer, now=now).total
        return plural("{name} called once.", "{name} called {count} times.", total).format(name=name, count=total)
    count = store.matters.called_since(customer, first, now=now)
    day = day_in_words(first.date())
    text = plural(
        "{name} called once, on {day}.",
        "{name} called {count} times since {day}, when the first of it was said.",
        count,
    )
    return text.format(name=name, count=count, day=day)


def _until(until: datetime | None) -> str:
    if until is None:
        return _("These are your own calls.")
    return _(
        "These records are open to you until {instant}, and only while something is open in them. "
        "Both sides see in the record that you were let in, and when you looked."
    ).format(instant=instant_in_words(until))
