"""WebVTT captions with the voices named, for players of the call's sound.

Source: https://www.w3.org/TR/webvtt1/ (sections 4.1 to 4.4). A word heard with little confidence has the class
``unsure``, one that both sides agreed on the class ``agreed``. Holds, and what was not heard, are notes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import groupby

from worker.core.sound import clock
from worker.exchange.cues import SHORTEST_CUE_S, Cue, cues_of, timestamp
from worker.exchange.script import Line, Remark, ScriptWord

MEDIA_TYPE = "text/vtt"

HEADER = """WEBVTT

NOTE
Written by machine from the recording of a call. Words in italics were heard with little confidence.
Underlined words are not the machine's: both sides of the call agreed on them.

STYLE
::cue(.unsure) {
  font-style: italic;
}
::cue(.agreed) {
  text-decoration: underline;
}
"""


def vtt_of(script: Sequence[Line]) -> str:
    """The captions as one file; without a turn it has none, and is a valid file all the same."""
    parts: list[tuple[float, str]] = [(cue.start_s, _cue(cue)) for cue in cues_of(script)]
    parts += [(line.start_s, _note(line)) for line in script if isinstance(line, Remark)]
    return "\n".join([HEADER, *(text for _start_s, text in sorted(parts, key=lambda part: part[0]))])


_at = partial(timestamp, decimal_sign=".")


def escape(text: str) -> str:
    """Text within a caption or the name of a voice: what would be markup, or a time, is written otherwise."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _cue(cue: Cue) -> str:
    identifier = escape(f"{cue.turn}-{cue.number}")
    end_s = max(cue.end_s, round(cue.start_s, 3) + SHORTEST_CUE_S)
    return (
        f"{identifier}\n{_at(cue.start_s)} --> {_at(end_s)}\n<v {escape(cue.name)}>{' '.join(_spans(cue.words))}</v>\n"
    )


def _spans(words: Iterable[ScriptWord]) -> Iterator[str]:
    for style, alike in groupby(words, key=_class_of):
        text = escape(" ".join(word.text for word in alike))
        yield f"<c.{style}>{text}</c>" if style else text


def _class_of(word: ScriptWord) -> str | None:
    return "agreed" if word.is_agreed else "unsure" if word.is_unsure else None


def _note(remark: Remark) -> str:
    until = f" to {clock(remark.end_s)}" if remark.end_s > remark.start_s else ""
    return f"NOTE {clock(remark.start_s)}{until}: {escape(remark.text)}\n"
