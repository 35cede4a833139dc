"""What an open page is told of an entry that somebody else has just made: one quiet line."""

from __future__ import annotations

from worker.core.dialogue.values import Act, Added, Annotation, Item, Looked
from worker.core.keeping.values import Erased, LegalHold
from worker.core.log.entry import EntryKind, Role
from worker.core.record import CallRecord
from worker.core.requests.values import Requested, Restricted, Step
from worker.web.texts import _, later

ACTS = {
    Act.AGREE: later("{name} agreed."),
    Act.DISPUTE: later("{name} said that something is not what happened."),
    Act.CORRECT: later("{name} proposed a correction."),
    Act.ADD: later("{name} added something."),
    Act.ASK: later("{name} asked something."),
    Act.ANSWER: later("{name} answered."),
    Act.KEPT: later("{name} said that a promise was kept."),
    Act.NOT_KEPT: later("{name} said that a promise was not kept."),
    Act.NEW_DAY: later("{name} proposed another day for a promise."),
    Act.ACCEPT: later("{name} accepted a proposal."),
    Act.DECLINE: later("{name} did not accept a proposal."),
    Act.WITHDRAW: later("{name} took something back. It stays readable."),
}
LET_IN = later("{name} let somebody in.")
ADDED = ACTS[Act.ADD]
REQUESTED = later("{name} asked for something that is owed to them.")
RESTRICTED = later("This record is kept and not used from here on.")
USED_AGAIN = later("This record is used again.")
HOLD_BEGAN = later("From here on nothing of this call may be erased.")
HOLD_ENDED = later("The legal hold on this call has ended.")
WAS_ERASED = later("Something of this call was destroyed for good. Load the page again.")
MADE = later("The machine made this record anew.")

WITHOUT_NAME = {
    Role.AGENT: later("The agent"),
    Role.CUSTOMER: later("The customer"),
    Role.NEXT_AGENT: later("Another agent"),
    Role.REVIEWER: later("The reviewer"),
    Role.DESK: later("The desk for requests"),
    Role.OPERATOR: later("Somebody who runs this service"),
    Role.SYSTEM: later("The machine"),
}


def news_of(item: Item) -> str | None:
    """The line, in the reader's language; None for what would only disturb the reading, as that somebody looked."""
    name = item.by or _(WITHOUT_NAME[item.actor.role])
    match item.content:
        case Annotation(act=act):
            return _(ACTS[act]).format(name=name)
        case Added():
            return _(ADDED).format(name=name)
        case CallRecord():
            return _(MADE)
        case Looked():
            return None
        case Requested(step=Step.ASKED):
            return _(REQUESTED).format(name=name)
        case Restricted(is_restricted=is_restricted):
            return _(RESTRICTED if is_restricted else USED_AGAIN)
        case LegalHold(is_on=is_on):
            return _(HOLD_BEGAN if is_on else HOLD_ENDED)
        case Erased():
            return _(WAS_ERASED)
    return _(LET_IN).format(name=name) if item.kind is EntryKind.LET_IN else None
