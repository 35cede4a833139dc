"""Speech into words with Whisper, run by CTranslate2: no word said in a loop, each as sure as it says.

How a track is heard, in this order:

1. the stretches of speech are laid into chunks (``models.chunks``), the longest of which is heard first;
2. each is encoded once; the language, the text and the times of the words are all read from that;
3. which language is spoken is heard on every chunk. The longest ones say which is the call's; one that is in another
   beyond doubt is heard in its own, since Whisper told a wrong language translates instead of writing down;
4. a chunk whose text loops or is improbable is heard again as two halves. What still loops is cut to its first round;
5. words are put back to where their sound lies, and their probability becomes a share (``models.calibration``);
6. speech in which no word was heard, and what was cut as a loop, is given back as not heard.

It finds no speech of its own accord: who hands it music or silence gets invented sentences.
"""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any
from zlib import compress

import numpy as np

from models.calibration import calibration_of
from models.chunks import (
    CHUNK_S,
    LONGEST_WORD_S,
    Array,
    Chunk,
    Piece,
    alone,
    halves,
    lay_out,
    put_back,
    sound_of,
    speech_in,
    without_words,
)
from models.devices import ctranslate2_errors, demand_cuda, read_device
from worker.core.errors import BrokenModel, Invalid, Unavailable
from worker.core.listening import joined
from worker.core.ports import MadeWith, Progress
from worker.core.sound import SAMPLE_RATE_HZ, Interval, Samples, let_go
from worker.core.transcript import OtherLanguage, Transcription, Word

NEEDED_FILES = ("model.bin", "config.json", "tokenizer.json")
"""Without the last, faster-whisper would ask a model hub for one."""

FRAMES_PER_S = 100
FRAMES = round(CHUNK_S * FRAMES_PER_S)
"""What the encoder takes at most: hundredths of a second."""
LANGUAGE_MARGIN_S = 1.0
"""Silence after a piece of which only the language is asked."""
BATCH_SIZES = {"cpu": 1, "cuda": 8}
"""Chunks decoded at once. On a CPU more of them take no less time each, and side by side on its threads they do."""

LANGUAGE_CHUNKS = 3
"""The longest ones, on which the language of a call is heard."""
SURE_OTHER, OTHER_SPEECH_S = 0.9, 3.0
"""A chunk is in another language than the call at this probability, where it holds that much speech."""

MOST_COMPRESSION = 2.4
"""Text that zlib makes smaller than this is a loop. Source: openai/whisper, ``compression_ratio_threshold``."""
LEAST_LOG_PROBABILITY = -1.0
"""Mean per token, below which a text is not believed. Source: openai/whisper, ``logprob_threshold``."""
MOST_NO_SPEECH = 0.6
"""Not believed, and nobody speaks by the model's own word: nothing was said. Source: openai/whisper."""

SHORTEST_HALVED_S = 2.0
"""Speech in a chunk that is heard again as two halves."""
LONGEST_PHRASE = 12
"""Words in a phrase that is looked for as a loop."""
ROUNDS_OF_ONE, ROUNDS = 8, 4
"""That often in a row one word, and a phrase, are said by a machine only: "no, no, no, no" is said by people."""

BETWEEN_WORDS = ".,!?;:…·-–—_/\\|'\"“”‘’«»„()[]{}<>¿¡*~♪♫。，、！？：；（）「」"
"""Signs that stand for nothing spoken where they stand alone."""
JOINS = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
"""Signs at which Whisper's tokenizer ends a word in the middle of one: e|-mail, $25|.50."""
GROUPS = "-"
"""Parts the groups of a number, each of which is a word where the whole takes longer than any word."""
OPENING, CLOSING = "\"'“¿([{-", "\"'.。,，!！?？:：”)]}、"
"""Signs that belong to the word after and before them. Source: faster-whisper, ``prepend_punctuations`` and
``append_punctuations``."""


@dataclass(frozen=True)
class Encoded:
    """What the encoder made of a batch of chunks: CTranslate2's own array, and the languages.

    ``languages`` gives for each chunk the probability of each language; empty for a model that knows only one.
    """

    batch: tuple[Chunk, ...]
    sound: Any
    languages: tuple[dict[str, float], ...]


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


@dataclass(frozen=True)
class Said:
    """What came of one chunk: words at their times on the track, and where it is not known what was said."""

    chunk: Chunk
    language: str
    language_probability: float | None  # of a language other than the call's
    words: tuple[Word, ...] = ()
    not_heard: tuple[Interval, ...] = ()


class WhisperTranscriber:
    """Keeps the port ``Transcriber`` with the CTranslate2 weights in ``folder``, loaded once, here.

    ``device`` "cpu", "cuda" or "cuda:1"; ``compute_type`` as CTranslate2 names it (int8 on a CPU, float16 on a GPU);
    on a CPU ``threads`` batches are heard side by side, a thread each, which wastes less than several threads for one;
    ``batch_size`` chunks are decoded at once. Nothing is ever fetched.
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
            from faster_whisper.tokenizer import Tokenizer
        except ImportError as error:
            raise Unavailable("The speech model needs faster-whisper, and it is not installed.") from error

        kind, number = read_device(device, of="speech model")
        self._workers = threads if kind == "cpu" else 1
        logging.getLogger("faster_whisper").setLevel(logging.WARNING)
        if kind == "cuda":
            demand_cuda("speech model", number)
        try:
            with ctranslate2_errors("speech model"):
                if compute_type not in {"default", "auto", *ctranslate2.get_supported_compute_types(kind, number)}:
                    raise Invalid("This device cannot run the speech model with this compute type.")
                self._model = faster_whisper.WhisperModel(
                    str(folder),
                    device=kind,
                    device_index=number,
                    compute_type=compute_type,
                    cpu_threads=1,
                    num_workers=self._workers,
                    local_files_only=True,
                )
        except Exception as error:
            # For a broken tokenizer.json the library gives the bare class; anything else, a job's time limit say, is
            # of a class of its own.
            if type(error) is not Exception:
                raise
            raise BrokenModel("The speech model's tokenizer cannot be read. Run `onrecord models fetch`.") from error
        if self._model.feature_extractor.mel_filters.shape[0] != self._model.model.n_mels:
            raise BrokenModel("The speech model lacks its preprocessor_config.json. Run `onrecord models fetch`.")
        self._tokenizers = {
            language: Tokenizer(
                self._model.hf_tokenizer, self._model.model.is_multilingual, task="transcribe", language=language
            )
            for language in self._model.supported_languages
        }
        self._calibration = calibration_of(made_with)
        self._batch_size = batch_size or BATCH_SIZES[kind]
        self._beam_size = beam_size
        self.made_with = made_with

    def transcribe(
        self, samples: Samples, *, stretches: Sequence[Interval], language: str | None, progress: Progress
    ) -> Transcription:
        """See ``Transcriber``. Words lie within the stretches; the language's probability is given where it was heard.

        A model that knows one language only is not said to have heard it: no probability then.
        """
        if language is not None and language not in self._tokenizers:
            raise Invalid("The speech model that is loaded does not know this language. Choose one that does.")
        track: Array = np.asarray(samples, dtype=np.float32)  # (samples,), no copy
        chunks = sorted(lay_out(track, stretches), key=speech_in, reverse=True)
        let_go(samples)
        if not chunks:
            progress(1.0)
            return Transcription((), None, None)

        batches = [tuple(chunks[at : at + self._batch_size]) for at in range(0, len(chunks), self._batch_size)]
        first = max(1, LANGUAGE_CHUNKS // self._batch_size) if language is None else 0
        total, done = sum(map(speech_in, chunks)), 0
        said: list[Said] = []
        given, confidence = language, None
        pool = ThreadPoolExecutor(self._workers)
        try:
            encoded = list(pool.map(partial(self._encode, track), batches[:first]))
            if language is None:
                language, confidence = self._call_language(encoded)
            hear = partial(self._hear, track, language=language)
            for found in pool.map(hear, [*encoded, *batches[first:]]):
                said.extend(found)
                done += sum(speech_in(one.chunk) for one in found)
                progress(done / total)
                let_go(samples)
        finally:
            pool.shutdown(cancel_futures=True)
        words = tuple(sorted((word for one in said for word in one.words), key=lambda word: word.start_s))
        if not words:  # in sound without a word no language was heard
            language, confidence = given, None
        return Transcription(
            words=words,
            language=language,
            language_confidence=confidence,
            other_languages=_other_languages(said),
            not_heard=joined(stretch for one in said for stretch in one.not_heard),
        )

    def _call_language(self, encoded: Sequence[Encoded]) -> tuple[str, float | None]:
        """The language with the highest mean probability over the chunks."""
        heard = [languages for batch in encoded for languages in batch.languages]
        if not heard:
            return self._model.supported_languages[0], None
        mean = {language: sum(one[language] for one in heard) / len(heard) for language in heard[0]}
        best = max(mean, key=lambda language: mean[language])
        return best, round(min(1.0, mean[best]), 3)

    def _encode(self, track: Array, batch: tuple[Chunk, ...], *, frames: int = FRAMES) -> Encoded:
        """Encodes chunks as if each lasted ``frames``. Fewer than all cost far less, and text is heard worse from them.

        (Of the words of 15 built tracks 8.2 % are wrong where 2 s of silence follow a chunk, and now and then a last
        sentence is heard twice; 7.4 % where 30 s are filled, as Whisper was trained.)
        """
        features = np.zeros((len(batch), self._model.model.n_mels, frames), dtype=np.float32)
        for row, chunk in zip(features, batch, strict=True):
            heard = self._model.feature_extractor(sound_of(chunk, track))[:, :frames]  # (mels, frames of the sound)
            row[:, : heard.shape[1]] = heard
        with ctranslate2_errors("speech model"):
            encoded = self._model.encode(features)
            found = self._model.model.detect_language(encoded) if len(self._tokenizers) > 1 else []
        languages = tuple({token[2:-2]: probability for token, probability in each} for each in found)
        return Encoded(batch, encoded, languages)

    def _hear(self, track: Array, given: Encoded | tuple[Chunk, ...], *, language: str) -> tuple[Said, ...]:
        """What is said in each chunk of a batch, which may have been encoded already."""
        encoded = given if isinstance(given, Encoded) else self._encode(track, given)
        spoken = [
            self._by_language(track, chunk, encoded.languages[number] if encoded.languages else {}, language)
            for number, chunk in enumerate(encoded.batch)
        ]
        whole = self._decode(encoded, [parts[0].language for parts in spoken])
        said = []
        for parts, heard in zip(spoken, whole, strict=True):
            for part in parts:
                decoded = heard
                if len(parts) > 1:
                    (decoded,) = self._decode(self._encode(track, (part.chunk,)), [part.language])
                words, cut = self._believe(track, part.chunk, decoded, part.language)
                lost = joined((*cut, *without_words(words, part.chunk)))
                said.append(replace(part, words=self._calibration.applied(words), not_heard=lost))
        return tuple(said)

    def _by_language(self, track: Array, chunk: Chunk, heard: dict[str, float], language: str) -> tuple[Said, ...]:
        """A chunk in parts of one language each, yet without words; one part where there is no doubt, or no pause.

        Where the language of the whole is in doubt, each piece is asked for its own. One that is short or in doubt goes
        with the one before it where it sounds most like that, else with the call.
        """
        if not heard or max(heard.values()) >= SURE_OTHER or len(chunk) == 1:
            return (Said(chunk, *self._language_of(chunk, heard, language)),)
        parts: list[Said] = []
        run: list[Piece] = []
        for piece in chunk:
            frames = round((piece.length / SAMPLE_RATE_HZ + LANGUAGE_MARGIN_S) * FRAMES_PER_S / 2) * 2
            (probabilities,) = self._encode(track, (alone((piece,)),), frames=min(frames, FRAMES)).languages
            before = parts[-1].language if parts else language
            likeliest = max(probabilities, key=lambda each: probabilities[each])
            found, probability = self._language_of((piece,), probabilities, before if likeliest == before else language)
            if parts and found == before:
                run.append(piece)
                parts[-1] = replace(parts[-1], chunk=alone(run))
            else:
                run = [piece]
                parts.append(Said(alone(run), found, probability if found != language else None))
        return tuple(parts)

    def _language_of(self, chunk: Chunk, heard: dict[str, float], language: str) -> tuple[str, float | None]:
        """The language of a chunk: the given one, or another with its probability, where that is beyond doubt."""
        best = max(heard, key=lambda each: heard[each], default=language)
        if best == language or heard[best] < SURE_OTHER or speech_in(chunk) < OTHER_SPEECH_S * SAMPLE_RATE_HZ:
            return language, None
        return best, round(min(1.0, heard[best]), 3)

    def _believe(
        self, track: Array, chunk: Chunk, heard: Heard, language: str, *, again: bool = True
    ) -> tuple[tuple[Word, ...], tuple[Interval, ...]]:
        """The words of a chunk on the track and what was cut from them; one that is doubtful is heard in two halves."""
        if heard.is_silence():
            return (), ()
        if again and heard.is_doubtful() and speech_in(chunk) >= SHORTEST_HALVED_S * SAMPLE_RATE_HZ:
            words: tuple[Word, ...] = ()
            cut: tuple[Interval, ...] = ()
            for half in halves(chunk, track):
                (once_more,) = self._decode(self._encode(track, (half,)), [language])
                more, lost = self._believe(track, half, once_more, language, again=False)
                words, cut = (*words, *more), (*cut, *lost)
            return words, cut
        kept: list[Word] = []
        loops: list[Interval] = []
        for words_there in _by_piece(put_back(heard.words, chunk, track), chunk):
            once = without_loops(words_there)
            kept.extend(once)
            if len(once) < len(words_there):
                rest = [word for word in words_there if word not in once]
                loops.append(Interval(rest[0].start_s, max(word.end_s for word in rest)))
        return tuple(kept), tuple(loops)

    def _decode(self, encoded: Encoded, languages: Sequence[str]) -> list[Heard]:
        """The words of each chunk of a batch, each in its language."""
        tokenizers = [self._tokenizers[language] for language in languages]
        with ctranslate2_errors("speech model"):
            results = self._model.model.generate(
                encoded.sound,
                [[*tokenizer.sot_sequence, tokenizer.no_timestamps] for tokenizer in tokenizers],
                beam_size=self._beam_size,
                return_scores=True,
                return_no_speech_prob=True,
            )
            timed = {language: self._align(encoded, results, language) for language in set(languages)}
        heard = []
        for number, (result, language) in enumerate(zip(results, languages, strict=True)):
            tokens = result.sequences_ids[0]
            text = self._tokenizers[language].decode(tokens).encode()
            heard.append(
                Heard(
                    words_of(timed[language][number]),
                    compression=len(text) / len(compress(text)),
                    log_probability=result.scores[0] * len(tokens) / (len(tokens) + 1),  # the end is a token too
                    no_speech=result.no_speech_prob,
                )
            )
        return heard

    def _align(self, encoded: Encoded, results: Sequence[Any], language: str) -> list[list[dict[str, Any]]]:
        """For each chunk the library's words, in seconds of the chunk."""
        segments = []
        frames = []
        for chunk, result in zip(encoded.batch, results, strict=True):
            length_s = (chunk[-1].at + chunk[-1].length) / SAMPLE_RATE_HZ
            segments.append([{"tokens": result.sequences_ids[0], "seek": 0, "start": 0.0, "end": length_s}])
            frames.append(min(FRAMES, int(np.ceil(length_s)) * FRAMES_PER_S))
        self._model.add_word_timestamps(
            segments, self._tokenizers[language], encoded.sound, frames, OPENING, CLOSING, 0.0
        )
        return [segment["words"] for (segment,) in segments]


def _other_languages(said: Sequence[Said]) -> tuple[OtherLanguage, ...]:
    """Where another language than the call's is spoken, in order; neighbours in one language are one."""
    found: list[OtherLanguage] = []
    for one in sorted(said, key=lambda one: one.chunk[0].first):
        if one.language_probability is None:
            continue
        start_s, end_s = one.chunk[0].first / SAMPLE_RATE_HZ, one.chunk[-1].last / SAMPLE_RATE_HZ
        found.append(OtherLanguage(one.language, one.language_probability, start_s, end_s))
    return tuple(found)


def _by_piece(words: Iterable[Word], chunk: Chunk) -> Iterator[tuple[Word, ...]]:
    """The words of each piece, at their times on the track."""
    found: dict[Piece, list[Word]] = {piece: [] for piece in chunk}
    starts = [piece.first / SAMPLE_RATE_HZ for piece in chunk]
    for word in words:
        found[chunk[max(0, bisect_right(starts, word.start_s) - 1)]].append(word)
    yield from map(tuple, found.values())


def words_of(timed: Sequence[dict[str, Any]]) -> tuple[Word, ...]:
    """The library's words of one chunk as ours; white space and signs that nobody speaks left out.

    Raises BrokenModel for times or probabilities that are none.
    """
    words: list[Word] = []
    for word in timed:
        start_s, end_s, probability = (float(word[name]) for name in ("start", "end", "probability"))
        if not np.isfinite([start_s, end_s, probability]).all():
            raise BrokenModel("The speech model gave a time or a probability that is none.")
        heard = Word(word["word"].strip(), start_s, end_s, min(1.0, max(0.0, probability)))
        if words and _goes_on(words[-1].text, word["word"]):
            words.extend(_in_one(words.pop(), heard))
        else:
            words.append(heard)
    return tuple(word for word in words if word.text.strip(BETWEEN_WORDS))


def _goes_on(before: str, text: str) -> bool:
    """Whether the text is the rest of the word before it, from which only the tokenizer parted it."""
    return bool(before and text.strip()) and not text[0].isspace() and (text[0] in JOINS or before[-1] in JOINS)


def _in_one(word: Word, rest: Word) -> tuple[Word, ...]:
    """A word and its rest as one, as sure as its least sure part; or as two, where it is a number read in groups."""
    whole = Word(word.text + rest.text, word.start_s, rest.end_s, min(word.confidence, rest.confidence))
    group = rest.text.removeprefix(GROUPS)
    apart = word.text.endswith(GROUPS) or group != rest.text
    if not apart or not group or rest.end_s - word.start_s <= LONGEST_WORD_S:
        return (whole,)
    return replace(word, text=word.text.removesuffix(GROUPS) + GROUPS), replace(rest, text=group)


def without_loops(words: Sequence[Word]) -> tuple[Word, ...]:
    """The words with every phrase that is said over and over kept once, its first round.

    Digits are left alone: a number may be nothing but noughts.
    """
    kept = list(words)
    said = [word.text.strip(BETWEEN_WORDS).casefold() for word in words]
    for size in range(1, LONGEST_PHRASE + 1):
        most = ROUNDS_OF_ONE if size == 1 else ROUNDS
        at = 0
        while at + size * most <= len(said):
            rounds = 1
            while said[at : at + size] == said[at + rounds * size : at + (rounds + 1) * size]:
                rounds += 1
            if rounds >= most and not all(word.isdigit() for word in said[at : at + size]):
                del kept[at + size : at + rounds * size], said[at + size : at + rounds * size]
            at += 1
    return tuple(kept)
