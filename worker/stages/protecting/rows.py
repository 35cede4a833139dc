"""What finders look at: rows of digits and letters, also over turns; words that ask for something; what is said again.

A number is seldom said at once: "oh seven seven" – "yes" – "nine hundred" is one. So a side's words are read as they
follow each other, over short turns of the other side.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from worker.stages.protecting.spoken import Form, Piece, Talk
from worker.stages.protecting.vocabulary import NUMBER_LANGUAGES, of

MOST_BETWEEN = 8
"""So many pieces of the other side may stand between two parts of one number."""

WORDS_OF_A_QUESTION = 3
MOST_FILLERS = 4
SHORTEST_REPEAT = 3
REPEATED_WITHIN = 160  # pieces: what is read back soon after it was said

_TURN_END = " | "
_AT_THE_START = re.compile(r"(?<![^\W\d_])(l|d|j|qu|n|m|t|c|s)'(?=[^\W\d_])")


@dataclass(frozen=True)
class Row:
    """Digits and letters that one side said in a row: the places of their pieces in the talk, and their signs."""

    places: tuple[int, ...]
    text: str

    @property
    def first(self) -> int:
        return self.places[0]

    def part(self, first: int, end: int) -> Row:
        """The pieces that the signs ``[first, end)`` come from: whole pieces, since words are protected whole."""
        return Row(self.places[first:end], self.text[first:end])

    def pieces(self, talk: Talk) -> list[Piece]:
        return [talk.pieces[at] for at in dict.fromkeys(self.places)]


def is_word(piece: Piece) -> bool:
    """Whether this is an ordinary word here: one that may stand for a letter, such as Madrid or Oscar, is one too."""
    return piece.form is Form.WORD or (piece.form is Form.LETTER and len(piece.said) > 1 and piece.said.isalpha())


def flows(talk: Talk) -> Iterator[list[int]]:
    """The places of what each side said, in stretches that short turns of the other do not end."""
    ends: dict[str, tuple[list[int], int]] = {}  # by side: its stretch, and how much the others said since
    for turn, pieces in groupby(range(len(talk.pieces)), key=lambda at: talk.pieces[at].turn):
        said = list(pieces)
        side = talk.side(turn)
        said_between = MOST_BETWEEN + 1 if _asks(talk, said) else len(said)
        for other, (stretch, since) in list(ends.items()):
            if other != side:
                ends[other] = (stretch, since + said_between)
        stretch, since = ends.get(side, ([], 0))
        if since > MOST_BETWEEN:
            yield stretch
            stretch = []
        ends[side] = ([*stretch, *said], 0)
    yield from (stretch for stretch, _ in ends.values() if stretch)


def _asks(talk: Talk, said: Sequence[int]) -> bool:
    """Whether a turn asks for something else, rather than for the rest of what is being said."""
    words = sum(talk.pieces[at].form is Form.WORD for at in said)
    return talk.pieces[said[-1]].after == "?" and words >= WORDS_OF_A_QUESTION


def rows(talk: Talk, *, letters: bool = False, longest_word: int = 0) -> Iterator[Row]:
    """Digits said in a row, each side by itself; with ``letters``, letters too, and words of so many capitals at most,
    as an account is written "GB29 NWBK"."""
    words = of(_language(talk))
    for stretch in flows(talk):
        places: list[int] = []
        signs: list[str] = []
        between = 0
        for number, at in enumerate(stretch):
            piece = talk.pieces[at]
            sign = _sign(talk, stretch, number, words.articles, longest_word) if letters else None
            if piece.form is Form.DIGITS or sign:
                places.extend([at] * len(sign or piece.text))
                signs.append(sign or piece.text)
                between = 0
            elif piece.form is Form.SIGN or piece.said in words.fillers:
                between += piece.form is not Form.SIGN
            else:
                between = MOST_FILLERS + 1
            if between > MOST_FILLERS and places:
                yield Row(tuple(places), "".join(signs))
                places, signs, between = [], [], 0
        if places:
            yield Row(tuple(places), "".join(signs))


def _sign(talk: Talk, stretch: Sequence[int], number: int, articles: frozenset[str], longest_word: int) -> str | None:
    """What a piece is where letters count as well; None where it is no part of a row."""
    piece = talk.pieces[stretch[number]]
    if piece.form is Form.LETTER:
        return piece.text
    if piece.form is not Form.WORD:
        return None
    if piece.said in articles:  # "N W one, six X E": a one beside a letter, an article elsewhere
        beside = [talk.pieces[at] for at in (*stretch[max(0, number - 1) : number], *stretch[number + 1 : number + 2])]
        return "1" if any(one.form is Form.LETTER for one in beside) else None
    is_written = talk.turns[piece.turn].words[piece.first].text.isupper()
    return piece.text if is_written and len(piece.text) <= longest_word else None


def _language(talk: Talk) -> str:
    return talk.language if talk.language in NUMBER_LANGUAGES else "en"


# Words that ask for something


class Script:
    """A talk as one text in small letters, in which cues are looked for; " | " stands between turns."""

    def __init__(self, talk: Talk) -> None:
        self._starts: list[int] = []
        texts: list[str] = []
        length, turn = 0, 0
        for piece in talk.pieces:
            if piece.turn != turn:
                texts.append(_TURN_END)
                length += len(_TURN_END)
                turn = piece.turn
            self._starts.append(length + 1)
            text = f" {opened(piece.said)}{'?' if piece.after == '?' else ''}"
            texts.append(text)
            length += len(text)
        self.text = "".join(texts)

    def find(self, cue: re.Pattern[str]) -> Iterator[tuple[int, int]]:
        """Where the cue stands: the places ``[first, end)`` of its pieces."""
        from bisect import bisect_left

        for match in cue.finditer(self.text):
            first, end = bisect_left(self._starts, match.start()), bisect_left(self._starts, match.end())
            if first < end:
                yield first, end

    def before(self, at: int, pieces: int) -> str:
        """The text of so many pieces before a place."""
        start = self._starts[max(0, at - pieces)]
        return self.text[start : self._starts[at]]

    def between(self, first: int, end: int) -> str:
        """The text from one piece to another, that one not included."""
        stop = self._starts[end] if end < len(self._starts) else len(self.text)
        return self.text[self._starts[first] : stop]


def cue(*phrases: str) -> re.Pattern[str]:
    """Any of these words or phrases, as regular expressions; each begins and ends with a word."""
    return re.compile(r"(?<!\S)(?:" + "|".join(map(opened, phrases)) + r")(?=[\s?]|$)")


def opened(said: str) -> str:
    """Contractions as words of their own: "code's" is "code is", "l'iban" is "l' iban"."""
    return _AT_THE_START.sub(r"\1' ", said.replace("'s", " is"))


def after_cues(
    script: Script,
    cues: re.Pattern[str],
    found: Iterable[Row],
    *,
    within: int,
    is_it: Callable[[Row], bool],
    unless: re.Pattern[str] | None = None,
) -> list[Row]:
    """For each cue the first row after it, within so many pieces, that is what was asked for; not for those cues that
    are part of something else, such as the "code is" of "sort code is"."""
    ordered = sorted(found, key=lambda row: row.first)
    chosen: list[Row] = []
    for first, end in script.find(cues):
        if unless is not None and unless.search(script.between(max(0, first - 1), end)):
            continue
        for row in ordered:
            if first <= row.first < end + within and is_it(row):
                chosen.append(row)
                break
    return chosen


NOT_SECRET = cue(
    "order", "orders", "reference", "ref", "tracking", "invoice", "ticket", "case", "booking", "confirmation",
    "parcel", "serial", "model", "policy", "flight", "part", "product", "item", "meter", "reading", "claim",
    "complaint", "version", "receipt", "voucher", "bestellnummer", "bestellung", "rechnung", "rechnungsnummer",
    "auftrag", "auftragsnummer", "kundennummer", "vorgangsnummer", "sendungsnummer", r"zähler\w*", r"serien\w*",
    "compteur", "série", "contador", "serie", "commande", "facture", "dossier", "colis", "suivi", "pedido", "factura",
    "envío", "expediente", "referencia", "référence",
)  # fmt: skip
"""What a number is of that stands soon after one of these words."""


def is_named_otherwise(script: Script, row: Row, reach: int = 6) -> bool:
    """Whether it is said right before that this is the number of something that is no secret."""
    return NOT_SECRET.search(" " + script.before(row.first, reach).rsplit("|", 1)[-1]) is not None


def is_whole(row: Row, first: int, end: int) -> bool:
    """Whether the signs ``[first, end)`` are whole pieces of it."""
    return (first == 0 or row.places[first] != row.places[first - 1]) and (
        end == len(row.text) or row.places[end] != row.places[end - 1]
    )


# What is said again


def with_repeats(talk: Talk, said: Sequence[Row], *, shortest: int = SHORTEST_REPEAT) -> Iterator[tuple[Row, Row]]:
    """What was found, and parts of it that either side says again soon after, or said while it was being said; each
    with the whole that it is of."""
    everything = list(rows(talk, letters=True, longest_word=4)) if said else []
    for row in said:
        yield row, row
        for other in everything:
            if abs(other.first - row.first) <= REPEATED_WITHIN:
                yield from ((again, row) for again in _again(talk, row, other, shortest))


def _again(talk: Talk, row: Row, other: Row, shortest: int) -> Iterator[Row]:
    """Whole pieces in a row whose signs stand in what was found."""
    known = set(row.places)
    pieces = [at for at in dict.fromkeys(other.places) if at not in known]
    first = 0
    while first < len(pieces):
        end, text = first, ""
        while end < len(pieces) and text + talk.pieces[pieces[end]].text in row.text:
            text += talk.pieces[pieces[end]].text
            end += 1
        if len(text) >= min(shortest, len(row.text)) and (
            len(text) > 3 or end - first > 1 or len(text) == len(row.text)
        ):
            places = tuple(at for at in pieces[first:end] for _ in talk.pieces[at].text)
            yield Row(places, text)
        first = max(end, first + 1)
