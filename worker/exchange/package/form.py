"""The form of a package: names of its members, its limits, and the signed list of what is in it.

The list (``MANIFEST.txt``) is a signed note: its first line says of which log this is, then a line for each call with
how many entries it had, which of their contents stay out for the sake of other persons, and in which folder it lies;
then the SHA-256 and name of every other member. The tree proves each entry; only the list can say that none is missing
at the end, and that files which are in no entry are those that were handed out.

Form 1, which earlier versions handed out, had one call, no folders and no pages; it is still read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from worker.core.errors import BrokenRecord, Invalid

README = "README.txt"
MANIFEST = "MANIFEST.txt"
VERIFY = "verify.py"
INDEX = "index.html"
PDF = "transcript.pdf"
TEXT = "transcript.txt"
CAPTIONS = "captions.vtt"
RECORD = "record.json"
VCON = "record.vcon.json"
ANNOTATIONS = "annotations.json"
SOUND = "sound.flac"
TEXTS = (INDEX, PDF, TEXT, CAPTIONS, RECORD, VCON, ANNOTATIONS)
"""What is made of a record for people and programs; each call's lie in its folder."""

MANIFEST_1 = "manifest.txt"
_KEY, _CHECKPOINT, _EARLIER, _CONSISTENCY = "log.pub", "checkpoint.txt", "earlier.txt", "consistency.json"
_ENTRIES = "entries.jsonl"


@dataclass(frozen=True)
class Layout:
    """Where the members of one form lie."""

    manifest: str
    proof: str
    """The folder of what proves; empty in form 1, where that lay at the top."""

    @property
    def key(self) -> str:
        """The log's public key."""
        return f"{self.proof}{_KEY}"

    @property
    def checkpoint(self) -> str:
        """The signed head of the log."""
        return f"{self.proof}{_CHECKPOINT}"

    @property
    def earlier(self) -> str:
        """An earlier head."""
        return f"{self.proof}{_EARLIER}"

    @property
    def consistency(self) -> str:
        """The proof that the log only grew since."""
        return f"{self.proof}{_CONSISTENCY}"

    @property
    def always(self) -> tuple[str, ...]:
        """What every package of this form has, whatever calls are in it."""
        return (README, self.key, self.checkpoint, self.manifest, *((VERIFY,) if self.proof else ()))

    def entries(self, folder: str) -> str:
        """The entries of the call in a folder."""
        return f"{folder}{self.proof}{_ENTRIES}"

    def contents(self, folder: str) -> str:
        """How the names of its entries' contents begin."""
        return f"{folder}{self.proof}contents/"

    def content(self, folder: str, number: int) -> str:
        """The content of one entry."""
        return f"{self.contents(folder)}{number:04d}.json"


FORM_1 = Layout(MANIFEST_1, "")
FORM_2 = Layout(MANIFEST, "proof/")

_FILE_NAME = r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}"
_NUMBER = r"(?:\d{4}|[1-9]\d{4,8})"
_FOLDER = r"calls/[1-9]\d{0,3}/"
_OF_ANY = "|".join(map(re.escape, (README, MANIFEST, MANIFEST_1, VERIFY)))
_OF_PROOF = "|".join(map(re.escape, (_KEY, _CHECKPOINT, _EARLIER, _CONSISTENCY)))
_OF_CALL = "|".join(map(re.escape, (*TEXTS, SOUND)))
MEMBER = re.compile(
    rf"{_OF_ANY}|(?:proof/)?(?:{_OF_PROOF})|recording/{_FILE_NAME}"
    rf"|(?:{_FOLDER})?(?:{_OF_CALL}|files/{_NUMBER}-{_FILE_NAME}"
    rf"|(?:proof/)?(?:{re.escape(_ENTRIES)}|contents/{_NUMBER}\.json))",
    re.ASCII,
)
FILE = re.compile(rf"files/({_NUMBER})-", re.ASCII)
ENTRIES_OF = re.compile(rf"((?:{_FOLDER})?)proof/{re.escape(_ENTRIES)}", re.ASCII)
FOLDER = re.compile(rf"(?:{_FOLDER})?", re.ASCII)
RECORDING = "recording/"  # of form 1: the original is not handed out any more, only what is protected

MOST_MEMBERS = 50_000
MOST_BYTES = 16 * 2**30  # of all members, unpacked
LARGEST_TEXT = 64 * 2**20  # bytes of one member that is read as a whole; a record of a ten-hour call has 20 MB
MOST_PACKED = 200  # times that a member may be smaller packed than unpacked; records come to 10

_CALL_ID = re.compile(r"[0-9A-Za-z_-]{1,64}", re.ASCII)
_COUNT = re.compile(r"0|[1-9]\d{0,8}", re.ASCII)
_LINE = re.compile(r"([0-9a-f]{64})  (\S+)", re.ASCII)
_CALL = re.compile(r"call (\S+) entries (\d+) withheld (-|[\d,]+) in (\S+)", re.ASCII)
_OPENING_1 = "On Record copy, form 1, of "
_OPENING_2 = "On Record package, form 2, of "


def folder_of(place: int, calls: int) -> str:
    """Where the files of a call lie, by its place from 0 among so many; the only one lies at the top."""
    return "" if calls == 1 else f"calls/{place + 1}/"


def file_name(folder: str, number: int, name: str) -> str:
    """The member with a file that the entry of this number added."""
    return f"{folder}files/{number:04d}-{safe_name(name)}"


def safe_name(name: str) -> str:
    """A file's name in letters that every system takes, its ending kept."""
    safe = re.sub(r"[^A-Za-z0-9._-]", "_", name).lstrip(".-")
    return safe[-100:].lstrip(".-") or "file"


@dataclass(frozen=True)
class ListedCall:
    """One call on the list: how many entries it had, the numbers of those whose contents stay out, and its folder."""

    call_id: str
    entries: int
    withheld: Sequence[int] = ()
    folder: str = ""

    def encode(self) -> str:
        """Its line. Raises Invalid for the id of a call that no member can be named by."""
        if not _CALL_ID.fullmatch(self.call_id):
            raise Invalid("The id of a call has letters and digits only.")
        withheld = ",".join(map(str, self.withheld)) or "-"
        return f"call {self.call_id} entries {self.entries} withheld {withheld} in {self.folder or '.'}\n"


@dataclass(frozen=True)
class Manifest:
    """What is in a package: of which log, which calls, and the SHA-256 of each other member by its name."""

    origin: str
    calls: Sequence[ListedCall]
    members: Mapping[str, str]

    def encode(self) -> str:
        """The text that is signed."""
        calls = "".join(one.encode() for one in self.calls)
        return f"{_OPENING_2}{self.origin}\n{calls}{_lines(self.members)}"


def read_manifest(text: str) -> Manifest:
    """The list of a text, of either form. Raises BrokenRecord for any other text than On Record writes."""
    opening, *lines = text.split("\n")
    members = {found[2]: found[1] for line in lines if (found := _LINE.fullmatch(line))}
    if opening.startswith(_OPENING_2):
        calls = [_listed_call(found) for line in lines if (found := _CALL.fullmatch(line))]
        manifest = Manifest(opening.removeprefix(_OPENING_2), calls, members)
        if calls and manifest.encode() == text:
            return manifest
    elif opening.startswith(_OPENING_1):
        call_id, entries = (line.partition(" ")[2] for line in [*lines, "", ""][:2])
        written = f"{opening}\ncall {call_id}\nentries {entries}\n{_lines(members)}"
        if _CALL_ID.fullmatch(call_id) and _COUNT.fullmatch(entries) and written == text:
            return Manifest(opening.removeprefix(_OPENING_1), (ListedCall(call_id, int(entries)),), members)
    raise BrokenRecord("The list of what is in the copy is not one that On Record writes.")


def _listed_call(found: re.Match[str]) -> ListedCall:
    call_id, entries, withheld, folder = found.groups()
    folder = "" if folder == "." else folder
    numbers = () if withheld == "-" else tuple(int(one) for one in withheld.split(",") if one)
    if not FOLDER.fullmatch(folder) or not _CALL_ID.fullmatch(call_id):
        raise BrokenRecord("The list of what is in the copy is not one that On Record writes.")
    return ListedCall(call_id, int(entries[:9]), numbers, folder)


def _lines(members: Mapping[str, str]) -> str:
    return "".join(f"{sha256}  {name}\n" for name, sha256 in sorted(members.items()))
