"""What else happened to a record: what was asked for, that it is not used for a time, what was overwritten in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from worker.core.dialogue.values import Item
from worker.core.keeping.values import Erased, KeptKind, LegalHold
from worker.core.protection import Protected
from worker.core.requests.values import Requested, Restricted, Step
from worker.web.pages.annotations import Moment, Reading
from worker.web.pages.erased import WHY
from worker.web.pages.people import Who, who_of
from worker.web.pages.requests.words import GROUNDS, KINDS_OF_ROW, STEPS
from worker.web.pages.words import day_in_words
from worker.web.texts import _, plural


@dataclass(frozen=True)
class HappenedLine:
    """One thing that happened: who did it, what it was, what was said about it, and when."""

    number: int
    who: Who
    what: str
    text: str | None
    when: Moment


def happened_of(items: Sequence[Item], reading: Reading) -> tuple[HappenedLine, ...]:
    """Everything that happened to the record and is no word about the call, in its order."""
    lines = ((item, line) for item in items if (line := said_of(item)) is not None)
    return tuple(
        HappenedLine(
            item.number, who_of(item.actor, item.by, reading.reader), what, text or None, reading.moment(item.at)
        )
        for item, (what, text) in lines
    )


def said_of(item: Item) -> tuple[str, str] | None:
    """What an entry says, and its further words; None for one that is told elsewhere on the page."""
    match item.content:
        case Requested() as one:
            return _asked(one)
        case Restricted(is_restricted=True, text=text):
            return _("From here on this record is kept and not used."), text or ""
        case Restricted(text=text):
            return _("From here on this record is used again."), text or ""
        case Protected(stretches=stretches, why=why):
            what = plural(
                "{count} stretch of the recording was overwritten, which the law forbids to keep.",
                "{count} stretches of the recording were overwritten, which the law forbids to keep.",
                len(stretches),
            )
            return what.format(count=len(stretches)), _(why)
        case LegalHold(is_on=True, reason=reason):
            return _("From here on nothing of this call may be erased: a legal hold was put on it."), reason
        case LegalHold(reason=reason):
            return _("The legal hold on this call has ended."), reason
        case Erased(what=KeptKind.RECORDING, why=why):
            return _("The sound of this call was destroyed. What was written of it stays."), _(WHY[why])
        case Erased(why=why):
            return _("Everything that stood in this record before was destroyed."), _(WHY[why])
    return None


def _asked(one: Requested) -> tuple[str, str]:
    what = _("{kind}: {step}").format(kind=_(KINDS_OF_ROW[one.kind]), step=_(STEPS[one.step]))
    if one.due is not None and one.step in (Step.ASKED, Step.PROVED, Step.EXTENDED):
        what = _("{what}, to be answered by {day}").format(what=what, day=day_in_words(one.due))
    ground = f"{_(GROUNDS[one.ground])} " if one.ground else ""
    return f"{what}.", f"{ground}{one.text or ''}".strip()
