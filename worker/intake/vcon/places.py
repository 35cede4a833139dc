"""A value within a vCon together with where it stands, so that whatever is wrong is named by its JSON pointer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from worker.core.errors import Invalid


def wrong(pointer: str, what: str) -> Invalid:
    """The one error of a vCon that cannot be taken. It repeats nothing of what stands there."""
    return Invalid(f"This vCon cannot be taken: {pointer or 'the whole of it'} {what}. Nothing was accepted.")


@dataclass(frozen=True)
class Place:
    """A value, and the JSON pointer (RFC 6901) to it. What is asked of it and does not fit raises Invalid."""

    value: object
    pointer: str = ""

    def wrong(self, what: str) -> Invalid:
        """An error about this place."""
        return wrong(self.pointer, what)

    def get(self, name: str) -> Place | None:
        """A field of an object; None where it is not there, or null."""
        if not isinstance(self.value, dict):
            raise self.wrong("is no object")
        found = self.value.get(name)
        return None if found is None else Place(found, f"{self.pointer}/{name}")

    def needed(self, name: str) -> Place:
        """A field that must be there."""
        found = self.get(name)
        if found is None:
            raise wrong(f"{self.pointer}/{name}", "is missing")
        return found

    def items(self) -> list[Place]:
        """The items of an array."""
        if not isinstance(self.value, list):
            raise self.wrong("is no array")
        return [Place(one, f"{self.pointer}/{number}") for number, one in enumerate(self.value)]

    def each(self, name: str) -> Iterator[Place]:
        """The items of an array that may be missing."""
        found = self.get(name)
        yield from () if found is None else found.items()

    def text(self, *, longest: int | None = None) -> str:
        """A text, of at most so many letters and none of them a control character."""
        if not isinstance(self.value, str):
            raise self.wrong("is no text")
        if longest is not None:
            if len(self.value) > longest:
                raise self.wrong(f"is longer than {longest} letters")
            if not self.value.isprintable():
                raise self.wrong("has signs in it that are no text")
        return self.value

    def number(self, *, below: int) -> int:
        """A whole number from 0."""
        if not isinstance(self.value, int) or isinstance(self.value, bool) or not 0 <= self.value < below:
            raise self.wrong(
                f"is no whole number from 0 to {below - 1}" if below else "names a party, and there is none"
            )
        return self.value

    def instant(self) -> datetime:
        """An instant with its zone (RFC 3339)."""
        try:
            found = datetime.fromisoformat(self.text())
        except ValueError:
            raise self.wrong("is no date and time, such as 2026-03-10T10:14:00+01:00") from None
        if found.tzinfo is None:
            raise self.wrong("has no time zone")
        return found
