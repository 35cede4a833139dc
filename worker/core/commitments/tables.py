"""How the tables of wording are written: alternatives parted by " / ", each a regular expression in lower case.

A table may go over several lines. A line break is nothing, not even a space.
"""

from __future__ import annotations

import re


def begins(table: str) -> re.Pattern[str]:
    """Words that begin with one of the alternatives of a table. ``match`` it."""
    return re.compile(rf"(?:{_alternatives(table)})(?![\w'])")


def anywhere(table: str) -> re.Pattern[str]:
    """Words that hold one of the alternatives of a table. ``search`` it."""
    return re.compile(rf"(?<![\w'])(?:{_alternatives(table)})(?![\w'])")


def _alternatives(table: str) -> str:
    lines = (line.strip() for line in table.strip().splitlines())
    return "|".join(
        one.strip() for one in "".join(f"{line} " if line.endswith("/") else line for line in lines).split(" / ")
    )
