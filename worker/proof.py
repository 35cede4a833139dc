"""What ``onrecord verify`` does: checks the log of this installation or a copy, and says what was found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TypeAlias

from worker.console import err, printable
from worker.core.errors import Invalid, NotFound
from worker.core.log.checkpoint import Checkpoint
from worker.core.log.findings import Finding
from worker.core.log.whole import Report
from worker.exchange.package import PackageReport, verify_package
from worker.record.log import Log
from worker.record.signing import Verifier

Found: TypeAlias = Report | PackageReport

LONGEST_PROOF = 64 * 1024  # bytes of a key or a checkpoint


def check_log(log: Log, *, key: str | None, since: str | None) -> Report:
    """Checks everything that the log holds. Raises Invalid for a key that is none, Unavailable without a database."""
    with err.status("Checking the log") as status:
        return log.audit(
            key=key, since=since, counted=lambda count: status.update(f"Checking the log: {count:,} entries")
        )


def check_copy(package: Path, *, key: str, since: str | None) -> PackageReport:
    """Checks a copy. Raises Invalid for a key that is none, NotFound if there is no such file."""
    return verify_package(package, Verifier.from_key(key).open, since=since)


def read_proof(path: Path) -> str:
    """The text of a file with a key or a checkpoint. Raises NotFound or Invalid where there is none."""
    try:
        with path.open("rb") as file:
            data = file.read(LONGEST_PROOF + 1)
        text = data.decode()
    except OSError as error:
        raise NotFound(f"A file that was named cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError:
        raise Invalid("A file that was named is no text, and so neither a key nor a checkpoint.") from None
    if len(data) > LONGEST_PROOF:
        raise Invalid("A file that was named is too long to be a key or a checkpoint.")
    return text


def to_json(found: Found) -> str:
    """The report for programs."""
    checkpoint = found.newest if isinstance(found, Report) else found.checkpoint
    counts: dict[str, object] = {name: value for name, value in vars(found).items() if isinstance(value, int | str)}
    if isinstance(found, PackageReport):
        counts |= {"call_id": found.call_id, "calls": list(found.calls)}
    said = {
        **counts,
        "checkpoint": None if checkpoint is None else _said(checkpoint),
        "findings": [_without_nothing(one) for one in found.findings],
    }
    return json.dumps(said, indent=2)


def in_words(found: Found) -> Iterator[str]:
    """The report for people, line by line."""
    for finding in found.findings:
        yield printable(finding.sentence)
    if found.findings:
        yield f"{len(found.findings)} found. What stands here is not what was signed."
    elif isinstance(found, Report):
        yield from _whole_in_words(found)
    else:
        yield from _copy_in_words(found)


def _whole_in_words(found: Report) -> Iterator[str]:
    yield (
        f"{found.entries} entries of {found.calls} calls, {found.leaves} of them in the tree, "
        f"{found.checkpoints} checkpoints: everything holds."
    )
    if found.newest is not None:
        yield f"The newest checkpoint has {found.newest.size} entries{_when(found.newest)}."
    if found.unsigned:
        yield f"{found.unsigned} entries are new, and no checkpoint covers them yet."
    if found.erased:
        yield f"{found.erased} entries have no content any more: it was erased."


def _copy_in_words(found: PackageReport) -> Iterator[str]:
    whose = f"call {found.call_id}" if found.call_id else f"{len(found.calls)} calls"
    yield f"{found.entries} entries of {whose}: everything holds."
    if found.checkpoint is not None:
        origin = printable(found.checkpoint.origin)
        yield f"They are in the log {origin}, which had {found.checkpoint.size} entries{_when(found.checkpoint)}."
    if found.earlier is not None:
        yield f"That log has only grown since it had {found.earlier.size} entries{_when(found.earlier)}."
    if found.proven:
        yield f"Proven by their entries: {', '.join(found.proven)}."
    if found.listed:
        yield f"As the company handed them out, and proven by no entry: {', '.join(found.listed)}."
    if found.withheld:
        yield f"{found.withheld} entries are here without their content, which stays out: other persons are in it."
    if found.erased:
        yield f"{found.erased} entries have no content any more: it was erased."


def _when(checkpoint: Checkpoint) -> str:
    return "" if checkpoint.at is None else f" on {checkpoint.at:%Y-%m-%d at %H:%M:%S} UTC"


def _said(checkpoint: Checkpoint) -> dict[str, object]:
    at = None if checkpoint.at is None else checkpoint.at.isoformat()
    return {"origin": checkpoint.origin, "size": checkpoint.size, "root": checkpoint.root.hex(), "signed_at": at}


def _without_nothing(finding: Finding) -> dict[str, object]:
    return {name: value for name, value in asdict(finding).items() if value is not None}
