"""Postal addresses: house number and street, with the town and the postcode that follow; postcodes by themselves."""

from __future__ import annotations

import re
from collections.abc import Iterator

from worker.core.protection import Found, Kind
from worker.core.wording import word_set
from worker.stages.protecting.rows import Row, Script, cue, is_named_otherwise, is_whole, is_word, rows
from worker.stages.protecting.spoken import Form, Piece, Talk

MOST_NAMES = 4  # words of a street's name
TOWN_WITHIN = 10  # pieces after the street in which a postcode may stand
ANSWERED_WITHIN = 40

_STREETS = word_set("""
    street road avenue lane drive close court way place crescent terrace gardens square hill grove mews row
    boulevard highway parade walk rise green st rd ave ln dr blvd parkway circuit quay wharf
    """)
_FLATS = word_set("flat apartment apt unit suite room")
_GERMAN_STREET = re.compile(r".*(?:straße|strasse|str|weg|platz|allee|gasse|ring|damm|ufer|chaussee|steig|stieg)")
_STREETS_FIRST = word_set("""
    rue avenue boulevard place chemin allée impasse quai calle avenida plaza paseo camino carrer via straße
    """)
_NO_NAME = word_set("""
    the a an in at on minutes minute hours hour days day weeks week months month years year pounds pound dollars
    euros percent people miles mile metres by for to and or is was were are it that this you i we they he she my
    your of times more off from with till until items boxes kilos degrees euro uhr minuten stunden tage heures
    jours horas días
    """)
_BEFORE_ADDRESS = cue(
    "address", "live", "living", "lives", "deliver(?:ed|y)?(?: it| that)? to", "moved(?: house)? to",
    "post(?:ed)? (?:it )?to", "send (?:it|that|them) to", "house number", "first line", "postcode", "post code",
    "zip(?: ?code)?", "door number", "adresse", "wohne", "wohnhaft", "anschrift", "postleitzahl", "straße", "habite",
    "code postal", "dirección", "vivo", "código postal", "domicilio", "collect(?:ed|ion)? from", "property",
)  # fmt: skip
_POSTCODE_GB = re.compile(r"(?:[a-z]{1,2}\d[a-z\d]?)\d[a-z]{2}")
_ZIP_ASKED = cue(
    "zip(?: ?code)?", "postleitzahl", "p l z", "plz", "code postal", "código postal", "postcode", "post ?code",
)  # fmt: skip
_STATES = word_set("""
    alabama alaska arizona arkansas california colorado connecticut delaware florida georgia hawaii idaho
    illinois indiana iowa kansas kentucky louisiana maine maryland massachusetts michigan minnesota mississippi
    missouri montana nebraska nevada ohio oklahoma oregon pennsylvania tennessee texas utah vermont virginia
    washington wisconsin wyoming
    """)


def find_postal_addresses(talk: Talk) -> Iterator[Found]:
    """Every street with its number and what follows, and every postcode."""
    script = Script(talk)
    codes = list(_postcodes(talk, script))
    taken: set[int] = set()
    for first, end in _streets(talk):
        first, whole = _with_flat(talk, first), _whole(talk, end, codes)
        taken.update(range(first, whole))
        yield from talk.found(Kind.POSTAL_ADDRESS, talk.pieces[first:whole])
    for row in codes:
        if row.first not in taken:
            yield from talk.found(Kind.POSTAL_ADDRESS, row.pieces(talk))


def _streets(talk: Talk) -> Iterator[tuple[int, int]]:
    pieces = talk.pieces
    at = 0
    while at < len(pieces):
        end = _street_end(talk, at)
        if end is None:
            at += 1
            continue
        yield at, end
        at = end


def _street_end(talk: Talk, at: int) -> int | None:
    """Where a street with its number ends that begins here."""
    pieces = talk.pieces
    if pieces[at].form is Form.DIGITS and len(pieces[at].text) <= 5:
        return _number_first(talk, at)
    if pieces[at].form is Form.WORD and talk.language == "de" and _GERMAN_STREET.fullmatch(pieces[at].text):
        return _number_after(talk, at)
    if pieces[at].text in _STREETS_FIRST and talk.language == "es":
        return _number_after(talk, at)
    return None


def _number_first(talk: Talk, at: int) -> int | None:
    pieces = talk.pieces
    end = at + 1
    while end < len(pieces) and (
        pieces[end].form is Form.DIGITS or pieces[end].said in ("-", "a", "b", "c", "bis", "ter")
    ):
        end += 1  # "2 2 1 b", "4 bis"
    if end < len(pieces) and pieces[end].text in _STREETS_FIRST and talk.language == "fr":
        return _names_after(talk, end + 1)
    for stop in range(end, min(end + MOST_NAMES + 1, len(pieces))):
        piece = pieces[stop]
        if piece.turn != pieces[at].turn or (not is_word(piece) and piece.form is not Form.ORDINAL):
            return None
        if piece.text in _STREETS and stop > end:
            return stop + 1
        is_first_article = stop == end and piece.text == "the"  # "5 The Crescent"
        if (piece.text in _NO_NAME and not is_first_article) or (
            piece.after and piece.after in ".?!;" and piece.text not in _STREETS
        ):
            return None
    return None


def _names_after(talk: Talk, at: int) -> int:
    """French: the words after "rue", to the end of the clause or up to a postcode."""
    end = at
    while end < len(talk.pieces) and end - at < MOST_NAMES and talk.pieces[end].turn == talk.pieces[at].turn:
        if talk.pieces[end].form is Form.DIGITS:
            break
        end += 1
        if talk.pieces[end - 1].after:
            break
    return end


def _number_after(talk: Talk, at: int) -> int | None:
    """German and Spanish: the street, then the number."""
    pieces = talk.pieces
    for stop in range(at + 1, min(at + MOST_NAMES + 3, len(pieces))):
        if pieces[stop].turn != pieces[at].turn:
            return None
        if pieces[stop].form is Form.DIGITS:
            return stop + 1 if len(pieces[stop].text) <= 4 else None
        if talk.language == "de" and pieces[stop].said not in ("nummer",):
            return None
        if pieces[stop].text in ("es", "está") or (pieces[stop].after and pieces[stop].after in ".?!"):
            return None
    return None


def _with_flat(talk: Talk, first: int) -> int:
    """Where the address begins: with the flat, where one is named before the house."""
    for at in (first - 1, first - 2):  # "flat 3" may be read as part of the number of the house
        if at >= 0 and talk.pieces[at].text in _FLATS and talk.pieces[at].turn == talk.pieces[first].turn:
            return at
    return first


def _whole(talk: Talk, end: int, codes: list[Row]) -> int:
    """Where the address ends whose street ends here: with its postcode, or with the town."""
    turn = talk.pieces[end - 1].turn
    for row in codes:
        if end <= row.first <= end + TOWN_WITHIN and talk.pieces[row.first].turn == turn:
            return row.places[-1] + 1 + _town(talk, row.places[-1] + 1, turn, needs_capital=True)
    if talk.pieces[end - 1].after and talk.pieces[end - 1].after in ".?!;":
        return end
    if talk.pieces[end - 1].after == ",":
        return end + _town(talk, end, turn, needs_capital=False)
    if end < len(talk.pieces) and talk.pieces[end].said == "in":
        more = _town(talk, end + 1, turn, needs_capital=True)
        return end + 1 + more if more else end
    return end + _town(talk, end, turn, needs_capital=True)


def _town(talk: Talk, at: int, turn: int, *, needs_capital: bool) -> int:
    """How many words of a town follow: those written with a capital, up to the end of the clause."""
    count = 0
    while at + count < len(talk.pieces) and count < 3:
        piece = talk.pieces[at + count]
        if piece.turn != turn or not is_word(piece) or piece.text in _NO_NAME:
            break
        if not _is_capital(talk, piece) and (needs_capital or count > 0):
            break
        count += 1
        if piece.after and piece.after in ".?!;":
            break
        if piece.after == ",":
            needs_capital = True
    return count


def _is_capital(talk: Talk, piece: Piece) -> bool:
    return talk.turns[piece.turn].words[piece.first].text.lstrip("\"'(")[:1].isupper()


def _postcodes(talk: Talk, script: Script) -> Iterator[Row]:
    """Those of the United Kingdom by their form, others where they are asked for or a town stands beside them."""
    seen: set[int] = set()
    for row in rows(talk, letters=True, longest_word=4):
        for match in _POSTCODE_GB.finditer(row.text):
            one = row.part(*match.span())
            if is_whole(row, *match.span()) and not is_named_otherwise(script, one) and _is_near_address(script, one):
                seen.update(one.places)
                yield one
    for row in _rows_of_five(talk):
        if not seen & set(row.places) and not is_named_otherwise(script, row):
            before = script.before(row.first, ANSWERED_WITHIN)
            last = talk.pieces[row.first - 1].text if row.first else ""
            if _ZIP_ASKED.search(" " + before[-200:]) or last in _STATES or _stands_by_a_town(talk, row):
                yield row


def _rows_of_five(talk: Talk) -> Iterator[Row]:
    """Rows of five digits: by themselves, written as one word beside others, or at the end after a mark."""
    for row in rows(talk):
        last = len(row.text) - 5
        if last == 0 or (last > 0 and is_whole(row, last, last + 5) and talk.pieces[row.places[last - 1]].after == ","):
            yield row.part(last, last + 5)
            continue
        for at in dict.fromkeys(row.places):
            if len(talk.pieces[at].text) == 5:
                yield Row((at,) * 5, talk.pieces[at].text)


def _is_near_address(script: Script, row: Row) -> bool:
    """Written as one it has a form of its own; spelled out it may be anything, and an address has to be spoken of."""
    return (
        len(set(row.places)) <= 4 or _BEFORE_ADDRESS.search(" " + script.before(row.first, ANSWERED_WITHIN)) is not None
    )


def _stands_by_a_town(talk: Talk, row: Row) -> bool:
    """German, French and Spanish: five digits and a town after them, in an address."""
    after = row.places[-1] + 1
    if talk.language not in ("de", "fr", "es") or after >= len(talk.pieces):
        return False
    piece = talk.pieces[after]
    if talk.pieces[after - 1].after in (".", "?", "!"):
        return False
    return piece.turn == talk.pieces[row.first].turn and is_word(piece) and _is_capital(talk, piece)
