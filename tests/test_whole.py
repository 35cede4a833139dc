"""The real thing, end to end: the sample call through real models, by the commands that a user types.

One run of ``onrecord up`` and two of ``onrecord process``; everything is asserted on what they print and serve.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from worker.core.protection import TOKEN

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "scripts" / "sample_call"
REFERENCE = json.loads((SAMPLE / "reference.json").read_text())
USED = ("whisper-base", "qwen2.5-coder-1.5b-instruct-int8")

pytestmark = pytest.mark.models


def onrecord(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "worker", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, **settings},
        timeout=900,
    )


@pytest.fixture(scope="module")
def stereo(weights: Callable[[str], Path], tmp_path_factory) -> dict:
    """The record of the sample call, from both of its tracks, with every model real."""
    for name in USED:
        weights(name)
    done = onrecord(
        "process", str(SAMPLE / "call.flac"), "--json", ONRECORD_DATA_DIR=str(tmp_path_factory.mktemp("data"))
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def spoken(party: str) -> list[str]:
    return [word for one in REFERENCE["utterances"] if one["role"] == party for word in words_of(one["text"])]


def heard(record: dict, party: str) -> list[str]:
    return [word for turn in record["turns"] if turn["party"] == party for word in words_of(turn["text"])]


NUMBERS = {"one", "two", "three", "four", "five", "nine", "twenty", "thirty-five", "thirteenth", "forty"}


def words_of(text: str) -> list[str]:
    """Words without numbers, which the script writes out and the model writes as numerals, or which were cut."""
    said = TOKEN.sub("", text.lower())
    return [word for word in re.findall(r"[a-z]+(?:['-][a-z]+)*", said) if word not in NUMBERS]


def errors(reference: list[str], hypothesis: list[str]) -> int:
    """Insertions, deletions and substitutions between two lists of words (Levenshtein)."""
    row = list(range(len(hypothesis) + 1))
    for at, word in enumerate(reference, 1):
        before, row[0] = row[0], at
        for other, guess in enumerate(hypothesis, 1):
            before, row[other] = row[other], min(row[other] + 1, row[other - 1] + 1, before + (word != guess))
    return row[-1]


@pytest.mark.parametrize("party", ["agent", "customer"])
def test_each_party_is_heard(stereo, party):
    said = spoken(party)
    assert errors(said, heard(stereo, party)) <= 0.1 * len(said)


def test_the_agent_and_the_customer_are_found_from_their_words(stereo):
    assert {(part["party"], part["channel"]) for part in stereo["parties"]} == {("agent", 0), ("customer", 1)}


def test_the_hold_is_found_and_nobody_is_heard_in_it(stereo):
    (expected,) = REFERENCE["holds"]
    (hold,) = stereo["holds"]
    assert hold["start_s"] == pytest.approx(expected["start_s"], abs=1.0)
    assert hold["end_s"] == pytest.approx(expected["end_s"], abs=1.0)
    words = [word for turn in stereo["turns"] for word in turn["words"]]
    inside = [word for word in words if expected["start_s"] + 0.5 < word["start_s"] < expected["end_s"] - 0.5]
    assert inside == []


def test_the_promise_is_among_the_statements_with_its_day(stereo):
    promises = [one for one in stereo["summary"]["statements"] if one["kind"] == "promised"]
    assert any("Friday" in one["text"] for one in promises)


def test_the_promise_stands_as_data_with_the_day_by_which_it_is_due(stereo):
    due = [one["due"] for one in stereo["summary"]["commitments"] if one["promisor"] == "agent" and one["due"]]
    assert any("Friday" in one["words"] for one in due)
    assert all(one["day"] is None for one in due), "when the call began was not said, so no day can be worked out"


def test_the_matter_of_the_call_stands_above_all(stereo):
    headline = stereo["summary"]["headline"]
    assert len(headline["text"].split()) <= 16
    assert headline["evidence"]


def test_every_statement_points_to_words_that_were_said(stereo):
    turns = {turn["id"]: turn for turn in stereo["turns"]}
    statements = stereo["summary"]["statements"]
    assert len(statements) >= 3
    for one in statements:
        assert one["evidence"]
        for piece in one["evidence"]:
            assert piece["quote"] in turns[piece["turn"]]["text"]
        quotes = " ".join(piece["quote"] for piece in one["evidence"])
        assert set(re.findall(r"\d+", one["text"])) <= set(re.findall(r"\d+", quotes)), "no number is invented"


def test_the_record_names_the_models_that_made_it(stereo):
    made = {one["stage"]: one for one in stereo["made_by"]}
    assert made["transcribe"]["model"] == "whisper-base"
    assert made["separate"]["model"] is None, "a stereo call is not diarized, and does not say that it was"
    assert all(one["revision"] for one in made.values())


def test_a_mono_call_takes_its_parties_from_the_voices(weights, tmp_path):
    for name in USED:
        weights(name)
    done = onrecord(
        "process",
        str(SAMPLE / "call_mono.flac"),
        "--json",
        ONRECORD_DATA_DIR=str(tmp_path),
        ONRECORD_WRITING_MODEL="none",
    )
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    made = {one["stage"]: one for one in record["made_by"]}
    assert made["separate"]["model"]
    assert {part["party"] for part in record["parties"]} == {"agent", "customer"}
    for party in ("agent", "customer"):
        said = spoken(party)
        assert errors(said, heard(record, party)) <= 0.2 * len(said)
    by_whom = {one["written_by"] for one in record["summary"]["statements"]}
    assert by_whom <= {None, "rules"}, "without a writing model what is not a promise is quoted"


@pytest.fixture
def running(weights, tmp_path) -> Iterator[tuple[subprocess.Popen[str], list[str], dict[str, str]]]:
    """``onrecord up`` with the sample call, in a folder of its own; what it prints up to its last line."""
    weights("whisper-base")
    environment = {
        **os.environ,
        "ONRECORD_DATA_DIR": str(tmp_path / "data"),
        "ONRECORD_WRITING_MODEL": "none",
        "ONRECORD_PORT": "0",
    }
    command = [sys.executable, "-m", "worker", "up", "--sample", str(SAMPLE / "call.flac")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment)
    try:
        yield process, read_until_served(process), environment
    finally:
        end(process)


def end(process: subprocess.Popen[str]) -> None:
    """Ends it and waits; its own children end with it."""
    process.kill()
    process.communicate()


def read_until_served(process: subprocess.Popen[str]) -> list[str]:
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("Serving until"):
            return lines
    pytest.fail("`onrecord up` ended by itself: " + "".join(lines))


def test_up_works_the_sample_and_serves_its_record_until_it_is_told_to_stop(running):
    process, lines, environment = running
    printed = "".join(lines)
    links = dict(re.findall(r"The record for the (\w+): (http\S+)", printed))
    assert set(links) == {"agent", "customer"}
    for link in links.values():
        browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        at, _, token = link.rpartition("/")
        opened = browser.open(at, urllib.parse.urlencode({"token": token}).encode(), timeout=10)
        assert "Friday" in opened.read().decode()
        part = urllib.request.Request(f"{opened.url}/sound", headers={"Range": "bytes=0-3"})
        assert browser.open(part, timeout=10).read() == b"fLaC"

    # A second shell of the same user: the queue of `up` is found, the same recording is the same call.
    again = onrecord("add", str(SAMPLE / "call.flac"), "--wait", **environment)
    assert "already here" in again.stdout, again.stderr
    listed = onrecord("calls", **environment).stdout
    assert "ready" in listed

    # Its worker dies: another takes its place, and the next call is worked.
    worker = int(subprocess.check_output(["pgrep", "-P", str(process.pid), "-f", "worker work"], text=True).split()[0])
    os.kill(worker, signal.SIGKILL)
    other = onrecord("add", str(SAMPLE / "call.flac"), "--external-id", "other", "--wait", **environment)
    assert other.returncode == 0, other.stdout + other.stderr

    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 0


def test_a_second_start_finds_the_sample_worked(running):
    process, _, environment = running
    process.send_signal(signal.SIGINT)
    process.wait(timeout=60)
    command = [sys.executable, "-m", "worker", "up", "--sample", str(SAMPLE / "call.flac")]
    second = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment)
    try:
        printed = "".join(read_until_served(second))
    finally:
        end(second)
    assert "already here" in printed
    assert "The record for the customer" in printed
