"""Scores as figures: JSON with stable keys, and a table for people."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from scripts.hearing.references import Call
from scripts.hearing.scores import Score

BINS = 10
STARTS_WITHIN_S = 0.3


def figures(score: Score) -> dict[str, Any]:
    """Every figure of a group of calls; None where nothing in it can be said."""
    roles = sum(score.role_calls.values())
    wer_agent, wer_customer = (_share(score.wrong[role], score.said[role]) for role in ("agent", "customer"))
    both = wer_agent is not None and wer_customer is not None
    seconds = sum(score.seconds_by_stage.values())
    return {
        "calls": score.calls,
        "minutes": _round(score.sound_s / 60, 1),
        "words": score.said[""],
        "wer": _share(score.wrong[""], score.said[""]),
        "cpwer": _share(score.cp_wrong, score.cp_said),
        "wer_agent": wer_agent,
        "wer_customer": wer_customer,
        "wer_gap": round(abs(wer_agent - wer_customer), 4) if both else None,  # type: ignore[operator]
        "attribution": _share(score.given_rightly, score.given),
        "role_accuracy": _share(score.role_calls["right"], roles),
        "role_unknown": _share(score.role_calls["unknown"], roles),
        "role_wrong": _share(score.role_calls["wrong"], roles),
        "der": _share(score.der_wrong_s, score.der_total_s),
        "invented_words": score.invented_words,
        "invented_per_minute": _share(score.invented_words, score.idle_s / 60),
        "idle_minutes": _round(score.idle_s / 60, 2),
        "short_answers": score.short_said,
        "short_answers_kept": _share(score.short_kept, score.short_said),
        "loops": score.loops,
        "word_time_error_s": _round(statistics.median(score.time_errors_s), 3) if score.time_errors_s else None,
        "word_time_error_p90_s": _round(np.percentile(score.time_errors_s, 90), 3) if score.time_errors_s else None,
        "starts_within_0.3_s": _share(
            sum(error_s <= STARTS_WITHIN_S for error_s in score.start_errors_s), len(score.start_errors_s)
        ),
        "longest_word_s": _round(score.longest_word_s, 2),
        "rtf": _share(seconds, score.sound_s),
        "rtf_by_stage": {stage: _share(took, score.sound_s) for stage, took in score.seconds_by_stage.items()},
        "peak_mb": round(score.peak_mb),
        "reliability": reliability(score.sureness),
        "calibration_error": calibration_error(score.sureness),
    }


def reliability(sureness: Sequence[tuple[float, bool]]) -> list[dict[str, Any]]:
    """Per tenth of confidence: how many words, how sure they were said to be in the mean, and how many are right."""
    rows = []
    for bin_ in range(BINS):
        inside = [(sure, right) for sure, right in sureness if min(BINS - 1, int(sure * BINS)) == bin_]
        if inside:
            rows.append(
                {
                    "from": bin_ / BINS,
                    "to": (bin_ + 1) / BINS,
                    "words": len(inside),
                    "said": _round(statistics.fmean(sure for sure, _ in inside), 3),
                    "right": _round(statistics.fmean(right for _, right in inside), 3),
                }
            )
    return rows


def calibration_error(sureness: Sequence[tuple[float, bool]]) -> float | None:
    """The mean distance between said and right over all words (expected calibration error)."""
    rows = reliability(sureness)
    return _share(sum(row["words"] * abs(row["said"] - row["right"]) for row in rows), len(sureness))


def report(calls: Sequence[Call], ours: Sequence[Score], peers: Sequence[Score] | None) -> dict[str, Any]:
    """The figures of all calls, of mono and stereo, of each kind, and of each call."""
    groups = {"all": list(range(len(calls)))}
    for name, count in (("mono", 1), ("stereo", 2)):
        groups[name] = [place for place, call in enumerate(calls) if call.channels == count]
    for kind in sorted({kind for call in calls for kind in call.kinds}):
        groups[kind] = [place for place, call in enumerate(calls) if kind in call.kinds]
    shown = {name: _group(places, ours, peers) for name, places in groups.items() if places}
    return {
        **shown,
        "calls": {call.id: {"kinds": call.kinds, **_group([at], ours, peers)} for at, call in enumerate(calls)},
    }


def _group(places: Sequence[int], ours: Sequence[Score], peers: Sequence[Score] | None) -> dict[str, Any]:
    total = _sum(ours[place] for place in places)
    shown = figures(total)
    if peers is not None:
        peer = _sum(peers[place] for place in places)
        told = figures(peer)
        ratio = _share(sum(total.seconds_by_stage.values()), sum(peer.seconds_by_stage.values()))
        wer_ratio = _share(shown["wer"], told["wer"]) if shown["wer"] is not None and told["wer"] else None
        shown["peer"] = {**told, "time_ratio": ratio, "wer_ratio": wer_ratio}
    return shown


def _sum(scores: Any) -> Score:
    total = Score()
    for score in scores:
        total.add(score)
    return total


def _share(part: float, whole: float) -> float | None:
    return round(part / whole, 4) if whole else None


def _round(number: float, places: int) -> float:
    return round(float(number), places)


COLUMNS = {
    "wer": "WER",
    "cpwer": "cpWER",
    "wer_agent": "agent",
    "wer_customer": "customer",
    "attribution": "attrib.",
    "role_accuracy": "roles",
    "role_unknown": "unknown",
    "der": "DER",
    "short_answers_kept": "short",
    "starts_within_0.3_s": "starts",
}


def print_tables(found: Mapping[str, Any], console: Console) -> None:
    """A line per group and per call, figures in per cent; then where the time goes and how far words can be trusted."""
    table = Table("", "min", *COLUMNS.values(), "invented", "loops", "time", "×peer", "peer WER", "MB")
    lines = {name: group for name, group in found.items() if name != "calls"}
    for section in (lines, found["calls"]):
        for name, group in section.items():
            peer = group.get("peer", {})
            table.add_row(
                name,
                f"{group['minutes']:.1f}",
                *(_per_cent(group[key]) for key in COLUMNS),
                f"{group['invented_words']}",
                f"{group['loops']}",
                f"{group['rtf']:.3f}",
                f"{peer['time_ratio']:.2f}" if peer.get("time_ratio") else "",
                _per_cent(peer.get("wer")),
                f"{group['peak_mb']}",
            )
        table.add_section()
    console.print(table)
    stages = ", ".join(f"{stage} {share:.3f}" for stage, share in found["all"]["rtf_by_stage"].items())
    console.print(f"Seconds per second of sound, by stage: {stages}")
    trust = Table("said to be sure", "words", "mean", "right", title="How far confidence can be trusted")
    for row in found["all"]["reliability"]:
        trust.add_row(
            f"{row['from']:.1f} to {row['to']:.1f}", str(row["words"]), f"{row['said']:.2f}", f"{row['right']:.2f}"
        )
    console.print(trust)


def _per_cent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.1f}"
