"""What may be added as a file: told by what is in it, under a name that hides nothing."""

from __future__ import annotations

import io
import random
import unicodedata
import zipfile

import pytest

from tests import made_files
from worker.core.errors import Invalid
from worker.intake.attach import LONGEST_NAME, FileKind, clean_name, recognise

OF_EACH_KIND = [
    (FileKind.PDF, made_files.pdf()),
    (FileKind.PNG, made_files.png()),
    (FileKind.JPEG, made_files.jpeg()),
    (FileKind.GIF, b"GIF89a\x01\0\x01\0\0\0\0;"),
    (FileKind.WEBP, b"RIFF\x1a\0\0\0WEBPVP8L\r\0\0\0/\0\0\0\x10\x07\x10\x11\x11\x88\x88\xfe\x07\0"),
    (FileKind.HEIC, b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100)),
    (FileKind.EMAIL, made_files.email()),
    (FileKind.EMAIL, made_files.email(html="<p>again", attached="photo.png")),
    (FileKind.EMAIL, b"Received: from x\r\n by y\r\nFrom: a@b.example\r\nSubject: x\r\n\r\nGr\xfc\xdfe aus K\xf6ln"),
    (FileKind.TEXT, "The visit was on Tuesday. Günter, 李明, عمر".encode()),
    (FileKind.TEXT, "\N{BYTE ORDER MARK}von Notepad\r\n".encode()),
    (FileKind.TEXT, "also from Notepad".encode("utf-16")),
    (FileKind.TEXT, b"From the shop I went home.\nDate: nothing."),
    (FileKind.TEXT, b"OggSaid the man, ID3 is a tag"),
    (FileKind.TEXT, b"MZ is how a program begins, and PK an archive."),
    (FileKind.TEXT, b"a < b and <html> later in a text"),
    (FileKind.RECORDING, made_files.wav()),
    (FileKind.RECORDING, made_files.sound("flac", "flac")),
    (FileKind.RECORDING, made_files.sound("mp3", "libmp3lame")),
    (FileKind.RECORDING, made_files.sound("ipod", "aac")),
    (FileKind.RECORDING, made_files.sound("3gp", "aac")),
    (FileKind.RECORDING, made_files.sound("adts", "aac")),
    (FileKind.RECORDING, made_files.sound("ogg", "libopus")),
    (FileKind.RECORDING, made_files.sound("webm", "libopus")),
    (FileKind.RECORDING, b"#!AMR\n\x3c\x91\x17\x16\xbe\x66" * 10),
]


@pytest.mark.parametrize(("kind", "content"), OF_EACH_KIND, ids=lambda value: getattr(value, "name", ""))
@pytest.mark.parametrize("name", ["holiday.exe", "holiday", ""])
def test_a_file_is_known_by_what_is_in_it_whatever_it_is_called(kind, content, name):
    file = io.BytesIO(content)
    assert recognise(file, name).kind is kind
    assert file.tell() == 0


def test_sound_without_a_header_of_its_file_is_known_by_its_first_frame():
    mp3 = made_files.sound("mp3", "libmp3lame")
    first_frame = next(at for at in range(len(mp3)) if mp3[at] == 0xFF and mp3[at + 1] & 0xE0 == 0xE0)
    assert recognise(io.BytesIO(mp3[first_frame:]), "x.mp3").kind is FileKind.RECORDING


def office() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
    return file.getvalue()


def archive() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("a.txt", "a")
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (office(), "office document"),
        (archive(), "archive"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "Outlook"),
        (b"MZ\x90\0\x03\0\0\0" + bytes(100), "a program"),
        (b"\x7fELF\x02\x01\x01" + bytes(100), "a program"),
        (b"#!/bin/sh\nrm -rf /\n", "a program"),
        (b"<!DOCTYPE html><html><script>alert(1)</script>", "web page"),
        (b"\n  <html lang=en><body onload=x()>", "web page"),
        (b"<?xml version='1.0'?>\n<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>", "SVG"),
        (b"{\\rtf1\\ansi Hello}", "RTF"),
        (b"II*\0" + bytes(20), "Save it as PNG"),
        (b"\0\0\0\x1cftypavif" + bytes(30), "Save it as PNG"),
        (bytes(2000), "not known here. Nothing was changed. We take PDF, an image"),
        (b"Hello\0World", "not known here. Nothing was changed. We take PDF, an image"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_anything_else_is_refused_with_what_it_is_and_what_to_do(content, says):
    with pytest.raises(Invalid) as refused:
        recognise(io.BytesIO(content), "holiday.pdf")
    assert says in refused.value.message
    assert "Nothing was changed." in refused.value.message


def test_an_empty_file_is_named_as_that():
    with pytest.raises(Invalid, match="empty"):
        recognise(io.BytesIO(b""), "nothing.pdf")


def test_a_letter_that_is_cut_in_two_by_the_beginning_that_is_read_is_no_harm():
    assert recognise(io.BytesIO(b"a" + "é".encode() * 100_000), "x").kind is FileKind.TEXT


def test_random_bytes_are_known_or_refused_and_nothing_else():
    at_random = random.Random(7)
    beginnings = [content[:64] for _, content in OF_EACH_KIND] + [b""] * 8
    for _ in range(3000):
        content = at_random.choice(beginnings)[: at_random.randrange(65)] + at_random.randbytes(
            at_random.randrange(200)
        )
        name = "".join(chr(at_random.choice((47, 46, 92, 0x202E, 10, 0xD800, 97, 0x5D0))) for _ in range(9))
        try:
            taken = recognise(io.BytesIO(content), name)
        except Invalid:
            continue
        assert taken.name
        if taken.kind is FileKind.TEXT:
            assert b"\0" not in content or content[:2] in (b"\xff\xfe", b"\xfe\xff")


@pytest.mark.parametrize(
    ("name", "kind", "kept"),
    [
        ("photo.JPG", FileKind.JPEG, "photo.JPG"),
        ("photo.png", FileKind.JPEG, "photo.png.jpg"),
        ("invoice.pdf.exe", FileKind.PDF, "invoice.pdf.exe.pdf"),
        ("..\\..\\windows\\system.ini", FileKind.TEXT, "system.ini.txt"),
        ("../../../etc/passwd", FileKind.TEXT, "passwd.txt"),
        ("/", FileKind.PDF, "file.pdf"),
        ("", FileKind.RECORDING, "recording"),
        ("...", FileKind.TEXT, "file.txt"),
        (".eml", FileKind.EMAIL, "eml.eml"),
        ("a\0b\r\nSet-Cookie: x.eml", FileKind.EMAIL, "a b Set-Cookie_ x.eml"),
        ('say "hi" <b>.txt', FileKind.TEXT, "say _hi_ _b_.txt"),
        ("rechnung\N{RIGHT-TO-LEFT OVERRIDE}fdp.exe", FileKind.PDF, "rechnung fdp.exe.pdf"),
        ("\N{RIGHT-TO-LEFT ISOLATE}חשבונית.pdf\N{POP DIRECTIONAL ISOLATE}", FileKind.PDF, "חשבונית.pdf"),
        ("فاتورة مارس.pdf", FileKind.PDF, "فاتورة مارس.pdf"),
        ("Cafe\N{COMBINING ACUTE ACCENT}.txt", FileKind.TEXT, "Café.txt"),
        ("New Recording 12.m4a", FileKind.RECORDING, "New Recording 12.m4a"),
        ("x" * 300, FileKind.PDF, "x" * 116 + ".pdf"),
        ("x" * 300 + ".jpeg", FileKind.JPEG, "x" * 115 + ".jpeg"),
        ("a." + "b" * 300, FileKind.RECORDING, "a." + "b" * 118),
    ],
)
def test_a_name_shows_what_it_is_and_leads_nowhere(name, kind, kept):
    assert clean_name(name, kind) == kept


def test_no_name_is_longer_than_a_line_or_holds_what_does_not_show():
    at_random = random.Random(3)
    for _ in range(2000):
        name = "".join(chr(at_random.randrange(1, 0x11000)) for _ in range(at_random.randrange(300)))
        kept = clean_name(name, at_random.choice(list(FileKind)))
        assert 0 < len(kept) <= LONGEST_NAME
        assert not [sign for sign in kept if unicodedata.category(sign)[0] == "C" or sign in "/\\\n"]
