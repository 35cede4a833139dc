"""WAV files, through libsndfile; their header is read here first, for what libsndfile does not tell."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import soundfile

from worker.core.errors import BadRecording
from worker.stages.decoding.source import BLOCK_FRAMES, SEND_AGAIN, Block, check_shape

WAV_MAGIC = (b"RIFF", b"RIFX", b"RF64")
SNDFILE_CODINGS = {
    0x0001: "pcm",
    0x0002: "adpcm_ms",
    0x0003: "float",
    0x0006: "pcm_alaw",
    0x0007: "pcm_mulaw",
    0x0011: "adpcm_ima_wav",
    0x0031: "gsm",
}
_EXTENSIBLE = 0xFFFE
_CODEC_OF_SUBTYPE = {
    "PCM_U8": "pcm_u8",
    "PCM_16": "pcm_s16",
    "PCM_24": "pcm_s24",
    "PCM_32": "pcm_s32",
    "FLOAT": "pcm_f32",
    "DOUBLE": "pcm_f64",
}
MAX_CHUNKS = 1000  # no honest WAV has as many before its sound; a made one could have a hundred million


@dataclass(frozen=True)
class WavHeader:
    """What a WAV header claims. ``missing_bytes`` is by how much its claim exceeds what the file holds.

    The sound begins at the byte ``starts_at``.
    """

    big_endian: bool
    coding: int
    claimed_bytes: int
    missing_bytes: int
    starts_at: int


def wav_header(file: BinaryIO) -> WavHeader:
    """Reads the header for what libsndfile does not tell: the claimed length, and why a file cannot be read.

    Leaves the file at its start. Raises BadRecording for a header with which no reader could do anything.
    """
    size_bytes = file.seek(0, os.SEEK_END)
    file.seek(0)
    magic = file.read(12)[:4]
    order = ">" if magic == b"RIFX" else "<"
    coding: int | None = None
    long_claim: int | None = None  # of RF64, whose own field has room for 4 GB only
    for _ in range(MAX_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            break
        name, length = struct.unpack(f"{order}4sI", head)
        start = file.tell()
        if name == b"ds64":
            body = file.read(16)
            if len(body) == 16:
                long_claim = struct.unpack("<QQ", body)[1]
        elif name == b"fmt ":
            coding = _wav_coding(file.read(min(length, 40)), order)
        elif name == b"data":
            if coding is None:
                break
            there = size_bytes - start
            claimed = length if long_claim is None or length != 0xFFFFFFFF else long_claim
            if there <= 0 or (claimed == 0 and _is_chunk(file.read(8), order, there)):
                raise BadRecording(f"This WAV file has a header but no sound after it. {SEND_AGAIN}")
            missing = 0 if _is_open_end(claimed) else max(0, claimed - there)
            file.seek(0)
            return WavHeader(magic == b"RIFX", coding, claimed, missing, start)
        file.seek(start + length + length % 2)
    raise BadRecording(f"This WAV file ends, or its header is broken, before any sound begins. {SEND_AGAIN}")


def _wav_coding(body: bytes, order: str) -> int:
    if len(body) < 16:
        raise BadRecording(f"This WAV file's header is broken: it does not say how its sound is coded. {SEND_AGAIN}")
    coding, channels, rate_hz = struct.unpack_from(f"{order}HHI", body)
    check_shape("WAV", channels, rate_hz)
    if coding == _EXTENSIBLE and len(body) >= 26:
        (coding,) = struct.unpack_from(f"{order}H", body, 24)
    return int(coding)


def _is_chunk(head: bytes, order: str, there: int) -> bool:
    """Whether bytes are the head of one more chunk (a title, say) that the file has room for, and not sound."""
    if len(head) < 8:
        return True
    name, length = struct.unpack(f"{order}4sI", head)
    return bool(name.isascii() and name.decode("ascii").isprintable() and length <= there)


def _is_open_end(claimed_bytes: int) -> bool:
    """Whether a length is one of those that recorders write when they do not know yet how long the sound will be."""
    return (
        claimed_bytes == 0
        or 0x7FFF0000 <= claimed_bytes <= 0x80000100
        or 0xFFFFF000 <= claimed_bytes <= 0xFFFFFFFF
        or claimed_bytes >= 1 << 63
    )


class WavSource:
    """A WAV file, through libsndfile."""

    name = "WAV"
    damaged_s = 0.0

    def __init__(self, file: BinaryIO, header: WavHeader) -> None:
        try:
            # By its descriptor (of an unbuffered file, so that both agree where they are): given a name, the library
            # goes by the suffix.
            self._file = soundfile.SoundFile(file.fileno(), closefd=False)
        except soundfile.SoundFileError as error:
            raise BadRecording(f"This WAV file's header is broken: no sound can be read by it. {SEND_AGAIN}") from error
        self.channels = int(self._file.channels)
        self.sample_rate_hz = int(self._file.samplerate)
        self.subtype = str(self._file.subtype)
        self.codec = _wav_codec(self.subtype, header)
        self.big_endian, self.starts_at = header.big_endian, header.starts_at
        self.truncated = header.missing_bytes > 0
        self._frames_read = 0

    def blocks(self) -> Iterator[Block]:
        while True:
            try:
                block = self._file.read(BLOCK_FRAMES, dtype="float32", always_2d=True)
            except soundfile.SoundFileError:
                self.truncated = True  # of a block that cannot be read, nothing can be used
                return
            if len(block) == 0:
                return
            self._frames_read += len(block)
            yield block

    def share_read(self) -> float:
        return min(1.0, self._frames_read / max(1, int(self._file.frames)))

    def __enter__(self) -> WavSource:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()


def _wav_codec(subtype: str, header: WavHeader) -> str:
    plain = _CODEC_OF_SUBTYPE.get(subtype)
    if plain is None:
        return SNDFILE_CODINGS[header.coding]
    return plain if plain == "pcm_u8" else plain + ("be" if header.big_endian else "le")
