"""One recording becomes one 16 kHz track per channel, in scratch files.

Sound passes through in blocks, so memory does not grow with the call. Everything that is wrong with a file ends in one
BadRecording, or in a Sound that says what is missing:

- the file ends before its header says: what is there is used, and ``truncated`` is set;
- a part cannot be decoded, or holds numbers that are no sound (NaN, infinite, far outside full scale): silence stands
  in its place, so that times stay right, and ``damaged_s`` says how much; where most is such, it is no recording;
- float samples a little over full scale (lossy coders make them) are clipped, as every player does.
"""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from filelock import FileLock

from worker.core.call import Recording
from worker.core.ports import Progress
from worker.core.sound import Sound
from worker.stages.decoding.formats import source_of
from worker.stages.decoding.tracks import MAX_DURATION_S, already_there, reading, using_scratch, write_tracks


def decode_recording(
    recording: Recording, *, scratch: Path, progress: Progress, max_duration_s: float = MAX_DURATION_S
) -> Sound:
    """The sound of a recording, its tracks in ``scratch/<sha256>/<channel>.f32``.

    Decoding twice is cheap: finished tracks are used again. Two decoders of one recording take turns. A decoder that
    is killed leaves no finished track that is not whole, and its remains are overwritten by the next.

    Raises:
        BadRecording: the bytes are not sound we can read; the message says why and what to do.
        Unavailable: the scratch disk is full or cannot be written, or the recording cannot be opened now.
    """
    folder = scratch / recording.sha256
    with ExitStack() as until_done:
        with using_scratch():
            folder.mkdir(parents=True, exist_ok=True)
            until_done.enter_context(FileLock(folder / "lock"))
            sound = already_there(folder)
        if sound is None:
            with reading():
                file = until_done.enter_context(recording.path.open("rb", buffering=0))
                source = until_done.enter_context(source_of(file, recording))
            sound = write_tracks(source, folder, progress, max_duration_s=max_duration_s)
    progress(1.0)
    return sound
