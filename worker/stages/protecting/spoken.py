"""What was said as pieces: digits, letters, signs and words, each with the words of the turn that it comes from.

"Double four, two oh" is the digits 44, 2 and 0, "G, B for Bravo" the letters g and b, "anna at example dot org"
words and signs. Finders read pieces, and give back the words; what a row of digits means is theirs to say.

1. Each word is taken apart at its signs: "4-2" is three pieces of one word. Marks after a word only end it (`after`).
2. Number words become digits, by text2num in the language of the call; "oh" is a zero beside another number.
3. "Double" and "triple" repeat the first digit of what follows.
4. Words that stand for letters ("N for November", "alpha bravo", "zed") become letters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import groupby

from worker.core.protection import Found, Kind
from worker.core.transcript import Turn
from worker.stages.protecting.vocabulary import NUMBER_LANGUAGES, WRITTEN_SIGNS, Vocabulary, of


class Form(StrEnum):
    """What a piece is."""

    DIGITS = "digits"
    ORDINAL = "ordinal"  # "third", "3rd"
    LETTER = "letter"
    SIGN = "sign"
    WORD = "word"


@dataclass(frozen=True)
class Piece:
    """One piece of what was said: words ``[first, end)`` of a turn, by number from 0.

    ``text`` is the digits ("42"; of an ordinal too), the small letter, the sign ("-", "@", ".", "_", "/", "+", "#",
    "," …), or the word in small letters. ``said`` is how it was said or written, in small letters without marks
    ("forty two", "at"): ordinary words that may stand for a sign are told by it. Several pieces may be of one word, and
    one piece of several words. ``after`` is the mark that follows: "," "." "?" "!" ":" ";" "…" or nothing.
    """

    form: Form
    text: str
    said: str
    turn: int
    first: int
    end: int
    after: str = ""

    @property
    def is_digits(self) -> bool:
        return self.form is Form.DIGITS


@dataclass(frozen=True)
class Talk:
    """A conversation made ready for the finders. ``pieces`` are those of all turns, in their order."""

    turns: tuple[Turn, ...]
    pieces: tuple[Piece, ...]
    language: str | None
    vocabulary: Vocabulary

    def found(self, kind: Kind, pieces: Iterable[Piece], left: str | None = None) -> Iterator[Found]:
        """All words from the first to the last of these pieces, one Found for each turn they are in."""
        for turn, some in groupby(pieces, key=lambda piece: piece.turn):
            held = list(some)
            yield Found(kind, turn, min(one.first for one in held), max(one.end for one in held), left)

    def side(self, turn: int) -> str:
        """Who speaks in a turn: of two voices of whom it is not known which is the customer, each is a side."""
        one = self.turns[turn]
        return f"{one.party} {one.speaker}"

    def is_filler(self, piece: Piece) -> bool:
        """Whether it may stand in the middle of a number and mean nothing: "uh", "okay", "and"."""
        return piece.form is not Form.DIGITS and piece.said in self.vocabulary.fillers


def read_talk(turns: Sequence[Turn], language: str | None) -> Talk:
    """The pieces of these turns. In a language that is not known here, or None, number words are read as English."""
    words = of(language if language in NUMBER_LANGUAGES else "en")
    pieces = tuple(piece for number, turn in enumerate(turns) for piece in _read_turn(turn, number, words))
    return Talk(tuple(turns), pieces, language, words)


def digits_of(pieces: Iterable[Piece]) -> str:
    """The digits of these pieces, one after another; other pieces give none."""
    return "".join(piece.text for piece in pieces if piece.is_digits)


def _read_turn(turn: Turn, number: int, words: Vocabulary) -> list[Piece]:
    pieces: list[Piece] = []
    for at, word in enumerate(turn.words):
        if pieces and word.text and not word.text.strip(_MARKS):  # a mark by itself: French sets a space before "?"
            pieces[-1] = replace(pieces[-1], after=word.text[-1])
        else:
            pieces.extend(_take_apart(word.text, number, at))
    pieces = [piece for at, piece in enumerate(pieces) if not _is_inner_hyphen(pieces, at)]
    return _read_letters(_read_repeats(_read_numbers(pieces, words), words), words)


# Step 1 ----------------------------------------------------------------------------------------------------------

_PARTS = re.compile(r"\d+(?:st|nd|rd|th|er|re|ème|[ªº])(?![^\W\d_])|\d+|[^\W\d_]+(?:['’][^\W\d_]+)*|[^\w\s]|_")
_QUOTES = "\"'’“”()¿¡"
_MARKS = ",.?!:;…"


def _take_apart(text: str, turn: int, at: int) -> Iterator[Piece]:
    closed = text.strip(_QUOTES)
    bare = closed.rstrip(_MARKS + _QUOTES)
    parts = _PARTS.findall(bare.casefold())
    for number, part in enumerate(parts, 1):
        if part.isdecimal():
            form, written = Form.DIGITS, "".join(str(int(digit)) for digit in part)
        elif part[0].isdecimal():
            form, written = Form.ORDINAL, "".join(sign for sign in part if sign.isdecimal())
        elif part[0].isalpha():
            form, written = (Form.LETTER if len(part) == 1 else Form.WORD), part
        else:
            form, written = Form.SIGN, WRITTEN_SIGNS.get(part, part)
        after = closed[-1] if number == len(parts) and closed[-1] in _MARKS else ""
        yield Piece(form, written, part, turn, at, at + 1, after)


def _is_inner_hyphen(pieces: Sequence[Piece], at: int) -> bool:
    """The hyphen of "forty-two": text2num reads the two words as one number without it."""
    if pieces[at].text != "-" or not 0 < at < len(pieces) - 1:
        return False
    before, after = pieces[at - 1], pieces[at + 1]
    return before.first == pieces[at].first == after.first and before.form is after.form is Form.WORD


# Step 2 ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Token:
    """A piece as text2num asks for it."""

    word: str
    is_apart: bool  # a mark stands before it

    def text(self) -> str:
        return self.word

    def text_lowercase(self) -> str:
        return self.word

    def nt_separated(self, _previous: _Token) -> bool:
        return self.is_apart

    def not_a_number_part(self) -> bool:
        return False


@dataclass(frozen=True)
class _Run:
    """Pieces ``[first, end)`` that are the words of one number, written in digits."""

    first: int
    end: int
    text: str
    is_ordinal: bool


def _read_numbers(pieces: Sequence[Piece], words: Vocabulary) -> list[Piece]:
    runs = _number_runs(pieces, words)
    numeric = {at for run in runs for at in range(run.first, run.end)}
    numeric |= {at for at, piece in enumerate(pieces) if piece.is_digits or piece.said in words.repeats}
    zeros = _spoken_zeros(pieces, numeric, words)
    if zeros:
        pieces = [replace(piece, text=words.zero) if at in zeros else piece for at, piece in enumerate(pieces)]
        runs = _number_runs(pieces, words)
        numeric |= zeros
    read: list[Piece] = []
    done = 0
    for run in runs:
        held = pieces[run.first : run.end]
        is_article = held[0].said in words.articles and len(held) == 1
        goes_on = run.first - 1 in numeric or (run.end in numeric and held[0].after not in (".", "?", "!"))
        if is_article and len(pieces) > 1 and not goes_on:
            continue
        read.extend(_with_signs(pieces[done : run.first], words))
        read.extend(_written_out(held, run))
        done = run.end
    return [*read, *_with_signs(pieces[done:], words)]


def _number_runs(pieces: Sequence[Piece], words: Vocabulary) -> list[_Run]:
    from text_to_num import find_numbers

    # Written digits are none of its words: it would join "4 thousand" and take "4242" for what it is not.
    tokens = [
        _Token("|" if piece.form in (Form.DIGITS, Form.SIGN) else piece.text, at > 0 and pieces[at - 1].after != "")
        for at, piece in enumerate(pieces)
    ]
    found = find_numbers(tokens, words.language, threshold=0)
    return [_Run(one.start, one.end, one.text, one.is_ordinal) for one in found]


def _spoken_zeros(pieces: Sequence[Piece], numeric: set[int], words: Vocabulary) -> set[int]:
    """Words such as "oh" that touch a number, or touch one that does."""
    zeros: set[int] = set()
    for order in (range(len(pieces)), reversed(range(len(pieces)))):
        for at in order:
            if pieces[at].said in words.zeros and at not in zeros and _touches(pieces, at, numeric | zeros):
                zeros.add(at)
    return zeros


def _touches(pieces: Sequence[Piece], at: int, numeric: set[int]) -> bool:
    """Whether a number stands before, or behind with no mark between: "Oh, four days" is no zero."""
    return at - 1 in numeric or (at + 1 in numeric and not pieces[at].after)


def _with_signs(pieces: Iterable[Piece], words: Vocabulary) -> Iterator[Piece]:
    for piece in pieces:
        sign = words.signs.get(piece.text) if piece.form is Form.WORD else None
        yield replace(piece, form=Form.SIGN, text=sign) if sign else piece


def _written_out(held: Sequence[Piece], run: _Run) -> Iterator[Piece]:
    """The digits of a number, and the sign between them where it has decimals: "four point five"."""
    said = " ".join(piece.said for piece in held)
    parts = re.findall(r"\d+|[.,]", run.text)
    for at, part in enumerate(parts, 1):
        after = held[-1].after if at == len(parts) else ""
        form = Form.ORDINAL if run.is_ordinal else Form.DIGITS if part.isdecimal() else Form.SIGN
        yield Piece(form, part, said, held[0].turn, held[0].first, held[-1].end, after)


# Steps 3 and 4 ---------------------------------------------------------------------------------------------------


def _read_repeats(pieces: Sequence[Piece], words: Vocabulary) -> list[Piece]:
    read: list[Piece] = []
    for piece in pieces:
        before = read[-1] if read else None
        times = words.repeats.get(before.said) if before and before.form is Form.WORD else None
        if before and times and piece.form in (Form.DIGITS, Form.LETTER):
            more = piece.text[0] * (times - 1) + piece.text
            if piece.is_digits:
                read[-1] = replace(piece, text=more, said=f"{before.said} {piece.said}", first=before.first)
            else:
                read[-1] = replace(piece, said=f"{before.said} {piece.said}", first=before.first)
                read.extend([read[-1]] * (times - 1))
        else:
            read.append(piece)
    return read


def _read_letters(pieces: Sequence[Piece], words: Vocabulary) -> list[Piece]:
    read: list[Piece] = []
    at = 0
    while at < len(pieces):
        piece = pieces[at]
        linked = _linked(pieces, at, words)
        if linked:
            last = pieces[at + linked - 1]
            said = " ".join(one.said for one in pieces[at : at + linked])
            read.append(replace(piece, said=said, end=last.end, after=last.after))
            at += linked
            continue
        if piece.said in words.letters:
            piece = replace(piece, form=Form.LETTER, text=words.letters[piece.said])
        elif piece.said in words.alphabet and _is_spelled(pieces, at, words):
            piece = replace(piece, form=Form.LETTER, text=piece.said[0])
        read.append(piece)
        at += 1
    return read


def _linked(pieces: Sequence[Piece], at: int, words: Vocabulary) -> int:
    """How many pieces "N for November" has, if such a thing begins here: the word must begin with the letter."""
    if pieces[at].form is not Form.LETTER:
        return 0
    for link in words.links:
        end = at + 1 + len(link)
        if end < len(pieces) and tuple(one.said for one in pieces[at + 1 : end]) == link:
            word = pieces[end]
            if word.form is not Form.DIGITS and word.said[0] == pieces[at].text:
                return len(link) + 2
    return 0


def _is_spelled(pieces: Sequence[Piece], at: int, words: Vocabulary) -> bool:
    """A word of the alphabet is a name by itself: it is a letter beside a letter, its like, or a digit if no month."""
    forms = (Form.LETTER,) if pieces[at].said == "november" else (Form.LETTER, Form.DIGITS)
    return any(
        0 <= beside < len(pieces)
        and (pieces[beside].said in words.alphabet or pieces[beside].form in forms)
        and pieces[beside].said not in words.articles
        for beside in (at - 1, at + 1)
    )
