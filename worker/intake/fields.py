"""What may be said of a recording that is handed over: by the API, or in a file that lies beside it.

It is read strictly: a number is no text, and a field that is not known is refused.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from worker.core.arrival import MOST_LEGS, Handover, Priority
from worker.core.call import CallDetails, Direction, LawfulBasis, Party
from worker.core.people import LONGEST_ADDRESS, LONGEST_NAME
from worker.record.tables.calls import EXTERNAL_ID_LENGTH, LINE_LENGTH

LONGEST_FILE_NAME = 255
CONTENT_HASH = r"^sha(512-[A-Za-z0-9_-]{86}|256-[A-Za-z0-9_-]{43})(=){0,2}$"

Name = Annotated[str, Field(max_length=LONGEST_NAME)]
ExternalId = Annotated[str, Field(min_length=1, max_length=EXTERNAL_ID_LENGTH)]
Contact = Annotated[
    str, Field(max_length=LONGEST_ADDRESS, description="E-mail address, or telephone number with its country.")
]
Channel = Annotated[str, Field(pattern=r"^(0|[1-9][0-9]?)$")]


class CallFields(BaseModel):
    """What you know of the call. All of it may be left out; nothing that is left out is guessed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    agent: Annotated[Name | None, Field(description="Name of the agent.")] = None
    customer: Annotated[Name | None, Field(description="Name of the customer.")] = None
    agent_address: Contact | None = None
    customer_address: Contact | None = None
    started_at: Annotated[
        datetime | None, Field(description="When it began, with its zone; without, `zone` says in which.")
    ] = None
    zone: Annotated[
        str | None, Field(max_length=64, description="Where it took place.", examples=["Europe/Berlin"])
    ] = None
    external_id: Annotated[
        ExternalId | None, Field(description="The id that your system gave to the call: one id is one call.")
    ] = None
    continues: Annotated[ExternalId | None, Field(description="External id of the call that this one goes on.")] = None
    language: Annotated[
        str | None, Field(pattern="^[a-z]{2,3}$", description="Such as en; heard if it is not given.")
    ] = None
    parties: Annotated[
        dict[Channel, Party] | None,
        Field(description="Who is on which channel, from 0.", examples=[{"0": "agent", "1": "customer"}]),
    ] = None
    direction: Annotated[Direction | None, Field(description="Whether the customer called, or was called.")] = None
    line: Annotated[
        str | None, Field(max_length=LINE_LENGTH, description="Line, number or queue; lines take turns.")
    ] = None
    lawful_basis: Annotated[LawfulBasis | None, Field(description="On what ground it was recorded.")] = None
    notice_given: Annotated[bool | None, Field(description="Whether the customer was told of the recording.")] = None
    legs: Annotated[
        int | None,
        Field(ge=1, le=MOST_LEGS, description="How many recordings the call has in all: it waits for them."),
    ] = None
    priority: Annotated[Priority, Field(description="`bulk` for an import of old calls.")] = Priority.NORMAL
    file_name: Annotated[str | None, Field(max_length=LONGEST_FILE_NAME, description="Of the recording.")] = None

    def of_call(self) -> dict[str, Any]:
        """What ``CallDetails`` is made of."""
        said = self.model_dump(include=_OF_CALL, exclude_none=True)
        parties = {int(channel): party for channel, party in (self.parties or {}).items()}
        return {**said, "party_of_channel": parties}

    def handover(self, sender: str) -> Handover:
        """All that was said besides the recording, by this sender. Raises Invalid for what makes no sense."""
        return Handover(CallDetails(**self.of_call()), sender, self.legs, self.priority)


_OF_CALL = {one.name for one in fields(CallDetails)} & CallFields.model_fields.keys()


def misfit_in(error: ValidationError, kind: type[CallFields], *, whole: str) -> str:
    """The first field that does not fit and why, without what it says; ``whole`` names what none of them is."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    field = next((str(step) for step in first["loc"] if step in kind.model_fields), whole)
    return f"{field} does not fit: {first['msg']}."
