"""The first stage: the recordings of a call, of any common sound format, become one 16 kHz track per channel.

What a file is, its bytes say; its name only ever decides for G.722, which has no header. WAV is read by libsndfile, all
else by FFmpeg's libraries through PyAV: libsndfile's MP3 reader writes to the terminal, its FLAC reader loses the end
of a cut file, and its Opus reader is slow. FFmpeg is told which format to expect and never left to guess: some formats
that it guesses (playlists, lists of files) open other files and addresses.

What reading takes is in ``worker.stages.decoding``; several recordings of one call are put together by
``worker.stages.joining``.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from shutil import rmtree

from filelock import FileLock

from worker.core.call import Recording, sound_id
from worker.core.errors import BadRecording
from worker.core.ports import Progress, part_of
from worker.core.sound import Sound
from worker.stages.decoding.recording import decode_recording
from worker.stages.decoding.tracks import using_scratch
from worker.stages.joining import join

DECODING_SHARE = 0.9


def decode(recordings: Sequence[Recording], *, scratch: Path, progress: Progress) -> Sound:
    """The sound of a call of at least one recording, its tracks in ``scratch/<id>/<track>.f32``.

    ``<id>`` is ``sound_id`` of the recordings. What was decoded of each of several is gone once they are joined: the
    disk holds the sound of a call once.

    Raises:
        BadRecording: the bytes of a recording are not sound we can read; the message says why and what to do.
        Unavailable: the scratch disk is full or cannot be written, or a recording cannot be opened now.
    """
    if len(recordings) == 1:
        return decode_recording(recordings[0], scratch=scratch, progress=progress)
    folder = scratch / sound_id([one.sha256 for one in recordings])
    with ExitStack() as until_joined:
        with using_scratch():
            folder.mkdir(parents=True, exist_ok=True)
            # Two that decode one call take turns from first to last: the first clears away what the second would read.
            until_joined.enter_context(FileLock(folder / "lock"))
        sounds = _decode_each(recordings, scratch, progress)
        sound = join(recordings, sounds, folder=folder, progress=part_of(progress, start=DECODING_SHARE, share=0.1))
        for one in recordings:
            rmtree(scratch / one.sha256, ignore_errors=True)
    progress(1.0)
    return sound


def _decode_each(recordings: Sequence[Recording], scratch: Path, progress: Progress) -> list[Sound]:
    sounds = []
    done, whole = 0.0, sum(one.size_bytes for one in recordings) or 1
    for number, one in enumerate(recordings, start=1):
        share = DECODING_SHARE * one.size_bytes / whole
        try:
            sounds.append(decode_recording(one, scratch=scratch, progress=part_of(progress, start=done, share=share)))
        except BadRecording as error:
            which = f"Recording {number} of the {len(recordings)} of this call cannot be used. {error.message}"
            raise BadRecording(which) from error
        done += share
    return sounds
