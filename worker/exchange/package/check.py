"""Checks a copy with nothing but the log's public key: no network, no database, no trust in whoever made it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from worker.core.errors import BrokenRecord
from worker.core.log.checkpoint import Checkpoint, read_checkpoint
from worker.core.log.entry import EntryKind
from worker.core.log.findings import Finding, what_of
from worker.core.log.merkle import check_consistency
from worker.core.log.note import OpenNote
from worker.core.log.verify import KeptEntry, ReadEntry, check_call, check_proof
from worker.exchange.package import form
from worker.exchange.package.archive import Archive, opened


@dataclass(frozen=True)
class PackageReport:
    """What the check of a copy found, and what it counted.

    ``proven`` are files whose SHA-256 stands in an entry; ``listed`` are those for which only the signed list speaks.
    """

    findings: tuple[Finding, ...]
    call_id: str | None = None
    entries: int = 0
    erased: int = 0
    checkpoint: Checkpoint | None = None
    earlier: Checkpoint | None = None
    proven: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Place:
    """Where an entry stands in the tree, and the proof of it."""

    position: int
    proof: tuple[bytes, ...]


def verify_package(path: Path, open_note: OpenNote, *, since: str | None = None) -> PackageReport:
    """Checks the copy at a path. ``since`` is a signed checkpoint that the checker kept from before.

    Raises NotFound if there is no such file; everything else that is wrong is a finding.
    """
    check = _Check(open_note)
    with check.noting(), opened(path) as archive:
        return check.run(archive, since)
    return PackageReport(tuple(check.findings))


class _Check:
    """One check, and what it has found so far."""

    def __init__(self, open_note: OpenNote) -> None:
        self._open_note = open_note
        self.findings: list[Finding] = []

    def run(self, archive: Archive, since: str | None) -> PackageReport:
        """All of it, as far as each part can be read."""
        for name in sorted(set(form.ALWAYS) - archive.names):
            self.findings.append(Finding("it is missing from the copy", file=name))
        manifest = self._manifest(archive)
        hashes = self._hashes(archive, manifest)
        checkpoint = self._checkpoint(archive, form.CHECKPOINT)
        earlier = self._earlier(archive, checkpoint)
        lines = self._lines(archive)
        call_id = manifest.call_id if manifest is not None else _call_of(lines)
        bodies: dict[int, bytes] = {}
        check = check_call(call_id or "", self._kept(archive, lines, bodies))
        self.findings += check.findings
        self._check_count(manifest, check.entries)
        if checkpoint is not None:
            self._check_proofs(call_id or "", lines, check.entries, checkpoint)
            self._check_since(since, checkpoint, earlier)
        proven = self._check_attached(call_id or "", check.entries, bodies, hashes)
        listed = {name for name in archive.names if name in (form.SOUND, form.ANNOTATIONS)}
        return PackageReport(
            tuple(self.findings),
            call_id,
            len(check.entries),
            check.erased,
            checkpoint,
            earlier,
            tuple(sorted(proven)),
            tuple(sorted(listed)),
        )

    def noting(self, file: str | None = None, **place: int) -> _Noting:
        """What does not hold within the block ends it and is a finding."""
        return _Noting(self.findings, file, place)

    def _manifest(self, archive: Archive) -> form.Manifest | None:
        if form.MANIFEST in archive.names:
            with self.noting(form.MANIFEST):
                return form.read_manifest(self._open_note(archive.text(form.MANIFEST)))
        return None

    def _hashes(self, archive: Archive, manifest: form.Manifest | None) -> dict[str, str]:
        """The SHA-256 of each member that could be read; each is compared with the list."""
        listed = {} if manifest is None else manifest.members
        hashes: dict[str, str] = {}
        for name in sorted(archive.names - {form.MANIFEST}):
            with self.noting(name):
                hashes[name] = archive.sha256(name)
            if manifest is not None and name not in listed:
                self.findings.append(Finding("it is not on the signed list of what is in the copy", file=name))
            elif manifest is not None and name in hashes and hashes[name] != listed[name]:
                what = "it is not the file that was handed out"
                self.findings.append(Finding(what, file=name, expected=listed[name], got=hashes[name]))
        for name in sorted(set(listed) - archive.names):
            self.findings.append(Finding("it is on the signed list, and not in the copy", file=name))
        return hashes

    def _checkpoint(self, archive: Archive, name: str) -> Checkpoint | None:
        if name in archive.names:
            with self.noting(name):
                return read_checkpoint(self._open_note(archive.text(name)))
        return None

    def _earlier(self, archive: Archive, checkpoint: Checkpoint | None) -> Checkpoint | None:
        """The earlier checkpoint, if there is one; the later tree begins with it."""
        earlier = self._checkpoint(archive, form.EARLIER)
        if earlier is None or checkpoint is None:
            return earlier
        with self.noting(form.CONSISTENCY, checkpoint=earlier.size):
            if earlier.origin != checkpoint.origin:
                raise BrokenRecord("The earlier checkpoint is one of another log.")
            proof = _hashes_of(_parsed(archive.text(form.CONSISTENCY)))
            check_consistency(earlier.size, earlier.root, checkpoint.size, checkpoint.root, proof)
            _expect_order(earlier, checkpoint)
        return earlier

    def _lines(self, archive: Archive) -> list[tuple[bytes, _Place | None]]:
        """Entries as they are written, and their places; None where a line does not say one."""
        if form.ENTRIES not in archive.names:
            return []
        with self.noting(form.ENTRIES):
            lines = archive.text(form.ENTRIES).split("\n")
            if lines.pop():
                raise BrokenRecord("The entries of the copy do not end with a line's end: they were cut off.")
            return [self._line(number, line) for number, line in enumerate(lines)]
        return []

    def _line(self, number: int, line: str) -> tuple[bytes, _Place | None]:
        encoded = b""
        with self.noting(form.ENTRIES, number=number):
            match _parsed(line):
                case {"entry": str(entry), "position": int(position), "proof": proof, **more} if not more:
                    encoded = entry.encode("utf-8", "replace")
                    return encoded, _Place(position, _hashes_of(proof))
            raise BrokenRecord("A line of entries has an entry, its position and its proof.")
        return encoded, None

    def _kept(
        self, archive: Archive, lines: list[tuple[bytes, _Place | None]], bodies: dict[int, bytes]
    ) -> Iterator[KeptEntry]:
        for number, (encoded, _) in enumerate(lines):
            name = form.contents_name(number)
            if name not in archive.names:
                yield KeptEntry(number, encoded, None, None)
                continue
            try:
                salt, bodies[number] = _content(archive.text(name))
            except BrokenRecord as error:
                yield KeptEntry(number, encoded, None, None, fault=what_of(error))
                continue
            yield KeptEntry(number, encoded, salt, bodies[number])
        expected = {form.contents_name(number) for number in range(len(lines))}
        for name in sorted(name for name in archive.names - expected if name.startswith("contents/")):
            self.findings.append(Finding("it is the content of no entry of this copy", file=name))

    def _check_count(self, manifest: form.Manifest | None, entries: tuple[ReadEntry, ...]) -> None:
        if manifest is not None and manifest.entries != len(entries):
            what = "the record had another number of entries when the copy was made"
            expected, got = str(manifest.entries), str(len(entries))
            self.findings.append(Finding(what, manifest.call_id, len(entries), expected=expected, got=got))

    def _check_proofs(
        self,
        call_id: str,
        lines: list[tuple[bytes, _Place | None]],
        entries: tuple[ReadEntry, ...],
        checkpoint: Checkpoint,
    ) -> None:
        for one, (_, place) in zip(entries, lines, strict=True):
            if place is not None:
                self.findings += check_proof(call_id, one, place.position, place.proof, checkpoint)

    def _check_since(self, since: str | None, checkpoint: Checkpoint, earlier: Checkpoint | None) -> None:
        if since is None:
            return
        with self.noting():
            kept = read_checkpoint(self._open_note(since))
            if checkpoint.size < kept.size:
                raise BrokenRecord(f"The copy is older than the checkpoint kept from before, of size {kept.size}.")
            same = next((one for one in (checkpoint, earlier) if one is not None and one.size == kept.size), None)
            if same is None:
                raise BrokenRecord(
                    f"The copy has no proof that ties it to the checkpoint kept from before, of size {kept.size}. "
                    "Ask for a copy with this checkpoint as its earlier one"
                )
            if same.root != kept.root:
                raise BrokenRecord(
                    f"The log was forked: expected {kept.root.hex()} at size {kept.size}, got {same.root.hex()}."
                )
            _expect_order(kept, checkpoint)

    def _check_attached(
        self, call_id: str, entries: tuple[ReadEntry, ...], bodies: dict[int, bytes], hashes: dict[str, str]
    ) -> set[str]:
        """Files and recordings against the hashes in the contents; the names of those that are proven."""
        said = {
            one.number: (one.entry.kind, _content_of(bodies[one.number]))
            for one in entries
            if one.entry is not None and one.number in bodies
        }
        received: dict[str, int] = {
            sha256: number
            for number, (kind, content) in said.items()
            if kind is EntryKind.RECEIVED and isinstance(sha256 := _field(content, "sha256"), str)
        }
        only = next(iter(received)) if len(received) == 1 else None
        proven = set()
        for name, got in hashes.items():
            if found := form.FILE.match(name):
                number: int | None = int(found[1])
                kind, content = said.get(int(found[1]), (None, {}))
                expected = _field(content, "file", "sha256") if kind is EntryKind.ADDED else None
            elif name.startswith(form.RECORDING):
                expected = got if got in received else only
                number = None if expected is None else received[expected]
            else:
                continue
            if expected == got:
                proven.add(name)
            else:
                what = "no entry holds its hash" if expected is None else "it is not the file of its entry"
                self.findings.append(Finding(what, call_id, number, expected=expected, got=got, file=name))
        return proven


class _Noting:
    """Turns what is raised in a block into a finding at a place."""

    def __init__(self, findings: list[Finding], file: str | None, place: Mapping[str, int]) -> None:
        self._findings, self._file, self._place = findings, file, place

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        if not isinstance(error, BrokenRecord):
            return False
        what = what_of(error)
        self._findings.append(
            Finding(what, number=self._place.get("number"), checkpoint=self._place.get("checkpoint"), file=self._file)
        )
        return True


def _call_of(lines: list[tuple[bytes, _Place | None]]) -> str | None:
    """The call that the first entry says, where the list cannot be read."""
    for encoded, _ in lines[:1]:
        try:
            call = _parsed(encoded.decode("utf-8", "replace"))
        except BrokenRecord:
            return None
        return str(call["call"])[:64] if isinstance(call, dict) and "call" in call else None
    return None


def _content(text: str) -> tuple[bytes, bytes]:
    match _parsed(text):
        case {"body": str(body), "salt": str(salt), **more} if not more:
            try:
                return bytes.fromhex(salt), body.encode()
            except ValueError:
                pass
    raise BrokenRecord("its content has a salt and a body, and this has not")


def _content_of(body: bytes) -> object:
    """What a body says beside the name of who said it; nothing where it is no JSON."""
    try:
        return _field(_parsed(body.decode("utf-8", "replace")), "content")
    except BrokenRecord:
        return None


def _field(value: object, *names: str) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _hashes_of(value: object) -> tuple[bytes, ...]:
    try:
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return tuple(bytes.fromhex(one) for one in value)
    except ValueError:
        pass
    raise BrokenRecord("A proof is a list of hashes in hexadecimal digits.")


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise BrokenRecord("It is not whole: this is no JSON.") from None


def _expect_order(earlier: Checkpoint, later: Checkpoint) -> None:
    if earlier.at is not None and later.at is not None and later.at < earlier.at:
        raise BrokenRecord(f"The later checkpoint was signed first: expected after {earlier.at}, got {later.at}.")
