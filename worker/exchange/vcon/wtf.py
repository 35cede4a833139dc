"""The transcript in the World Transcription Format (draft-howe-vcon-wtf-extension-00), as the machine heard it.

Tokens stand in it as they are, for programs. Corrections of the two sides are among their annotations.
"""

from __future__ import annotations

from collections.abc import Sequence

from worker.core.record import CallRecord, MadeBy
from worker.core.transcript import Turn, Word
from worker.exchange.script import UNSURE_WORD
from worker.exchange.vcon.parties import Parties
from worker.exchange.vcon.values import Json, Material, Object, instant

UNKNOWN_LANGUAGE = "und"  # BCP 47
LEAST_S = 0.001
"""The format asks that every stretch ends after it begins."""


def wtf_of(material: Material, parties: Parties) -> Object:
    """The body of the analysis: segments are turns, and a speaker is the number of a party of the vCon."""
    record = material.record
    segments: list[Json] = []
    words: list[Json] = []
    for number, turn in enumerate(record.turns):
        speaker: Object = {} if (party := parties.of_turn(turn)) is None else {"speaker": party}
        first = len(words)
        words += [{"id": first + at, **_word(word), **speaker} for at, word in enumerate(turn.words)]
        segments.append(
            {
                "id": number,
                "start": turn.start_s,
                "end": max(turn.end_s, turn.start_s + LEAST_S),
                "text": turn.text.strip(),
                "confidence": _confidence(turn.words),
                **speaker,
                "words": list(range(first, len(words))),
            }
        )
    return {
        "transcript": {
            "text": " ".join(turn.text.strip() for turn in record.turns),
            "language": record.language or UNKNOWN_LANGUAGE,
            "duration": record.recording.duration_s,
            "confidence": _confidence(_all(record)),
        },
        "segments": segments,
        "words": words,
        "speakers": _speakers(record, parties),
        "metadata": _metadata(material),
        "quality": _quality(record),
    }


def _word(word: Word) -> Object:
    return {
        "start": word.start_s,
        "end": max(word.end_s, word.start_s + LEAST_S),
        "text": word.text,
        "confidence": _in_bounds(word.confidence),
    }


def _confidence(words: Sequence[Word]) -> float:
    """The mean of the words'; where there are none, nothing was heard with any confidence."""
    return _in_bounds(sum(word.confidence for word in words) / len(words)) if words else 0.0


def _in_bounds(confidence: float) -> float:
    return round(min(1.0, max(0.0, confidence)), 4)


def _all(record: CallRecord) -> list[Word]:
    return [word for turn in record.turns for word in turn.words]


def _speakers(record: CallRecord, parties: Parties) -> Object:
    """Everybody who says something, under the number of their party."""
    spoken: dict[int, list[tuple[int, Turn]]] = {}
    for number, turn in enumerate(record.turns):
        if (party := parties.of_turn(turn)) is not None:
            spoken.setdefault(party, []).append((number, turn))
    return {
        str(party): {
            "id": party,
            "label": _label(parties.objects[party]),
            "segments": [number for number, _turn in turns],
            "total_time": round(sum(turn.end_s - turn.start_s for _number, turn in turns), 3),
            "confidence": _confidence([word for _number, turn in turns for word in turn.words]),
        }
        for party, turns in sorted(spoken.items())
    }


def _label(party: Object) -> str:
    return str(party.get("name") or party.get("role") or "unknown voice")


def _metadata(material: Material) -> Object:
    record = material.record
    made = next((one for one in record.made_by if one.stage == "transcribe"), None)
    return {
        "created_at": instant(material.record_at),
        "processed_at": instant(material.record_at),
        "provider": _provider(made),
        "model": (made.model if made else None) or "unknown",
        "processing_time": made.seconds if made else 0.0,
        "audio": {
            "duration": record.recording.duration_s,
            "sample_rate": record.recording.sample_rate_hz,
            "channels": record.recording.channels,
            "format": record.recording.codec,
        },
        "options": {"revision": made.revision if made else "unknown"},
    }


def _provider(made: MadeBy | None) -> str:
    return "whisper" if made is not None and "whisper" in (made.model or "").lower() else "onrecord"


def _quality(record: CallRecord) -> Object:
    words = _all(record)
    return {
        "multiple_speakers": len({(turn.speaker, turn.channel) for turn in record.turns}) > 1,
        "overlapping_speech": any(turn.overlaps for turn in record.turns),
        "average_confidence": _confidence(words),
        "low_confidence_words": sum(word.confidence < UNSURE_WORD for word in words),
        "processing_warnings": [warning.message for warning in record.warnings],
    }
