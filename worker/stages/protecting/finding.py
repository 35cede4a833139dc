"""Everything in a conversation that has to be protected: what each finder finds, in order, without overlaps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from worker.core.protection import Found, Kind
from worker.core.transcript import Turn
from worker.stages.protecting.bank_accounts import find_bank_accounts
from worker.stages.protecting.birth_dates import find_birth_dates
from worker.stages.protecting.cards import find_cards
from worker.stages.protecting.emails import find_emails
from worker.stages.protecting.national_ids import find_national_ids
from worker.stages.protecting.one_time_codes import find_one_time_codes
from worker.stages.protecting.passwords import find_passwords
from worker.stages.protecting.phones import find_phones
from worker.stages.protecting.postal_addresses import find_postal_addresses
from worker.stages.protecting.spoken import Talk, read_talk

Finder = Callable[[Talk], Iterable[Found]]

FINDERS: tuple[Finder, ...] = (
    find_cards,
    find_passwords,
    find_one_time_codes,
    find_bank_accounts,
    find_national_ids,
    find_birth_dates,
    find_emails,
    find_phones,
    find_postal_addresses,
)
"""One function for each subject; what they find may overlap."""

STRENGTH: tuple[Kind, ...] = (
    Kind.CARD_CODE,
    Kind.CARD_NUMBER,
    Kind.CARD_EXPIRY,
    Kind.PASSWORD,
    Kind.ONE_TIME_CODE,
    Kind.BANK_ACCOUNT,
    Kind.NATIONAL_ID,
    Kind.BIRTH_DATE,
    Kind.EMAIL,
    Kind.PHONE,
    Kind.POSTAL_ADDRESS,
)
"""The stronger kind first: it keeps the words that two kinds claim, the other what lies beside them."""


def find_all(turns: Sequence[Turn], language: str | None) -> tuple[Found, ...]:
    """What has to be protected of these turns, in the order of their words; no word belongs to two.

    ``language`` is the one in which they were heard (ISO 639-1), or None.
    """
    talk = read_talk(turns, language)
    found = [one for finder in FINDERS for one in finder(talk)]
    kept: list[Found] = []
    taken: set[tuple[int, int]] = set()
    for one in sorted(found, key=lambda one: (STRENGTH.index(one.kind), one.first - one.end, one.turn, one.first)):
        for first, end in _free(one, taken):
            whole = end - first == one.end - one.first
            kept.append(Found(one.kind, one.turn, first, end, one.left if whole else None))
            taken.update((one.turn, word) for word in range(first, end))
    return tuple(sorted(kept, key=lambda one: (one.turn, one.first)))


def _free(one: Found, taken: set[tuple[int, int]]) -> list[tuple[int, int]]:
    """The stretches of its words that no stronger finding has."""
    stretches: list[tuple[int, int]] = []
    for word in range(one.first, one.end):
        if (one.turn, word) in taken:
            continue
        if stretches and stretches[-1][1] == word:
            stretches[-1] = (stretches[-1][0], word + 1)
        else:
            stretches.append((word, word + 1))
    return stretches
