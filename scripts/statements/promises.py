"""Promises found in spoken turns, against a set labelled by hand.

A row is {"id", "started_at", "zone", "turns", "promises"}; a promise {"turn", "words", "promisor", "due"}, its turn
counted from 0, its words as they stand in the turn, and due {"day"} or {"instant"} or null.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from scripts.statements.scores import share
from scripts.statements.texts import Said, speak
from worker.core.summary import Commitment, Due
from worker.core.transcript import Turn

Find = Callable[[Sequence[Turn], datetime], Iterable[Commitment]]

SAME_MINUTE_S = 60.0


@dataclass
class PromiseScore:
    """What was found and what is labelled, counted, with what went wrong for those who look into it."""

    labelled: int = 0
    found: int = 0
    right: int = 0
    beneficiary_right: int = 0
    due_right: int = 0
    with_due: int = 0  # of the right ones, those for which a time is labelled
    with_due_right: int = 0
    faults: list[dict[str, Any]] = field(default_factory=list)

    def figures(self) -> dict[str, Any]:
        """Shares; None where there is nothing to take a share of."""
        return {
            "labelled": self.labelled,
            "found": self.found,
            "precision": share(self.right, self.found),
            "recall": share(self.right, self.labelled),
            "beneficiary_right": share(self.beneficiary_right, self.right),
            "due_right": share(self.due_right, self.right),
            "due_right_where_due": share(self.with_due_right, self.with_due),
            "faults": self.faults,
        }


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a labelled set."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def score_promises(rows: Sequence[Mapping[str, Any]], find: Find) -> PromiseScore:
    """Each found promise is held against the labels of its turn, each label taken once."""
    score = PromiseScore()
    for row in rows:
        _score_row(row, find, score)
    return score


def _score_row(row: Mapping[str, Any], find: Find, score: PromiseScore) -> None:
    zone = ZoneInfo(row["zone"])
    started_at = datetime.fromisoformat(row["started_at"]).astimezone(zone)
    conversation = speak([Said(turn["speaker"], turn["text"]) for turn in row["turns"]])
    found = list(find(conversation.turns, started_at))
    places = {f"t{number}": number - 1 for number in range(1, len(row["turns"]) + 1)}
    texts = {turn.id: turn.text for turn in conversation.turns}
    labels = list(row["promises"])
    score.labelled += len(labels)
    score.found += len(found)
    pairs = sorted(
        (
            (-_overlap(one, label, places, texts), at, place)
            for at, one in enumerate(found)
            for place, label in enumerate(labels)
            if one.promisor == label["promisor"]
        ),
    )
    taken: dict[int, int] = {}
    for less, at, place in pairs:
        if less < 0 and at not in taken and place not in taken.values():
            taken[at] = place
    for at, one in enumerate(found):
        if at not in taken:
            score.faults.append({"row": row["id"], "fault": "no promise", "words": [e.quote for e in one.evidence]})
            continue
        label = labels[taken[at]]
        is_right = is_due_right(one.due, label["due"])
        score.right += 1
        score.beneficiary_right += one.beneficiary == label["beneficiary"]
        score.due_right += is_right
        score.with_due += label["due"] is not None
        score.with_due_right += is_right and label["due"] is not None
        if not is_right:
            score.faults.append(
                {"row": row["id"], "fault": "due", "words": label["words"], "wanted": label["due"], "got": _show(one)}
            )
    score.faults.extend(
        {"row": row["id"], "fault": "not found", "words": label["words"]}
        for place, label in enumerate(labels)
        if place not in taken.values()
    )


def _overlap(one: Commitment, label: Mapping[str, Any], places: Mapping[str, int], texts: Mapping[str, str]) -> int:
    """How many letters of the labelled words the evidence holds; 0 in another turn."""
    total = 0
    for evidence in one.evidence:
        if places.get(evidence.turn) != label["turn"]:
            continue
        text = texts[evidence.turn]
        words = " ".join(label["words"].split())
        first, start = text.find(words), text.find(evidence.quote)
        if first >= 0 and start >= 0:
            total += max(0, min(first + len(words), start + len(evidence.quote)) - max(first, start))
    return total


def is_due_right(due: Due | None, label: Mapping[str, str] | None) -> bool:
    """The labelled day, and no time of day; the labelled instant, to the minute; or neither where none is labelled."""
    day, instant = (due.day, due.instant) if due else (None, None)
    if label is None:
        return day is None and instant is None
    if label.get("instant"):
        wanted = datetime.fromisoformat(label["instant"])
        return instant is not None and abs((instant - wanted).total_seconds()) < SAME_MINUTE_S
    if instant is not None:
        return False
    return day == date.fromisoformat(label["day"])


def _show(one: Commitment) -> str | None:
    return str(one.due.instant or one.due.day) if one.due else None
