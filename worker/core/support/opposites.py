"""Words that mean the opposite of each other, so that one in place of the other is seen.

Only pairs that are opposite in nearly every sentence; "long" and "short", "cheap" and "expensive" are said of the same
thing too often ("less expensive").
"""

from __future__ import annotations

from functools import lru_cache

from worker.core.wording import stem

_PAIRS = """
    quick fast / slow
    accept agree / decline refuse reject
    increase raise / decrease lower reduce
    before / after
    early earlier / late later
    always / never
    include cover contain / exclude
    flexible adaptable / inflexible rigid
    open / closed
    buy purchase / sell
    win / lose
    wide broad extensive / limited narrow
    specific particular / general
    start begin / stop end finish
    easy simple / difficult hard complicated
    satisfied happy pleased / dissatisfied unhappy displeased
    competitive / uncompetitive
    online / offline
    possible / impossible
    allow permit / forbid prohibit
    positive / negative
    remember / forget
    succeed success successful / fail failure
    husband / wife
    brother / sister
    mother / father
    son / daughter
    boyfriend / girlfriend
    sender / recipient
    deposit / withdraw withdrawal
    arrival / departure
    incoming / outgoing
    upload / download
    enable activate / disable deactivate
    connect / disconnect
    approve / reject deny
    valid / invalid expired
"""


@lru_cache(maxsize=1)
def _table() -> dict[str, tuple[frozenset[str], frozenset[str]]]:
    table: dict[str, tuple[frozenset[str], frozenset[str]]] = {}
    for line in _PAIRS.strip().splitlines():
        one, other = (frozenset(stem(word) for word in side.split()) for side in line.split("/"))
        for like, unlike in ((one, other), (other, one)):
            for word in like:
                known = table.get(word, (frozenset(), frozenset()))
                table[word] = (known[0] | like, known[1] | unlike)
    return table


def opposites_of(word: str) -> tuple[frozenset[str], frozenset[str]]:
    """The stems that mean the same as this one, itself among them, and those that mean the opposite; empty for most."""
    return _table().get(word, (frozenset(), frozenset()))
