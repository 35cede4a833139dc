"""Checks a package with nothing but the log's public key: no network, no database, no trust in whoever made it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from worker.core.errors import BrokenRecord
from worker.core.log.checkpoint import Checkpoint, read_checkpoint
from worker.core.log.findings import Finding
from worker.core.log.merkle import check_consistency
from worker.core.log.note import OpenNote
from worker.exchange.package import form
from worker.exchange.package.archive import Archive, opened
from worker.exchange.package.of_call import CallCheck, call_of
from worker.exchange.package.reading import Noting, hashes_of, parsed

MADE_TO_CHECK = (form.README, form.VERIFY)


@dataclass(frozen=True)
class PackageReport:
    """What the check of a package found, and what it counted over all its calls.

    ``withheld`` are entries whose contents stay out for the sake of other persons, ``erased`` those whose contents are
    nowhere any more. ``proven`` are files whose SHA-256 stands in an entry; ``listed`` are those for which only the
    signed list speaks.
    """

    findings: tuple[Finding, ...]
    calls: tuple[str, ...] = ()
    entries: int = 0
    erased: int = 0
    withheld: int = 0
    checkpoint: Checkpoint | None = None
    earlier: Checkpoint | None = None
    proven: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()

    @property
    def call_id(self) -> str | None:
        """The call, where it is of one."""
        return self.calls[0] if len(self.calls) == 1 else None


def verify_package(path: Path, open_note: OpenNote, *, since: str | None = None) -> PackageReport:
    """Checks the package at a path, a zip or the folder that was unpacked from it. ``since`` is a signed checkpoint
    that the checker kept from before.

    Raises NotFound if there is nothing there; everything else that is wrong is a finding.
    """
    check = _Check(open_note)
    with check.noting(), opened(path) as archive:
        return check.run(archive, since)
    return PackageReport(tuple(check.findings))


class _Check:
    """One check, and what it has found so far."""

    def __init__(self, open_note: OpenNote) -> None:
        self._open_note = open_note
        self._layout = form.FORM_2
        self.findings: list[Finding] = []

    def run(self, archive: Archive, since: str | None) -> PackageReport:
        """All of it, as far as each part can be read."""
        is_old = form.MANIFEST not in archive.names and form.MANIFEST_1 in archive.names
        self._layout = at = form.FORM_1 if is_old else form.FORM_2
        for name in sorted(set(at.always) - archive.names):
            self.findings.append(Finding("it is missing from the copy", file=name))
        manifest = self._manifest(archive)
        hashes = self._hashes(archive, manifest)
        checkpoint = self._checkpoint(archive, at.checkpoint)
        earlier = self._earlier(archive, checkpoint)
        calls = [self._call(one, archive, hashes, checkpoint) for one in self._listed(archive, manifest)]
        if checkpoint is not None:
            self._check_since(since, checkpoint, earlier)
        proven = {name for one in calls for name in one.proven}
        of_proof = (
            {name for name in hashes if name.startswith(at.proof) or f"/{at.proof}" in name}
            if at.proof
            else {name for name in hashes if name not in (form.SOUND, form.ANNOTATIONS)}
        )
        return PackageReport(
            tuple(self.findings),
            tuple(one.call_id for one in calls),
            sum(one.entries for one in calls),
            sum(one.erased for one in calls),
            sum(one.withheld for one in calls),
            checkpoint,
            earlier,
            tuple(sorted(proven)),
            tuple(sorted(hashes.keys() - proven - of_proof - set(MADE_TO_CHECK))),
        )

    def noting(self, file: str | None = None, **place: int) -> Noting:
        """What does not hold within the block ends it and is a finding."""
        return Noting(self.findings, file, place)

    def _listed(self, archive: Archive, manifest: form.Manifest | None) -> list[form.ListedCall | str]:
        """The calls on the list, and the folders of those that are not on it; where there is no list, of all."""
        listed = [] if manifest is None else list(manifest.calls)
        if not self._layout.proof:
            return [*listed] or [""]
        there = [found[1] for name in sorted(archive.names) if (found := form.ENTRIES_OF.fullmatch(name))]
        known = {one.folder for one in listed}
        return [*listed, *(folder for folder in there if folder not in known)] or [""]

    def _call(
        self,
        listed: form.ListedCall | str,
        archive: Archive,
        hashes: dict[str, str],
        checkpoint: Checkpoint | None,
    ) -> CallCheck:
        found = call_of(listed, archive, self._layout, hashes, checkpoint)
        self.findings += found.findings
        return found

    def _manifest(self, archive: Archive) -> form.Manifest | None:
        name = self._layout.manifest
        if name in archive.names:
            with self.noting(name):
                return form.read_manifest(self._open_note(archive.text(name)))
        return None

    def _hashes(self, archive: Archive, manifest: form.Manifest | None) -> dict[str, str]:
        """The SHA-256 of each member that could be read; each is compared with the list."""
        listed = {} if manifest is None else manifest.members
        hashes: dict[str, str] = {}
        for name in sorted(archive.names - {self._layout.manifest}):
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
        earlier = self._checkpoint(archive, self._layout.earlier)
        if earlier is None or checkpoint is None:
            return earlier
        with self.noting(self._layout.consistency, checkpoint=earlier.size):
            if earlier.origin != checkpoint.origin:
                raise BrokenRecord("The earlier checkpoint is one of another log.")
            proof = hashes_of(parsed(archive.text(self._layout.consistency)))
            check_consistency(earlier.size, earlier.root, checkpoint.size, checkpoint.root, proof)
            _expect_order(earlier, checkpoint)
        return earlier

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


def _expect_order(earlier: Checkpoint, later: Checkpoint) -> None:
    if earlier.at is not None and later.at is not None and later.at < earlier.at:
        raise BrokenRecord(f"The later checkpoint was signed first: expected after {earlier.at}, got {later.at}.")
