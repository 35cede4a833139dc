"""The way of a call, read downward: one file per stage, and the order in which they run.

The order is checked when this package is imported: a stage whose need nobody meets is refused there, by name.
``measure`` (waiting, holds, talk) belongs between check and publish. No stage after ``protect`` is given the words as
they were said, or the sound.
"""

from __future__ import annotations

from worker.core.record import CallRecord
from worker.core.sound import Sound
from worker.core.stage import Stage, check_order
from worker.core.summary import Drafts, Summary
from worker.core.transcript import Conversation, Listening, Transcript, Voices
from worker.stages.attribute import attribute
from worker.stages.check import check
from worker.stages.decode import decode
from worker.stages.listen import listen
from worker.stages.protect import protect
from worker.stages.publish import publish
from worker.stages.separate import separate
from worker.stages.summarise import summarise
from worker.stages.transcribe import transcribe

GIVEN = ("recordings", "details", "made_by")
"""What is there before the first stage: the call's files as they are numbered, what its sender said, and the growing
list of who made what."""

HOUR_S = 3600.0

PROTECT = "protect"
"""The stage after which a call's sound is overwritten too, and may be heard."""

STAGES = (
    Stage(
        name="decode",
        requires=("recordings",),
        produces="sound",
        gives=Sound,
        run=decode,
        ports=("scratch",),
        on_scratch=True,
    ),
    Stage(
        name="listen",
        requires=("sound",),
        produces="listening",
        gives=Listening,
        run=listen,
        ports=("voice_detector",),
        hears=True,
        timeout_s=HOUR_S,
    ),
    Stage(
        name="transcribe",
        requires=("sound", "listening", "details"),
        produces="transcript",
        gives=Transcript,
        run=transcribe,
        ports=("transcriber",),
        hears=True,
        timeout_s=4 * HOUR_S,
    ),
    Stage(
        name="separate",
        requires=("sound", "listening"),
        produces="voices",
        gives=Voices,
        run=separate,
        ports=("diarizer",),
        hears=True,
        timeout_s=4 * HOUR_S,
    ),
    Stage(
        name="attribute",
        requires=("listening", "transcript", "voices", "details"),
        produces="spoken",
        gives=Conversation,
        run=attribute,
    ),
    Stage(
        name=PROTECT,
        requires=("spoken", "listening", "sound", "details"),
        produces="conversation",
        gives=Conversation,
        run=protect,
        ports=("protection",),
        timeout_s=HOUR_S,
        hears=True,
        forgets=("transcript", "spoken"),
    ),
    Stage(
        name="summarise",
        requires=("conversation", "details"),
        produces="drafts",
        gives=Drafts,
        run=summarise,
        ports=("summarizer",),
        timeout_s=2 * HOUR_S,
    ),
    Stage(
        name="check",
        requires=("conversation", "drafts"),
        produces="summary",
        gives=Summary,
        run=check,
        ports=("entailment",),
        timeout_s=HOUR_S,
    ),
    Stage(
        name="publish",
        requires=("recordings", "details", "sound", "listening", "conversation", "summary", "made_by"),
        produces="record",
        gives=CallRecord,
        run=publish,
    ),
)

check_order(STAGES, given=GIVEN)
