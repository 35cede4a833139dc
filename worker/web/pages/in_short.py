"""In short: the matter of the call in one line, where it ended, and the statements under their headings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from worker.core.evidence import BY_RULES
from worker.core.record import CallRecord
from worker.core.summary import HEADINGS, EndState, Statement, StatementKind, Summary
from worker.core.transcript import Code
from worker.web.pages.clips import Clip, clips_of

WEAK_SUPPORT = 0.7
"""A written statement with less support than this says that it should be checked against the words."""

ENDINGS_IN_WORDS = {
    EndState.RESOLVED: "resolved",
    EndState.OPEN: "still open",
    EndState.UNCLEAR: "it is not clear from what was said",
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


def headline_of(record: CallRecord) -> StatementLine | None:
    """The matter of the call; None where nothing was said that could be one."""
    return _statement(record.summary.headline) if record.summary.headline else None


def ending_of(record: CallRecord) -> EndingLine | None:
    """Where the call ended. None where it is unclear only because nobody could look."""
    ending = record.summary.ending
    if ending.state is EndState.UNCLEAR and not was_looked_into(record):
        return None
    return EndingLine(ENDINGS_IN_WORDS[ending.state], clips_of(ending.evidence))


def groups_of(statements: Iterable[Statement]) -> tuple[StatementGroup, ...]:
    """The statements by kind, in the order of the kinds; within one, in that of the record."""
    statements = tuple(statements)
    groups = []
    for kind in StatementKind:
        lines = tuple(_statement(one) for one in statements if one.kind is kind)
        if lines:
            groups.append(StatementGroup(HEADINGS[kind], lines))
    return tuple(groups)


def _statement(statement: Statement) -> StatementLine:
    weak = not statement.quoted and statement.support < WEAK_SUPPORT
    lead, mark, words = statement.text.partition("“") if statement.quoted else ("", "", statement.text)
    return StatementLine(
        id=statement.id,
        lead=lead.strip() or None if mark else None,
        text=mark + words if mark else statement.text,
        quoted=statement.quoted,
        clips=clips_of(statement.evidence),
        note="Written by machine, and the words carry it only in part. Listen to them." if weak else None,
    )


def writers_of(summary: Summary) -> str | None:
    """How much of the short version was written by whom, and how much is quoted; None where it says nothing."""
    sentences = [*([summary.headline] if summary.headline else []), *summary.statements]
    written = Counter(named_maker(one.written_by) for one in sentences if not one.quoted)
    parts = [f"{count} {'sentence' if count == 1 else 'sentences'} written by {who}" for who, count in written.items()]
    if quoted := sum(one.quoted for one in sentences):
        parts.append(f"{quoted} quoted")
    return f"The short version: {', '.join(parts)}." if parts else None


def named_maker(model: str | None) -> str:
    """What made a part of the record, as the page names it."""
    return "rules of this program" if model is None or model == BY_RULES else model
