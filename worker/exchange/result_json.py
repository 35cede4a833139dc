"""The result JSON: what ``onrecord process --json`` and ``onrecord show --json`` print and the API answers.

Its fields are those of ``worker.core.record.CallRecord``; the README documents them and a test compares the two.
"""

from __future__ import annotations

from pydantic import TypeAdapter

from worker.core.record import CallRecord

_RECORD = TypeAdapter(CallRecord)


def record_to_json(record: CallRecord, *, indent: int | None = None) -> str:
    """The record as JSON text; an indent of None writes it on one line. Instants are RFC 3339 with their zone."""
    return _RECORD.dump_json(record, indent=indent).decode()


def record_from_json(text: str) -> CallRecord:
    """The record that ``record_to_json`` wrote. Raises pydantic's ValidationError for anything else."""
    return _RECORD.validate_json(text)
