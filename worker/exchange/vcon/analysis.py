"""What was made of the sound, as a vCon's analyses: transcript, short version, promises, and what was cut."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from pydantic import TypeAdapter

from worker.core.dialogue.state import PromiseStanding, StatementState
from worker.core.protection import Cut
from worker.core.record import MadeBy
from worker.core.summary import Commitment, Ending, Statement
from worker.core.transcript import CallWarning
from worker.exchange.machine_made import SOURCE_TYPE
from worker.exchange.vcon.parties import Parties
from worker.exchange.vcon.values import VENDOR, Json, Material, Object
from worker.exchange.vcon.wtf import wtf_of

MARK = "Written by machine from the words of the call, and checked against them. A machine can be wrong."
"""For people; ``written_by`` says it for programs (AI Act, Art. 50)."""

_STATEMENT = TypeAdapter(Statement)
_STATE = TypeAdapter(StatementState)
_ENDING = TypeAdapter(Ending)
_PROMISE = TypeAdapter(Commitment)
_STANDING = TypeAdapter(PromiseStanding)
_CUTS = TypeAdapter(tuple[Cut, ...])
_WARNINGS = TypeAdapter(tuple[CallWarning, ...])
_MADE_BY = TypeAdapter(tuple[MadeBy, ...])


def analyses_of(material: Material, parties: Parties) -> list[Json]:
    """All of them; promises and cuts only where there are any."""
    found = [
        _analysis("wtf_transcription", "wtf-1.0", wtf_of(material, parties)),
        _analysis("summary", "onrecord-summary-1", _summary(material)),
    ]
    if material.record.summary.commitments:
        found.append(_analysis("promises", "onrecord-promises-1", _promises(material)))
    if material.record.cuts:
        found.append(_analysis("redactions", "onrecord-cuts-1", {"cuts": _plain(_CUTS, material.record.cuts)}))
    return found


def _analysis(kind: str, schema: str, body: Object) -> Json:
    return {
        "type": kind,
        "dialog": 0,
        "vendor": VENDOR,
        "product": f"On Record {version('onrecord')}",
        "schema": schema,
        "mediatype": "application/json",
        "encoding": "json",
        "body": body,
    }


def _summary(material: Material) -> Object:
    """The statements with their evidence in seconds and turns, and where the two sides stand to each."""
    record, states = material.record, material.dialogue.statements
    summary = record.summary

    def stated(one: Statement) -> Json:
        return {**_plain(_STATEMENT, one), "standing": _plain(_STATE, states[one.id]) if one.id in states else None}

    return {
        "note": MARK,
        "digital_source_type": SOURCE_TYPE,
        "headline": stated(summary.headline) if summary.headline else None,
        "ending": _plain(_ENDING, summary.ending),
        "statements": [stated(one) for one in summary.statements],
        "warnings": _plain(_WARNINGS, record.warnings),
        "made_by": _plain(_MADE_BY, record.made_by),
        "turns": [turn.id for turn in record.turns],  # by their ids, in the order of the transcript's segments
    }


def _promises(material: Material) -> Object:
    standings = material.dialogue.promises
    return {
        "promises": [
            {
                **_plain(_PROMISE, one),
                "standing": _plain(_STANDING, standings[one.id]) if one.id in standings else None,
            }
            for one in material.record.summary.commitments
        ]
    }


def _plain(adapter: TypeAdapter[Any], value: object) -> Any:
    return adapter.dump_python(value, mode="json")
