"""Alters a small installation in ways that are open to whoever has its disk, and shows what `onrecord verify` says.

The installation is real: SQLite in a temporary folder, entries written by the program itself. Each row of the table
takes a fresh copy of it, alters that behind the program's back (triggers dropped, plain SQL, bytes of a zip; some rows
with the installation's own keys), and checks it as `onrecord verify` does; a copy
is checked by the program that lies in it too, and both have to find it. Exit status 1 if an alteration is not found,
or not where it was made.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import shutil
import sqlite3
import sys
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from worker.core.arrival import Handover
from worker.core.call import CallDetails, Party
from worker.core.dialogue.values import Act, Added, Annotation, KeptFile, Looked, Way, WholeCall
from worker.core.log.checkpoint import make_checkpoint
from worker.core.log.entry import Actor, Entry, EntryKind, Role, hash_of_content
from worker.core.log.findings import Finding
from worker.core.log.merkle import Frontier, root_of
from worker.core.record import SCHEMA_VERSION, CallRecord, MadeBy, RecordingSummary
from worker.core.summary import Summary
from worker.core.transcript import Layout, Turn, Word
from worker.exchange.package import standalone, write_package
from worker.exchange.package.form import MANIFEST, ListedCall, read_manifest
from worker.exchange.vcon.sealing import VconSigner, new_key
from worker.proof import check_copy, check_log
from worker.record.files import FileStore
from worker.record.keys import Keys
from worker.record.log.contents import content_place, key_place
from worker.record.signing import Signer, Verifier
from worker.record.sounds import SoundStore
from worker.record.store import Store
from worker.record.vault import Vault, seal
from worker.web.packing.gathering import Gatherer, Wanted

KEYS = Keys.generate("records.example.com/log")
CUSTOMER, AGENT = Actor(Role.CUSTOMER, "p-customer"), Actor(Role.AGENT, "p-agent")
STRANGER = Signer(KEYS.origin, bytes(32))
Where = Callable[[Finding], bool]


@dataclass(frozen=True)
class Row:
    """One alteration: what was altered, whether it was found where it was made, and the finding that says so."""

    what: str
    is_found: bool
    said: str
    findings: int


# The installation


@dataclass(frozen=True)
class Built:
    """The installation in a folder, the call that is altered, checkpoints that a customer kept, and its copy."""

    folder: Path
    call: str
    early: str
    late: str
    earlier_folder: Path
    package: Path


def open_store(folder: Path) -> Store:
    store = Store(f"sqlite:///{folder / 'onrecord.db'}", KEYS)
    store.migrate()
    return store


def build(folder: Path) -> Built:
    now = folder / "now"
    now.mkdir()
    with closing(open_store(now)) as store:
        sounds = SoundStore(now / "sounds", store.sound_keys)
        files = FileStore(sounds.blobs, store.log)
        calls = [accept(store, sounds, name) for name in ("first", "second")]
        said = ["That is not what was agreed.", "It was on Tuesday.", "Here is the letter.", "I did not get one."]
        for number, text in enumerate(said):
            for call in calls:
                store.log.append(call, CUSTOMER, Annotation(Act.ADD, WholeCall(), text), by="Ada")
                store.log.append(call, AGENT, Looked(Way.PAGE), by="Ben")
            publish(store)
            if number == 1:
                early = newest(store)
                copy_folder(now, folder / "earlier")
        invoice = b"%PDF-1.7 an invoice"
        kept = files.keep(calls[0], io.BytesIO(invoice))
        file = KeptFile(kept.sha256, "invoice.pdf", "application/pdf", kept.size_bytes)
        store.log.append(calls[0], CUSTOMER, Added(file=file), by="Ada")
        publish(store)
        make_record(store, sounds, calls[0], now)
        size, at = store.log.checkpoints()[1].size, datetime.now(UTC)
        signer = VconSigner.from_pem(new_key("records.example.com", at))
        gatherer = Gatherer(store, sounds, files, "https://records.example.com", lambda: signer)
        contents = gatherer.gather(Wanted([calls[0]], (), "en", at, since=size), now)
        write_package(contents, folder / "copy.zip", store.log.signer.sign)
        late = newest(store)
    return Built(now, calls[0], early, late, folder / "earlier", folder / "copy.zip")


def accept(store: Store, sounds: SoundStore, name: str) -> str:
    kept = sounds.keep(io.BytesIO(f"RIFF the sound of the {name} call".encode() * 50))
    handover = Handover(CallDetails(external_id=name))
    return store.accept(handover, kept.arrived(f"{name}.wav"), first_stage="decode").call_id


def make_record(store: Store, sounds: SoundStore, call: str, folder: Path) -> None:
    """What the stages would make of the call, and its sound for listening."""
    words = tuple(Word(text, at / 2, at / 2 + 0.4, 0.9) for at, text in enumerate(["It", "was", "on", "Tuesday."]))
    turn = Turn("t1", Party.CUSTOMER, "track 0", 0, 0.0, 2.5, " ".join(one.text for one in words), words)
    record = CallRecord(
        schema_version=SCHEMA_VERSION,
        external_id="first",
        started_at=None,
        zone=None,
        recording=RecordingSummary("0" * 64, "first.wav", 2.5, 1, 8000, "PCM_16"),
        layout=Layout.MIXED,
        language="en",
        language_confidence=0.9,
        parties=(),
        holds=(),
        turns=(turn,),
        summary=Summary(()),
        warnings=(),
        made_by=(MadeBy("publish", None, "onrecord", 0.1),),
    )
    (folder / "copy.flac").write_bytes(b"fLaC of the first call")
    sounds.put_copy(call, folder / "copy.flac")
    store.begin(call, "decode", worker="tamper", lease_s=60, now=datetime.now(UTC))
    store.finish(call, "decode", worker="tamper", value=record, made_by=record.made_by[0], next_stage=None)


def publish(store: Store) -> None:
    store.log.include()
    store.log.publish(datetime.now(UTC))


def newest(store: Store) -> str:
    return store.log.checkpoints()[-1].note


def copy_folder(source: Path, to: Path) -> None:
    """A copy of the database as another process sees it, and of what lies beside it."""
    shutil.copytree(source, to, ignore=shutil.ignore_patterns("onrecord.db*"))
    with (
        closing(sqlite3.connect(source / "onrecord.db")) as here,
        closing(sqlite3.connect(to / "onrecord.db")) as there,
    ):
        here.backup(there)


# Altering the database


class Disk:
    """The database in the hands of somebody who has its file, and perhaps the keys."""

    def __init__(self, connection: sqlite3.Connection, call: str) -> None:
        self.do, self.call = connection.execute, call
        for (trigger,) in self.do("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            self.do(f"DROP TRIGGER {trigger}")

    def one(self, sql: str, *values: object) -> bytes:
        (found,) = self.do(sql, values).fetchone()
        return bytes(found)

    def entry(self, number: int) -> Entry:
        query = "SELECT role, person, at, kind, content_hash, before FROM entries WHERE call_id = ? AND number = ?"
        role, person, at, kind, content, before = self.do(query, (self.call, number)).fetchone()
        instant = datetime.fromisoformat(at).replace(tzinfo=UTC)
        return Entry(self.call, number, Actor(Role(role), person), instant, EntryKind(kind), content, before)

    def write(self, entry: Entry) -> None:
        """Writes an entry over the one that stands there, its own hash fitting."""
        self.do(
            "UPDATE entries SET role = ?, person = ?, at = ?, content_hash = ?, before = ?, hash = ? "
            "WHERE call_id = ? AND number = ?",
            (
                entry.actor.role.value,
                entry.actor.person,
                entry.at.replace(tzinfo=None).isoformat(" ", "microseconds"),
                entry.content_hash,
                entry.before,
                entry.hash,
                entry.call_id,
                entry.number,
            ),
        )

    def count(self) -> int:
        (count,) = self.do("SELECT count(*) FROM entries WHERE call_id = ?", (self.call,)).fetchone()
        return int(count)

    def relink(self, number: int) -> None:
        """Makes every entry after this one fit to the one before it."""
        for after in range(number + 1, self.count()):
            self.write(replace(self.entry(after), before=self.entry(after - 1).hash))

    def forge(self, number: int) -> None:
        """With the master key: another content, sealed as it should be, and every link after it."""
        salt, body = bytes(32), b'{"by":"Ada","content":{}}'
        query = "SELECT key_from, sealed FROM call_keys WHERE call_id = ?"
        key_from, sealed_key = self.do(query, (self.call,)).fetchone()
        key = Vault(KEYS.master).open_key(sealed_key, key_place(self.call, key_from))
        sealed = seal(key, salt + body, about=content_place(self.call, number))
        self.do("UPDATE contents SET sealed = ? WHERE call_id = ? AND number = ?", (sealed, self.call, number))
        self.write(replace(self.entry(number), content_hash=hash_of_content(salt, body)))
        self.relink(number)

    def leaves(self) -> list[bytes]:
        return [bytes(one) for (one,) in self.do("SELECT hash FROM leaves ORDER BY position")]

    def regrow(self) -> None:
        """Makes leaves fit to entries, and the nodes over them to the leaves."""
        self.do(
            "UPDATE leaves SET hash = (SELECT e.hash FROM entries e "
            "WHERE e.call_id = leaves.call_id AND e.number = leaves.number)"
        )
        self.do("DELETE FROM tree_nodes")
        tree = Frontier()
        for leaf in self.leaves():
            tree, made = tree.grow(leaf)
            rows = [(node.level, node.index, node.hash) for node in made[1:]]
            self.do_many('INSERT INTO tree_nodes (level, "index", hash) VALUES (?, ?, ?)', rows)

    def do_many(self, sql: str, rows: Sequence[tuple[object, ...]]) -> None:
        for row in rows:
            self.do(sql, row)

    def remove(self, number: int) -> None:
        for table in ("contents", "not_included", "entries"):
            self.on(table, "DELETE FROM TABLE WHERE call_id = ? AND number = ?", self.call, number)

    def on(self, table: str, sql: str, *values: object) -> None:
        """A statement with TABLE for the table's name."""
        self.do(sql.replace("TABLE", table), values)

    def renumber(self, old: int, new: int) -> None:
        """Gives an entry, its content and its leaf another number."""
        for table in ("entries", "contents", "leaves"):
            self.on(table, "UPDATE TABLE SET number = ? WHERE call_id = ? AND number = ?", new, self.call, old)

    def repeat(self, number: int, new: int) -> None:
        """Adds an entry that is like another but for its number."""
        columns = "role, person, at, kind, content_hash, before, hash"
        sql = "INSERT INTO TABLE (call_id, number, COLUMNS) SELECT call_id, ?, COLUMNS FROM TABLE WHERE call_id = ? "
        self.on("entries", sql.replace("COLUMNS", columns) + "AND number = ?", new, self.call, number)
        self.do("INSERT INTO not_included (call_id, number) VALUES (?, ?)", (self.call, new))

    def place(self, number: int) -> int:
        query = "SELECT position FROM leaves WHERE call_id = ? AND number = ?"
        return int(self.do(query, (self.call, number)).fetchone()[0])

    def sign_again(self, signer: Signer, leaves: list[bytes]) -> int:
        """Puts another checkpoint in the place of the newest; its size."""
        (size,) = self.do("SELECT max(size) FROM checkpoints").fetchone()
        root, now = root_of(leaves[:size]), datetime.now(UTC)
        note = signer.sign(make_checkpoint(signer.name, size, root, now).encode())
        at = now.replace(tzinfo=None).isoformat(" ", "microseconds")
        self.do("UPDATE checkpoints SET root = ?, note = ?, at = ? WHERE size = ?", (root, note, at, size))
        return int(size)


def flipped(data: bytes) -> bytes:
    return bytes([data[0] ^ 1]) + data[1:]


def at_entry(call: str, number: int) -> Where:
    return lambda finding: (finding.call, finding.number) == (call, number)


def at_leaf(position: int) -> Where:
    return lambda finding: finding.leaf == position


def at_checkpoint(size: int) -> Where:
    return lambda finding: finding.checkpoint == size


def saying(words: str) -> Where:
    return lambda finding: words in finding.what


def flip_content(disk: Disk) -> Where:
    query = "SELECT sealed FROM contents WHERE call_id = ? AND number = 3"
    sealed = flipped(disk.one(query, disk.call))
    disk.do("UPDATE contents SET sealed = ? WHERE call_id = ? AND number = 3", (sealed, disk.call))
    return at_entry(disk.call, 3)


def swap_contents(disk: Disk) -> Where:
    query = "SELECT sealed FROM contents WHERE call_id = ? AND number = ?"
    sealed = disk.one(query, disk.call, 2), disk.one(query, disk.call, 4)
    for number, one in zip((4, 2), sealed, strict=True):
        disk.do("UPDATE contents SET sealed = ? WHERE call_id = ? AND number = ?", (one, disk.call, number))
    return at_entry(disk.call, 2)


def remove_content(disk: Disk) -> Where:
    disk.do("DELETE FROM contents WHERE call_id = ? AND number = 3", (disk.call,))
    return at_entry(disk.call, 3)


def flip_key(disk: Disk) -> Where:
    sealed = flipped(disk.one("SELECT sealed FROM call_keys WHERE call_id = ?", disk.call))
    disk.do("UPDATE call_keys SET sealed = ? WHERE call_id = ?", (sealed, disk.call))
    return at_entry(disk.call, 0)


def change_role(disk: Disk) -> Where:
    disk.do("UPDATE entries SET role = 'reviewer' WHERE call_id = ? AND number = 3", (disk.call,))
    return at_entry(disk.call, 3)


def change_instant(disk: Disk) -> Where:
    entry = disk.entry(3)
    disk.write(replace(entry, at=entry.at - timedelta(days=1)))
    return at_entry(disk.call, 3)


def change_person(disk: Disk) -> Where:
    disk.write(replace(disk.entry(3), actor=Actor(Role.CUSTOMER, "p-another")))
    disk.relink(3)
    return at_entry(disk.call, 3)


def spoil_type(disk: Disk) -> Where:
    disk.do("UPDATE entries SET content_hash = 'none', at = 'never' WHERE call_id = ? AND number = 3", (disk.call,))
    return at_entry(disk.call, 3)


def forge_content(disk: Disk) -> Where:
    disk.forge(3)
    return at_entry(disk.call, 3)


def forge_tree(disk: Disk) -> Where:
    position = disk.place(3)
    disk.forge(3)
    disk.regrow()
    (size,) = disk.do("SELECT min(size) FROM checkpoints WHERE size > ?", (position,)).fetchone()
    return at_checkpoint(size)


def remove_entry(disk: Disk) -> Where:
    disk.remove(3)
    return at_entry(disk.call, 3)


def remove_last_entry(disk: Disk) -> Where:
    position, last = disk.place(disk.count() - 1), disk.count() - 1
    disk.remove(last)
    return at_leaf(position)


def remove_entry_and_leaf(disk: Disk) -> Where:
    last = disk.count() - 1
    position = disk.place(last)
    disk.do("DELETE FROM leaves WHERE position = ?", (position,))
    disk.do("UPDATE leaves SET position = position - 1 WHERE position > ?", (position,))
    disk.remove(last)
    disk.regrow()
    (size,) = disk.do("SELECT min(size) FROM checkpoints WHERE size > ?", (position,)).fetchone()
    return at_checkpoint(size)


def remove_call(disk: Disk) -> Where:
    position = disk.place(0)
    for table in ("contents", "entries", "call_keys", "stage_runs"):
        disk.on(table, "DELETE FROM TABLE WHERE call_id = ?", disk.call)
    disk.do("DELETE FROM calls WHERE id = ?", (disk.call,))
    return at_leaf(position)


def swap_entries(disk: Disk) -> Where:
    for old, new in ((3, -1), (4, 3), (-1, 4)):
        disk.renumber(old, new)
    return at_entry(disk.call, 3)


def add_between(disk: Disk) -> Where:
    for number in reversed(range(3, disk.count())):
        disk.renumber(number, number + 1)
    disk.repeat(2, 3)
    return at_entry(disk.call, 3)


def add_at_end(disk: Disk) -> Where:
    last = disk.entry(disk.count() - 1)
    disk.repeat(last.number, last.number + 1)
    disk.write(replace(last, number=last.number + 1, before=last.hash, at=last.at - timedelta(days=30)))
    return at_entry(disk.call, last.number + 1)


def flip_leaf(disk: Disk) -> Where:
    position = disk.place(3)
    leaf = flipped(disk.one("SELECT hash FROM leaves WHERE position = ?", position))
    disk.do("UPDATE leaves SET hash = ? WHERE position = ?", (leaf, position))
    return at_entry(disk.call, 3)


def swap_leaves(disk: Disk) -> Where:
    for old, new in ((3, -1), (4, 3), (-1, 4)):
        disk.do("UPDATE leaves SET position = ? WHERE position = ?", (new, old))
    return at_leaf(3)


def forget_entry(disk: Disk) -> Where:
    """Takes the last entry out of the tree that no checkpoint covers, and from those that wait for it."""
    last = disk.count() - 1
    disk.do("DELETE FROM leaves WHERE call_id = ? AND number = ?", (disk.call, last))
    return at_entry(disk.call, last)


def flip_node(disk: Disk) -> Where:
    node = flipped(disk.one('SELECT hash FROM tree_nodes WHERE level = 2 AND "index" = 1'))
    disk.do('UPDATE tree_nodes SET hash = ? WHERE level = 2 AND "index" = 1', (node,))
    return at_leaf(7)


def change_checkpoint(disk: Disk) -> Where:
    (size, note) = disk.do("SELECT size, note FROM checkpoints ORDER BY size LIMIT 1").fetchone()
    disk.do("UPDATE checkpoints SET note = ? WHERE size = ?", (note.replace("time 2", "time 1"), size))
    return at_checkpoint(size)


def change_beside_checkpoint(disk: Disk) -> Where:
    (size,) = disk.do("SELECT min(size) FROM checkpoints").fetchone()
    disk.do("UPDATE checkpoints SET root = zeroblob(32) WHERE size = ?", (size,))
    return at_checkpoint(size)


def sign_as_stranger(disk: Disk) -> Where:
    return at_checkpoint(disk.sign_again(STRANGER, disk.leaves()))


def fork_tree(disk: Disk) -> Where:
    leaves = disk.leaves()
    leaves[3] = bytes(32)
    return at_checkpoint(disk.sign_again(Signer(KEYS.origin, KEYS.signing), leaves))


def resign_all(disk: Disk) -> Where:
    """With all keys: a content is forged, the tree grown anew, and every checkpoint signed again."""
    disk.forge(1)
    disk.regrow()
    signer, leaves = Signer(KEYS.origin, KEYS.signing), disk.leaves()
    for size, at in disk.do("SELECT size, at FROM checkpoints").fetchall():
        instant, root = datetime.fromisoformat(at).replace(tzinfo=UTC), root_of(leaves[:size])
        note = signer.sign(make_checkpoint(signer.name, size, root, instant).encode())
        disk.do("UPDATE checkpoints SET root = ?, note = ? WHERE size = ?", (root, note, size))
    return saying("forked")


def remove_newest_checkpoint(disk: Disk) -> Where:
    disk.do("DELETE FROM checkpoints WHERE size = (SELECT max(size) FROM checkpoints)")
    return saying("put back to an earlier state")


IN_DATABASE: tuple[tuple[str, Callable[[Disk], Where]], ...] = (
    ("one bit of a sealed content", flip_content),
    ("the contents of two entries change places", swap_contents),
    ("a content is removed, its key left", remove_content),
    ("one bit of the sealed key of a call", flip_key),
    ("the role in an entry", change_role),
    ("the instant of an entry, its hash made to fit", change_instant),
    ("the person in an entry, all links made to fit", change_person),
    ("no hash and no instant where they should be", spoil_type),
    ("a content forged with the master key, all links made to fit", forge_content),
    ("the same, and the whole tree made to fit", forge_tree),
    ("an entry is removed", remove_entry),
    ("the last entry of a call is removed", remove_last_entry),
    ("the last entry and its leaf are removed, the tree made to fit", remove_entry_and_leaf),
    ("a whole call is removed", remove_call),
    ("two entries change places", swap_entries),
    ("an entry is added between others", add_between),
    ("an entry is added at the end, dated back", add_at_end),
    ("one bit of a leaf", flip_leaf),
    ("two leaves change places", swap_leaves),
    ("an entry is taken out of the tree", forget_entry),
    ("one bit of a node from which proofs are made", flip_node),
    ("one digit of a checkpoint", change_checkpoint),
    ("the root that is kept beside a checkpoint", change_beside_checkpoint),
    ("a checkpoint signed by another key", sign_as_stranger),
    ("a checkpoint of a forked tree, signed with the real key", fork_tree),
)
AGAINST_KEPT: tuple[tuple[str, Callable[[Disk], Where]], ...] = (
    ("history forged and signed again with all keys; the checker kept a checkpoint", resign_all),
    ("the newest checkpoint removed; the checker kept it", remove_newest_checkpoint),
)


def try_in_database(
    what: str, alter: Callable[[Disk], Where], built: Built, scratch: Path, since: str | None = None
) -> Row:
    folder = scratch / hashlib.sha256(what.encode()).hexdigest()[:8]
    copy_folder(built.folder, folder)
    with closing(sqlite3.connect(folder / "onrecord.db")) as connection:
        where = alter(Disk(connection, built.call))
        connection.commit()
    return row(what, audit(folder, since), where)


def audit(folder: Path, since: str | None) -> tuple[Finding, ...]:
    with closing(Store(f"sqlite:///{folder / 'onrecord.db'}", KEYS)) as store:
        return check_log(store.log, key=None, since=since).findings


def row(what: str, findings: tuple[Finding, ...], where: Where) -> Row:
    found = next((one for one in findings if where(one)), None)
    said = found.sentence if found is not None else findings[0].sentence if findings else ""
    return Row(what, found is not None, said, len(findings))


# Altering a copy

Parts = dict[str, bytes]


def change(name: str, old: bytes, new: bytes) -> Callable[[Parts], None]:
    def alter(parts: Parts) -> None:
        if old not in parts[name]:
            raise ValueError(f"{name} has no such bytes to alter")
        parts[name] = parts[name].replace(old, new, 1)

    return alter


ENTRIES = "proof/entries.jsonl"


def swap_proofs(parts: Parts) -> None:
    lines = [json.loads(line) for line in parts[ENTRIES].splitlines()]
    lines[1]["proof"], lines[2]["proof"] = lines[2]["proof"], lines[1]["proof"]
    parts[ENTRIES] = b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def cut_last_entry(parts: Parts) -> None:
    lines = parts[ENTRIES].splitlines(keepends=True)
    parts[ENTRIES] = b"".join(lines[:-1])
    del parts[f"proof/contents/{len(lines) - 1:04d}.json"]


def swap_lines(parts: Parts) -> None:
    lines = parts[ENTRIES].splitlines(keepends=True)
    lines[1], lines[2] = lines[2], lines[1]
    parts[ENTRIES] = b"".join(lines)


def list_anew(alter: Callable[[Parts], None]) -> Callable[[Parts], None]:
    """The same, with a list of files that fits, signed with the real key."""

    def altered(parts: Parts) -> None:
        signer = Signer(KEYS.origin, KEYS.signing)
        manifest = read_manifest(Verifier.from_key(signer.verifier_key).open(parts[MANIFEST].decode()))
        alter(parts)
        hashes = {name: hashlib.sha256(data).hexdigest() for name, data in parts.items() if name != MANIFEST}
        count = parts[ENTRIES].count(b"\n")
        parts[MANIFEST] = signer.sign(
            replace(manifest, members=hashes, calls=[ListedCall(manifest.calls[0].call_id, count)]).encode()
        ).encode()

    return altered


def withhold(parts: Parts) -> None:
    signer = Signer(KEYS.origin, KEYS.signing)
    manifest = read_manifest(Verifier.from_key(signer.verifier_key).open(parts[MANIFEST].decode()))
    parts[MANIFEST] = signer.sign(replace(manifest, calls=[replace(manifest.calls[0], withheld=[1])]).encode()).encode()


def sign_all_as_stranger(parts: Parts) -> None:
    real = Verifier.from_key(Signer(KEYS.origin, KEYS.signing).verifier_key)
    for name in ("proof/checkpoint.txt", "proof/earlier.txt", MANIFEST):
        parts[name] = STRANGER.sign(real.open(parts[name].decode())).encode()
    parts["proof/log.pub"] = STRANGER.verifier_key.encode()


def fork_earlier(parts: Parts) -> None:
    signer = Signer(KEYS.origin, KEYS.signing)
    size = int(parts["proof/earlier.txt"].split(b"\n")[1])
    checkpoint = make_checkpoint(signer.name, size, bytes(32), datetime(2026, 1, 1, tzinfo=UTC))
    parts["proof/earlier.txt"] = signer.sign(checkpoint.encode()).encode()


def in_file(name: str) -> Where:
    return lambda finding: finding.file == name


def numbered(number: int) -> Where:
    return lambda finding: finding.number == number


LETTER = change("proof/contents/0001.json", b"not what", b"now what")
IN_COPY: tuple[tuple[str, Callable[[Parts], None], Where], ...] = (
    ("one letter of a content", LETTER, numbered(1)),
    ("the same, listed anew with the real key", list_anew(LETTER), numbered(1)),
    ("one letter of an entry", change(ENTRIES, b"p-customer", b"p-custoner"), numbered(1)),
    (
        "one letter of the checkpoint",
        change("proof/checkpoint.txt", b"time 2", b"time 3"),
        in_file("proof/checkpoint.txt"),
    ),
    ("the proofs of two entries swapped, listed anew", list_anew(swap_proofs), numbered(1)),
    ("two entries swapped, listed anew", list_anew(swap_lines), numbered(1)),
    ("the last entry cut off", cut_last_entry, saying("another number of entries")),
    ("everything signed by another key", sign_all_as_stranger, in_file("proof/checkpoint.txt")),
    ("an earlier checkpoint of another tree, listed anew", list_anew(fork_earlier), in_file("proof/consistency.json")),
    (
        "a content that stays out is named on the list, and is there, listed anew",
        withhold,
        numbered(1),
    ),
    ("one byte of the sound", change("sound.flac", b"first", b"worst"), in_file("sound.flac")),
    (
        "one letter of an added file, listed anew",
        list_anew(change("files/0009-invoice.pdf", b"invoice", b"invoise")),
        in_file("files/0009-invoice.pdf"),
    ),
    ("one letter of the Web Annotations", change("annotations.json", b"anno", b"ammo"), in_file("annotations.json")),
    ("one letter of the page", change("index.html", b"Tuesday", b"Thursday"), in_file("index.html")),
    ("one letter of the document", change("transcript.pdf", b"%PDF-1", b"%PDF-2"), in_file("transcript.pdf")),
    ("one letter of the vCon", change("record.vcon.json", b"e", b"f"), in_file("record.vcon.json")),
    ("the program that checks it", change("verify.py", b"if check.wrong", b"if 0"), in_file("verify.py")),
    ("one letter of the README", change("README.txt", b"needs", b"wants"), in_file("README.txt")),
    (
        "a file removed",
        lambda parts: parts.pop("proof/contents/0002.json") and None,
        in_file("proof/contents/0002.json"),
    ),
    ("a file added", lambda parts: parts.update({"files/0001-more.pdf": b"%PDF"}), in_file("files/0001-more.pdf")),
)


def try_in_copy(what: str, alter: Callable[[Parts], None], where: Where, built: Built, scratch: Path) -> Row:
    with zipfile.ZipFile(built.package) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    alter(parts)
    path = scratch / "altered.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    found = row(f"copy: {what}", verify_copy(path), where)
    return replace(found, is_found=found.is_found and bool(verify_alone(path)))


def try_cut_copy(built: Built, scratch: Path) -> Row:
    path = scratch / "altered.zip"
    path.write_bytes(built.package.read_bytes()[:-1000])
    return row("copy: the zip cut off", verify_copy(path), saying("damaged or cut off"))


def verify_alone(path: Path) -> list[str]:
    """What the program that lies in every package finds, with the key that the company publishes."""
    key = standalone.read_key(Signer(KEYS.origin, KEYS.signing).verifier_key)
    check = standalone.Check(standalone.Members(path), key)
    check.run()
    return check.wrong


def verify_copy(path: Path) -> tuple[Finding, ...]:
    return check_copy(path, key=Signer(KEYS.origin, KEYS.signing).verifier_key, since=None).findings


# The table


def tamper(scratch: Path) -> list[Row]:
    """Every alteration, and before them that nothing is found where nobody altered anything."""
    built = build(scratch)
    unaltered = (audit(built.folder, built.early), audit(built.folder, built.late), verify_copy(built.package))
    rows = [Row("nothing", False, found[0].sentence, len(found)) for found in unaltered if found]
    rows += [Row("nothing, by the copy's own program", False, one, 1) for one in verify_alone(built.package)]
    rows += [try_in_database(what, alter, built, scratch) for what, alter in IN_DATABASE]
    rows += [try_in_database(what, alter, built, scratch, built.late) for what, alter in AGAINST_KEPT]
    put_back = audit(built.earlier_folder, built.late)
    rows.append(
        row("all of it put back to an earlier backup; the checker kept a checkpoint", put_back, saying("put back"))
    )
    rows += [try_in_copy(what, alter, where, built, scratch) for what, alter, where in IN_COPY]
    return [*rows, try_cut_copy(built, scratch)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    as_json = parser.parse_args().json
    with tempfile.TemporaryDirectory(prefix="onrecord-tamper-") as folder:
        rows = tamper(Path(folder))
    if as_json:
        print(json.dumps([vars(one) for one in rows], indent=2, ensure_ascii=False))
    else:
        print("| what was altered | found | what verify said |\n|---|---|---|")
        for one in rows:
            more = f" (and {one.findings - 1} more)" if one.findings > 1 else ""
            print(f"| {one.what} | {'yes' if one.is_found else 'NO'} | {shortened(one.said)}{more} |")
        print(f"\n{sum(one.is_found for one in rows)} of {len(rows)} found where they were made.")
    return 0 if all(one.is_found for one in rows) else 1


def shortened(sentence: str) -> str:
    """Hashes by their first eight digits."""
    words = (word if len(word.rstrip(",.")) != 64 else f"{word[:8]}…{word[64:]}" for word in sentence.split(" "))
    return " ".join(words)


if __name__ == "__main__":
    sys.exit(main())
