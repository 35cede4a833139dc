"""What must not be shown of what was said: which kinds there are, what is done with each, and what was done in a call.

A protected word is replaced by a token such as ``[card_number]`` or, masked, ``[card_number:4242]``. Programs read
tokens; pages and copies write them out ("[card number, cut]").
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from worker.core.errors import Invalid
from worker.core.line_rules import read_line_rules


class Kind(StrEnum):
    """What was said that has to be protected. The names stand in tokens and in settings, and stay."""

    CARD_NUMBER = "card_number"
    CARD_CODE = "card_code"  # the three or four digits that verify a card, and its PIN
    CARD_EXPIRY = "card_expiry"
    BANK_ACCOUNT = "bank_account"
    NATIONAL_ID = "national_id"  # of an insurance, a tax office, a register of persons
    PASSWORD = "password"  # noqa: S105 -- a name
    ONE_TIME_CODE = "one_time_code"
    EMAIL = "email"
    POSTAL_ADDRESS = "postal_address"
    PHONE = "phone"
    BIRTH_DATE = "birth_date"


class Action(StrEnum):
    """What is done with a kind. ``cut`` and ``mask`` overwrite the sound as well."""

    CUT = "cut"
    MASK = "mask"  # what is left tells it apart and nothing more: the last four digits, the host of an e-mail address
    KEEP = "keep"


NEVER_KEPT = frozenset({Kind.CARD_CODE, Kind.CARD_EXPIRY})
"""What no rule keeps or masks, and what the kept recording itself must not hold (PCI DSS 3.3.1 for the code)."""

DEFAULT_ACTIONS: Mapping[Kind, Action] = {
    Kind.CARD_NUMBER: Action.MASK,
    Kind.CARD_CODE: Action.CUT,
    Kind.CARD_EXPIRY: Action.CUT,
    Kind.BANK_ACCOUNT: Action.MASK,
    Kind.NATIONAL_ID: Action.CUT,
    Kind.PASSWORD: Action.CUT,
    Kind.ONE_TIME_CODE: Action.CUT,
    Kind.EMAIL: Action.KEEP,
    Kind.POSTAL_ADDRESS: Action.KEEP,
    Kind.PHONE: Action.KEEP,
    Kind.BIRTH_DATE: Action.CUT,
}


@dataclass(frozen=True)
class Found:
    """Words ``[first, end)`` of one turn that say something of a kind; by number from 0.

    ``left`` is what a mask leaves of it, without spaces and signs of a token; None where a mask leaves nothing. What is
    said over several turns is one Found for each of them.
    """

    kind: Kind
    turn: int  # its place among the turns of the conversation
    first: int
    end: int
    left: str | None = None


@dataclass(frozen=True)
class Cut:
    """One stretch of the call that is protected: where its token stands, and which sound was overwritten.

    ``word`` is the number of the token among the words of its turn. Seconds are of the sound, margins included, on
    ``channels``.
    """

    kind: Kind
    action: Action
    turn: str
    word: int
    channels: tuple[int, ...]
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Overwritten:
    """One stretch of a recording that was overwritten, in its own seconds and channels."""

    kind: Kind
    channels: tuple[int, ...]
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Protected:
    """A kept recording was overwritten where the law forbids to keep what it says, and is kept so in its place.

    ``leg`` is its number among those of the call. ``was`` is the SHA-256 of the bytes before, which are nowhere any
    more; all after it is about the bytes that are kept since.
    """

    leg: int
    was: str
    sha256: str
    size_bytes: int
    file_name: str
    codec: str
    stretches: tuple[Overwritten, ...]
    why: str


WHY_OVERWRITTEN = (
    "The code that verifies a card is kept by nobody once the payment is authorised, in no form (PCI DSS 3.3.1), and "
    "neither is its expiry here."
)


TOKEN = re.compile(r"\[(" + "|".join(Kind) + r")(?::([^\[\]:\s]+))?\]")
"""A token in a text: its kind, and what a mask left."""


def token(kind: Kind, left: str | None = None) -> str:
    """What stands in place of protected words."""
    return f"[{kind}:{left}]" if left else f"[{kind}]"


@dataclass(frozen=True)
class Rules:
    """What is done with each kind: by line where a line has rules of its own, else for all.

    Raises Invalid for a rule that would keep or mask what never is kept.
    """

    for_all: Mapping[Kind, Action] = field(default_factory=dict)
    of_line: Mapping[str, Mapping[Kind, Action]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for rules in (self.for_all, *self.of_line.values()):
            for kind in NEVER_KEPT & rules.keys():
                if rules[kind] is not Action.CUT:
                    raise Invalid(f"{kind} is always cut: no rule keeps it.")

    def of(self, line: str | None) -> dict[Kind, Action]:
        """What is done with every kind in a call of this line."""
        return {**DEFAULT_ACTIONS, **self.for_all, **self.of_line.get(line or "", {})}

    @classmethod
    def read(cls, text: str) -> Rules:
        """The rules of a setting such as ``email=mask,phone=cut;line:support:email=keep``: those for all lines, then
        those of single ones. Raises Invalid for anything else."""
        return cls(*read_line_rules(text, _rule))


def _rule(kind: str, action: str) -> tuple[Kind, Action]:
    if kind not in list(Kind) or action not in list(Action):
        raise Invalid(
            f"A rule of protection is a kind ({', '.join(Kind)}), = and an action ({', '.join(Action)}), such as "
            "email=mask; for one line line:NAME: stands before it."
        )
    return Kind(kind), Action(action)
