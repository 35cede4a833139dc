"""The built calls, each heard once: by the real voice detector, the real Whisper and the real diarizer."""

from __future__ import annotations

from collections.abc import Callable
from itertools import takewhile
from pathlib import Path
from typing import Protocol

import numpy as np
import pytest
import soundfile
from built import SAMPLE, Builder, Heard, Sentence, Tracks, add_noise, mix, read_sentences

from scripts.telephone_sounds import (
    SAMPLE_RATE_HZ,
    change_level,
    dial,
    keep_telephone_band,
    leak,
    make_comfort_noise,
    make_noise,
    overdrive,
    play_hold_music,
    ring,
    set_level,
    sound_busy,
)
from worker.bootstrap.adapters import ports, wanted_models
from worker.core.call import CallDetails
from worker.core.sound import Interval
from worker.process import work_stages
from worker.settings import Settings
from worker.stages import PROTECT, STAGES

HERE = Path(__file__).parent
MUSIC_DBFS = -22.0


class Hear(Protocol):
    """Takes (samples, channels) at 8 kHz through the stages, up to turns with their parties."""

    def __call__(self, tracks: Tracks, *, details: CallDetails | None = None) -> Heard: ...


@pytest.fixture(scope="session")
def hear(weights: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Hear:
    settings = Settings(writing_model="none", device="cpu")
    for name in wanted_models(settings):
        weights(name)
    adapters = ports(settings)
    stages = tuple(takewhile(lambda stage: stage.name != PROTECT, STAGES))
    folder = tmp_path_factory.mktemp("hearing")

    def run(tracks: Tracks, *, details: CallDetails | None = None) -> Heard:
        path = folder / "call.wav"
        soundfile.write(path, np.clip(tracks, -1.0, 1.0), SAMPLE_RATE_HZ, subtype="PCM_16")
        values, _ = work_stages(
            path,
            details or CallDetails(),
            stages=stages,
            ports=adapters,
            scratch=folder,
            code_revision="tests",
            show=lambda name, share: None,
        )
        return Heard(values["listening"], values["transcript"], values["spoken"])

    return run


@pytest.fixture(scope="session")
def sample() -> tuple[Sentence, ...]:
    """The sentences of the sample call: channel 0 the agent Daniel, channel 1 the customer Maria."""
    return read_sentences(SAMPLE / "call.flac", SAMPLE / "reference.json")


@pytest.fixture(scope="session")
def more() -> dict[str, list[Sentence]]:
    """Sentences of other voices, by speaker: system, june, victor (English), lucia, andres (Spanish)."""
    found: dict[str, list[Sentence]] = {}
    for sentence in read_sentences(HERE / "more_voices.flac", HERE / "more_voices.json"):
        found.setdefault(sentence.speaker, []).append(sentence)
    return found


# Sounds that are no speech ---------------------------------------------------------------------------------------


def on_the_line(sound, level_dbfs: float = MUSIC_DBFS):
    """A sound with the band and the level of a telephone."""
    return set_level(keep_telephone_band(sound), level_dbfs)


@pytest.fixture(scope="session")
def no_speech(hear):
    """An abandoned call: dialled digits, ringing, comfort noise, two kinds of music, long silence, busy tone."""
    call = Builder()
    call.play(on_the_line(dial("5550142")), 1)
    call.play(on_the_line(ring(8)), 0)
    call.play(make_comfort_noise(8, level_dbfs=-48, seed=1), 0)
    call.play(on_the_line(play_hold_music(15, tune="ballad")), 0)
    call.wait(15)
    call.play(on_the_line(play_hold_music(10, tune="skip")), 0)
    call.play(on_the_line(sound_busy(5)), 0)
    return hear(call.finish())


@pytest.fixture(scope="session")
def waiting(hear, sample, more):
    """Ringing and a dialled digit; hold music with an announcement over it; 20 s of silence; each place by its name."""
    call = Builder()
    places = {
        "ringing": call.play(on_the_line(ring(7)), 0),
        "digits": call.play(on_the_line(dial("2")), 1),
    }
    for number in (0, 1, 8, 9):
        call.say(sample[number])
    announcement = more["system"][0].sound
    music = on_the_line(play_hold_music(18 + announcement.size / SAMPLE_RATE_HZ, tune="waltz"))
    first = 9 * SAMPLE_RATE_HZ
    music[first : first + announcement.size] *= 0.25  # on a real line too, the music goes on under the voice
    music[first : first + announcement.size] += announcement
    hold = places["hold"] = call.play(music, 0, pause_s=0.7)
    places["announcement"] = Interval(hold.start_s + 9, hold.end_s - 9)
    call.say(sample[10], pause_s=0.6)
    call.say(sample[11], pause_s=-0.5)
    places["silence"] = call.wait(20)
    places["after the silence"] = call.say(sample[12], pause_s=0).when
    places["comfort noise"] = call.play(make_comfort_noise(6, level_dbfs=-50, seed=2), 0)
    call.say(sample[13], pause_s=-6)
    return call, places, hear(call.finish())


# Two tracks that are not quite two sides -------------------------------------------------------------------------


@pytest.fixture(scope="session")
def clean(hear, sample):
    """The first half minute of the sample call, as it is: what the worse ones are compared with."""
    call = Builder()
    for sentence in sample[:8]:
        call.say(sentence)
    return call, hear(call.finish(noise_dbfs=-55))


@pytest.fixture(scope="session")
def leaking(hear, sample):
    """The same, but each track is heard on the other one, 20 dB fainter."""
    call = Builder()
    for sentence in sample[:8]:
        call.say(sentence)
    agent, customer = call.finish(noise_dbfs=-55).T
    leaky = np.stack([leak(customer, agent, level_db=-20), leak(agent, customer, level_db=-20)], axis=1)
    return call, hear(leaky)


@pytest.fixture(scope="session")
def same_sound(hear, sample):
    """Both parties on both tracks, the second track 6 dB fainter."""
    call = Builder()
    for sentence in sample[:8]:
        call.say(sentence)
    mono = mix(call.finish())
    return call, hear(np.concatenate([mono, 0.5 * mono], axis=1))


@pytest.fixture(scope="session")
def one_silent(hear, sample):
    """The agent speaks, and from the customer there is nothing but the noise of the line."""
    call = Builder()
    for number in (0, 10, 26):
        call.say(sample[number], pause_s=4)
    return call, hear(call.finish())


@pytest.fixture(scope="session")
def quiet(hear, sample):
    """A clipped agent and, 30 dB fainter, a customer who reads a card number and a code out."""
    call = Builder()
    for number in (*range(14, 24),):
        call.say(sample[number])
    agent, customer = call.finish(noise_dbfs=None).T
    line = np.stack([overdrive(agent, 15), change_level(customer, -19)], axis=1)
    return call, hear(add_noise(line, -72))


# Voices that meet ------------------------------------------------------------------------------------------------


def interrupt(sample) -> tuple[Builder, Interval]:
    """Ordinary turns, and then the customer speaks for a while within a long sentence of the agent."""
    call = Builder()
    for number in (0, 1, 2):
        call.say(sample[number])
    call.say(sample[12])
    overlap = call.say(sample[15], pause_s=-6).when
    call.say(sample[16])
    call.say(sample[13])
    return call, overlap


@pytest.fixture(scope="session")
def interrupted(hear, sample):
    call, overlap = interrupt(sample)
    return call, overlap, hear(call.finish())


@pytest.fixture(scope="session")
def interrupted_mono(hear, sample):
    call, overlap = interrupt(sample)
    return call, overlap, hear(mix(call.finish()))


@pytest.fixture(scope="session")
def two_women_mono(hear, sample, more):
    """June, the agent, and Maria, the customer: short turns on one track at 8 kHz."""
    june = more["june"]
    turns = (june[0], sample[1], june[1], sample[3], june[2], sample[7], june[3], sample[5], june[4], sample[25])
    call = Builder()
    for sentence in turns:
        call.say(sentence)
    return call, hear(mix(call.finish()))


def transfer(sample, more) -> tuple[Builder, Interval]:
    """Daniel, a hold, and then Victor: the customer Maria with both."""
    call = Builder()
    for number in (0, 1, 2, 3, 8, 9):
        call.say(sample[number])
    hold = call.play(on_the_line(play_hold_music(10, tune="stroll")), 0)
    for sentence in (more["victor"][0], sample[11], more["victor"][1], sample[25]):
        call.say(sentence)
    return call, hold


@pytest.fixture(scope="session")
def transferred(hear, sample, more):
    call, hold = transfer(sample, more)
    return call, hold, hear(call.finish())


@pytest.fixture(scope="session")
def transferred_mono(hear, sample, more):
    call, hold = transfer(sample, more)
    return call, hold, hear(mix(call.finish()))


# What is said ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def spanish(hear, more):
    call = Builder()
    for pair in zip(more["lucia"], more["andres"], strict=True):
        for sentence in pair:
            call.say(sentence)
    return call, hear(call.finish())


@pytest.fixture(scope="session")
def english_then_spanish(hear, sample, more):
    """Half a minute of English, and then the same customer's line and another agent in Spanish."""
    call = Builder()
    for number in (0, 1, 2, 3):
        call.say(sample[number])
    change_s = call.end_s
    for pair in zip(more["lucia"], more["andres"], strict=True):
        for sentence in pair:
            call.say(sentence)
    return call, change_s, hear(call.finish())


@pytest.fixture(scope="session")
def whole_sample(hear):
    """The sample call as it is committed: both lines equally good."""
    tracks, _ = soundfile.read(SAMPLE / "call.flac")
    return hear(tracks)


@pytest.fixture(scope="session")
def drowned(hear, sample):
    """A call of which one sentence is drowned in noise, so that nobody can be sure what was said."""
    call = Builder()
    for number in (0, 1, 2):
        call.say(sample[number])
    drowned = call.say(sample[3]).when
    for number in (4, 5, 14, 15):
        call.say(sample[number])
    tracks = call.finish()
    first, last = (round(at_s * SAMPLE_RATE_HZ) for at_s in (drowned.start_s, drowned.end_s))
    tracks[first:last, 1] += make_noise(last - first, level_dbfs=-19, seed=9)
    return call, drowned, hear(tracks)


@pytest.fixture(scope="session")
def repeating(hear, sample):
    """A customer who says the same again and again, and means it: a number in groups, and "no" many times."""
    call = Builder()
    call.say(sample[16])
    for _ in range(2):
        call.say(sample[17])
        call.say(sample[19])
    call.say(sample[20])
    for _ in range(6):
        call.say(sample[5], pause_s=0.5)
    call.say(sample[24])
    return call, hear(call.finish())
