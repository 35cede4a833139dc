"""The other side of each way in: telephony systems that hand over, and do it again until they are told "accepted"."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from queue import Empty, SimpleQueue
from random import Random
from urllib.parse import urlencode

import httpx2
from standardwebhooks.webhooks import Webhook

from scripts.proving.audit import Told
from scripts.proving.calls import SENDER, WEBHOOKS, Planned, Way
from scripts.proving.processes import ROOT, program
from scripts.proving.services import Served
from scripts.proving.world import TWILIO_ACCOUNT, World
from worker.core.arrival import Priority
from worker.running.child_process import ending_with_us

AGAIN_S = 0.5
"""A real sender waits for the seconds of Retry-After; here time runs faster."""
PATIENCE_S = 30.0
PYTHON_ANSWERS_S = 60.0


class Ledger:
    """What every sender was told. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._told: dict[tuple[str, str | None], Told] = {}
        self._keys: set[str] = set()
        self.answers: Counter[str] = Counter()
        self.wrong: list[str] = []

    def accepted(self, one: Planned, call_id: str | None) -> None:
        """This recording was accepted."""
        told = Told(SENDER[one.way], one.external_id, one.sha256, call_id, one.is_broken, one.is_out_of_reach)
        with self._lock:
            self._told[one.key, call_id] = told
            self._keys.add(one.key)
            self.answers["accepted"] += 1

    def answered(self, what: str) -> None:
        """Something else was answered, or nothing."""
        with self._lock:
            self.answers[what] += 1

    def refused(self, one: Planned, why: str) -> None:
        """It was refused for good, which none of these is."""
        with self._lock:
            self.wrong.append(f"{one.way}: {why}")

    @property
    def told(self) -> list[Told]:
        """Everything that was accepted, each answer once."""
        with self._lock:
            return list(self._told.values())

    @property
    def recordings(self) -> int:
        """How many of the planned recordings were accepted so far."""
        with self._lock:
            return len(self._keys)

    @property
    def calls(self) -> int:
        """How many calls these are of."""
        with self._lock:
            return len({key.partition(".")[0] for key in self._keys})


class Sender(threading.Thread):
    """Hands over what lies in its queue, one after the other, each until it is accepted; ends with the queue."""

    def __init__(self, world: World, ledger: Ledger, todo: SimpleQueue[Planned | None], random: Random) -> None:
        super().__init__(daemon=True)
        self.world, self.ledger, self.todo, self.random = world, ledger, todo, random

    def run(self) -> None:
        """Hands over."""
        while (one := self.todo.get()) is not None:
            while not self.hand_over(one):
                time.sleep(AGAIN_S)

    def hand_over(self, one: Planned) -> bool:
        """Tries once; whether it was accepted, or refused for good."""
        raise NotImplementedError


class HttpSender(Sender):
    """Posts recordings, with an Idempotency-Key where the call has an external id too, and webhooks."""

    def __init__(self, world: World, ledger: Ledger, todo: SimpleQueue[Planned | None], random: Random) -> None:
        super().__init__(world, ledger, todo, random)
        self._client = httpx2.Client(base_url=world.base, timeout=PATIENCE_S, trust_env=False)

    def run(self) -> None:
        """See ``Sender``."""
        with self._client:
            super().run()

    def hand_over(self, one: Planned) -> bool:
        """See ``Sender``."""
        try:
            answer = self._post(one)
        except httpx2.HTTPError as error:  # nobody knows whether it arrived
            self.ledger.answered(type(error).__name__)
            return False
        if answer.status_code in (202, 204):
            self.ledger.accepted(one, answer.json()["id"] if answer.status_code == 202 else None)
            return True
        self.ledger.answered(str(answer.status_code))
        if answer.status_code in (409, 503):
            return False
        self.ledger.refused(one, f"{answer.status_code}")
        return True

    def _post(self, one: Planned) -> httpx2.Response:
        match one.way:
            case Way.HTTP:
                return self._post_recording(one)
            case Way.STANDARD:
                return self._post_standard(one)
            case _:
                return self._post_twilio(one)

    def _post_recording(self, one: Planned) -> httpx2.Response:
        details = {"external_id": one.external_id, "line": one.line}
        headers = {"Authorization": f"Bearer {self.world.key}"}
        if self.random.random() < 0.5:
            headers["Idempotency-Key"] = one.key
        files = {
            "recording": (f"{one.key}.wav", one.content, "audio/wav"),
            "details": (
                None,
                json.dumps({name: value for name, value in details.items() if value}),
                "application/json",
            ),
        }
        return self._client.post("/api/v1/calls", files=files, headers=headers)

    def _address(self, one: Planned) -> str:
        return self.world.elsewhere.serve(f"{one.key}.wav", Served(one.content, one.missing, one.errors))

    def _post_standard(self, one: Planned) -> httpx2.Response:
        announced = hashlib.sha256(b"other" if one.has_wrong_hash else one.content).digest()
        data = {
            "address": self._address(one),
            "content_hash": f"sha256-{base64.urlsafe_b64encode(announced).decode()}",
            "external_id": one.external_id,
            "line": one.line,
            **({"legs": one.legs} if one.legs else {}),
        }
        body = json.dumps({"type": "recording.available", "timestamp": "2026-03-10T09:14:00Z", "data": data})
        name, now = f"msg_{one.key}", datetime.now(UTC)
        signature = Webhook(self.world.secrets.standard).sign(name, now, body)
        headers = {
            "webhook-id": name,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signature,
            "content-type": "application/json",
        }
        return self._client.post("/intake/standard", content=body.encode(), headers=headers)

    def _post_twilio(self, one: Planned) -> httpx2.Response:
        values = {
            "AccountSid": TWILIO_ACCOUNT,
            "CallSid": str(one.external_id),
            "RecordingSid": f"RE{one.key}",
            "RecordingUrl": self._address(one),
            "RecordingStatus": "completed",
            "RecordingChannels": "1",
        }
        path = f"/intake/twilio?{urlencode({'line': one.line})}"
        signed = f"{self.world.base}{path}" + "".join(f"{name}{values[name]}" for name in sorted(values))
        signature = hmac.digest(self.world.secrets.twilio.encode(), signed.encode(), "sha1")
        headers = {
            "X-Twilio-Signature": base64.b64encode(signature).decode(),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return self._client.post(path, content=urlencode(values), headers=headers)


class FolderSender(Sender):
    """Writes recordings into the watched folder: details, recording, marker. Accepted is what was moved away."""

    def hand_over(self, one: Planned) -> bool:
        """See ``Sender``."""
        folder = self.world.arriving
        recording = folder / f"{one.key}.wav"
        if not recording.exists():
            details = {"external_id": one.external_id, "line": one.line}
            recording.with_name(f"{recording.name}.json").write_text(json.dumps(details))
            recording.write_bytes(one.content)
            recording.with_name(f"{recording.name}.done").touch()
        until = time.monotonic() + PATIENCE_S
        while recording.exists():
            if time.monotonic() > until:
                self.ledger.answered("not taken yet")
                return False
            time.sleep(0.1)
        if any((folder / "refused").glob(f"{one.key}*")):
            self.ledger.refused(one, "refused")
        else:
            self.ledger.accepted(one, None)
        return True


class PythonSender(Sender):
    """Hands files over through a program of its own, which may be killed at any time (``kill``)."""

    _program: subprocess.Popen[str] | None = None
    _answers: SimpleQueue[str]

    def hand_over(self, one: Planned) -> bool:
        """See ``Sender``."""
        path = self.world.folder / "handed-over" / f"{one.key}.wav"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(one.content)
        job = {
            "key": one.key,
            "path": str(path),
            "sender": SENDER[one.way],
            "external_id": one.external_id,
            "line": one.line,
            "priority": Priority.BULK if one.is_bulk else Priority.NORMAL,
        }
        said = self._said(json.dumps(job))
        if said is None:
            self.ledger.answered("program killed")
            return False
        if "call_id" not in said:
            self.ledger.answered(said["error"])
            return False
        path.unlink()
        self.ledger.accepted(one, said["call_id"])
        return True

    def _said(self, line: str) -> dict[str, str] | None:
        """The answer of the program; None if it ended, or says nothing any more."""
        if self._program is None or self._program.poll() is not None:
            self._start()
        program_now = self._program
        if program_now is None or program_now.stdin is None:
            return None
        try:
            program_now.stdin.write(line + "\n")
            program_now.stdin.flush()
            answer = self._answers.get(timeout=PYTHON_ANSWERS_S)
        except (OSError, Empty):
            program_now.kill()
            return None
        said: dict[str, str] | None = json.loads(answer) if answer else None
        return said

    def _start(self) -> None:
        with (self.world.folder / "python-way.log").open("ab") as log:
            self._program = subprocess.Popen(
                ending_with_us(program("scripts.proving.python_way")),
                cwd=ROOT,
                env={**os.environ, **self.world.settings},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self._answers = SimpleQueue()
        threading.Thread(target=_pass_on, args=(self._program, self._answers), daemon=True).start()

    def kill(self) -> None:
        """Kills the program, in the middle of whatever it is at."""
        if self._program is not None:
            self._program.kill()
            self._program.wait()


def _pass_on(program_now: subprocess.Popen[str], answers: SimpleQueue[str]) -> None:
    """Each line that the program says, and an empty one when it has ended."""
    if program_now.stdout is not None:
        for line in program_now.stdout:
            answers.put(line)
    answers.put("")


def senders(
    world: World, ledger: Ledger, random: Random
) -> tuple[dict[Way, SimpleQueue[Planned | None]], list[Sender]]:
    """The queue of each way in, and those who hand over what lies in it: two or three of each at once."""
    posted: SimpleQueue[Planned | None] = SimpleQueue()
    in_python: SimpleQueue[Planned | None] = SimpleQueue()
    written: SimpleQueue[Planned | None] = SimpleQueue()
    hooked: SimpleQueue[Planned | None] = SimpleQueue()
    queues = {Way.HTTP: posted, Way.PYTHON: in_python, Way.FOLDER: written, **dict.fromkeys(WEBHOOKS, hooked)}

    def seeded() -> Random:
        return Random(random.random())  # noqa: S311 -- chance, no secret

    make: list[tuple[Callable[..., Sender], SimpleQueue[Planned | None], int]] = [
        (HttpSender, posted, 3),
        (PythonSender, in_python, 1),
        (FolderSender, written, 3),
        (HttpSender, hooked, 3),
    ]
    return queues, [kind(world, ledger, todo, seeded()) for kind, todo, count in make for _ in range(count)]
