"""How the two sides stand to one thing: who holds which version of it now, and what that comes to.

A side's stance is the last thing it said of it that still stands: that it agrees, that it was otherwise, or that it
takes the other side's version. Nobody's stance weighs more, and the machine has none: its version is only where both
begin.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field
from datetime import datetime

from worker.core.dialogue.state import Agreement, Version
from worker.core.log.entry import SIDES, Role


@dataclass(frozen=True)
class Stance:
    """A side took a version, in the entry ``number``. ``version`` is the entry that put it; None: the machine's."""

    number: int
    role: Role
    version: int | None


@dataclass(frozen=True)
class Put:
    """A version that a side put. ``text`` None: it says only that the machine's is not what happened."""

    role: Role
    by: str | None
    at: datetime
    text: str | None


@dataclass
class Stances:
    """All that was said of one thing, in the order of the entries.

    ``text`` is the machine's version. ``withdrawn``, wherever it is asked for, are the entries withdrawn until then;
    with a version, everything that rests on it falls too, so that what stood before stands again.
    """

    text: str
    taken: list[Stance] = field(default_factory=list)
    put: dict[int, Put] = field(default_factory=dict)

    def agree(self, number: int, role: Role, withdrawn: Set[int]) -> None:
        """A side agrees with what is shown at that time: the version that both hold, or else the machine's."""
        mine, other = (self.stance(side, withdrawn) for side in SIDES)
        shared = mine is not None and other is not None and self._key(mine.version) == self._key(other.version)
        self.taken.append(Stance(number, role, mine.version if shared and mine else None))

    def differ(self, number: int, put: Put) -> None:
        """A side puts a version of its own."""
        self.put[number] = put
        self.taken.append(Stance(number, put.role, number))

    def accept(self, number: int, role: Role, version: int) -> None:
        """A side takes a version that the other one put."""
        self.taken.append(Stance(number, role, version))

    def stance(self, role: Role, withdrawn: Set[int]) -> Stance | None:
        """What a side holds; None where it has said nothing that stands."""
        return next((one for one in reversed(self.taken) if one.role is role and _stands(one, withdrawn)), None)

    def waits(self, version: int, withdrawn: Set[int]) -> bool:
        """Whether the side that put this version holds it still, and the other side does not hold the same."""
        put = self.put.get(version)
        stance = self.stance(put.role, withdrawn) if put else None
        if stance is None or stance.version != version or self._key(version) == self._key(None):
            return False
        return [self._key(one.version) for one in self._now(withdrawn)].count(self._key(version)) == 1

    def agreement(self, withdrawn: Set[int]) -> Agreement:
        """What the stances of both come to."""
        held = [self._key(one.version) for one in self._now(withdrawn)]
        if not held:
            return Agreement.UNREAD
        machine = self._key(None)
        if len(held) < len(SIDES):
            return Agreement.AGREED_BY_ONE if held == [machine] else Agreement.DISPUTED
        if held[0] != held[1]:
            return Agreement.DISPUTED
        was_disputed = any(self._key(one.version) != machine for one in self.taken if _stands(one, withdrawn))
        return Agreement.SETTLED if was_disputed else Agreement.AGREED_BY_BOTH

    def shown(self, withdrawn: Set[int]) -> str:
        """The sentence that is shown: the one both hold, or else the machine's."""
        held = [one.version for one in self._now(withdrawn)]
        is_one = len(held) == len(SIDES) and self._key(held[0]) == self._key(held[1])
        return (self._text(held[0]) if is_one else None) or self.text

    def agreed(self, withdrawn: Set[int]) -> dict[Role, int]:
        """The sides that hold what is shown, each with the entry in which it said so last."""
        shown = _plain(self.shown(withdrawn))
        return {one.role: one.number for one in self._now(withdrawn) if self._key(one.version) == shown}

    def versions(self, withdrawn: Set[int]) -> tuple[Version, ...]:
        """The machine's version, and every other one that a side holds now, in the order in which they were put."""
        holders: dict[str | int, list[Role]] = {self._key(None): []}
        for one in self._now(withdrawn):
            holders.setdefault(self._key(one.version), []).append(one.role)
        found = [Version(None, None, None, None, self.text, tuple(holders.pop(self._key(None))))]
        for number in sorted({one.version for one in self._now(withdrawn) if one.version is not None}):
            held_by = holders.pop(self._key(number), None)
            if held_by is not None:
                put = self.put[number]
                found.append(Version(put.role, put.by, put.at, number, put.text, tuple(held_by)))
        return tuple(found)

    def _now(self, withdrawn: Set[int]) -> list[Stance]:
        return [one for side in SIDES if (one := self.stance(side, withdrawn)) is not None]

    def _text(self, version: int | None) -> str | None:
        return self.text if version is None else self.put[version].text

    def _key(self, version: int | None) -> str | int:
        """Versions with the same words are one version, whoever wrote them; those without words never are."""
        text = self._text(version)
        return _plain(text) if text is not None or version is None else version


def _stands(stance: Stance, withdrawn: Set[int]) -> bool:
    return stance.number not in withdrawn and stance.version not in withdrawn


def _plain(text: str | None) -> str:
    return " ".join((text or "").split())
