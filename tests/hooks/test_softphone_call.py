"""One real call of G.711 between two softphones, handed to a real server by the hook of a PBX."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.softphone_call import HOOK
from tests.services import missing
from tests.web.conftest import NOW
from tests.web.serving import serving
from worker.core.call import Direction, Party
from worker.record.senders import Scope
from worker.record.sounds import SoundStore
from worker.record.store import Store
from worker.web.app import create_app
from worker.web.parts import Parts

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def store_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'onrecord.db'}"


@pytest.fixture
def url(store: Store, sound_store: SoundStore) -> Iterator[str]:
    """On Record at a port of this machine, with no worker."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    found = f"http://127.0.0.1:{port}"
    with serving(create_app(Parts(store, sound_store, secret="a secret of this test", base_url=found)), port):
        yield found


@pytest.fixture
def key_file(store: Store, tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_text(store.senders.add("pbx", (Scope.WRITE, Scope.READ), now=NOW))
    return path


def test_the_hook_and_on_record_understand_each_other(
    url: str, key_file: Path, store: Store, sound_store: SoundStore, tmp_path: Path
) -> None:
    recording = tmp_path / "4711.wav"
    recording.write_bytes(b"RIFF" + bytes(3_000_000))
    environment = {
        "PATH": "/usr/bin:/bin",
        "HAND_OVER_CONF": "/nonexistent",
        "HAND_OVER_URL": url,
        "HAND_OVER_KEY_FILE": str(key_file),
        "HAND_OVER_SPOOL": str(tmp_path / "spool"),
        "HAND_OVER_DETAILS": "direction=inbound language=de legs=2 notice_given=true",
    }
    ids = set()
    for _ in range(2):
        command = [str(HOOK), str(recording), "4711", "2026-03-10T10:14:00+0100", "support"]
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
        ids.add(json.loads(ran.stdout)["id"])
    (call_id,) = ids
    call = store.call(call_id)
    assert (call.sender, call.details.external_id, call.details.line) == ("pbx", "4711", "support")
    assert call.details.party_of_channel == {0: Party.CUSTOMER, 1: Party.AGENT}
    assert (call.details.direction, call.details.notice_given) == (Direction.INBOUND, True)
    (leg,) = call.legs
    assert leg.file_name == "4711.wav"
    assert b"".join(sound_store.read(call.id, leg.number)) == recording.read_bytes()


def test_a_call_between_two_softphones_is_recorded_and_received(
    url: str, key_file: Path, store: Store, tmp_path: Path
) -> None:
    if shutil.which("baresip") is None:
        missing("baresip is not installed: apt-get install baresip-core")
    command = [sys.executable, "-m", "scripts.softphone_call", "--url", url, "--key-file", str(key_file), "--json"]
    kept = ["--seconds", "5", "--until", "received", "--keep", str(tmp_path / "kept")]
    ran = subprocess.run([*command, *kept], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert found["codec"] in ("PCMU/8000", "PCMA/8000")
    assert found["seconds"] >= 4
    assert found["likeness_of_agent"] > 0.9
    assert found["likeness_of_customer"] > 0.9, "what the customer said came out of the line at the agent's end"
    call = store.call(found["call"])
    assert (call.sender, call.details.line, call.legs[0].size_bytes) == ("pbx", "softphones", found["recording"])
