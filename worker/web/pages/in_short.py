"""In short: the matter of the call in one line, where it ended, and the statements under their headings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from worker.core.dialogue.state import Said
from worker.core.dialogue.values import OnStatement
from worker.core.evidence import BY_RULES
from worker.core.log.entry import Role
from worker.core.record import CallRecord
from worker.core.summary import EndState, Statement, StatementKind, Summary
from worker.core.transcript import Code
from worker.web.pages.annotations import Reading
from worker.web.pages.clips import Clip, clips_of
from worker.web.pages.standings import Standing, standing_of
from worker.web.pages.words import KINDS_IN_WORDS, with_leads
from worker.web.texts import _, later, plural

WEAK_SUPPORT = 0.7
"""A written statement with less support than this says that it should be checked against the words."""

ENDINGS_IN_WORDS = {
    EndState.RESOLVED: later("resolved"),
    EndState.OPEN: later("still open"),
    EndState.UNCLEAR: later("it is not clear from what was said"),
}

FIRST_VERSION_WITH_ENDINGS = 2
"""In records of an older version nobody looked for a headline, an ending or promises."""


@dataclass(frozen=True)
class StatementLine:
    """One statement as the page shows it; ``note`` says in words when it should be checked.

    A quotation is in two parts: ``lead`` says whose words they are ("The agent said:"), ``text`` is the words. What was
    written has no lead.
    """

    id: str
    lead: str | None
    text: str
    quoted: bool
    clips: tuple[Clip, ...]
    note: str | None
    standing: Standing


@dataclass(frozen=True)
class StatementGroup:
    """Statements of one kind under their heading."""

    heading: str
    lines: tuple[StatementLine, ...]


@dataclass(frozen=True)
class EndingLine:
    """Where the call ended, in words, and the places that show it."""

    text: str
    clips: tuple[Clip, ...]


def was_looked_into(record: CallRecord) -> bool:
    """Whether "nothing was found" means that somebody looked: the words were there, and in a language that is read."""
    is_read = all(warning.code is not Code.OTHER_LANGUAGE for warning in record.warnings)
    return bool(record.turns) and is_read and record.schema_version >= FIRST_VERSION_WITH_ENDINGS


def ending_of(record: CallRecord) -> EndingLine | None:
    """Where the call ended. None where it is unclear only because nobody could look."""
    ending = record.summary.ending
    if ending.state is EndState.UNCLEAR and not was_looked_into(record):
        return None
    return EndingLine(_(ENDINGS_IN_WORDS[ending.state]), clips_of(ending.evidence))


def groups_of(
    reading: Reading, said: Mapping[str, Sequence[Said]], names: Mapping[Role, str]
) -> tuple[StatementGroup, ...]:
    """The statements by kind, in the order of the kinds; within one, in that of the record."""
    statements = reading.record.summary.statements
    groups = []
    for kind in StatementKind:
        lines = tuple(statement_line(one, reading, said, names) for one in statements if one.kind is kind)
        if lines:
            groups.append(StatementGroup(_(KINDS_IN_WORDS[kind]), lines))
    return tuple(groups)


def statement_line(
    statement: Statement, reading: Reading, said: Mapping[str, Sequence[Said]], names: Mapping[Role, str]
) -> StatementLine:
    """One statement and where it stands. ``said`` is what was said of each, under ``statement:`` and its id."""
    target = OnStatement(statement.id)
    state = reading.dialogue.statements[statement.id]
    about = said.get(f"statement:{statement.id}", ())
    standing = standing_of(target, state, reading, about, names, quoted=statement.quoted)
    is_as_made = state.shown == statement.text
    weak = is_as_made and not statement.quoted and statement.support < WEAK_SUPPORT
    quoted = statement.quoted and is_as_made
    lead, mark, words = with_leads(state.shown).partition("“") if quoted else ("", "", state.shown)
    return StatementLine(
        id=statement.id,
        lead=lead.strip() or None if mark else None,
        text=mark + words if mark else state.shown,
        quoted=quoted,
        clips=clips_of(statement.evidence),
        note=_("Written by machine, and the words carry it only in part. Listen to them.") if weak else None,
        standing=standing,
    )


def writers_of(summary: Summary) -> str | None:
    """How much of the short version was written by whom, and how much is quoted; None where it says nothing."""
    sentences = [*([summary.headline] if summary.headline else []), *summary.statements]
    written = Counter(named_maker(one.written_by) for one in sentences if not one.quoted)
    parts = [
        plural("{count} sentence written by {who}", "{count} sentences written by {who}", count).format(
            count=count, who=who
        )
        for who, count in written.items()
    ]
    if quoted := sum(one.quoted for one in sentences):
        parts.append(plural("{count} quoted", "{count} quoted", quoted).format(count=quoted))
    return _("The short version: {parts}.").format(parts=", ".join(parts)) if parts else None


def named_maker(model: str | None) -> str:
    """What made a part of the record, as the page names it."""
    return _("rules of this program") if model is None or model == BY_RULES else model
