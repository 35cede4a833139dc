"""Looks for a number or a piece of sound wherever an installation may have left it.

Usage: ``python -m scripts.find_planted --number card=5425233430109903 --folder ~/.local/share/onrecord
--database sqlite:///… --redis redis://… [--sound code=call.wav:3.9-5.0:1]``

Give it what was said in a trial call, after the call was worked: every place that was searched is listed, and what was
found is named by the name that you gave it. Numbers are looked for in digits, in groups, in spoken English, and word by
word as transcripts are stored; sound by its samples and by listening. What is sealed does not open here, and is not
found. Exits with 1 where something was found.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import soundfile
from redis import Redis

from scripts.planted.forms import Planted, PlantedNumber, PlantedSound
from scripts.planted.places import Search


def main() -> int:
    """Searches what it is told to, and says so line by line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--number", action="append", default=[], metavar="NAME=DIGITS")
    parser.add_argument("--sound", action="append", default=[], metavar="NAME=FILE:FROM-TO:CHANNEL")
    parser.add_argument("--folder", action="append", default=[], type=Path, help="files below it; any number of them")
    parser.add_argument("--without", action="append", default=[], type=Path, help="a folder or file to leave out")
    parser.add_argument("--database", action="append", default=[], help="its address")
    parser.add_argument("--redis", action="append", default=[], help="its address")
    given = parser.parse_args()
    planted: list[Planted] = [PlantedNumber(*one.split("=", 1)) for one in given.number]
    planted += [_sound(one) for one in given.sound]
    if not planted:
        parser.error("nothing was planted: give --number or --sound")
    search = Search(planted)
    for folder in given.folder:
        search.folder(folder, without=given.without)
    for url in given.database:
        search.database(url)
    for url in given.redis:
        search.redis(Redis.from_url(url))
    print("Searched:", *search.searched, sep="\n  ")
    print(*(f"FOUND {hit.what}: {hit.where}" for hit in search.found), sep="\n")
    print(f"{len(search.found)} found.")
    return 1 if search.found else 0


def _sound(text: str) -> PlantedSound:
    name, _, place = text.partition("=")
    path, seconds, channel = place.rsplit(":", 2)
    start_s, end_s = map(float, seconds.split("-"))
    tracks, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    return PlantedSound(name, tracks[round(start_s * rate_hz) : round(end_s * rate_hz), int(channel)], rate_hz)


if __name__ == "__main__":
    sys.exit(main())
