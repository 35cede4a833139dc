"""How often a process that serves pages looks for values that only hold each other."""

from __future__ import annotations

import gc

NEW_VALUES = 100_000
"""A record of an hour has more than ten thousand words. By Python's own 700, everything that is there is gone through
over and over while it is opened, which took a fifth of the time of its page. What nobody holds is freed at once in
either case."""


def collect_rarely() -> None:
    """Sets this process to look rarely, and never at what was loaded before now."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_VALUES, *gc.get_threshold()[1:])
