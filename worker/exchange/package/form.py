"""The form of a copy: names of its members, its limits, and the signed list of what is in it.

The list (``manifest.txt``) is a signed note: its first line says of which log this is a copy, then the call, how many
entries it had, and the SHA-256 and name of every other member. The tree proves each entry; only the list can say that
none is missing at the end, and that files which are in no entry are those that were handed out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from worker.core.errors import BrokenRecord, Invalid

README = "README.txt"
KEY = "log.pub"
CHECKPOINT = "checkpoint.txt"
EARLIER = "earlier.txt"
CONSISTENCY = "consistency.json"
ENTRIES = "entries.jsonl"
ANNOTATIONS = "annotations.json"
SOUND = "sound.flac"
MANIFEST = "manifest.txt"
ALWAYS = (README, KEY, CHECKPOINT, ENTRIES, MANIFEST)

_FILE_NAME = r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}"
_NUMBER = r"(?:\d{4}|[1-9]\d{4,8})"
_SINGLE = "|".join(re.escape(name) for name in (*ALWAYS, EARLIER, CONSISTENCY, ANNOTATIONS, SOUND))
MEMBER = re.compile(
    rf"{_SINGLE}|contents/{_NUMBER}\.json|files/{_NUMBER}-{_FILE_NAME}|recording/{_FILE_NAME}", re.ASCII
)
FILE = re.compile(rf"files/({_NUMBER})-", re.ASCII)
RECORDING = "recording/"

MOST_MEMBERS = 50_000
MOST_BYTES = 16 * 2**30  # of all members, unpacked
LARGEST_TEXT = 64 * 2**20  # bytes of one member that is read as a whole; a record of a ten-hour call has 20 MB
MOST_PACKED = 200  # times that a member may be smaller packed than unpacked; records come to 10

_CALL_ID = re.compile(r"[0-9A-Za-z_-]{1,64}", re.ASCII)
_COUNT = re.compile(r"0|[1-9]\d{0,8}", re.ASCII)
_LINE = re.compile(r"([0-9a-f]{64})  (\S+)", re.ASCII)
_OPENING = "On Record copy, form 1, of "


def contents_name(number: int) -> str:
    """The member with the content of an entry."""
    return f"contents/{number:04d}.json"


def file_name(number: int, name: str) -> str:
    """The member with a file that the entry of this number added."""
    return f"files/{number:04d}-{safe_name(name)}"


def recording_name(name: str, number: int | None = None) -> str:
    """The member with a recording as it arrived; of several, with its number."""
    return f"{RECORDING}{safe_name(name if number is None else f'{number}-{name}')}"


def safe_name(name: str) -> str:
    """A file's name in letters that every system takes, its ending kept."""
    safe = re.sub(r"[^A-Za-z0-9._-]", "_", name).lstrip(".-")
    return safe[-100:].lstrip(".-") or "file"


@dataclass(frozen=True)
class Manifest:
    """What is in a copy: of which log and call, how many entries, and the SHA-256 of each other member by its name."""

    origin: str
    call_id: str
    entries: int
    members: Mapping[str, str]

    def encode(self) -> str:
        """The text that is signed. Raises Invalid for the id of a call that no member can be named by."""
        if not _CALL_ID.fullmatch(self.call_id):
            raise Invalid("The id of a call has letters and digits only.")
        lines = (f"{sha256}  {name}\n" for name, sha256 in sorted(self.members.items()))
        return f"{_OPENING}{self.origin}\ncall {self.call_id}\nentries {self.entries}\n{''.join(lines)}"


def read_manifest(text: str) -> Manifest:
    """The list of a text. Raises BrokenRecord for any other text than ``encode`` writes."""
    opening, call, count, *lines = [*text.split("\n"), "", "", ""]
    members = [found for line in lines if line and (found := _LINE.fullmatch(line))]
    call_id, entries = call.removeprefix("call "), count.removeprefix("entries ")
    if opening.startswith(_OPENING) and _CALL_ID.fullmatch(call_id) and _COUNT.fullmatch(entries):
        by_name = {found[2]: found[1] for found in members}
        manifest = Manifest(opening.removeprefix(_OPENING), call_id, int(entries), by_name)
        if manifest.encode() == text:
            return manifest
    raise BrokenRecord("The list of what is in the copy is not one that On Record writes.")
