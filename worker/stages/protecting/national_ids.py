"""Numbers under which a state knows a person: of an insurance, a tax office, a register, a passport.

Those that carry check digits are known by them; those that carry none, or were misheard, by what is said before them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from worker.core.protection import Found, Kind
from worker.stages.protecting.rows import Row, Script, after_cues, cue, is_named_otherwise, is_whole, rows, with_repeats
from worker.stages.protecting.spoken import Talk

ANSWERED_WITHIN = 30

_ASKED = cue(
    "national insurance(?: number)?", "n i number", "ni number", "nino", "national insurance no",
    "social security(?: number)?", "s s n", "ssn", "social", "tax i d(?: number)?", "taxpayer id(?:entification)?",
    "tax id(?: number)?", "utr", "nhs number", "n h s number", "passport(?: number)?",
    "driv(?:ing|er's) licen[cs]e(?: number)?", "steuer id", "steuer - id", "steueridentifikationsnummer",
    "steuernummer", "sozialversicherungsnummer", "rentenversicherungsnummer", "versicherungsnummer",
    "personalausweis(?:nummer)?", "ausweisnummer", "reisepass(?:nummer)?", "numéro de sécurité sociale",
    "numéro de sécu", "sécurité sociale", "carte vitale", "passeport", "numéro fiscal", "d n i", "dni", "n i e",
    "nie", "n i f", "nif", "documento de identidad", "pasaporte", "seguridad social",
)  # fmt: skip
_LAST_FOUR = cue(

    "last (?:four|4) (?:digits )?of (?:your|my|the) (?:social(?: security)?(?: number)?|ssn|national insurance number)",
)  # fmt: skip
_NINO = re.compile(r"(?!bg|gb|kn|nk|nt|tn|zz)[abceghj-prstw-z][abceghj-npr-tw-z]\d{6}[a-d]")


def find_national_ids(talk: Talk) -> Iterator[Found]:
    """Every such number, and what is said of it again."""
    script = Script(talk)
    for row, _whole in with_repeats(talk, list(_numbers(talk, script)), shortest=4):
        yield from talk.found(Kind.NATIONAL_ID, row.pieces(talk))


def _numbers(talk: Talk, script: Script) -> Iterator[Row]:
    spelled = list(rows(talk, letters=True, longest_word=4))
    known: set[int] = set()
    for row in spelled:
        for one in _by_form(row):
            if not is_named_otherwise(script, one):
                known.update(one.places)
                yield one
    asked = after_cues(script, _ASKED, spelled, within=ANSWERED_WITHIN, is_it=_may_be_one)
    asked += after_cues(script, _LAST_FOUR, rows(talk), within=ANSWERED_WITHIN, is_it=lambda row: len(row.text) == 4)
    for row in asked:
        if not known & set(row.places) and not is_named_otherwise(script, row):
            yield row


def _may_be_one(row: Row) -> bool:
    return 8 <= len(row.text) <= 20 and sum(sign.isdigit() for sign in row.text) >= 5


def _by_form(row: Row) -> Iterator[Row]:
    """Those that nobody has to have asked for: their form or their check digits are like no other number's."""
    from stdnum.es import dni, nie
    from stdnum.fr import nir

    checks: tuple[tuple[re.Pattern[str], Callable[[str], bool]], ...] = (
        (_NINO, lambda _: True),
        (re.compile(r"\d{8}[a-z]"), dni.is_valid),
        (re.compile(r"[xyz]\d{7}[a-z]"), nie.is_valid),
        (re.compile(r"[12]\d{4}(?:\d\d|2[ab])\d{8}"), nir.is_valid),
        (re.compile(r"\d{8}[a-z]\d{3}"), is_pension_number),
    )
    for form, is_valid in checks:
        for match in form.finditer(row.text):
            first, end = match.span()
            around = row.text[max(0, first - 1) : first] + row.text[end : end + 1]
            if is_whole(row, first, end) and not re.search(r"\d", around) and is_valid(match.group()):
                yield row.part(first, end)


def is_pension_number(text: str) -> bool:
    """Whether this is a German Rentenversicherungsnummer (Verordnung über die Versicherungsnummer, § 2 and § 4): area,
    date of birth, letter, serial number, and a check digit over all of them."""
    number = f"{text[:8]}{ord(text[8]) - ord('a') + 1:02}{text[9:11]}"
    products = (int(digit) * factor for digit, factor in zip(number, (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1), strict=True))
    return sum(sum(divmod(product, 10)) for product in products) % 10 == int(text[11])
