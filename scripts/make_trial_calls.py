"""Build recorded calls whose every word, time and party is known, to measure hearing on.

Each file of `trial_calls/` is one call: who takes part, on what kind of line, and what is said and heard in which
order. Out of it this script makes a recording with a track per party, its mono mix, a reference and RTTM files, and a
`manifest.json` of the form that `scripts/bench_hearing.py` reads. Nothing of it is committed: whoever has the
repository and the package registries builds the same calls.

Voices are those of `speech_synthesis`, other sounds those of `telephone_sounds`; what they need is in
`sample_call/README.md`. The script fetches nothing itself.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scripts.speech_synthesis import SPEECH_DBFS, Missing, Speaker, Utterance, refuse_missing
from scripts.telephone_sounds import (
    FRAME_SAMPLES,
    SAMPLE_RATE_HZ,
    SOUND_DBFS,
    Sound,
    add_at,
    change_level,
    dial,
    keep_telephone_band,
    leak,
    make_comfort_noise,
    make_noise,
    measure_levels,
    overdrive,
    play_hold_music,
    ring,
    set_level,
    sound_busy,
    to_samples,
)

HERE = Path(__file__).parent
TAIL_S = 1.0
SPLIT_S = 0.3
"""A pause this long splits the speech of an utterance in two."""
REFERENCE_BY = "exact by construction: the text is what was spoken, times are the voice model's own"


@dataclass(frozen=True)
class Cast:
    """Somebody, or a system, who speaks.

    ``language`` is one of `speech_synthesis.SIGNS`, None the voice's own; ``speaker`` empty is the name in the cast.
    """

    voice: str
    channel: int
    role: str
    speed: float = 1.1
    level_dbfs: float = SPEECH_DBFS
    overdrive_db: float = 0.0  # too loud for the line by this much, and so clipped
    language: str | None = None
    speaker: str = ""


@dataclass(frozen=True)
class Line:
    """What the line does to both tracks. ``leak_db`` is how loud each is heard on the other; None: not at all."""

    noise_dbfs: float = -65.0
    leak_db: float | None = None
    same_sound: bool = False  # both tracks carry the mix of both, the second one a little fainter


@dataclass(frozen=True)
class Noise:
    """Sound that is no speech, or silence. It begins ``pause_s`` after all that came before has ended."""

    sound: str
    length_s: float = 0.0
    channel: int | None = None
    pause_s: float = 0.0
    level_dbfs: float = -22.0
    tune: str = "stroll"
    keys: str = ""


@dataclass(frozen=True)
class Call:
    """One file of `trial_calls/`. Said in it is ``[who, pause_s, text]``, with a fourth value for the pace."""

    id: str
    kind: str
    language: str  # the one in which it begins
    cast: Mapping[str, Cast]
    parts: Sequence[tuple[str, float, str, float] | Noise]
    line: Line


@dataclass
class Tracks:
    """The call while it is built: a sound per track, of one length, and what the reference will say of it."""

    sounds: list[Sound]
    utterances: list[dict[str, Any]] = field(default_factory=list)
    nonspeech: list[dict[str, Any]] = field(default_factory=list)

    @property
    def end(self) -> int:
        """The sample at which all that is there so far has ended."""
        return self.sounds[0].size

    def put(self, sound: Sound, channel: int, start: int) -> None:
        """Mix a sound in, and let the call last until it has ended."""
        end = start + sound.size
        self.sounds = [np.pad(track, (0, max(0, end - track.size))) for track in self.sounds]
        add_at(self.sounds[channel], sound, start)


def read_call(path: Path) -> Call:
    content = json.loads(path.read_text(encoding="utf-8"))
    return Call(
        id=path.stem,
        kind=content["kind"],
        language=content.get("language", "en"),
        cast={name: Cast(**fields) for name, fields in content["cast"].items()},
        parts=[Noise(**part) if isinstance(part, dict) else (*part, 1.0)[:4] for part in content["parts"]],
        line=Line(**content.get("line", {})),
    )


def lay_out(call: Call, speaker: Speaker) -> Tracks:
    """Every part in its place on the tracks, before the line does anything to them."""
    tracks = Tracks([np.zeros(0), np.zeros(0)])
    for number, part in enumerate(call.parts):
        print(f"{call.id} {number + 1}/{len(call.parts)}", file=sys.stderr)
        if isinstance(part, Noise):
            place_noise(tracks, part, seed=number)
            continue
        name, pause_s, text, pace = part
        cast = call.cast[name]
        utterance = speaker.speak(text, voice=cast.voice, speed=cast.speed * pace, language=cast.language)
        start = tracks.end + round(pause_s * SAMPLE_RATE_HZ)
        loud = overdrive(change_level(utterance.sound, cast.level_dbfs - SPEECH_DBFS), cast.overdrive_db)
        tracks.put(loud, cast.channel, start)
        said = {"channel": cast.channel, "role": cast.role, "speaker": cast.speaker or name}
        tracks.utterances.append(said | describe(utterance, text, start / SAMPLE_RATE_HZ))
    tracks.utterances.sort(key=lambda said: said["start"])
    return tracks


def place_noise(tracks: Tracks, noise: Noise, *, seed: int) -> None:
    start = tracks.end + round(noise.pause_s * SAMPLE_RATE_HZ)
    sound = make_sound(noise, seed=seed)
    tracks.put(sound, noise.channel or 0, start)
    span = {"start": round(start / SAMPLE_RATE_HZ, 3), "end": round((start + sound.size) / SAMPLE_RATE_HZ, 3)}
    tracks.nonspeech.append({"channel": noise.channel, "kind": noise.sound, **span})


def make_sound(noise: Noise, *, seed: int) -> Sound:
    """The sound of this name, with the band and the level of a telephone."""
    if noise.sound == "silence":
        return np.zeros(round(noise.length_s * SAMPLE_RATE_HZ))
    if noise.sound == "comfort_noise":
        return make_comfort_noise(noise.length_s, level_dbfs=noise.level_dbfs, seed=seed)
    sounds = {
        "hold_music": lambda: play_hold_music(noise.length_s, tune=noise.tune),
        "ringing": lambda: ring(noise.length_s),
        "busy_tone": lambda: sound_busy(noise.length_s),
        "dtmf": lambda: dial(noise.keys),
    }
    return set_level(keep_telephone_band(sounds[noise.sound]()), noise.level_dbfs)


def describe(utterance: Utterance, text: str, start_s: float) -> dict[str, Any]:
    """What the reference says of an utterance that begins here."""
    return {
        "start": round(start_s, 3),
        "end": round(start_s + utterance.sound.size / SAMPLE_RATE_HZ, 3),
        "text": text,
        "speech": [[round(start_s + a, 3), round(start_s + b, 3)] for a, b in find_speech(utterance.sound)],
        "words": [
            {"text": word.text, "start": round(start_s + word.start_s, 3), "end": round(start_s + word.end_s, 3)}
            for word in utterance.words
        ],
    }


def find_speech(sound: Sound) -> Iterable[tuple[float, float]]:
    """Where an utterance sounds, in seconds from its start, split at its pauses."""
    loud = np.flatnonzero(measure_levels(sound) > SOUND_DBFS)
    pauses = np.flatnonzero(np.diff(loud) * FRAME_SAMPLES >= SPLIT_S * SAMPLE_RATE_HZ)
    firsts, lasts = loud[np.concatenate(([0], pauses + 1))], loud[np.concatenate((pauses, [-1]))]
    return [(first / 100, (last + 1) / 100) for first, last in zip(firsts.tolist(), lasts.tolist(), strict=True)]


def send_through(line: Line, sounds: Sequence[Sound]) -> NDArray[np.int16]:
    """The tracks as they are recorded at the end of the line: (samples, 2)."""
    agent, customer = (np.pad(sound, (0, round(TAIL_S * SAMPLE_RATE_HZ))) for sound in sounds)
    if line.same_sound:
        both = (agent + customer) / 2
        agent, customer = both, change_level(both, -3.0)
    if line.leak_db is not None:
        agent, customer = (
            leak(customer, agent, level_db=line.leak_db),
            leak(agent, customer, level_db=line.leak_db),
        )
    return to_samples(
        [
            track + make_noise(track.size, level_dbfs=line.noise_dbfs, seed=channel)
            for channel, track in enumerate((agent, customer))
        ]
    )


def write_call(call: Call, tracks: Tracks, folder: Path) -> list[dict[str, Any]]:
    """The recordings, the reference and the RTTM files of a call; what the manifest says of them."""
    import soundfile

    stereo = send_through(call.line, tracks.sounds)
    mono = (stereo.sum(axis=1, dtype=np.int32) // 2).astype(np.int16)
    duration_s = round(stereo.shape[0] / SAMPLE_RATE_HZ, 3)
    reference = {
        "id": call.id,
        "sample_rate": SAMPLE_RATE_HZ,
        "duration": duration_s,
        "channels": {"0": "agent leg", "1": "customer leg"},
        "note": call.kind,
        "language": call.language,
        "reference_by": REFERENCE_BY,
        "crosstalk_db": call.line.leak_db,
        "line": asdict(call.line),
        "utterances": tracks.utterances,
        "nonspeech": tracks.nonspeech,
    }
    (folder / f"{call.id}.json").write_text(json.dumps(reference, indent=1, ensure_ascii=False) + "\n", "utf-8")
    entries = []
    for suffix, samples, mix in (("", stereo, "stereo"), ("_mono", mono, "mono sum")):
        name = call.id + suffix
        soundfile.write(folder / f"{name}.flac", samples, SAMPLE_RATE_HZ, subtype="PCM_16")
        (folder / f"{name}.rttm").write_text("".join(write_rttm(name, tracks.utterances)), "utf-8")
        entries.append(
            {
                "id": name,
                "file": f"{name}.flac",
                "duration": duration_s,
                "channels": 1 if suffix else 2,
                "sample_rate": SAMPLE_RATE_HZ,
                "codec": "flac",
                "kind": f"{call.kind}; {mix}",
                "reference": f"{call.id}.json",
                "reference_by": REFERENCE_BY,
                "rttm": f"{name}.rttm",
                "rttm_by": f"exact placement, pauses of {SPLIT_S} s and more split by level",
            }
        )
    return entries


def write_rttm(name: str, utterances: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    for said in utterances:
        for start_s, end_s in said["speech"]:
            length_s = end_s - start_s
            yield f"SPEAKER {name} 1 {start_s:.3f} {length_s:.3f} <NA> <NA> {said['speaker']} <NA> <NA>\n"


def build_calls(calls: Sequence[Call], packages: Path, folder: Path) -> None:
    """Build the calls one after the other; the manifest names those that are there.

    Raises: Missing, naming everything that is not there, before any work is done.
    """
    refuse_missing(packages)
    speaker = Speaker(packages, {cast.voice for call in calls for cast in call.cast.values()})
    folder.mkdir(parents=True, exist_ok=True)
    manifest = folder / "manifest.json"
    entries = json.loads(manifest.read_text(encoding="utf-8"))["audio"] if manifest.exists() else []
    for call in calls:
        entries = [entry for entry in entries if entry["reference"] != f"{call.id}.json"]
        entries += write_call(call, lay_out(call, speaker), folder)
        content = {"split": "trial", "audio": sorted(entries, key=lambda entry: entry["id"])}
        manifest.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Build calls with known words, times and parties into FOLDER.")
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="where to write the calls and their manifest")
    parser.add_argument("--packages", type=Path, required=True, metavar="FOLDER", help="where the voice packages lie")
    parser.add_argument(
        "--scripts", type=Path, default=HERE / "trial_calls", metavar="FOLDER", help="the calls to build"
    )
    parser.add_argument("--only", nargs="+", default=[""], metavar="TEXT", help="only calls with this in their name")
    options = parser.parse_args(arguments)
    paths = [path for text in options.only for path in sorted(options.scripts.glob("*.json")) if text in path.stem]
    try:
        build_calls([read_call(path) for path in dict.fromkeys(paths)], options.packages, options.folder)
    except Missing as error:
        sys.exit(f"make_trial_calls: {error}\nHow to get what it needs: {HERE / 'sample_call' / 'README.md'}")


if __name__ == "__main__":
    main()
