"""E-mail addresses, as they are said ("maria dot lopez at example dot com"), spelled, or written."""

from __future__ import annotations

from collections.abc import Iterator

from worker.core.protection import Found, Kind
from worker.core.wording import word_set
from worker.stages.protecting.rows import is_word, rows
from worker.stages.protecting.spoken import Form, Piece, Talk

HOSTS_BY_NAME = word_set("""
    gmail googlemail hotmail outlook yahoo icloud aol live msn gmx web proton protonmail btinternet orange free
    laposte
    """)
"""Whose ending is often left out: "at gmail"."""

_ENDINGS = word_set("""
    com org net edu gov uk de fr es it nl be at ch ie us ca au eu co io info biz example me app dev shop online
    """)
_NO_PART = word_set("""
    is it's its it email e-mail mail address my me at to um uh so and yes the that that's would be was or use
    try under for send write contact via ist lautet meine adresse es und ja mir an c'est mon adresse à sí mi
    correo su your his her our a an as in on of okay ok well have you i one's dirección
    """)
_JOINING = (".", "-", "_", "+")

MOST_PIECES = 40  # of the part before the sign
WORDS_IN_A_ROW = 2  # of a name that is said as two and written as one
SPELLED_WITHIN = 160  # pieces
SHORTEST_SPELLED = 3


def find_emails(talk: Talk) -> Iterator[Found]:
    """Every address; and what of it is spelled out soon before or after."""
    for at, piece in enumerate(talk.pieces):
        if piece.form is not Form.SIGN or piece.text != "@":
            continue
        first, (end, host) = _start(talk, at), _end(talk, at)
        if host and first < at:
            yield from talk.found(Kind.EMAIL, talk.pieces[first:end], host)
            yield from _spelled(talk, first, at, end, host)


def _end(talk: Talk, at: int) -> tuple[int, str]:
    """Where the host ends, and what it is; empty where it is none."""
    end = at + 1
    signs: list[str] = []
    stop, host = end, ""
    while end < len(talk.pieces) and _goes_on(talk, at, end):
        piece = talk.pieces[end]
        if piece.form is Form.SIGN and piece.text not in (".", "-"):
            break
        if (
            piece.form is Form.WORD
            and signs
            and signs[-1] not in (".", "-")
            and ("." in signs or _words(signs) > WORDS_IN_A_ROW)
        ):
            break
        signs.append(piece.said if is_word(piece) else piece.text)
        end += 1
        is_ending = len(signs) > 2 and signs[-2] == "." and signs[-1] in _ENDINGS
        if is_ending or (len(signs) == 1 and signs[0] in HOSTS_BY_NAME):
            stop, host = end, "".join(signs)
        if piece.after and piece.after in ",.?!;" and not _follows_a_sign(talk, end):
            break
    is_written = talk.pieces[at].said == "@"
    if not host and is_written and "." in signs[:-1]:
        return end, "".join(signs).strip(".")
    return stop, host


def _follows_a_sign(talk: Talk, at: int) -> bool:
    return at < len(talk.pieces) and talk.pieces[at].form is Form.SIGN and talk.pieces[at].text == "."


def _words(signs: list[str]) -> int:
    return sum(len(one) > 1 for one in signs)


def _goes_on(talk: Talk, at: int, end: int) -> bool:
    """Within one turn, or the next one of the same side."""
    return talk.side(talk.pieces[end].turn) == talk.side(talk.pieces[at].turn)


def _start(talk: Talk, at: int) -> int:
    """Where the part before the sign begins."""
    first, words = at, 0
    while first > 0 and at - first < MOST_PIECES:
        piece = talk.pieces[first - 1]
        if piece.turn != talk.pieces[at].turn or not _may_stand_before(talk, piece, first, at, words):
            break
        if piece.form is Form.WORD:
            words += 1
        first -= 1
    while first < at and talk.pieces[first].form is Form.SIGN:
        first += 1
    return first


def _may_stand_before(talk: Talk, piece: Piece, first: int, at: int, words: int) -> bool:
    after = talk.pieces[first]
    is_joined = after.form is Form.SIGN and after.text in _JOINING and first < at
    if piece.form is Form.SIGN:
        return piece.text in _JOINING
    if piece.after and piece.after in ".?!;:" and piece.first != after.first and piece.form is Form.WORD:
        return False
    if piece.form in (Form.LETTER, Form.DIGITS):
        return piece.said not in ("a", "i") or after.form is not Form.WORD or is_joined
    if piece.form is not Form.WORD or (piece.text in _NO_PART and not is_joined):
        return False
    if piece.after == "," and piece.first != after.first:
        return is_joined
    # "lopez at", "dot lopez", "lopez 42 at", and of two names in a row the first
    return is_joined or words < WORDS_IN_A_ROW


def _spelled(talk: Talk, first: int, at: int, end: int, host: str) -> Iterator[Found]:
    name = "".join(piece.text for piece in talk.pieces[first:at] if piece.form is not Form.SIGN)
    for row in rows(talk, letters=True):
        is_near = first - SPELLED_WITHIN <= row.first <= end + SPELLED_WITHIN and not first <= row.first < end
        spelled = row.text.replace("0", "o")  # an "O" among letters is read as a zero
        if (
            is_near
            and len(spelled) >= SHORTEST_SPELLED
            and spelled in name.replace("0", "o")
            and not row.text.isdigit()
        ):
            yield from talk.found(Kind.EMAIL, row.pieces(talk), host)
