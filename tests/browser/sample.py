"""The record of the sample call as it was spoken, with every word at its place in the sound, made without a model."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import date
from pathlib import Path

from tests.web.records import evidence, record_of, said, stated
from worker.core.call import Party
from worker.core.record import CallRecord
from worker.core.summary import Commitment, Due, Ending, EndState, StatementKind
from worker.core.transcript import Hold, SoundKind, Turn

FOLDER = Path(__file__).parent.parent.parent / "scripts" / "sample_call"
SOUND = FOLDER / "call.flac"


def sample_record() -> CallRecord:
    """Both sides, a hold, four statements with their evidence, and two promises of the agent."""
    spoken = json.loads((FOLDER / "reference.json").read_text())
    turns = tuple(
        said(f"t{number}", Party(one["role"]), one["text"], one["start_s"], one["end_s"], unsure=("twenty.",))
        for number, one in enumerate(spoken["utterances"], 1)
    )
    leaks = evidence(_turn(turns, "it leaks."), "it leaks.")
    free = evidence(_turn(turns, "repair is free."), "so the repair is free.")
    coming = evidence(_turn(turns, "technician will come"), "I promise that a technician will come to you by Friday,")
    refused = evidence(_turn(turns, "It's our policy"), "I can't refund that.")
    receipt = evidence(_turn(turns, "email you the receipt"), "I will email you the receipt today.")
    (hold,) = spoken["holds"]
    record = record_of(
        turns,
        duration_s=spoken["duration_s"],
        headline=stated(
            "s0", StatementKind.ASKED, Party.CUSTOMER, "A washing machine that leaks.", leaks, support=0.93
        ),
        statements=(
            stated(
                "s1", StatementKind.ASKED, Party.CUSTOMER, "The customer's washing machine leaks.", leaks, support=0.9
            ),
            stated("s2", StatementKind.EXPLAINED, Party.AGENT, "The repair costs nothing.", free, support=0.8),
            stated("s3", StatementKind.REFUSED, Party.AGENT, "The agent said: “I can't refund that.”", refused),
        ),
        ending=Ending(EndState.OPEN, (coming,)),
        promises=(
            Commitment(
                "p1", Party.AGENT, Party.CUSTOMER, "send a technician", Due("by Friday", date(2026, 3, 13)), (coming,)
            ),
            Commitment(
                "p2", Party.AGENT, Party.CUSTOMER, "email the receipt", Due("today", date(2026, 3, 10)), (receipt,)
            ),
        ),
        holds=(Hold(hold["start_s"], hold["end_s"], SoundKind.MUSIC, hold["channel"]),),
        sha256=hashlib.sha256(SOUND.read_bytes()).hexdigest(),
    )
    return replace(record, recording=replace(record.recording, file_name=SOUND.name))


def _turn(turns: tuple[Turn, ...], words: str) -> Turn:
    return next(turn for turn in turns if words in turn.text)
