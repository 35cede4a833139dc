"""What the kinds, states and steps of requests mean to people: to who asks in plain words, to the desk by the law's."""

from __future__ import annotations

from worker.core.requests.values import ARTICLES, Block, CameBy, Ground, RequestKind, RequestState, Sign, Step
from worker.web.texts import _, later

ASK = "/requests/new"

KINDS = {
    RequestKind.TRANSCRIPT: later("The transcript of a call"),
    RequestKind.SOUND: later("The recording of a call"),
    RequestKind.ACCESS: later("Everything that is held about you"),
    RequestKind.CORRECTION: later("A correction"),
    RequestKind.RESTRICTION: later("That a record is not used for now"),
    RequestKind.ERASURE: later("Erasure"),
    RequestKind.PORTABILITY: later("Your data for another service"),
}
"""What can be asked for, in the order in which it is offered, as it is called to who asks."""

GIVES = {
    RequestKind.TRANSCRIPT: later("Every word that was heard, with who said it and when, to read and to keep."),
    RequestKind.SOUND: later("To listen to and to keep, with the words beside it."),
    RequestKind.ACCESS: later(
        "All records of your calls with their recordings, who looked at them, why they are kept and for how long."
    ),
    RequestKind.CORRECTION: later(
        "Say what is wrong or missing, and how it was. It stands in the record at once, and both sides can read it."
    ),
    RequestKind.RESTRICTION: later(
        "While you say that a record is wrong, it is kept and not used, from the moment you ask. You can still read "
        "it, and so can whoever looks into it."
    ),
    RequestKind.ERASURE: later(
        "The record, its recording and all copies here are destroyed, for both sides. Nobody can bring them back."
    ),
    RequestKind.PORTABILITY: later("Your calls in a form that other programs can read."),
}

KINDS_OF_ROW = {
    RequestKind.TRANSCRIPT: later("Transcript"),
    RequestKind.SOUND: later("Recording"),
    RequestKind.ACCESS: later("Everything that is held"),
    RequestKind.CORRECTION: later("Correction"),
    RequestKind.RESTRICTION: later("Not to be used for now"),
    RequestKind.ERASURE: later("Erasure"),
    RequestKind.PORTABILITY: later("Data for another service"),
}
"""The same in a line of a list, and at the desk."""

OF_CALL = {
    RequestKind.TRANSCRIPT: later("The transcript of your call of {day}"),
    RequestKind.SOUND: later("The recording of your call of {day}"),
    RequestKind.ACCESS: later("Everything that is held about your call of {day}"),
    RequestKind.CORRECTION: later("A correction to your call of {day}"),
    RequestKind.RESTRICTION: later("That your call of {day} is not used for now"),
    RequestKind.ERASURE: later("Erasure of your call of {day}"),
    RequestKind.PORTABILITY: later("The data of your call of {day}, for another service"),
}

BLOCKS = {
    Block.PROOF: later("It waits for you: show that it is you who asks."),
    Block.CALL: later("The call that you mean is being looked for."),
    Block.NOT_READY: later("The record of this call is still being made. It goes on by itself then."),
    Block.THIRD_PERSONS: later("Somebody else may be heard or named in it: a person here looks at that first."),
    Block.PACKAGE: later("It is being put together."),
    Block.FAILED: later("Something here did not work. Those who run this service see it, and it is tried again."),
    Block.LEGAL_HOLD: later(
        "The law forbids to destroy this now: it is needed for a dispute. It waits until that is over."
    ),
    Block.DECISION: later("A person here decides about it."),
}
"""What it waits for, to who asked."""

BLOCKS_AT_DESK = {
    Block.PROOF: later("Proof of identity is to come"),
    Block.CALL: later("Which calls are meant is to be found"),
    Block.NOT_READY: later("The record is not made yet"),
    Block.THIRD_PERSONS: later("Third persons are to be looked at"),
    Block.PACKAGE: later("The package is being made"),
    Block.FAILED: later("Something failed: see below"),
    Block.LEGAL_HOLD: later("A legal hold forbids to erase"),
    Block.DECISION: later("To be decided"),
}

STATES = {
    RequestState.OPEN: later("Open"),
    RequestState.ANSWERED: later("Answered"),
    RequestState.REFUSED: later("Refused"),
    RequestState.WITHDRAWN: later("Taken back"),
    RequestState.LAPSED: later("Ended, because nobody showed who they are"),
}

STEPS = {
    Step.ASKED: later("Asked for"),
    Step.ASKED_AGAIN: later("Asked for once more"),
    Step.PROOF_ASKED: later("Proof was asked for of who asks"),
    Step.PROVED: later("Who asks was shown"),
    Step.CALLS_FOUND: later("The calls that are meant were found"),
    Step.STATEMENT_ADDED: later("The statement was put into the record"),
    Step.RESTRICTED: later("The record is not used from here on"),
    Step.LIFTING_TOLD: later("It was said that the record will be used again"),
    Step.LIFTED: later("The record is used again"),
    Step.THIRD_PERSONS_FOUND: later("Somebody else seems to be heard or named in it"),
    Step.REVIEWED: later("What is somebody else’s was looked at"),
    Step.EXTENDED: later("The time for the answer was extended"),
    Step.PACKAGE_ASKED: later("The answer began to be put together"),
    Step.FAILED: later("Something did not work"),
    Step.ANSWERED: later("Answered"),
    Step.REFUSED: later("Refused"),
    Step.WITHDRAWN: later("Taken back"),
    Step.LAPSED: later("Ended, because nobody showed who they are"),
    Step.DUE_TOLD: later("The desk was told that it is due"),
}

GROUNDS = {
    Ground.NOT_PROVED: later("It is not clear that it is you who asks."),
    Ground.UNFOUNDED: later("It was asked for without ground, or too often."),
    Ground.RIGHTS_OF_OTHERS: later("It would take away the rights of others."),
    Ground.LEGAL_OBLIGATION: later("A law says that it has to be kept."),
    Ground.LEGAL_CLAIMS: later("It is needed for legal claims."),
    Ground.IS_ACCURATE: later("The record is right as it stands. Your statement stays in it."),
    Ground.NOT_HELD: later("Nothing of yours is held here."),
    Ground.OTHER: later("For the reason that follows."),
}
"""Why not, to who asked."""

LAW_OF_GROUND = {
    Ground.NOT_PROVED: "Art. 12 (2)",
    Ground.UNFOUNDED: "Art. 12 (5)",
    Ground.RIGHTS_OF_OTHERS: "Art. 15 (4), 20 (4)",
    Ground.LEGAL_OBLIGATION: "Art. 17 (3) b",
    Ground.LEGAL_CLAIMS: "Art. 17 (3) e",
    Ground.IS_ACCURATE: "Art. 16",
}

GROUNDS_AT_DESK = {
    Ground.NOT_PROVED: later("Who asks could not be identified"),
    Ground.UNFOUNDED: later("Manifestly unfounded or excessive"),
    Ground.RIGHTS_OF_OTHERS: later("Rights and freedoms of others"),
    Ground.LEGAL_OBLIGATION: later("A legal obligation to keep it"),
    Ground.LEGAL_CLAIMS: later("Needed for legal claims"),
    Ground.IS_ACCURATE: later("What is to be corrected is accurate"),
    Ground.NOT_HELD: later("Nothing of the asker is held"),
    Ground.OTHER: later("Another one, which the reason says"),
}

SIGNS = {
    Sign.OTHER_VOICE: later("Another voice"),
    Sign.SECOND_CUSTOMER: later("A second voice on the customer’s side"),
    Sign.UNKNOWN_VOICE: later("A voice of which nobody knows whose it is"),
    Sign.RELATION: later("Somebody close to the customer"),
    Sign.NAMED: later("A name that is neither side’s"),
    Sign.COLLEAGUE: later("Somebody of the company by name"),
}

CAME_BY = {
    CameBy.HOME: later("on their own page"),
    CameBy.PUBLIC: later("on the public page"),
    CameBy.LETTER: later("by letter"),
    CameBy.TELEPHONE: later("by telephone"),
}


def law_of(kind: RequestKind) -> str:
    """Which article gives it: "GDPR, Art. 15"."""
    return _("GDPR, Art. {number}").format(number=ARTICLES[kind])


def ground_at_desk(ground: Ground) -> str:
    """A ground with its article, as the desk chooses it."""
    law = LAW_OF_GROUND.get(ground)
    return f"{_(GROUNDS_AT_DESK[ground])} ({law})" if law else _(GROUNDS_AT_DESK[ground])
