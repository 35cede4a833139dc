"""What can be put into the record: annotations and what they are about, things added, looks, ways in.

These are the contents of entries. Who may add which of them, and what follows from them, is in the modules beside.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Literal, TypeAlias

from worker.core.call import CallDetails, Party
from worker.core.errors import Invalid
from worker.core.keeping.values import Erased, LegalHold
from worker.core.log.entry import Actor, EntryKind, Role
from worker.core.protection import Protected
from worker.core.record import CallRecord
from worker.core.requests.values import Requested, Restricted

ROLES = {Party.AGENT: Role.AGENT, Party.CUSTOMER: Role.CUSTOMER}
"""As whom a party of the call acts on its record; the others take no part in it."""

PARTIES = {role: party for party, role in ROLES.items()}

LONGEST_TEXT = 4000  # letters: two pages of a letter


class Act(StrEnum):
    """What somebody does in an annotation."""

    AGREE = "agree"
    DISPUTE = "dispute"
    CORRECT = "correct"  # proposes other words, another speaker or another sentence
    ADD = "add"  # context
    ASK = "ask"
    ANSWER = "answer"
    KEPT = "kept"
    NOT_KEPT = "not_kept"
    NEW_DAY = "new_day"  # proposes another day for a promise
    ACCEPT = "accept"  # the other side's proposal
    DECLINE = "decline"
    WITHDRAW = "withdraw"  # an annotation of one's own, which stays readable


@dataclass(frozen=True)
class WholeCall:
    """The call as a whole."""

    on: Literal["call"] = "call"


@dataclass(frozen=True)
class OnStatement:
    """One statement of the summary, the headline included, by its id."""

    id: str
    on: Literal["statement"] = "statement"


@dataclass(frozen=True)
class OnPromise:
    """One promise, by its id."""

    id: str
    on: Literal["promise"] = "promise"


@dataclass(frozen=True)
class OnWords:
    """Words ``[first, end)`` of one turn as the machine heard them, by number from 0; their text and their seconds.

    ``prefix`` and ``suffix`` are up to 32 letters of the turn before and after, as Web Annotation's TextQuoteSelector
    has them, so that the place is found again where the numbers are not known.
    """

    turn: str
    first: int
    end: int
    quote: str
    prefix: str
    suffix: str
    start_s: float
    end_s: float
    on: Literal["words"] = "words"

    def __post_init__(self) -> None:
        if not 0 <= self.first < self.end:
            raise Invalid("Words are chosen from the first one on, and at least one of them.")


@dataclass(frozen=True)
class OnEntry:
    """An earlier entry of this record, by its number: a question, a proposal, an annotation of one's own."""

    number: int
    on: Literal["entry"] = "entry"


Target: TypeAlias = WholeCall | OnStatement | OnPromise | OnWords | OnEntry


@dataclass(frozen=True)
class NewWords:
    """Other words in place of those chosen. Empty: nothing was said there."""

    text: str
    to: Literal["words"] = "words"


@dataclass(frozen=True)
class NewSpeaker:
    """Another party said the turn in which the chosen words stand."""

    party: Party
    to: Literal["speaker"] = "speaker"


@dataclass(frozen=True)
class NewSentence:
    """Another sentence in place of a statement."""

    text: str
    to: Literal["sentence"] = "sentence"


Correction: TypeAlias = NewWords | NewSpeaker | NewSentence

TARGETS: dict[Act, tuple[type, ...]] = {
    Act.AGREE: (OnStatement, OnWords, WholeCall),
    Act.DISPUTE: (OnStatement, OnWords, WholeCall),
    Act.CORRECT: (OnStatement, OnWords),
    Act.ADD: (OnStatement, OnPromise, OnWords, WholeCall, OnEntry),
    Act.ASK: (OnStatement, OnPromise, OnWords, WholeCall, OnEntry),
    Act.ANSWER: (OnEntry,),
    Act.KEPT: (OnPromise,),
    Act.NOT_KEPT: (OnPromise,),
    Act.NEW_DAY: (OnPromise,),
    Act.ACCEPT: (OnEntry,),
    Act.DECLINE: (OnEntry,),
    Act.WITHDRAW: (OnEntry,),
}
"""Of which parts of a record each of them can be said."""

_WITH_TEXT = {Act.ADD, Act.ASK, Act.ANSWER}
_MAY_HAVE_TEXT = _WITH_TEXT | {Act.DISPUTE, Act.CORRECT, Act.KEPT, Act.NOT_KEPT, Act.NEW_DAY, Act.DECLINE}


def _check_length(text: str | None) -> None:
    if text is not None and len(text) > LONGEST_TEXT:
        raise Invalid("This is too long to be taken at once. Send it in parts, or add it as a file.")


@dataclass(frozen=True)
class Annotation:
    """What one person says about one thing in the record. Raises Invalid for what makes no sense by itself.

    Whether this person may say it of this record is not known here; see ``worker.core.dialogue.rules``.
    """

    act: Act
    target: Target
    text: str | None = None
    correction: Correction | None = None
    day: date | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.target, TARGETS[self.act]):
            raise Invalid("This cannot be said of that part of the record.")
        if self.text is not None and not self.text.strip():
            object.__setattr__(self, "text", None)
        if self.act in _WITH_TEXT and self.text is None:
            raise Invalid("Nothing was written. Write what you want to say, and send it again.")
        if self.text is not None and self.act not in _MAY_HAVE_TEXT:
            raise Invalid("This is said without words of one's own. Add a note beside it instead.")
        _check_length(self.text)
        if (self.correction is not None) != (self.act is Act.CORRECT):
            raise Invalid("A correction says what is to stand there instead, and nothing else does.")
        if isinstance(self.correction, NewSentence) != (
            self.act is Act.CORRECT and isinstance(self.target, OnStatement)
        ):
            raise Invalid("A statement is corrected by a sentence, words by words or by who said them.")
        if isinstance(self.correction, NewSentence) and not self.correction.text.strip():
            raise Invalid("Nothing was written. Write the sentence as it should be, and send it again.")
        if isinstance(self.correction, NewWords | NewSentence):
            _check_length(self.correction.text)
        if isinstance(self.correction, NewSpeaker) and self.correction.party is Party.UNKNOWN:
            raise Invalid("Say who it was: the agent, the customer, or another voice.")
        if (self.day is not None) != (self.act is Act.NEW_DAY):
            raise Invalid("Another day for a promise is a day, and nothing else has one.")


@dataclass(frozen=True)
class KeptFile:
    """A file that lies sealed beside the log, with the hash of its bytes."""

    sha256: str
    name: str
    media_type: str
    size_bytes: int


@dataclass(frozen=True)
class Added:
    """What happened off the phone: a text, a file, or a recording of one's own of the same call; at least one of them.

    ``recording_call`` is the id of the call under which that recording goes through the stages.
    """

    text: str | None = None
    happened_on: date | None = None
    file: KeptFile | None = None
    recording_call: str | None = None

    def __post_init__(self) -> None:
        if not (self.text or "").strip() and self.file is None and self.recording_call is None:
            raise Invalid("Nothing was added. Write what happened, or choose a file.")
        _check_length(self.text)


class Way(StrEnum):
    """How somebody looked at a record."""

    PAGE = "page"
    DATA = "data"
    SOUND = "sound"
    FILE = "file"
    COPY = "copy"


@dataclass(frozen=True)
class Looked:
    """Somebody looked."""

    way: Way


class Reason(StrEnum):
    """Why somebody was let in."""

    VOUCHED = "vouched"  # an agent says that this is the customer
    ASSIGNED = "assigned"  # a reviewer was asked to look
    NEXT_CALL = "next_call"  # an agent takes the customer's next call


@dataclass(frozen=True)
class LetIn:
    """Somebody was given a way into this record by the actor of the entry."""

    person: str
    name: str
    reason: Reason


@dataclass(frozen=True)
class Received:
    """The recording as it was handed over, and what was said about the call."""

    sha256: str
    file_name: str
    size_bytes: int
    details: CallDetails


Content: TypeAlias = (
    Received
    | CallRecord
    | Looked
    | Annotation
    | Added
    | LetIn
    | Protected
    | Requested
    | Restricted
    | LegalHold
    | Erased
)

CONTENT_OF: dict[EntryKind, type] = {
    EntryKind.RECEIVED: Received,
    EntryKind.MADE: CallRecord,
    EntryKind.LOOKED: Looked,
    EntryKind.ANNOTATED: Annotation,
    EntryKind.ADDED: Added,
    EntryKind.LET_IN: LetIn,
    EntryKind.PROTECTED: Protected,
    EntryKind.REQUESTED: Requested,
    EntryKind.RESTRICTED: Restricted,
    EntryKind.HELD: LegalHold,
    EntryKind.ERASED: Erased,
}


@dataclass(frozen=True)
class Item:
    """An entry with what it says: the one form in which rules and pages read the log.

    ``by`` is the name under which the actor was shown then; None for a machine. ``content`` is None where it was
    erased.
    """

    number: int
    actor: Actor
    at: datetime
    kind: EntryKind
    by: str | None
    content: Content | None
