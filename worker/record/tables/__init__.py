"""The tables of the record, one subject a module. How they came to be, step by step, is in ``migrations``.

A test compares the two.
"""

from worker.record.tables import calls, log, matters, people
from worker.record.tables.base import metadata

__all__ = ["calls", "log", "matters", "metadata", "people"]
