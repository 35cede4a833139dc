"""What is dropped into a watched folder or bucket: which names are what, and how one thing is handed over.

A recording may have its details beside it, in a file of its whole name and ``.json``, in the very fields that the API
takes (``worker.intake.fields``); written before the recording, they are never missed. A vCon says everything itself.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from enum import Enum
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from pydantic import ValidationError

from worker.core.arrival import Handover, Priority
from worker.core.errors import Invalid
from worker.exchange.vcon.values import CAME_WITH_FILE
from worker.intake.accept import Intake
from worker.intake.attach import FileKind, clean_name
from worker.intake.fields import CallFields, misfit_in
from worker.intake.vcon import VconKeys, call_named_in, legs_of, opened, rest_of
from worker.record.blobs import our_errors
from worker.record.standing import Accepted

DETAILS_END = ".json"
VCON_ENDS = (".vcon", ".vcon.json")
UNFINISHED_ENDS = (".part", ".partial", ".tmp", ".temp", ".filepart", ".crdownload", ".swp", "~")
"""How programs name a file that they are still writing."""

LARGEST_DETAILS = 256 * 1024
LARGEST_VCON = 512 * 1024 * 1024  # bytes; it is read as a whole


class Kind(Enum):
    """What something is, by its name alone."""

    RECORDING = "recording"
    VCON = "vcon"
    DETAILS = "details"
    NOTHING = "nothing"  # for us: hidden, or still being written


@dataclass(frozen=True)
class Look:
    """What came of one look at a place. ``settling`` are things that may be whole by the next look."""

    accepted: int = 0
    refused: int = 0
    settling: int = 0


def kind_of(name: str) -> Kind:
    """What this is; ``name`` may lie in folders."""
    last = PurePosixPath(name).name.lower()
    if last.startswith(".") or last.endswith(UNFINISHED_ENDS):
        return Kind.NOTHING
    if last.endswith(VCON_ENDS):
        return Kind.VCON
    return Kind.DETAILS if last.endswith(DETAILS_END) else Kind.RECORDING


@dataclass(frozen=True)
class Dropbox:
    """The door for what is dropped. ``sender`` is whose external ids these are; ``keys`` are who may sign vCons.

    What it is given twice is one call: it may be called again whenever it is not known whether it was.
    """

    intake: Intake
    sender: str = ""
    keys: VconKeys = ()

    def __post_init__(self) -> None:
        Handover(sender=self.sender)  # a name that no sender has is said at once, not of every recording

    def hand_over(self, file: BinaryIO, name: str, details: bytes | None) -> None:
        """Hands over what an open file holds. When this returns, it is safe.

        Raises Invalid or BadRecording for what will never be taken, Busy or Unavailable for what may be later.
        """
        if kind_of(name) is Kind.VCON:
            self.hand_over_vcon(file)
            return
        handover, file_name = self._handover(details)
        name = PurePosixPath(file_name or name).name
        self.intake.accept(file, clean_name(name, FileKind.RECORDING), handover)

    def hand_over_vcon(self, file: BinaryIO, *, priority: Priority = Priority.NORMAL) -> list[Accepted]:
        """Hands over the recordings of a vCon. Raises what ``hand_over`` does.

        One that was made here of a call of this sender brings nothing new: that call is the answer.
        """
        text = file.read(LARGEST_VCON + 1)
        if len(text) > LARGEST_VCON:
            raise Invalid(f"A vCon of more than {LARGEST_VCON // 2**20} MiB is not taken. Nothing was accepted.")
        vcon = opened(text, self.keys)
        made_of = call_named_in(vcon)
        if made_of is not None and self.intake.has_call(made_of, self.sender):
            return [Accepted(made_of, is_new=False)]
        with our_errors(), tempfile.TemporaryDirectory(prefix="onrecord-vcon-") as folder:
            legs = legs_of(vcon, folder=Path(folder), sender=self.sender, priority=priority)
            accepted = [
                self.intake.accept_file(recording, handover)
                if isinstance(recording, Path)
                else self.intake.announce(recording, handover)
                for recording, handover in legs
            ]
        if (rest := rest_of(vcon)) is not None:
            for call_id in {one.call_id for one in accepted}:
                self.intake.keep_beside(call_id, rest, CAME_WITH_FILE)
        return accepted

    def _handover(self, text: bytes | None) -> tuple[Handover, str | None]:
        """What the details beside a recording say, and its name if they say one."""
        if text is None:
            return Handover(sender=self.sender), None
        try:
            fields = CallFields.model_validate_json(text.removeprefix(b"\xef\xbb\xbf"), strict=True)
        except ValidationError as error:
            misfit = misfit_in(error, CallFields, whole="what is in it")
            raise Invalid(f"The details beside it cannot be used: {misfit} Nothing was accepted.") from None
        return fields.handover(self.sender), fields.file_name
