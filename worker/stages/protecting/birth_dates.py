"""Dates of birth: a date, in whatever form, where somebody's birth is spoken of. No other date is one."""

from __future__ import annotations

from collections.abc import Iterator

from worker.core.protection import Found, Kind
from worker.core.wording import word_set
from worker.stages.protecting.rows import Script, cue
from worker.stages.protecting.spoken import Form, Piece, Talk

ANSWERED_WITHIN = 40  # pieces
REPEATED_WITHIN = 60
MOST_BEFORE = 8
MOST_BETWEEN = 2  # words within a date that are none of it: "April, uh, 1984"

_BIRTH = cue(
    "date of birth", "dates of birth", "birth ?dates?", r"d (?:\. )?o (?:\. )?b(?: \.)?", "dob", "birthday(?: is|'s)",
    "birthday\\?", "born(?: on| in)?", "day of birth", "year of birth", "when's your birthday", "birth", "geburtsdatum",
    "geburtstag(?: ist)?", "geboren(?: am)?", "geburtsjahr", "date de naissance", "né le", "née le", "né en",
    "née en", "anniversaire", "naissance", "fecha de nacimiento", "nací(?: el)?", "nacido el", "nacida el",
    "nacimiento", "cumpleaños",
)  # fmt: skip
_MONTHS = word_set("""
    january february march april may june july august september october november december jan feb mar apr jun
    jul aug sep sept oct nov dec januar februar märz mai juni juli oktober dezember janvier février mars avril
    juin juillet août septembre octobre novembre décembre enero febrero marzo abril mayo junio julio agosto
    septiembre octubre noviembre diciembre jänner
    """)
_OF_A_DATE = word_set("of the and in der den dem des am vom le de del el year hundred")
_LEADS_BACK = ("", "is my", "is the", "is his", "is her", "that's my", "ist mein", "es mi", "c'est ma")
_SEPARATORS = ("/", "-", ".", ",")


def find_birth_dates(talk: Talk) -> Iterator[Found]:
    """The first date after each such cue, and the same one where it is read back."""
    script = Script(talk)
    found: dict[tuple[int, int], None] = {}
    for first, end in script.find(_BIRTH):
        date = next(_dates(talk, end, end + ANSWERED_WITHIN), None)
        date = date or _before(talk, script, first)
        if date is not None:
            found[date] = None
    for first, end in list(found):
        for date in _dates(talk, max(0, first - REPEATED_WITHIN), min(len(talk.pieces), end + REPEATED_WITHIN)):
            is_apart = date[1] <= first or end <= date[0]
            if is_apart and _is_same(talk.pieces[first:end], talk.pieces[date[0] : date[1]]):
                found[date] = None
    for first, end in found:
        yield from talk.found(Kind.BIRTH_DATE, talk.pieces[first:end])


def _before(talk: Talk, script: Script, at: int) -> tuple[int, int] | None:
    """A date right before the cue: "3 April 1984 is my birthday", "am 3. April 1984 geboren"."""
    for date in _dates(talk, max(0, at - MOST_BEFORE), at):
        between = script.between(date[1], at).strip() if date[1] < at else ""
        if date[1] <= at and talk.pieces[date[0]].turn == talk.pieces[at].turn and between in _LEADS_BACK:
            return date
    return None


def _dates(talk: Talk, first: int, end: int) -> Iterator[tuple[int, int]]:
    """The dates that begin between two places, each by the places of its pieces."""
    at = first
    while at < min(end, len(talk.pieces)):
        stop = _date_end(talk, at) if _begins(talk.pieces[at]) else at
        if stop > at and _is_date(talk.pieces[at:stop]):
            yield at, stop
        at = max(stop, at + 1)


def _begins(piece: Piece) -> bool:
    return piece.form in (Form.DIGITS, Form.ORDINAL) or piece.text in _MONTHS


def _date_end(talk: Talk, at: int) -> int:
    turn = talk.pieces[at].turn
    stop, end, between, digits, months = at, at, 0, 0, 0
    while end < len(talk.pieces) and (talk.pieces[end].turn == turn or _goes_on(talk, turn, end)):
        piece = talk.pieces[end]
        is_month = piece.text in _MONTHS and piece.form is Form.WORD
        if piece.form in (Form.DIGITS, Form.ORDINAL) or is_month:
            if digits + len(piece.text) * (not is_month) > 8 or months + is_month > 1:
                break
            digits += len(piece.text) if not is_month else 0
            months += is_month
            end, between = end + 1, 0
            stop = end
            if piece.after and piece.after in ".?!;" and (digits >= 5 or not _begins_next(talk, end)):
                break
            continue
        if piece.text not in _OF_A_DATE and not (piece.form is Form.SIGN and piece.text in _SEPARATORS):
            between += 1
        if between > MOST_BETWEEN:
            break
        end += 1
    return stop


def _goes_on(talk: Talk, turn: int, at: int) -> bool:
    """A date may be said over turns of one side: "the third of April" – "mhm" – "eighty four"."""
    return talk.pieces[at].turn - turn <= 2 and (
        talk.side(talk.pieces[at].turn) == talk.side(turn) or talk.pieces[at].form is Form.WORD
    )


def _begins_next(talk: Talk, at: int) -> bool:
    return at < len(talk.pieces) and _begins(talk.pieces[at])


def _is_date(pieces: tuple[Piece, ...]) -> bool:
    digits = "".join(piece.text for piece in pieces if piece.form in (Form.DIGITS, Form.ORDINAL))
    if any(piece.text in _MONTHS for piece in pieces):
        return len(digits) >= 1
    return 3 <= len(digits) <= 8 and (len(digits) != 4 or digits[:2] in ("19", "20") or len(pieces) > 1)


def _is_same(date: tuple[Piece, ...], other: tuple[Piece, ...]) -> bool:
    """Whether it may be the same date said otherwise: its year is the same, or its day and month are."""
    one, two = _numbers(date), _numbers(other)
    if not one or not two:
        return False
    same_month = {piece.text for piece in date} & {piece.text for piece in other} & _MONTHS
    return (one[-1][-2:] == two[-1][-2:] and len(two) > 1) or (bool(same_month) and one[0] == two[0])


def _numbers(pieces: tuple[Piece, ...]) -> list[str]:
    return [piece.text.lstrip("0") or "0" for piece in pieces if piece.form in (Form.DIGITS, Form.ORDINAL)]
