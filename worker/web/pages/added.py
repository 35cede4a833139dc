"""What was added from off the phone: texts, files, and recordings of one's own of the same call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from worker.core.dialogue.state import AddedThing
from worker.core.dialogue.values import KeptFile, OnEntry
from worker.core.errors import BadRecording
from worker.record.standing import CallState, Standing, StoredCall
from worker.web.pages.annotations import Moment, NoteLine, Reading
from worker.web.pages.letter import LETTERS
from worker.web.pages.people import Who, who_of
from worker.web.pages.saying import Saying
from worker.web.pages.words import day_in_words
from worker.web.texts import _, later

IMAGES_SHOWN = ("image/png", "image/jpeg", "image/webp", "image/gif")
"""Images that every browser shows by itself; all else but letters is saved, and opened by what people use for it."""

KINDS_IN_WORDS = {
    "application/pdf": later("PDF"),
    "image": later("image"),
    "message/rfc822": later("email"),
    "text/plain": later("text"),
    "audio": later("recording"),
}


@dataclass(frozen=True)
class FileLine:
    """A file that was added: its name, what it is and its size in words, and where it opens.

    ``is_saved``: it is no page and no image, so it is saved and not opened here.
    """

    name: str
    about: str
    address: str
    is_saved: bool


@dataclass(frozen=True)
class RecordingLine:
    """Somebody's own recording of the call: where it stands, and once it is ready, its sound and the comparison."""

    standing: str
    sound: str | None
    compared: str | None


@dataclass(frozen=True)
class AddedLine:
    """One thing that was added. ``happened`` is the day on which it happened; a recording has a file too."""

    number: int
    who: Who
    when: Moment
    happened: str | None
    text: str | None
    file: FileLine | None
    recording: RecordingLine | None
    is_withdrawn: bool
    notes: tuple[NoteLine, ...]
    saying: Saying


def added_of(reading: Reading, *, call_id: str, recordings: Mapping[str, StoredCall]) -> tuple[AddedLine, ...]:
    """Everything that was added, in the order in which it was. ``recordings`` are those among it, by their ids."""
    return tuple(_line(one, reading, call_id, recordings) for one in reading.dialogue.added)


def _line(thing: AddedThing, reading: Reading, call_id: str, recordings: Mapping[str, StoredCall]) -> AddedLine:
    added = thing.added
    day = added.happened_on
    address = f"/calls/{call_id}/files/{thing.number}"
    recording = recordings.get(added.recording_call) if added.recording_call else None
    return AddedLine(
        number=thing.number,
        who=who_of(thing.actor, thing.by, reading.reader),
        when=reading.moment(thing.at),
        happened=day_in_words(day) if day else None,
        text=added.text,
        file=_file(added.file, address) if added.file else None,
        recording=_recording(recording.standing, address, f"/calls/{call_id}/compared/{thing.number}")
        if recording
        else None,
        is_withdrawn=thing.is_withdrawn,
        notes=reading.notes_on_entry(thing.number),
        saying=reading.saying(OnEntry(thing.number), what=_("what was added")),
    )


def _file(file: KeptFile, address: str) -> FileLine:
    kind = KINDS_IN_WORDS.get(file.media_type) or KINDS_IN_WORDS[file.media_type.partition("/")[0]]
    is_letter = file.media_type in LETTERS
    return FileLine(
        name=file.name,
        about=f"{_(kind)}, {size_in_words(file.size_bytes)}",
        address=f"{address}/read" if is_letter else address,
        is_saved=not is_letter and file.media_type not in IMAGES_SHOWN,
    )


def _recording(standing: Standing, address: str, compared: str) -> RecordingLine:
    match standing.state:
        case CallState.READY:
            return RecordingLine(
                _("An own recording of this call. It was written down as the call was."), address, compared
            )
        case CallState.FAILED if standing.reason == BadRecording.__name__:
            text = _(
                "This recording is kept, but no sound in it could be read. Add it again as WAV, FLAC, OGG, MP3 or M4A."
            )
        case CallState.FAILED:
            text = _(
                "This recording is kept, but something in this service did not work on it. The people who run it see "
                "that, and can try again."
            )
        case _:
            text = _(
                "An own recording of this call. It is being written down as the call was. Open this page again in a "
                "few minutes to hear it, and to see where the two differ."
            )
    return RecordingLine(text, None, None)


def size_in_words(size_bytes: int) -> str:
    """How big a file is, as people say it: "12 kB", "3 MB"."""
    if size_bytes < 1_000_000:
        return f"{max(1, round(size_bytes / 1000))} kB"
    return f"{round(size_bytes / 1_000_000)} MB"
