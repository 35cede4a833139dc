"""What a cue is, how a table of them is read, and how words are read that cues are looked for in."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from worker.core.transcript import Word


@dataclass(frozen=True)
class Cue:
    """One way of saying something, and what it counts for."""

    pattern: re.Pattern[str]
    weight: float


@dataclass(frozen=True)
class Openings:
    """How the sentences begin by which people take turns: they tell where the speaker changes, not who speaks."""

    answers: re.Pattern[str]  # yes, no, okay, I see
    thanks: re.Pattern[str]
    welcomes: re.Pattern[str]  # what follows a thank you
    greets: re.Pattern[str]

    def change(self, before: Reading, after: Reading, *, asked: bool, asks: bool) -> float:
        """The log odds that somebody else speaks the sentence ``after``; ``asked``: the one before is a question.

        Coarse, and set from counts of how people take turns in service dialogues: of 176 questions before a statement
        153 were answered by the other; of 356 statements before a statement 120 ended a turn.
        """
        if self.welcomes.match(after.text):
            return 2.5
        if self.answers.match(after.text):
            return 1.0 if self.greets.match(before.text) else 3.0
        thanks = self.thanks.match(after.text) is not None
        if asked:
            return 2.5 if self.greets.match(after.text) else 0.5 if thanks else 1.0 if asks else 2.0
        if thanks:
            return -2.0 if self.welcomes.match(before.text) else 0.5
        if any(opens.match(before.text) for opens in (self.answers, self.thanks, self.welcomes, self.greets)):
            return -2.0  # whoever has answered or greeted goes on
        return -1.4 if asks else -0.7


@dataclass(frozen=True)
class Cues:
    """What is known about one language.

    ``introduces`` and ``calls`` find where people name themselves and whom they speak to; their groups are the words
    that may be the name. ``self`` and ``others`` are pronouns: customers talk of themselves, agents of "you" and "we".
    """

    roles: tuple[Cue, ...]
    machine: tuple[Cue, ...]
    person: tuple[Cue, ...]  # what speaks against a machine
    introduces: re.Pattern[str]
    calls: re.Pattern[str]
    self: frozenset[str]
    others: frozenset[str]
    openings: Openings | None = None  # None: not known well enough to tell two parties in one voice


@dataclass(frozen=True)
class Reading:
    """Words as the cues read them, with the way back to what was said."""

    words: tuple[Word, ...]
    text: str
    starts: tuple[int, ...]  # where in the text each word begins

    @classmethod
    def of(cls, words: Sequence[Word]) -> Reading:
        """Reads words in their order. A word of punctuation alone takes no room."""
        parts, starts, at = [], [], 0
        for word in words:
            part = plain(word.text)
            starts.append(at)
            if part:
                parts.append(part)
                at += len(part) + 1
        return cls(tuple(words), " ".join(parts), tuple(starts))

    def words_of(self, match: re.Match[str]) -> tuple[Word, ...]:
        """The words that a match and its groups lie on, as they were said."""
        first = bisect_right(self.starts, match.start()) - 1
        end = max(match.end(group) for group in range(match.re.groups + 1))
        return self.words[first : max(first + 1, bisect_left(self.starts, end))]

    def names(self, pattern: re.Pattern[str]) -> Iterator[str]:
        """What the groups of a pattern find and the recogniser wrote with a capital: names, as the cues read them."""
        for match in pattern.finditer(self.text):
            for group in range(1, pattern.groups + 1):
                if match.group(group) and self._word_at(match.start(group)).text[:1].isupper():
                    yield match.group(group)

    def _word_at(self, place: int) -> Word:
        return self.words[bisect_right(self.starts, place) - 1]


_WRITTEN_OUT = tuple(
    (re.compile(pattern), text)
    for pattern, text in (
        (r"\bwon't\b", "will not"),
        (r"\bcan't\b", "can not"),
        (r"n't\b", " not"),
        (r"\bi'm\b", "i am"),
        (r"'re\b", " are"),
        (r"'ll\b", " will"),
        (r"'ve\b", " have"),
        (r"'d\b", " would"),
        (r"\b(that|what|it|there|here|how|who|where|when|she|he|name)'s\b", r"\1 is"),
        (r"\bcannot\b", "can not"),
        (r"\bma'am\b", "madam"),
        (r"\be-?mail", "email"),
    )
)
_NOT_A_WORD = re.compile(r"[\W_]+")


def plain(text: str) -> str:
    """A text as the cues read it."""
    text = text.casefold().replace("’", "'")
    for pattern, written_out in _WRITTEN_OUT:
        text = pattern.sub(written_out, text)
    return _NOT_A_WORD.sub(" ", text).strip()


def read_table(cues: Mapping[float, str], *, sign: int = 1) -> tuple[Cue, ...]:
    """The cues of a table, one a line; a line that begins with ``|`` goes on, after that sign, with the cue above."""
    found = []
    for weight, block in cues.items():
        lines: list[str] = []
        for line in block.strip().split("\n"):
            if line.strip().startswith("|"):
                lines[-1] += line.strip()[1:]
            else:
                lines.append(line.strip())
        found += [Cue(re.compile(rf"\b(?:{line})\b"), sign * weight) for line in lines]
    return tuple(found)
