"""What was found: the calls in which words were said, and in each of them the lines in which they stand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from worker.core.call import Party
from worker.core.dialogue.reading import statements_of
from worker.core.dialogue.state import Dialogue
from worker.core.log.entry import Role
from worker.core.matters import Gist
from worker.core.record import CallRecord
from worker.core.search.lines import shown_words
from worker.core.search.words import Term, found_in, language_of
from worker.core.sound import clock
from worker.core.transcript import Turn
from worker.record.search import A_PAGE, Found, FoundCall, FoundLine
from worker.record.standing import StoredCall
from worker.web.pages.lists import CallRow, Rows, call_row, isolated
from worker.web.pages.words import PARTIES_IN_WORDS, quoted, with_leads
from worker.web.texts import _, plural

AROUND = 10  # words that are shown on each side of what was found


@dataclass(frozen=True)
class Part:
    """Words in a row: found, or what stands beside them."""

    text: str
    is_found: bool


@dataclass(frozen=True)
class LineRow:
    """One line of a call. ``href`` opens the record there, with the sound at its second; ``at`` is that as a time."""

    href: str
    at: str
    start_s: float
    who: str
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class FoundRow:
    """One call. ``more`` says how many lines besides those that stand here; None where these are all."""

    call: CallRow
    lines: tuple[LineRow, ...]
    more: str | None


@dataclass(frozen=True)
class SearchPage:
    """The field, and what was found. ``found`` None: nothing was looked for yet, or it cannot be, as ``problem`` says.

    ``behind`` says that not all calls could be looked into; None where they could.
    """

    words: str = ""
    problem: str | None = None
    in_short: str | None = None
    behind: str | None = None
    found: Rows[FoundRow] | None = None
    template: ClassVar[str] = "search.html"

    @property
    def title(self) -> str:
        """The heading."""
        return _("Look for words in your calls")


@dataclass(frozen=True)
class OpenedCall:
    """A call in which something was found, opened by who looks: with its record, and what was said of that."""

    call: StoredCall
    gist: Gist | None
    record: CallRecord
    dialogue: Dialogue
    you: Role


def search_page(
    words: str,
    terms: Sequence[Term],
    found: Found,
    opened: Sequence[tuple[FoundCall, OpenedCall]],
    *,
    now: datetime,
    href: str,
) -> SearchPage:
    """One page of what was found; ``href`` is the address of the pages, without the number at its end."""
    first, last = (found.page - 1) * A_PAGE + 1, min(found.total, found.page * A_PAGE)
    return SearchPage(
        words=words,
        in_short=_in_short(words, found.total),
        behind=_behind(found.behind),
        found=Rows(
            rows=tuple(_row(one, call, terms, now=now) for one, call in opened),
            first=first,
            last=last,
            total=found.total,
            before=f"{href}{found.page - 1}" if found.page > 1 else None,
            after=f"{href}{found.page + 1}" if last < found.total else None,
        ),
    )


def _in_short(words: str, total: int) -> str:
    if not total:
        return _("{words} was not found in any call that is open to you.").format(words=quoted(words))
    text = plural("{words} was found in {count} call.", "{words} was found in {count} calls.", total)
    return text.format(words=quoted(words), count=total)


def _behind(count: int) -> str | None:
    if not count:
        return None
    return plural(
        "{count} call of yours is not ready to be looked into yet. Look again later.",
        "{count} calls of yours are not ready to be looked into yet. Look again later.",
        count,
    ).format(count=count)


def _row(found: FoundCall, opened: OpenedCall, terms: Sequence[Term], *, now: datetime) -> FoundRow:
    lines = tuple(row for line in found.lines for row in lines_of_call(opened, line, terms))
    left = found.total - len(found.lines)
    you = opened.you if opened.you in (Role.AGENT, Role.CUSTOMER) else None
    return FoundRow(
        call=call_row(opened.call, opened.gist, you=you, now=now),
        lines=lines,
        more=plural("and in {count} more place", "and in {count} more places", left).format(count=left)
        if left
        else None,
    )


def lines_of_call(opened: OpenedCall, line: FoundLine, terms: Sequence[Term]) -> Iterator[LineRow]:
    """What is shown of a line; nothing of one that the record does not have any more."""
    language = language_of(opened.record.language)
    turn = next((one for one in opened.record.turns if one.id == line.place), None)
    if turn is not None:
        shown = shown_words(turn, opened.dialogue.readings.get(turn.id))
        texts = [word.text for word in shown]
        found = found_in(texts, terms, language)
        times = [shown[at] for at in sorted(found)] or list(shown)
        start_s, end_s = (times[0].start_s, times[-1].end_s) if times else (turn.start_s, turn.end_s)
        yield _line(opened, line.place, start_s, end_s, _who(opened, turn), texts, found)
    elif (statement := statements_of(opened.record).get(line.place)) is not None:
        texts = with_leads(opened.dialogue.statements[statement.id].shown).split()
        piece = statement.evidence[0]
        found = found_in(texts, terms, language)
        yield _line(opened, line.place, piece.start_s, piece.end_s, _("In short"), texts, found)


def _line(
    opened: OpenedCall, place: str, start_s: float, end_s: float, who: str, texts: Sequence[str], found: frozenset[int]
) -> LineRow:
    return LineRow(
        href=f"/calls/{opened.call.id}?from={start_s:.2f}&to={end_s:.2f}#{place}",
        at=clock(start_s),
        start_s=start_s,
        who=who,
        parts=tuple(_parts(texts, found)),
    )


def _who(opened: OpenedCall, turn: Turn) -> str:
    reading = opened.dialogue.readings.get(turn.id)
    party = reading.party if reading and reading.party else turn.party
    names: Iterable[str | None] = (one.name for one in opened.record.parties if one.party is party)
    name = next((one for one in names if one), None) if party in (Party.AGENT, Party.CUSTOMER) else None
    return isolated(name) if name else _(PARTIES_IN_WORDS[party])


def _parts(texts: Sequence[str], found: frozenset[int]) -> Iterator[Part]:
    """The words around those that were found, in their order; what is left out between them is three dots."""
    near = {at for one in found or {0} for at in range(one - AROUND, one + AROUND + 1)} & set(range(len(texts)))
    run: list[str] = []
    was_found, before = False, -1
    for at in sorted(near):
        is_gap = at != before + 1
        if run and (is_gap or (at in found) != was_found):
            yield Part(" ".join(run), was_found)
            run = []
        if is_gap:
            yield Part("…", is_found=False)
        run.append(texts[at])
        was_found, before = at in found, at
    if run:
        yield Part(" ".join(run), was_found)
    if near and max(near) < len(texts) - 1:
        yield Part("…", is_found=False)
