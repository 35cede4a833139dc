"""The bodies of handing recordings over, and what it is answered.

Bodies are read strictly: a number is no text, and a field that is not known is refused.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from worker.exchange.addresses import LONGEST_ADDRESS
from worker.intake.fields import CONTENT_HASH, CallFields
from worker.record.standing import CallState
from worker.web.api.values import CallId, Given


class AnnouncedCall(CallFields):
    """A recording that is fetched after it was accepted. The address may answer 404 at first; it is asked again."""

    address: Annotated[
        str,
        Field(
            max_length=LONGEST_ADDRESS,
            pattern=r"^https?://[!-~]+$",
            description="From which it is fetched: https, and no address of a private network.",
            examples=["https://pbx.example.com/recordings/4711.wav"],
        ),
    ]
    content_hash: Annotated[
        str | None,
        Field(
            pattern=CONTENT_HASH,
            description="Hash of its bytes: `sha512-` or `sha256-` and base64url. What is fetched is held against it.",
        ),
    ] = None


class UploadedCall(CallFields):
    """A recording that was uploaded before, in parts."""

    upload: Annotated[
        str,
        Field(
            max_length=LONGEST_ADDRESS,
            min_length=1,
            description="The upload's id, or the address that answered its creation.",
        ),
    ]


class Outcome(StrEnum):
    """What a recording that was handed over turned out to be."""

    NEW = "new"  # a call that was not known
    FURTHER_LEG = "further_leg"  # another recording of a call that is not made yet: it is made of all of them
    HERE_ALREADY = "here_already"  # the same as before: nothing changed


class Arrival(Given):
    """What was accepted. `standing` is the address at which it says how the call stands."""

    id: CallId
    outcome: Outcome
    leg: Annotated[int, Field(ge=1, description="Which of the call's recordings this is.")]
    standing: str


class Arrivals(Given):
    """The recordings of a vCon that were accepted, in its order."""

    arrivals: tuple[Arrival, ...]


class ArrivalStanding(Given):
    """Where a call stands; nothing of what was said in it."""

    id: CallId
    external_id: str | None
    legs: Annotated[int, Field(description="How many recordings of it were handed over.")]
    received_at: datetime
    state: CallState
    stage: Annotated[str | None, Field(description="The stage that it is at; null when it is ready.")]
    attempts: Annotated[int, Field(description="How often that stage was tried.")]
    reason: Annotated[str | None, Field(description="Why it failed, in one word; also of a try that is made again.")]
    message: Annotated[str | None, Field(description="The same in a sentence, with what to do.")]
    next_try_at: Annotated[datetime | None, Field(description="When it is tried again, where that has to wait.")]
