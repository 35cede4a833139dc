"""Looking for words across the calls of a person. Who may see what is part of what the database is asked.

Only calls that this person may read at that moment are looked into, and only while the key of the record is there: what
was erased is not found, whatever still lies in the index. How the words lie there is in ``worker.record.indexing``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from worker.core.log.entry import Role
from worker.core.search.words import ANY, ENDINGS, Term, stem
from worker.record.database import Database
from worker.record.indexing import HAS_KEY, Index, behind_in
from worker.record.log import Log
from worker.record.matters import Matters, Whose
from worker.record.tables.calls import calls
from worker.record.tables.log import call_keys
from worker.record.tables.matters import open_matters
from worker.record.tables.people import call_roles, persons
from worker.record.tables.requests import restrictions
from worker.record.tables.search import search_calls, search_lines, search_words

A_PAGE = 10  # calls
LINES_SHOWN = 5  # of one call
DRAWN_FIRST = 20
"""So many calls are drawn anew before a search; the rest is left to ``onrecord search index``, and told."""

MAY_LOOK = (Role.AGENT, Role.CUSTOMER, Role.REVIEWER, Role.NEXT_AGENT)
"""Who may read a record, as ``worker.web.access.RIGHTS`` has it; a test compares the two."""


@dataclass(frozen=True)
class Looking:
    """Who looks for words: a person, in all their calls, or in the one alone to which they were let in."""

    person: str
    only_call: str | None = None


@dataclass(frozen=True)
class FoundLine:
    """A turn or a sentence, by its id, and how many of the things looked for stand in it."""

    place: str
    start_s: float
    terms: int


@dataclass(frozen=True)
class FoundCall:
    """A call in which all that was looked for was said. ``lines`` are those that hold most of it, of ``total``."""

    call_id: str
    lines: tuple[FoundLine, ...]
    total: int


@dataclass(frozen=True)
class Found:
    """One page of what was found, counted from 1: the call that took place last comes first.

    ``total`` calls in all; in ``behind`` of those that may be looked into, the words are not all known yet.
    """

    items: tuple[FoundCall, ...]
    page: int
    total: int
    behind: int


class Search(Index):
    """The words of the calls of one installation. Safe to share between threads.

    Every method raises Unavailable if the database cannot be reached or cannot do it now.
    """

    def __init__(self, database: Database, log: Log, matters: Matters, master: bytes) -> None:
        super().__init__(database, log, master)
        self._matters = matters

    def find(self, terms: Sequence[Term], looking: Looking, *, now: datetime, page: int = 1) -> Found:
        """The calls in which all of this was said, of those that this person may read now; nothing for no terms."""
        behind = self.catch_up(looking, now=now) if terms else 0
        if not terms:
            return Found((), page, 0, 0)
        with self._database.reading() as connection:
            hits = self._hits(connection, terms, looking, now).cte("hits")
            all_said = (
                sa.select(hits.c.call_id)
                .join_from(hits, calls, calls.c.id == hits.c.call_id)
                .group_by(hits.c.call_id, calls.c.started_at, calls.c.received_at)
                .having(sa.func.count(hits.c.term.distinct()) == len(terms))
                .order_by(sa.func.coalesce(calls.c.started_at, calls.c.received_at).desc(), hits.c.call_id)
            )
            call_ids = connection.execute(all_said).scalars().all()
            shown = call_ids[(page - 1) * A_PAGE : page * A_PAGE]
            found = self._lines(connection, terms, looking, now, shown)
        return Found(found, page, len(call_ids), behind)

    def _lines(
        self, connection: sa.Connection, terms: Sequence[Term], looking: Looking, now: datetime, shown: Sequence[str]
    ) -> tuple[FoundCall, ...]:
        if not shown:
            return ()
        hits = self._hits(connection, terms, looking, now, of=shown).subquery()
        row, count = search_lines.c, sa.func.count(hits.c.term.distinct()).label("terms")
        select = (
            sa.select(row.call_id, row.place, row.start_s, count)
            .join_from(hits, search_lines, row.id == hits.c.id)
            .group_by(row.id)
            .order_by(count.desc(), row.start_s, row.id)
        )
        by_call: dict[str, list[FoundLine]] = {call_id: [] for call_id in shown}
        for call_id, place, start_s, number in connection.execute(select):
            by_call[call_id].append(FoundLine(place, start_s, number))
        return tuple(
            FoundCall(call_id, tuple(sorted(lines[:LINES_SHOWN], key=lambda one: one.start_s)), len(lines))
            for call_id, lines in by_call.items()
        )

    def _hits(
        self,
        connection: sa.Connection,
        terms: Sequence[Term],
        looking: Looking,
        now: datetime,
        *,
        of: Sequence[str] | None = None,
    ) -> sa.CompoundSelect[int, int, str]:
        """The lines in which each of the terms stands, in calls that this person may read."""
        row = search_lines.c
        which = [row.call_id.in_(_readable(looking, now))]
        if of is not None:
            which.append(row.call_id.in_(of))
        is_sqlite = connection.dialect.name == "sqlite"
        return sa.union_all(
            *(
                sa.select(sa.literal(number).label("term"), row.id.label("id"), row.call_id.label("call_id"))
                .join_from(search_words, search_lines, row.id == search_words.c.rowid)
                .where(_matches(self._meant(term, is_sqlite=is_sqlite), is_sqlite=is_sqlite), *which)
                for number, term in enumerate(terms)
            )
        )

    def _meant(self, term: Term, *, is_sqlite: bool) -> str:
        """A term in the database's own words: the row of its hashes, in each of the languages it may be in."""
        rows = dict.fromkeys(
            tuple(self._hash(language, stem(word, language)) for word in term.words) for language in (ANY, *ENDINGS)
        )
        if is_sqlite:
            return " OR ".join(f'"{" ".join(row)}"' for row in rows)
        return " | ".join("(" + " <-> ".join(f"'{one}'" for one in row) + ")" for row in rows)

    def catch_up(self, looking: Looking, *, now: datetime) -> int:
        """Draws anew what the log has said more of since, of the calls of a person; how many are left over."""
        # Whether anything is open still, for the agent of the next call.
        self._matters.catch_up(Whose(looking.person, Role.NEXT_AGENT, looking.only_call), now=now)
        with self._database.reading() as connection:
            behind = connection.execute(behind_in(_readable(looking, now, only_known=False))).scalars().all()
        for call_id in behind[:DRAWN_FIRST]:
            self.draw(call_id)
        return len(behind[DRAWN_FIRST:])


def _matches(meant: str, *, is_sqlite: bool) -> sa.ColumnElement[bool]:
    if is_sqlite:
        return sa.literal_column("search_words").bool_op("MATCH")(meant)
    return search_words.c.words.bool_op("@@")(sa.cast(meant, postgresql.TSQUERY))


_IS_LET_IN = sa.exists().where(open_matters.c.call_id == call_roles.c.call_id) & ~sa.exists().where(
    restrictions.c.call_id == call_roles.c.call_id
)
"""What the agent of the next call reads: what is open, and is not kept without being used."""


def _readable(looking: Looking, now: datetime, *, only_known: bool = True) -> sa.Select[str]:
    """The calls that a person may read now; of those whose words are known and whose record was not erased, where
    only these are asked for."""
    role = call_roles.c
    which = [
        role.person_id == looking.person,
        role.role.in_(MAY_LOOK),
        role.until.is_(None) | (role.until > now),
        (role.role != Role.REVIEWER) | persons.c.is_reviewer,
        (role.role != Role.NEXT_AGENT) | _IS_LET_IN,
        calls.c.own_recording_of.is_(None) & calls.c.same_as.is_(None),
    ]
    if looking.only_call is not None:
        which.append(role.call_id == looking.only_call)
    select = (
        sa.select(role.call_id)
        .join_from(call_roles, persons, persons.c.id == role.person_id)
        .join(calls, calls.c.id == role.call_id)
    )
    if only_known:
        select = select.join(search_calls, search_calls.c.call_id == role.call_id).join(call_keys, HAS_KEY)
    return select.where(*which)
