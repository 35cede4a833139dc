"""Measures how well and how fast On Record hears: words, speakers, roles, times, and what it costs.

Usage: ``python -m scripts.bench_hearing FOLDER [--json] [--peer faster-whisper] [--call TEXT]``. FOLDER holds recorded
calls, a manifest.json and references (their form: ``scripts/hearing/references.py``; ``scripts/make_trial_calls``
makes such a folder). All stages up to the statements run on each call with the models that the settings name and no
details of the call given; loading is not timed. With ``--peer``, plain faster-whisper hears each call right after, with
the same weights, and the figures stand beside ours with the ratio of the times.

What the figures are:

    wer, wer_agent, ...  words wrong per word said (by that party); wer_gap is the difference between the two parties.
                         Only against text made by people, spelled alike on both sides
    cpwer                the same with each speaker's words in a line of their own (meeteval)
    attribution          of the words said and heard, the share given to the one who said them
    role_accuracy ...    share of calls with agent and customer right; role_unknown: left open; role_wrong: taken for
                         each other. Only calls whose words tell
    der                  diarization error rate (pyannote.metrics, collar 0.25 s, overlap counted)
    invented_words       words further than 0.5 s from all true speech on their track, in idle_minutes of such sound
    short_answers_kept   of yes, no, okay and numbers said on their own
    word_time_error_s    median distance of the starts and ends of words from the true ones, as far as these are known;
    starts_within_0.3_s  the share of first words after a second of silence that start so near to their true start
    rtf, rtf_by_stage    seconds of work per second of sound; peak_mb: most memory held at once
    reliability          of the words said to be so sure, how many are right

The keys "all", "mono", "stereo" and one for each kind of call hold these, "calls" holds them for each call.
"""

from __future__ import annotations

import argparse
import json
import sys
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack
from multiprocessing import get_context
from pathlib import Path

from rich.console import Console

from scripts.hearing.hearers import HEARERS, Heard, hear
from scripts.hearing.references import Call, read_calls
from scripts.hearing.report import print_tables, report
from scripts.hearing.scores import Score, score

OURS = "on-record"


def main() -> None:
    """Reads the arguments, has every call heard, and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder of calls with their manifest.json")
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    parser.add_argument("--peer", choices=sorted(HEARERS.keys() - {OURS}), help="who hears the same calls, in turn")
    parser.add_argument("--call", action="append", default=[], help="only calls whose id has this in it; again as well")
    given = parser.parse_args()
    if not (given.folder / "manifest.json").is_file():
        parser.error(f"There is no manifest.json in {given.folder}. Name a folder of calls that has one.")
    calls = list(read_calls(given.folder, wanted=given.call))
    if not calls:
        parser.error("No call of the manifest has this in its id.")
    ours, peers = hear_all(calls, given.peer)
    found = report(calls, ours, peers)
    if given.json:
        print(json.dumps(found, indent=2))
    else:
        print_tables(found, Console(width=None if sys.stdout.isatty() else 200))


def hear_all(calls: list[Call], peer: str | None) -> tuple[list[Score], list[Score] | None]:
    """A score of each call for us and, if one is named, for the peer; each in a process of its own, in turn."""
    names = [OURS, *([peer] if peer else [])]
    scores: dict[str, list[Score]] = {name: [] for name in names}
    with ExitStack() as until_done:
        apart = {
            name: until_done.enter_context(ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn")))
            for name in names
        }
        for call in calls:
            for name in names:
                heard: Heard = apart[name].submit(hear, name, call.sound).result()
                scores[name].append(score(call, heard))
            took = ", ".join(f"{name} {sum(scores[name][-1].seconds_by_stage.values()):.1f} s" for name in names)
            print(f"{call.id}: {call.duration_s:.0f} s of sound, {took}", file=sys.stderr, flush=True)
    return scores[OURS], scores.get(peer) if peer else None


if __name__ == "__main__":
    main()
