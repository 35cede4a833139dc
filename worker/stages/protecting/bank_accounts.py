"""Bank accounts: IBANs by their check digits; sort codes, routing and account numbers by what is said before them."""

from __future__ import annotations

from collections.abc import Iterator

from worker.core.protection import Found, Kind
from worker.stages.protecting.rows import Row, Script, after_cues, cue, is_named_otherwise, rows, with_repeats
from worker.stages.protecting.spoken import Talk

IBAN_LENGTHS = range(15, 35)
LAST = 4  # digits that a mask leaves

_SORT_CODE = cue("sort codes?", "sortcode", "bankleitzahl", "blz")
_ROUTING = cue("routing(?: number| code)?", "a b a(?: number)?", "aba(?: number)?", "transit number")
_ACCOUNT = cue(
    "account", "account numbers?", "account no", "kontonummer", "konto", "numéro de compte", "compte",
    "número de cuenta", "cuenta",
)  # fmt: skip
_BANK = cue(
    "bank", "bank account", "sort code", "sortcode", "direct debit", "checking", "savings", "routing", "iban",
    "standing order", "bank details", "bacs", "bankverbindung", "lastschrift", "bankleitzahl", "blz", "banque",
    "prélèvement", "rib", "banco", "bancaria", "domiciliación", "refund to your account",
)  # fmt: skip
_ASKED_IBAN = cue("iban", "i b a n", "international bank account number")

NEAR = 40  # pieces within which a bank has to be spoken of where only an account is
ANSWERED_WITHIN = 30


def find_bank_accounts(talk: Talk) -> Iterator[Found]:
    """Every account, and what is said of it again."""
    script = Script(talk)
    for row, whole in with_repeats(talk, list(_accounts(talk, script))):
        digits = "".join(sign for sign in whole.text if sign.isdigit())
        yield from talk.found(Kind.BANK_ACCOUNT, row.pieces(talk), digits[-LAST:] if len(digits) > LAST else None)


def _accounts(talk: Talk, script: Script) -> Iterator[Row]:
    yield from _ibans(talk, script)
    digits = list(rows(talk))
    sorts = after_cues(
        script, _SORT_CODE, digits, within=ANSWERED_WITHIN, is_it=lambda row: len(row.text) in (6, 8, 14)
    )
    yield from sorts
    yield from after_cues(script, _ROUTING, digits, within=ANSWERED_WITHIN, is_it=lambda row: len(row.text) == 9)
    taken = {row.first for row in sorts}
    for row in after_cues(
        script,
        _ACCOUNT,
        [row for row in digits if row.first not in taken],
        within=ANSWERED_WITHIN,
        is_it=lambda row: 6 <= len(row.text) <= 17 and not is_named_otherwise(script, row),
    ):
        around = script.between(max(0, row.first - NEAR), min(len(talk.pieces), row.first + NEAR))
        if _BANK.search(around):
            yield row


def _ibans(talk: Talk, script: Script) -> Iterator[Row]:
    """Those whose check digits are right; where one was asked for, also one that was misheard."""
    known: set[int] = set()
    spelled = list(rows(talk, letters=True, longest_word=34))
    for row in spelled:
        at = 0
        while at < len(row.text):
            end = _iban_end(row, at)
            if end is not None:
                known.update(row.places)
                yield row.part(at, end)
                at = end
            at += 1
    asked = after_cues(
        script,
        _ASKED_IBAN,
        (row for row in rows(talk, letters=True, longest_word=4) if row.first not in known),
        within=ANSWERED_WITHIN,
        is_it=lambda row: len(row.text) >= IBAN_LENGTHS.start - 1 and sum(sign.isdigit() for sign in row.text) >= 10,
    )
    for row in asked:
        if not known & set(row.places):
            yield row


def _iban_end(row: Row, at: int) -> int | None:
    from stdnum import iban

    if at and row.places[at] == row.places[at - 1] and not row.text[at - 1].isdigit():
        return None  # in the middle of a word
    if not (row.text[at : at + 2].isalpha() and row.text[at + 2 : at + 4].isdigit()):
        return None
    for length in IBAN_LENGTHS:
        end = at + length
        if end <= len(row.text) and iban.is_valid(row.text[at:end]):
            return end
    return None
