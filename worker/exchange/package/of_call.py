"""Checks one call of a package: its entries, their contents, their places in the tree, and files that they name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from worker.core.errors import BrokenRecord
from worker.core.log.checkpoint import Checkpoint
from worker.core.log.entry import EntryKind
from worker.core.log.findings import Finding, what_of
from worker.core.log.verify import KeptEntry, ReadEntry, check_call, check_proof
from worker.exchange.package import form
from worker.exchange.package.archive import Archive
from worker.exchange.package.reading import Noting, field_of, hashes_of, parsed


@dataclass(frozen=True)
class CallCheck:
    """What was found wrong with one call, how many entries it has, and which files they prove."""

    call_id: str
    findings: tuple[Finding, ...]
    entries: int
    erased: int
    withheld: int
    proven: frozenset[str]


@dataclass(frozen=True)
class _Place:
    """Where an entry stands in the tree, and the proof of it."""

    position: int
    proof: tuple[bytes, ...]


Lines = list[tuple[bytes, _Place | None]]


def call_of(
    listed: form.ListedCall | str,
    archive: Archive,
    layout: form.Layout,
    hashes: Mapping[str, str],
    checkpoint: Checkpoint | None,
) -> CallCheck:
    """Checks a call as the signed list has it; a folder alone, where that says nothing of it."""
    return _OfCall(listed, archive, layout).run(hashes, checkpoint)


class _OfCall:
    def __init__(self, listed: form.ListedCall | str, archive: Archive, layout: form.Layout) -> None:
        self._listed = listed if isinstance(listed, form.ListedCall) else None
        self._folder = listed if isinstance(listed, str) else listed.folder
        self._archive, self._layout = archive, layout
        self._findings: list[Finding] = []
        self._bodies: dict[int, bytes] = {}

    def run(self, hashes: Mapping[str, str], checkpoint: Checkpoint | None) -> CallCheck:
        lines = self._lines()
        call_id = self._listed.call_id if self._listed else _call_of(lines) or ""
        check = check_call(call_id, self._kept(lines))
        self._findings += check.findings
        self._check_count(call_id, check.entries)
        if checkpoint is not None:
            for one, (_, place) in zip(check.entries, lines, strict=True):
                if place is not None:
                    self._findings += check_proof(call_id, one, place.position, place.proof, checkpoint)
        proven = self._check_attached(call_id, check.entries, hashes)
        withheld = self._check_withheld(call_id, len(lines))
        erased = check.erased - withheld
        return CallCheck(call_id, tuple(self._findings), len(check.entries), erased, withheld, frozenset(proven))

    def _noting(self, file: str | None = None, **place: int) -> Noting:
        return Noting(self._findings, file, place)

    def _lines(self) -> Lines:
        """Entries as they are written, and their places; None where a line does not say one."""
        name = self._layout.entries(self._folder)
        if name not in self._archive.names:
            self._findings.append(Finding("it is missing from the copy", file=name))
            return []
        with self._noting(name):
            lines = self._archive.text(name).split("\n")
            if lines.pop():
                raise BrokenRecord("The entries of the copy do not end with a line's end: they were cut off.")
            return [self._line(name, number, line) for number, line in enumerate(lines)]
        return []

    def _line(self, name: str, number: int, line: str) -> tuple[bytes, _Place | None]:
        encoded = b""
        with self._noting(name, number=number):
            match parsed(line):
                case {"entry": str(entry), "position": int(position), "proof": proof, **more} if not more:
                    encoded = entry.encode("utf-8", "replace")
                    return encoded, _Place(position, hashes_of(proof))
            raise BrokenRecord("A line of entries has an entry, its position and its proof.")
        return encoded, None

    def _kept(self, lines: Lines) -> Iterator[KeptEntry]:
        for number, (encoded, _) in enumerate(lines):
            name = self._layout.content(self._folder, number)
            if name not in self._archive.names:
                yield KeptEntry(number, encoded, None, None)
                continue
            try:
                salt, self._bodies[number] = _content(self._archive.text(name))
            except BrokenRecord as error:
                yield KeptEntry(number, encoded, None, None, fault=what_of(error))
                continue
            yield KeptEntry(number, encoded, salt, self._bodies[number])
        expected = {self._layout.content(self._folder, number) for number in range(len(lines))}
        begins = self._layout.contents(self._folder)
        for name in sorted(name for name in self._archive.names - expected if name.startswith(begins)):
            self._findings.append(Finding("it is the content of no entry of this copy", file=name))

    def _check_count(self, call_id: str, entries: tuple[ReadEntry, ...]) -> None:
        if self._listed is not None and self._listed.entries != len(entries):
            what = "the record had another number of entries when the copy was made"
            expected, got = str(self._listed.entries), str(len(entries))
            self._findings.append(Finding(what, call_id, len(entries), expected=expected, got=got))

    def _check_withheld(self, call_id: str, entries: int) -> int:
        """How many contents stay out as the list says; one that is there all the same is a finding."""
        withheld = () if self._listed is None else self._listed.withheld
        for number in withheld:
            if number in self._bodies:
                what = "its content is there, and the list says that it stays out"
                self._findings.append(Finding(what, call_id, number))
        return sum(number not in self._bodies and number < entries for number in withheld)

    def _check_attached(self, call_id: str, entries: tuple[ReadEntry, ...], hashes: Mapping[str, str]) -> set[str]:
        """Files and recordings against the hashes in the contents; the names of those that are proven."""
        said = {
            one.number: (one.entry.kind, _content_of(self._bodies[one.number]))
            for one in entries
            if one.entry is not None and one.number in self._bodies
        }
        received: dict[str, int] = {
            sha256: number
            for number, (kind, content) in said.items()
            if kind is EntryKind.RECEIVED and isinstance(sha256 := field_of(content, "sha256"), str)
        }
        only = next(iter(received)) if len(received) == 1 else None
        proven = set()
        for name, got in hashes.items():
            if not name.startswith(self._folder):
                continue
            if found := form.FILE.match(name[len(self._folder) :]):
                number: int | None = int(found[1])
                kind, content = said.get(int(found[1]), (None, {}))
                expected = field_of(content, "file", "sha256") if kind is EntryKind.ADDED else None
            elif name.startswith(form.RECORDING):
                expected = got if got in received else only
                number = None if expected is None else received[expected]
            else:
                continue
            if expected == got:
                proven.add(name)
            else:
                what = "no entry holds its hash" if expected is None else "it is not the file of its entry"
                self._findings.append(Finding(what, call_id, number, expected=expected, got=got, file=name))
        return proven


def _call_of(lines: Lines) -> str | None:
    """The call that the first entry says, where the list cannot be read."""
    for encoded, _ in lines[:1]:
        try:
            call = parsed(encoded.decode("utf-8", "replace"))
        except BrokenRecord:
            return None
        return str(call["call"])[:64] if isinstance(call, dict) and "call" in call else None
    return None


def _content(text: str) -> tuple[bytes, bytes]:
    match parsed(text):
        case {"body": str(body), "salt": str(salt), **more} if not more:
            try:
                return bytes.fromhex(salt), body.encode()
            except ValueError:
                pass
    raise BrokenRecord("its content has a salt and a body, and this has not")


def _content_of(body: bytes) -> object:
    """What a body says beside the name of who said it; nothing where it is no JSON."""
    try:
        return field_of(parsed(body.decode("utf-8", "replace")), "content")
    except BrokenRecord:
        return None
