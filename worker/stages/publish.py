"""The last stage: puts together, from what the stages before it gave, the one record that everybody reads."""

from __future__ import annotations

from collections.abc import Sequence

from worker.core.call import CallDetails, Recording, sound_id
from worker.core.ports import Progress
from worker.core.record import SCHEMA_VERSION, CallRecord, Leg, MadeBy, RecordingSummary
from worker.core.sound import Sound
from worker.core.summary import Summary
from worker.core.transcript import CallWarning, Code, Conversation, Listening
from worker.stages.joining import about_legs


def publish(
    recordings: Sequence[Recording],
    details: CallDetails,
    sound: Sound,
    listening: Listening,
    conversation: Conversation,
    summary: Summary,
    made_by: Sequence[MadeBy],
    *,
    progress: Progress,
) -> CallRecord:
    """The record of the call. Warnings of all stages are joined in the order of the call, those without one first."""
    warnings = [*_about_the_files(sound)]
    for part in (listening, conversation, summary):
        warnings.extend(part.warnings)
    progress(1.0)
    return CallRecord(
        schema_version=SCHEMA_VERSION,
        external_id=details.external_id,
        started_at=details.started_at,
        zone=details.zone,
        recording=RecordingSummary(
            sha256=sound_id([one.sha256 for one in recordings]),
            file_name=" + ".join(dict.fromkeys(one.file_name for one in recordings)),
            duration_s=sound.facts.duration_s,
            channels=sound.facts.channels,
            sample_rate_hz=sound.facts.sample_rate_hz,
            codec=sound.facts.codec,
        ),
        layout=listening.layout,
        language=conversation.language,
        language_confidence=conversation.language_confidence,
        parties=conversation.participants,
        holds=listening.holds,
        turns=conversation.turns,
        summary=summary,
        warnings=tuple(sorted(warnings, key=lambda warning: -1.0 if warning.start_s is None else warning.start_s)),
        made_by=tuple(made_by),
        legs=_legs(recordings, sound),
        cuts=conversation.cuts,
    )


def _legs(recordings: Sequence[Recording], sound: Sound) -> tuple[Leg, ...]:
    if sound.legs is None:
        (only,) = recordings
        return (Leg(only.sha256, only.file_name, 0.0, sound.facts.duration_s, only.kept_as),)
    return tuple(
        Leg(
            recordings[leg.number - 1].sha256,
            recordings[leg.number - 1].file_name,
            round(leg.start_s, 3),
            round(leg.duration_s, 3),
            recordings[leg.number - 1].kept_as,
        )
        for leg in sound.legs.placed
    )


def _about_the_files(sound: Sound) -> tuple[CallWarning, ...]:
    found = [] if sound.legs is None else [*about_legs(sound.legs)]
    if sound.truncated:
        message = "The file ends before its header says it should. What was there is used; the end is missing."
        ends_s = (
            [sound.facts.duration_s]
            if sound.legs is None
            else [leg.end_s for leg in sound.legs.placed if leg.truncated]
        )
        found.extend(CallWarning(Code.TRUNCATED, message, end_s, end_s) for end_s in ends_s)
    if sound.damaged_s:
        message = f"{sound.damaged_s:.2f} s of the file could not be read. Silence stands in their place."
        found.append(CallWarning(Code.DAMAGED, message))
    return tuple(found)
