"""The story's call: four turns with their words, and sound that is loud where they are spoken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
import soundfile
from fastapi.testclient import TestClient

from tests.installation import Installation
from worker.core.log.entry import SIDES, Role
from worker.core.transcript import Word
from worker.web.app import create_app
from worker.web.links import one_time_address
from worker.web.parts import Parts

RATE_HZ = 8000
WORD_S, PAUSE_S = 0.35, 0.8

# (channel, what is said): the agent is on channel 0, the customer on channel 1.
SPOKEN = (
    (0, "Thank you for calling. How can I help you today?"),
    (1, "I would like a refund for the kettle that I bought."),
    (0, "I promise that you will get 20 euros back by Friday."),
    (1, "Thank you. That is all I need. Goodbye."),
)


@pytest.fixture
def spoken_words() -> tuple[Word, ...]:
    """The words of the call with their times, as the fake transcriber hears them."""
    words = []
    at_s = 0.5
    for _, text in SPOKEN:
        for word in text.split():
            words.append(Word(word, round(at_s, 3), round(at_s + WORD_S, 3), 0.9))
            at_s += WORD_S
        at_s += PAUSE_S
    return tuple(words)


@pytest.fixture
def recording(tmp_path: Path, spoken_words: tuple[Word, ...]) -> Path:
    """The recording of the call: a tone on the speaker's track while he or she speaks."""
    duration_s = spoken_words[-1].end_s + 0.5
    seconds = np.arange(int(duration_s * RATE_HZ)) / RATE_HZ
    tracks = np.zeros((len(seconds), 2))
    words = iter(spoken_words)
    for channel, text in SPOKEN:
        said = [next(words) for _ in text.split()]
        loud = (seconds >= said[0].start_s) & (seconds < said[-1].end_s)
        tracks[loud, channel] = 0.3 * np.sin(2 * np.pi * (180 + 60 * channel) * seconds[loud])
    path = tmp_path / "call.wav"
    soundfile.write(path, tracks, RATE_HZ, subtype="PCM_16")
    return path


@pytest.fixture
def parts() -> Callable[[Installation], Parts]:
    """What the pages of an installation work with."""

    def parts(installation: Installation) -> Parts:
        secret = "a secret of this test that is long enough"
        return Parts(installation.store, installation.sounds, secret=secret, base_url="http://localhost")

    return parts


@pytest.fixture
def readers(parts) -> Iterator[Callable[[Installation, str], dict[Role, TestClient]]]:
    """Both sides of a call, each in a browser of their own, signed in by the link that they were given."""
    with ExitStack() as stack:

        def readers(installation: Installation, call_id: str) -> dict[Role, TestClient]:
            app = create_app(parts(installation))
            return {role: stack.enter_context(_signed_in(app, installation, call_id, role)) for role in SIDES}

        yield readers


def _signed_in(app, installation: Installation, call_id: str, role: Role) -> TestClient:
    browser = TestClient(app, base_url="http://localhost", headers={"sec-fetch-site": "same-origin"})
    person = installation.store.people.side(call_id, role)
    link = one_time_address(
        installation.store, person, only_call=call_id, base="http://localhost", now=datetime.now(UTC)
    )
    token = urlsplit(link).path.rpartition("/")[2]
    answer = browser.post("/sign-in/once", data={"token": token}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/calls/{call_id}")
    return browser
