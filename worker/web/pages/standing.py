"""Pages that show no record: where a call stands that has none yet, and one thing to be said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from babel.numbers import format_percent

from worker.core.errors import BadRecording
from worker.record.standing import CallState, Standing
from worker.web.pages.words import STAGES_IN_WORDS
from worker.web.texts import _, locale


@dataclass(frozen=True)
class StandingPage:
    """Where a call stands that has no record yet."""

    title: str
    lines: tuple[str, ...]
    is_moving: bool  # more will happen by itself, and the page is told of it
    template: ClassVar[str] = "standing.html"


@dataclass(frozen=True)
class MessagePage:
    """One thing to be said: what this place is, or what went wrong, in the same words as the API's problem details."""

    title: str
    message: str
    leads_in: str | None = None  # where the ways in are, for who is not signed in
    written: tuple[str, ...] = ()  # what was sent and not taken, so that it is not lost
    template: ClassVar[str] = "message.html"


def standing_page(standing: Standing) -> StandingPage:
    """The page of a call that has no record yet: what has happened, what is kept, what comes next."""
    kept = _("The recording has arrived and is kept safe.")
    match standing.state:
        case CallState.FAILED if standing.reason == BadRecording.__name__ and standing.message:
            return _could_not_be_made(kept, standing.message)
        case CallState.FAILED:
            # Its message is for those who run the service and names parts of it.
            return _could_not_be_made(
                kept,
                _("Something in this service did not work. The people who run it see this call on their list."),
                _("They can try again with the recording that is here; nobody has to send it again."),
            )
        case CallState.WAITING if standing.not_before is not None:
            line = _("Something it needs was not there. It is tried again by itself in a few minutes.")
        case CallState.RUNNING:
            line = _step(standing)
        case _state:
            line = _("It waits for its turn.")
    return StandingPage(_("This record is being made"), (kept, line), is_moving=True)


def _could_not_be_made(*lines: str) -> StandingPage:
    return StandingPage(_("This record could not be made"), lines, is_moving=False)


def _step(standing: Standing) -> str:
    stages = list(STAGES_IN_WORDS)
    if standing.stage not in stages:  # of another version of this program
        return _("It is being worked on.")
    step = _("Step {number} of {count}: {stage}.").format(
        number=stages.index(standing.stage) + 1, count=len(stages), stage=_(STAGES_IN_WORDS[standing.stage])
    )
    if standing.progress < 0.01:
        return step
    return (
        step + " " + _("{share} of this step is done.").format(share=format_percent(standing.progress, locale=locale()))
    )
