"""A watched folder: what is taken and when, where it goes, and that a kill at any instant loses and doubles nothing."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import structlog
from click.testing import Result
from typer.testing import CliRunner

from tests import made_files
from tests.installation import ROOT
from tests.keys import KEYS
from worker.cli import app
from worker.core.arrival import Priority
from worker.core.call import LawfulBasis, Party
from worker.core.errors import Unavailable
from worker.intake.accept import Intake
from worker.intake.dropped import Dropbox, Look
from worker.intake.folder import FolderWatch
from worker.intake.limits import Busy, Limits
from worker.record.sounds import SoundStore
from worker.record.standing import StoredCall
from worker.record.store import Store

DAY = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
TODAY = "accepted/2026-03-10"


@pytest.fixture
def store_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'onrecord.db'}"


class Watched:
    """A folder that is watched, and the clock by which it is."""

    def __init__(self, folder: Path, store: Store, sounds: SoundStore, **options: Any) -> None:
        self.folder, self.store, self.sounds = folder, store, sounds
        self.folder.mkdir(exist_ok=True)
        self.seconds = 100.0
        self.options = options
        self.limits = Limits()
        self.start()

    def start(self) -> None:
        """The process that watches is started, or started again."""
        dropbox = Dropbox(Intake(self.store, self.sounds, limits=self.limits), "pbx")
        self.watch = FolderWatch(
            self.folder, dropbox, now=lambda: DAY, clock=lambda: self.seconds, **{"settle_s": 5.0, **self.options}
        )

    def write(self, name: str, data: bytes | str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    def look(self, after_s: float = 5.0) -> Look:
        self.seconds += after_s
        return self.watch.look()

    def settle(self) -> Look:
        """Looks twice: the first finds what is there, the second that it stayed so."""
        self.look()
        return self.look()

    def calls(self) -> list[StoredCall]:
        return sorted(self.store.calls(limit=1000), key=lambda call: call.details.external_id or "")

    def lies(self) -> list[str]:
        """The files in the folder by their names, our own notes left out."""
        found = (path.relative_to(self.folder) for path in self.folder.rglob("*") if path.is_file())
        return sorted(path.as_posix() for path in found if path.parts[0] != ".onrecord")


@pytest.fixture
def watched(tmp_path: Path, store: Store, sound_store: SoundStore) -> Watched:
    return Watched(tmp_path / "in", store, sound_store)


def details(**fields: object) -> str:
    return json.dumps(fields)


# What is taken ---------------------------------------------------------------------------------------------------


def test_a_recording_is_handed_over_with_the_details_beside_it_and_moved_away(watched: Watched) -> None:
    sound = made_files.wav()
    said = details(
        external_id="4711",
        started_at="2026-03-10T11:00:00+01:00",
        agent="Ann",
        customer_address="+4930123456",
        parties={"0": "agent", "1": "customer"},
        lawful_basis="consent",
        notice_given=True,
        line="support",
    )
    watched.write("call.wav.json", said)
    watched.write("call.wav", sound)
    assert watched.settle() == Look(accepted=1)
    (call,) = watched.calls()
    assert (call.sender, call.details.external_id, call.details.agent) == ("pbx", "4711", "Ann")
    assert call.details.party_of_channel == {0: Party.AGENT, 1: Party.CUSTOMER}
    assert (call.details.lawful_basis, call.details.notice_given) == (LawfulBasis.CONSENT, True)
    assert call.legs[0].file_name == "call.wav"
    assert call.legs[0].sha256 is not None
    assert b"".join(watched.sounds.read(call.id, 1)) == sound
    assert watched.lies() == [f"{TODAY}/call.wav", f"{TODAY}/call.wav.json"]
    assert watched.settle() == Look(), "what was taken is not looked at again"


def test_folders_below_are_looked_into_and_kept_apart(watched: Watched) -> None:
    watched.write("2026/03/10/q-1.wav", made_files.wav(1.0))
    watched.write("2026/03/11/q-1.wav", made_files.wav(2.0))
    assert watched.settle() == Look(accepted=2)
    assert watched.lies() == [f"{TODAY}/2026/03/10/q-1.wav", f"{TODAY}/2026/03/11/q-1.wav"]
    assert {call.legs[0].file_name for call in watched.calls()} == {"q-1.wav"}


def test_a_second_recording_of_the_same_name_takes_no_ones_place(watched: Watched) -> None:
    for seconds in (1.0, 2.0):
        watched.write("out.wav", made_files.wav(seconds))
        assert watched.settle() == Look(accepted=1)
    assert watched.lies() == [f"{TODAY}/out-2.wav", f"{TODAY}/out.wav"]
    assert len(watched.calls()) == 2


def test_several_recordings_under_one_id_are_one_call(watched: Watched) -> None:
    for number in (1, 2):
        watched.write(f"leg{number}.wav.json", details(external_id="4711", legs=2))
        watched.write(f"leg{number}.wav", made_files.wav(number))
    assert watched.settle() == Look(accepted=2)
    (call,) = watched.calls()
    assert len(call.legs) == 2


def test_a_vcon_is_taken_with_all_its_recordings(watched: Watched) -> None:
    from tests.intake.test_vcon import UUID, inline, vcon

    watched.write("one.vcon.json", json.dumps(vcon(inline(), inline(body="UklGRiBhbm90aGVy"))))
    assert watched.settle() == Look(accepted=1)
    (call,) = watched.calls()
    assert (call.sender, call.details.external_id, len(call.legs)) == ("pbx", UUID, 2)
    assert watched.lies() == [f"{TODAY}/one.vcon.json"]


def test_what_is_accepted_is_removed_where_it_is_not_kept(tmp_path, store, sound_store) -> None:
    watched = Watched(tmp_path / "in", store, sound_store, keeps=False)
    watched.write("call.wav.json", details(external_id="1"))
    watched.write("call.wav", made_files.wav())
    assert watched.settle() == Look(accepted=1)
    assert watched.lies() == []


def test_the_oldest_comes_first(watched: Watched, store: Store) -> None:
    for name, changed in (("b.wav", 30), ("a.wav", 20), ("c.wav", 10)):
        path = watched.write(name, made_files.wav(changed / 10))
        os.utime(path, (changed, changed))
    watched.settle()
    assert [call.legs[0].file_name for call in reversed(store.calls(limit=9))] == ["c.wav", "a.wav", "b.wav"]


# When it is whole ------------------------------------------------------------------------------------------------


def test_a_file_that_still_grows_is_left_alone(watched: Watched) -> None:
    whole = made_files.wav()
    for share in (0.3, 0.6, 1.0):
        watched.write("call.wav", whole[: int(len(whole) * share)])
        assert watched.look() == Look(settling=1)
    assert watched.look(after_s=1.0) == Look(settling=1), "two looks alone say nothing: time has to go by"
    assert watched.look() == Look(accepted=1)
    (call,) = watched.calls()
    assert call.legs[0].size_bytes == len(whole)


def test_details_that_are_still_written_are_waited_for(watched: Watched) -> None:
    watched.write("call.wav", made_files.wav())
    watched.look()
    watched.write("call.wav.json", '{"external')
    watched.look()
    watched.write("call.wav.json", details(external_id="4711"))
    assert watched.settle() == Look(accepted=1)
    assert watched.calls()[0].details.external_id == "4711"


def test_an_empty_file_is_given_time(watched: Watched) -> None:
    path = watched.write("call.wav", b"")
    os.utime(path, (DAY.timestamp() - 60, DAY.timestamp() - 60))
    assert watched.settle() == Look()
    os.utime(path, (DAY.timestamp() - 7200, DAY.timestamp() - 7200))
    assert watched.settle() == Look(refused=1)
    assert "empty" in (watched.folder / "refused/call.wav.reason.txt").read_text()


@pytest.mark.parametrize("name", [".call.wav", "call.wav.part", "call.tmp", "call.wav.crdownload", "call.wav~"])
def test_hidden_and_unfinished_files_are_left_alone(name: str, watched: Watched) -> None:
    watched.write(name, made_files.wav())
    assert watched.settle() == Look()
    assert watched.lies() == [name]


def test_details_without_a_recording_wait_for_it(watched: Watched) -> None:
    watched.write("call.wav.json", details(external_id="4711"))
    assert watched.settle() == Look()
    watched.write("call.wav", made_files.wav())
    assert watched.settle() == Look(accepted=1)


def test_a_recording_waits_for_its_details_where_each_has_some(tmp_path, store, sound_store) -> None:
    watched = Watched(tmp_path / "in", store, sound_store, waits_for_details=True)
    watched.write("call.wav", made_files.wav())
    assert watched.settle() == Look()
    watched.write("call.wav.json", details(external_id="4711"))
    assert watched.settle() == Look(accepted=1)


def test_with_markers_only_a_marked_file_is_whole_and_at_once(tmp_path, store, sound_store) -> None:
    watched = Watched(tmp_path / "in", store, sound_store, marker=".done")
    watched.write("call.wav", made_files.wav())
    assert watched.settle() == Look()
    watched.write("call.wav.json", details(external_id="4711"))
    watched.write("call.wav.done", b"")
    assert watched.look(after_s=0.0) == Look(accepted=1)
    assert watched.lies() == [f"{TODAY}/call.wav", f"{TODAY}/call.wav.done", f"{TODAY}/call.wav.json"]


def test_a_file_that_changes_while_it_is_taken_stays_and_comes_again(watched: Watched, monkeypatch) -> None:
    path = watched.write("call.wav", made_files.wav())
    watched.look()
    accept = Intake.accept

    def slow(self: Intake, *given: Any, **options: Any) -> object:
        with path.open("ab") as file:
            file.write(b"and more of it")
        monkeypatch.setattr(Intake, "accept", accept)
        return accept(self, *given, **options)

    monkeypatch.setattr(Intake, "accept", slow)
    assert watched.look() == Look(settling=1)
    assert watched.lies() == ["call.wav"]
    assert watched.settle() == Look(accepted=1)


def test_a_link_is_not_followed(watched: Watched, tmp_path: Path) -> None:
    secret = tmp_path / "secret.wav"
    secret.write_bytes(made_files.wav())
    (watched.folder / "call.wav").symlink_to(secret)
    (watched.folder / "below").symlink_to(tmp_path)
    os.mkfifo(watched.folder / "pipe.wav")
    assert watched.settle() == Look()
    assert secret.exists()


# What is refused -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("{", "what is in it"),
        ("[]", "what is in it"),
        ('{"agent": 5}', "agent"),
        ('{"secret Maria": 5}', "what is in it"),
        ('{"started_at": "yesterday"}', "started_at"),
        ('{"started_at": "2026-03-10T11:00:00"}', "time zone"),
        ('{"zone": "Atlantis/Capital"}', "zone"),
        ('{"legs": 0}', "legs"),
        ('{"agent_address": "me"}', "address"),
    ],
)
def test_a_recording_whose_details_make_no_sense_is_refused_with_the_reason(
    said: str, why: str, watched: Watched
) -> None:
    watched.write("call.wav.json", said)
    watched.write("call.wav", made_files.wav())
    assert watched.settle() == Look(refused=1)
    assert watched.calls() == []
    assert watched.lies() == ["refused/call.wav", "refused/call.wav.json", "refused/call.wav.reason.txt"]
    reason = (watched.folder / "refused/call.wav.reason.txt").read_text()
    assert why in reason
    assert "Maria" not in reason


def test_a_vcon_that_cannot_be_read_is_refused_with_the_place(watched: Watched) -> None:
    watched.write("one.vcon", '{"vcon": "9.9.9", "uuid": "a"}')
    assert watched.settle() == Look(refused=1)
    assert "/vcon " in (watched.folder / "refused/one.vcon.reason.txt").read_text()


def test_what_was_put_right_is_taken_from_where_it_is_put_back(watched: Watched) -> None:
    watched.write("call.wav.json", "{")
    watched.write("call.wav", made_files.wav())
    watched.settle()
    (watched.folder / "refused/call.wav").replace(watched.folder / "call.wav")
    watched.write("call.wav.json", details(external_id="4711"))
    assert watched.settle() == Look(accepted=1)


def test_one_bad_file_does_not_hold_up_the_others(watched: Watched) -> None:
    watched.write("a.wav.json", "{")
    for number, name in enumerate(("a.wav", "b.wav", "c.wav"), start=1):
        watched.write(name, made_files.wav(number))
    assert watched.settle() == Look(accepted=2, refused=1)


def test_a_file_whose_disk_fails_stays_and_holds_up_no_other(watched: Watched, monkeypatch) -> None:
    read = Dropbox.hand_over_vcon

    def fail(*_given: object) -> None:
        raise OSError(errno.EIO, "no")

    watched.write("a.vcon", json.dumps({}))
    watched.write("b.wav", made_files.wav())
    monkeypatch.setattr(Dropbox, "hand_over_vcon", fail)
    assert watched.settle() == Look(accepted=1, settling=1)
    monkeypatch.setattr(Dropbox, "hand_over_vcon", read)
    assert watched.look() == Look(refused=1)


# When nothing can be taken ---------------------------------------------------------------------------------------


def test_where_there_is_no_room_everything_waits_where_it_lies(watched: Watched) -> None:
    watched.write("call.wav", made_files.wav())
    watched.look()
    watched.limits = Limits(free_bytes=2**60, folders=(watched.folder,))
    watched.start()
    watched.look()
    with pytest.raises(Busy) as caught:
        watched.look()
    assert caught.value.retry_after_s > 0
    assert watched.lies() == ["call.wav"]
    watched.limits = Limits()
    watched.start()
    assert watched.settle() == Look(accepted=1)


def test_a_folder_that_is_gone_is_said_to_be(watched: Watched) -> None:
    watched.folder.rmdir()
    with pytest.raises(Unavailable, match="watched folder"):
        watched.look()


def test_what_cannot_be_moved_is_not_taken_again_and_is_moved_later(watched: Watched, monkeypatch) -> None:
    watched.write("call.wav", made_files.wav())
    watched.look()
    replace = Path.replace

    def refuse(self: Path, target: Path) -> Path:
        if self.name == "call.wav":
            raise PermissionError(13, "no")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(Unavailable):
        watched.look()
    for _ in range(3):
        assert watched.look() == Look(), "it is safe already"
    monkeypatch.setattr(Path, "replace", replace)
    watched.look()
    assert watched.lies() == [f"{TODAY}/call.wav"]
    assert len(watched.calls()) == 1


# Killed at any instant -------------------------------------------------------------------------------------------


class Killed(BaseException):
    """This process ends here."""


@pytest.mark.parametrize("keeps", [True, False])
def test_killed_before_or_after_any_step_it_loses_and_doubles_nothing(
    tmp_path: Path, store: Store, sound_store: SoundStore, monkeypatch: pytest.MonkeyPatch, keeps: bool
) -> None:
    """Every step that leaves something behind is the last one once; the next process goes on from there."""
    steps: list[str] = []
    kill_at = -1

    def stepping(name: str, inner: Any) -> Any:
        def run(*given: Any, **options: Any) -> Any:
            for when in ("before", "after"):
                steps.append(f"{when} {name}")
                if len(steps) - 1 == kill_at:
                    raise Killed
                if when == "before":
                    result = inner(*given, **options)
            return result

        return run

    for owner, name in ((Path, "replace"), (Path, "unlink"), (os, "fsync"), (Path, "mkdir"), (Intake, "accept")):
        monkeypatch.setattr(owner, name, stepping(name, getattr(owner, name)))
    killed = 0
    for number in range(200):
        kill_at = -1
        watched = Watched(tmp_path / f"in{number}", store, sound_store, keeps=keeps, marker=".done")
        watched.write("a.wav.json", details(external_id=f"a{number}"))
        watched.write("a.wav", made_files.wav(0.1 + number / 1000))
        watched.write("a.wav.done", b"")
        watched.write("b.wav.json", "{")
        watched.write("b.wav", b"refused")
        watched.write("b.wav.done", b"")
        steps.clear()
        kill_at = number
        try:
            watched.look()
        except Killed:
            killed += 1
            kill_at = -1
            watched.start()
            watched.look()
            watched.look()
        mine = [call for call in watched.calls() if call.details.external_id == f"a{number}"]
        assert len(mine) == 1, steps[number]
        assert len(mine[0].legs) == 1, steps[number]
        accepted = [f"{TODAY}/a.wav", f"{TODAY}/a.wav.done", f"{TODAY}/a.wav.json"] if keeps else []
        refused = ["refused/b.wav", "refused/b.wav.done", "refused/b.wav.json", "refused/b.wav.reason.txt"]
        assert watched.lies() == [*accepted, *refused], steps[number]
        assert not list((watched.folder / ".onrecord").iterdir())
        if len(steps) <= number:
            break
    else:
        raise AssertionError("there are more steps than were tried")
    assert killed > 30
    assert len(watched.calls()) == killed + 1, "and no call came besides"


def test_a_new_file_of_the_name_of_one_that_was_being_moved_stays(watched: Watched, monkeypatch) -> None:
    """Killed between noting and moving; before it runs again, the recorder writes the next call under that name."""
    watched.write("call.wav", made_files.wav(1.0))
    watched.look()
    monkeypatch.setattr(FolderWatch, "_carry_out", lambda *_: (_ for _ in ()).throw(Killed))
    with pytest.raises(Killed):
        watched.look()
    monkeypatch.undo()
    watched.write("call.wav", made_files.wav(2.0))
    watched.start()
    assert watched.settle() == Look(accepted=1)
    assert len(watched.calls()) == 2
    assert not list((watched.folder / ".onrecord").iterdir())


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("ONRECORD_")},
        "ONRECORD_DATA_DIR": str(tmp_path / "data"),
        "ONRECORD_WATCH_FOLDER": str(tmp_path / "in"),
        "ONRECORD_WATCH_EVERY_S": "0.2",
        "ONRECORD_FREE_DISK_MB": "0",
        "ONRECORD_LOG_LEVEL": "info",
    }


def test_the_command_is_killed_again_and_again_and_every_recording_is_one_call(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for number in range(60):
        (folder / f"{number}.wav.json").write_text(details(external_id=str(number)))
        (folder / f"{number}.wav").write_bytes(made_files.wav(0.2 + number / 100))
    command = [sys.executable, "-m", "worker", "watch"]
    for _ in range(2):
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=-1)
        until, there = time.monotonic() + 60, len(list(folder.glob("*.wav")))
        while time.monotonic() < until and len(list(folder.glob("*.wav"))) > there - 20:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        _, said = process.communicate()
        assert b"Traceback" not in said
    done = subprocess.run([*command, "--once"], cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert "accepted, 0 refused." in done.stdout
    assert list(folder.glob("*.wav*")) == []
    assert len(list((folder / "accepted").rglob("*.wav"))) == 60
    store = Store(f"sqlite:///{tmp_path / 'data' / 'onrecord.db'}", KEYS)
    found = [call.details.external_id or "" for call in store.calls(limit=1000)]
    store.close()
    assert sorted(found) == sorted(str(number) for number in range(60))


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Result]]:
    """The command line in this process, for an installation without a queue."""
    for name in [name for name in os.environ if name.startswith("ONRECORD_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ONRECORD_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("ONRECORD_FREE_DISK_MB", "0")
    yield lambda *arguments: CliRunner().invoke(app, [str(one) for one in arguments])
    structlog.reset_defaults()


def test_the_command_says_what_it_needs(command: Callable[..., Result], tmp_path: Path) -> None:
    assert "ONRECORD_WATCH_FOLDER" in str(command("watch").exception)
    assert "not there" in str(command("watch", tmp_path / "nowhere", "--once").exception)


def test_the_command_takes_what_lies_there_and_ends(
    command: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ONRECORD_WATCH_EVERY_S", "0.1")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.wav").write_bytes(made_files.wav())
    (tmp_path / "in" / "b.vcon").write_text("{}")
    done = command("watch", tmp_path / "in", "--once", "--sender", "pbx")
    assert done.exit_code == 0, done.output
    assert done.output == "1 accepted, 1 refused.\n"
    (call,) = Store(f"sqlite:///{tmp_path / 'data' / 'onrecord.db'}", KEYS).calls()
    assert call.sender == "pbx"


def test_a_vcon_is_added_by_hand_without_options_about_the_call(command: Callable[..., Result], tmp_path: Path) -> None:
    from tests.intake.test_vcon import UUID, inline, vcon

    file = tmp_path / "one.vcon.json"
    file.write_text(json.dumps(vcon(inline(), inline(body="UklGRiBhbm90aGVy"))))
    refused = command("add", file, "--agent", "Ann")
    assert refused.exit_code == 1
    assert "says by itself" in refused.output
    done = command("add", file, "--sender", "pbx", "--bulk")
    assert done.exit_code == 0, done.output
    (call,) = Store(f"sqlite:///{tmp_path / 'data' / 'onrecord.db'}", KEYS).calls()
    assert (call.details.external_id, call.sender, call.priority, len(call.legs)) == (UUID, "pbx", Priority.BULK, 2)
    again = command("add", file, "--sender", "pbx")
    assert again.output.count("already here") == 2
