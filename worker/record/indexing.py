"""The words of calls as they lie in the tables: drawn from the log, beside it, and told by nobody who reads them there.

A word is there as a hash under a key that is made from the master key, and is found by who asks for the same word with
the same key. How often one hash stands there, and beside which others, is to be seen by who has the database, and
nothing else.

The words of a call come with its record, in the same transaction. They are drawn anew before somebody looks for words,
where the log has said more since that could matter: so nobody has to tell that something was corrected, and losing them
loses nothing. Of a record that was erased there are none.
"""

from __future__ import annotations

import hmac
import sqlite3
from base64 import b32encode
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache

import sqlalchemy as sa
import structlog

from worker.core.dialogue.reading import newest_record, read_dialogue
from worker.core.errors import BrokenRecord
from worker.core.record import CallRecord
from worker.core.search.lines import Line, lines_of
from worker.core.search.words import language_of, stem, words_of_record
from worker.record.database import Database
from worker.record.log import Log
from worker.record.matters import THAT_MATTER
from worker.record.tables.calls import calls
from worker.record.tables.log import call_keys, contents, entries
from worker.record.tables.search import search_calls, search_lines, search_words

log = structlog.get_logger()

MOST_WORDS = 16_000  # of one line: PostgreSQL counts no further
LETTERS = 10  # of a hash: 50 bits, so that two words in a hundred million share one
GAP = "0"  # no hash has it
FIRST_WITH_SECURE_DELETE = (3, 42)


class Index:
    """What can be found in the calls of one installation. Safe to share between threads."""

    def __init__(self, database: Database, log: Log, master: bytes) -> None:
        self._database = database
        self._log = log
        self._hash = lru_cache(100_000)(_Hash(hmac.digest(master, b"words that are looked for", "sha256")))

    def lines(self, record: CallRecord) -> tuple[tuple[Line, str], ...]:
        """What can be found in a record that was just made, written out before a transaction is begun."""
        return self._written(record, lines_of(record))

    def _written(self, record: CallRecord, lines: Sequence[Line]) -> tuple[tuple[Line, str], ...]:
        language = language_of(record.language)
        return tuple((line, " ".join(self._hashes(line, language))) for line in lines)

    def _hashes(self, line: Line, language: str) -> Iterator[str]:
        for number, texts in enumerate(line.versions):
            if number:
                yield GAP
            for word in (word for text in texts for word in words_of_record(text)):
                yield GAP if word is None else self._hash(language, stem(word, language))

    def put_in(self, connection: sa.Connection, call_id: str, lines: Sequence[tuple[Line, str]]) -> None:
        """Keeps what can be found in a record, in the transaction in which it was made the last entry of its call."""
        number = connection.execute(
            sa.select(sa.func.max(entries.c.number)).where(entries.c.call_id == call_id)
        ).scalar_one()
        self._replace(connection, call_id, lines, number, connection.execute(_key_of(call_id, number)).scalar())

    def behind(self) -> int:
        """How many calls lack their words, or those of what was said since."""
        with self._database.reading() as connection:
            return len(connection.execute(behind_in(None)).all())

    def index(self, *, counted: Callable[[int], None] = lambda _: None) -> int:
        """Draws the words of all calls that lack them, or lack what was said since; how many those are."""
        with self._database.reading() as connection:
            behind = connection.execute(behind_in(None)).scalars().all()
        for number, call_id in enumerate(behind, start=1):
            self.draw(call_id)
            counted(number)
        return len(behind)

    def forget(self, call_id: str) -> None:
        """Removes every word of a call, for good. Called once its key is destroyed, or its record would be drawn anew
        from what is still to be read."""
        with self._database.writing() as connection:
            _hold(connection, call_id)
            _remove(connection, call_id, for_good=True)
        self._database.forget_removed()

    def draw(self, call_id: str) -> None:
        """Draws the words of a call anew. One whose record does not hold together keeps those that it has."""
        try:
            self._draw(call_id)
        except BrokenRecord as error:
            log.error("search.broken", call=call_id, error=type(error).__name__)

    def _draw(self, call_id: str) -> None:
        items = self._log.items(call_id)
        newest = newest_record(items)
        made_of = max((one.number for one in items if one.kind in THAT_MATTER), default=-1)
        lines: tuple[tuple[Line, str], ...] = ()
        if newest is not None:
            dialogue = read_dialogue(newest[1], items, now=datetime.now(UTC))
            lines = self._written(newest[1], lines_of(newest[1], dialogue))
        with self._database.writing() as connection:
            # The row of the call is held: of two who draw at once, the one who read less gives way.
            _hold(connection, call_id)
            before = connection.execute(
                sa.select(search_calls.c.made_of).where(search_calls.c.call_id == call_id)
            ).scalar()
            if before is None or before <= made_of:
                key_from = connection.execute(_key_of(call_id, newest[0].number)).scalar() if newest and lines else None
                self._replace(connection, call_id, lines, made_of, key_from)

    def _replace(
        self,
        connection: sa.Connection,
        call_id: str,
        lines: Sequence[tuple[Line, str]],
        made_of: int,
        key_from: int | None,
    ) -> None:
        """Without a key nothing is kept: it was erased since it was read."""
        _remove(connection, call_id, for_good=key_from is None)
        row = {"call_id": call_id, "made_of": made_of, "key_from": key_from}
        connection.execute(sa.insert(search_calls).values(row))
        if key_from is None or not lines:
            return
        rows = [{"call_id": call_id, "place": line.place, "start_s": line.start_s} for line, _ in lines]
        new = sa.insert(search_lines).returning(search_lines.c.id, sort_by_parameter_order=True)
        ids = connection.execute(new, rows).scalars().all()
        is_sqlite = connection.dialect.name == "sqlite"
        words = [
            {"rowid": number, "words": text if is_sqlite else _as_vector(text)}
            for number, (_, text) in zip(ids, lines, strict=True)
        ]
        connection.execute(_ADD_ON_SQLITE if is_sqlite else _ADD_ON_POSTGRESQL, words)


class _Hash:
    """The hash of a word of a language."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def __call__(self, language: str, word: str) -> str:
        digest = hmac.digest(self._key, f"{language}:{word}".encode(), "sha256")
        return b32encode(digest).decode()[:LETTERS].lower()


_ADD_ON_SQLITE = sa.text("INSERT INTO search_words (rowid, words) VALUES (:rowid, :words)")
_ADD_ON_POSTGRESQL = sa.text("INSERT INTO search_words (rowid, words) VALUES (:rowid, CAST(:words AS tsvector))")


def _as_vector(text: str) -> str:
    """Words in their order as PostgreSQL writes a vector of them."""
    places: dict[str, list[str]] = {}
    for at, word in enumerate(text.split()[:MOST_WORDS], start=1):
        if word != GAP:
            places.setdefault(word, []).append(str(at))
    return " ".join(f"'{word}':{','.join(at)}" for word, at in places.items())


HAS_KEY = (call_keys.c.call_id == search_calls.c.call_id) & (call_keys.c.key_from == search_calls.c.key_from)
"""The record whose words these are was not erased."""


def behind_in(of: sa.Select[str] | None) -> sa.Select[str]:
    """The calls, of these or of all, of which the log has said more since, or whose record was erased since."""
    of_call = entries.c.call_id == calls.c.id
    news = sa.exists().where(
        of_call, entries.c.kind.in_(THAT_MATTER), entries.c.number > sa.func.coalesce(search_calls.c.made_of, -1)
    )
    lost_key = search_calls.c.key_from.is_not(None) & ~sa.exists().where(HAS_KEY)
    select = sa.select(calls.c.id).outerjoin_from(calls, search_calls, search_calls.c.call_id == calls.c.id)
    if of is not None:
        select = select.where(calls.c.id.in_(of))
    in_order = sa.func.coalesce(calls.c.started_at, calls.c.received_at).desc()
    return select.where(news | lost_key, calls.c.own_recording_of.is_(None)).order_by(in_order, calls.c.id)


def _key_of(call_id: str, number: int) -> sa.Select[int]:
    """The key that seals an entry; none once it was erased."""
    of_entry = (call_keys.c.call_id == contents.c.call_id) & (call_keys.c.key_from == contents.c.key_from)
    select = sa.select(call_keys.c.key_from).join_from(contents, call_keys, of_entry)
    return select.where(contents.c.call_id == call_id, contents.c.number == number)


def _hold(connection: sa.Connection, call_id: str) -> None:
    connection.execute(sa.select(calls.c.id).where(calls.c.id == call_id).with_for_update(key_share=True))


def _remove(connection: sa.Connection, call_id: str, *, for_good: bool) -> None:
    """FTS5 marks what was removed, and takes it out when it writes that part of the index anew: at once with its
    secure-delete, which older SQLites do not have. There the whole of it is written anew where it is for good."""
    of_call = sa.select(search_lines.c.id).where(search_lines.c.call_id == call_id)
    has_any = connection.execute(of_call.limit(1)).scalar() is not None
    connection.execute(sa.delete(search_calls).where(search_calls.c.call_id == call_id))
    if not has_any:
        return
    is_sqlite = connection.dialect.name == "sqlite"
    has_secure_delete = sqlite3.sqlite_version_info >= FIRST_WITH_SECURE_DELETE
    if is_sqlite and has_secure_delete:
        connection.exec_driver_sql("INSERT INTO search_words (search_words, rank) VALUES ('secure-delete', 1)")
    connection.execute(sa.delete(search_words).where(search_words.c.rowid.in_(of_call)))
    connection.execute(sa.delete(search_lines).where(search_lines.c.call_id == call_id))
    if is_sqlite and for_good and not has_secure_delete:
        connection.exec_driver_sql("INSERT INTO search_words (search_words) VALUES ('optimize')")
