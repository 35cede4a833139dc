"""What the API takes and gives, as far as it is no value of ``worker.core`` itself: bodies, lists, and their fields.

What is taken refuses fields that it does not know, so that a misspelt one is not passed over.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from worker.core.call import Party
from worker.core.dialogue.state import SaidState
from worker.core.dialogue.values import LONGEST_TEXT, Act, Added, Annotation, LetIn, Looked, Received
from worker.core.keeping.values import Erased, LegalHold
from worker.core.log.entry import EntryKind, Role
from worker.core.protection import Protected
from worker.core.requests.values import Requested, Restricted
from worker.record.people import Kind
from worker.record.standing import CallState

LONGEST_ID = 64  # letters: of statements, promises and turns, with room
MOST_WORDS = 1_000_000
LARGEST_NUMBER = 2**31 - 1
LARGEST_SIZE = 2**53 - 1  # what every reader of JSON can count to

CallId = Annotated[str, Field(description="Id of a call.", examples=["a7cc9psrgwc5jc3q"])]
PartId = Annotated[str, Field(min_length=1, max_length=LONGEST_ID)]
Hash = Annotated[
    str, Field(description="SHA-256, as 64 hexadecimal digits.", pattern="^[0-9a-f]{64}$", examples=["5e" * 32])
]
Text = Annotated[str, Field(max_length=LONGEST_TEXT)]


class Given(BaseModel):
    """Something that the API gives."""

    model_config = ConfigDict(frozen=True)


class Taken(BaseModel):
    """Something that the API takes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Me(Given):
    """Who is signed in. `csrf` goes into the header `X-CSRF-Token` of requests that change something."""

    id: Annotated[str, Field(description="Opaque id of this person.")]
    name: str | None
    kind: Kind
    csrf: str


# Calls


class CallStanding(Given):
    """Where a call stands: what it is at, and how much of that is done."""

    state: CallState
    stage: Annotated[str | None, Field(description="The stage that it is at; null when it is ready.")]
    progress: Annotated[float, Field(ge=0, le=1, description="The share of the stage that is done.")]


class CallLine(Given):
    """One call of yours, and as what you may open it."""

    id: CallId
    role: Role
    agent: Annotated[str | None, Field(description="Name of the agent, as the sender of the call gave it.")]
    customer: Annotated[str | None, Field(description="Name of the customer, as the sender of the call gave it.")]
    started_at: datetime | None
    received_at: datetime
    standing: CallStanding


class CallList(Given):
    """Calls of yours, the one received last first."""

    calls: tuple[CallLine, ...]
    next: Annotated[
        str | None, Field(description="The value of `after` that gives those that follow; null at the end.")
    ]


class CallView(CallLine):
    """One call: where it stands, and what you may do with its record."""

    rights: Annotated[tuple[str, ...], Field(description="What your role allows you on this record.")]


# Entries


class MadeSays(Given):
    """That the stages gave a record. The newest one is at `/calls/{call_id}/record`."""

    schema_version: int
    turns: int
    statements: int
    promises: int


Says: TypeAlias = (
    Received | MadeSays | Looked | Annotation | Added | LetIn | Protected | Requested | Restricted | LegalHold | Erased
)


class EntryView(Given):
    """One entry of the log: who did what and when, the hashes that bind it, and what it says."""

    number: Annotated[int, Field(ge=0, description="Of this call, from 0 without gaps.")]
    kind: EntryKind
    role: Annotated[Role | None, Field(description="As what; null where it is not for you who looked.")]
    person: Annotated[str | None, Field(description="Opaque id of the person; null for a machine.")]
    by: Annotated[str | None, Field(description="The name under which the person was shown then.")]
    at: datetime
    content_hash: Hash
    before: Annotated[Hash, Field(description="Hash of the entry before; zeros for the first.")]
    hash: Annotated[Hash, Field(description="Of the entry, as a leaf of the tree (RFC 9162).")]
    says: Annotated[Says | None, Field(description="By kind; null where the content was erased.")]


class EntryList(Given):
    """Entries in their order."""

    entries: tuple[EntryView, ...]
    next: Annotated[
        int | None, Field(description="The value of `since` that gives those that follow; null at the end.")
    ]


# Proofs


class InclusionProof(Given):
    """That one entry is in the tree: the hashes beside its way to the root, from the leaf upwards (RFC 9162)."""

    number: int
    position: Annotated[int, Field(description="Of its leaf in the tree, from 0.")]
    hash: Hash
    hashes: tuple[Hash, ...]


class CallProof(Given):
    """The entries of a call in the tree of one checkpoint; those that came later are not among them yet."""

    checkpoint: Annotated[str, Field(description="The signed note.")]
    size: int
    entries: tuple[InclusionProof, ...]


class TreeProof(Given):
    """That one tree begins with another (RFC 9162)."""

    hashes: tuple[Hash, ...]


# Annotations


class ToCall(Taken):
    """The call as a whole."""

    on: Literal["call"]


class ToStatement(Taken):
    """One statement of the summary, the headline included."""

    on: Literal["statement"]
    id: PartId


class ToPromise(Taken):
    """One promise."""

    on: Literal["promise"]
    id: PartId


class ToWords(Taken):
    """Words `[first, end)` of one turn as the machine heard them, by number from 0."""

    on: Literal["words"]
    turn: PartId
    first: Annotated[int, Field(ge=0, le=MOST_WORDS)]
    end: Annotated[int, Field(ge=1, le=MOST_WORDS)]


class ToEntry(Taken):
    """An earlier entry of this record: a question, a proposal, an annotation of your own."""

    on: Literal["entry"]
    number: Annotated[int, Field(ge=0, le=LARGEST_NUMBER)]


class OtherWords(Taken):
    """Other words in place of those chosen. Empty: nothing was said there."""

    to: Literal["words"]
    text: Text


class OtherSpeaker(Taken):
    """Another party said the turn in which the chosen words stand."""

    to: Literal["speaker"]
    party: Literal[Party.AGENT, Party.CUSTOMER, Party.OTHER]


class OtherSentence(Taken):
    """Another sentence in place of a statement."""

    to: Literal["sentence"]
    text: Annotated[Text, Field(min_length=1)]


class NewAnnotation(Taken):
    """What you say about one thing in the record. It stays readable for both sides, also when you withdraw it.

    Not every act fits every target: agree, dispute and correct are about statements, words or (not correct) the call;
    kept, not_kept and new_day about promises; answer, accept, decline and withdraw about entries. A text has to be
    there for add, ask and answer; a correction for correct; a day for new_day.
    """

    act: Act
    target: Annotated[ToCall | ToStatement | ToPromise | ToWords | ToEntry, Field(discriminator="on")]
    text: Text | None = None
    correction: Annotated[OtherWords | OtherSpeaker | OtherSentence, Field(discriminator="to")] | None = None
    day: date | None = None


class SaidView(Given):
    """One annotation as it stands now. `replies` are the entries that answer or decide it."""

    number: int
    role: Role
    by: str | None
    at: datetime
    state: SaidState
    annotation: Annotation
    replies: tuple[int, ...]


class SaidList(Given):
    """Everything that was said about the record, in the order of its entries."""

    annotations: tuple[SaidView, ...]


# Errors


class MisfitView(Given):
    """One part of a request that does not fit."""

    pointer: Annotated[str, Field(description="Where: a JSON pointer (RFC 6901).", examples=["/body/target/on"])]
    detail: str


class Problem(Given):
    """An error as problem details (RFC 9457). `errors` is there where parts of a request do not fit."""

    type: Literal["about:blank"]
    title: str
    status: int
    detail: Annotated[str, Field(description="What is wrong and what to do, in one line.")]
    errors: tuple[MisfitView, ...] | None = None
