"""Short talks for the tests of the finders, as the ``attribute`` stage gives them."""

from __future__ import annotations

from worker.core.call import Party
from worker.core.protection import Found, Kind
from worker.core.transcript import Turn, Word
from worker.stages.protecting.finding import find_all


def turns_of(*said: str) -> tuple[Turn, ...]:
    """Turns out of "agent: …", and of what the customer says without a name."""
    made = []
    for number, line in enumerate(said):
        is_agent = line.startswith("agent: ")
        party, text = (Party.AGENT, line.removeprefix("agent: ")) if is_agent else (Party.CUSTOMER, line)
        words = tuple(Word(word, at, at + 0.4, 0.9) for at, word in enumerate(text.split()))
        channel = 0 if party is Party.AGENT else 1
        made.append(Turn(f"t{number}", party, f"track {channel}", channel, 0.0, 60.0, text, words))
    return tuple(made)


def found_in(*said: str, language: str = "en") -> list[tuple[Kind, str]]:
    """What all finders find: the kind and the words."""
    turns = turns_of(*said)
    return [(one.kind, words_of(turns, one)) for one in find_all(turns, language)]


def words_of(turns: tuple[Turn, ...], one: Found) -> str:
    """The words of a finding."""
    return " ".join(word.text for word in turns[one.turn].words[one.first : one.end])
