"""Telephone numbers: what phonenumbers says may be one, where a number to call is spoken of or it is written as one."""

from __future__ import annotations

from collections.abc import Iterator

from worker.core.protection import Found, Kind
from worker.stages.protecting.rows import Row, Script, cue, is_named_otherwise, rows, with_repeats
from worker.stages.protecting.spoken import Piece, Talk

REGIONS = {
    "en": ("GB", "US", "IE", "AU"),
    "de": ("DE", "AT", "CH"),
    "fr": ("FR", "BE", "CH"),
    "es": ("ES", "MX"),
    "it": ("IT",),
    "nl": ("NL", "BE"),
    "pt": ("PT", "BR"),
}
LAST = 4
SHORTEST, LONGEST = 7, 15
REACH = 30  # pieces before a number in which it may have been asked for

_OF_SOMEBODY = (
    r"(?:my|her|his|our|their|your)(?: (?:daughter|son|wife|husband|mother|father|mum|mom|dad|brother|sister|partner|"
    r"neighbour|neighbor|friend|work|home|new|own|direct|office|contact)(?:'s)?){0,2} number"
)
_ASKED = cue(
    "phone", "phones", "telephone", "mobile", "cell", "cellphone", "landline", "number to (?:reach|call|contact)",
    "call(?:ing)? (?:me|you|him|her|us|them)?", "call(?:ing)?(?: back)? (?:on|at|from)", "ring", "reach", "text",
    "contact number", _OF_SOMEBODY, "call (?:my|his|our) \\S+", "best number",
    "callback", "phone number", "whatsapp", "dial", "extension", "telefon", "telefonnummer", "handy", "handynummer",
    "rückruf", "mobilnummer", "festnetz", "anrufen", "rufen", "erreichen", "erreichbar", "vorwahl", "téléphone",
    "portable", "appeler", "rappeler", "joindre", "teléfono", "móvil", "llamar(?:me|le|te)?",
)  # fmt: skip


def find_phones(talk: Talk) -> Iterator[Found]:
    """Every telephone number, and what is said of it again."""
    script = Script(talk)
    regions = REGIONS.get(talk.language or "", REGIONS["en"])
    found = [row for row in rows(talk) if _is_one(talk, script, row, regions)]
    for row, whole in with_repeats(talk, found):
        yield from talk.found(Kind.PHONE, [*_plus(talk, row), *row.pieces(talk)], whole.text[-LAST:])


def _is_one(talk: Talk, script: Script, row: Row, regions: tuple[str, ...]) -> bool:
    if not SHORTEST <= len(row.text) <= LONGEST or is_named_otherwise(script, row):
        return False
    is_international = bool(_plus(talk, row)) or row.text.startswith("00")
    if is_international:
        return _fits("+" + row.text.removeprefix("00"), regions)
    is_asked = _ASKED.search(" " + script.before(row.first, REACH)) is not None
    return is_asked and _fits(row.text, regions)


def _plus(talk: Talk, row: Row) -> list[Piece]:
    """The plus before a number, where one was said or written."""
    before = talk.pieces[row.first - 1 : row.first] if row.first else ()
    return [piece for piece in before if piece.text == "+"]


def _fits(text: str, regions: tuple[str, ...]) -> bool:
    """Whether it may be a number of one of these countries. Whether it was given out there is not asked: a number that
    was misheard is as private as one that was not."""
    import phonenumbers

    for region in regions:
        try:
            if phonenumbers.is_possible_number(phonenumbers.parse(text, region)):
                return True
        except phonenumbers.NumberParseException:
            continue
    return False
