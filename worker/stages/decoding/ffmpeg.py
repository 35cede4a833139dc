"""Every format but WAV, through FFmpeg's libraries: it is told which to expect and never left to guess."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from typing import BinaryIO

import av
import numpy as np

from worker.core.errors import BadRecording
from worker.stages.decoding.source import BLOCK_FRAMES, SEND_AGAIN, Block

GAP_S = 0.1  # a jump in a container's clock from this on is filled with silence; below, it is rounding
LONGEST_GAP_S = 60.0  # beyond it, the clock itself is broken


@dataclass(frozen=True)
class Format:
    """A format FFmpeg reads: its name for people and for FFmpeg.

    ``slack_s`` is by how much the length in its header may exceed what is decoded without anything being missing
    (coders pad the ends); None where the header says no length, and FFmpeg's is a guess from the size.
    """

    name: str
    demuxer: str
    slack_s: float | None = None


FLAC = Format("FLAC", "flac", slack_s=0.0)
OGG = Format("OGG", "ogg")
MP3 = Format("MP3", "mp3")
MP3_WITH_LENGTH = Format("MP3", "mp3", slack_s=0.3)
AAC = Format("AAC", "aac")
M4A = Format("M4A", "mov", slack_s=0.3)
WEBM = Format("WebM", "matroska", slack_s=0.3)
AMR = Format("AMR", "amr")
G722 = Format("G.722", "g722")
OTHER_WAV = Format("WAV", "wav")  # WAV with a coding that libsndfile does not know, such as G.722


class FFmpegSource:
    """Any other format, through FFmpeg's libraries."""

    def __init__(self, file: BinaryIO, format_: Format) -> None:
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
        if self._format is OGG:
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

    def __enter__(self) -> FFmpegSource:
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
