"""Whether the pages live and whether what they need is there, for whoever starts and stops them."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest
from redis import Redis

from tests.web.conftest import Site
from worker.core.errors import Unavailable
from worker.jobs import JobQueue
from worker.watching.readiness import Part, Readiness

SECRET_URL = "redis://:a-secret-of-the-queue@127.0.0.1:1/0"  # nothing listens there


def ready(site: Site, **changed: object) -> tuple[int, dict[str, str], str]:
    """What ``/health/ready`` answers: status, parts, and the whole text."""
    with site.client_of(replace(site.parts, **changed)) as client:  # type: ignore[arg-type]
        response = client.get("/health/ready")
        return response.status_code, response.json(), response.text


def fails() -> None:
    raise Unavailable("postgresql://user:password@host does not answer.")


def test_who_asks_whether_it_lives_is_answered_without_asking_anything_else(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site.store.operations, "reach", fails)
    assert site.client.get("/health/live").json() == {"status": "live"}


def test_it_is_ready_when_all_that_it_needs_answers(site: Site, redis_url: str) -> None:
    redis = Redis.from_url(redis_url)
    status, said, _text = ready(site, queue=JobQueue(redis, "onrecord"))
    redis.close()
    assert status == 200
    assert said == {"status": "ready", "database": "ok", "recordings": "ok", "queue": "ok"}


def test_without_the_queue_calls_are_accepted_all_the_same_so_it_is_ready_and_says_so(site: Site) -> None:
    redis = Redis.from_url(SECRET_URL)
    status, said, text = ready(site, queue=JobQueue(redis, "onrecord"))
    redis.close()
    assert (status, said["status"], said["queue"]) == (200, "ready", "away")
    assert "secret" not in text
    assert ready(site, queue=None)[1]["queue"] == "away"


def test_without_the_database_it_is_not_ready_and_names_the_part_but_no_address(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site.store.operations, "reach", fails)
    status, said, text = ready(site)
    assert (status, said["status"], said["database"], said["recordings"]) == (503, "not ready", "away", "ok")
    assert "password" not in text


def test_without_the_folder_of_the_recordings_it_is_not_ready(site: Site) -> None:
    (site.folder / "sounds").rename(site.folder / "away")
    status, said, _text = ready(site)
    assert (status, said["recordings"], said["database"]) == (503, "away", "ok")


def test_a_part_that_hangs_is_away_after_its_time_and_holds_up_no_other() -> None:
    released = threading.Event()
    asked = []

    def hangs() -> None:
        asked.append(True)
        released.wait(30.0)

    readiness = Readiness([Part("one", hangs), Part("other", hangs), Part("third", lambda: None)], within_s=0.2)
    began = time.monotonic()
    found = readiness.look()
    assert time.monotonic() - began < 2.0, "both hang at the same time, and are waited for once"
    assert found.answered == {"one": False, "other": False, "third": True}
    assert not found.is_ready
    began = time.monotonic()
    for _ in range(100):
        readiness.look()
    assert time.monotonic() - began < 2.0, "nobody waits once more for a part that did not answer in its time"
    assert len(asked) == 2, "a part that still hangs is not asked once more by each probe"
    released.set()
    until = time.monotonic() + 10.0
    while not readiness.look().is_ready:
        assert time.monotonic() < until
        time.sleep(0.01)


def test_a_part_that_is_not_needed_does_not_make_it_unready() -> None:
    found = Readiness([Part("needed", lambda: None), Part("other", fails, is_needed=False)]).look()
    assert found.answered == {"needed": True, "other": False}
    assert found.is_ready
