"""Makes a package, block by block, so that no recording need lie in memory. The same contents give the same bytes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import BinaryIO, TypeAlias
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from worker.core.errors import BrokenRecord, Invalid
from worker.core.log.checkpoint import read_checkpoint
from worker.core.log.entry import decode
from worker.core.log.note import read_note
from worker.exchange.package import form
from worker.exchange.package.values import Attached, Contents, CopiedCall, CopiedEntry

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


def write_package(contents: Contents, to: Path | BinaryIO, sign: SignNote, *, code: str | None = None) -> None:
    """Writes the package into a file or a stream. Raises what ``package_blocks`` does; then it is no package."""
    if isinstance(to, Path):
        with to.open("wb") as file:
            write_package(contents, file, sign, code=code)
        return
    for block in package_blocks(contents, sign, code=code):
        to.write(block)


def package_blocks(contents: Contents, sign: SignNote, *, code: str | None = None) -> Iterator[bytes]:
    """The bytes of the package's zip in blocks; each member encrypted with AES-256 under ``code``, where one is given.

    Raises Invalid, before the first block, if an entry is not in the tree of the checkpoint: take it in and sign first.
    Raises BrokenRecord where an attached file is not what it should be; the stream then ends without being a zip.
    """
    origin = _check_is_signed(contents)
    return _blocks(contents, origin, sign, code)


def _check_is_signed(contents: Contents) -> str:
    """The origin of the log."""
    checkpoint = read_checkpoint(read_note(contents.checkpoint).text)
    for call in contents.calls:
        for number, one in enumerate(call.entries):
            if one.position >= checkpoint.size:
                raise Invalid(f"Entry {number} is not yet signed. Publish a checkpoint, and make the copy then.")
    return checkpoint.origin


def _blocks(contents: Contents, origin: str, sign: SignNote, code: str | None) -> Iterator[bytes]:
    outlet = _Outlet()
    hashes: dict[str, str] = {}
    with _archive(outlet, code) as archive:
        for member in _members(contents):
            yield from _add(archive, outlet, member, hashes)
        manifest = form.Manifest(origin, _listed(contents), hashes)
        yield from _add(archive, outlet, _text(form.MANIFEST, sign(manifest.encode()).encode()), {})
    yield outlet.take()


def _archive(outlet: _Outlet, code: str | None) -> ZipFile:
    if code is None:
        return ZipFile(outlet, "w")  # type: ignore[call-overload,no-any-return]  # it writes, and that is all it is asked
    from pyzipper import WZ_AES, AESZipFile  # type: ignore[import-untyped]  # only a few packages need it

    encrypted = AESZipFile(outlet, "w", encryption=WZ_AES)
    encrypted.setpassword(code.encode())
    return encrypted  # type: ignore[no-any-return]  # the same, of a fork of the library


def _listed(contents: Contents) -> list[form.ListedCall]:
    return [
        form.ListedCall(one.call_id, len(one.entries), sorted(one.withheld), folder)
        for folder, one in _folders(contents)
    ]


def _folders(contents: Contents) -> Iterator[tuple[str, CopiedCall]]:
    for place, one in enumerate(contents.calls):
        yield form.folder_of(place, len(contents.calls)), one


def _members(contents: Contents) -> Iterator[_Member]:
    at = form.FORM_2
    if contents.index is not None:
        yield _text(form.INDEX, contents.index)
    yield _text(form.README, contents.readme.encode())
    for folder, one in _folders(contents):
        yield from _members_of(folder, one)
    yield _text(form.VERIFY, verifier())
    yield _text(at.key, f"{contents.key}\n".encode())
    yield _text(at.checkpoint, contents.checkpoint.encode())
    if contents.earlier is not None:
        yield _text(at.earlier, contents.earlier.checkpoint.encode())
        yield _text(at.consistency, _json([one.hex() for one in contents.earlier.consistency]))


def _members_of(folder: str, call: CopiedCall) -> Iterator[_Member]:
    at = form.FORM_2
    for name in form.TEXTS:
        if name in call.texts:
            yield _text(f"{folder}{name}", call.texts[name])
    if call.sound is not None:
        yield _attached(f"{folder}{form.SOUND}", call.sound)
    for number, file in sorted(call.files.items()):
        yield _attached(form.file_name(folder, number, file.name), file)
    yield _text(at.entries(folder), b"".join(_json(_entry(one)) + b"\n" for one in call.entries))
    for number, one in enumerate(call.entries):
        if one.salt is not None and one.body is not None:
            yield _text(at.content(folder, number), _json({"body": one.body.decode(), "salt": one.salt.hex()}))


def verifier() -> bytes:
    """The program that checks a package with nothing but Python, as it lies in every package."""
    return files("worker.exchange.package").joinpath("standalone.py").read_bytes()


def _entry(one: CopiedEntry) -> object:
    proof = [hashed.hex() for hashed in one.proof]
    return {"entry": decode(one.encoded).encode().decode("ascii"), "position": one.position, "proof": proof}


def _text(name: str, data: bytes) -> _Member:
    return _Member(name, len(data), (data,), ZIP_DEFLATED)


def _attached(name: str, file: Attached) -> _Member:
    return _Member(name, file.size_bytes, file.blocks(), sha256=file.sha256)


def _add(archive: ZipFile, outlet: _Outlet, member: _Member, hashes: dict[str, str]) -> Iterator[bytes]:
    info = _info_of(archive)(member.name, _LONG_AGO)
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


def _info_of(archive: ZipFile) -> type[ZipInfo]:
    """The class of members, which an encrypted zip has its own of."""
    return getattr(archive, "zipinfo_cls", ZipInfo)


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
