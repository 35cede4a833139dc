"""Speech into words with Whisper, run by faster-whisper: word times that do not drift, and no word said in a loop.

How a track is heard, in this order:

1. the stretches of speech are laid into chunks of at most 30 s, what Whisper hears at once. Nothing else of the track
   is in a chunk: between two stretches there is the silence that was between them, shortened to half a second;
2. where nobody said which language it is, it is heard on the chunks with most speech;
3. chunks are decoded in batches. One whose text loops or is improbable is decoded again, alone and another way;
4. what still loops is cut to its first round;
5. each word is put back to where its sound lies in the track, within the stretch it came from, and no longer than it
   can have been spoken.

It finds no speech of its own accord: who hands it music or silence gets invented sentences.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil, floor
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from worker.core.errors import BrokenModel, Invalid, Unavailable
from worker.core.ports import MadeWith, Progress
from worker.core.sound import SAMPLE_RATE_HZ, Interval, Samples
from worker.core.transcript import Transcription, Word

Array: TypeAlias = npt.NDArray[np.float32]

NEEDED_FILES = ("model.bin", "config.json", "tokenizer.json")
"""Without the last, faster-whisper would ask a model hub for one."""

CHUNK_S = 30.0
"""What Whisper hears at once."""
CHUNK = round(CHUNK_S * SAMPLE_RATE_HZ)
CHUNK_FRAMES = round(CHUNK_S * 100)
"""The library counts hundredths of a second."""
LONGEST_PAUSE = SAMPLE_RATE_HZ // 2
"""Samples of silence that are left between two stretches in a chunk: enough to hear that a sentence has ended."""
BATCH_SIZES = {"cpu": 2, "cuda": 8}
"""Chunks decoded at once. On a CPU more of them take as long, and progress is told and memory given back later."""
CUT_WITHIN = 8 * SAMPLE_RATE_HZ
"""A stretch longer than a chunk is cut at its quietest point within this many samples before the chunk is full."""
CUT_WINDOW = SAMPLE_RATE_HZ // 5
SHORTEST = SAMPLE_RATE_HZ // 50
"""Samples that a word has at least; no shorter stretch is listened to."""

SURE_LANGUAGE = 0.9
"""At this probability one chunk is enough to know the language."""
LANGUAGE_CHUNKS = 3

MOST_COMPRESSION = 2.4
"""Text that zlib makes smaller than this is a loop. Source: openai/whisper, ``compression_ratio_threshold``."""
LEAST_LOG_PROBABILITY = -1.0
"""Mean per token, below which a text is not believed. Source: openai/whisper, ``logprob_threshold``."""
MOST_NO_SPEECH = 0.6
"""Not believed, and nobody speaks by the model's own word: nothing was said. Source: openai/whisper."""
TEMPERATURES = (0.0, 0.4, 0.8)
"""Of a chunk that is decoded again. Fewer than Whisper's own six, as each is a whole decoding."""

LONGEST_PHRASE = 12
"""Words in a phrase that is looked for as a loop."""
ROUNDS_OF_ONE, ROUNDS = 8, 4
"""That often in a row one word, and a phrase, are said by a machine only: "no, no, no, no" is said by people."""

BETWEEN_WORDS = ".,!?;:…·-–—_/\\|'\"“”‘’«»„()[]{}<>¿¡*~♪♫。，、！？：；（）「」"
"""Signs that stand for nothing spoken where they stand alone."""
JOINS = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
"""Signs at which Whisper's tokenizer ends a word in the middle of one: e|-mail, $25|.50."""


@dataclass(frozen=True)
class Piece:
    """A part of a stretch: samples ``[first, last)`` of the track, which lie at ``at`` in their chunk."""

    first: int
    last: int
    at: int

    @property
    def length(self) -> int:
        """Samples."""
        return self.last - self.first

    def as_heard(self) -> Interval:
        """Where it lies in its chunk."""
        return Interval(self.at / SAMPLE_RATE_HZ, (self.at + self.length) / SAMPLE_RATE_HZ)


Chunk: TypeAlias = tuple[Piece, ...]


@dataclass(frozen=True)
class Heard:
    """What one decoding of one chunk gave: its words in seconds of the chunk, and what the model thinks of it."""

    words: tuple[Word, ...]
    compression: float
    log_probability: float
    no_speech: float

    def is_silence(self) -> bool:
        """Whether the model says that nobody speaks here and does not believe its own text."""
        return self.log_probability < LEAST_LOG_PROBABILITY and self.no_speech > MOST_NO_SPEECH

    def is_doubtful(self) -> bool:
        """Whether the text is improbable, or the same is said over and over."""
        return (
            self.log_probability < LEAST_LOG_PROBABILITY
            or self.compression > MOST_COMPRESSION
            or len(without_loops(self.words)) < len(self.words)
        )


class WhisperTranscriber:
    """Keeps the port ``Transcriber`` with the CTranslate2 weights in ``folder``, loaded once, here.

    ``device`` "cpu" or "cuda"; ``compute_type`` as CTranslate2 names it (int8 on a CPU, float16 on a GPU); ``threads``
    on a CPU; ``batch_size`` chunks are decoded at once. Nothing is ever fetched.
    Raises BrokenModel for a folder without whole weights, Unavailable where the device is missing or its memory full,
    Invalid for a device or compute type that CTranslate2 does not know or the device does not have.
    """

    def __init__(
        self,
        folder: Path,
        *,
        made_with: MadeWith,
        device: str = "cpu",
        compute_type: str = "int8",
        threads: int = 2,
        batch_size: int | None = None,
        beam_size: int = 5,
    ) -> None:
        for name in NEEDED_FILES:
            if not (folder / name).is_file():
                raise BrokenModel(f"The speech model lacks its {name}. Run `onrecord models fetch`.")
        try:
            import ctranslate2
            import faster_whisper
        except ImportError as error:
            raise Unavailable("The speech model needs faster-whisper, and it is not installed.") from error

        if device not in ("cpu", "cuda"):
            raise Invalid("The speech model runs on cpu or on cuda, and on no other device.")
        logging.getLogger("faster_whisper").setLevel(logging.WARNING)
        try:
            with _foreign_errors():
                if compute_type not in {"default", "auto", *ctranslate2.get_supported_compute_types(device)}:
                    raise Invalid("This device cannot run the speech model with this compute type.")
                self._model = faster_whisper.WhisperModel(
                    str(folder), device=device, compute_type=compute_type, cpu_threads=threads, local_files_only=True
                )
        except Exception as error:
            # For a broken tokenizer.json the library gives the bare class; anything else, a job's time limit say, is
            # of a class of its own.
            if type(error) is not Exception:
                raise
            raise BrokenModel("The speech model's tokenizer cannot be read. Run `onrecord models fetch`.") from error
        if self._model.feature_extractor.mel_filters.shape[0] != self._model.model.n_mels:
            raise BrokenModel("The speech model lacks its preprocessor_config.json. Run `onrecord models fetch`.")
        self._batched = faster_whisper.BatchedInferencePipeline(self._model)
        self._set_seed = ctranslate2.set_random_seed
        self._batch_size = batch_size or BATCH_SIZES[device]
        self._beam_size = beam_size
        self.made_with = made_with

    def transcribe(
        self, samples: Samples, *, stretches: Sequence[Interval], language: str | None, progress: Progress
    ) -> Transcription:
        """See ``Transcriber``. Words lie within the stretches; the language's probability is given where it was heard.

        A model that knows one language only is not said to have heard it: no probability then.
        """
        if language is not None and language not in self._model.supported_languages:
            raise Invalid("The speech model that is loaded does not know this language. Choose one that does.")
        track: Array = np.asarray(samples, dtype=np.float32)  # (samples,), no copy
        chunks = lay_out(track, stretches)
        if not chunks:
            progress(1.0)
            return Transcription((), None, None)
        confidence = None
        if language is None:
            language, confidence = self._hear_language(track, chunks)

        total = sum(piece.length for chunk in chunks for piece in chunk)
        done = 0
        words: list[Word] = []
        for first in range(0, len(chunks), self._batch_size):
            batch = chunks[first : first + self._batch_size]
            for chunk, heard in zip(batch, self._decode(track, batch, language), strict=True):
                words.extend(put_back(without_loops(heard), chunk, track))
                done += sum(piece.length for piece in chunk)
                progress(done / total)
        return Transcription(tuple(sorted(words, key=lambda word: word.start_s)), language, confidence)

    def _hear_language(self, track: Array, chunks: Sequence[Chunk]) -> tuple[str, float | None]:
        """The language with the highest mean probability over the chunks with most speech; one is enough if sure."""
        known: list[str] = self._model.supported_languages
        if len(known) == 1:
            return known[0], None
        longest = sorted(chunks, key=lambda chunk: -sum(piece.length for piece in chunk))[:LANGUAGE_CHUNKS]
        total: dict[str, float] = {}
        heard = 0
        for chunk in longest:
            with _foreign_errors():
                probabilities = self._model.detect_language(audio=sound_of(chunk, track))[2]
            heard += 1
            for language, probability in probabilities:
                total[language] = total.get(language, 0.0) + probability
            if max(total.values()) / heard >= SURE_LANGUAGE:
                break
        best = max(total, key=lambda language: total[language])
        return best, round(min(1.0, total[best] / heard), 3)

    def _decode(self, track: Array, batch: Sequence[Chunk], language: str) -> Iterator[tuple[Word, ...]]:
        """The words of each chunk of the batch, decoded together; of the doubtful ones decoded once more, alone."""
        sound = np.zeros(len(batch) * CHUNK, dtype=np.float32)  # each chunk begins at a full 30 s
        clips = []
        for number, chunk in enumerate(batch):
            alone = sound_of(chunk, track)
            sound[number * CHUNK : number * CHUNK + len(alone)] = alone
            # Half a sample more, as the library cuts the fraction off after going back to samples.
            clips.append({"start": number * CHUNK_S, "end": (number * CHUNK + len(alone) + 0.5) / SAMPLE_RATE_HZ})
        with _foreign_errors():
            segments, _ = self._batched.transcribe(
                sound,
                language=language,
                task="transcribe",
                beam_size=self._beam_size,
                word_timestamps=True,
                without_timestamps=True,
                vad_filter=False,
                clip_timestamps=clips,
                batch_size=len(batch),
            )
            segments = list(segments)
        for number, chunk in enumerate(batch):
            own = [segment for segment in segments if segment.seek // CHUNK_FRAMES == number]
            heard = Heard(
                tuple(word for segment in own for word in words_of(segment, shift_s=number * CHUNK_S)),
                compression=max((segment.compression_ratio for segment in own), default=0.0),
                log_probability=min((segment.avg_logprob for segment in own), default=0.0),
                no_speech=max((segment.no_speech_prob for segment in own), default=1.0),
            )
            if heard.is_silence():
                yield ()
            elif heard.is_doubtful():
                yield self._decode_again(sound_of(chunk, track), language)
            else:
                yield heard.words

    def _decode_again(self, sound: Array, language: str) -> tuple[Word, ...]:
        """Another way: with Whisper's own time marks, and at rising temperatures until the text is probable."""
        self._set_seed(1)  # the same call gives the same words each time it is run
        with _foreign_errors():
            segments, _ = self._model.transcribe(
                sound,
                language=language,
                task="transcribe",
                beam_size=self._beam_size,
                temperature=TEMPERATURES,
                compression_ratio_threshold=MOST_COMPRESSION,
                log_prob_threshold=LEAST_LOG_PROBABILITY,
                no_speech_threshold=MOST_NO_SPEECH,
                condition_on_previous_text=False,
                word_timestamps=True,
                vad_filter=False,
            )
            segments = list(segments)
        return tuple(word for segment in segments for word in words_of(segment, shift_s=0.0))


@contextmanager
def _foreign_errors() -> Iterator[None]:
    """CTranslate2 raises RuntimeError for whatever goes wrong while it works, so its message must be read."""
    try:
        yield
    except MemoryError as error:
        raise Unavailable("There is not enough memory for the speech model.") from error
    except (RuntimeError, ValueError) as error:
        message = str(error).lower()
        if "out of memory" in message or "alloc" in message:
            raise Unavailable("There is not enough memory for the speech model on its device.") from error
        if "cuda" in message or "cublas" in message or "cudnn" in message:
            raise Unavailable("The accelerator that the speech model is set to run on cannot be used.") from error
        raise BrokenModel("The speech model cannot be run. Run `onrecord models check`.") from error


def lay_out(track: Array, stretches: Iterable[Interval]) -> tuple[Chunk, ...]:
    """The stretches as chunks of at most 30 s, in order; whatever of them lies outside the track is left out.

    Overlapping stretches are one, so that nothing is heard twice.
    """
    spans: list[tuple[int, int]] = []
    for stretch in sorted(stretches):
        first = max(0, round(stretch.start_s * SAMPLE_RATE_HZ))
        last = min(len(track), round(stretch.end_s * SAMPLE_RATE_HZ))
        if spans and first <= spans[-1][1]:
            first, last = spans[-1][0], max(last, spans[-1][1])
            spans.pop()
        spans.append((first, last))

    chunks: list[Chunk] = []
    chunk: list[Piece] = []
    for first, last in (part for span in spans if span[1] - span[0] >= SHORTEST for part in _parts(track, *span)):
        at = 0
        if chunk:
            at = chunk[-1].at + chunk[-1].length + min(first - chunk[-1].last, LONGEST_PAUSE)
            if at + last - first > CHUNK:
                chunks.append(tuple(chunk))
                chunk, at = [], 0
        chunk.append(Piece(first, last, at))
    return (*chunks, tuple(chunk)) if chunk else ()


def _parts(track: Array, first: int, last: int) -> Iterator[tuple[int, int]]:
    """A stretch in parts that each fit into a chunk, cut where it is quietest."""
    while last - first > CHUNK:
        search = track[first + CHUNK - CUT_WITHIN : first + CHUNK]
        loudness = np.square(search[: len(search) // CUT_WINDOW * CUT_WINDOW]).reshape(-1, CUT_WINDOW).sum(axis=1)
        cut = first + CHUNK - CUT_WITHIN + int(loudness.argmin()) * CUT_WINDOW + CUT_WINDOW // 2
        yield first, cut
        first = cut
    yield first, last


def sound_of(chunk: Chunk, track: Array) -> Array:
    """The chunk as it is heard; shape (samples,), silent between its pieces."""
    sound = np.zeros(chunk[-1].at + chunk[-1].length, dtype=np.float32)
    for piece in chunk:
        sound[piece.at : piece.at + piece.length] = track[piece.first : piece.last]
    return sound


def words_of(segment: Any, *, shift_s: float) -> tuple[Word, ...]:
    """The words of one segment of the library, ``shift_s`` earlier; white space and signs that nobody speaks left out.

    Raises BrokenModel for times or probabilities that are none.
    """
    words: list[Word] = []
    for word in segment.words:
        if not np.isfinite([word.start, word.end, word.probability]).all():
            raise BrokenModel("The speech model gave a time or a probability that is none.")
        confidence = min(1.0, max(0.0, float(word.probability)))
        start_s, end_s = float(word.start) - shift_s, float(word.end) - shift_s
        if words and _goes_on(words[-1].text, word.word):
            # A word in parts is as sure as its least sure part.
            before = words.pop()
            confidence = min(before.confidence, confidence)
            words.append(Word(before.text + word.word.rstrip(), before.start_s, end_s, confidence))
        else:
            words.append(Word(word.word.strip(), start_s, end_s, confidence))
    return tuple(word for word in words if word.text.strip(BETWEEN_WORDS))


def _goes_on(before: str, text: str) -> bool:
    """Whether the text is the rest of the word before it, from which only the tokenizer parted it."""
    return bool(before and text.strip()) and not text[0].isspace() and (text[0] in JOINS or before[-1] in JOINS)


def without_loops(words: Sequence[Word]) -> tuple[Word, ...]:
    """The words with every phrase that is said over and over kept once, its first round."""
    kept = list(words)
    said = [word.text.strip(BETWEEN_WORDS).casefold() for word in words]
    for size in range(1, LONGEST_PHRASE + 1):
        most = ROUNDS_OF_ONE if size == 1 else ROUNDS
        at = 0
        while at + size * most <= len(said):
            rounds = 1
            while said[at : at + size] == said[at + rounds * size : at + (rounds + 1) * size]:
                rounds += 1
            if rounds >= most:
                del kept[at + size : at + rounds * size], said[at + size : at + rounds * size]
            at += 1
    return tuple(kept)


def put_back(words: Iterable[Word], chunk: Chunk, track: Array) -> Iterator[Word]:
    """Words in seconds of their chunk as words in seconds of the track, each within the piece that it overlaps most.

    A word that lies in the pause between two pieces belongs to the nearer one. Times are whole milliseconds.
    """
    for word in words:
        span = Interval(word.start_s, max(word.start_s, word.end_s))
        piece = max(chunk, key=lambda piece: (span.overlap_s(piece.as_heard()), -_distance_s(span, piece.as_heard())))
        first = min(max(round(span.start_s * SAMPLE_RATE_HZ) - piece.at, 0), piece.length - SHORTEST)
        last = min(max(round(span.end_s * SAMPLE_RATE_HZ) - piece.at, first + SHORTEST), piece.length)
        first, last = _where_loudest(
            track[piece.first : piece.last], first, last, most=round(longest_s(word.text) * SAMPLE_RATE_HZ)
        )
        # Rounded inward, so that no word reaches beyond its stretch or the track.
        start_ms = ceil((piece.first + first) * 1000 / SAMPLE_RATE_HZ)
        end_ms = floor((piece.first + last) * 1000 / SAMPLE_RATE_HZ)
        yield Word(word.text, start_ms / 1000, end_ms / 1000, round(word.confidence, 3))


def _distance_s(one: Interval, other: Interval) -> float:
    return max(0.0, one.start_s - other.end_s, other.start_s - one.end_s)


def longest_s(text: str) -> float:
    """How long a word can last: slow speech, with every digit and capital spelled out."""
    return 0.6 + sum(0.12 if sign.islower() else 0.8 for sign in text if sign.isalnum())


def _where_loudest(sound: Array, first: int, last: int, *, most: int) -> tuple[int, int]:
    """``[first, last)``, or the loudest ``most`` samples of it where it is longer: the rest is a pause.

    Whisper's alignment gives the silence beside a word to the word.
    """
    if last - first <= most:
        return first, last
    energy = np.concatenate([[0.0], np.cumsum(np.square(sound[first:last], dtype=np.float64))])
    start = first + int((energy[most:] - energy[:-most]).argmax())
    return start, start + most
