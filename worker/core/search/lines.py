"""What of a record can be found: its turns and its sentences, as they were heard or written and as they are shown."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from worker.core.dialogue.reading import statements_of
from worker.core.dialogue.state import Dialogue, TurnReading
from worker.core.record import CallRecord
from worker.core.transcript import Turn, Word


@dataclass(frozen=True)
class Line:
    """A turn or a sentence of the summary. ``place`` is its id, ``start_s`` where it can be heard.

    ``versions`` are its words: the first as they are shown now, then as the machine heard or wrote them, where both
    sides agreed on others.
    """

    place: str
    start_s: float
    versions: tuple[tuple[str, ...], ...]


def lines_of(record: CallRecord, dialogue: Dialogue | None = None) -> tuple[Line, ...]:
    """What can be found in a record; ``dialogue`` is what was said of it, None where it was just made.

    A sentence that quotes is found in the turn that it quotes.
    """
    return (*_turns(record, dialogue), *_statements(record, dialogue))


def shown_words(turn: Turn, reading: TurnReading | None) -> tuple[Word, ...]:
    """The words of a turn as they are shown: those that both sides put in place of others have the seconds of all of
    those."""
    words = list(turn.words)
    for new in reversed(reading.words if reading else ()):
        replaced = words[new.first : new.end]
        if replaced:
            start_s, end_s = replaced[0].start_s, replaced[-1].end_s
            words[new.first : new.end] = [Word(text, start_s, end_s, 1.0) for text in new.text.split()]
    return tuple(words)


def _turns(record: CallRecord, dialogue: Dialogue | None) -> Iterator[Line]:
    for turn in record.turns:
        heard = tuple(word.text for word in turn.words)
        reading = dialogue.readings.get(turn.id) if dialogue else None
        shown = tuple(word.text for word in shown_words(turn, reading))
        yield Line(turn.id, turn.start_s, tuple(dict.fromkeys((shown, heard))))


def _statements(record: CallRecord, dialogue: Dialogue | None) -> Iterator[Line]:
    for statement in statements_of(record).values():
        shown = dialogue.statements[statement.id].shown if dialogue else statement.text
        if not statement.quoted or shown != statement.text:
            versions = dict.fromkeys((tuple(shown.split()), tuple(statement.text.split())))
            yield Line(statement.id, statement.evidence[0].start_s, tuple(versions))
