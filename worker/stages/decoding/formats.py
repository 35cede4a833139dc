"""What a file is, by its first bytes; its name decides for G.722 alone, which has no header."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import BinaryIO

from worker.core.call import Recording
from worker.core.errors import BadRecording
from worker.stages.decoding.ffmpeg import (
    AAC,
    AMR,
    FLAC,
    G722,
    M4A,
    MP3,
    MP3_WITH_LENGTH,
    OGG,
    OTHER_WAV,
    WEBM,
    FFmpegSource,
    Format,
)
from worker.stages.decoding.source import SEND_AGAIN, Source
from worker.stages.decoding.wav import SNDFILE_CODINGS, WAV_MAGIC, WavSource, wav_header

HEAD_BYTES = 4096
_NOT_SOUND = {
    b"%PDF": "a PDF",
    b"PK\x03\x04": "a ZIP archive or an office document",
    b"\x1f\x8b": "a gzip archive",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"GIF8": "a picture",
    b"SQLite": "a database",
    b"\x7fELF": "a program",
}
_SOUND_SUFFIXES = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".m4a", ".mp4", ".aac", ".webm", ".amr", ".3gp", ".g722")


def source_of(file: BinaryIO, recording: Recording) -> Source:
    """The reader for a file, by its content. Raises BadRecording where there is none."""
    head = file.read(HEAD_BYTES)
    if not head:
        raise BadRecording(f"This file is empty: it holds no bytes at all. {SEND_AGAIN}")
    if head[:4] in WAV_MAGIC and head[8:12] == b"WAVE":
        header = wav_header(file)
        # A recorder that was cut off leaves a length of 0, which libsndfile believes and FFmpeg does not.
        if header.coding in SNDFILE_CODINGS and header.claimed_bytes > 0:
            return WavSource(file, header)
        return FFmpegSource(file, OTHER_WAV)
    tag_bytes = _id3_bytes(head)
    if tag_bytes:
        file.seek(tag_bytes)
        head = file.read(HEAD_BYTES)
        if not head:
            raise BadRecording(f"This file holds a title but no sound after it. {SEND_AGAIN}")
    suffix = Path(recording.file_name).suffix.lower()
    found = _format_of(head)
    if found is None and suffix == ".g722" and _what_else(head) is None:
        found = G722
    if found is None:
        raise BadRecording(f"This file is not sound we can read ({_what_it_holds(head, suffix)}). {SEND_AGAIN}")
    file.seek(0)
    return FFmpegSource(file, found)


def _format_of(head: bytes) -> Format | None:
    if head.startswith(b"fLaC"):
        return FLAC
    if head.startswith(b"OggS"):
        return OGG
    if head.startswith(b"\x1aE\xdf\xa3"):
        return WEBM
    if head.startswith(b"#!AMR"):
        return AMR
    if head[4:8] in (b"ftyp", b"moov", b"mdat"):
        return M4A
    if _starts_mpeg_audio(head):
        # The layer bits are 0 in ADTS, which is how AAC without a container begins.
        if head[1] & 0x06 == 0:
            return AAC
        return MP3_WITH_LENGTH if any(mark in head[:200] for mark in (b"Xing", b"Info", b"VBRI")) else MP3
    return None


def _starts_mpeg_audio(head: bytes) -> bool:
    if len(head) < 4 or head[0] != 0xFF:
        return False
    if head[1] & 0xF6 == 0xF0:  # ADTS: 12 bits of sync, layer 0; a sampling frequency index of 13 to 15 does not exist
        return head[2] >> 2 & 0x0F < 13
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    bit_rate, rate = head[2] >> 4, head[2] >> 2 & 3
    # Layer I (3) is used by nobody, and two-byte text begins like it.
    return head[1] & 0xE0 == 0xE0 and version != 1 and layer in (1, 2) and bit_rate not in (0, 15) and rate != 3


def _id3_bytes(head: bytes) -> int:
    """The length of a leading ID3v2 tag; 0 where there is none. Its size has 7 bits to the byte."""
    if len(head) < 10 or not head.startswith(b"ID3") or any(byte & 0x80 for byte in head[6:10]):
        return 0
    size = 0
    for byte in head[6:10]:
        size = size << 7 | byte
    return 10 + size


def _what_else(head: bytes) -> str | None:
    for magic, what in _NOT_SOUND.items():
        if head.startswith(magic):
            return what
    if not head.strip(b"\x00"):
        return "nothing but zero bytes"
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(head)  # its last character may be cut
    except UnicodeDecodeError:
        return None
    return "text" if all(char.isprintable() or char in "\r\n\t\f\ufeff" for char in text) else None


def _what_it_holds(head: bytes, suffix: str) -> str:
    what = _what_else(head) or "no sound format that we know"
    return f"it says {suffix} but holds {what}" if suffix in _SOUND_SUFFIXES else f"it holds {what}"
