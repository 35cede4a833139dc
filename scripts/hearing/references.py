"""What was really said in a recorded call, as a folder's manifest.json and its references tell it.

A manifest holds a list "audio" of {"id", "file", "duration", "channels", "kind", "reference", "reference_by", "rttm"},
paths relative to its folder. A reference holds "utterances" of {"channel", "role", "speaker", "start", "end", "text",
"speech", "words" of {"text", "start", "end"}} and may name its "language"; times may be absent. Both are read as they
are found: what a reference does not say is not scored.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from worker.core.sound import Interval
from worker.core.transcript import SpeakerStretch

MADE_BY_PEOPLE = ("human", "exact")
"""How ``reference_by`` begins where people wrote the text or the call was built from it. All else is a machine's
draft: who spoke may be taken from it, how many words are wrong may not."""

READ_BOOKS = "corpus transcripts"
"""Said of calls that are put together from read books: nothing in their words tells an agent from a customer."""

KINDS = {
    "crosstalk": ("leaks into the other",),
    "hold": ("hold music",),
    "language": ("language",),
    "meeting": ("meeting",),
    "no_speech": ("no speech",),
    "one_leg": ("one leg", "leg only"),
    "quiet": ("low level", "quiet"),
    "real": ("real voice", "real phone", "real spontaneous"),
    "same_gender": ("same gender", "two women", "two men"),
    "synthetic": ("synthetic:",),
    "transfer": ("transfer", "third voice"),
}
"""A kind of call, and the words of the manifest's "kind" by which it is known. A call may be of several."""


@dataclass(frozen=True)
class Utterance:
    """What one speaker said on end. ``speech`` are the stretches in which there is sound; empty without times.

    ``words`` are its words with their times, where the reference has them.
    """

    channel: int
    role: str
    speaker: str
    text: str
    speech: tuple[Interval, ...]
    words: tuple[tuple[str, Interval], ...] = ()


@dataclass(frozen=True)
class Reference:
    """The truth about one call, as far as it is known.

    ``is_spelled`` says that people made the text, so that words can be counted as wrong. ``tells_roles`` says that
    its words tell an agent from a customer. ``rttm`` is who spoke when; empty where nobody says.
    """

    utterances: tuple[Utterance, ...]
    rttm: tuple[SpeakerStretch, ...]
    language: str
    is_spelled: bool
    tells_roles: bool
    has_times: bool
    is_known: bool


@dataclass(frozen=True)
class Call:
    """One recording of the folder with its reference."""

    id: str
    sound: Path
    duration_s: float
    channels: int
    kinds: tuple[str, ...]
    reference: Reference


def read_calls(folder: Path, *, wanted: Sequence[str] = ()) -> Iterator[Call]:
    """The calls of a folder in the manifest's order, or those whose id holds one of the ``wanted`` texts."""
    for entry in json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["audio"]:
        if wanted and not any(part in entry["id"] for part in wanted):
            continue
        yield Call(
            id=entry["id"],
            sound=folder / entry["file"],
            duration_s=float(entry["duration"]),
            channels=int(entry["channels"]),
            kinds=kinds_of(entry["kind"]),
            reference=_read_reference(folder, entry),
        )


def kinds_of(description: str) -> tuple[str, ...]:
    """The kinds that a manifest's description names."""
    text = description.casefold()
    return tuple(kind for kind, marks in KINDS.items() if any(mark in text for mark in marks))


def _read_reference(folder: Path, entry: Mapping[str, Any]) -> Reference:
    rttm = read_rttm(folder / entry["rttm"]) if entry.get("rttm") else ()
    made_by = str(entry.get("reference_by", "")).casefold()
    if not entry.get("reference"):
        return Reference((), rttm, "en", is_spelled=False, tells_roles=False, has_times=False, is_known=False)
    told = json.loads((folder / entry["reference"]).read_text(encoding="utf-8"))
    # A draft without speakers says nothing that is scored.
    items = [item for item in told["utterances"] if "speaker" in item]
    utterances = tuple(
        Utterance(
            channel=item["channel"],
            role=item["role"],
            speaker=item["speaker"],
            text=item["text"],
            speech=tuple(Interval(*part) for part in item.get("speech") or _whole(item)),
            words=tuple((word["text"], Interval(word["start"], word["end"])) for word in item.get("words", ())),
        )
        for item in items
    )
    roles = {utterance.role for utterance in utterances}
    return Reference(
        utterances=utterances,
        rttm=rttm,
        language=told.get("language", "en"),
        is_spelled=made_by.startswith(MADE_BY_PEOPLE),
        tells_roles={"agent", "customer"} <= roles and READ_BOOKS not in made_by,
        has_times=all(utterance.speech for utterance in utterances),
        is_known=len(items) == len(told["utterances"]),
    )


def _whole(item: Mapping[str, Any]) -> list[tuple[float, float]]:
    return [(item["start"], item["end"])] if "start" in item else []


def read_rttm(path: Path) -> tuple[SpeakerStretch, ...]:
    """Who spoke when: lines of SPEAKER file channel start length <NA> <NA> name."""
    fields = (line.split() for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("SPEAKER"))
    return tuple(SpeakerStretch(part[7], float(part[3]), float(part[3]) + float(part[4])) for part in fields)
