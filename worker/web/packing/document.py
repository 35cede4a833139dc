"""transcript.pdf as data: what the record's page says, block by block, for ``worker.exchange.package.typeset``.

Kinds of blocks, each a dict with ``kind``: ``heading`` (level, text), ``text`` (text, quiet), ``exact`` (text),
``names`` (items: side, name, role, text), ``lines`` (items as ``_line`` gives them), ``remarks`` (items as ``_remark``
gives them), ``turn`` and ``pause`` (see ``_conversation``), ``table`` (head, rows).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, TypeAlias

from worker.exchange.machine_made import SOURCE_TYPE
from worker.web.packing.page import Beside
from worker.web.pages.annotations import NoteLine
from worker.web.pages.clips import Clip
from worker.web.pages.conversation import TurnItem
from worker.web.pages.in_short import StatementLine
from worker.web.pages.people import Who
from worker.web.pages.promises import PromiseLine
from worker.web.pages.record import RecordPage
from worker.web.pages.standings import Standing
from worker.web.pages.words import quoted
from worker.web.texts import _, language, plural

Block: TypeAlias = dict[str, Any]


def document_of(page: RecordPage, beside: Beside) -> Block:
    """The document of a record's page, in the reader's language."""
    before, between, after = _("Page {number} of {count}").replace("{count}", "{number}").split("{number}")
    return {
        "lang": language(),
        "title": page.title,
        "description": _("Heard and written by machine from the recording of a call."),
        "keywords": [SOURCE_TYPE],
        "pages": [before, between, after],
        "foot": _("{when} · call {id}").format(when=page.when, id=page.call_id),
        "blocks": list(_blocks(page, beside)),
    }


def _blocks(page: RecordPage, beside: Beside) -> Iterator[Block]:
    yield from _head(page, beside)
    yield from _in_short(page)
    yield from _promises(page)
    if page.notices:
        yield _heading(_("What is not certain"))
        yield _lines(_plain(one.text, one.clips) for one in page.notices)
    yield from _conversation(page)
    if page.whole.notes:
        yield _heading(_("The call as a whole"))
        yield {"kind": "remarks", "items": [_remark(one) for one in page.whole.notes]}
    yield from _added(page)
    yield from _looks(page)
    yield from _proof(page)
    yield from _how(page)


def _head(page: RecordPage, beside: Beside) -> Iterator[Block]:
    if page.headline:
        yield _lines([_statement(page.headline)])
    on_hold = _(", of which {length} on hold").format(length=page.on_hold) if page.on_hold else ""
    yield _text(f"{page.when}. {page.length}{on_hold}.")
    people = [
        {"side": one.party.value, "name": one.name, "role": one.role, "text": one.taken.format(reason=one.reason)}
        for one in page.people
    ]
    if people:
        yield {"kind": "names", "items": people}
    if page.ending:
        yield _text(f"{_('Where it ended:')} {page.ending.text}")
    yield _text(
        _(
            "Heard and written by machine. The recording decides, and can be heard beside this document: "
            "times are minutes and seconds of it."
        ),
        quiet=True,
    )
    if page.record.cuts:
        yield _text(
            _(
                "Numbers and codes that nobody else may see, such as those of cards, were cut from the words "
                "and from the sound."
            ),
            quiet=True,
        )
    if beside.has_left_out:
        yield _text(
            _(
                "What other persons said, or what was said about them, is left out. It is marked where it "
                "stood, and the sound is silent there."
            ),
            quiet=True,
        )
    if page.stands:
        yield _heading(_("Where it stands"))
        yield _lines(_plain(one.text) for one in page.stands)


def _in_short(page: RecordPage) -> Iterator[Block]:
    if not page.groups:
        return
    yield _heading(_("In short"))
    if page.any_quoted:
        yield _text(
            _(
                "What stands in slanted letters was said in these words; the rest was written by machine from"
                " the words at the time behind it."
            ),
            quiet=True,
        )
    for group in page.groups:
        yield _heading(group.heading, 2)
        yield _lines(map(_statement, group.lines))


def _promises(page: RecordPage) -> Iterator[Block]:
    if not page.promises and not page.no_promise:
        return
    yield _heading(_("Promises"))
    if page.no_promise:
        yield _text(page.no_promise)
    if page.promises:
        yield _lines(map(_promise, page.promises))


def _conversation(page: RecordPage) -> Iterator[Block]:
    yield _heading(_("The conversation"))
    if page.anything_unsure:
        yield _text(_("A dotted line is under words that were heard with little confidence."), quiet=True)
    for item in page.conversation:
        if not isinstance(item, TurnItem):
            yield {"kind": "pause", "at": item.clip.label, "text": item.text}
            continue
        notes = [_("Somebody else spoke at the same time.")] if item.overlaps else []
        if item.heard:
            who = f"{item.heard.who}: " if item.heard.who else ""
            notes.append(
                _("Corrected, and accepted by the other side. The machine heard: {words}").format(
                    words=quoted(who + item.heard.text)
                )
            )
        role = f", {item.person.role}" if item.person and item.person.role else ""
        yield {
            "kind": "turn",
            "who": f"{item.person.name}{role}" if item.person else None,
            "side": item.party.value,
            "at": item.clip.label,
            "pieces": [
                {"text": one.text, "unsure": one.unsure, "changed": one.changed_to is not None} for one in item.pieces
            ],
            "notes": notes,
            "remarks": [_remark(one) for one in item.notes],
        }


def _added(page: RecordPage) -> Iterator[Block]:
    if not page.added:
        return
    yield _heading(_("What was added"))
    items = []
    for one in page.added:
        happened = _("It happened on {day}.").format(day=one.happened) if one.happened else None
        file = f"{one.file.name} ({one.file.about})" if one.file else None
        standing = one.recording.standing if one.recording else None
        done = _("Withdrawn") if one.is_withdrawn else _("added")
        items.append(_said(one.who, done, [happened, one.text, standing, file], one.when.text, one.notes))
    yield {"kind": "remarks", "items": items}


def _looks(page: RecordPage) -> Iterator[Block]:
    if page.looks:
        yield _heading(_("Who looked"))
        rows = [[_named(one.who), ", ".join(filter(None, (one.what, one.times))), one.last.text] for one in page.looks]
        rows += [[_named(one.who), one.what, one.when.text] for one in page.entrances or ()]
        yield {"kind": "table", "head": [_("Who"), _("What"), _("When")], "rows": rows}
    if page.happened:
        yield _heading(_("What was asked for and done"))
        rows = [
            [_named(one.who), ": ".join(filter(None, (one.what, one.text))), one.when.text] for one in page.happened
        ]
        yield {"kind": "table", "head": [_("Who"), _("What"), _("When")], "rows": rows}


def _proof(page: RecordPage) -> Iterator[Block]:
    yield _heading(_("The proof"))
    count = page.proof.entries
    yield _text(plural("This record has {count} entry.", "This record has {count} entries.", count).format(count=count))
    if page.proof.signed:
        yield _text(
            _(
                "The log in which they stand was signed {when}. verify.py, beside this document, checks it "
                "with this key:"
            ).format(when=page.proof.signed.text)
        )
    yield {"kind": "exact", "text": page.proof.verifier_key}


def _how(page: RecordPage) -> Iterator[Block]:
    yield _heading(_("How this was made"))
    yield _text(
        _(
            "A machine wrote down the words, told the voices apart and wrote the short version. It mishears "
            "names and numbers, short answers, and people who speak at once. Where this document and the "
            "recording differ, the recording is right."
        )
    )
    if page.writers:
        yield _text(page.writers)
    rows = [[one.part, one.model, one.revision] for one in page.made]
    yield {"kind": "table", "head": [_("Part"), _("Made by"), _("Version")], "rows": rows}


# Parts of blocks


def _heading(text: str, level: int = 1) -> Block:
    return {"kind": "heading", "level": level, "text": text}


def _text(text: str, *, quiet: bool = False) -> Block:
    return {"kind": "text", "text": text, "quiet": quiet}


def _lines(items: Iterable[Block]) -> Block:
    return {"kind": "lines", "items": list(items)}


def _plain(text: str, clips: Sequence[Clip] = ()) -> Block:
    return _line(text, clips)


def _line(
    text: str,
    clips: Sequence[Clip] = (),
    *,
    lead: str | None = None,
    is_quoted: bool = False,
    notes: Sequence[str | None] = (),
    boxes: Sequence[Block] = (),
    remarks: Sequence[NoteLine] = (),
) -> Block:
    return {
        "text": text,
        "at": [one.label for one in clips],
        "lead": lead,
        "quoted": is_quoted,
        "notes": [one for one in notes if one],
        "boxes": list(boxes),
        "remarks": [_remark(one) for one in remarks],
    }


def _statement(line: StatementLine) -> Block:
    standing = line.standing
    machine = _("As it stood at first: {words}").format(words=standing.machine) if standing.machine else None
    return _line(
        line.text,
        line.clips,
        lead=line.lead,
        is_quoted=line.quoted,
        notes=[line.note, standing.words, standing.look_again, machine],
        boxes=_boxes(standing),
        remarks=[*standing.agreements, *standing.notes],
    )


def _boxes(standing: Standing) -> list[Block]:
    return [
        {
            "title": one.title,
            "side": one.side,
            "text": one.text or _("This is not what happened."),
            "held": " · ".join(filter(None, (one.held, one.when.text if one.when else None))),
        }
        for one in standing.boxes
    ]


def _promise(one: PromiseLine) -> Block:
    whose = _("{one} promised {other}:").format(one=one.promisor.name, other=one.beneficiary.name)
    words = [f"{whose} {quoted(quote.text)} ({quote.clip.label})" for quote in one.quotes]
    notes = [one.by_when, one.standing, one.first, one.look_again, *words]
    return _line(one.what, notes=notes, remarks=[*([one.decided] if one.decided else []), *one.notes])


def _remark(one: NoteLine) -> Block:
    about = f"{_('About:')} {quoted(one.quote)}" if one.quote else None
    done = f"{one.done} ({_('Withdrawn')})" if one.is_withdrawn else one.done
    decided = [": ".join(filter(None, (each.done, each.text))) for each in one.decisions]
    lines = [about, one.proposal, one.text, *decided, one.waits]
    return _said(one.who, done, lines, one.when.text, one.replies)


def _said(who: Who, done: str, lines: Sequence[str | None], when: str, replies: Sequence[NoteLine]) -> Block:
    return {
        "side": who.side,
        "who": _named(who),
        "done": done,
        "lines": [one for one in lines if one],
        "when": when,
        "replies": [_remark(one) for one in replies],
    }


def _named(who: Who) -> str:
    return ", ".join(filter(None, (who.name, who.role)))
