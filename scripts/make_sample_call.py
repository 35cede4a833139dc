"""Build the project's own sample call: speech, hold music and line noise, on two telephone tracks.

The README's first commands, the tests and the benchmarks all need a call whose every word and second is known and which
may be given to anybody. So this script speaks the dialogue of `sample_call/script.json` with synthetic voices, composes
the hold music itself, and measures from the finished sound when each utterance really starts and ends. It writes
`call.flac` (channel 0 the agent, channel 1 the customer), `call_mono.flac` and `reference.json`.

It is run by hand, when the dialogue changes; the outputs are committed. What it needs, where the voices come from and
under which licences is in `sample_call/README.md`. It fetches nothing itself and imports no code of the voice packages.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.speech_synthesis import Missing, Speaker, refuse_missing
from scripts.telephone_sounds import (
    SAMPLE_RATE_HZ,
    Sound,
    add_at,
    find_sound,
    keep_telephone_band,
    make_noise,
    play_hold_music,
    set_level,
    to_samples,
)

HERE = Path(__file__).parent / "sample_call"
SEED = 20260310
MUSIC_DBFS = -22.0
NOISE_DBFS = -65.0
TAIL_S = 0.8


@dataclass(frozen=True)
class Part:
    """One utterance (`text`) or one hold (`hold_s`), `pause_s` after the end of the part before; below 0 they overlap.

    `pace` is relative to the voice's own speed: people read numbers out more slowly than they talk.
    """

    channel: int
    pause_s: float
    text: str = ""
    hold_s: float = 0.0
    pace: float = 1.0


@dataclass(frozen=True)
class Placed:
    """A part and where its sound was put: samples `[start, end)` of its channel."""

    part: Part
    start: int
    end: int


def make_sound(part: Part, speaker: Speaker, voices: dict[str, Any]) -> Sound:
    """What this part puts on its track, with the telephone's band and level and no silence around it."""
    if part.hold_s:
        return set_level(keep_telephone_band(play_hold_music(part.hold_s)), MUSIC_DBFS)
    voice = voices[str(part.channel)]
    return speaker.speak(part.text, voice=voice["name"], speed=voice["speed"] * part.pace).sound


def lay_out(parts: Sequence[Part], sounds: Sequence[Sound]) -> tuple[NDArray[np.int16], list[Placed]]:
    """The two tracks, (samples, 2), and where each part came to stand."""
    placed: list[Placed] = []
    end = 0
    for part, sound in zip(parts, sounds, strict=True):
        start = end + int(part.pause_s * SAMPLE_RATE_HZ)
        end = start + sound.size
        placed.append(Placed(part, start, end))
    samples = max(place.end for place in placed) + int(TAIL_S * SAMPLE_RATE_HZ)
    tracks = [make_noise(samples, level_dbfs=NOISE_DBFS, seed=SEED + channel) for channel in (0, 1)]
    for place, sound in zip(placed, sounds, strict=True):
        add_at(tracks[place.part.channel], sound, place.start)
    return to_samples(tracks), placed


def measure_span(track: NDArray[np.int16], place: Placed) -> dict[str, float]:
    """When the sound of this part really starts and ends on the finished track, to 10 ms."""
    first, last = find_sound(track[place.start : place.end] / 32768)
    start_s, end_s = ((place.start + edge) / SAMPLE_RATE_HZ for edge in (first, last))
    return {"start_s": round(start_s, 2), "end_s": round(end_s, 2)}


def write_reference(script: dict[str, Any], tracks: NDArray[np.int16], placed: Sequence[Placed]) -> dict[str, Any]:
    """Who said what from when to when, as it stands on the finished tracks."""
    roles = {0: "agent", 1: "customer"}
    spans = [(place.part, measure_span(tracks[:, place.part.channel], place)) for place in placed]
    return {
        "id": script["id"],
        "sample_rate": SAMPLE_RATE_HZ,
        "duration_s": round(tracks.shape[0] / SAMPLE_RATE_HZ, 3),
        "channels": {str(channel): role for channel, role in roles.items()},
        "started_at": script["started_at"],
        "agent": script["agent"],
        "customer": script["customer"],
        "utterances": [
            {"channel": part.channel, "role": roles[part.channel], **span, "text": part.text}
            for part, span in spans
            if part.text
        ],
        "holds": [{**span, "channel": part.channel} for part, span in spans if part.hold_s],
    }


def write_flac(path: Path, samples: NDArray[np.int16]) -> None:
    import soundfile

    content = io.BytesIO()
    soundfile.write(content, samples, SAMPLE_RATE_HZ, format="FLAC", subtype="PCM_16", compression_level=1.0)
    path.write_bytes(content.getvalue())


def build_call(script_path: Path, packages: Path, out: Path) -> None:
    """Speak the script and write the two recordings and their reference into `out`.

    Raises: Missing, naming everything that is not there, before any work is done.
    """
    refuse_missing(packages)
    script = json.loads(script_path.read_text(encoding="utf-8"))
    parts = [Part(**part) for part in script["parts"]]
    speaker = Speaker(packages, [voice["name"] for voice in script["voices"].values()])
    sounds = []
    for number, part in enumerate(parts, start=1):
        print(f"{number}/{len(parts)} {part.text or 'hold music'}", file=sys.stderr)
        sounds.append(make_sound(part, speaker, script["voices"]))
    tracks, placed = lay_out(parts, sounds)
    out.mkdir(parents=True, exist_ok=True)
    write_flac(out / "call.flac", tracks)
    write_flac(out / "call_mono.flac", (tracks.sum(axis=1, dtype=np.int32) // 2).astype(np.int16))
    reference = json.dumps(write_reference(script, tracks, placed), indent=2, ensure_ascii=False)
    (out / "reference.json").write_text(reference + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Build the sample call from sample_call/script.json.")
    parser.add_argument("--packages", type=Path, required=True, metavar="FOLDER", help="where the voice packages lie")
    parser.add_argument("--script", type=Path, default=HERE / "script.json", metavar="FILE", help="the dialogue")
    parser.add_argument("--out", type=Path, default=HERE, metavar="FOLDER", help="where to write the call")
    options = parser.parse_args(arguments)
    try:
        build_call(options.script, options.packages, options.out)
    except Missing as error:
        sys.exit(f"make_sample_call: {error}\nHow to get what it needs: {HERE / 'README.md'}")


if __name__ == "__main__":
    main()
