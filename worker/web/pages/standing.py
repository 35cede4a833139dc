"""Pages that show no record: where a call stands that has none yet, and one thing to be said."""

from __future__ import annotations

from dataclasses import dataclass

from worker.core.errors import BadRecording
from worker.record.standing import CallState, Standing
from worker.web.pages.words import STAGES_IN_WORDS


@dataclass(frozen=True)
class StandingPage:
    """Where a call stands that has no record yet."""

    title: str
    lines: tuple[str, ...]
    is_moving: bool  # the page looks again by itself


@dataclass(frozen=True)
class MessagePage:
    """One thing to be said: what this place is, or what went wrong, in the same words as the API's problem details."""

    title: str
    message: str


def standing_page(standing: Standing) -> StandingPage:
    """The page of a call that has no record yet: what has happened, what is kept, what comes next."""
    kept = "The recording has arrived and is kept safe."
    title = "This record is being made"
    match standing.state:
        case CallState.FAILED if standing.reason == BadRecording.__name__ and standing.message:
            return StandingPage("This record could not be made", (kept, standing.message), is_moving=False)
        case CallState.FAILED:
            # Its message is for those who run the service and names parts of it.
            lines = (
                "Something in this service did not work. The people who run it see this call on their list.",
                "They can try again with the recording that is here; nobody has to send it again.",
            )
            return StandingPage("This record could not be made", (kept, *lines), is_moving=False)
        case CallState.WAITING if standing.not_before is not None:
            line = "Something it needs was not there. It is tried again by itself in a few minutes."
        case CallState.RUNNING:
            line = _step(standing)
        case _:
            line = "It waits for its turn."
    return StandingPage(title, (kept, line), is_moving=True)


def _step(standing: Standing) -> str:
    stages = list(STAGES_IN_WORDS)
    if standing.stage not in stages:  # of another version of this program
        return "It is being worked on."
    done = f", {standing.progress:.0%} done" if standing.progress >= 0.01 else ""
    return f"Step {stages.index(standing.stage) + 1} of {len(stages)}: {STAGES_IN_WORDS[standing.stage]}{done}."
