"""What must not be shown is gone from every place at once, whoever is killed on the way and wherever it goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import soundfile

from models.fakes import FakeTranscriber
from tests.installation import Installation
from worker.core.call import CallDetails
from worker.core.dialogue.values import Received
from worker.core.errors import NotFound
from worker.core.log.entry import EntryKind
from worker.core.protection import Found, Kind, Protected, Rules
from worker.core.transcript import Conversation, Transcript, Turn, Word
from worker.jobs import JobQueue, Scratch, Way
from worker.jobs import protecting as protecting_module
from worker.record.standing import CallState
from worker.stages import PROTECT, STAGES
from worker.stages.protect import protect

RATE_HZ = 8000
SAID = (
    (1, "It is 4929123456789015 and the code is seven three nine. Thanks."),
    (0, "Thank you. I will book it."),
)
NUMBER_AT_S, CODE_AT_S = (1.85, 2.15), (3.85, 4.95)
"""Where the recording says the number and the code."""


def script() -> tuple[Word, ...]:
    words, at_s = [], 1.0
    for _, text in SAID:
        for word in text.split():
            words.append(Word(word, round(at_s, 3), round(at_s + 0.4, 3), 0.9))
            at_s += 0.4
        at_s += 1.0
    return tuple(words)


def find(turns: Sequence[Turn], _language: str | None) -> tuple[Found, ...]:
    """A stand-in that knows the number and the code of this call by heart."""
    found = []
    for number, turn in enumerate(turns):
        texts = [word.text.strip(".") for word in turn.words]
        if "4929123456789015" in texts:
            at = texts.index("4929123456789015")
            found.append(Found(Kind.CARD_NUMBER, number, at, at + 1, left="9015"))
        if "seven" in texts:
            found.append(Found(Kind.CARD_CODE, number, texts.index("seven"), texts.index("nine") + 1))
    return tuple(found)


def tracks(duration_s: float = 12.0) -> np.ndarray:
    """A voice of noise on the track of whoever speaks, never the same twice, so that a piece of it is known again."""
    at = np.arange(int(duration_s * RATE_HZ)) / RATE_HZ
    voices = 0.2 * np.random.default_rng(7).standard_normal((len(at), 2))
    words = iter(script())
    heard = np.zeros_like(voices)
    for channel, text in SAID:
        said = [next(words) for _ in text.split()]
        loud = (at >= said[0].start_s) & (at < said[-1].end_s)
        heard[loud, channel] = voices[loud, channel]
    return heard


def recorded(folder: Path, name: str = "call.wav", **form: str) -> Path:
    path = folder / name
    soundfile.write(path, tracks(), RATE_HZ, **(form or {"subtype": "PCM_16"}))
    return path


def is_heard(samples: np.ndarray, at_s: tuple[float, float], channel: int, rate_hz: int) -> bool:
    """Whether the original sound of that stretch is anywhere in these samples, on any channel."""
    original = tracks()[round(at_s[0] * RATE_HZ) : round(at_s[1] * RATE_HZ), channel]
    assert rate_hz == RATE_HZ
    for one in samples.T:
        size = 1 << (len(one) + len(original) - 1).bit_length()
        alike = np.fft.irfft(np.fft.rfft(one, size) * np.conj(np.fft.rfft(original, size)), size)
        if np.abs(alike).max() > 0.3 * np.square(original).sum():
            return True
    return False


def work_of(installation: Installation, rules: Rules | None = None, **changed):
    """A worker in this process that hears the script, and whose stage of protection knows what to look for."""
    way = Way(tuple(replace(one, run=partial(protect, find=find)) if one.name == PROTECT else one for one in STAGES))
    ports = {
        **installation.work().ports,
        "transcriber": lambda: FakeTranscriber(script()),
        "protection": rules or Rules(),
    }
    return installation.work(queue=JobQueue(installation.queue.redis, "onrecord", way), ports=ports, **changed)


def run(work, call_id: str, *, first: str | None = None, last: str | None = None) -> None:
    names = [stage.name for stage in STAGES]
    for name in names[names.index(first) if first else 0 : names.index(last) + 1 if last else None]:
        work.run(call_id, name)


def sound_of(blocks, folder: Path) -> tuple[np.ndarray, int]:
    path = folder / "read"
    path.write_bytes(b"".join(blocks))
    samples, rate_hz = soundfile.read(path, always_2d=True)
    return samples, rate_hz


def notes(installation: Installation, call_id: str) -> list[Protected]:
    return [one.content for one in installation.store.log.items(call_id) if isinstance(one.content, Protected)]


def assert_protected(installation: Installation, call_id: str, *, folder: Path) -> None:
    """The record has tokens, the kept recording lacks the code and nothing else, and what is played lacks both."""
    record = installation.store.record(call_id)
    texts = " ".join(turn.text for turn in record.turns)
    assert "It is [card_number:9015] and the code is [card_code]. Thanks." in texts
    assert [cut.kind for cut in record.cuts] == [Kind.CARD_NUMBER, Kind.CARD_CODE]
    kept, rate_hz = sound_of(installation.sounds.read(call_id, 1), folder)
    assert not is_heard(kept, CODE_AT_S, 1, rate_hz)
    assert is_heard(kept, NUMBER_AT_S, 1, rate_hz), "it is kept, sealed: the evidence"
    played, rate_hz = sound_of(installation.sounds.read_copy(call_id), folder)
    assert not is_heard(played, CODE_AT_S, 1, rate_hz)
    assert not is_heard(played, NUMBER_AT_S, 1, rate_hz)
    assert is_heard(played, (1.0, 1.5), 1, rate_hz), "the rest is there"
    assert is_heard(played, (7.0, 8.0), 0, rate_hz)


def test_the_code_is_gone_from_the_recording_and_the_log_says_so(installation, tmp_path) -> None:
    path = recorded(tmp_path)
    call_id = installation.accept(path)
    (received,) = (one.content for one in installation.store.log.items(call_id) if isinstance(one.content, Received))
    run(work_of(installation), call_id)
    assert_protected(installation, call_id, folder=tmp_path)
    (note,) = notes(installation, call_id)
    assert (note.leg, note.was, note.file_name, note.codec) == (1, received.sha256, "call.wav", "pcm_s16le")
    assert note.sha256 == installation.sounds.hashed(call_id, 1).sha256 != note.was
    (stretch,) = note.stretches
    assert (stretch.kind, stretch.channels) == (Kind.CARD_CODE, (1,))
    assert stretch.start_s < CODE_AT_S[0] < CODE_AT_S[1] < stretch.end_s
    assert "PCI DSS" in note.why
    (leg,) = installation.store.record(call_id).legs
    assert (leg.sha256, leg.kept_as.sha256) == (note.was, note.sha256), "the record names both"


def test_the_same_recording_once_more_is_still_the_same_call(installation, tmp_path) -> None:
    path = recorded(tmp_path)
    call_id = installation.accept(path, CallDetails(external_id="a"))
    run(work_of(installation), call_id)
    assert installation.accept(path, CallDetails(external_id="a")) == call_id


def test_a_recording_that_cannot_be_overwritten_in_place_goes_on_as_flac(installation, tmp_path) -> None:
    call_id = installation.accept(recorded(tmp_path, "call.ogg", format="OGG", subtype="VORBIS"))
    run(work_of(installation), call_id)
    (note,) = notes(installation, call_id)
    assert (note.file_name, note.codec) == ("call.flac", "flac")
    record = installation.store.record(call_id)
    assert (record.recording.codec, record.recording.file_name) == ("vorbis", "call.ogg"), "what arrived"
    assert (record.legs[0].kept_as.codec, record.legs[0].kept_as.file_name) == ("flac", "call.flac")
    samples, _ = sound_of(installation.sounds.read(call_id, 1), tmp_path)
    assert len(samples) == len(tracks())


def test_what_is_masked_is_not_heard_and_the_recording_itself_stays_the_evidence(installation, tmp_path) -> None:
    path = recorded(tmp_path)
    call_id = installation.accept(path)
    work = work_of(installation)

    def number_alone(turns: Sequence[Turn], language: str | None) -> tuple[Found, ...]:
        return tuple(one for one in find(turns, language) if one.kind is Kind.CARD_NUMBER)

    stages = tuple(
        replace(one, run=partial(protect, find=number_alone)) if one.name == PROTECT else one for one in STAGES
    )
    work.queue = JobQueue(installation.queue.redis, "onrecord", Way(stages))
    run(work, call_id)
    assert notes(installation, call_id) == []
    assert b"".join(installation.sounds.read(call_id, 1)) == path.read_bytes()
    played, rate_hz = sound_of(installation.sounds.read_copy(call_id), tmp_path)
    assert not is_heard(played, NUMBER_AT_S, 1, rate_hz)
    assert is_heard(played, CODE_AT_S, 1, rate_hz)
    assert installation.store.record(call_id).legs[0].kept_as is None


def test_what_was_heard_before_it_was_protected_is_dropped_with_the_stage(installation, tmp_path) -> None:
    call_id = installation.accept(recorded(tmp_path))
    work = work_of(installation)
    run(work, call_id, last="attribute")
    assert "4929123456789015" in installation.store.value(call_id, "transcribe", Transcript).tracks[1].words[2].text
    assert "seven" in str(installation.store.value(call_id, "attribute", Conversation))
    with pytest.raises(NotFound):
        installation.sounds.copy_size(call_id)
    work.run(call_id, PROTECT)
    for stage, kind in (("transcribe", Transcript), ("attribute", Conversation)):
        with pytest.raises(NotFound):
            installation.store.value(call_id, stage, kind)
    assert "seven" not in str(installation.store.value(call_id, PROTECT, Conversation))
    assert installation.sounds.copy_size(call_id) > 0, "from now on there is sound to listen to"
    for path in (installation.folder / "scratch").rglob("*.f32"):
        samples = np.fromfile(path, np.float32)
        stretch = samples[round(CODE_AT_S[0] * 16_000) : round(CODE_AT_S[1] * 16_000)]
        assert np.abs(stretch).max() < 0.05, "overwritten where it lay"
    assert not list((installation.folder / "scratch").rglob("recording-*"))


STEPS = ("shred", "cut_recording", "replace", "overwrite_tracks", "write_listening_copy", "put_copy", "peaks_of")


class Killed(BaseException):
    """As if the process had gone."""


def killed_after(monkeypatch: pytest.MonkeyPatch, owner: object, step: str) -> None:
    """The process is killed after a step, the first time that it comes to it."""
    done = getattr(owner, step)

    def dying(*given: object, **named: object) -> object:
        monkeypatch.undo()
        done(*given, **named)
        raise Killed

    monkeypatch.setattr(owner, step, dying)


@pytest.mark.parametrize("step", [*STEPS, "put_peaks", "finish"])
def test_whoever_is_killed_between_two_steps_leaves_nothing_half(installation, tmp_path, step) -> None:
    """The next worker is on another machine: it decodes what is kept by then."""
    path = recorded(tmp_path)
    call_id = installation.accept(path)
    clock = [datetime.now(UTC)]
    work = work_of(installation, clock=lambda: clock[0])
    run(work, call_id, last="attribute")
    owner = {"replace": work.sounds, "put_copy": work.sounds, "put_peaks": work.sounds, "finish": work.store}
    with pytest.MonkeyPatch.context() as patch:
        killed_after(patch, owner.get(step, protecting_module), step)
        with pytest.raises(Killed):
            work.run(call_id, PROTECT)
    clock[0] += timedelta(minutes=10)
    there = Scratch(installation.folder / "elsewhere")
    other = work_of(installation, worker="there", scratch=there, clock=lambda: clock[0])
    run(other, call_id, first=PROTECT)
    assert installation.store.call(call_id).standing.state is CallState.READY
    assert_protected(installation, call_id, folder=tmp_path)
    assert len(notes(installation, call_id)) == 1, "it was overwritten once"


def test_a_retry_goes_on_from_the_recording_as_it_was_cut(installation, tmp_path) -> None:
    call_id = installation.accept(recorded(tmp_path))
    work = work_of(installation)
    run(work, call_id, last=PROTECT)
    work.ports = {**work.ports, "summarizer": lambda: 1 / 0}
    work.run(call_id, "summarise")
    assert installation.store.call(call_id).standing.state is CallState.FAILED
    installation.store.retry(call_id)
    healed = work_of(installation, worker="there", scratch=Scratch(installation.folder / "elsewhere"))
    run(healed, call_id, first="summarise")
    assert_protected(installation, call_id, folder=tmp_path)
    assert not (installation.folder / "elsewhere").exists(), (
        "nobody fetched or decoded anything for the rest of the way"
    )


def test_of_several_legs_only_the_one_with_the_code_is_overwritten(installation, tmp_path) -> None:
    quiet = tmp_path / "quiet.wav"
    soundfile.write(quiet, 0.5 * tracks()[: RATE_HZ // 2], RATE_HZ, subtype="PCM_16")
    began = datetime(2026, 3, 10, 10, tzinfo=UTC)
    call_id = installation.accept(quiet, CallDetails(external_id="a", started_at=began))
    path = recorded(tmp_path)
    joined = CallDetails(external_id="a", started_at=began + timedelta(seconds=1))
    assert installation.accept(path, joined) == call_id
    shifted = tuple(replace(word, start_s=word.start_s + 1.0, end_s=word.end_s + 1.0) for word in script())
    work = work_of(installation)
    work.ports = {**work.ports, "transcriber": lambda: FakeTranscriber(shifted)}
    run(work, call_id)
    (note,) = notes(installation, call_id)
    assert note.leg == 2
    assert note.stretches[0].start_s == pytest.approx(CODE_AT_S[0], abs=0.5), "in its own seconds"
    kept, rate_hz = sound_of(installation.sounds.read(call_id, 2), tmp_path)
    assert not is_heard(kept, CODE_AT_S, 1, rate_hz)
    assert b"".join(installation.sounds.read(call_id, 1)) == quiet.read_bytes()


def test_the_entries_of_a_protected_call_hold(installation, tmp_path) -> None:
    call_id = installation.accept(recorded(tmp_path))
    run(work_of(installation), call_id)
    kinds = [one.kind for one in installation.store.log.items(call_id)]
    assert kinds == [EntryKind.RECEIVED, EntryKind.PROTECTED, EntryKind.MADE]
