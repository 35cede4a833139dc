"""Makes one real telephone call between two softphones (baresip) and hands its recording to a running On Record.

The two speak SIP and G.711 over RTP on this machine, each with a voice of the sample call. The agent's softphone
records both directions as a PBX would; the recording goes in by the hook script for FreeSWITCH, and the call is
watched until it is where ``--until`` says. Needs Debian's package ``baresip-core``, and an API key of the scopes
calls:write and calls:read (`onrecord keys add`).

    python -m scripts.softphone_call --url http://127.0.0.1:8000 --key-file key --seconds 20 --json
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import numpy as np
import soundfile

ROOT = Path(__file__).parent.parent
SAMPLE_CALL = ROOT / "scripts" / "sample_call" / "call.flac"
HOOK = ROOT / "scripts" / "hooks" / "onrecord-freeswitch"
MODULES = (Path("/usr/lib/baresip/modules"), Path("/usr/lib/x86_64-linux-gnu/baresip/modules"))
RATE_HZ = 8000
SET_UP_S = 1.0
"""For so long the call is set up before a voice is heard."""

AGENT, CUSTOMER = 0, 1  # channels of the sample call
ENDS = ("ready", "failed")


@dataclass(frozen=True)
class Made:
    """A call that was made: its recording, and how much of what was said at one end was heard at the other.

    ``seconds`` of recording. The likenesses are the correlation, 0 to 1, of what each side said with what of it came
    out of the line at the agent's softphone.
    """

    recording: Path
    started_at: datetime
    codec: str
    seconds: float
    likeness_of_agent: float
    likeness_of_customer: float


class NotMade(Exception):
    """The call did not come about. The message says why."""


def make_call(folder: Path, *, seconds: float) -> Made:
    """Makes the call in this folder; its recording is stereo, the customer left and the agent right."""
    modules = next((place for place in MODULES if place.is_dir()), None)
    if shutil.which("baresip") is None or modules is None:
        raise NotMade("There is no baresip here. Install it: apt-get install baresip-core")
    voices = _write_voices(folder, seconds)
    agent_port, customer_port = _free_ports(2)
    agent = _softphone(folder / "agent", modules, agent_port, voices["agent"], "agent;answermode=auto")
    customer = _softphone(folder / "customer", modules, customer_port, voices["customer"], "customer")
    started_at = datetime.now(UTC)
    with _running(agent, folder / "agent.log"):
        _wait_for(folder / "agent.log", "baresip is ready")
        dial = ["-t", str(round(seconds + SET_UP_S)), "-e", f"/dial sip:agent@127.0.0.1:{agent_port}"]
        with (folder / "customer.log").open("wb") as log:
            subprocess.run([*customer, *dial], stdout=log, stderr=log, timeout=seconds + 30, check=False)
        _wait_for(folder / "agent.log", "terminated")
    said = {name: soundfile.read(path, dtype="float32")[0] for name, path in voices.items()}
    return _joined(folder, said, started_at)


def _write_voices(folder: Path, seconds: float) -> dict[str, Path]:
    tracks, rate_hz = soundfile.read(SAMPLE_CALL, dtype="float32", always_2d=True)  # (samples, 2)
    if rate_hz != RATE_HZ:
        raise NotMade(f"The sample call has {rate_hz} Hz, and a telephone line {RATE_HZ}.")
    found = {}
    for name, channel in (("agent", AGENT), ("customer", CUSTOMER)):
        found[name] = folder / f"{name}.wav"
        soundfile.write(found[name], tracks[: int(seconds * RATE_HZ), channel], RATE_HZ, subtype="PCM_16")
    return found


def _free_ports(count: int) -> list[int]:
    """Ports of UDP at which nobody listens now."""
    probes = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def _softphone(folder: Path, modules: Path, port: int, voice: Path, account: str) -> list[str]:
    """Writes what one softphone is set to: G.711 alone, a file as its microphone, and both directions recorded."""
    folder.mkdir()
    lines = [
        f"sip_listen 127.0.0.1:{port}",
        f"audio_source aufile,{voice}",
        f"audio_player aubridge,{folder.name}",
        f"audio_alert aubridge,{folder.name}-rings",
        "audio_srate 8000-8000",
        "audio_channels 1-1",
        f"module_path {modules}",
        *(f"module {name}.so" for name in ("g711", "aufile", "aubridge", "sndfile")),
        "module_tmp account.so",
        "module_app menu.so",
        f"snd_path {folder}",
    ]
    (folder / "config").write_text("\n".join([*lines, ""]))
    name, _, rest = account.partition(";")
    (folder / "accounts").write_text(f"<sip:{name}@127.0.0.1>;regint=0{';' if rest else ''}{rest}\n")
    (folder / "contacts").write_text("")
    return ["baresip", "-4", "-f", str(folder)]


@contextmanager
def _running(command: list[str], log: Path) -> Iterator[None]:
    """A softphone that runs until the block ends, and then has a moment to close its files."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(log: Path, words: str, *, within_s: float = 15.0) -> None:
    until = time.monotonic() + within_s
    while words not in log.read_text(errors="replace"):
        if time.monotonic() > until:
            raise NotMade(f"The softphone never said «{words}»: see {log}.")
        time.sleep(0.05)


def _joined(folder: Path, said: dict[str, np.ndarray], started_at: datetime) -> Made:
    """What the agent's softphone recorded of both directions, as the two channels of one file."""
    codec = "PCMU" if "audio encoder: PCMU" in (folder / "agent.log").read_text(errors="replace") else "PCMA"
    heard = {}
    for name, kind in (("customer", "dec"), ("agent", "enc")):
        files = sorted((folder / "agent").glob(f"dump-*-{kind}.wav"))
        if not files:
            raise NotMade(f"The softphone recorded nothing: see {folder / 'agent.log'}.")
        heard[name] = soundfile.read(files[0], dtype="float32")[0]
    length = max(len(track) for track in heard.values())
    tracks = [np.pad(heard[name], (0, length - len(heard[name]))) for name in ("customer", "agent")]
    recording = folder / "recording.wav"
    soundfile.write(recording, np.stack(tracks, axis=1), RATE_HZ, subtype="PCM_16")  # (samples, 2)
    return Made(
        recording,
        started_at,
        f"{codec}/{RATE_HZ}",
        round(length / RATE_HZ, 2),
        _likeness(said["agent"], heard["agent"]),
        _likeness(said["customer"], heard["customer"]),
    )


def _likeness(said: np.ndarray, heard: np.ndarray) -> float:
    """The highest correlation of two sounds at any shift of the one against the other."""
    size = 1 << (len(said) + len(heard)).bit_length()
    shifted = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(said, size)), size)
    strength = float(np.linalg.norm(heard) * np.linalg.norm(said[: len(heard)]))
    return round(float(np.max(shifted)) / strength, 3) if strength else 0.0


def hand_over(made: Made, folder: Path, *, url: str, key_file: Path, external_id: str) -> str:
    """Runs the hook as FreeSWITCH does; the id of the call that On Record made of it. Raises NotMade."""
    environment = {
        **os.environ,
        "HAND_OVER_CONF": os.devnull,
        "HAND_OVER_URL": url,
        "HAND_OVER_KEY_FILE": str(key_file),
        "HAND_OVER_SPOOL": str(folder / "spool"),
        "HAND_OVER_DETAILS": "direction=inbound language=en",
    }
    command = [str(HOOK), str(made.recording), external_id, made.started_at.isoformat(timespec="seconds"), "softphones"]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    if ran.returncode != 0:
        raise NotMade(f"The hook ended with {ran.returncode}: {ran.stderr.strip()}")
    return str(json.loads(ran.stdout)["id"])


def watch(url: str, key: str, call_id: str, *, until: str, within_s: float) -> dict[str, object]:
    """Where the call stands when it is there, has failed, or the time is over."""
    ends_at = time.monotonic() + within_s
    with httpx2.Client(headers={"Authorization": f"Bearer {key}"}, trust_env=False) as client:
        while True:
            standing: dict[str, object] = client.get(f"{url}/api/v1/arrivals/{call_id}").raise_for_status().json()
            if until == "received" or standing["state"] in ENDS or time.monotonic() > ends_at:
                return standing
            time.sleep(1.0)


def main() -> int:
    """0 where the call came to where it should, 1 where it did not."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="where On Record is")
    parser.add_argument("--key-file", type=Path, required=True, help="a file with an API key")
    parser.add_argument("--seconds", type=float, default=20.0, help="how long the two speak")
    parser.add_argument("--until", choices=("received", "ready"), default="ready", help="what is waited for")
    parser.add_argument("--within", type=float, default=1800.0, help="seconds for that")
    parser.add_argument("--keep", type=Path, help="folder for the recording and the softphones' logs; must not exist")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    url, external_id = options.url.rstrip("/"), str(uuid.uuid4())
    with tempfile.TemporaryDirectory(prefix="softphones-") as temporary:
        folder = options.keep or Path(temporary) / "call"
        folder.mkdir(parents=True)
        try:
            made = make_call(folder.resolve(), seconds=options.seconds)
            call_id = hand_over(made, folder, url=url, key_file=options.key_file, external_id=external_id)
            key = options.key_file.read_text().strip()
            standing = watch(url, key, call_id, until=options.until, within_s=options.within)
        except NotMade as error:
            print(error, file=sys.stderr)
            return 1
        found = {**asdict(made), "call": call_id, "state": standing["state"], "reason": standing["reason"]}
        found |= {"recording": made.recording.stat().st_size, "started_at": made.started_at.isoformat()}
    if options.json:
        print(json.dumps(found))
    else:
        print(
            f"{made.seconds} s of {made.codec} were recorded. Of what was said, this came out of the line: agent "
            f"{made.likeness_of_agent}, customer {made.likeness_of_customer} (1 is all). Call {call_id} is "
            f"{standing['state']}."
        )
    return 0 if options.until == "received" or standing["state"] == "ready" else 1


if __name__ == "__main__":
    sys.exit(main())
