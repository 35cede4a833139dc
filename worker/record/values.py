"""What stages give, as text and back: JSON by the fields and types of the dataclasses in ``worker.core``."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from worker.core.errors import BrokenModel, BrokenRecord, CallError
from worker.core.record import CallRecord

T = TypeVar("T")

VERSION_1 = '{"schema_version":1,'
"""How the text of a record begins that was made before its statements said who wrote them."""

_adapters: dict[type, TypeAdapter[Any]] = {}


def to_json(value: object) -> str:
    """The value as JSON.

    Raises BrokenModel if it would not read back as it is, such as one with a confidence that is not a number: better
    the stage fails now, with its cause at hand, than that every later stage fails on what was stored.
    """
    adapter = _adapter(type(value))
    try:
        text = adapter.dump_json(value, warnings="error")
        same = adapter.validate_json(text) == value
    except (PydanticSerializationError, ValidationError, CallError):
        same = False  # the cause is not passed on: its message quotes the value, and that is what people said
    if not same:
        raise BrokenModel(f"A value of the type {type(value).__name__} would not read back as it was given.")
    return text.decode()


def from_json(text: str, kind: type[T]) -> T:
    """The value that ``to_json`` wrote, now or in an earlier version. Raises BrokenRecord if the text is none."""
    try:
        if kind is CallRecord and text.startswith(VERSION_1):
            text = _with_writers(text)
        value: T = _adapter(kind).validate_json(text)
    except (ValidationError, CallError, LookupError, TypeError, ValueError):
        raise BrokenRecord(f"A stored value is not a {kind.__name__}. Restore the call from a copy.") from None
    return value


def prepare(*kinds: type) -> None:
    """Builds what reading and writing values of these kinds takes: else the first of each waits for it."""
    for kind in kinds:
        _adapter(kind)


def _with_writers(text: str) -> str:
    """A record of version 1 whose written statements say who wrote them: then, one model wrote them all.

    Nobody had told the zone of its call by name.
    """
    record = json.loads(text)
    record["zone"] = None
    models = {made["stage"]: made["model"] for made in record["made_by"]}
    for statement in record["summary"]["statements"]:
        if not statement["quoted"]:
            statement["written_by"] = models["summarise"]
    return json.dumps(record)


def _adapter(kind: type) -> TypeAdapter[Any]:
    """Building one takes longer than using it, so each is built once."""
    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]
