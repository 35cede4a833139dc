"""What a check of the log found wrong: where, what was expected, what stands there instead."""

from __future__ import annotations

from dataclasses import dataclass

from worker.core.errors import BrokenRecord


@dataclass(frozen=True)
class Finding:
    """One thing that does not hold. ``what`` is a sentence without its end; it has no word of anybody in it.

    The place is an entry (``call`` and ``number``), a whole call, a ``leaf`` of the tree by its position, a
    ``checkpoint`` by its size, or a ``file`` of a copy by its name there.
    """

    what: str
    call: str | None = None
    number: int | None = None
    leaf: int | None = None
    checkpoint: int | None = None
    expected: str | None = None
    got: str | None = None
    file: str | None = None

    @property
    def place(self) -> str:
        """Where it is, in words."""
        parts = (
            ("call", self.call),
            ("entry", self.number),
            ("leaf", self.leaf),
            ("checkpoint of size", self.checkpoint),
            ("file", self.file),
        )
        return ", ".join(f"{name} {value}" for name, value in parts if value is not None) or "the log"

    @property
    def sentence(self) -> str:
        """All of it in one line."""
        values = ", ".join(
            f"{name} {value}" for name, value in (("expected", self.expected), ("got", self.got)) if value is not None
        )
        return f"{self.place}: {self.what}{'; ' if values else ''}{values}."


def what_of(error: BrokenRecord) -> str:
    """The message of an error as the ``what`` of a finding: without its end, and small where a sentence begins."""
    what = error.message.rstrip(".")
    return what if what[1:2].isupper() else what[:1].lower() + what[1:]
