"""Payment cards: their numbers, the codes that verify them, and until when they are valid.

1. Rows of digits that are a card's number by issuer, length and check digit are found first, each side by itself and
   over turns: in groups, with "okay" between, with the other side reading back.
2. Then the talk is read from its beginning (`card_talk`): what was asked for decides what the next digits are.
3. What was found once is found where it is said again. The last four digits by themselves are no secret.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence, Set
from itertools import islice, pairwise

from worker.core.protection import Found, Kind
from worker.stages.protecting.card_cues import Topic
from worker.stages.protecting.card_finds import OTHER_BEFORE, Finds
from worker.stages.protecting.card_numbers import LENGTHS, is_card_number
from worker.stages.protecting.card_rows import Row
from worker.stages.protecting.card_talk import follow
from worker.stages.protecting.spoken import Talk

NEAR, FAR = (3, 2), (30, 10)
"""Words that say something, and turns, that may lie inside a number: where no card is spoken of, and where one is."""

LEAST_BESIDE, TURNS_BESIDE = 10, 3
"""So many digits, so near to a number, are the same read out or back and heard otherwise."""

NAMED_WITHIN = 12

LAST = 4  # digits at the end of a number, which are no secret by themselves; as long as a group of it
REPEATED_WITHIN = 300
LEAST_OF_REPEAT = 7


def find_cards(talk: Talk) -> Iterator[Found]:
    """The numbers, codes and expiries of payment cards. Of a number, a mask leaves the last four digits."""
    finds = Finds(talk)
    if not finds.rows and not finds.cues:
        return
    _find_checked(finds)
    follow(finds)
    _find_repeated(finds)
    yield from finds.found()


# Step 1 ----------------------------------------------------------------------------------------------------------


def _find_checked(finds: Finds) -> None:
    """Those that begin where a row does come first; then those that begin inside one, where a card is spoken of."""
    for is_inside in (False, True):
        for side in [*dict.fromkeys(row.side for row in finds.rows), None]:
            thread = [row for row in finds.rows if side in (row.side, None)]
            for first in range(len(thread)):
                _find_from(finds, thread, first, is_inside=is_inside)
    said = sorted((places[0], places[-1], finds.digits(places)) for places in finds.wholes)
    longest = max((last - first for first, last, _ in said), default=0)
    for row in finds.rest():
        # Read back by the other side, group by group; perhaps not as they were said.
        near = said[bisect_left(said, (row.first - longest,)) : bisect_left(said, (row.first,))]
        inside = (digits for _, last, digits in near if row.first < last)
        if any(row.digits in digits or len(row.digits) > 2 for digits in inside):
            finds.add(Kind.CARD_NUMBER, row.places)


def _find_from(finds: Finds, thread: Sequence[Row], first: int, *, is_inside: bool) -> None:
    row = thread[first]
    asked = finds.is_card_near(row.first)
    if finds.decimals.issuperset(row.places) or (is_inside and not asked) or _is_of_something_else(finds, row.first):
        return
    chain = _chain(finds, thread, first, asked=asked)
    places = [at for one in chain for at in one.places]
    for start in range(1, len(row.places)) if is_inside else range(1):
        found = _checked(finds, places[start:], asked=asked, lengths=LENGTHS[:2] if is_inside else LENGTHS)
        if found:
            finds.add_number(found, row.places[:start])
            return
    # A group that was said once more, because the other side asked, counts once.
    once = [one for before, one in pairwise([None, *chain]) if one and not _is_said_again(before, one)]
    found = _checked(finds, [at for one in once for at in one.places], asked=asked, lengths=LENGTHS[:2])
    if found and not is_inside:
        finds.add_number(found, [at for one in chain for at in one.places if found[0] <= at <= found[-1]])


def _is_said_again(before: Row | None, row: Row) -> bool:
    return before is not None and len(row.digits) > 2 and before.digits.endswith(row.digits)


def _checked(finds: Finds, places: Sequence[int], *, asked: bool, lengths: Sequence[int]) -> list[int]:
    ends: dict[int, int] = {}  # by number of digits: how many places say them
    said = ""
    for number, at in enumerate(places, 1):
        if at in finds.kinds or len(said) >= max(LENGTHS):
            break
        said += finds.talk.pieces[at].text
        ends[len(said)] = number
    for length in lengths:
        if length in ends and is_card_number(said[:length], asked=asked):
            return list(places[: ends[length]])
    return []


def _chain(finds: Finds, thread: Sequence[Row], first: int, *, asked: bool) -> list[Row]:
    """The row and those that go on from it."""
    words, turns = FAR if asked else NEAR
    chain = [thread[first]]
    for before, row in pairwise(islice(thread, first, None)):
        ends = (Topic.CODE, Topic.EXPIRY, Topic.OTHER)
        is_cut = any(cue.topic in ends for cue in finds.cues_between(before.last + 1, row.first))
        is_far = finds.script.words_between(before.last + 1, row.first) > words or row.turn - before.turn > turns
        if is_cut or is_far or sum(len(one.digits) for one in chain) >= max(LENGTHS):
            break
        chain.append(row)
    return chain


def _is_of_something_else(finds: Finds, place: int) -> bool:
    """Whether the last that was named is an order, a parcel or the like, and no card a while before."""
    before = finds.cues_before(place, OTHER_BEFORE)
    return bool(before) and before[-1].topic is Topic.OTHER and not any(cue.names_card for cue in before)


# Step 3 ----------------------------------------------------------------------------------------------------------


def _find_repeated(finds: Finds) -> None:
    """A number, or most of it, and a code as it was."""
    rows = list(finds.rest())
    parts = {part for _, digits in finds.numbers for part in _parts(digits)}
    for side in dict.fromkeys(row.side for row in rows):
        thread = [row for row in rows if row.side == side]
        for first in range(len(thread)):
            places = [at for row in _chain(finds, thread, first, asked=True) for at in row.places]
            finds.add(Kind.CARD_NUMBER, _repeated(finds, places, parts))
    said_in: defaultdict[int, list[str]] = defaultdict(list)
    for at, digits in finds.numbers:
        said_in[finds.talk.pieces[at].turn].append(digits)
    for row in finds.rest():
        turns = range(row.turn - TURNS_BESIDE, row.turn + TURNS_BESIDE + 1)
        beside = [digits for turn in turns for digits in said_in.get(turn, ())]
        is_last = any(digits.endswith(row.digits) for digits in beside)
        is_group = len(row.digits) == LAST and not is_last and any(row.digits in digits for digits in beside)
        if (is_group or (beside and len(row.digits) >= LEAST_BESIDE)) and not _is_named(finds, row):
            finds.add(Kind.CARD_NUMBER, row.places)
    codes: defaultdict[str, list[int]] = defaultdict(list)
    for at, digits in finds.codes:
        codes[digits].append(at)
    for row in finds.rest():
        if any(abs(row.first - at) <= REPEATED_WITHIN for at in codes.get(row.digits, ())):
            finds.add(Kind.CARD_CODE, row.places)


def _is_named(finds: Finds, row: Row) -> bool:
    """Whether a row is said to be an order, a telephone or the like."""
    before = finds.cues_before(row.first, NAMED_WITHIN)
    return bool(before) and before[-1].topic is Topic.OTHER


def _parts(digits: str) -> Iterator[str]:
    """Every part of a number that is more than its last digits."""
    for first in range(len(digits) - LEAST_OF_REPEAT + 1):
        for end in range(first + LEAST_OF_REPEAT, len(digits) + 1):
            yield digits[first:end]


def _repeated(finds: Finds, places: Sequence[int], parts: Set[str]) -> Sequence[int]:
    """As many of the places as say a part of a number that was found, if that is more than its last digits."""
    for end in range(len(places), 0, -1):
        said = finds.digits(places[:end])
        if len(said) < LEAST_OF_REPEAT:
            break
        if said in parts:
            return places[:end]
    return ()
