"""What people type about a call: cards in it are replaced by tokens before anything of it is kept.

The law does not ask how a card's code got into a record. What else is protected in a call stays where its own side
writes it down: an address, a birthday.
"""

from __future__ import annotations

import re

from worker.core.call import Party
from worker.core.protection import DEFAULT_ACTIONS, Action, Kind, token
from worker.core.transcript import Turn, Word
from worker.stages.protecting.finding import find_all
from worker.stages.protecting.masking import CLOSING

TYPED_KINDS = frozenset({Kind.CARD_NUMBER, Kind.CARD_CODE, Kind.CARD_EXPIRY})

_WORD = re.compile(r"\S+")
_WORD_S = 0.4  # as if it were spoken


def protect_typed(text: str, language: str | None) -> str:
    """The text with a token for each card number, card code and expiry in it; every other letter as it is.

    ``language`` is the one in which it is written, as far as that is known (ISO 639-1).
    """
    places = [one.span() for one in _WORD.finditer(text)]
    if not places:
        return text
    words = tuple(
        Word(text[first:end], number * _WORD_S, (number + 1) * _WORD_S, 1.0)
        for number, (first, end) in enumerate(places)
    )
    turn = Turn("t1", Party.UNKNOWN, None, None, 0.0, words[-1].end_s, " ".join(one.text for one in words), words)
    found = [one for one in find_all((turn,), language) if one.kind in TYPED_KINDS]
    for one in reversed(found):  # from the end, so that the places before stay right
        (start, _), (_, end) = places[one.first], places[one.end - 1]
        closing = CLOSING.search(text[start:end])
        left = one.left if DEFAULT_ACTIONS[one.kind] is Action.MASK else None
        text = f"{text[:start]}{token(one.kind, left)}{closing[0] if closing else ''}{text[end:]}"
    return text
