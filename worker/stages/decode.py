"""The first stage: a file of any common sound format becomes one 16 kHz track per channel, in scratch files.

What a file is, its bytes say; its name only ever decides for G.722, which has no header. WAV is read by libsndfile, all
else by FFmpeg's libraries through PyAV: libsndfile's MP3 reader writes to the terminal, its FLAC reader loses the end
of a cut file, and its Opus reader is slow. FFmpeg is told which format to expect and never left to guess: some formats
that it guesses (playlists, lists of files) open other files and addresses.

Sound passes through in blocks, so memory does not grow with the call. Everything that is wrong with a file ends in one
BadRecording, or in a Sound that says what is missing:

- the file ends before its header says: what is there is used, and ``truncated`` is set;
- a part cannot be decoded, or holds numbers that are no sound (NaN, infinite, far outside full scale): silence stands
  in its place, so that times stay right, and ``damaged_s`` says how much; where most is such, it is no recording;
- float samples a little over full scale (lossy coders make them) are clipped, as every player does.
"""

from __future__ import annotations

import codecs
import errno
import json
import math
import os
import struct
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO, Protocol, TypeAlias

import av
import numpy as np
import soundfile
import soxr
from filelock import FileLock
from numpy.typing import NDArray

from worker.core.call import Recording
from worker.core.errors import BadRecording, Unavailable
from worker.core.ports import Progress
from worker.core.sound import BYTES_PER_SAMPLE, SAMPLE_RATE_HZ, RecordingFacts, Sound, Track

Block: TypeAlias = NDArray[np.float32]
"""(frames, channels) float32, full scale at 1."""

MAX_CHANNELS = 8
MIN_RATE_HZ, MAX_RATE_HZ = 4_000, 192_000  # telephony is 8 to 96 kHz; a little beyond it is harmless
MIN_DURATION_S = 0.1  # shorter than any word
MAX_DURATION_S = 24 * 3600.0
"""Of two tracks; of eight a quarter of it. So a small file that unpacks to days of silence costs 11 GB at the most."""

LOUDEST_LEVEL = 8.0  # 18 dB over full scale: beyond it a number is a broken file, not a loud sound
MAX_DAMAGED_SHARE = 0.5
GAP_S = 0.1  # a jump in a container's clock from this on is filled with silence; below, it is rounding
LONGEST_GAP_S = 60.0  # beyond it, the clock itself is broken
BLOCK_FRAMES = 1 << 16

SCRATCH_FORMAT = 1
"""Raise it when the same bytes would give other tracks: what an older version left is then decoded again."""

SEND_AGAIN = "Nothing was changed. Send the recording again as WAV, FLAC, OGG, MP3 or M4A."


def decode(recording: Recording, *, scratch: Path, progress: Progress, max_duration_s: float = MAX_DURATION_S) -> Sound:
    """The sound of a recording, its tracks in ``scratch/<sha256>/<channel>.f32``.

    Decoding twice is cheap: finished tracks are used again. Two decoders of one recording take turns. A decoder that
    is killed leaves no finished track that is not whole, and its remains are overwritten by the next.

    Raises:
        BadRecording: the bytes are not sound we can read; the message says why and what to do.
        Unavailable: the scratch disk is full or cannot be written, or the recording cannot be opened now.
    """
    folder = scratch / recording.sha256
    with ExitStack() as until_done:
        with _using_scratch():
            folder.mkdir(parents=True, exist_ok=True)
            until_done.enter_context(FileLock(folder / "lock"))
            sound = _already_there(folder)
        if sound is None:
            with _reading():
                file = until_done.enter_context(recording.path.open("rb", buffering=0))
                source = until_done.enter_context(_source_of(file, recording))
            sound = _write_tracks(source, folder, progress, max_duration_s=max_duration_s)
    progress(1.0)
    return sound


@contextmanager
def _using_scratch() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise Unavailable(
                "The scratch disk is full. The recording is kept and no half-decoded file was left. "
                "Free some space in the scratch folder; the call is tried again."
            ) from error
        raise Unavailable(
            f"The scratch folder cannot be used now ({_reason(error)}). The recording is kept. "
            "Look at the folder's disk and rights; the call is tried again."
        ) from error


@contextmanager
def _reading() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unavailable(
            f"The recording's file cannot be read on this machine now ({_reason(error)}). Nothing was changed. "
            "Look at the store of recordings; the call is tried again."
        ) from error


def _reason(error: OSError) -> str:
    return os.strerror(error.errno) if error.errno else type(error).__name__


# What a file is, by its first bytes ------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Format:
    """A format FFmpeg reads: its name for people and for FFmpeg.

    ``slack_s`` is by how much the length in its header may exceed what is decoded without anything being missing
    (coders pad the ends); None where the header says no length, and FFmpeg's is a guess from the size.
    """

    name: str
    demuxer: str
    slack_s: float | None = None


_FLAC = _Format("FLAC", "flac", slack_s=0.0)
_OGG = _Format("OGG", "ogg")
_MP3 = _Format("MP3", "mp3")
_MP3_WITH_LENGTH = _Format("MP3", "mp3", slack_s=0.3)
_AAC = _Format("AAC", "aac")
_M4A = _Format("M4A", "mov", slack_s=0.3)
_WEBM = _Format("WebM", "matroska", slack_s=0.3)
_AMR = _Format("AMR", "amr")
_G722 = _Format("G.722", "g722")
_OTHER_WAV = _Format("WAV", "wav")  # WAV with a coding that libsndfile does not know, such as G.722

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


def _source_of(file: BinaryIO, recording: Recording) -> _Source:
    """The reader for a file, by its content. Raises BadRecording where there is none."""
    head = file.read(HEAD_BYTES)
    if not head:
        raise BadRecording(f"This file is empty: it holds no bytes at all. {SEND_AGAIN}")
    if head[:4] in _WAV_MAGIC and head[8:12] == b"WAVE":
        header = _wav_header(file)
        # A recorder that was cut off leaves a length of 0, which libsndfile believes and FFmpeg does not.
        if header.coding in _SNDFILE_CODINGS and header.claimed_bytes > 0:
            return _WavSource(file, header)
        return _FFmpegSource(file, _OTHER_WAV)
    tag_bytes = _id3_bytes(head)
    if tag_bytes:
        file.seek(tag_bytes)
        head = file.read(HEAD_BYTES)
        if not head:
            raise BadRecording(f"This file holds a title but no sound after it. {SEND_AGAIN}")
    suffix = Path(recording.file_name).suffix.lower()
    found = _format_of(head)
    if found is None and suffix == ".g722" and _what_else(head) is None:
        found = _G722
    if found is None:
        raise BadRecording(f"This file is not sound we can read ({_what_it_holds(head, suffix)}). {SEND_AGAIN}")
    file.seek(0)
    return _FFmpegSource(file, found)


def _format_of(head: bytes) -> _Format | None:
    if head.startswith(b"fLaC"):
        return _FLAC
    if head.startswith(b"OggS"):
        return _OGG
    if head.startswith(b"\x1aE\xdf\xa3"):
        return _WEBM
    if head.startswith(b"#!AMR"):
        return _AMR
    if head[4:8] in (b"ftyp", b"moov", b"mdat"):
        return _M4A
    if _starts_mpeg_audio(head):
        # The layer bits are 0 in ADTS, which is how AAC without a container begins.
        if head[1] & 0x06 == 0:
            return _AAC
        return _MP3_WITH_LENGTH if any(mark in head[:200] for mark in (b"Xing", b"Info", b"VBRI")) else _MP3
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


# Readers ---------------------------------------------------------------------------------------------------------


class _Source(Protocol):
    """An open recording. ``truncated`` and ``damaged_s`` are known once all blocks were read."""

    name: str  # of the format, for people
    channels: int
    sample_rate_hz: int
    codec: str
    truncated: bool
    damaged_s: float

    def blocks(self) -> Iterator[Block]:
        """The sound in order, in blocks of any length."""
        ...

    def share_read(self) -> float:
        """How much of the file was read, 0 to 1."""
        ...

    def __enter__(self) -> _Source: ...

    def __exit__(self, *error: object) -> None: ...


_WAV_MAGIC = (b"RIFF", b"RIFX", b"RF64")
_SNDFILE_CODINGS = {
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
class _WavHeader:
    """What a WAV header claims. ``missing_bytes`` is by how much its claim exceeds what the file holds."""

    big_endian: bool
    coding: int
    claimed_bytes: int
    missing_bytes: int


def _wav_header(file: BinaryIO) -> _WavHeader:
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
            return _WavHeader(magic == b"RIFX", coding, claimed, missing)
        file.seek(start + length + length % 2)
    raise BadRecording(f"This WAV file ends, or its header is broken, before any sound begins. {SEND_AGAIN}")


def _wav_coding(body: bytes, order: str) -> int:
    if len(body) < 16:
        raise BadRecording(f"This WAV file's header is broken: it does not say how its sound is coded. {SEND_AGAIN}")
    coding, channels, rate_hz = struct.unpack_from(f"{order}HHI", body)
    _check_shape("WAV", channels, rate_hz)
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


def _check_shape(name: str, channels: int, rate_hz: int) -> None:
    if not 1 <= channels <= MAX_CHANNELS:
        raise BadRecording(
            f"This {name} file says that it has {channels} channels; a recording here has 1 to {MAX_CHANNELS}. "
            f"{SEND_AGAIN}"
        )
    if not MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
        raise BadRecording(
            f"This {name} file says that it has {rate_hz} samples a second; sound here has "
            f"{MIN_RATE_HZ} to {MAX_RATE_HZ}. {SEND_AGAIN}"
        )


class _WavSource:
    """A WAV file, through libsndfile."""

    name = "WAV"
    damaged_s = 0.0

    def __init__(self, file: BinaryIO, header: _WavHeader) -> None:
        try:
            # By its descriptor (of an unbuffered file, so that both agree where they are): given a name, the library
            # goes by the suffix.
            self._file = soundfile.SoundFile(file.fileno(), closefd=False)
        except soundfile.SoundFileError as error:
            raise BadRecording(f"This WAV file's header is broken: no sound can be read by it. {SEND_AGAIN}") from error
        self.channels = int(self._file.channels)
        self.sample_rate_hz = int(self._file.samplerate)
        self.codec = _wav_codec(self._file.subtype, header)
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

    def __enter__(self) -> _WavSource:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()


def _wav_codec(subtype: str, header: _WavHeader) -> str:
    plain = _CODEC_OF_SUBTYPE.get(subtype)
    if plain is None:
        return _SNDFILE_CODINGS[header.coding]
    return plain if plain == "pcm_u8" else plain + ("be" if header.big_endian else "le")


class _FFmpegSource:
    """Any other format, through FFmpeg's libraries."""

    def __init__(self, file: BinaryIO, format_: _Format) -> None:
        self.name = format_.name
        self.truncated = False
        self.damaged_s = 0.0
        self._file = file
        self._size_bytes = max(1, os.fstat(file.fileno()).st_size)
        self._format = format_
        self._open = ExitStack()
        self._unread_s = 0.0  # packets that could not be decoded, since the last one that could
        try:
            self._container = self._open.enter_context(
                av.open(file, mode="r", format=format_.demuxer, metadata_errors="ignore")
            )
        except av.FFmpegError as error:
            raise BadRecording(
                f"This {self.name} file cannot be read: it is cut off or its header is broken. {SEND_AGAIN}"
            ) from error
        try:
            if not self._container.streams.audio:
                raise BadRecording(f"This {self.name} file holds no sound. {SEND_AGAIN}")
            self._stream = self._container.streams.audio[0]
            self._frames = self._decoded()
            # What the header says of rate and channels may be wrong; the first decoded frame is right.
            first = next(self._frames, None)
            if first is None:
                raise BadRecording(
                    f"This {self.name} file has a header, but no sound in it that can be decoded. {SEND_AGAIN}"
                )
            self._first = first
            self.channels = first.layout.nb_channels
            self.sample_rate_hz = first.sample_rate
            codec = self._stream.codec_context.codec.canonical_name
            self.codec = "gsm" if codec == "gsm_ms" else codec  # one coding, two ways to pack it
        except BaseException:
            self._open.close()
            raise

    def blocks(self) -> Iterator[Block]:
        rate_hz = self.sample_rate_hz
        frames_given = 0
        waiting: list[Block] = []
        waiting_frames = 0
        for frame in self._all_frames():
            if frame.sample_rate != rate_hz or frame.layout.nb_channels != self.channels:
                self.truncated = True  # another sound begins here, under the same header
                break
            gap_s = self._clock_s(frame) - frames_given / rate_hz
            if GAP_S <= gap_s <= LONGEST_GAP_S:
                silence = np.zeros((round(gap_s * rate_hz), self.channels), np.float32)
                waiting.append(silence)
                waiting_frames += len(silence)
                frames_given += len(silence)
            samples = _as_float(frame)
            waiting.append(samples)
            waiting_frames += len(samples)
            frames_given += len(samples)
            if waiting_frames >= BLOCK_FRAMES:
                yield np.concatenate(waiting)
                waiting, waiting_frames = [], 0
        if waiting:
            yield np.concatenate(waiting)
        self.truncated = self.truncated or self._ends_early(frames_given / rate_hz)

    def _all_frames(self) -> Iterator[av.AudioFrame]:
        yield self._first
        yield from self._frames

    def _decoded(self) -> Iterator[av.AudioFrame]:
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
            except av.FFmpegError:
                self.truncated = True
                return
            if packet is None:
                return
            try:
                frames = packet.decode()
            except av.FFmpegError:
                if packet.size:
                    self._unread_s += float((packet.duration or 0) * (packet.time_base or 0))
                    self.truncated = True  # taken back below if sound comes after it
                continue
            for frame in frames:
                if not isinstance(frame, av.AudioFrame) or frame.samples == 0:
                    continue
                if self._unread_s or self.truncated:
                    self.damaged_s += min(self._unread_s, LONGEST_GAP_S)
                    self._unread_s = 0.0
                    self.truncated = False
                yield frame

    def _clock_s(self, frame: av.AudioFrame) -> float:
        """When the container says that a frame sounds, from the first one on; 0 where it does not say."""
        if frame.time is None or self._first.time is None:
            return 0.0
        return float(frame.time - self._first.time)

    def _ends_early(self, read_s: float) -> bool:
        if self._format is _OGG:
            return not _ogg_has_end(self._file)
        if self._format.slack_s is None:
            return False
        if self._stream.duration is not None and self._stream.time_base is not None:
            claimed_s = float(self._stream.duration * self._stream.time_base)
        elif self._container.duration is not None:
            claimed_s = self._container.duration / av.time_base
        else:
            return False
        return read_s < claimed_s - self._format.slack_s - 0.5 / self.sample_rate_hz

    def share_read(self) -> float:
        return min(1.0, self._file.tell() / self._size_bytes)

    def __enter__(self) -> _FFmpegSource:
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()


def _as_float(frame: av.AudioFrame) -> Block:
    """(frames, channels); whole numbers come to [-1, 1) by the range of their type."""
    array = frame.to_ndarray()  # (channels, frames), or (1, frames * channels) where they are interleaved
    array = array.T if frame.format.is_planar else array.reshape(-1, frame.layout.nb_channels)
    if array.dtype.kind == "f":
        with np.errstate(over="ignore", invalid="ignore"):  # becomes infinite, and is counted as damaged
            return array.astype(np.float32)
    if array.dtype.kind == "u":
        half = float(1 << (8 * array.dtype.itemsize - 1))
        return ((array.astype(np.float32) - half) / half).astype(np.float32)
    return (array.astype(np.float32) / float(1 << (8 * array.dtype.itemsize - 1))).astype(np.float32)


OGG_PAGE_BYTES = 27 + 255 + 255 * 255  # the longest page


def _ogg_has_end(file: BinaryIO) -> bool:
    """Whether the last page is whole and marked as the last (RFC 3533, section 6): a cut file has no such page."""
    size_bytes = file.seek(0, os.SEEK_END)
    start = file.seek(max(0, size_bytes - OGG_PAGE_BYTES - 27))
    tail = file.read(size_bytes - start)
    page = tail.rfind(b"OggS")
    if page < 0 or len(tail) < page + 27:
        return False
    lengths = tail[page + 27 : page + 27 + tail[page + 26]]
    return bool(tail[page + 5] & 0x04) and page + 27 + tail[page + 26] + sum(lengths) <= len(tail)


# Writing the tracks ----------------------------------------------------------------------------------------------


class _TrackFile:
    """One channel on its way to disk, with its levels."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("wb")
        self.sample_count = 0
        self.peak = 0.0
        self._energy = 0.0

    def write(self, samples: NDArray[np.float32]) -> None:
        if len(samples) == 0:
            return
        self._file.write(np.ascontiguousarray(samples).data)
        self.sample_count += len(samples)
        self.peak = max(self.peak, float(np.abs(samples).max()))
        self._energy += float(np.square(samples, dtype=np.float64).sum())

    @property
    def rms(self) -> float:
        return math.sqrt(self._energy / self.sample_count) if self.sample_count else 0.0

    def finish(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())  # some disks say only here that they are full
        self._file.close()

    def discard(self) -> None:
        """Leaves nothing of a track that was not finished; does nothing to one that was moved to its place."""
        with suppress(OSError):
            self._file.close()  # writes what is left in the buffer, and fails again on a full disk
        self.path.unlink(missing_ok=True)


def _write_tracks(source: _Source, folder: Path, progress: Progress, *, max_duration_s: float) -> Sound:
    channels, rate_hz = source.channels, source.sample_rate_hz
    _check_shape(source.name, channels, rate_hz)
    longest_s = min(max_duration_s, 2 * max_duration_s / channels)
    resample = soxr.ResampleStream(rate_hz, SAMPLE_RATE_HZ, channels, dtype="float32", quality="HQ")
    frames_read = damaged_samples = 0
    with ExitStack() as undo:
        parts: list[_TrackFile] = []

        def write(block: Block) -> None:
            with _using_scratch():
                for channel, part in enumerate(parts):
                    part.write(np.clip(block[:, channel], -1.0, 1.0))

        with _using_scratch():
            for channel in range(channels):
                parts.append(_TrackFile(folder / f"{channel}.part"))
                undo.callback(parts[-1].discard)
        for block in _blocks(source):
            frames_read += len(block)
            if frames_read > longest_s * rate_hz:
                raise BadRecording(
                    f"This {source.name} file unpacks to more than {longest_s / 3600:g} hours of sound, which is no "
                    "call. Nothing was changed. If it is one, cut it into parts and send those."
                )
            sound_values = np.abs(block) <= LOUDEST_LEVEL  # False for NaN
            damaged_samples += int(block.size - np.count_nonzero(sound_values))
            block = np.where(sound_values, block, np.float32(0.0))
            write(block if rate_hz == SAMPLE_RATE_HZ else resample.resample_chunk(block))
            progress(min(0.99, source.share_read()))
        if rate_hz != SAMPLE_RATE_HZ:
            write(resample.resample_chunk(np.zeros((0, channels), np.float32), last=True))

        duration_s = frames_read / rate_hz
        damaged_s = source.damaged_s + damaged_samples / channels / rate_hz
        _check_content(source.name, duration_s, damaged_s)
        facts = RecordingFacts(duration_s, channels, rate_hz, source.codec)
        tracks = tuple(
            Track(channel, folder / f"{channel}.f32", part.sample_count, part.peak, part.rms)
            for channel, part in enumerate(parts)
        )
        sound = Sound(facts, tracks, truncated=source.truncated, damaged_s=damaged_s)
        with _using_scratch():
            for part in parts:
                part.finish()
            for part, track in zip(parts, tracks, strict=True):
                part.path.replace(track.path)
            _note(sound, folder)
        return sound


def _blocks(source: _Source) -> Iterator[Block]:
    with _reading():
        yield from source.blocks()


def _check_content(name: str, duration_s: float, damaged_s: float) -> None:
    if duration_s == 0.0:
        raise BadRecording(f"This {name} file has a header but no sound after it. {SEND_AGAIN}")
    if duration_s < MIN_DURATION_S:
        raise BadRecording(
            f"This {name} file holds only {duration_s * 1000:.0f} milliseconds of sound, too short for a word. "
            f"{SEND_AGAIN}"
        )
    if damaged_s > MAX_DAMAGED_SHARE * duration_s:
        raise BadRecording(
            f"This {name} file is damaged: more than half of it cannot be read, or is not sound. {SEND_AGAIN}"
        )


# What a decoder leaves for the next ------------------------------------------------------------------------------


def _note(sound: Sound, folder: Path) -> None:
    """Written last: where it stands, the tracks are whole."""
    note = {
        "format": SCRATCH_FORMAT,
        "facts": asdict(sound.facts),
        "truncated": sound.truncated,
        "damaged_s": sound.damaged_s,
        "tracks": [{"samples": t.sample_count, "peak": t.peak, "rms": t.rms} for t in sound.tracks],
    }
    part = folder / "facts.part"
    try:
        part.write_text(json.dumps(note), encoding="utf-8")
        part.replace(folder / "facts.json")
    finally:
        part.unlink(missing_ok=True)


def _already_there(folder: Path) -> Sound | None:
    """What an earlier decoder left, if it is whole and of this version of the format."""
    try:
        note = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
        if note["format"] != SCRATCH_FORMAT:
            return None
        tracks = tuple(
            Track(channel, folder / f"{channel}.f32", int(track["samples"]), float(track["peak"]), float(track["rms"]))
            for channel, track in enumerate(note["tracks"])
        )
        if any(track.path.stat().st_size != track.sample_count * BYTES_PER_SAMPLE for track in tracks):
            return None
        return Sound(RecordingFacts(**note["facts"]), tracks, bool(note["truncated"]), float(note["damaged_s"]))
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
