"""A watched folder into which somebody puts what is meant to do harm: it stops nothing, and nothing leaves it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from typing import BinaryIO, cast

import pytest

from worker.core.errors import Unavailable
from worker.intake.dropped import Dropbox
from worker.intake.folder import FolderWatch, Stamp


class Door:
    """Takes whatever is handed over, and remembers its name."""

    def __init__(self) -> None:
        self.taken: list[str] = []

    def hand_over(self, _file: BinaryIO, name: str, _details: bytes | None) -> None:
        self.taken.append(name)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "watched"
    folder.mkdir()
    (folder / "good.wav").write_bytes(b"sound")
    yield folder
    subprocess.run(["rm", "-rf", folder], check=True)  # Python's own way gives up on folders as deep as one here


@pytest.fixture
def door() -> Door:
    return Door()


@pytest.fixture
def watch(folder: Path, door: Door) -> FolderWatch:
    return FolderWatch(folder, cast(Dropbox, door), settle_s=0)


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file beside the watched folder, which this process could read, move and remove."""
    secret = tmp_path / "master.key"
    secret.write_bytes(b"key")
    return secret


def note(folder: Path, of: Path, name: str, to: str | None) -> None:
    stamp = Stamp.of(of.stat())
    files = {name: {"size_bytes": stamp.size_bytes, "changed_ns": stamp.changed_ns}}
    (folder / ".onrecord").mkdir()
    (folder / ".onrecord" / "0.json").write_text(json.dumps({"files": files, "to": to, "reason": None}))


def test_a_name_that_is_no_text_is_taken_as_any_other(watch: FolderWatch, folder: Path, door: Door) -> None:
    (folder / os.fsdecode(b"\xff\n.wav")).write_bytes(b"sound")
    assert watch.look().accepted == 2
    assert watch.look().accepted == 0
    assert len(door.taken) == 2


@pytest.mark.parametrize(("depth", "name"), [(1100, "a"), (20, "a" * 250)])
def test_folders_in_folders_hold_nothing_up(
    watch: FolderWatch, folder: Path, door: Door, depth: int, name: str
) -> None:
    with chdir(folder):
        for _ in range(depth):
            Path(name).mkdir()
            os.chdir(name)
    assert watch.look().accepted == 1
    assert door.taken == ["good.wav"]


@pytest.mark.parametrize(
    ("name", "to"), [("../master.key", None), ("../master.key", "accepted"), ("good.wav", "../stolen"), ("", None)]
)
def test_a_note_that_leads_out_of_the_folder_is_not_carried_out(
    watch: FolderWatch, folder: Path, secret: Path, name: str, to: str | None
) -> None:
    note(folder, folder / name if name else secret, name or str(secret), to)
    watch.look()
    assert secret.read_bytes() == b"key"
    assert not (folder.parent / "stolen").exists()
    assert not list((folder / ".onrecord").iterdir())


@pytest.mark.parametrize("text", ['{"files": []}', '{"files": {"a\\u0000": {}}}', "[]", "{"])
def test_a_note_that_is_none_is_let_go(watch: FolderWatch, folder: Path, text: str) -> None:
    (folder / ".onrecord").mkdir()
    (folder / ".onrecord" / "0.json").write_text(text)
    assert watch.look().accepted == 1


@pytest.mark.parametrize("name", ["accepted", "refused", ".onrecord"])
def test_nothing_is_moved_through_a_link(watch: FolderWatch, folder: Path, tmp_path: Path, name: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (folder / name).symlink_to(elsewhere)
    with pytest.raises(Unavailable):
        watch.look()
    assert not list(elsewhere.iterdir())
    assert (folder / "good.wav").exists()


def test_a_folder_that_becomes_a_link_while_it_is_looked_at_is_not_followed(
    watch: FolderWatch, folder: Path, door: Door, secret: Path
) -> None:
    inner = folder / "inner"
    inner.mkdir()
    twin = inner / secret.name
    twin.write_bytes(secret.read_bytes())
    for path in (secret, twin):
        os.utime(path, ns=(2_000_000_000 * 10**9,) * 2)  # taken last

    def swap(_file: BinaryIO, name: str, _details: bytes | None) -> None:
        door.taken.append(name)
        if name == "good.wav":
            twin.unlink()
            inner.rmdir()
            inner.symlink_to(secret.parent)

    door.hand_over = swap  # type: ignore[method-assign]
    watch.look()
    assert door.taken == ["good.wav"]
    assert secret.exists()
