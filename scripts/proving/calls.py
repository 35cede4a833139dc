"""The calls that a proof hands over: planned from a seed, so that the same seed hands over the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from scripts.proving.sounds import broken, recording

LINES = ("support", "orders", "returns", "billing", "night")


class Way(StrEnum):
    """How a recording comes in."""

    HTTP = "http"  # POST /api/v1/calls
    PYTHON = "python"  # worker.enqueue
    FOLDER = "folder"  # a file in a watched folder, with its details beside it
    STANDARD = "standard"  # a webhook as Standard Webhooks says
    TWILIO = "twilio"  # a webhook as Twilio sends it


SENDER = {Way.HTTP: "desk", Way.PYTHON: "branch", Way.FOLDER: "floor", Way.STANDARD: "pbx", Way.TWILIO: "twilio"}
SHARES = {Way.HTTP: 4, Way.PYTHON: 2, Way.FOLDER: 2, Way.STANDARD: 3, Way.TWILIO: 1}
WEBHOOKS = (Way.STANDARD, Way.TWILIO)


@dataclass(frozen=True)
class Planned:
    """One recording to hand over. ``key`` names it in this proof; ``legs`` is how many its call has in all.

    ``missing`` is how often its address answers 404 before it has it, -1 for good; ``errors`` how often it then fails.
    """

    key: str
    way: Way
    external_id: str | None
    content: bytes
    line: str
    is_bulk: bool = False
    is_broken: bool = False
    legs: int | None = None
    missing: int = 0
    errors: int = 0
    has_wrong_hash: bool = False

    @property
    def sha256(self) -> str:
        """The hash of its bytes."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def is_out_of_reach(self) -> bool:
        """It never can be fetched."""
        return self.missing < 0 or self.has_wrong_hash


def plan(random: Random, number: int) -> list[Planned]:
    """So many calls, in the order in which they happen; a call of two legs gives two recordings, in either order."""
    return [one for at in range(number) for one in _call(random, at)]


def _call(random: Random, at: int) -> Iterator[Planned]:
    way = random.choices(tuple(SHARES), weights=tuple(SHARES.values()))[0]
    line = random.choice(LINES)
    is_webhook = way in WEBHOOKS
    external_id = f"{way}-{at}" if is_webhook or random.random() < 0.8 else None
    is_broken = random.random() < 0.05
    never = way is Way.STANDARD and random.random() < 0.05
    legs = 2 if way is Way.STANDARD and not never and not is_broken and random.random() < 0.25 else 1
    made = [
        Planned(
            key=f"{at}.{leg}",
            way=way,
            external_id=external_id,
            content=broken(random) if is_broken else recording(random),
            line=line,
            is_bulk=way is Way.PYTHON and random.random() < 0.4,
            is_broken=is_broken,
            legs=legs if legs > 1 else None,
            missing=(-1 if random.random() < 0.5 else 0) if never else random.choice((0, 0, 1, 2)) * is_webhook,
            errors=random.choice((0, 0, 0, 1, 2)) * is_webhook * (not never),
            has_wrong_hash=never,
        )
        for leg in range(legs)
    ]
    random.shuffle(made)
    yield from made


def with_repeats(random: Random, planned: list[Planned], *, share: float = 0.3) -> list[Planned]:
    """The order of deliveries: some come twice or three times, and webhooks overtake each other."""
    placed: list[tuple[float, int, Planned]] = []
    for at, one in enumerate(planned):
        late = random.uniform(0, 12) if one.way in WEBHOOKS else 0.0
        placed.append((at + late, len(placed), one))
        while random.random() < share:
            placed.append((at + late + random.uniform(0, 20), len(placed), one))
    return [one for _, _, one in sorted(placed, key=lambda place: place[:2])]
