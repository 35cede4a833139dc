"""What was heard: stretches of sound by kind, words with their times, speakers, and turns with their parties.

The values go from raw to attributed in the order of the file. Each is what one stage gives to the next.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from worker.core.call import Party
from worker.core.protection import Cut
from worker.core.sound import Interval, Legs

SURE_LANGUAGE = 0.5
"""Below this probability the language of a call is a guess, and whoever uses it must look for itself."""


class SoundKind(StrEnum):
    """What a stretch of one track sounds like."""

    SPEECH = "speech"
    MUSIC = "music"  # music or another lasting sound that is not speech: ringing, tones, noise
    SILENCE = "silence"


class Layout(StrEnum):
    """How the parties lie on the tracks."""

    TRACK_PER_PARTY = "track_per_party"  # each track carries one side: parties come from the tracks
    MIXED = "mixed"  # one track, or several that carry the same sound: parties come from diarization


class Code(StrEnum):
    """Why a person should look or listen again. Stable: other programs read it."""

    TRUNCATED = "truncated_recording"
    DAMAGED = "damaged_recording"
    NO_SPEECH = "no_speech"
    SILENT_TRACK = "silent_track"
    SAME_SOUND = "same_sound_on_tracks"
    NOT_HEARD = "not_heard"
    UNCERTAIN_WORDS = "uncertain_words"
    OVERLAP = "overlap"
    UNKNOWN_PARTY = "unknown_party"
    DOUBTED_PARTY = "doubted_party"  # what the sender said of the channels does not fit the words
    UNATTRIBUTED_WORDS = "unattributed_words"
    ONE_VOICE = "one_voice"  # one voice was found, but the words are those of two people
    LANGUAGE_UNSURE = "language_unsure"
    LANGUAGE_CHANGES = "language_changes"
    NO_MODEL = "no_model"
    OTHER_LANGUAGE = "other_language"  # one in which no statements are written
    CLIPPED = "clipped"
    LEGS_OVERLAP = "legs_overlap"  # two recordings of one call ran at once, and stand after one another
    LEGS_APART = "legs_apart"  # more time went by between two recordings than their sound has silence for
    LEG_TIME_UNKNOWN = "leg_time_unknown"  # how long it was between two recordings, or which came first
    LEGS_DIFFER = "legs_differ"  # the recordings of one call have other channels each


@dataclass(frozen=True)
class CallWarning:
    """Something that a reader should know about this record, in plain words, with the stretch where it is known."""

    code: Code
    message: str
    start_s: float | None = None
    end_s: float | None = None


@dataclass(frozen=True)
class Stretch:
    """One stretch of one track that sounds alike."""

    channel: int
    kind: SoundKind
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Hold:
    """A stretch in which the customer waits: music, or silence on every track."""

    start_s: float
    end_s: float
    kind: SoundKind
    channel: int | None  # the track on which the music plays; None for silence


@dataclass(frozen=True)
class Leak:
    """How the track ``source`` is heard on the track ``into``: ``taps`` make it of the source, ``lag`` samples late.

    Samples and taps are at 16 kHz. ``remains_db`` is how loud the source still is there once that is taken away, in dB
    to its own level, the noise of the line left out.
    """

    source: int
    into: int
    lag: int
    taps: tuple[float, ...]
    remains_db: float


@dataclass(frozen=True)
class Listening:
    """What the ``listen`` stage found: kinds of sound per track, holds, and how the parties lie on the tracks.

    ``heard_channels`` are the tracks worth transcribing: both of a stereo call, one of a mixed one. ``leaks``
    are to be taken away from a track before it is transcribed. ``mixed_channels`` are those heard ones that carry
    several voices although the others carry one each. ``legs`` are the sound's own.
    """

    layout: Layout
    heard_channels: tuple[int, ...]
    stretches: tuple[Stretch, ...]
    holds: tuple[Hold, ...]
    warnings: tuple[CallWarning, ...] = ()
    leaks: tuple[Leak, ...] = ()
    mixed_channels: tuple[int, ...] = ()
    legs: Legs | None = None

    def speech(self, channel: int) -> tuple[Interval, ...]:
        """The stretches of speech on one track, in order."""
        return tuple(
            Interval(s.start_s, s.end_s) for s in self.stretches if s.channel == channel and s.kind is SoundKind.SPEECH
        )


@dataclass(frozen=True)
class Word:
    """One word as heard; ``text`` carries no spaces.

    ``confidence`` in [0, 1] is the share of such words that are right where that was measured for the model; else the
    model's own probability.
    """

    text: str
    start_s: float
    end_s: float
    confidence: float


@dataclass(frozen=True)
class OtherLanguage:
    """A stretch that is spoken in another language than the rest, with the probability of that language."""

    language: str
    confidence: float
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Transcription:
    """The words of one stretch of sound and the language in which they were heard (ISO 639-1).

    Words in ``other_languages`` were heard in that language. In ``not_heard`` somebody speaks, or seems to, and it is
    not known what was said.
    """

    words: tuple[Word, ...]
    language: str | None
    language_confidence: float | None
    other_languages: tuple[OtherLanguage, ...] = ()
    not_heard: tuple[Interval, ...] = ()


@dataclass(frozen=True)
class TrackWords:
    """The words heard on one track, in the order of their start."""

    channel: int
    words: tuple[Word, ...]


@dataclass(frozen=True)
class Transcript:
    """What the ``transcribe`` stage gives: words per track, before anybody is said to have spoken them."""

    tracks: tuple[TrackWords, ...]
    language: str | None
    language_confidence: float | None
    warnings: tuple[CallWarning, ...] = ()


@dataclass(frozen=True)
class SpeakerStretch:
    """A stretch in which one anonymous speaker is heard. Stretches of different speakers may overlap."""

    speaker: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Voices:
    """What the ``separate`` stage gives: who is heard when, as anonymous labels.

    On a track per party the speaker is the track (``track 0``), and ``channel_of`` names its channel; a speaker on a
    track with several voices is not in it.
    """

    stretches: tuple[SpeakerStretch, ...]
    channel_of: dict[str, int]


@dataclass(frozen=True)
class Participant:
    """One speaker and the party he or she was found to be, with the reason, so that it can be contested."""

    party: Party
    name: str | None
    speaker: str
    channel: int | None
    reason: str


@dataclass(frozen=True)
class Turn:
    """Consecutive words of one speaker. ``overlaps`` says that somebody else is heard within it."""

    id: str
    party: Party
    speaker: str | None  # None where nobody was found to be speaking
    channel: int | None
    start_s: float
    end_s: float
    text: str
    words: tuple[Word, ...]
    overlaps: bool = False


@dataclass(frozen=True)
class Conversation:
    """What the ``attribute`` stage gives: the turns in order of their start, who the speakers are, and the language.

    ``protect`` gives it again with tokens in place of what must not be shown, and with the ``cuts``.
    """

    participants: tuple[Participant, ...]
    turns: tuple[Turn, ...]
    warnings: tuple[CallWarning, ...] = ()
    language: str | None = None
    language_confidence: float | None = None
    cuts: tuple[Cut, ...] = ()
