"""Where other persons than the two of a call seem to be heard or named in its record, and how sure that is.

By rule, from what can be read: third voices, relations ("my husband"), titles and names that are neither side's,
colleagues. It errs on the side of asking: what it finds is looked at by the desk before a record is handed over. What
it cannot see: people spoken of by pronouns alone, or by what only those who know them understand; names that were heard
wrong; in German, first names that are in no table and have no title. See ``tests/core/test_third_persons.py`` for how
much it finds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from worker.core.call import Party
from worker.core.protection import TOKEN
from worker.core.record import CallRecord
from worker.core.requests.naming_words import (
    CALLED,
    CAPITAL_ALL_NOUNS,
    COLLEAGUES,
    FIRST_NAMES,
    NAME_IS,
    NOT_NAMES,
    OWNERS,
    RELATIONS,
    SPOKEN_TO,
    THIS_IS,
    TITLES,
    TITLES_ALONE,
)
from worker.core.requests.values import Place, Sign
from worker.core.roles import IS_MACHINE
from worker.core.transcript import Participant, Turn

FEWEST_WORDS = 3
"""A voice that nobody knows and that says less is an "okay" that was given to nobody."""

LONGEST_NAME = 3  # words

LIKE = 0.6
"""From here on, of 1, two names are one that was heard in two ways: "Lopez" and "Lopes"."""

SURE = {
    Sign.OTHER_VOICE: 0.9,
    Sign.SECOND_CUSTOMER: 0.7,
    Sign.UNKNOWN_VOICE: 0.5,
    Sign.RELATION: 0.9,
    Sign.COLLEAGUE: 0.6,
}
TITLED, FULL_NAME, INTRODUCED, FIRST_NAME, CAPITAL = 0.9, 0.75, 0.85, 0.7, 0.3
"""Of names: behind a title, of two words, behind "called", one that many have, and no more than a capital."""

SURE_ENOUGH = 0.5
"""What is less sure is no place: most words with a capital are towns, brands and streets."""

_SIGNS = re.compile(r"^[^\w\[]+|[^\w\]]+$")
_ENDS = (".", "!", "?", "…")
_OWNED = re.compile(r"['’]s?$")


def find_places(call_id: str, record: CallRecord, *, names: Iterable[str | None] = ()) -> tuple[Place, ...]:
    """Where other persons seem to be, in the order of the call; ``names`` are those of its two sides, as far as known.

    A voice gives one place for each of its turns; of places that overlap in one turn the surer stands.
    """
    known = _names(record, names)
    found: list[Place] = []
    voices = _other_voices(record)
    for turn in record.turns:
        if not turn.words:
            continue
        if (sign := voices.get(turn.speaker or "", _unknown(turn))) is not None:
            found.append(_place(call_id, turn, 0, len(turn.words), sign, SURE[sign]))
        elif turn.party in (Party.AGENT, Party.CUSTOMER, Party.UNKNOWN) and not _is_machine(turn, record.parties):
            read = [_read(one.text) for one in turn.words]
            found.extend(_named(call_id, turn, read, known, record.language))
    return tuple(found)


# Voices


def _other_voices(record: CallRecord) -> dict[str, Sign]:
    """The speakers who are neither of the two sides, nor a machine."""
    found = {
        one.speaker: Sign.OTHER_VOICE for one in record.parties if one.party is Party.OTHER and one.reason != IS_MACHINE
    }
    customers = [one.speaker for one in record.parties if one.party is Party.CUSTOMER]
    said = {name: sum(len(turn.words) for turn in record.turns if turn.speaker == name) for name in customers}
    if len(said) > 1:
        most = max(said, key=lambda name: said[name])
        found |= {name: Sign.SECOND_CUSTOMER for name in said if name != most and said[name] >= FEWEST_WORDS}
    return found


def _is_machine(turn: Turn, parties: Sequence[Participant]) -> bool:
    return any(one.speaker == turn.speaker and one.reason == IS_MACHINE for one in parties)


def _unknown(turn: Turn) -> Sign | None:
    is_unknown = turn.party is Party.UNKNOWN and len(turn.words) >= FEWEST_WORDS
    return Sign.UNKNOWN_VOICE if is_unknown else None


# Names and relations


@dataclass(frozen=True)
class _Names:
    """Parts of names in small letters: ``known`` are the two sides', ``strangers`` those under which somebody else
    than the customer of the call introduces themselves as its customer."""

    known: frozenset[str]
    strangers: frozenset[str]


@dataclass(frozen=True)
class _Word:
    """A word without the signs around it; ``plain`` in small letters, without the end of "Anna's"."""

    text: str
    plain: str
    is_token: bool
    ends: bool  # its sentence, or a part of it

    @property
    def has_capital(self) -> bool:
        return (self.text[:1].isupper() and not self.text.isupper()) or (self.text.isupper() and len(self.text) > 4)


def _read(text: str) -> _Word:
    bare = _SIGNS.sub("", text)
    plain = _OWNED.sub("", bare).lower()
    is_short = plain in TITLES - TITLES_ALONE and text.endswith(".")  # "Mr."
    is_end = text.endswith((*_ENDS, ",", ";", ":")) and not is_short
    return _Word(bare, plain, TOKEN.search(text) is not None, is_end)


def _named(call_id: str, turn: Turn, read: Sequence[_Word], names: _Names, language: str | None) -> Iterator[Place]:
    at, is_first = 0, True
    while at < len(read):
        end, sign, sure = _at(read, at, is_first, names, language)
        if end > at and sure >= SURE_ENOUGH:
            yield _place(call_id, turn, at, end, sign, sure)
        end = max(end, at + 1)
        is_first = read[end - 1].ends and turn.words[end - 1].text.endswith(_ENDS)
        at = end


def _at(read: Sequence[_Word], at: int, is_first: bool, names: _Names, language: str | None) -> tuple[int, Sign, float]:
    """What begins at a word: where it ends, what it is and how sure; its end is ``at`` where nothing does."""
    word, known = read[at], names.known
    nothing = (at, Sign.NAMED, 0.0)
    if word.is_token or not word.plain:
        return nothing
    if (end := _stranger_end(read, at, names.strangers)) > at:
        return end, Sign.NAMED, INTRODUCED
    if word.plain in OWNERS and (found := _relation(read, at + 1)) is not None:
        end, sign = found
        is_titled = end < len(read) and read[end].plain in TITLES and not read[end].ends
        after = end if read[end - 1].ends else _name_end(read, end + is_titled, known, language, is_titled=is_titled)
        return (after, sign, SURE[Sign.RELATION]) if after > end else (end, sign, SURE[sign])
    if word.plain in TITLES and not word.ends:
        end = _name_end(read, at + 1, known, language, is_titled=True)
        if end > at + 1 and (word.plain not in RELATIONS or word.has_capital):
            return end, Sign.NAMED, TITLED
    if word.plain in CALLED:
        end = _name_end(read, at + 1, known, language, is_titled=True)
        if end > at + 1 and not _is_own(read, at):
            return end, Sign.NAMED, INTRODUCED
    end = _name_end(read, at, known, language)
    if end == at or _is_spoken_to(read, at, end):
        return nothing
    sure = _sure_of(read[at:end], is_first, language)
    return end, Sign.NAMED, sure


def _relation(read: Sequence[_Word], at: int) -> tuple[int, Sign] | None:
    """The end of "(my) late husband", if it stands here. One word may come between."""
    for skip in (0, 1):
        if at + skip < len(read) and not any(one.ends for one in read[at : at + skip]):
            plain = read[at + skip].plain
            if plain in RELATIONS:
                return at + skip + 1, Sign.RELATION
            if plain in COLLEAGUES and plain == read[at + skip].text.lower():  # not "your driver's licence"
                return at + skip + 1, Sign.COLLEAGUE
    return None


def _name_end(
    read: Sequence[_Word], at: int, known: frozenset[str], language: str | None, *, is_titled: bool = False
) -> int:
    """Where a name that begins here ends; ``at`` where none does, and where it is one of the two sides'."""
    end = at
    while end < len(read) and end - at < LONGEST_NAME and _may_be_name(read[end], language, is_titled or end > at):
        end += 1
        if read[end - 1].ends:
            break
    return at if any(one.plain in known for one in read[at:end]) else end


def _stranger_end(read: Sequence[_Word], at: int, strangers: frozenset[str]) -> int:
    """Where a stranger's name that begins here ends; ``at`` where none does."""
    end = at
    while end < len(read) and read[end].has_capital and read[end].plain in strangers:
        end += 1
    return end


def _may_be_name(word: _Word, language: str | None, is_led: bool) -> bool:
    if word.is_token or not word.has_capital or word.plain in NOT_NAMES or not word.plain.replace("-", "").isalpha():
        return False
    return is_led or language not in CAPITAL_ALL_NOUNS or word.plain in FIRST_NAMES


def _sure_of(name: Sequence[_Word], is_first: bool, language: str | None) -> float:
    """How sure it is that words with capitals are somebody's name."""
    if any(one.plain in FIRST_NAMES for one in name):
        return FULL_NAME if len(name) > 1 else FIRST_NAME
    if len(name) > 1 and not is_first and language not in CAPITAL_ALL_NOUNS:
        return SURE_ENOUGH - 0.1  # "New York", "Premium Plus": more often than a name that no table has
    return CAPITAL


def _is_own(read: Sequence[_Word], at: int) -> bool:
    """Whether "called" is said of oneself: "I am called"."""
    return at > 0 and read[at - 1].plain in ("am", "i'm", "ich", "me")


def _is_spoken_to(read: Sequence[_Word], at: int, end: int) -> bool:
    """Whether a name is that of whoever is spoken to: "Thank you, Maria." """
    before = read[at - 1].plain if at else None
    return read[end - 1].ends and before is not None and before in SPOKEN_TO


def _place(call_id: str, turn: Turn, first: int, end: int, sign: Sign, sure: float) -> Place:
    words = turn.words[first:end]
    text = " ".join(one.text for one in words)
    return Place(call_id, turn.id, first, end, words[0].start_s, words[-1].end_s, text, sign, sure)


# Whose names are known


def _names(record: CallRecord, names: Iterable[str | None]) -> _Names:
    """Every part of the names of the two sides: as they were given, and as they say them of themselves. Who introduces
    themselves as the customer by a name that is nothing like the one that was given is somebody else."""
    sides = [one.name for one in record.parties if one.party in (Party.AGENT, Party.CUSTOMER)]
    customer = _parts(one.name for one in record.parties if one.party is Party.CUSTOMER)
    known, strangers = _parts([*names, *sides]), set[str]()
    given = frozenset(known)
    for turn in record.turns:
        if turn.party not in (Party.AGENT, Party.CUSTOMER):
            continue
        read = [_read(one.text) for one in turn.words]
        introduced = _introduced(read, record.language) - given
        if turn.party is Party.CUSTOMER and customer and not _is_like(introduced, customer):
            strangers |= introduced
        known |= introduced | _addressed(read, record.language)
    titles = TITLES | TITLES_ALONE
    return _Names(frozenset(known - strangers - titles), frozenset(strangers - titles))


def _parts(names: Iterable[str | None]) -> set[str]:
    return {part.lower() for name in names if name for part in re.findall(r"[^\W\d_]{2,}", name)}


def _is_like(introduced: set[str], given: set[str]) -> bool:
    """Whether one of these names may be one of those, as a machine hears them."""
    return any(SequenceMatcher(None, one, other).ratio() >= LIKE for one in introduced for other in given)


def _introduced(read: Sequence[_Word], language: str | None) -> set[str]:
    """The names under which somebody introduces themselves."""
    found: set[str] = set()
    nobody: frozenset[str] = frozenset()
    for at in range(len(read)):
        for lead in (*NAME_IS, *THIS_IS):
            start = at + len(lead)
            if tuple(one.plain for one in read[at:start]) != lead or start >= len(read):
                continue
            if lead in THIS_IS and at > 6:  # later in a turn, "this is Tom" may be anybody
                continue
            start += 1 if read[start].plain in TITLES else 0
            end = _name_end(read, start, nobody, language, is_titled=lead in NAME_IS)
            is_name = lead in NAME_IS or any(one.plain in FIRST_NAMES for one in read[start:end])
            found |= {one.plain for one in read[start:end]} if is_name else set()
    return found


def _addressed(read: Sequence[_Word], language: str | None) -> set[str]:
    """Names behind a greeting or thanks, with which a part of a sentence ends: those of the other side."""
    found: set[str] = set()
    nobody: frozenset[str] = frozenset()
    for at in range(1, len(read)):
        start = at + 1 if read[at].plain in TITLES and not read[at].ends else at
        end = _name_end(read, start, nobody, language, is_titled=start > at)
        if start < end <= len(read) and _is_spoken_to(read, at, end):
            found |= {one.plain for one in read[start:end]}
    return found
