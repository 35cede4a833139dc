"""``onrecord up`` ends what it started in time, and no sooner than it may take."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from worker.running import up

ENDS_SLOWLY = """#!/bin/sh
trap 'sleep 1; touch "{folder}/ended"; exit' TERM
touch "{folder}/began"
while :; do sleep 0.05; done
"""


@pytest.mark.parametrize(("grace_s", "may_finish"), [(20.0, True), (0.0, False)])
def test_a_worker_has_its_grace_before_it_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, grace_s: float, may_finish: bool
) -> None:
    program = tmp_path / "program"
    program.write_text(ENDS_SLOWLY.format(folder=tmp_path))
    program.chmod(0o700)
    monkeypatch.setattr(up, "STOP_WITHIN_S", 0.1)
    monkeypatch.setattr(up, "ending_with_us", lambda _command: [str(program)])
    child = up.Child("worker", ["work"], environment={}, log=tmp_path / "worker.log", grace_s=grace_s)
    child.keep_running()
    until = time.monotonic() + 20
    while not (tmp_path / "began").exists() and time.monotonic() < until:
        time.sleep(0.02)
    child.stop()
    assert (tmp_path / "ended").exists() is may_finish
