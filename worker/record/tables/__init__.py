"""The tables of the record, one subject a module. How they came to be, step by step, is in ``migrations``.

A test compares the two.
"""

from worker.record.tables import (
    arrivals,
    calls,
    events,
    keeping,
    log,
    matters,
    packages,
    people,
    requests,
    search,
    senders,
    sounds,
    watching,
)
from worker.record.tables.base import metadata

__all__ = [
    "arrivals",
    "calls",
    "events",
    "keeping",
    "log",
    "matters",
    "metadata",
    "packages",
    "people",
    "requests",
    "search",
    "senders",
    "sounds",
    "watching",
]
