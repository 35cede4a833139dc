"""A watched bucket, on a real S3 server: what is taken, what is remembered of it, and what is said of mistakes."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx2
import obstore
import pytest
from moto.server import ThreadedMotoServer
from obstore.store import from_url

from tests import made_files
from worker.core.errors import Invalid, Unavailable
from worker.intake.accept import Intake
from worker.intake.bucket import BucketWatch
from worker.intake.dropped import Dropbox, Look
from worker.intake.limits import Busy, Limits
from worker.record.sounds import SoundStore
from worker.record.store import Store

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
SOUND = made_files.wav()


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """The address of an S3 server, which the environment names too."""
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_ALLOW_HTTP", "true")
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_REGION", "us-east-1")
        yield f"http://{host}:{port}"
    server.stop()


class Bucket:
    """A bucket of this test, and what watches its part below ``in``."""

    def __init__(self, name: str, s3: str, store: Store, sounds: SoundStore) -> None:
        assert httpx2.put(f"{s3}/{name}", trust_env=False).is_success
        self.name, self.store, self.sounds = name, store, sounds
        self.objects = from_url(f"s3://{name}")
        self.limits = Limits()

    def put(self, path: str, data: bytes | str) -> None:
        obstore.put(self.objects, path, data.encode() if isinstance(data, str) else data)

    def look(self, **options: bool) -> Look:
        """One look of a process that was just started."""
        dropbox = Dropbox(Intake(self.store, self.sounds, limits=self.limits), "pbx")
        address = f"s3://{self.name}/in"
        return BucketWatch(address, dropbox, self.store.watched, now=lambda: NOW, **options).look()


@pytest.fixture
def bucket(s3: str, store: Store, sound_store: SoundStore, request: pytest.FixtureRequest) -> Bucket:
    return Bucket(f"b{abs(hash(request.node.nodeid))}", s3, store, sound_store)


def test_what_comes_is_taken_once_with_its_details_and_stays_where_it_lies(bucket: Bucket) -> None:
    bucket.put("in/2026/call.wav.json", json.dumps({"external_id": "4711", "line": "support"}))
    bucket.put("in/2026/call.wav", SOUND)
    bucket.put("elsewhere/other.wav", made_files.wav(2.0))
    assert bucket.look() == Look(accepted=1)
    (call,) = bucket.store.calls()
    assert (call.sender, call.details.external_id, call.details.line) == ("pbx", "4711", "support")
    assert call.legs[0].file_name == "call.wav"
    assert call.legs[0].sha256 is not None
    assert b"".join(bucket.sounds.read(call.id, 1)) == SOUND
    assert bucket.look() == Look()
    assert obstore.head(bucket.objects, "in/2026/call.wav")["size"] == len(SOUND)


def test_an_object_that_is_written_anew_is_another_recording(bucket: Bucket) -> None:
    bucket.put("in/call.wav", SOUND)
    assert bucket.look() == Look(accepted=1)
    bucket.put("in/call.wav", made_files.wav(2.0))
    assert bucket.look() == Look(accepted=1)
    assert bucket.look() == Look()
    assert len(bucket.store.calls()) == 2


def test_killed_before_it_is_noted_it_is_handed_over_again_as_the_same_call(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """This process ends here."""

    def kill(*_given: object, **_options: object) -> None:
        raise Killed

    bucket.put("in/call.wav", SOUND)
    monkeypatch.setattr(bucket.store.watched, "note", kill)
    with pytest.raises(Killed):
        bucket.look()
    monkeypatch.undo()
    assert bucket.look() == Look(accepted=1)
    assert bucket.look() == Look()
    assert len(bucket.store.calls()) == 1


def test_what_is_refused_is_remembered_with_the_reason_until_it_is_written_anew(bucket: Bucket) -> None:
    bucket.put("in/call.wav.json", "{")
    bucket.put("in/call.wav", SOUND)
    bucket.put("in/one.vcon", "{}")
    assert bucket.look() == Look(refused=2)
    assert bucket.look() == Look()
    refused = {one.path: one for one in bucket.store.watched.refused()}
    assert refused.keys() == {"call.wav", "one.vcon"}
    assert "details beside it" in refused["call.wav"].reason
    assert "/uuid" in refused["one.vcon"].reason
    assert refused["one.vcon"].at == NOW
    bucket.put("in/call.wav.json", json.dumps({"external_id": "4711"}))
    bucket.put("in/call.wav", SOUND + b"\0")
    assert bucket.look() == Look(accepted=1)
    assert [one.path for one in bucket.store.watched.refused()] == ["one.vcon"]


def test_a_recording_waits_for_its_details_where_each_has_some(bucket: Bucket) -> None:
    bucket.put("in/call.wav", SOUND)
    assert bucket.look(waits_for_details=True) == Look()
    bucket.put("in/call.wav.json", json.dumps({"external_id": "4711"}))
    assert bucket.look(waits_for_details=True) == Look(accepted=1)


def test_a_full_disk_for_what_is_fetched_ends_no_watching(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_room(*_given: object, **_options: object) -> None:
        raise OSError(errno.ENOSPC, "no")

    bucket.put("in/call.wav", SOUND)
    with monkeypatch.context() as full:
        full.setattr("worker.intake.bucket.tempfile.TemporaryFile", no_room)
        with pytest.raises(Unavailable, match="disk"):
            bucket.look()
    assert bucket.look() == Look(accepted=1)


def test_empty_and_unfinished_objects_are_left_alone(bucket: Bucket) -> None:
    bucket.put("in/call.wav", b"")
    bucket.put("in/other.wav.part", SOUND)
    assert bucket.look() == Look()


def test_a_vcon_is_taken_with_all_its_recordings(bucket: Bucket) -> None:
    from tests.intake.test_vcon import UUID, external, inline, vcon

    bucket.put("in/one.vcon.json", json.dumps(vcon(inline(), external())))
    assert bucket.look() == Look(accepted=1)
    (call,) = bucket.store.calls()
    assert (call.details.external_id, [leg.sha256 is not None for leg in call.legs]) == (UUID, [True, False])


def test_many_objects_are_each_taken_once(bucket: Bucket) -> None:
    for number in range(30):
        bucket.put(f"in/{number}.wav", made_files.wav(0.2 + number / 100))
    assert bucket.look() == Look(accepted=30)
    assert bucket.look() == Look()


def test_where_there_is_no_room_nothing_is_noted(bucket: Bucket, tmp_path) -> None:
    bucket.put("in/call.wav", SOUND)
    bucket.limits = Limits(free_bytes=2**60, folders=(tmp_path,))
    with pytest.raises(Busy):
        bucket.look()
    bucket.limits = Limits()
    assert bucket.look() == Look(accepted=1)


def test_a_bucket_that_cannot_be_read_is_said_to_be(store: Store, sound_store: SoundStore, s3: str) -> None:
    dropbox = Dropbox(Intake(store, sound_store), "pbx")
    with pytest.raises(Unavailable, match="ONRECORD_WATCH_BUCKET"):
        BucketWatch("s3://nobody-made-this", dropbox, store.watched).look()
    with pytest.raises(Invalid, match="ONRECORD_WATCH_BUCKET"):
        BucketWatch("ftp://nobody/made", dropbox, store.watched).look()


def test_many_paths_are_asked_for_at_once(store: Store) -> None:
    paths = [f"{number}.wav" for number in range(1200)]
    for path in paths[::100]:
        store.watched.note("s3://a", path, "tag", now=NOW)
    store.watched.note("s3://b", "1.wav", "tag", now=NOW)
    assert store.watched.taken("s3://a", paths) == dict.fromkeys(paths[::100], "tag")
    assert store.watched.taken("s3://a", []) == {}
