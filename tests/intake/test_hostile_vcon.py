"""A vCon that is made to do harm: to the memory, the processor, or the disk of whoever reads it."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any, cast

import pytest
from joserfc.jwk import RSAKey

from worker.core.errors import Invalid, Unavailable
from worker.intake.accept import Intake
from worker.intake.dropped import Dropbox
from worker.intake.vcon import read_vcon
from worker.intake.vcon.envelope import MOST_SIGNATURES, MOST_VALUES


def vcon(**dialog: Any) -> str:
    recording = {"type": "recording", "body": "UklGRg", "encoding": "base64url", **dialog}
    return json.dumps({"vcon": "0.4.0", "uuid": "a", "parties": [], "dialog": [recording]})


@pytest.mark.parametrize("value", ["{},", "[],", '{"a":0},', "0,"])
@pytest.mark.parametrize("as_bytes", [True, False])
def test_what_is_made_of_very_many_values_is_refused_unread(tmp_path: Path, value: str, as_bytes: bool) -> None:
    text = f'{{"vcon":"0.4.0","x":[{value * MOST_VALUES}0]}}'
    with pytest.raises(Invalid, match="values"):
        read_vcon(text.encode() if as_bytes else text, folder=tmp_path)


def test_no_more_signatures_are_checked_than_somebody_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("joserfc.jws.deserialize_compact", None)
    one = {"protected": "a", "signature": "b"}
    text = json.dumps({"payload": "x", "signatures": [one] * (MOST_SIGNATURES + 1)})
    with pytest.raises(Invalid, match=f"more than {MOST_SIGNATURES}"):
        read_vcon(text, folder=tmp_path, keys=(RSAKey.generate_key(2048),))


@pytest.mark.parametrize(
    "name",
    ["\U0001f600" * 110 + ".wav", "录" * 119, "..", "../../etc/passwd", "a\0b", "\ud800.wav", "/", "\\\\h\\x.wav"],
)
def test_a_name_is_one_that_every_disk_takes_and_leads_nowhere(tmp_path: Path, name: str) -> None:
    ((path, _),) = read_vcon(vcon(filename=name), folder=tmp_path)
    assert isinstance(path, Path)
    assert path.read_bytes() == b"RIFF"
    assert path.parent == tmp_path / "0"


def test_a_disk_without_room_is_no_bug(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    path = tmp_path / "a.vcon"
    path.write_text(vcon())
    with path.open("rb") as file, pytest.raises(Unavailable):
        Dropbox(cast(Intake, None)).hand_over(file, path.name, None)
