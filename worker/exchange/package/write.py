"""Makes a copy, block by block, so that no recording need lie in memory. The same copy gives the same bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeAlias
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from worker.core.errors import BrokenRecord, Invalid
from worker.core.log.checkpoint import read_checkpoint
from worker.core.log.entry import decode
from worker.core.log.note import read_note
from worker.exchange.package import form
from worker.exchange.package.readme import readme
from worker.exchange.package.values import Attached, CopiedEntry, Copy

SignNote: TypeAlias = Callable[[str], str]
"""Gives the signed note of a text, by the key of the log."""

_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # a zip has an instant for each member, and this is its earliest
_LEVEL = 6
_ZIP64_FROM = 2**31 - 1


@dataclass(frozen=True)
class _Member:
    """One file of the zip; ``sha256`` is that which its bytes must have, None where none is known."""

    name: str
    size_bytes: int
    blocks: Iterable[bytes]
    method: int = ZIP_STORED
    sha256: str | None = None


def write_package(copy: Copy, to: Path | BinaryIO, sign: SignNote) -> None:
    """Writes the copy into a file or a stream. Raises what ``package_blocks`` does; then it is no copy."""
    if isinstance(to, Path):
        with to.open("wb") as file:
            write_package(copy, file, sign)
        return
    for block in package_blocks(copy, sign):
        to.write(block)


def package_blocks(copy: Copy, sign: SignNote) -> Iterator[bytes]:
    """The bytes of the copy's zip in blocks.

    Raises Invalid, before the first block, if an entry is not in the tree of the checkpoint: take it in and sign first.
    Raises BrokenRecord where an attached file is not what it should be; the stream then ends without being a zip.
    """
    origin = _check_is_signed(copy)
    return _blocks(copy, origin, sign)


def _check_is_signed(copy: Copy) -> str:
    """The origin of the log."""
    checkpoint = read_checkpoint(read_note(copy.checkpoint).text)
    for number, one in enumerate(copy.entries):
        if one.position >= checkpoint.size:
            raise Invalid(f"Entry {number} is not yet signed. Publish a checkpoint, and make the copy then.")
    return checkpoint.origin


def _blocks(copy: Copy, origin: str, sign: SignNote) -> Iterator[bytes]:
    outlet = _Outlet()
    hashes: dict[str, str] = {}
    with ZipFile(outlet, "w") as archive:  # type: ignore[call-overload]  # it writes, and that is all that is asked
        for member in _members(copy):
            yield from _add(archive, outlet, member, hashes)
        manifest = sign(form.Manifest(origin, copy.call_id, len(copy.entries), hashes).encode())
        yield from _add(archive, outlet, _text(form.MANIFEST, manifest.encode()), {})
    yield outlet.take()


def _members(copy: Copy) -> Iterator[_Member]:
    yield _text(form.README, readme(copy).encode())
    yield _text(form.KEY, f"{copy.key}\n".encode())
    yield _text(form.CHECKPOINT, copy.checkpoint.encode())
    if copy.earlier is not None:
        yield _text(form.EARLIER, copy.earlier.checkpoint.encode())
        yield _text(form.CONSISTENCY, _json([one.hex() for one in copy.earlier.consistency]))
    yield _text(form.ENTRIES, b"".join(_json(_entry(one)) + b"\n" for one in copy.entries))
    for number, one in enumerate(copy.entries):
        if one.salt is not None and one.body is not None:
            yield _text(form.contents_name(number), _json({"body": one.body.decode(), "salt": one.salt.hex()}))
    if copy.annotations is not None:
        yield _text(form.ANNOTATIONS, copy.annotations)
    for number, file in sorted(copy.files.items()):
        yield _attached(form.file_name(number, file.name), file)
    for number, recording in enumerate(copy.recordings, start=1):
        name = form.recording_name(recording.name, number if len(copy.recordings) > 1 else None)
        yield _attached(name, recording)
    if copy.sound is not None:
        yield _attached(form.SOUND, copy.sound)


def _entry(one: CopiedEntry) -> object:
    proof = [hashed.hex() for hashed in one.proof]
    return {"entry": decode(one.encoded).encode().decode("ascii"), "position": one.position, "proof": proof}


def _text(name: str, data: bytes) -> _Member:
    return _Member(name, len(data), (data,), ZIP_DEFLATED)


def _attached(name: str, file: Attached) -> _Member:
    return _Member(name, file.size_bytes, file.blocks(), sha256=file.sha256)


def _add(archive: ZipFile, outlet: _Outlet, member: _Member, hashes: dict[str, str]) -> Iterator[bytes]:
    info = ZipInfo(member.name, _LONG_AGO)
    info.compress_type = member.method
    info.create_system = 3  # Unix, on whatever system this runs
    info.external_attr = 0o644 << 16
    info._compresslevel = _LEVEL  # type: ignore[attr-defined]  # the library has no other place for it
    hashed = hashlib.sha256()
    with archive.open(info, "w", force_zip64=member.size_bytes >= _ZIP64_FROM) as to:
        for block in member.blocks:
            hashed.update(block)
            to.write(block)
            yield outlet.take()
    yield outlet.take()
    hashes[member.name] = hashed.hexdigest()
    if member.sha256 is not None and hashed.hexdigest() != member.sha256:
        raise BrokenRecord("A file of this record is not what was put there. Restore it from a copy.")


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


class _Outlet:
    """What the zip is written to: keeps what was written until it is taken."""

    def __init__(self) -> None:
        self._written = bytearray()

    def write(self, data: bytes) -> int:
        """What a file does."""
        self._written += data
        return len(data)

    def flush(self) -> None:
        """There is nothing behind it."""

    def take(self) -> bytes:
        """What was written since the last time."""
        taken = bytes(self._written)
        self._written.clear()
        return taken
