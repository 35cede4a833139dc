"""The scratch disk of one machine: what a call's sound takes while it is worked.

Each call has folders of its own, one for every set of recordings that it had: another call with the same recording may
end and clear its own at any time, and a call that a further leg has joined is begun again while somebody may still be
at work on what it was before.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree

from worker.core.arrival import FETCH
from worker.core.call import Recording
from worker.core.errors import BrokenRecord, Unavailable
from worker.record.sounds import SoundStore
from worker.record.standing import CallState, StoredCall
from worker.record.store import Store

LETTERS_OF_SOUND = 16
FOLDER = re.compile(r"(?P<call>[0-9a-z]{16})(\.(?P<what>[0-9a-f]{16}|fetch\..+))?")
"""What a folder of ours is called; before version 0.3 it was the call alone. Whatever else lies there is not ours."""


class Scratch:
    """The scratch folder of this machine. Several workers on it may share one."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def of(self, call: StoredCall) -> Path:
        """The folder for a call with the recordings that it has now."""
        return self.root / f"{call.id}.{call.sound_id[:LETTERS_OF_SOUND]}"

    @contextmanager
    def for_fetching(self, call_id: str) -> Iterator[Path]:
        """A new folder for what is fetched of a call, gone afterwards. Raises Unavailable if the disk is full."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            folder = Path(tempfile.mkdtemp(prefix=f"{call_id}.{FETCH}.", dir=self.root))
        except OSError as error:
            raise Unavailable("The scratch disk cannot be written. Is it full?") from error
        try:
            yield folder
        finally:
            rmtree(folder, ignore_errors=True)

    def recordings(self, call: StoredCall, sounds: SoundStore | None) -> tuple[Recording, ...]:
        """The recordings of a call; their bytes are brought here, checked against their hash, if ``sounds`` is given.

        Raises what ``SoundStore.fetch`` does.
        """
        return tuple(self._recording(call, number, sounds) for number in range(len(call.legs)))

    def _recording(self, call: StoredCall, number: int, sounds: SoundStore | None) -> Recording:
        leg = call.legs[number]
        path = self.of(call) / f"recording-{leg.number}"
        if leg.sha256 is None or leg.size_bytes is None:
            raise BrokenRecord("A recording of this call is not here yet. Try the call again.")
        if sounds is not None and not path.exists():
            sounds.fetch(call.id, leg.number, path)
        return Recording(leg.sha256, leg.file_name, leg.size_bytes, path, leg.started_at, leg.party_of_channel)

    def clear(self, call_id: str) -> None:
        """Removes all that lies here of a call."""
        for folder in self.root.glob(f"{call_id}.*"):
            rmtree(folder, ignore_errors=True)

    def clear_abandoned(self, store: Store) -> None:
        """Removes what lies here of calls that ended elsewhere, that are unknown, or whose recordings are others now.

        Raises Unavailable if the database cannot be asked.
        """
        found = [(path, is_ours) for path in self._there() if (is_ours := FOLDER.fullmatch(path.name))]
        known = store.those({is_ours["call"] for _, is_ours in found})
        for path, is_ours in found:
            call = known.get(is_ours["call"])
            if call is None or _has_ended(call) or not _is_of(call, is_ours["what"]):
                rmtree(path, ignore_errors=True)

    def _there(self) -> Iterable[Path]:
        return self.root.iterdir() if self.root.is_dir() else ()


def _is_of(call: StoredCall, what: str | None) -> bool:
    return what is not None and (what.startswith(FETCH) or what == call.sound_id[:LETTERS_OF_SOUND])


def _has_ended(call: StoredCall) -> bool:
    return call.standing.state in (CallState.READY, CallState.FAILED)
