"""``onrecord calls`` and ``onrecord retry``, as they are typed at night."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from worker.bootstrap import Installation
from worker.cli import app
from worker.core.arrival import Arrived, Handover
from worker.core.call import CallDetails
from worker.core.errors import Invalid
from worker.record.store import Store
from worker.settings import Settings

LINE_OF_LOG = '{"event": "stage.broke_off", "error": "OSError", "at": ["work.py:1", "b.py:2"], "level": "warning"}'
Run = Callable[..., str]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in a data folder of its own; what it printed."""
    monkeypatch.setenv("ONRECORD_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")

    def running(*arguments: str) -> str:
        result = CliRunner().invoke(app, arguments, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.stdout

    return running


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Installation(Settings(data_dir=tmp_path)).store


def fail(store: Store, number: int, reason: str, *, line: str | None = None, sender: str = "") -> str:
    details = CallDetails("Daniel Price", "Maria Lopez", external_id=f"pbx-{number}", line=line)
    arrived = Arrived(f"{number:064x}", "maria-lopez.wav", 44)
    call_id = store.accept(Handover(details, sender=sender), arrived, first_stage="decode").call_id
    assert store.begin(call_id, "decode", worker="w", lease_s=60.0, now=datetime.now(UTC))
    store.fail(call_id, "decode", worker="w", reason=reason, message="The disk is full.", last_line=LINE_OF_LOG)
    return call_id


def test_failed_calls_are_shown_with_reason_tries_and_last_line_and_without_names(store: Store, run: Run) -> None:
    call_id = fail(store, 1, "Unavailable", line="support", sender="acme")
    shown = run("calls", "--failed")
    for word in (
        call_id,
        "Unavailable",
        "decode, 1 try",
        "The disk is full.",
        "stage.broke_off  error=OSError",
        "line support",
    ):
        assert word in shown
    assert "sender acme" in shown
    assert "at=work.py:1, b.py:2" in shown
    assert '"level"' not in shown
    assert "1 shown: 1 Unavailable" in shown
    assert "Maria" not in shown
    assert "maria-lopez" not in shown


def test_a_call_that_waits_for_its_other_recordings_says_so_and_until_when(store: Store, run: Run) -> None:
    details = CallDetails(external_id="pbx-1")
    arrived = Arrived(f"{1:064x}", "first.wav", 44)
    call_id = store.accept(Handover(details, legs=2), arrived, first_stage="decode").call_id
    until = store.call(call_id).standing.not_before
    assert until is not None
    shown = run("calls")
    assert f"{call_id}  {store.call(call_id).received_at:%Y-%m-%d %H:%M} UTC  first.wav" in shown
    assert f"waiting for its other recordings until {until:%H:%M:%S} UTC" in shown


def test_they_are_narrowed_by_reason_line_and_sender(store: Store, run: Run) -> None:
    made = [
        fail(store, 1, "Unavailable", line="support", sender="acme"),
        fail(store, 2, "Unavailable", line="sales"),
        fail(store, 3, "Bug", line="support"),
    ]
    for options, found in (
        (["--reason", "Unavailable"], {0, 1}),
        (["--line", "support"], {0, 2}),
        (["--sender", "acme"], {0}),
        (["--reason", "Bug", "--line", "sales"], set()),
    ):
        shown = json.loads(run("calls", "--failed", *options, "--json"))
        assert {one["id"] for one in shown} == {made[one] for one in found}


def test_json_says_all_that_a_program_needs_to_decide(store: Store, run: Run) -> None:
    call_id = fail(store, 1, "Unavailable", line="support")
    (one,) = json.loads(run("calls", "--failed", "--json"))
    assert (one["id"], one["state"], one["stage"], one["attempts"]) == (call_id, "failed", "decode", 1)
    assert (one["reason"], one["message"], one["last_line"]) == ("Unavailable", "The disk is full.", LINE_OF_LOG)
    assert (one["line"], one["external_id"], one["next_try_at"]) == ("support", "pbx-1", None)


def test_where_nothing_failed_it_says_so(store: Store, run: Run) -> None:
    assert "No such call has failed." in run("calls", "--failed")
    assert "Nothing failed among these calls." in run("retry", "--all")


@pytest.mark.parametrize(
    ("options", "again"),
    [
        (["--all"], {0, 1, 2}),
        (["--reason", "Unavailable"], {0, 1}),
        (["--reason", "Unavailable", "--line", "sales"], {1}),
        (["--stage", "transcribe"], set()),
    ],
)
def test_all_of_something_are_tried_again_and_their_number_is_said(
    store: Store, run: Run, options: list[str], again: set[int]
) -> None:
    made = [fail(store, 1, "Unavailable"), fail(store, 2, "Unavailable", line="sales"), fail(store, 3, "Bug")]
    shown = run("retry", *options)
    assert {one for one, call_id in enumerate(made) if store.call(call_id).standing.state != "failed"} == again
    if again:
        count = "1 call is" if len(again) == 1 else f"{len(again)} calls are"
        assert f"{count} tried again: {len(again)} from decode." in shown


def test_named_calls_are_tried_again_by_the_beginnings_of_their_ids(store: Store, run: Run) -> None:
    made = [fail(store, number, "Bug") for number in range(3)]
    shown = run("retry", made[0], made[1])
    assert f"{made[0]}  is tried again from decode" in shown
    assert [store.call(one).standing.state for one in made] == ["received", "received", "failed"]


def test_four_hundred_are_counted_and_not_listed(store: Store, run: Run) -> None:
    made = [fail(store, number, "Bug") for number in range(25)]
    shown = run("retry", "--reason", "Bug")
    assert "25 calls are tried again: 25 from decode." in shown
    assert made[0] not in shown


@pytest.mark.parametrize("arguments", [[], ["--all", "--reason", "Bug"], ["0a1b", "--all"]])
def test_it_has_to_be_said_which_calls(store: Store, arguments: list[str], tmp_path: Path, run: Run) -> None:
    with pytest.raises(Invalid, match="Say one of"):
        run("retry", *arguments)
