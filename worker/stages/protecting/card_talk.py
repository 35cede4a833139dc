"""Cards in the order of the talk: what was asked for decides what the next digits are.

So a number that was heard with one digit wrong is found too, of which the check digit says nothing; and a code, which
is three digits like any others. What follows a number without a word is its expiry, and then its code.
"""

from __future__ import annotations

from worker.core.protection import Kind
from worker.stages.protecting.card_answers import FOLLOWING_WORDS, Answers
from worker.stages.protecting.card_cues import Cue, Topic
from worker.stages.protecting.card_dates import Dated, is_expiry, read_dates
from worker.stages.protecting.card_finds import MOST_BRIDGED, Finds
from worker.stages.protecting.card_rows import Row

LEAST_OF_WHOLE = 12
"""Where a card is spoken of, so many digits in one breath are its number, heard right or not."""

ANSWER_WORDS = 40
"""So many words may lie between a question, or a part of the answer, and what follows."""

PIN_LENGTH = 4

SENTENCE_WORDS = 5
"""So near to each other two cues of one turn are one: "the code on the back of my card", "my contract expires"."""


def follow(finds: Finds) -> None:
    """Reads the talk from its beginning, and adds what it finds."""
    _Follower(finds).follow()


class _Follower:
    """What is known at one place of a talk: what is asked for, and what was said of a card just before."""

    def __init__(self, finds: Finds) -> None:
        self.finds = finds
        self.answers = Answers(finds)
        self.topic: Topic | None = None
        self.cue: Cue | None = None
        self.last_four_at: int | None = None  # "ending in" was said here

    def follow(self) -> None:
        items: list[tuple[int, Cue | Row | Dated | int]] = [(cue.first, cue) for cue in self.finds.cues]
        items += [(row.first, row) for row in self.finds.rest()]
        items += [(dated.first, dated) for dated in read_dates(self.finds.talk)]
        checked = sorted(self.finds.kinds)
        items += [(at, at) for before, at in zip([-2, *checked], checked, strict=False) if before != at - 1]
        for place, item in sorted(items, key=lambda item: item[0]):
            if self._words_since(self.answers.at, place) > ANSWER_WORDS:
                self.answers.close()
                self.topic = None
            if isinstance(item, Cue):
                self._on_cue(item)
            elif isinstance(item, Row):
                self._on_row(item)
            elif isinstance(item, Dated):
                self._on_date(item)
            else:
                self._on_number(item)
        self.answers.close()

    def _words_since(self, place: int, now: int) -> int:
        return self.finds.script.words_between(place, now)

    # What is asked for

    def _on_cue(self, cue: Cue) -> None:
        if cue.topic is Topic.LAST:
            self.last_four_at = cue.end
            return
        if self._goes_with_the_last(cue) or self._is_known(cue):
            return
        if cue.topic in (Topic.CODE, Topic.EXPIRY) and not self._is_of_a_card(cue):
            return
        if cue.topic is Topic.CODE:
            self._look_back(cue)
        if cue.topic is not self.topic:
            self.answers.close()
        if cue.topic is Topic.NUMBER and self.topic is not Topic.NUMBER:
            self.answers.number_at = self.answers.expiry_at = None
        self.answers.is_expiry_asked |= cue.topic is Topic.EXPIRY
        self.topic, self.answers.at, self.cue = cue.topic, cue.end, cue

    def _look_back(self, cue: Cue) -> None:
        """What could be an expiry right before the word for a code is one: "two thirty three and three digits"."""
        for row in self.finds.rest(self.finds.script.turn_places(self._turn(cue.first))):
            is_beside = row.last < cue.first and self._words_since(row.last + 1, cue.first) <= MOST_BRIDGED
            if is_beside and is_expiry(row.digits):
                self.finds.add(Kind.CARD_EXPIRY, row.places)

    def _goes_with_the_last(self, cue: Cue) -> bool:
        """Whether a cue only goes on with what another said just before: "the code of the card is"."""
        last = self.cue
        if last is None or self._turn(last.first) != self._turn(cue.first):
            return False
        if self._words_since(last.end, cue.first) > SENTENCE_WORDS or self._says_digits(last.end, cue.first):
            return False
        if last.topic is Topic.OTHER and cue.counts_digits:
            return True
        if self.finds.script.ends_sentence(last.end - 1, cue.first):
            return False
        if last.topic is Topic.OTHER:
            return cue.topic is Topic.EXPIRY or (cue.topic is Topic.CODE and not cue.names_card)
        return last.topic in (Topic.CODE, Topic.EXPIRY) and cue.topic in (Topic.NUMBER, Topic.CARD)

    def _is_known(self, cue: Cue) -> bool:
        """Whether more is known already: what of a card is asked for, or that it is a card that is paid with."""
        asked = self.topic in (Topic.NUMBER, Topic.CODE, Topic.EXPIRY)
        if cue.topic is Topic.PAYMENT:
            return asked or self.topic is Topic.CARD
        return cue.topic is Topic.CARD and asked

    def _is_of_a_card(self, cue: Cue) -> bool:
        is_of_nothing_else = cue.is_pin and self.topic is not Topic.OTHER
        return self.finds.is_card_near(cue.first) or cue.names_card or is_of_nothing_else

    def _turn(self, place: int) -> int:
        return self.finds.talk.pieces[place].turn

    def _says_digits(self, first: int, end: int) -> bool:
        return any(piece.is_digits for piece in self.finds.talk.pieces[first:end])

    # What is answered

    def _on_row(self, row: Row) -> None:
        asked = (Topic.NUMBER, Topic.CODE, Topic.EXPIRY)
        if self._is_last_four(row) or (self.topic not in asked and self.finds.decimals.issuperset(row.places)):
            return
        if self.answers.goes_on_from_number(row):
            self.answers.take_rest(row.places)
            return
        if self.topic is Topic.CODE and self._is_expiry_said_before(row) and self.answers.take_expiry(row):
            return
        if self.topic is Topic.CODE and self._may_be_code(row):
            self.answers.take_code(row.places)
        elif self.topic is Topic.EXPIRY and len(row.digits) <= 10:
            self.answers.take_asked_expiry(row)
        elif self.topic in asked and self.answers.number_at is None:
            self._collect(row)
        elif row.first in self.finds.alone or (
            len(row.digits) >= LEAST_OF_WHOLE and self.topic in (Topic.NUMBER, Topic.CARD, Topic.PAYMENT)
        ):
            self._collect(row)
            self.answers.close()
        elif self.topic is not Topic.OTHER:
            self.answers.take_following(row)

    def _is_expiry_said_before(self, row: Row) -> bool:
        """Whether an expiry is waited for as well, or the word for it comes behind: "and 09/27 is the expiry"."""
        turn = self.finds.script.turn_places(row.turn)
        named = self.finds.cues_between(row.last + 1, turn.stop)[:1]
        return self.answers.is_expiry_asked or any(
            cue.topic is Topic.EXPIRY
            and not self.finds.talk.pieces[row.last].after
            and self._words_since(row.last + 1, cue.first) <= MOST_BRIDGED
            and not self._says_digits(row.last + 1, turn.stop)
            for cue in named
        )

    def _may_be_code(self, row: Row) -> bool:
        """So long as a code is, heard wrong perhaps; where no card is spoken of, or it was said already, as a PIN."""
        if self.cue is None or not self.cue.is_pin:
            return len(row.digits) <= 8
        is_told = bool(self.finds.codes) and self.finds.codes[-1][0] > self.cue.first
        is_sure = self.finds.is_card_near(row.first) and not is_told
        return len(row.digits) <= 8 if is_sure else len(row.digits) == PIN_LENGTH

    def _collect(self, row: Row) -> None:
        rest = self.answers.collect(row)
        if rest:
            self._on_row(rest)

    def _is_last_four(self, row: Row) -> bool:
        place, self.last_four_at = self.last_four_at, None
        return place is not None and len(row.digits) <= 4 and self._words_since(place, row.first) <= SENTENCE_WORDS

    def _on_date(self, dated: Dated) -> None:
        number_at = self.answers.number_at
        follows = number_at is not None and self._words_since(number_at, dated.first) <= FOLLOWING_WORDS
        is_new = follows and not dated.names_day and self.topic is not Topic.OTHER and self.answers.expiry_at is None
        if self.topic is Topic.EXPIRY or is_new:
            self.answers.take_date(dated)

    def _on_number(self, place: int) -> None:
        self.answers.pass_number(place)
        if self.topic is not Topic.NUMBER:
            self.topic = Topic.CARD
