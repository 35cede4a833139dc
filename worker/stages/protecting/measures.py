"""Numbers that count or date something: amounts, lengths of time, dates, times of day. None of them is an identity."""

from __future__ import annotations

import re
from collections.abc import Sequence

from worker.stages.protecting.spoken import Form, Piece
from worker.stages.protecting.vocabulary import word_set

MONTHS = {
    name: number
    for names in (
        "january february march april may june july august september october november december",
        "jan feb mar apr may jun jul aug sep oct nov dec",
        "jänner februar märz april mai juni juli august september oktober november dezember",
        "januar februar märz april mai juni juli august september oktober november dezember",
        "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    )
    for number, name in enumerate(names.split(), 1)
}

_UNITS = word_set(
    "pound pounds quid pence p dollar dollars bucks cent cents euro euros franc francs percent per second seconds "
    "minute minutes hour hours day days week weeks month months year years night nights working business times "
    "people persons items pieces miles km kilometres meters metres kilos kg grams litres kilowatt kilowatts kwh "
    "degrees volts watts am pm o'clock gigabytes gb mb pfund prozent sekunden minuten stunden stunde tag tage "
    "tagen woche wochen monat monate monaten jahr jahre jahren uhr mal personen kilowattstunden livres centimes "
    "pourcent secondes heure heures jour jours semaine semaines mois an ans fois personnes libras centavos "
    "céntimos dólares ciento segundos minutos hora horas día días semana semanas mes meses año años veces"
)
_MONEY_SIGNS = "€$£¥"
_RANGES = word_set("to bis à a or and und et y")


def measured(pieces: Sequence[Piece], *, decimals: bool = True) -> frozenset[int]:
    """The numbers of the pieces, of one turn or of all, whose digits are of a measure, a date or a time.

    ``decimals``: also "45.50", which is an amount as a rule, although nothing says of what.
    """
    found: set[int] = set()
    for at, piece in enumerate(pieces):
        if piece.form in (Form.DIGITS, Form.ORDINAL) and (
            _is_counted(pieces, at) or _is_dated(pieces, at) or (decimals and _is_decimal(pieces, at))
        ):
            found.update(_same_word(pieces, at))
    for at in range(len(pieces) - 2):  # "5 to 7 days", "23 pounds 40"
        first, between, last = pieces[at : at + 3]
        if first.is_digits and between.said in _RANGES and at + 2 in found and not between.after and not first.after:
            found.add(at)
        if at in found and between.said in _UNITS and last.is_digits and len(last.text) <= 2 and not between.after:
            found.add(at + 2)
    return frozenset(found)


def _is_counted(pieces: Sequence[Piece], at: int) -> bool:
    piece = pieces[at]
    before, after = _beside(pieces, at, -1), _beside(pieces, at, 1)
    if before and before.text in _MONEY_SIGNS and before.first == piece.first:
        return True
    if after is None or piece.after:
        return False
    if after.text in (*_MONEY_SIGNS, "%", "°") or (after.form is not Form.SIGN and after.said in _UNITS):
        return True
    return after.text == ":" and after.first == piece.first


def _is_decimal(pieces: Sequence[Piece], at: int) -> bool:
    held = [pieces[near] for near in _same_word(pieces, at)]
    return re.fullmatch(r"\d{1,3}(?:[.,]\d{3})*[.,]\d\d", "".join(one.text for one in held)) is not None


def _is_dated(pieces: Sequence[Piece], at: int) -> bool:
    piece = pieces[at]
    held = "".join(pieces[near].text for near in _same_word(pieces, at))
    if re.fullmatch(r"\d{1,2}([/.-])\d{1,2}\1(?:\d{4}|\d{2})", held):
        return True
    before, after = _beside(pieces, at, -1), _beside(pieces, at, 1)
    if len(piece.text) > 4:
        return False
    if after and not piece.after.strip(".") and after.said in ("of", "de", "du"):
        after = _beside(pieces, at + 1, 1)
    if after and after.said in MONTHS and not piece.after.strip("."):
        return True
    if before and before.said in ("of", "de", "del"):
        before = _beside(pieces, at - 1, -1)
    if before and before.said in MONTHS and not before.after.strip(","):
        return True
    return bool(
        before
        and re.fullmatch(r"(?:19|20)\d\d", piece.text)
        and before.form in (Form.DIGITS, Form.ORDINAL)
        and before.first != piece.first
        and _is_dated(pieces, at - 1)
    )


def _beside(pieces: Sequence[Piece], at: int, step: int) -> Piece | None:
    """The piece before or behind, in the same turn."""
    near = at + step
    return pieces[near] if 0 <= near < len(pieces) and pieces[near].turn == pieces[at].turn else None


def _same_word(pieces: Sequence[Piece], at: int) -> range:
    """The pieces around this one that are of the same word."""
    first = end = at
    while first > 0 and (pieces[first - 1].turn, pieces[first - 1].end - 1) == (pieces[at].turn, pieces[at].first):
        first -= 1
    while end + 1 < len(pieces) and (pieces[end + 1].turn, pieces[end + 1].first) == (
        pieces[at].turn,
        pieces[at].first,
    ):
        end += 1
    return range(first, end + 1)
