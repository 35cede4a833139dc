"""What a search compares: words without case and accents, down to their stems, and a question taken apart.

A word is cut at everything that is neither letter nor digit, on both sides alike: "12.50" and "l'abonnement" are two
each, in a row. Stems are rough: a few endings for each language that is known here. Who asks may write in any of them,
so a question is read in all; what is compared says its language, so that a German ending takes nothing off an English
word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from worker.core.errors import Invalid
from worker.core.protection import TOKEN

LONGEST_QUESTION = 200  # letters
MOST_TERMS = 8

ENDINGS = {
    "en": ("ingly", "edly", "ies", "ied", "ing", "es", "ed", "ly", "s", "y", "e"),
    "de": ("ern", "em", "en", "er", "es", "e", "n", "s"),
    "fr": ("ees", "es", "ee", "s", "x", "e"),
    "es": ("es", "os", "as", "s", "o", "a", "e"),
}
"""Endings that forms of a word differ in, by language, without accents; the first one that fits is taken off."""

SHORTEST_STEM = 3
ANY = ""
"""The language of words whose language is none of these: they are compared as they are."""

_PIECE = re.compile(r"[^\W_]+")
_TERM = re.compile(r'"([^"]*)"?|(\S+)')
_QUOTES = str.maketrans("“”„«»", '"""""')


@dataclass(frozen=True)
class Term:
    """Words that have to be found in a row: one word, or a phrase. Folded, not yet down to their stems."""

    words: tuple[str, ...]


def fold(text: str) -> str:
    """The text in small letters without accents: "Ärger" is "arger", "Straße" "strasse"."""
    # Taken apart, a letter may be another that has a small form of its own (Unicode 3.13, compatibility caseless).
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def words_of(text: str) -> tuple[str, ...]:
    """The folded words of a text, in their order."""
    return tuple(_PIECE.findall(fold(text)))


def words_of_record(text: str) -> Iterator[str | None]:
    """The folded words of a text of the record, in their order. In place of what is protected there is None: it is no
    word that anybody finds, and what stands on its two sides does not stand in a row."""
    at = 0
    for token in TOKEN.finditer(text):
        yield from words_of(text[at : token.start()])
        yield None
        at = token.end()
    yield from words_of(text[at:])


def stem(word: str, language: str) -> str:
    """What the forms of a folded word share in a language; the word itself where that is not known, and of numbers."""
    if not word.isalpha():
        return word
    for ending in ENDINGS.get(language, ()):
        rest = word[: -len(ending)]
        if word.endswith(ending) and len(rest) >= SHORTEST_STEM and not (ending == "s" and rest.endswith("s")):
            word = rest
            break
    # "shipping" and "ship", "address" and "addresses"
    is_doubled = language == "en" and len(word) > SHORTEST_STEM and word[-1] == word[-2]
    return word[:-1] if is_doubled else word


def language_of(code: str | None) -> str:
    """The language in whose stems a text is compared."""
    return code if code in ENDINGS else ANY


def read_question(text: str) -> tuple[Term, ...]:
    """What is looked for: all of it has to be said in a call. Words in quotation marks stand in a row.

    Empty where there is no word in it. Raises Invalid for more than can be looked for at once.
    """
    if len(text) > LONGEST_QUESTION:
        raise Invalid(f"This is too long to look for. Write at most {LONGEST_QUESTION} letters.")
    found = (words_of(phrase or word) for phrase, word in _TERM.findall(text.translate(_QUOTES)))
    terms = tuple(dict.fromkeys(Term(words) for words in found if words))
    if len(terms) > MOST_TERMS:
        raise Invalid(f"These are too many words to look for at once. Choose at most {MOST_TERMS}.")
    return terms


def found_in(texts: Sequence[str], terms: Sequence[Term], language: str) -> frozenset[int]:
    """Which of these words, as they stand in a record in a row, are what was looked for; by number from 0."""
    pieces = [(at, word) for at, text in enumerate(texts) for word in words_of_record(text)]
    found: set[int] = set()
    for term in terms:
        for first in range(len(pieces) - len(term.words) + 1):
            some = pieces[first : first + len(term.words)]
            both = zip(some, term.words, strict=True)
            if all(word is not None and _are_one(word, meant, language) for (_, word), meant in both):
                found.update(at for at, _ in some)
    return frozenset(found)


def _are_one(word: str, meant: str, language: str) -> bool:
    return stem(word, language) == stem(meant, language)
