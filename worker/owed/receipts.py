"""The receipt of an erasure, for programs and for people: what was destroyed where, and what proof remains."""

from __future__ import annotations

import json

from worker.core.keeping.values import KeptKind, Receipt, Why
from worker.owed.erasing import NAMES

WHY = {
    Why.REQUEST: "somebody asked for it (Art. 17 GDPR)",
    Why.RETENTION: "its time was over",
    Why.COMMAND: "whoever runs this installation did it",
}


def to_json(receipt: Receipt) -> str:
    """The receipt for programs."""
    proof = None if receipt.proof is None else vars(receipt.proof)
    said = {
        "call_id": receipt.call_id,
        "calls": list(receipt.calls),
        "what": receipt.what.value,
        "why": receipt.why.value,
        "begun_at": receipt.begun_at.isoformat(),
        "ended_at": None if receipt.ended_at is None else receipt.ended_at.isoformat(),
        "destroyed": {place.value: dict(counted) for place, counted in receipt.destroyed.items()},
        "recordings": list(receipt.recordings),
        "did_not_answer": [place.value for place in receipt.missing],
        "proof": proof,
    }
    return json.dumps(said, indent=2)


def in_words(receipt: Receipt) -> str:
    """The receipt for people: plain text."""
    what = "its sound" if receipt.what is KeptKind.RECORDING else "everything that was said in it and of it"
    lines = [f"Erased of call {receipt.call_id}: {what}.", f"Why: {WHY[receipt.why]}."]
    lines.append(f"Begun {receipt.begun_at:%Y-%m-%d %H:%M:%S} UTC.")
    if receipt.ended_at is None:
        names = ", ".join(NAMES[one] for one in receipt.missing)
        lines.append(f"NOT ENDED: {names or 'it'} did not answer yet. Erase it again until nothing is left.")
    else:
        lines.append(f"Ended {receipt.ended_at:%Y-%m-%d %H:%M:%S} UTC: every place has answered.")
    lines += ["", "Destroyed:"]
    for place, counted in receipt.destroyed.items():
        of_each = ", ".join(f"{name} {number}" for name, number in counted.items()) or "nothing was there"
        lines.append(f"  {NAMES[place]}: {of_each}")
    if len(receipt.calls) > 1:
        lines.append(f"  {len(receipt.calls) - 1} recordings that its sides made of it went with it.")
    lines += ["", "What remains, and carries no word:"]
    lines += [f"  the hash of a recording that was destroyed: {sha256}" for sha256 in receipt.recordings]
    if (proof := receipt.proof) is not None:
        lines.append(f"  {proof.entries} entries, the last with the hash {proof.last}")
        lines.append(f"  the log {proof.log}, which had {proof.size} entries with the root {proof.root}")
    return "\n".join(lines) + "\n"
