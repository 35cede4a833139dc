"""How the two sides stand to a statement, and the versions of it that they hold, as the page shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from worker.core.dialogue.state import Agreement, Said, SaidState, StatementState, Version
from worker.core.dialogue.values import Act, OnStatement
from worker.core.log.entry import SIDES, Role
from worker.web.pages.annotations import Moment, NoteLine, Reading
from worker.web.pages.saying import Saying
from worker.web.pages.words import joined, with_leads
from worker.web.texts import _


@dataclass(frozen=True)
class VersionBox:
    """One of the versions that stand beside each other. ``side`` is whose it is; empty for the machine's.

    ``text`` None: whoever put it says only that the other is not what happened. ``held`` says who stands by it.
    """

    title: str
    side: str
    is_you: bool
    text: str | None
    when: Moment | None
    held: str
    note: NoteLine | None
    saying: Saying | None


@dataclass(frozen=True)
class Standing:
    """Where a statement stands.

    ``words`` say it, None while nobody has said anything. ``boxes`` are there where it is disputed, at least two of
    them. ``machine`` is what was written by machine where that is shown in neither. ``agreements`` are the lines of
    those who said that they agree, also where something else was said since: they are many, so the page folds them.
    """

    agreement: Agreement
    words: str | None
    look_again: str | None
    boxes: tuple[VersionBox, ...]
    machine: str | None
    agreements: tuple[NoteLine, ...]
    notes: tuple[NoteLine, ...]
    saying: Saying


def standing_of(
    target: OnStatement,
    state: StatementState,
    reading: Reading,
    said: Sequence[Said],
    names: Mapping[Role, str],
    *,
    quoted: bool,
) -> Standing:
    """Where a statement stands. ``said`` is all that was said of it, ``names`` what the sides are called.

    ``quoted`` says that the machine's version of it quotes the call.
    """
    is_disputed = state.agreement is Agreement.DISPUTED
    saying = reading.saying(target, what=_("this sentence"), shown=state.shown)
    versions = _beside_each_other(state.versions) if is_disputed else ()
    first = _("In the words of the call") if quoted else _("Written by machine")
    boxes = tuple(_box(one, reading, said, names, saying, first) for one in versions)
    in_boxes = {one.number for one in versions}
    agreeing = [one for one in said if one.annotation.act is Act.AGREE and one.state is not SaidState.WITHDRAWN]
    shown_machine = any(one.number is None for one in versions) if is_disputed else state.shown == _machine(state)
    return Standing(
        agreement=state.agreement,
        words=_words(state, names),
        look_again=_look_again(state, names) if state.look_again else None,
        boxes=boxes,
        machine=None if shown_machine else with_leads(_machine(state)),
        agreements=reading.notes(agreeing),
        notes=reading.notes([one for one in said if one not in agreeing and one.number not in in_boxes]),
        # Beside a version of another, to agree is to agree with one of them: the button stands in its box.
        saying=replace(saying, offers=tuple(one for one in saying.offers if one.act is not Act.AGREE))
        if is_disputed
        else saying,
    )


def _beside_each_other(versions: Sequence[Version]) -> tuple[Version, ...]:
    """Those that somebody holds; the machine's too, where there would be one alone."""
    held = tuple(one for one in versions if one.held_by)
    return held if len(held) > 1 else tuple(versions)


def _machine(state: StatementState) -> str:
    return state.versions[0].text or ""


def _box(
    version: Version,
    reading: Reading,
    said: Sequence[Said],
    names: Mapping[Role, str],
    of_statement: Saying,
    first: str,
) -> VersionBox:
    put = next((one for one in said if one.number == version.number), None)
    held = joined([names[role] for role in version.held_by])
    if version.number is None:
        agree = tuple(replace(one, label=_("Agree with this")) for one in of_statement.offers if one.act is Act.AGREE)
        return VersionBox(
            title=first,
            side="",
            is_you=False,
            text=with_leads(version.text or "") or None,
            when=None,
            held=_("{name} agrees with this").format(name=held) if held else _("Nobody has agreed with this"),
            note=None,
            saying=replace(of_statement, offers=agree) if agree else None,
        )
    role = version.role
    return VersionBox(
        title=version.by or (names[role] if role is not None and role in names else _("somebody")),
        side=role.value if role in SIDES else "",
        is_you=put is not None and put.actor == reading.reader.actor,
        text=version.text,
        when=reading.moment(version.at) if version.at else None,
        held=_("{name} stands by this").format(name=held),
        note=reading.note(put) if put else None,
        saying=None,
    )


def _words(state: StatementState, names: Mapping[Role, str]) -> str | None:
    match state.agreement:
        case Agreement.UNREAD:
            return None
        case Agreement.AGREED_BY_ONE:
            return _("{name} agrees").format(name=joined([names[role] for role in state.agreed]))
        case Agreement.AGREED_BY_BOTH:
            return _("Both agree")
        case Agreement.DISPUTED:
            return _("Disputed. The versions stand in the order in which they were put.")
        case Agreement.SETTLED:
            return _("Settled: both agree on this wording")


def _look_again(state: StatementState, names: Mapping[Role, str]) -> str:
    text = _("Words that this rests on were corrected since. It is to be looked at again.")
    if not state.looked_again:
        return text
    again = _("{name} has done so and agrees.").format(name=joined([names[role] for role in state.looked_again]))
    return f"{text} {again}"
