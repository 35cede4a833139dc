"""What was said of a card so far in a talk, and what the next digits are then."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from difflib import SequenceMatcher

from worker.core.protection import Kind
from worker.stages.protecting.card_dates import Dated, is_expiry
from worker.stages.protecting.card_finds import Finds
from worker.stages.protecting.card_numbers import whole_length
from worker.stages.protecting.card_rows import Row
from worker.stages.protecting.spoken import Form
from worker.stages.protecting.vocabulary import word_set

LEAST_OF_NUMBER = 7
"""So many digits after a question for a card's number are of one; fewer may be its last four."""

MOST_OF_REST = 9
"""So many digits that follow a number without a pause are what else is on the card."""

FOLLOWING_WORDS = 12
"""So many words may lie between a number and what is taken for its expiry or code although nothing says so."""

LAST_NUMBERS = 6
"""So many numbers back, what is said now may be one of them again."""

REPEATED_WORDS = 5
CORRECTED_WORDS = 30

ANSWER_OF_WORDS = 2
"""So few words that say something beside the digits make a turn an answer."""

_CORRECTS = word_set(
    "no sorry not wrong instead mean meant actually rather correction nein nicht falsch sondern entschuldigung non pas "
    "pardon plutôt perdón quiero"
)


class Answers:
    """Takes digits for what they are, and remembers what was said: ``at`` is where anything of a card last was."""

    def __init__(self, finds: Finds) -> None:
        self.finds = finds
        self.at = 0
        self.number_at: int | None = None  # where the last number ended
        self.expiry_at: int | None = None  # and its expiry
        self.is_expiry_asked = False
        self._pending: list[Row] = []  # parts of a number that was asked for

    # Codes and expiries

    def take_code(self, places: Sequence[int]) -> None:
        """Digits that verify a card, as many as were heard."""
        self.finds.add(Kind.CARD_CODE, places)
        digits = self.finds.digits(places)
        if len(digits) in (3, 4):
            self.finds.codes.append((places[0], digits))
        self.at = places[-1] + 1

    def take_asked_expiry(self, row: Row) -> None:
        """An expiry that was asked for; also one that is none, if it is as short. After an expiry comes the code."""
        if self.expiry_at is not None and len(row.digits) in (3, 4) and not self._is_another_expiry(row):
            self.take_code(row.places)
        elif not self.take_expiry(row) and len(row.digits) <= 6:
            places = self._numbers_of_turn(row) if self._is_an_answer(row) else row.places
            self.finds.add(Kind.CARD_EXPIRY, places)
            self.at = self.expiry_at = row.last + 1
            self.is_expiry_asked = False

    def _is_another_expiry(self, row: Row) -> bool:
        """Whether an expiry is said in place of the one before: "no, 08/29"."""
        pieces = self.finds.talk.pieces[row.first : row.last]
        return is_expiry(row.digits) and (self._corrects(row) or any(piece.text == "/" for piece in pieces))

    def take_expiry(self, row: Row) -> bool:
        """Takes the longest beginning of the row that is an expiry; what follows it may be the code."""
        ends = [end for end in range(1, len(row.places) + 1) if is_expiry(self.finds.digits(row.places[:end]))]
        if not ends:
            return False
        rest = row.places[ends[-1] :]
        if rest and len(self.finds.digits(rest)) not in (3, 4):
            return False
        self.finds.add(Kind.CARD_EXPIRY, row.places[: ends[-1]])
        self.at = self.expiry_at = row.places[ends[-1] - 1] + 1
        self.is_expiry_asked = False
        if rest:
            self.take_code(rest)
        return True

    def take_date(self, dated: Dated) -> None:
        """A month in words, and its year."""
        self.finds.add(Kind.CARD_EXPIRY, range(dated.first, dated.end))
        self.at = self.expiry_at = dated.end
        self.is_expiry_asked = False

    # Numbers

    def collect(self, row: Row) -> Row | None:
        """Takes a row as a part of a number that was asked for; gives what is said in it behind the number's end."""
        self._pending.append(row)
        self.at = row.last + 1
        places = [at for one in self._pending if one.side == row.side for at in one.places]
        ends = [end for end in range(1, len(places) + 1) if len(self.finds.digits(places[:end])) >= self._whole(places)]
        if not ends:
            return None
        number, rest = places[: ends[0]], places[ends[0] :]
        others = [at for one in self._pending for at in one.places if at not in rest]
        self.finds.add_number(number, others, is_whole=len(self.finds.digits(number)) == self._whole(places))
        self._pending = []
        self.number_at = number[-1] + 1
        return self.finds.script.row(rest) if rest else None

    def _whole(self, places: Sequence[int]) -> int:
        return whole_length(self.finds.digits(places))

    def close(self) -> None:
        """What was said after a question for a number is one, if it is long enough."""
        pending, self._pending = self._pending, []
        said = {
            side: [at for row in pending if row.side == side for at in row.places]
            for side in {row.side for row in pending}
        }
        longest = max(said.values(), key=lambda places: len(self.finds.digits(places)), default=[])
        if len(self.finds.digits(longest)) >= LEAST_OF_NUMBER:
            self.finds.add_number(longest, [at for row in pending for at in row.places], is_whole=False)
            self.number_at = longest[-1] + 1

    def pass_number(self, place: int) -> None:
        """A checked number begins here: parts before it were an attempt at it."""
        self.close()
        end = place
        while self.finds.kinds.get(end + 1) is Kind.CARD_NUMBER:
            end += 1
        self.at = self.number_at = end + 1
        self.expiry_at = None

    # What follows a number

    def goes_on_from_number(self, row: Row) -> bool:
        """Whether somebody who has just said a number's last digits speaks on in the same breath."""
        place = row.first - 1
        while place and self.finds.script.is_bridge(place):
            place -= 1
        return (
            self.finds.kinds.get(place) is Kind.CARD_NUMBER
            and self.finds.talk.pieces[place].turn == row.turn
            and self.finds.talk.pieces[place].after not in (".", "?", "!")
            and len(row.digits) <= MOST_OF_REST
        )

    def take_rest(self, places: Sequence[int]) -> None:
        """An expiry and a code, whatever was heard of them."""
        ends = [end for end in range(1, len(places) + 1) if is_expiry(self.finds.digits(places[:end]))]
        end = ends[-1] if ends else 0
        if not ends and len(self.finds.digits(places)) > 4:
            end = len(places)
        if end:
            self.finds.add(Kind.CARD_EXPIRY, places[:end])
            self.at = self.expiry_at = places[end - 1] + 1
            self.is_expiry_asked = False
        if end < len(places):
            self.take_code(places[end:])

    def take_following(self, row: Row) -> None:
        """What nobody asked for, after a number: the same again, its expiry, its code, a correction."""
        if self.number_at is None or self.words_since(self.number_at, row.first) > CORRECTED_WORDS:
            return
        if self._is_again(row.digits) or self._is_end_again(row):
            self._go_on(row)
            return
        since = self.number_at if self.expiry_at is None else self.expiry_at
        if self.words_since(since, row.first) <= FOLLOWING_WORDS:
            if self.expiry_at is None and self.take_expiry(row):
                return
            if len(row.digits) in (3, 4) and not self._is_end(row.digits):
                self.take_code(row.places)
                return
        if self._corrects(row):
            self._go_on(row)
        elif len(row.digits) <= MOST_OF_REST and self._is_an_answer(row):
            self.finds.add(Kind.CARD_EXPIRY if self.expiry_at is None else Kind.CARD_CODE, self._numbers_of_turn(row))
            self.expiry_at = row.last + 1

    def _go_on(self, row: Row) -> None:
        self.finds.add(Kind.CARD_NUMBER, row.places)
        self.at = self.number_at = row.last + 1

    def _is_an_answer(self, row: Row) -> bool:
        """Whether a turn says little but these digits, so that it answers what was not understood."""
        said = self.finds.script.turn_places(row.turn)
        return self.words_since(said[0], said[-1] + 1) <= ANSWER_OF_WORDS

    def _numbers_of_turn(self, row: Row) -> list[int]:
        forms = (Form.DIGITS, Form.ORDINAL)
        return [at for at in self.finds.script.turn_places(row.turn) if self.finds.talk.pieces[at].form in forms]

    def _is_again(self, digits: str) -> bool:
        """Whether these digits are the number once more, or a part of it, if need be with a digit misheard.

        Three digits are no part once an expiry was said: they are the code then.
        """
        shortest = 3 if self.expiry_at is None else 4
        return any(
            (len(digits) >= shortest and digits in number and not (len(digits) <= 4 and number.endswith(digits)))
            or (len(digits) >= 10 and SequenceMatcher(None, digits, number, autojunk=False).ratio() >= 0.8)
            for number in self._last_numbers()
        )

    def _last_numbers(self) -> list[str]:
        """The digits of the numbers said last, up to the one that is being talked of."""
        end = bisect_left(self.finds.numbers, (self.at + 1,))
        return [digits for _, digits in self.finds.numbers[max(0, end - LAST_NUMBERS) : end]]

    def _corrects(self, row: Row) -> bool:
        said = {self.finds.talk.pieces[at].said for at in self.finds.script.turn_places(row.turn)}
        return len(row.digits) <= 6 and bool(said & _CORRECTS)

    def _is_end_again(self, row: Row) -> bool:
        """Whether the one who said a number says its end once more: a group was written twice, or said so."""
        before = bisect_left(self.finds.wholes, row.first, key=lambda places: places[-1])
        last = self.finds.wholes[max(0, before - 1) : before]
        return self._is_end(row.digits) and any(
            self.finds.script.row(places[-1:]).side == row.side
            and self.words_since(places[-1], row.first) <= REPEATED_WORDS
            for places in last
        )

    def _is_end(self, digits: str) -> bool:
        return any(number.endswith(digits) for number in self._last_numbers())

    def words_since(self, place: int, now: int) -> int:
        """How many words that say something lie between two places."""
        return self.finds.script.words_between(place, now)
