"""SubRip captions, for players and editors that know nothing else.

SubRip has no standard, no comments and no way to write its own signs: players take what stands in angle or curly
brackets for markup. Such signs are replaced by ones that look like them, and holds are captions of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from worker.exchange.cues import SHORTEST_CUE_S, Cue, cues_of, timestamp
from worker.exchange.script import UNSURE, Line, Remark, ScriptWord

MEDIA_TYPE = "application/x-subrip"

LIKE_BRACKETS = str.maketrans("<>{}", "‹›()")

_at = partial(timestamp, decimal_sign=",")


def srt_of(script: Sequence[Line]) -> str:
    """The captions as one file, numbered from 1; empty where there is nothing to show."""
    shown: list[Cue | Remark] = [*cues_of(script), *(line for line in script if isinstance(line, Remark))]
    shown.sort(key=lambda one: (one.start_s, one.end_s))
    return "\n".join(f"{number}\n{_caption(one)}" for number, one in enumerate(shown, start=1))


def _caption(one: Cue | Remark) -> str:
    if isinstance(one, Remark):
        text, end_s = f"[{one.text}]", max(one.end_s, one.start_s + 1.0)
    else:
        name = f"{one.name}: " if one.number == 1 else ""
        text = name + " ".join(_word(word) for word in one.words)
        end_s = max(one.end_s, round(one.start_s, 3) + SHORTEST_CUE_S)
    return f"{_at(one.start_s)} --> {_at(end_s)}\n{text.translate(LIKE_BRACKETS)}\n"


def _word(word: ScriptWord) -> str:
    return f"{word.text}{UNSURE}" if word.is_unsure else word.text
