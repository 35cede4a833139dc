"""The last stage: puts together, from what the stages before it gave, the one record that everybody reads."""

from __future__ import annotations

from collections.abc import Sequence

from worker.core.call import CallDetails, Recording
from worker.core.ports import Progress
from worker.core.record import SCHEMA_VERSION, CallRecord, MadeBy, RecordingSummary
from worker.core.sound import Sound
from worker.core.summary import Summary
from worker.core.transcript import CallWarning, Code, Conversation, Listening, Transcript


def publish(
    recording: Recording,
    details: CallDetails,
    sound: Sound,
    listening: Listening,
    transcript: Transcript,
    conversation: Conversation,
    summary: Summary,
    made_by: Sequence[MadeBy],
    *,
    progress: Progress,
) -> CallRecord:
    """The record of the call. Warnings of all stages are joined in the order of the call, those without one first."""
    warnings = [*_about_the_file(sound)]
    for part in (listening, transcript, conversation, summary):
        warnings.extend(part.warnings)
    progress(1.0)
    return CallRecord(
        schema_version=SCHEMA_VERSION,
        external_id=details.external_id,
        started_at=details.started_at,
        zone=details.zone,
        recording=RecordingSummary(
            sha256=recording.sha256,
            file_name=recording.file_name,
            duration_s=sound.facts.duration_s,
            channels=sound.facts.channels,
            sample_rate_hz=sound.facts.sample_rate_hz,
            codec=sound.facts.codec,
        ),
        layout=listening.layout,
        language=transcript.language,
        language_confidence=transcript.language_confidence,
        parties=conversation.participants,
        holds=listening.holds,
        turns=conversation.turns,
        summary=summary,
        warnings=tuple(sorted(warnings, key=lambda warning: -1.0 if warning.start_s is None else warning.start_s)),
        made_by=tuple(made_by),
    )


def _about_the_file(sound: Sound) -> tuple[CallWarning, ...]:
    found = []
    if sound.truncated:
        end_s = sound.facts.duration_s
        message = "The file ends before its header says it should. What was there is used; the end is missing."
        found.append(CallWarning(Code.TRUNCATED, message, end_s, end_s))
    if sound.damaged_s:
        message = f"{sound.damaged_s:.2f} s of the file could not be read. Silence stands in their place."
        found.append(CallWarning(Code.DAMAGED, message))
    return tuple(found)
