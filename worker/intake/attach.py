"""What people may add to a record as a file, recognised by its content: its name is shown, and never believed.

Taken are PDF, images, emails and plain text; a recording is told apart from them and goes another way. Everything else
is refused with what it is and what to do with it, or with what is taken.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from functools import partial
from typing import AnyStr, BinaryIO, Generic

from worker.core.errors import Invalid

HEAD_BYTES = 64 * 1024
LONGEST_NAME = 120  # letters: what two lines of a phone show
MOST_NAME_BYTES = 200  # in UTF-8: within what any disk takes, with something added to it


class FileKind(Enum):
    """What a file is: its media type, and the ends of names that fit it, the usual one first.

    A recording has a media type of its own.
    """

    PDF = "application/pdf", (".pdf",)
    PNG = "image/png", (".png",)
    JPEG = "image/jpeg", (".jpg", ".jpeg", ".jpe", ".jfif")
    WEBP = "image/webp", (".webp",)
    GIF = "image/gif", (".gif",)
    HEIC = "image/heic", (".heic", ".heif")
    EMAIL = "message/rfc822", (".eml",)
    TEXT = "text/plain", (".txt", ".text", ".md", ".log", ".csv")
    RECORDING = "audio/*", ()

    def __init__(self, media_type: str, endings: tuple[str, ...]) -> None:
        self.media_type = media_type
        self.endings = endings


@dataclass(frozen=True)
class Taken:
    """A file that may be added: what it is, its media type, and the name under which it is kept and shown."""

    kind: FileKind
    media_type: str
    name: str


def recognise(file: BinaryIO, name: str) -> Taken:
    """What this file is. Leaves it at its beginning. Raises Invalid for an empty file and for what is not taken."""
    file.seek(0)
    head = file.read(HEAD_BYTES)
    if not head:
        raise Invalid("This file is empty. Nothing was changed. Choose the file again.")
    kind, media_type = _kind(file, head)
    file.seek(0)
    if kind is None:
        raise Invalid(next(one.why for one in _OTHERS if one.form.match(head)))
    if kind is FileKind.TEXT and (why := _markup(head)):
        raise Invalid(why)
    return Taken(kind, media_type, clean_name(name, kind))


def _kind(file: BinaryIO, head: bytes) -> tuple[FileKind | None, str]:
    for form, kind in _PAPERS:
        if form.match(head):
            return kind, kind.media_type
    if decoded(head) is None and (sound := _sound(head)):
        return FileKind.RECORDING, sound
    if _is_email(head) and not any(b"\0" in block for block in _blocks(file)):
        return FileKind.EMAIL, FileKind.EMAIL.media_type
    return (FileKind.TEXT, FileKind.TEXT.media_type) if _is_text(file) else (None, "")


# How files begin

_PAPERS = (
    (re.compile(rb"%PDF-\d"), FileKind.PDF),
    (re.compile(rb"\x89PNG\r\n\x1a\n"), FileKind.PNG),
    (re.compile(rb"\xff\xd8\xff[\xc0-\xfe]"), FileKind.JPEG),
    (re.compile(rb"RIFF.{4}WEBPVP8[ LX]", re.DOTALL), FileKind.WEBP),
    (re.compile(rb"GIF8[79]a"), FileKind.GIF),
    (re.compile(rb".{4}ftyp(heic|heix|heim|heis|hevc|hevx|mif1|msf1)", re.DOTALL), FileKind.HEIC),
)
_SOUNDS = (
    (re.compile(rb"(RIFF|RF64|RIFX).{4}WAVE", re.DOTALL), "audio/wav"),
    (re.compile(rb"fLaC"), "audio/flac"),
    (re.compile(rb"OggS"), "audio/ogg"),
    (re.compile(rb"ID3"), "audio/mpeg"),
    (re.compile(rb"#!AMR"), "audio/amr"),
    (re.compile(rb"caff"), "audio/x-caf"),
    (re.compile(rb"FORM.{4}AIF[FC]", re.DOTALL), "audio/aiff"),
    (re.compile(rb"\.snd"), "audio/basic"),
    # ISO media: telephones record in M4A, 3GP and MP4. Whether there is sound in it shows when it is decoded.
    (re.compile(rb".{4}ftyp(M4A|M4B|mp4|isom|iso\d|3g|qt  |avc1|MSNV|dash|f4a)", re.DOTALL), "audio/mp4"),
    (re.compile(rb"\x1aE\xdf\xa3"), "audio/webm"),
    (re.compile(rb"0&\xb2u\x8ef\xcf\x11"), "audio/x-ms-wma"),
)


def _sound(head: bytes) -> str | None:
    found = next((media_type for form, media_type in _SOUNDS if form.match(head)), None)
    return found or ("audio/mpeg" if _begins_with_a_frame(head) else None)


def _begins_with_a_frame(head: bytes) -> bool:
    """A header of MPEG audio (ISO 11172-3, 2.4.1.3) or of AAC as ADTS, in which no field has a forbidden value."""
    if len(head) < 3 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return False
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    if layer == 0:  # of ADTS alone
        return head[1] & 0xF0 == 0xF0 and head[2] >> 2 & 15 < 13
    return version != 1 and head[2] >> 4 not in (0, 15) and head[2] >> 2 & 3 != 3


@dataclass(frozen=True)
class Refusal(Generic[AnyStr]):
    """What is not taken: ``why``, as people are told, and how its bytes or letters begin."""

    why: str
    form: re.Pattern[AnyStr]


_OTHERS = (
    Refusal(
        "This file is an office document. Nothing was changed. Save it as PDF first, and add that.",
        re.compile(rb"PK\x03\x04.{26}(\[Content_Types\]\.xml|_rels|word/|xl/|ppt/|mimetypeapplication/vnd)", re.DOTALL),
    ),
    Refusal(
        "This file is an archive. Nothing was changed. Add what is in it, one file at a time.",
        re.compile(rb"PK(\x03\x04|\x05\x06)|Rar!|7z\xbc\xaf|\x1f\x8b|BZh|\xfd7zXZ"),
    ),
    Refusal(
        "This file is an older office document or a message of Outlook. Nothing was changed. Save it as PDF or .eml "
        "first, and add that.",
        re.compile(rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    ),
    Refusal(
        "This file is a program. Nothing was changed. Programs are not taken.",
        re.compile(rb"MZ|\x7fELF|\xfe\xed\xfa[\xce\xcf]|[\xce\xcf]\xfa\xed\xfe|\xca\xfe\xba\xbe"),
    ),
    Refusal(
        "This file is an image that not every browser shows. Nothing was changed. Save it as PNG or JPEG first, and "
        "add that.",
        re.compile(rb"BM.{4}\0{4}|II\*\0|MM\0\*|.{4}ftypavi[fs]", re.DOTALL),
    ),
    Refusal(
        "This file is of a kind that is not known here. Nothing was changed. We take PDF, an image (PNG, JPEG, WebP, "
        "GIF, HEIC), an email (.eml), plain text, or your own recording of this call.",
        re.compile(b""),  # everything that is left
    ),
)
_MARKUP = (
    Refusal(
        "This file is a drawing that can hold programs (SVG). Nothing was changed. Save it as PNG or PDF first, and "
        "add that.",
        re.compile(r"<svg[\s>]", re.IGNORECASE),
    ),
    Refusal(
        "This file is a web page. Nothing was changed. Save it as PDF first, and add that.",
        re.compile(r"<(!doctype html|html|head|body|script)[\s>]", re.IGNORECASE),
    ),
    Refusal(
        "This file is a formatted text (RTF). Nothing was changed. Save it as PDF or plain text first, and add that.",
        re.compile(r"^\{\\rtf"),
    ),
    Refusal("This file is a program. Nothing was changed. Programs are not taken.", re.compile(r"^#!")),
)


def _markup(head: bytes) -> str | None:
    """Text that a program would run: what to say of it. Its beginning is enough, since programs look no further."""
    text = (decoded(head) or "").lstrip()[:1024]
    if not text.startswith(("<", "{", "#!")):
        return None
    return next((one.why for one in _MARKUP if one.form.search(text)), None)


_NO_TEXT = re.compile(r"[\0-\x08\x0e-\x1a\x1c-\x1f\x7f]")  # control signs but those of lines, pages and escapes
_HEADER = re.compile(rb"([!-9;-~]{1,70}):[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*\r?\n")


def _is_email(head: bytes) -> bool:
    """It begins with header lines (RFC 5322), and they say from whom it is and when, or how it came."""
    at, names = 0, set()
    while found := _HEADER.match(head, at):
        names.add(found[1].lower())
        at = found.end()
    return b"from" in names and bool(names & {b"date", b"received", b"message-id", b"mime-version"})


def _blocks(file: BinaryIO) -> Iterator[bytes]:
    """The file from its beginning, a part at a time: it may be larger than what is taken in the end."""
    file.seek(0)
    return iter(partial(file.read, HEAD_BYTES), b"")


def _coding(beginning: bytes) -> str:
    return "utf-16" if beginning.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"


def _is_text(file: BinaryIO) -> bool:
    """Whether all of it is what ``decoded`` takes for text."""
    decoder = None
    for block in _blocks(file):
        decoder = decoder or codecs.getincrementaldecoder(_coding(block))()
        try:
            if _NO_TEXT.search(decoder.decode(block)):
                return False
        except UnicodeDecodeError:
            return False
    return True


def decoded(content: bytes) -> str | None:
    """The text in UTF-8, or in UTF-16 where it says so at its beginning; None for what is no text.

    A letter that is cut at the end is let pass, because the beginning of a text is one too.
    """
    try:
        text = codecs.getincrementaldecoder(_coding(content))().decode(content)
    except UnicodeDecodeError:
        return None
    return None if _NO_TEXT.search(text) else text


# Names


def clean_name(name: str, kind: FileKind) -> str:
    """A name to show and to save under: no folders, no signs that hide or turn letters, an end that says what it is."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    # Of the categories C and Z: line ends, and the signs that make "gpj.exe" of "exe.jpg".
    seen = "".join(" " if unicodedata.category(sign)[0] in "CZ" else sign for sign in last)
    seen = re.sub(r'[<>:"|?*]', "_", " ".join(seen.split())).strip(" .")
    found = re.search(r"(?<=.)\.[A-Za-z0-9]{1,8}$", seen)
    if found is None or (kind.endings and found[0].lower() not in kind.endings):
        stem, ending = seen, kind.endings[0] if kind.endings else ""
    else:
        stem, ending = seen[: found.start()], found[0]
    stem = stem[: LONGEST_NAME - len(ending)].encode()[: MOST_NAME_BYTES - len(ending)].decode(errors="ignore")
    stem = stem.strip(" .")
    return f"{stem or ('recording' if kind is FileKind.RECORDING else 'file')}{ending}"
