"""For how long what is kept: by kind, and by line where a line has rules of its own. What has no rule is kept."""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from worker.core.errors import Invalid
from worker.core.keeping.values import KeptKind
from worker.core.line_rules import read_line_rules

TIME = re.compile(r"([1-9]\d{0,4})([dmy])")


@dataclass(frozen=True)
class Time:
    """So many days, months or years. The last two end on the same day of a later month, or on its last day."""

    number: int
    unit: str

    def after(self, at: datetime) -> datetime:
        """When it is over that began at an instant; as late as can be where no calendar reaches so far."""
        try:
            if self.unit == "d":
                return at + timedelta(days=self.number)
            months = self.number * (12 if self.unit == "y" else 1) + at.year * 12 + at.month - 1
            year, month = divmod(months, 12)
            return at.replace(year=year, month=month + 1, day=min(at.day, calendar.monthrange(year, month + 1)[1]))
        except (OverflowError, ValueError):
            return datetime.max.replace(tzinfo=at.tzinfo)


@dataclass(frozen=True)
class KeepRules:
    """For how long each kind is kept: ``of_line`` goes before ``for_all``, kind by kind."""

    for_all: Mapping[KeptKind, Time] = field(default_factory=dict)
    of_line: Mapping[str, Mapping[KeptKind, Time]] = field(default_factory=dict)

    def of(self, kind: KeptKind, line: str | None) -> Time | None:
        """For how long this kind is kept of calls of a line; None: for as long as nobody asks for its end."""
        return self.of_line.get(line or "", {}).get(kind, self.for_all.get(kind))

    def is_over(self, kind: KeptKind, line: str | None, since: datetime, now: datetime) -> bool:
        """The time of what began at an instant is over."""
        time = self.of(kind, line)
        return time is not None and time.after(since) <= now

    @classmethod
    def read(cls, text: str) -> KeepRules:
        """The rules of a setting such as ``recording=180d,record=3y;line:support:recording=90d``: those for all lines,
        then those of single ones. Raises Invalid for anything else."""
        return cls(*read_line_rules(text, _rule))


def _rule(kind: str, time: str) -> tuple[KeptKind, Time]:
    matched = TIME.fullmatch(time)
    if kind not in list(KeptKind) or matched is None:
        raise Invalid(
            f"A rule for keeping is a kind ({', '.join(KeptKind)}), = and a number of days, months or years, such as "
            "recording=180d or record=3y; for one line line:NAME: stands before it."
        )
    return KeptKind(kind), Time(int(matched[1]), matched[2])
