"""Measures the statements: what the checker catches, what a summary covers, whether its evidence carries it, its cost.

Usage: ``python -m scripts.bench_statements FOLDER [--json] [--only PARTS] [--model NAME] [--models A,B]
[--calls FOLDER [--call TEXT]] [--promises FILE] [--talks N] [--bare N] [--limit N]``. FOLDER holds texts (their form:
``scripts/statements/texts.py``): they are handed to our stages as if they had been spoken and heard without a mistake.
With ``--calls``, the recordings of a folder with a manifest.json are heard first, and their summaries are shown and
timed. Loading is not timed.

What the figures are:

    checker.<set>           balanced accuracy, the share of unfaithful summaries refused and that of true ones refused,
                            against people's judgement; rules_…: by the checker's rules alone; lexical_…: a summary
                            refused if too few of its words were said, with the threshold that is best for these very
                            rows; "all" is over all rows
    coverage.<side>         ROUGE-1, -2, -L (F1, no stemming) and cosine of all-MiniLM-L6-v2 vectors, to the nearest of
                            a dialogue's references by people; lead3_…: its first three sentences; bare_…: the writing
                            model alone with the whole dialogue, asked for one sentence on each of its two sides;
                            beside_bare_…: ours on the same dialogues
    carried_by_evidence     share of published sentences, headlines and quotations whose numbers, dates, names and
                            quoted words all stand in their evidence (``scripts/statements/carried.py``);
                            written_…: of those that are no quotations; promises_carried: of what was promised
    quoted                  share of statements that are quoted, not written
    promises                precision, recall and due times right (of those found), against a set labelled by hand
    seconds_per_call_second time of our stages after the transcript per second of call; of a written dialogue, had its
                            words lasted 0.35 s each; tokens_per_second: of the writing model, reading included
    loading_s               seconds until the models for the statements were loaded

The top of the JSON tells of one model, "models" of each.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from scripts.statements.meaning import MODEL as MEANING_MODEL
from scripts.statements.meaning import Encoder
from scripts.statements.measure import apart, hear_calls, measure, read_summaries, refuses
from scripts.statements.promises import read_rows, score_promises
from scripts.statements.report import model_figures, print_tables
from scripts.statements.scores import checker_figures
from scripts.statements.texts import Talk, read_judged, read_talks
from worker.bootstrap.adapters import is_fetched, model_folder
from worker.core.commitments import find_commitments
from worker.core.evidence import NO_MODEL
from worker.settings import read_settings

PARTS = ("checker", "coverage", "bare", "promises")
PROMISES = Path(__file__).parent / "statements" / "promises_test.jsonl"


def main() -> None:
    """Reads the arguments, measures the parts that are wanted, and prints."""
    given = _arguments()
    found: dict[str, Any] = {}
    if "checker" in given.only:
        found["checker"] = _measure_checker(given.folder, given.model, given.limit)
    if "coverage" in given.only:
        models = _measure_models(given)
        found |= next(iter(models.values()))
        found["models"] = {
            name: {key: value for key, value in row.items() if key != "summaries"} for name, row in models.items()
        }
    if "promises" in given.only:
        found["promises"] = _measure_promises(given.promises, given.limit)
    if given.json:
        print(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        print_tables(found, Console(width=None if sys.stdout.isatty() else 200))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder of texts")
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    parser.add_argument("--only", type=_listed, default=list(PARTS), help=f"of {','.join(PARTS)}; bare needs coverage")
    parser.add_argument(
        "--model", help="writing model: a catalogue name, a folder or none; that of the settings if not given"
    )
    parser.add_argument("--models", type=_listed, default=[], help="more writing models for the table, by commas")
    parser.add_argument("--calls", type=Path, help="folder of recorded calls with a manifest.json")
    parser.add_argument("--call", action="append", default=[], help="only calls whose id has this in it; again as well")
    parser.add_argument("--promises", type=Path, default=PROMISES, help="labelled promises")
    parser.add_argument("--talks", type=int, default=20, help="dialogues of each set to write about; 0 for all")
    parser.add_argument("--bare", type=int, default=6, help="of these, how many the bare model is asked about")
    parser.add_argument("--limit", type=int, help="judged summaries of each set, promises, and calls, at most")
    given = parser.parse_args()
    given.model = given.model or read_settings().writing_model
    if not given.folder.is_dir():
        parser.error(f"There is no folder {given.folder}.")
    if strange := set(given.only) - set(PARTS):
        parser.error(f"There is no part {', '.join(sorted(strange))}; there are {', '.join(PARTS)}.")
    if "bare" in given.only and "coverage" not in given.only:
        parser.error("The bare model stands beside coverage: ask for both.")
    if "promises" in given.only and not given.promises.is_file():
        parser.error(f"There is no file {given.promises}.")
    if given.calls and not (given.calls / "manifest.json").is_file():
        parser.error(f"There is no manifest.json in {given.calls}. Name a folder of calls that has one.")
    return given


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _measure_checker(folder: Path, model: str, limit: int | None) -> dict[str, Any]:
    sets = {name: rows[:limit] for name, rows in read_judged(folder).items()}
    readings = apart(read_summaries, model, sets)
    return checker_figures(
        sets,
        {name: [refuses(one) for one in some] for name, some in readings.items()},
        {name: [bool(one.complaints) for one in some] for name, some in readings.items()},
    )


def _measure_models(given: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """The figures of each model, the main one first. The bare model is asked of that one alone: it takes longest."""
    settings = read_settings()
    talks = _first_of_sets(read_talks(given.folder), given.talks)
    bare_of = [talks.index(talk) for talk in _first_of_sets(talks, given.bare)] if "bare" in given.only else []
    calls = apart(hear_calls, given.calls, given.call, given.limit) if given.calls else []
    encoder = Encoder(model_folder(settings, MEANING_MODEL)) if is_fetched(settings, MEANING_MODEL) else None
    figures = {}
    for name in dict.fromkeys([given.model, *given.models]):
        wanted = bare_of if name == given.model and name != NO_MODEL else []
        figures[name] = model_figures(apart(measure, name, talks, calls, wanted), talks, calls, encoder)
    return figures


def _first_of_sets(talks: Sequence[Talk], most: int) -> list[Talk]:
    """The first few dialogues of each set; 0 for all."""
    counts = Counter[str]()
    kept = []
    for talk in talks:
        counts[talk.set_name] += 1
        if not most or counts[talk.set_name] <= most:
            kept.append(talk)
    return kept


def _measure_promises(path: Path, limit: int | None) -> dict[str, Any]:
    return score_promises(read_rows(path)[:limit], find_commitments).figures()


if __name__ == "__main__":
    main()
