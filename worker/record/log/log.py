"""The log of one installation, as the rest of the program uses it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

import sqlalchemy as sa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from worker.core.dialogue.values import Content, Item
from worker.core.errors import BrokenRecord, NotFound
from worker.core.log.entry import Actor, EntryKind
from worker.core.log.whole import Report
from worker.core.record import CallRecord
from worker.record.database import Database
from worker.record.keys import Keys
from worker.record.log import audit, identity, read, tree
from worker.record.log import call_keys as of_calls
from worker.record.log.append import Draft, Group, Tell, Writer, draft, lock
from worker.record.log.read import Held
from worker.record.log.tree import Leaf, Proof, Published
from worker.record.signing import Signer, Verifier
from worker.record.tables.log import call_keys, checkpoints, entries, leaves
from worker.record.vault import Vault, seal


class Log:
    """Every entry of every call. Safe to share between threads; each process has its own.

    An entry is stored when ``append`` returns, included in the one tree by ``include``, and published under a signed
    checkpoint by ``publish``; ``Publisher`` does the last two all the time. Every method raises Unavailable if the
    database cannot be reached, and BrokenRecord for what does not hold together.
    """

    def __init__(self, database: Database, keys: Keys, tell: Tell) -> None:
        self._database, self._keys = database, keys
        self._vault = Vault(keys.master)
        self._signer = Signer(keys.origin, keys.signing)
        self._writer = Writer(self._vault, tell)
        self._group = Group(database, self._writer)

    @property
    def verifier_key(self) -> str:
        """The public key of this log as it is given to those who check copies of it."""
        return self._signer.verifier_key

    @property
    def signer(self) -> Signer:
        """Signs in the name of this log."""
        return self._signer

    def begin(self) -> None:
        """Says whose log this is, or finds it said. Raises BrokenRecord if it is another's: with other keys, nothing
        is written to it."""
        with self._database.reading() as connection:
            is_known = identity.check(connection, self._keys)
        if not is_known:
            with self._database.writing() as connection:
                identity.write(connection, self._keys)

    # Writing

    def append(self, call_id: str, actor: Actor, content: Content, *, by: str | None) -> Item:
        """Adds an entry to a call; when this returns, it is on the disk.

        ``by`` is the name under which the actor is shown; None for a machine. Raises NotFound for a call that is not
        there, Invalid for what cannot be stored. If it raises Unavailable, the entry may have been stored all the same:
        the answer may have been lost, not the entry.
        """
        new = draft(call_id, actor, content, by)
        entry = self._group.append(new)
        return read.item_of(entry, by, content)

    def append_in(self, connection: sa.Connection, *drafts: Draft) -> None:
        """Adds what a machine has to say within a transaction of the store: stored if that is kept."""
        self._writer.write(connection, drafts)

    def erase(self, call_id: str) -> None:
        """Erases what all entries of a call so far say, for good. The entries themselves stay and still prove that
        something stood there; what is appended later has a key of its own."""
        with self._database.writing() as connection:
            lock(connection, [call_id])  # what is being appended is sealed before, or with the next key
            connection.execute(sa.delete(call_keys).where(call_keys.c.call_id == call_id))
        self._database.forget_removed()

    # Keys of calls, for what lies sealed beside the log

    def hold_in(self, connection: sa.Connection, call_id: str) -> None:
        """Makes everybody wait who writes entries of a call or changes its keys, until the transaction ends.

        Raises NotFound for a call that is not there."""
        lock(connection, [call_id])

    def seal_in(self, connection: sa.Connection, call_id: str, plain: bytes, *, about: str) -> tuple[int, bytes]:
        """What is sealed under the key with which a call goes on, and the number of that key; made where it has none.

        Raises NotFound for a call that is not there.
        """
        number, key = of_calls.newest(connection, self._vault, call_id)
        return number, seal(key, plain, about=about)

    def key_in(self, connection: sa.Connection, call_id: str, key_from: int) -> AESGCM:
        """A key of a call by its number. Raises NotFound once it was erased."""
        return of_calls.of_number(connection, self._vault, call_id, key_from)

    def newest_key(self, call_id: str) -> tuple[int, AESGCM]:
        """The number and the key with which a call goes on; made where it has none, as after ``erase``.

        Raises NotFound for a call that is not there.
        """
        with self._database.writing() as connection:
            return of_calls.newest(connection, self._vault, call_id)

    def key(self, call_id: str, key_from: int) -> AESGCM:
        """A key of a call by its number. Raises NotFound once it was erased."""
        with self._database.reading() as connection:
            return of_calls.of_number(connection, self._vault, call_id, key_from)

    def hidden_name(self, of: str) -> str:
        """A name under which something of this installation lies sealed; it tells nothing to who has no key."""
        return self._vault.hidden_name(of)

    # Reading

    def items(self, call_id: str, since: int = 0, *, with_record: bool = True) -> tuple[Item, ...]:
        """The entries of a call from number ``since`` on, with what they say; empty for a call that is not there.

        Without the record, entries of the kind MADE come without content, as erased ones do: opening it twice takes as
        long as everything else together.
        """
        which = (entries.c.call_id == call_id) & (entries.c.number >= since)
        with self._database.reading() as connection:
            found = read.items(connection, self._vault, which, with_record=with_record)
        if [item.number for item in found] != list(range(since, since + len(found))):
            raise BrokenRecord("An entry of this record is missing. `onrecord verify` says which.")
        return tuple(found)

    def held(self, call_id: str, start: int = 0, end: int | None = None) -> tuple[Held, ...]:
        """The entries ``[start, end)`` of a call as they are hashed, with the salts and bodies of their contents."""
        which = (entries.c.call_id == call_id) & (entries.c.number >= start)
        if end is not None:
            which &= entries.c.number < end
        with self._database.reading() as connection:
            return tuple(read.held(connection, self._vault, which))

    def counts(self, call_ids: Collection[str]) -> dict[str, int]:
        """How many entries each of these calls has; one that has none is left out."""
        number = (sa.func.max(entries.c.number) + 1).label("size")
        select = sa.select(entries.c.call_id, number).where(entries.c.call_id.in_(call_ids))
        with self._database.reading() as connection:
            return {row.call_id: row.size for row in connection.execute(select.group_by(entries.c.call_id))}

    def record(self, call_id: str) -> CallRecord | None:
        """The newest record that the stages made of a call; None if there is none, or if it was erased."""
        made = sa.select(sa.func.max(entries.c.number)).where(
            entries.c.call_id == call_id, entries.c.kind == EntryKind.MADE
        )
        which = (entries.c.call_id == call_id) & (entries.c.number == made.scalar_subquery())
        with self._database.reading() as connection:
            found = read.items(connection, self._vault, which, with_record=True)
        content = found[0].content if found else None
        return content if isinstance(content, CallRecord) else None

    # The tree

    def include(self) -> int:
        """Takes what is stored into the tree; how many entries it were. Any number of processes may do so at once."""
        included = 0
        while self._is_something_new():
            with self._database.writing() as connection:
                taken = tree.include(connection)
            included += taken
            if taken < tree.INCLUDED_AT_ONCE:
                break
        return included

    def publish(self, now: datetime) -> Published | None:
        """Signs the head of the tree at an instant in UTC; None if nothing is new since the last checkpoint."""
        if not self._is_something_new():
            return None
        with self._database.writing() as connection:
            return tree.publish(connection, self._signer, now)

    def _is_something_new(self) -> bool:
        """Read before any lock is taken: most of the time there is nothing to do."""
        with self._database.reading() as connection:
            return tree.is_something_new(connection)

    def leaves(self, start: int, end: int) -> tuple[Leaf, ...]:
        """The leaves of the tree at the positions ``[start, end)``, as far as there are."""
        return self._leaves((leaves.c.position >= start) & (leaves.c.position < end))

    def leaves_of(self, call_id: str) -> tuple[Leaf, ...]:
        """Where the entries of a call stand in the tree, by position; those not included yet are not among them."""
        return self._leaves(leaves.c.call_id == call_id)

    def _leaves(self, which: sa.ColumnElement[bool]) -> tuple[Leaf, ...]:
        with self._database.reading() as connection:
            rows = connection.execute(sa.select(leaves).where(which).order_by(leaves.c.position))
            return tuple(tree.as_leaf(row) for row in rows)

    def checkpoints(self) -> tuple[Published, ...]:
        """All checkpoints, the smallest first."""
        with self._database.reading() as connection:
            rows = connection.execute(sa.select(checkpoints).order_by(checkpoints.c.size))
            return tuple(tree.as_published(row) for row in rows)

    def latest_checkpoint(self) -> Published | None:
        """The newest checkpoint; None before the first."""
        with self._database.reading() as connection:
            return tree.latest(connection)

    def checkpoint(self, size: int) -> Published:
        """The checkpoint of the tree at this size. Raises NotFound if none was signed then."""
        with self._database.reading() as connection:
            row = connection.execute(sa.select(checkpoints).where(checkpoints.c.size == size)).one_or_none()
        if row is None:
            raise NotFound("The log has no checkpoint of this size.")
        return tree.as_published(row)

    def proofs(self, call_id: str, size: int) -> tuple[Proof, ...]:
        """That each entry of a call is in the tree of a size, by number; those included later are not among them."""
        found = sorted((leaf for leaf in self.leaves_of(call_id) if leaf.position < size), key=lambda leaf: leaf.number)
        with self._database.reading() as connection:
            return tree.inclusion(connection, found, size)

    def audit(
        self, *, key: str | None = None, since: str | None = None, counted: Callable[[int], None] | None = None
    ) -> Report:
        """Checks everything that the log holds. ``key`` is the public key that the checker was given, else this log's
        own; ``since`` a checkpoint that the checker kept; ``counted`` is told how many entries were read so far."""
        verifier = Verifier.from_key(key or self.verifier_key)
        return audit.audit(self._database, self._vault, verifier.open, since=since, counted=counted)

    def consistency(self, old_size: int, new_size: int) -> tuple[bytes, ...]:
        """That the tree of the new size begins with the tree of the old one."""
        with self._database.reading() as connection:
            return tree.consistency(connection, old_size, new_size)
