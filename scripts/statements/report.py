"""The figures as JSON with stable keys, and as tables for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

from scripts.statements.measure import HeardCall, Measured
from scripts.statements.scores import Encodes, Published, coverage_figures, share
from scripts.statements.texts import Talk
from scripts.statements.writers import Written
from worker.core.summary import HEADINGS

SHOWN_FAULTS = 40


def model_figures(
    measured: Measured, talks: Sequence[Talk], calls: Sequence[HeardCall], encoder: Encodes | None
) -> dict[str, Any]:
    """The figures of one writing model. Time is that of the calls where there are any, else of the dialogues."""
    published, timed = Published(), Published()
    for name, written in _named(measured, talks, calls):
        published.add(name, written)
    for name, written in _named(measured, [] if calls else talks, calls):
        timed.add(name, written)
    bare_s = sum(one.seconds for one in measured.bare.values())
    return {
        "model": measured.model,
        "coverage": coverage_figures(talks, measured.of_talks, measured.bare, encoder),
        "coverage_by_set": {
            name: coverage_figures(
                [talks[place] for place in places],
                [measured.of_talks[place] for place in places],
                {at: measured.bare[place] for at, place in enumerate(places) if place in measured.bare},
                encoder,
            )
            for name, places in _by_set(talks).items()
        },
        "statements": published.statements,
        "sentences": published.sentences,
        "carried_by_evidence": share(published.carried, published.sentences),
        "written_carried_by_evidence": share(published.written_carried, published.written),
        "promises_carried": share(published.promises_carried, published.promises),
        "quoted": share(published.quoted, published.statements),
        "seconds_per_call_second": share(timed.seconds, timed.call_s),
        "seconds_per_call_second_at_most": timed.slowest,
        "timed_on": "calls" if calls else "dialogues",
        "seconds_per_call": share(timed.seconds, timed.calls),
        "bare_seconds_per_call_second": share(bare_s, sum(one.length_s for one in measured.bare.values())),
        "tokens_per_second": share(measured.tokens, measured.writing_s) if measured.tokens is not None else None,
        "loading_s": round(measured.loading_s, 2),
        "offenders": published.offenders,
        "summaries": {call.id: show_summary(written) for call, written in zip(calls, measured.of_calls, strict=False)},
    }


def _named(measured: Measured, talks: Sequence[Talk], calls: Sequence[HeardCall]) -> Iterable[tuple[str, Written]]:
    yield from zip((talk.id for talk in talks), measured.of_talks, strict=False)
    yield from zip((call.id for call in calls), measured.of_calls, strict=False)


def _by_set(talks: Sequence[Talk]) -> dict[str, list[int]]:
    places: dict[str, list[int]] = {}
    for place, talk in enumerate(talks):
        places.setdefault(talk.set_name, []).append(place)
    return places


def show_summary(written: Written) -> list[str]:
    """A whole summary as lines that a person can read beside the call."""
    summary = written.summary
    lines = [f"Headline: {summary.headline.text}"] if summary.headline else []
    lines += [f"{HEADINGS[one.kind]}: {one.text}" for one in summary.statements]
    lines += [
        f"Promise: {one.promisor} to {one.beneficiary}: {one.what}"
        + (f" (by {one.due.instant or one.due.day or one.due.words})" if one.due else "")
        for one in summary.commitments
    ]
    return [*lines, f"Ended: {summary.ending.state}"]


# --- for people ------------------------------------------------------------------------------------------------------


def print_tables(found: Mapping[str, Any], console: Console) -> None:
    """Figures in per cent; then what each model costs, whole summaries of calls, and what went wrong."""
    if "checker" in found:
        console.print(_checker_table(found["checker"]))
    if "coverage" in found:
        console.print(_coverage_table(found))
        console.print(_models_table(found["models"]))
    if "promises" in found:
        console.print(_promises_table(found["promises"]))
    # Without markup: these are words that people said, and some hold brackets.
    for name, lines in found.get("summaries", {}).items():
        console.print(f"\n{name}", *(f"  {line}" for line in lines), sep="\n", markup=False, highlight=False)
    for one in found.get("offenders", ())[:SHOWN_FAULTS]:
        console.print(f"not carried, {one['of']}: {one['lacks']} in: {one['text']}", markup=False, highlight=False)
    for one in found.get("promises", {}).get("faults", ())[:SHOWN_FAULTS]:
        console.print(" ".join(f"{key}: {value}" for key, value in one.items()), markup=False, highlight=False)


def _checker_table(checker: Mapping[str, Mapping[str, Any]]) -> Table:
    table = Table(
        *(
            "",
            "rows",
            "balanced",
            "unfaithful refused",
            "true refused",
            "rules alone",
            "lexical",
            "lexical true refused",
        ),
        "lexical, plain",
        title="The checker against people (the lexical threshold is the best for these very rows)",
    )
    for name, row in checker.items():
        table.add_row(
            name,
            str(row["rows"]),
            *(
                _per_cent(row[key])
                for key in (
                    "balanced_accuracy",
                    "recall_unfaithful",
                    "true_refused",
                    "rules_balanced_accuracy",
                    "lexical_balanced_accuracy",
                    "lexical_true_refused",
                    "lexical_plain_balanced_accuracy",
                )
            ),
        )
    return table


_SYSTEMS = (
    ("On Record", ""),
    ("first three sentences", "lead3_"),
    ("bare model", "bare_"),
    ("On Record, on the same", "beside_bare_"),
)


def _coverage_table(found: Mapping[str, Any]) -> Table:
    table = Table(
        *("", "", "dialogues", "words", "R-1", "R-2", "R-L", "meaning", "R-1 mean"),
        title=f"Nearness to what people wrote ({found['model']})",
    )
    groups = [*found["coverage"].items()]
    groups += [
        (f"{side}, {name}", row)
        for name, sides in found["coverage_by_set"].items()
        for side, row in sides.items()
        if row["dialogues"] != found["coverage"][side]["dialogues"]
    ]
    for name, row in groups:
        for system, prefix in _SYSTEMS:
            if f"{prefix}rouge1" in row:
                keys = (f"{prefix}{key}" for key in ("rouge1", "rouge2", "rougeL", "embedding", "rouge1_mean"))
                table.add_row(
                    "" if prefix else name,
                    system,
                    str(row["bare_dialogues" if "bare" in prefix else "dialogues"]),
                    f"{row[f'{prefix}words']:.0f}",
                    *(_per_cent(row.get(key)) for key in keys),
                )
        table.add_section()
    return table


def _models_table(models: Mapping[str, Mapping[str, Any]]) -> Table:
    table = Table(
        *("writing model", "customer R-1", "agent R-1", "overall R-1", "statements", "quoted", "carried"),
        *("s per call s", "at most", "timed on", "tokens/s", "loading s"),
        title="What each writing model gives and costs",
    )
    for name, row in models.items():
        table.add_row(
            name,
            *(_per_cent(row["coverage"].get(side, {}).get("rouge1")) for side in ("customer", "agent", "overall")),
            str(row["statements"]),
            _per_cent(row["quoted"]),
            _per_cent(row["carried_by_evidence"]),
            _plain(row["seconds_per_call_second"], 3),
            _plain(row["seconds_per_call_second_at_most"], 3),
            row["timed_on"],
            _plain(row["tokens_per_second"], 1),
            _plain(row["loading_s"], 1),
        )
    return table


def _promises_table(promises: Mapping[str, Any]) -> Table:
    keys = ("precision", "recall", "due_right", "due_right_where_due", "beneficiary_right")
    table = Table("labelled", "found", *(key.replace("_", " ") for key in keys), title="Promises")
    table.add_row(
        *(str(promises.get(key, "")) for key in ("labelled", "found")), *(_per_cent(promises[k]) for k in keys)
    )
    return table


def _per_cent(part: float | None) -> str:
    return "" if part is None else f"{100 * part:.1f}"


def _plain(number: float | None, places: int) -> str:
    return "" if number is None else f"{number:.{places}f}"
