"""How the work stands, for those who run the service: numbers, and calls by their ids with what went wrong.

Nothing of what a call says and nobody's name. To those who run it every word of the trade is said exactly, so stages
and reasons stand as the code, the logs and the command line have them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar
from urllib.parse import urlencode

from babel.dates import format_timedelta

from worker.logs import line_in_short
from worker.record.operations import CallAtWork, Group, GroupedBy, Place, Which, WorkState
from worker.record.standing import CallState
from worker.record.store import Store
from worker.watching.standing import at_each_stage
from worker.web.pages.words import instant_in_words
from worker.web.texts import _, later, locale, plural

A_PAGE = 50

CALLS = "/operations/calls"
RETRY = "/operations/retry"
NONE = "-"
"""In an address, that a call came without one: without a line, say. Empty there means any."""

STATES_IN_WORDS = {
    CallState.RECEIVED: later("received"),
    CallState.WAITING: later("waiting"),
    CallState.RUNNING: later("running"),
    CallState.FAILED: later("failed"),
    CallState.READY: later("ready"),
}

TITLES = {
    WorkState.FAILED: later("Failed calls"),
    WorkState.PUT_OFF: later("Calls that were put off"),
    WorkState.RUNNING: later("Calls at work"),
    WorkState.WAITING: later("Waiting calls"),
}

GROUPED = (WorkState.FAILED, WorkState.PUT_OFF)
"""Lists that are narrowed by what their calls have in common. Of 50,000 that wait, to count that takes too long."""

SINCE = {
    WorkState.FAILED: later("failed {instant}"),
    WorkState.PUT_OFF: later("waiting since {instant}"),
    WorkState.RUNNING: later("begun {instant}"),
    WorkState.WAITING: later("waiting since {instant}"),
}

REASONS = {
    "Unavailable": later("Something that the work needs was away. Try them again once it is back."),
    "NotThereYet": later("The recording was announced and never came. Ask its sender, then try again."),
    "WorkerDied": later("Each worker that took it ended with it. Look for a kill for memory before trying again."),
    "OutOfTime": later("It ran longer than a stage may. Trying again helps where the machine was overloaded."),
    "NotAllowed": later("What keeps the recording wants other credentials. Look at the settings, then try again."),
    "BadRecording": later("The file is no sound that can be read. Trying again changes nothing: ask its sender."),
    "BrokenModel": later("A model's weights or answers are not as they should be. Run onrecord models check first."),
    "BrokenRecord": later("What is stored does not hold together. Run onrecord verify before trying again."),
    "Invalid": later("What was handed over cannot be worked as it stands. The message says which part."),
    "Bug": later("A mistake in On Record itself. Try again after an update; the worker's log has the place."),
}
"""What a reason means, and whether trying again can help."""


@dataclass(frozen=True)
class StageRow:
    """What is at one stage. ``oldest`` is how long the one has waited that waits longest; None where none does."""

    stage: str
    waiting: int
    put_off: int
    running: int
    failed: int
    oldest: str | None


@dataclass(frozen=True)
class Now:
    """What is at each stage at this moment. ``asked_at`` is that moment."""

    stages: tuple[StageRow, ...]
    asked_at: str
    template: ClassVar[str] = "operations_now.html"

    def count(self, state: WorkState) -> int:
        """How many calls stand so, at all stages together."""
        return sum(getattr(row, state.value) for row in self.stages)

    @property
    def title(self) -> str:
        """It is a part of a page and is shown within one."""
        return _("What is at which stage")


@dataclass(frozen=True)
class ReasonRow:
    """The calls that failed for one reason: how many, what it means, where they are listed and tried again."""

    reason: str
    count: int
    means: str
    href: str
    retry: str
    button: str


@dataclass(frozen=True)
class Operations:
    """The part of the first page: how many calls are in which state, in words, what is where, and why calls failed."""

    states: tuple[tuple[str, int], ...]
    now: Now
    reasons: tuple[ReasonRow, ...]


@dataclass(frozen=True)
class CallAtWorkRow:
    """One call in a list, in lines. ``retry`` is where it is tried again, for one that failed."""

    id: str
    reason: str | None
    stands: str
    since_at: datetime
    message: str | None
    last_line: str | None
    next_try: str | None
    came_with: str
    retry: str | None


@dataclass(frozen=True)
class Choice:
    """One thing by which a list is narrowed: its name in the address, its label, what there is, what is chosen."""

    name: str
    label: str
    options: tuple[tuple[str, str], ...]  # value and words
    chosen: str | None


@dataclass(frozen=True)
class StateLink:
    """The list of one state."""

    label: str
    href: str
    is_here: bool


@dataclass(frozen=True)
class CallsPage:
    """Calls that stand alike, narrowed by what the reader chose. ``tried`` is what was just let be tried again."""

    title: str
    in_short: str
    states: tuple[StateLink, ...]
    state: str
    reasons: tuple[ReasonRow, ...]
    choices: tuple[Choice, ...]
    is_narrowed: bool
    rows: tuple[CallAtWorkRow, ...]
    retry_all: tuple[str, str] | None  # address and the words of its button
    head: str | None
    more: str | None
    now: Now
    tried: str | None
    template: ClassVar[str] = "operations_calls.html"


@dataclass(frozen=True)
class RetryPage:
    """Asks whether so many calls are to be tried again. ``fields`` are sent with the answer."""

    title: str
    about: tuple[str, ...]
    button: str | None
    fields: tuple[tuple[str, str], ...]
    back: str
    template: ClassVar[str] = "operations_retry.html"


def operations_of(store: Store, *, now: datetime) -> Operations:
    """The numbers as they are now."""
    counts = store.counts()
    return Operations(
        states=tuple((_(STATES_IN_WORDS[state]), count) for state, count in counts.items()),
        now=now_of(store, now=now),
        reasons=_reason_rows(store, now),
    )


def calls_page(
    store: Store, which: Which, *, now: datetime, after: Place | None = None, tried: int | None = None
) -> CallsPage:
    """One page of the calls that are meant."""
    operations = store.operations
    total = operations.count(which, now=now)
    found = operations.calls(which, now=now, limit=A_PAGE + 1, after=after)
    shown = found[:A_PAGE]
    at_stages = now_of(store, now=now)
    has_failed = which.state is WorkState.FAILED
    every = Which(which.state)
    is_first_look = has_failed and which == every and after is None
    return CallsPage(
        title=_(TITLES[which.state]),
        in_short=_in_short(which.state, total),
        states=tuple(_state_link(state, at_stages.count(state), which.state) for state in TITLES),
        state=which.state,
        reasons=_reason_rows(store, now) if is_first_look else (),
        choices=_choices(store, which, now) if which.state in GROUPED else (),
        is_narrowed=which != every,
        rows=tuple(_row(one) for one in shown),
        retry_all=(_retry_address(which), _try_again(total)) if has_failed and total else None,
        head=_address(CALLS, which) if after is not None else None,
        more=_address(CALLS, which, after=str(shown[-1].place)) if len(found) > A_PAGE else None,
        now=at_stages,
        tried=_tried(tried) if tried is not None else None,
    )


def retry_page(store: Store, which: Which, *, now: datetime) -> RetryPage:
    """Asks about the failed calls that are meant."""
    count = store.operations.count(which, now=now)
    if not count:
        return RetryPage(
            title=_("None of these calls has failed"),
            about=(_("Nothing was changed. Somebody may have let them be tried again already."),),
            button=None,
            fields=(),
            back=CALLS,
        )
    reasons = store.operations.groups("reason", which, now=now)
    stages = store.operations.groups("stage", which, now=now)
    return RetryPage(
        title=plural("Try {count} call again?", "Try {count} calls again?", count).format(count=count),
        about=(
            *(f"{one.value}: {one.count}. {_meaning(one.value)}" for one in reasons),
            _("They go on at: {stages}.").format(stages=", ".join(f"{one.value} ({one.count})" for one in stages)),
            _("What the stages before gave is kept. Each counts its tries from the start again."),
        ),
        button=_try_again(count),
        fields=tuple(_fields(which)) or (("all", "1"),),
        back=_address(CALLS, which),
    )


def nothing_ticked() -> RetryPage:
    """What is answered where no call was ticked."""
    return RetryPage(
        title=_("No call was ticked"),
        about=(_("Nothing was changed. Tick the calls that are to be tried again, or choose them by their reason."),),
        button=None,
        fields=(),
        back=CALLS,
    )


def now_of(store: Store, *, now: datetime) -> Now:
    """What is at each stage, in the order of a call's way."""
    rows = tuple(
        StageRow(
            stage=stage,
            waiting=one.waiting,
            put_off=one.put_off,
            running=one.running,
            failed=sum(one.failed.values()),
            oldest=_waited(one.oldest_waiting_since, now),
        )
        for stage, one in at_each_stage(store, now=now).items()
    )
    return Now(rows, now.strftime("%H:%M:%S UTC"))


# Lines


_LABELS: Mapping[GroupedBy, str] = {
    "reason": later("Reason"),
    "stage": later("Stage"),
    "line": later("Line"),
    "sender": later("Sender"),
}


def _waited(since: datetime | None, now: datetime) -> str | None:
    """How long, in its largest unit alone."""
    if since is None:
        return None
    return format_timedelta(max(now - since, timedelta()), threshold=1.5, format="narrow", locale=locale())


def _in_short(state: WorkState, total: int) -> str:
    count = plural("{count} call.", "{count} calls.", total).format(count=total)
    match state:
        case WorkState.FAILED if total:
            kept = _("Their recordings are kept. Each can be tried again, and goes on at the stage where it failed.")
            return f"{count} {kept}"
        case WorkState.PUT_OFF if total:
            return f"{count} " + _("They are tried again by themselves; nothing has to be done.")
    return count


def _state_link(state: WorkState, count: int, here: WorkState) -> StateLink:
    return StateLink(f"{_(TITLES[state])}: {count}", _address(CALLS, Which(state)), state is here)


def _reason_rows(store: Store, now: datetime) -> tuple[ReasonRow, ...]:
    return tuple(_reason_row(one) for one in store.operations.groups("reason", Which(), now=now))


def _reason_row(group: Group) -> ReasonRow:
    which = Which(reason=group.value)
    return ReasonRow(
        reason=group.value or "",
        count=group.count,
        means=_meaning(group.value),
        href=_address(CALLS, which),
        retry=_retry_address(which),
        button=_try_again(group.count),
    )


def _meaning(reason: str | None) -> str:
    return _(REASONS[reason]) if reason in REASONS else ""


def _choices(store: Store, which: Which, now: datetime) -> tuple[Choice, ...]:
    """By what the calls of one state can be narrowed, each with how many there are."""
    every = Which(which.state)
    found = (
        _choice(by, _(label), store.operations.groups(by, every, now=now), getattr(which, by))
        for by, label in _LABELS.items()
    )
    return tuple(one for one in found if one is not None)


def _choice(by: GroupedBy, label: str, groups: tuple[Group, ...], chosen: str | None) -> Choice | None:
    """Nothing to choose by where no call has such a thing."""
    if not any(group.value for group in groups) and chosen is None:
        return None
    counts = {group.value or "": group.count for group in groups}
    if chosen is not None:
        counts.setdefault(chosen, 0)
    without_one = _("none")
    options = tuple((value or NONE, f"{value or without_one} ({count})") for value, count in counts.items())
    return Choice(by, label, options, None if chosen is None else chosen or NONE)


def _row(one: CallAtWork) -> CallAtWorkRow:
    tries = plural("{count} try", "{count} tries", one.attempts).format(count=one.attempts)
    since = _(SINCE[one.state]).format(instant=instant_in_words(one.since))
    taken = plural("taken over {count} time", "taken over {count} times", one.takeovers).format(count=one.takeovers)
    came_with = [
        _("line {name}").format(name=one.line) if one.line else None,
        _("sender {name}").format(name=one.sender) if one.sender else None,
        _("external id {name}").format(name=one.external_id) if one.external_id else None,
        _("received {instant}").format(instant=instant_in_words(one.received_at)),
    ]
    return CallAtWorkRow(
        id=one.id,
        reason=one.reason,
        stands=" · ".join([one.stage, tries, *([taken] if one.takeovers else []), since]),
        since_at=one.since,
        message=one.message,
        last_line=line_in_short(one.last_line) if one.last_line else None,
        next_try=_next_try(one),
        came_with=" · ".join(part for part in came_with if part),
        retry=_address(RETRY, Which(call_ids=(one.id,))) if one.state is WorkState.FAILED else None,
    )


def _next_try(one: CallAtWork) -> str | None:
    """When a call that waits is worked by itself; without a reason it waits for more of its recordings."""
    if one.next_try_at is None:
        return None
    text = _("Next try: {instant}") if one.reason else _("Waits for its other recordings until {instant} at the latest")
    return text.format(instant=instant_in_words(one.next_try_at))


def _try_again(count: int) -> str:
    return plural("Try {count} call again", "Try {count} calls again", count).format(count=count)


def _tried(count: int) -> str:
    return plural(
        "{count} call is tried again from the stage where it failed.",
        "{count} calls are tried again from the stage where they failed.",
        count,
    ).format(count=count)


# Addresses


def _fields(which: Which) -> list[tuple[str, str]]:
    """What says in an address or a form which calls are meant."""
    fields: list[tuple[str, str]] = [(by, value or NONE) for by in _LABELS if (value := getattr(which, by)) is not None]
    if which.state is not WorkState.FAILED:
        fields.append(("state", which.state.value))
    return fields + [("call_id", one) for one in which.call_ids or ()]


def _address(path: str, which: Which, **more: str) -> str:
    query = urlencode([*_fields(which), *more.items()])
    return f"{path}?{query}" if query else path


def _retry_address(which: Which) -> str:
    """Where it is asked about; every failed call is named as such, for a bare address means none."""
    return _address(RETRY, which) if _fields(which) else f"{RETRY}?all=1"
