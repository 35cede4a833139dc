"""Logs: one JSON object a line on standard error, with the call, the stage and the attempt, and never with content.

Only this package's events and foreign warnings go there. RQ's own lines are kept to warnings: they print a job's
arguments, which here are ids, but also tracebacks, whose messages are not ours to vouch for.

The last lines about calls are remembered, so that a failure can be stored with the one that was logged before it.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import traceback
from collections import OrderedDict
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import structlog

CALLS_REMEMBERED = 16
INNERMOST = 8  # calls of functions
SAID_BESIDE = ("event", "call", "stage", "attempt", "level", "timestamp")
"""Of a line, what is said beside it wherever a call is shown with it."""


class _LastLines:
    """Writes a line out, and remembers the last one of each of the calls that were logged about last."""

    def __init__(self) -> None:
        self._write = structlog.processors.JSONRenderer()
        self._lines: OrderedDict[str, str] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, logger: Any, name: str, event: MutableMapping[str, Any]) -> str:
        call = event.get("call")
        written = self._write(logger, name, event)
        line = written if isinstance(written, str) else written.decode()
        if isinstance(call, str):
            with self._lock:
                self._lines[call] = line
                self._lines.move_to_end(call)
                if len(self._lines) > CALLS_REMEMBERED:
                    self._lines.popitem(last=False)
        return line

    def of(self, call_id: str) -> str | None:
        with self._lock:
            return self._lines.get(call_id)


_last_lines = _LastLines()


def last_line_of(call_id: str) -> str | None:
    """The last line that this process logged about a call; None if it logged none lately."""
    return _last_lines.of(call_id)


def line_in_short(line: str) -> str:
    """A line as it is read at a glance: what happened first, without what is said beside it."""
    try:
        said = json.loads(line)
    except ValueError:
        return line
    if not isinstance(said, dict) or "event" not in said:
        return line
    rest = {name: value for name, value in said.items() if name not in SAID_BESIDE}
    parts = (
        f"{name}={', '.join(map(str, value)) if isinstance(value, list) else value}" for name, value in rest.items()
    )
    return "  ".join([str(said["event"]), *parts])


def where_raised(error: BaseException) -> list[str]:
    """The innermost files, lines and functions of an error, without its message and without any line of text."""
    frames = traceback.extract_tb(error.__traceback__)[-INNERMOST:]
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]


def configure_logs(level: str) -> None:
    """Sets up logging for this process; ``level`` is debug, info, warning or error."""
    number = logging.getLevelNamesMapping()[level.upper()]
    logging.basicConfig(
        level=max(number, logging.WARNING), stream=sys.stderr, format="%(name)s %(levelname)s %(message)s"
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _last_lines,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
