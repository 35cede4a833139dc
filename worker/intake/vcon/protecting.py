"""Tokens in place of what must not be kept, in JSON of others: wherever in it the words stand, also one by one.

What stands under one name is read as one text, in its order: transcripts have an object for each word or sentence, and
the digits of a card over many of them.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any

from worker.core.call import Party
from worker.core.protection import DEFAULT_ACTIONS, Action, Kind, token
from worker.core.transcript import Turn, Word

AT_ONCE, OVER = 4000, 200
"""Words that are looked at together, and how many of them again with the next: finding takes longer than in proportion
to the words. No card, code or account is said in more than the latter."""

SHORTEST_NUMBER = 3  # digits; of numbers that are no text, a code may be one
SAYS_NOTHING = frozenset(
    ["uuid", "start", "end", "time", "created_at", "updated_at", "duration", "content_hash", "url", "session_id"]
)
"""What the drafts call by these names is no text: to replace a part of it would only break it."""

ENCODED = frozenset({"base64url", "base64"})

CODES = frozenset(
    ["cvv", "cvv2", "cvc", "cvc2", "cvn", "csc", "cid", "cardcode", "securitycode", "cardverificationcode"]
)
"""Names, in their letters and digits alone, under which nothing stands but the code that verifies a card."""

Spot = tuple[Any, Any]
"""An object or array, and under which name or number in it something stands."""


def protected(value: Any, language: str | None = None) -> Any:
    """The same, changed in place, with tokens in it. Whatever is shown by default is kept; nothing else is, whatever
    the rules of a line say."""
    for one in _objects(value):
        _protect_codes(one)
        _protect_encoded(one, language)
    for spots in _by_name(value).values():
        _protect(spots, language)
    return value


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _objects(one)


def _protect_codes(one: dict[str, Any]) -> None:
    """What its name alone says to be a code: three digits by themselves say nothing."""
    for name, value in one.items():
        is_said = isinstance(value, str | int) and not isinstance(value, bool)
        if is_said and "".join(filter(str.isalnum, name)).lower() in CODES:
            one[name] = token(Kind.CARD_CODE, None)


def _protect_encoded(one: dict[str, Any], language: str | None) -> None:
    """A text that stands there as bytes; what is none, such as a PDF, is kept as any file that is added."""
    body = one.get("body")
    if one.get("encoding") not in ENCODED or not isinstance(body, str):
        return
    plain = "".join(body.split()).translate(str.maketrans("-_", "+/")).rstrip("=")
    try:
        text = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True).decode()
    except (binascii.Error, ValueError):
        return
    left = protected({"body": text}, language)["body"]
    if left != text:
        encoded = base64.b64encode(left.encode()).decode()
        is_url = one["encoding"] == "base64url"
        one["body"] = encoded.translate(str.maketrans("+/", "-_")).rstrip("=") if is_url else encoded


def _by_name(value: Any) -> dict[str, list[Spot]]:
    """Where texts and numbers stand, by the name under which they do."""
    found: dict[str, list[Spot]] = {}
    for name, within, key in _leaves(value, ""):
        found.setdefault(name, []).append((within, key))
    return found


def _leaves(value: Any, name: str) -> Iterator[tuple[str, Any, Any]]:
    places = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    is_encoded = isinstance(value, dict) and value.get("encoding") in ENCODED
    for key, one in list(places):
        under = key if isinstance(key, str) else name
        if isinstance(one, dict | list):
            yield from _leaves(one, under)
        elif under not in SAYS_NOTHING and not (is_encoded and key == "body") and _may_be_read(one):
            yield under, value, key


def _may_be_read(one: object) -> bool:
    is_number = isinstance(one, int) and not isinstance(one, bool) and len(str(one)) >= SHORTEST_NUMBER
    return isinstance(one, str) or is_number


def _protect(spots: list[Spot], language: str | None) -> None:
    words: list[str] = []
    places: list[int] = []  # of each word, which spot it is of
    for place, (within, key) in enumerate(spots):
        for word in str(within[key]).split():
            words.append(word)
            places.append(place)
    tokens = _tokens(words, language)
    if not tokens:
        return
    left: dict[int, list[str]] = {}
    for at, word in enumerate(words):
        left.setdefault(places[at], []).append(tokens.get(at, word))
    for place in {places[at] for at in tokens}:
        within, key = spots[place]
        within[key] = " ".join(word for word in left[place] if word)


def _tokens(words: list[str], language: str | None) -> dict[int, str]:
    """What stands in place of words, by their numbers; nothing in place of those behind the first of a token."""
    from worker.stages.protecting.finding import find_all  # its libraries are for those who take vCons

    found: dict[int, str] = {}
    for first in range(0, len(words), AT_ONCE):
        window = words[first : first + AT_ONCE + OVER]
        said = tuple(Word(text, at / 2, at / 2 + 0.4, 1.0) for at, text in enumerate(window))
        turn = Turn("t1", Party.UNKNOWN, None, None, 0.0, len(window) / 2, " ".join(window), said)
        for one in find_all([turn], language):
            action = DEFAULT_ACTIONS[one.kind]
            if action is Action.KEEP or first + one.first in found:
                continue
            found[first + one.first] = token(one.kind, one.left if action is Action.MASK else None)
            found.update({first + at: "" for at in range(one.first + 1, one.end)})
    return found
