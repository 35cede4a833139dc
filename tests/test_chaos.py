"""Accepted means safe: a short run of ``scripts/chaos.py``, with every kind of disturbance once and more."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.chaos import DISTURBANCES, ONE_ROUND, rounds
from scripts.proving.calls import plan, with_repeats
from tests.services import missing

ROOT = Path(__file__).parent.parent
CALLS = 60
NO_SERVICE = 2


def names(seed: int, number: int) -> list[str]:
    from random import Random

    drawn = rounds(Random(seed))
    return [next(drawn) for _ in range(number)]


def test_a_round_has_every_disturbance_and_a_seed_the_same_order() -> None:
    assert set(names(1, ONE_ROUND)) == DISTURBANCES.keys()
    assert names(1, 3 * ONE_ROUND) == names(1, 3 * ONE_ROUND)
    assert names(1, ONE_ROUND) != names(2, ONE_ROUND)


def test_a_seed_hands_over_the_same_calls_by_every_way_in_with_repeats_and_broken_ones() -> None:
    from random import Random

    one, again = (plan(Random(4), 200) for _ in range(2))
    assert [(call.key, call.sha256) for call in one] == [(call.key, call.sha256) for call in again]
    assert len({call.sha256 for call in one}) == len(one), "no recording is like another"
    assert {call.way.value for call in one} == {"http", "python", "folder", "standard", "twilio"}
    assert any(call.is_broken for call in one)
    assert any(call.is_out_of_reach for call in one)
    assert any(call.legs for call in one)
    delivered = with_repeats(Random(4), one)
    assert {call.key for call in delivered} == {call.key for call in one}
    assert len(delivered) > len(one)


@pytest.mark.postgres
def test_nothing_that_was_accepted_is_lost_or_doubled_whatever_is_killed_cut_or_filled(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "scripts.chaos", "--calls", str(CALLS), "--seed", "6", "--workers", "3", "--json"]
    run = subprocess.run(
        [*command, "--keep-logs", tmp_path], cwd=ROOT, capture_output=True, text=True, check=False, timeout=600
    )
    if run.returncode == NO_SERVICE:
        missing(run.stderr)
    report = json.loads(run.stdout)
    assert (report["lost"], report["doubled"], report["verified"]) == (0, 0, True), report["what"]
    assert report["accepted"] == report["records"] + report["failures"] == CALLS
    assert report["failures"] > 0, "broken recordings are among them, and are shown as failures"
    assert all(report["disturbed"][name] > 0 for name in DISTURBANCES)
    assert run.returncode == 0, report["what"]
