"""What somebody may ask for, how it came, where it stands, what blocks it, and what records say of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from worker.core.errors import Invalid
from worker.core.log.entry import Actor
from worker.core.packages import Protection

LONGEST_TEXT = 4000  # letters, as an annotation: a supplementary statement becomes one
LONGEST_LINE = 300
FIRST_YEAR = 2018  # in which the law began to count


class RequestKind(StrEnum):
    """What is asked for. The articles are those of the GDPR."""

    TRANSCRIPT = "transcript"  # of one call
    SOUND = "sound"  # a copy of the sound of one call
    ACCESS = "access"  # everything held about the asker (Art. 15)
    CORRECTION = "correction"  # of one call, with a supplementary statement (Art. 16)
    RESTRICTION = "restriction"  # the record is kept and not used while its accuracy is contested (Art. 18)
    ERASURE = "erasure"  # (Art. 17)
    PORTABILITY = "portability"  # in a form that machines read (Art. 20)


ARTICLES: Mapping[RequestKind, int] = {
    RequestKind.TRANSCRIPT: 15,
    RequestKind.SOUND: 15,
    RequestKind.ACCESS: 15,
    RequestKind.CORRECTION: 16,
    RequestKind.ERASURE: 17,
    RequestKind.RESTRICTION: 18,
    RequestKind.PORTABILITY: 20,
}

OF_ONE_CALL = frozenset({RequestKind.TRANSCRIPT, RequestKind.SOUND, RequestKind.CORRECTION})
"""What can only be asked of one call. The others may be of one, or of all that the asker had."""

HANDED_OVER = frozenset({RequestKind.TRANSCRIPT, RequestKind.SOUND, RequestKind.ACCESS, RequestKind.PORTABILITY})
"""What is answered by handing something over, so that another person's words may be in it."""

BY_MACHINE = frozenset({RequestKind.TRANSCRIPT, RequestKind.SOUND, RequestKind.PORTABILITY})
"""What the machine answers by itself where nobody else's data is in it: the asker's page shows the same. Art. 15 also
owes them things that no machine here knows, and the rest is for somebody to decide."""

WITH_TEXT = frozenset({RequestKind.CORRECTION, RequestKind.RESTRICTION})
"""What makes no sense without words: what is wrong, and how it was."""


class CameBy(StrEnum):
    """How a request came in."""

    HOME = "home"  # the asker was signed in
    PUBLIC = "public"  # the page for everybody
    LETTER = "letter"  # entered by staff
    TELEPHONE = "telephone"  # entered by staff


ENTERED = frozenset({CameBy.LETTER, CameBy.TELEPHONE})


class RequestState(StrEnum):
    """Where a request stands as a whole. All but the first are ends."""

    OPEN = "open"
    ANSWERED = "answered"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"  # came by the public page, and nobody ever proved to be who it names


class Block(StrEnum):
    """What an open request waits for. Several may hold; they are shown in this order."""

    PROOF = "proof"  # the asker, to prove who they are
    CALL = "call"  # the desk, to find which calls are meant
    NOT_READY = "not_ready"  # the record, which is not made yet
    THIRD_PERSONS = "third_persons"  # the desk, to see what of other persons is in it
    PACKAGE = "package"  # the package, which is being made
    FAILED = "failed"  # somebody, to put right what went wrong: a package, or a store that did not answer an erasure
    LEGAL_HOLD = "legal_hold"  # the end of a legal hold, which forbids to erase
    DECISION = "decision"  # the desk, to decide and to answer


class Step(StrEnum):
    """What happened to a request: its history, and what the records of the calls are told of it."""

    ASKED = "asked"
    ASKED_AGAIN = "asked_again"  # the same once more, while it was open
    PROOF_ASKED = "proof_asked"
    PROVED = "proved"
    CALLS_FOUND = "calls_found"
    STATEMENT_ADDED = "statement_added"  # the supplementary statement stands in the record
    RESTRICTED = "restricted"
    LIFTING_TOLD = "lifting_told"
    LIFTED = "lifted"
    THIRD_PERSONS_FOUND = "third_persons_found"  # by the machine
    REVIEWED = "reviewed"  # by the desk: what of them stays out
    EXTENDED = "extended"
    PACKAGE_ASKED = "package_asked"
    FAILED = "failed"
    ANSWERED = "answered"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    DUE_TOLD = "due_told"  # that it is due soon, or late


class Ground(StrEnum):
    """On which legal ground a request is refused."""

    NOT_PROVED = "not_proved"  # who asks could not be identified (Art. 12 (2))
    UNFOUNDED = "unfounded"  # manifestly unfounded or excessive (Art. 12 (5))
    RIGHTS_OF_OTHERS = "rights_of_others"  # (Art. 15 (4), 20 (4))
    LEGAL_OBLIGATION = "legal_obligation"  # it has to be kept (Art. 17 (3) b)
    LEGAL_CLAIMS = "legal_claims"  # needed to establish, exercise or defend them (Art. 17 (3) e)
    IS_ACCURATE = "is_accurate"  # what is to be corrected is right (Art. 16); the statement stands all the same
    NOT_HELD = "not_held"  # nothing of the asker is here
    OTHER = "other"  # the reason says it


class Sign(StrEnum):
    """By what it was seen that data of another person may stand somewhere."""

    OTHER_VOICE = "other_voice"  # a third voice that is no announcement
    SECOND_CUSTOMER = "second_customer"  # a second voice on the customer's side
    UNKNOWN_VOICE = "unknown_voice"  # nobody knows whose
    RELATION = "relation"  # "my husband", "our neighbour"
    NAMED = "named"  # a name that is neither side's
    COLLEAGUE = "colleague"  # somebody of the company by name


@dataclass(frozen=True)
class Place:
    """Words ``[first, end)`` of a turn in which another person seems to be heard or named, and how sure that is.

    ``sure`` in [0, 1] says how sure it is that these words are about, or by, somebody else. ``words`` is what stands
    there. Seconds are of the call's sound.
    """

    call_id: str
    turn: str
    first: int
    end: int
    start_s: float
    end_s: float
    words: str
    sign: Sign
    sure: float

    @property
    def id(self) -> str:
        """By what a form names it."""
        return f"{self.call_id}/{self.turn}/{self.first}-{self.end}"

    def left_out(self) -> LeftOut:
        """These words, as they stay out."""
        return LeftOut(self.call_id, self.turn, self.first, self.end, self.start_s, self.end_s)


@dataclass(frozen=True)
class LeftOut:
    """Words ``[first, end)`` of a turn that stay out of what is handed over, with their sound."""

    call_id: str
    turn: str
    first: int
    end: int
    start_s: float
    end_s: float

    def __post_init__(self) -> None:
        if not 0 <= self.first < self.end:
            raise Invalid("What stays out is at least one word, from the first one on.")


@dataclass(frozen=True)
class Asked:
    """A request as it comes in. Raises Invalid for what makes no sense by itself.

    ``person`` is the asker as this installation knows them, ``address`` where letters go; one of both, or a ``name``
    for a letter without either. ``is_proved``: they have proved who they are, by a session, or staff saw it.
    ``call_id`` None: all calls of the asker. ``text``: what they say of it; of a correction, the supplementary
    statement. ``about_when``: when the call was, in their words. ``received_at``: when a letter or a telephone call
    came that was entered later. ``language`` is the one in which they are written to. ``protection`` is how they want
    what is handed over to be protected; None where they did not say.
    """

    kind: RequestKind
    came_by: CameBy
    person: str | None = None
    address: str | None = None
    name: str | None = None
    call_id: str | None = None
    is_proved: bool = False
    about_when: str | None = None
    text: str | None = None
    received_at: datetime | None = None
    language: str = "en"
    protection: Protection | None = None

    def __post_init__(self) -> None:
        for name in ("address", "name", "about_when", "text"):
            value = getattr(self, name)
            object.__setattr__(self, name, value.strip() or None if value else None)
        if not (self.person or self.address or self.name):
            raise Invalid("Say who asks: an address, or a name.")
        if self.came_by is CameBy.HOME and not self.person:
            raise Invalid("Who asks from their own page is signed in.")
        if self.came_by is CameBy.PUBLIC and not self.address:
            raise Invalid("Say where the answer goes: an e-mail address or a telephone number.")
        if self.kind in OF_ONE_CALL and self.came_by is CameBy.HOME and self.call_id is None:
            raise Invalid("Choose the call that you ask about.")
        if self.kind in WITH_TEXT and self.text is None:
            raise Invalid("Write what is wrong, and how it was.")
        if len(self.text or "") > LONGEST_TEXT or any(len(one or "") > LONGEST_LINE for one in self._lines()):
            raise Invalid(f"This is too long. Up to {LONGEST_TEXT} letters can be taken.")
        if self.received_at is not None and self.came_by not in ENTERED:
            raise Invalid("Only what came by letter or telephone came before it was entered.")
        if self.received_at is not None and (self.received_at.tzinfo is None or self.received_at.year < FIRST_YEAR):
            raise Invalid("When it came is an instant with its zone, such as 2026-03-10T09:00:00+01:00.")

    def _lines(self) -> tuple[str | None, ...]:
        return self.name, self.about_when


@dataclass(frozen=True)
class By:
    """Who does something to a request, and under which name they are shown."""

    actor: Actor
    name: str | None = None


@dataclass(frozen=True)
class Requested:
    """What the record of a call says of a request: its id and kind, and what happened to it.

    ``text`` is what the desk gave as its reason, or what proof it wants; never what somebody else may not read.
    """

    request: str
    kind: RequestKind
    step: Step
    came_by: CameBy
    due: date | None = None
    text: str | None = None
    ground: Ground | None = None


@dataclass(frozen=True)
class Restricted:
    """From this entry on the record is kept and not used, or it is used again."""

    request: str
    is_restricted: bool
    text: str | None = None
