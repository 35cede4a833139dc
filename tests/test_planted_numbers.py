"""A card that was said is nowhere afterwards: calls go the whole real way, and then every place is searched.

Worker processes, the queue, both databases, the stores and the finders are the real ones; only the models are fakes,
which hear what the script says. On the way there are a worker that is killed in the middle of a stage, a stage whose
error quotes what was said, and a retry. ``pytest -s`` shows the list of places that were searched.
"""

from __future__ import annotations

import json
import shutil
import signal
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
import soundfile
from fastapi.testclient import TestClient
from redis import Redis

from scripts.planted.forms import PlantedNumber, PlantedSound
from scripts.planted.places import Search
from tests.installation import Installation, wait_until
from worker.core.arrival import Handover
from worker.core.call import CallDetails
from worker.core.log.entry import Role
from worker.core.protection import Kind, Protected
from worker.intake.accept import Intake
from worker.intake.dropped import Dropbox
from worker.intake.folder import FolderWatch
from worker.record.standing import CallState
from worker.web.app import create_app
from worker.web.links import one_time_address
from worker.web.parts import Parts

RATE_HZ = 8000
WORD_S, PAUSE_S = 0.4, 0.8
SAID = (
    (0, "Thank you for calling Brightwater. Could you read me the long number of your card please?"),
    (1, "It is 5425 2334 three zero one zero 9903, valid until oh four twenty thirty."),
    (0, "Thank you. And the three digits on the back, the security code?"),
    (1, "That is seven three nine. I would like a refund for the kettle that I bought."),
    (0, "I promise that you will get 20 euros back by Friday."),
)
NUMBER, CODE = PlantedNumber("the card's number", "5425233430109903"), PlantedNumber("the card's code", "739")


def words() -> list[dict[str, object]]:
    found, at_s = [], 0.5
    for _, text in SAID:
        for word in text.split():
            found.append({"text": word, "start_s": round(at_s, 3), "end_s": round(at_s + WORD_S, 3)})
            at_s += WORD_S
        at_s += PAUSE_S
    return found


def stretch(first: str, last: str) -> tuple[float, float]:
    """From when to when the call says these words."""
    texts = [one["text"] for one in words()]
    return float(words()[texts.index(first)]["start_s"]), float(words()[texts.index(last)]["end_s"])


def spoken(seed: int) -> np.ndarray:
    """A voice of noise on the track of whoever speaks: no second of it is like another."""
    script = iter(words())
    at = np.arange(int((float(words()[-1]["end_s"]) + 0.5) * RATE_HZ)) / RATE_HZ
    voices = 0.2 * np.random.default_rng(seed).standard_normal((len(at), 2))
    tracks = np.zeros_like(voices)
    for channel, text in SAID:
        said = [next(script) for _ in text.split()]
        loud = (at >= said[0]["start_s"]) & (at < said[-1]["end_s"])
        tracks[loud, channel] = voices[loud, channel]
    return np.clip(tracks, -1.0, 1.0).astype(np.float32)


def planted_sound(tracks: np.ndarray, name: str, first: str, last: str) -> PlantedSound:
    start_s, end_s = stretch(first, last)
    # As it lies in a file of 16 bits, so that the very bytes of it are looked for too.
    piece = np.round(tracks[round((start_s + 0.02) * RATE_HZ) : round((end_s - 0.02) * RATE_HZ), 1] * 32768) / 32768
    return PlantedSound(name, piece.astype(np.float32), RATE_HZ)


@pytest.fixture
def outside(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder that is not searched: what the test itself knows. Temporary files of all processes are searched."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    return tmp_path_factory.mktemp("outside")


def recorded(tracks: np.ndarray, path: Path, **form: str) -> Path:
    soundfile.write(path, tracks, RATE_HZ, **form)
    return path


def browser_of(installation: Installation, call_id: str) -> TestClient:
    """The customer of a call, signed in."""
    secret, base = "a secret of this test that is long enough", "http://localhost"
    app = create_app(Parts(installation.store, installation.sounds, secret=secret, base_url=base))
    browser = TestClient(app, base_url=base, headers={"sec-fetch-site": "same-origin"})
    person = installation.store.people.side(call_id, Role.CUSTOMER)
    link = one_time_address(installation.store, person, only_call=call_id, base=base, now=datetime.now(UTC))
    browser.post("/sign-in/once", data={"token": urlsplit(link).path.rpartition("/")[2]}, follow_redirects=False)
    return browser


def hand_over_all(installation: Installation, outside: Path, sounds: list[np.ndarray]) -> list[str]:
    """Three calls by three ways in: a file by the command line, an upload, a watched folder that is emptied."""
    intake = Intake(installation.store, installation.sounds, installation.queue)
    first = installation.accept(recorded(sounds[0], outside / "call.wav", subtype="PCM_16"))
    with recorded(sounds[1], outside / "call.flac", subtype="PCM_16").open("rb") as stream:
        second = intake.accept(stream, "call.flac", Handover(CallDetails(external_id="b"))).call_id
    dropped = installation.folder / "dropped"
    dropped.mkdir()
    recorded(sounds[2], dropped / "call.wav", subtype="ULAW")
    watch = FolderWatch(dropped, Dropbox(intake, "", ()), keeps=False, settle_s=0.0)
    before = {first, second}
    for _ in range(3):
        watch.look()
    (third,) = {one.id for one in installation.store.calls()} - before
    return [first, second, third]


def standing(installation: Installation, call_id: str):
    return installation.store.call(call_id).standing


def work_all(installation: Installation, outside: Path, call_ids: list[str]) -> None:
    """A worker is killed in the middle of a stage; in the next one an error quotes the call, and it is tried again."""
    script = outside / "script.json"
    script.write_text(json.dumps(words()))
    dying = installation.start_worker("dying", script=script, linger="transcribe:60")

    def is_at_it() -> bool:
        return any(standing(installation, one).stage == "transcribe" for one in call_ids)

    wait_until(is_at_it, what="the first worker hears a call", within_s=90.0)
    dying.send_signal(signal.SIGKILL)
    dying.wait()
    installation.start_worker("failing", script=script, once="transcribe:quote")

    def has_failed() -> bool:
        return any(standing(installation, one).state is CallState.FAILED for one in call_ids)

    wait_until(has_failed, what="an error that quotes the call failed it", within_s=120.0)
    on_the_way = Search((NUMBER, CODE))
    on_the_way.folder(installation.folder)
    on_the_way.database(installation.store_url)
    on_the_way.redis(installation.queue.redis)
    assert on_the_way.found == [], "nor while they are on their way, in results, errors, jobs and logs"
    installation.store.retry_all()

    def are_ready() -> bool:
        return all(standing(installation, one).state is CallState.READY for one in call_ids)

    wait_until(are_ready, what="all calls are ready", within_s=180.0)


def read_all(installation: Installation, call_ids: list[str], search: Search, folder: Path) -> None:
    """What somebody is given who may see all of it: pages, data, entries, the copy for listening."""
    for call_id in call_ids:
        with browser_of(installation, call_id) as client:
            for path in ("", ".json", "/peaks.json"):
                answer = client.get(f"/calls/{call_id}{path}")
                assert answer.status_code == 200, answer.text
                search.content(answer.content, f"answer of /calls/…{path}")
            answer = client.get(f"/api/v1/calls/{call_id}/entries")
            assert answer.status_code == 200, answer.text
            search.content(answer.content, "answer of /api/v1/calls/…/entries")
            for name, blocks in (
                ("the copy for listening", installation.sounds.read_copy(call_id)),
                ("the kept recording, opened", installation.sounds.read(call_id, 1)),
            ):
                path = folder / "opened"
                path.write_bytes(b"".join(blocks))
                tracks, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
                search.sound(tracks, rate_hz, name)
                path.unlink()


def test_nothing_that_was_planted_is_found_anywhere(installation: Installation, outside: Path, redis_url: str) -> None:
    sounds = [spoken(seed) for seed in (1, 2, 3)]
    call_ids = hand_over_all(installation, outside, sounds)
    work_all(installation, outside, call_ids)
    for call_id in call_ids:
        record = installation.store.record(call_id)
        text = " ".join(turn.text for turn in record.turns)
        assert "[card_number:9903]" in text
        assert "That is [card_code]. I would like a refund" in text
        assert {Kind.CARD_NUMBER, Kind.CARD_CODE, Kind.CARD_EXPIRY} <= {cut.kind for cut in record.cuts}
        assert sum(isinstance(one.content, Protected) for one in installation.store.log.items(call_id)) == 1

    codes = [planted_sound(one, "the sound of the code", "seven", "nine.") for one in sounds]
    search = Search((NUMBER, CODE, *codes))
    read_all(installation, call_ids, search, outside)
    search.folder(installation.folder)
    search.database(installation.store_url)
    search.redis(installation.queue.redis)
    if installation.store_url.startswith("postgres"):
        search.folder(_postgres_folder(installation.store_url))
    numbers = [planted_sound(one, "the sound of the number", "5425", "9903,") for one in sounds]
    heard = Search(tuple(numbers))
    for call_id in call_ids:
        path = outside / "copy.flac"
        path.write_bytes(b"".join(installation.sounds.read_copy(call_id)))
        heard.sound(*soundfile.read(path, dtype="float32", always_2d=True), "the copy for listening")
    heard.folder(installation.folder)
    print("Searched:", *search.searched, *heard.searched, sep="\n  ")  # noqa: T201 -- the list that `-s` shows
    assert search.found + heard.found == []


def _postgres_folder(url: str) -> Path:
    return Path(parse_qs(urlsplit(url).query)["host"][0]).parent / "data"


def test_what_lies_open_is_found_in_every_form(tmp_path: Path) -> None:
    """The search itself is tested: else nothing would ever be found."""
    tracks = spoken(4)
    code = planted_sound(tracks, "the sound of the code", "seven", "nine.")
    recorded(tracks, tmp_path / "kept.wav", subtype="PCM_16")
    recorded(tracks, tmp_path / "kept.flac", subtype="PCM_16")
    recorded(tracks, tmp_path / "kept.ogg", subtype="VORBIS", format="OGG")
    shutil.copy(tmp_path / "kept.wav", tmp_path / "no-name")
    (tmp_path / "samples").write_bytes(b"\x01\x02\x03" + np.round(tracks[:, 1] * 32768).astype("<i2").tobytes())
    (tmp_path / "stage.json").write_text(json.dumps([{**one, "confidence": 0.9} for one in words()]))
    (tmp_path / "turn.txt").write_text(SAID[3][1])
    (tmp_path / "log").write_text('{"error": "cannot align: It is 5425-2334-3010-9903 and 739!"}')
    search = Search((NUMBER, CODE, code))
    search.folder(tmp_path)
    assert sorted({(Path(one.where).name, one.what) for one in search.found}) == sorted(
        {
            *((name, code.name) for name in ("kept.wav", "kept.flac", "kept.ogg", "no-name", "samples")),
            ("stage.json", NUMBER.name),
            ("stage.json", CODE.name),
            ("turn.txt", CODE.name),
            ("log", NUMBER.name),
            ("log", CODE.name),
        }
    )


def test_what_lies_in_a_queue_is_found(redis_url: str) -> None:
    redis = Redis.from_url(redis_url)
    redis.flushall()
    redis.hset("rq:job:1", mapping={"data": "card 5425 2334 3010 9903"})
    redis.rpush("queue", "a", "It was seven three nine, I think")
    search = Search((NUMBER, CODE))
    search.redis(redis)
    redis.flushall()
    redis.close()
    assert {(one.what, one.where) for one in search.found} >= {
        (NUMBER.name, "redis key rq:job:1"),
        (CODE.name, "redis key queue"),
        (NUMBER.name, "redis dump (RDB)"),
    }
