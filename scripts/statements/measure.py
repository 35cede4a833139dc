"""Runs the writers and the checker over all texts and calls, one process for each model, and keeps what they gave."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

from scripts.statements.checker import Reading, read
from scripts.statements.texts import Judged, Talk
from scripts.statements.writers import Bare, Writer, Written
from worker.core.transcript import Conversation
from worker.stages.check import LEAST_ENTAILED

T = TypeVar("T")


@dataclass(frozen=True)
class HeardCall:
    """A recorded call as the stages before the statements give it."""

    id: str
    length_s: float
    conversation: Conversation


@dataclass(frozen=True)
class Measured:
    """What one model's summaries are, in the order of the talks and calls, and what they cost.

    ``bare`` is by the place of a talk. ``tokens`` of ``writing_s`` seconds are those of our own stages, None where no
    model wrote or nobody can count them.
    """

    model: str
    loading_s: float
    of_talks: tuple[Written, ...]
    of_calls: tuple[Written, ...]
    bare: Mapping[int, Bare]
    tokens: int | None
    writing_s: float


def apart(work: Callable[..., T], *given: object) -> T:
    """The work's result, from a process of its own that ends with it and leaves the memory free."""
    with ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *given).result()


def read_summaries(model: str, sets: Mapping[str, Sequence[Judged]]) -> dict[str, list[Reading]]:
    """What the checker, with the model of that name as its reader, finds in each summary of each set."""
    writer = Writer(model)
    readings: dict[str, list[Reading]] = {}
    for name, rows in sets.items():
        readings[name] = []
        for row in rows:
            readings[name].append(read(row.turns, row.summary, writer.entailment))
            _tell(f"{name}: {len(readings[name])} of {len(rows)} summaries")
    return readings


def refuses(reading: Reading) -> bool:
    """Whether a summary would not be published: a rule complains, or the reader doubts one of its sentences."""
    return bool(reading.complaints) or min(reading.entailed, default=1.0) < LEAST_ENTAILED


def hear_calls(folder: Path, wanted: Sequence[str], limit: int | None) -> list[HeardCall]:
    """The recordings of a folder's manifest.json, or those whose id holds one of the ``wanted`` texts, as heard.

    With the models that the settings name, and no details of the call given.
    """
    from scripts.hearing.hearers import OnRecord  # scores with what only `make bench` installs

    hearer = OnRecord()
    heard = []
    entries = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["audio"]
    for entry in [one for one in entries if not wanted or any(part in one["id"] for part in wanted)][:limit]:
        values, _ = hearer.work(folder / entry["file"], _unseen)
        heard.append(HeardCall(entry["id"], float(entry["duration"]), values["spoken"]))
        _tell(f"heard {len(heard)} calls")
    return heard


def measure(model: str, talks: Sequence[Talk], calls: Sequence[HeardCall], bare_of: Sequence[int]) -> Measured:
    """Everything loaded first; then all dialogues, all calls, and last the bare model on the talks in these places."""
    writer = Writer(model)
    of_talks, of_calls, bare = [], [], dict[int, Bare]()
    for talk in talks:
        of_talks.append(writer.summarise_text(talk))
        _tell(f"{model}: {len(of_talks)} of {len(talks)} dialogues")
    for call in calls:
        of_calls.append(writer.summarise(call.conversation, length_s=call.length_s))
        _tell(f"{model}: {len(of_calls)} of {len(calls)} calls")
    tokens, writing_s = writer.tokens_written(), writer.model.seconds
    for place in bare_of:
        bare[place] = writer.ask_bare(talks[place])
        _tell(f"{model} bare: {len(bare)} of {len(bare_of)} dialogues")
    return Measured(model, writer.loading_s, tuple(of_talks), tuple(of_calls), bare, tokens, writing_s)


def _tell(line: str) -> None:
    """How far it is, for whoever waits; on one line where it is a screen."""
    print(f"\r{line}   " if sys.stderr.isatty() else line, end="" if sys.stderr.isatty() else "\n", file=sys.stderr)


def _unseen(stage: str, share: float) -> None:
    """Progress that nobody watches."""
