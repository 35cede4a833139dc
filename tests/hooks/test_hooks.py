"""The scripts that a PBX runs, as it runs them: with sh and curl, against a real server that is down, full or wrong."""

from __future__ import annotations

import http.server
import json
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from tests.services import missing

HOOKS = Path(__file__).parent.parent.parent / "scripts" / "hooks"
KEY = "onr_0123_abcdefghijklmnopqrstuvwxyz"
SOUND = b"RIFF" + bytes(range(256)) * 64


@dataclass
class OnRecord:
    """Stands for On Record at a port of this machine: what it was handed, and what it answers (202 when that ends)."""

    port: int
    answers: list[int] = field(default_factory=list)
    handed: list[tuple[dict[str, Any], bytes, dict[str, str]]] = field(default_factory=list)


@contextmanager
def on_record(port: int = 0, answers: list[int] | None = None) -> Iterator[OnRecord]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            head = f"Content-Type: {self.headers['Content-Type']}\r\n\r\n".encode()
            parts = {part.get_param("name", header="content-disposition"): part for part in parts_of(head + body)}
            details = json.loads(parts["details"].get_payload(decode=True))
            headers = {name.lower(): value for name, value in self.headers.items()}
            made.handed.append((details, parts["recording"].get_payload(decode=True), headers))
            self.send_response(made.answers.pop(0) if made.answers else 202)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    made = OnRecord(server.server_port, answers or [])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()


def parts_of(message: bytes) -> Iterator[Any]:
    return message_from_bytes(message, policy=policy.HTTP).iter_parts()  # type: ignore[attr-defined]


@dataclass
class Pbx:
    """A PBX with the hooks, in a folder of this test."""

    folder: Path
    url: str

    @property
    def spool(self) -> Path:
        return self.folder / "spool"

    def run(self, hook: str, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": "/usr/bin:/bin",
            "HAND_OVER_CONF": str(self.folder / "none.conf"),
            "HAND_OVER_URL": self.url,
            "HAND_OVER_KEY_FILE": str(self.folder / "key"),
            "HAND_OVER_SPOOL": str(self.spool),
            "HAND_OVER_TRIES": "1",
            "HAND_OVER_WAIT_S": "0",
            **settings,
        }
        command = ["sh", str(HOOKS / hook), *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)

    def hand_over(self, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return self.run("onrecord-hand-over", *arguments, **settings)

    def recorded(self, name: str = "call.wav", content: bytes = SOUND) -> str:
        (self.folder / name).write_bytes(content)
        return str(self.folder / name)

    def waiting(self) -> list[Path]:
        return sorted(entry for entry in self.spool.glob("2*") if entry.is_dir())


@pytest.fixture
def pbx(tmp_path: Path) -> Pbx:
    if shutil.which("curl") is None:
        missing("curl is not installed")
    (tmp_path / "key").write_text(f"{KEY}\n")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return Pbx(tmp_path, f"http://127.0.0.1:{probe.getsockname()[1]}/")


@contextmanager
def answering(pbx: Pbx, *answers: int) -> Iterator[OnRecord]:
    with on_record(answers=list(answers)) as server:
        pbx.url = f"http://127.0.0.1:{server.port}/"
        yield server


def test_a_recording_is_handed_over_with_what_is_said_of_it(pbx: Pbx) -> None:
    with answering(pbx) as server:
        ran = pbx.hand_over(
            pbx.recorded("a call.wav"),
            "external_id=1773134040.12",
            'customer=Ms "Ö" \\ Ortega\n',
            "parties=customer,agent",
            "notice_given=yes",
            "legs=2",
            "line=",
            "no value",
        )
    assert (ran.returncode, ran.stderr) == (0, "")
    ((details, recording, headers),) = server.handed
    assert details == {
        "file_name": "a call.wav",
        "external_id": "1773134040.12",
        "customer": 'Ms "Ö" \\ Ortega',
        "parties": {"0": "customer", "1": "agent"},
        "notice_given": True,
        "legs": 2,
    }
    assert recording == SOUND
    assert headers["authorization"] == f"Bearer {KEY}"
    assert headers["idempotency-key"]
    assert list(pbx.spool.iterdir()) == []
    assert (pbx.folder / "a call.wav").exists(), "what the PBX wrote is the PBX's to remove"


def test_what_nobody_answers_waits_and_is_sent_by_the_timer(pbx: Pbx) -> None:
    ran = pbx.hand_over(pbx.recorded(), "external_id=1")
    assert ran.returncode == 75
    assert len(pbx.waiting()) == 1
    (pbx.folder / "call.wav").unlink()
    with answering(pbx) as server:
        assert pbx.hand_over("--again").returncode == 0
    assert [(details["external_id"], recording) for details, recording, _ in server.handed] == [("1", SOUND)]
    assert list(pbx.spool.iterdir()) == []


@pytest.mark.parametrize("status", [401, 403, 408, 409, 429, 500, 502, 503])
def test_what_is_not_accepted_now_is_sent_again_under_the_same_key(pbx: Pbx, status: int) -> None:
    with answering(pbx, status, status) as server:
        assert pbx.hand_over(pbx.recorded(), HAND_OVER_TRIES="2").returncode == 75
        assert len(pbx.waiting()) == 1
        assert pbx.hand_over("--again").returncode == 0
    keys = {headers["idempotency-key"] for _, _, headers in server.handed}
    assert (len(server.handed), len(keys), pbx.waiting()) == (3, 1, [])


def test_a_moment_s_trouble_is_over_within_one_run(pbx: Pbx) -> None:
    with answering(pbx, 503, 503) as server:
        assert pbx.hand_over(pbx.recorded(), HAND_OVER_TRIES="3").returncode == 0
    assert (len(server.handed), pbx.waiting()) == (3, [])


@pytest.mark.parametrize("status", [400, 413, 415, 422])
def test_what_will_never_be_taken_is_put_aside_with_the_answer(pbx: Pbx, status: int) -> None:
    with answering(pbx, status):
        ran = pbx.hand_over(pbx.recorded())
    assert ran.returncode == 65
    (refused,) = (pbx.spool / "refused").iterdir()
    assert (refused / "recording").read_bytes() == SOUND
    assert (refused / "answer").read_text() == "{}"
    assert str(status) in ran.stderr
    assert pbx.waiting() == []


def test_the_next_call_takes_along_what_waited_the_oldest_first(pbx: Pbx) -> None:
    for number in ("1", "2", "3"):
        pbx.hand_over(pbx.recorded(), f"external_id={number}")
    for name, entry in zip(("20260101T000003Z-1-c", "20260101T000001Z-1-a"), pbx.waiting(), strict=False):
        entry.rename(pbx.spool / name)
    with answering(pbx) as server:
        assert pbx.hand_over(pbx.recorded(), "external_id=4").returncode == 0
    assert [details["external_id"] for details, _, _ in server.handed] == ["4", "2", "1", "3"]
    assert pbx.waiting() == []


def test_what_waits_is_sent_until_something_has_to_wait_again(pbx: Pbx) -> None:
    for number in ("1", "2", "3"):
        pbx.hand_over(pbx.recorded(), f"external_id={number}")
    with answering(pbx, 202, 503) as server:
        assert pbx.hand_over("--again").returncode == 75
    assert (len(server.handed), len(pbx.waiting())) == (2, 2)


def test_a_run_that_was_killed_holds_up_nobody(pbx: Pbx) -> None:
    pbx.hand_over(pbx.recorded())
    ended = subprocess.Popen(["true"])
    ended.wait()
    (pbx.spool / ".sending").symlink_to(str(ended.pid))
    with answering(pbx) as server:
        assert pbx.hand_over("--again").returncode == 0
    assert (len(server.handed), pbx.waiting()) == (1, [])
    assert not (pbx.spool / ".sending").is_symlink()


def test_while_one_run_sends_what_waits_another_leaves_it_alone(pbx: Pbx) -> None:
    pbx.hand_over(pbx.recorded())
    with subprocess.Popen(["sleep", "30"]) as other, answering(pbx) as server:
        (pbx.spool / ".sending").symlink_to(str(other.pid))
        assert pbx.hand_over("--again").returncode == 0
        other.kill()
    assert (server.handed, len(pbx.waiting())) == ([], 1)


def test_an_answer_that_never_came_is_no_second_call(pbx: Pbx) -> None:
    """On Record had it, and the connection broke: the same key says so the next time."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        pbx.url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        thread = threading.Thread(target=lambda: silent.accept()[0].close(), daemon=True)
        thread.start()
        assert pbx.hand_over(pbx.recorded()).returncode == 75
        thread.join()
    name = pbx.waiting()[0].name
    with answering(pbx) as server:
        assert pbx.hand_over("--again").returncode == 0
    assert server.handed[0][2]["idempotency-key"] == name


def test_without_a_spool_it_says_so_and_the_recording_lies_where_it_lay(pbx: Pbx) -> None:
    pbx.spool.write_text("a file where the folder should be")
    ran = pbx.hand_over(pbx.recorded())
    assert ran.returncode == 74
    assert "spool" in ran.stderr
    assert (pbx.folder / "call.wav").read_bytes() == SOUND


def test_nothing_is_handed_over_that_is_nothing(pbx: Pbx) -> None:
    assert pbx.hand_over(pbx.recorded(content=b"")).returncode == 66
    assert pbx.hand_over(str(pbx.folder / "none.wav")).returncode == 66
    assert pbx.hand_over().returncode == 64
    assert pbx.hand_over(pbx.recorded(), HAND_OVER_URL="").returncode == 64


def test_a_missing_key_is_put_right_later(pbx: Pbx) -> None:
    (pbx.folder / "key").unlink()
    with answering(pbx, 401):
        ran = pbx.hand_over(pbx.recorded())
    assert ran.returncode == 75
    assert "key" in ran.stderr
    assert len(pbx.waiting()) == 1


def test_no_key_stands_in_the_list_of_processes_and_no_value_in_the_log(pbx: Pbx) -> None:
    script = (HOOKS / "onrecord-hand-over").read_text()
    assert "--config -" in script
    assert "Bearer" not in script.partition("curl --config")[2].partition("2>/dev/null")[0]
    ran = pbx.hand_over(pbx.recorded(), "customer=Maria Ortega", "external_id=4711")
    assert "Maria" not in ran.stderr
    assert "4711" not in ran.stderr


# The two PBXs


def test_asterisk_hands_over_by_the_linked_id_with_the_instant_of_the_channel(pbx: Pbx) -> None:
    with answering(pbx) as server:
        ran = pbx.run("onrecord-asterisk", pbx.recorded("1.wav"), "1773134040.10", "pbx1-1773134050.12", "support")
        assert ran.returncode == 0, ran.stderr
        pbx.run("onrecord-asterisk", pbx.recorded("2.wav"), "1773134040.10", "1773134090.15", "support")
        pbx.run("onrecord-asterisk", pbx.recorded("3.wav"), HAND_OVER_DETAILS="direction=inbound language=de")
    first, second, bare = (details for details, _, _ in server.handed)
    assert first["external_id"] == second["external_id"] == "1773134040.10", "a transfer is a further leg"
    assert (first["started_at"], first["line"]) == ("2026-03-10T09:14:10Z", "support")
    assert bare == {"file_name": "3.wav", "direction": "inbound", "language": "de"}


def test_freeswitch_hands_over_both_channels_with_who_is_on_them(pbx: Pbx) -> None:
    call, began = "0f3c7a52-6f0a-4c0e-9d3f-1c2b3a4d5e6f", "2026-03-10T10:14:00+0100"
    with answering(pbx) as server:
        assert pbx.run("onrecord-freeswitch", pbx.recorded(f"{call}.wav"), call, began, "support").returncode == 0
        pbx.run("onrecord-freeswitch", pbx.recorded(), call, began, HAND_OVER_PARTIES="")
    details, mono = (details for details, _, _ in server.handed)
    assert details == {
        "file_name": f"{call}.wav",
        "external_id": call,
        "started_at": began,
        "line": "support",
        "parties": {"0": "customer", "1": "agent"},
    }
    assert "parties" not in mono


def test_settings_may_stand_in_a_file(pbx: Pbx) -> None:
    with answering(pbx) as server:
        conf = pbx.folder / "hand-over.conf"
        conf.write_text(f"HAND_OVER_URL={pbx.url}\nHAND_OVER_DETAILS='line=repairs zone=Europe/Berlin'\n")
        ran = pbx.run("onrecord-asterisk", pbx.recorded(), "1", HAND_OVER_CONF=str(conf), HAND_OVER_URL="")
    assert ran.returncode == 0, ran.stderr
    assert server.handed[0][0]["zone"] == "Europe/Berlin"


@pytest.mark.parametrize("shell", ["dash", "bash", "busybox"])
def test_the_hooks_ask_no_more_of_a_shell_than_it_has(pbx: Pbx, shell: str) -> None:
    if (path := shutil.which(shell)) is None:
        pytest.skip(f"there is no {shell} here")
    with answering(pbx) as server:
        how = [path, "sh"] if shell == "busybox" else [path]
        command = [*how, str(HOOKS / "onrecord-hand-over"), pbx.recorded(), "external_id=1"]
        environment = {"PATH": "/usr/bin:/bin", "HAND_OVER_URL": pbx.url, "HAND_OVER_SPOOL": str(pbx.spool)}
        environment |= {"HAND_OVER_KEY_FILE": str(pbx.folder / "key"), "HAND_OVER_CONF": "/nonexistent"}
        subprocess.run(command, env=environment, check=True, timeout=60)
    assert len(server.handed) == 1
