#!/usr/bin/env python3
"""Checks this package, with nothing but Python 3.8 or newer: no network, no other program, no trust in who made it.

    python3 verify.py                      checks the folder in which this file lies
    python3 verify.py PACKAGE.zip          checks a zip that was not unpacked
    python3 verify.py --key KEY.pub        checks it with the key that you were given apart from the package

Without --key, the key that lies in the package is used. Whoever could alter the package could have put another key in:
compare it with the one that the company publishes. The exit status is 0 if everything holds, and 1 if not.

Where this comes from: Ed25519 as in RFC 8032, the tree as in RFC 9162, signed notes and checkpoints as C2SP has them.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import re
import struct
import sys
import zipfile
import zlib
from pathlib import Path
from typing import IO, Any, Callable, Tuple

MANIFEST, PROOF, KEY, CHECKPOINT = "MANIFEST.txt", "proof/", "proof/log.pub", "proof/checkpoint.txt"
EARLIER, CONSISTENCY = "proof/earlier.txt", "proof/consistency.json"
OF_SYSTEMS = (".DS_Store", "Thumbs.db", "desktop.ini")
LARGEST_TEXT = 64 * 2**20
UNREADABLE = (
    ArithmeticError,
    EOFError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
"""What reading files that somebody damaged may raise."""
CALL = re.compile(r"call ([0-9A-Za-z_-]{1,64}) entries (\d{1,9}) withheld (-|[\d,]+) in (\.|calls/[1-9]\d{0,3}/)")
LINE = re.compile(r"([0-9a-f]{64})  (\S+)")
FILE = re.compile(r"files/(\d{4,9})-")
OPENING = "On Record package, form 2, of "


Head = Tuple[str, int, bytes, str]
Call = Tuple[str, int, "list[int]", str]


class Wrong(Exception):
    """Something that does not hold, in words."""


# Ed25519 (RFC 8032, section 5.1): points as (X, Y, Z, T) with x = X/Z, y = Y/Z, x*y = T/Z

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)  # of -1
Point = Tuple[int, int, int, int]
ONE: Point = (0, 1, 1, 0)


def add(a: Point, b: Point) -> Point:
    """The sum of two points."""
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    w, x, y, z = f - e, h - g, h + g, f + e
    return (w * x % P, y * z % P, x * y % P, w * z % P)


def times(number: int, point: Point) -> Point:
    """So many times a point."""
    sum_ = ONE
    while number:
        if number & 1:
            sum_ = add(sum_, point)
        point = add(point, point)
        number >>= 1
    return sum_


def same(a: Point, b: Point) -> bool:
    """Whether two points are one."""
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def point_of(data: bytes) -> Point | None:
    """The point of 32 bytes; None where they are none."""
    number = int.from_bytes(data, "little")
    y, sign = number & (2**255 - 1), number >> 255
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return (x, y, 1, x * y % P)


BASE = point_of((4 * pow(5, P - 2, P) % P).to_bytes(32, "little")) or ONE


def is_signed(public: bytes, text: bytes, signature: bytes) -> bool:
    """Whether the holder of this key signed exactly this text."""
    if len(public) != 32 or len(signature) != 64:
        return False
    key, commitment = point_of(public), point_of(signature[:32])
    scalar = int.from_bytes(signature[32:], "little")
    if key is None or commitment is None or scalar >= L:
        return False
    hashed = int.from_bytes(hashlib.sha512(signature[:32] + public + text).digest(), "little") % L
    return same(times(scalar, BASE), add(commitment, times(hashed, key)))


# Keys and signed notes


def from_base64(text: str) -> bytes:
    """Bytes from the one spelling that they have."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (ValueError, UnicodeEncodeError):
        raise Wrong("what should be base64 is not")
    if base64.b64encode(data).decode("ascii") != text:
        raise Wrong("what should be base64 is not spelt as it should be")
    return data


def read_key(text: str) -> tuple[str, bytes, bytes]:
    """Name, id and 32 bytes of a public key."""
    parts = text.strip().split("+", 2)
    typed = from_base64(parts[2]) if len(parts) == 3 else b""
    if len(typed) != 33 or typed[0] != 1:
        raise Wrong("this is no public key of a log")
    name, key_id = parts[0], hashlib.sha256(parts[0].encode() + b"\n" + typed).digest()[:4]
    if key_id.hex() != parts[1]:
        raise Wrong("the public key was altered: its id is that of another one")
    return name, key_id, typed[1:]


def open_note(note: str, key: tuple[str, bytes, bytes]) -> str:
    """The text of a note, if this key signed it."""
    name, key_id, public = key
    text, between, signed = note.rpartition("\n\n")
    text += "\n"
    ours = []
    for line in signed[:-1].split("\n") if between and signed.endswith("\n") else []:
        if not line.startswith("— ") or line.count(" ") != 2:
            raise Wrong("a line of its signatures is none")
        by, written = line[2:].split(" ")
        signature = from_base64(written)
        if by == name and signature[:4] == key_id:
            ours.append(signature[4:])
    if not ours:
        raise Wrong("it is not signed by the key of this log")
    if not all(is_signed(public, text.encode(), one) for one in ours):
        raise Wrong("the signature does not hold: the text was altered, or somebody else signed it")
    return text


def read_checkpoint(text: str) -> tuple[str, int, bytes, str]:
    """Origin, size, root and instant of a head of the log."""
    lines = text.split("\n")
    if len(lines) < 4 or lines[-1] or not re.fullmatch(r"0|[1-9]\d{0,18}", lines[1]):
        raise Wrong("it is no head of a log")
    root = from_base64(lines[2])
    if not lines[0] or len(root) != 32:
        raise Wrong("it is no head of a log")
    at = [line[5:] for line in lines[3:] if line.startswith("time ")]
    return lines[0], int(lines[1]), root, at[0] if at else ""


# The tree (RFC 9162, section 2.1)


def node(left: bytes, right: bytes) -> bytes:
    """The hash over two."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def halves(start: int, end: int) -> int:
    """Where the tree over these leaves is parted."""
    return start + (1 << ((end - start - 1).bit_length() - 1))


def check_inclusion(leaf: bytes, index: int, size: int, proof: list[bytes], root: bytes) -> None:
    """The proof leads from the leaf to the root."""
    if not 0 <= index < size:
        raise Wrong("there is no such place in the log")
    start, end, sides = 0, size, []
    while end - start > 1:
        middle = halves(start, end)
        is_left = index >= middle
        sides.append(is_left)
        start, end = (middle, end) if is_left else (start, middle)
    if len(proof) != len(sides) or any(len(one) != 32 for one in proof):
        raise Wrong("its proof is not whole")
    for beside, is_left in zip(proof, reversed(sides)):
        leaf = node(beside, leaf) if is_left else node(leaf, beside)
    if leaf != root:
        raise Wrong("its proof does not lead to the signed head of the log: it is not the entry that stood there")


def check_consistency(old_size: int, old_root: bytes, size: int, root: bytes, proof: list[bytes]) -> None:
    """The later tree begins with the earlier one."""
    if not 0 < old_size <= size:
        raise Wrong("the earlier head is of a larger log")
    start, end, sides = 0, size, []
    while end != old_size:
        middle = halves(start, end)
        is_left = old_size > middle
        sides.append(is_left)
        start, end = (middle, end) if is_left else (start, middle)
    begins = start == 0
    if len(proof) != len(sides) + (not begins) or any(len(one) != 32 for one in proof):
        raise Wrong("its proof is not whole")
    old = new = old_root if begins else proof[0]
    for other, is_left in zip(proof if begins else proof[1:], reversed(sides)):
        old = node(other, old) if is_left else old
        new = node(other, new) if is_left else node(new, other)
    if old != old_root or new != root:
        raise Wrong("the log was not only added to since the earlier head was signed")


# What is checked


class Members:
    """The files of a package, in a folder or in a zip."""

    def __init__(self, path: Path) -> None:
        self.zip = None if path.is_dir() else zipfile.ZipFile(path)
        if self.zip is not None:
            listed = self.zip.namelist()
            if len(set(listed)) != len(listed):
                raise Wrong("a file is in the zip twice")
            if any(one.flag_bits & 1 for one in self.zip.infolist()):
                raise Wrong("the zip is encrypted: unpack it with its code, and check the folder")
            self.names = set(listed)
        else:
            self.path = path
            found = [one for one in path.rglob("*") if not one.is_dir()]
            if any(one.is_symlink() for one in found):
                raise Wrong("a file of the folder is a link to another place")
            self.names = {one.relative_to(path).as_posix() for one in found if one.name not in OF_SYSTEMS}

    def open(self, name: str) -> IO[bytes]:
        """A file, to be read."""
        return (self.path / name).open("rb") if self.zip is None else self.zip.open(name)

    def sha256(self, name: str) -> str:
        """Its SHA-256 in hexadecimal digits."""
        hashed = hashlib.sha256()
        with self.open(name) as file:
            for block in iter(lambda: file.read(1 << 20), b""):
                hashed.update(block)
        return hashed.hexdigest()

    def text(self, name: str) -> str:
        """A file as text."""
        if name not in self.names:
            raise Wrong("it is missing")
        with self.open(name) as file:
            data = file.read(LARGEST_TEXT + 1)
        if len(data) > LARGEST_TEXT:
            raise Wrong("it is larger than any that On Record makes")
        return data.decode()


class Check:
    """One check of one package: what was found wrong, and what was looked at."""

    def __init__(self, members: Members, key: tuple[str, bytes, bytes]) -> None:
        self.members, self.key = members, key
        self.wrong: list[str] = []
        self.said: list[str] = []
        self.proven: set[str] = set()
        self.entries = self.erased = self.withheld = 0

    def at(self, place: str, do: Callable[..., Any], *given: Any) -> Any:
        """Does one thing; what is wrong about it is noted at its place."""
        try:
            return do(*given)
        except Wrong as error:
            self.wrong.append(f"{place}: {error}.")
        except UNREADABLE as error:
            self.wrong.append(f"{place}: it cannot be read ({type(error).__name__}).")
        return None

    def run(self) -> None:
        """All of it, in an order in which each step rests on those before."""
        listed = self.at(MANIFEST, self.manifest)
        calls, members = listed if listed else ([], {})
        for name in sorted(self.members.names - {MANIFEST}):
            got = self.at(name, self.members.sha256, name)
            if listed and name not in members:
                self.wrong.append(f"{name}: it is not on the signed list of what was handed out.")
            elif listed and got is not None and got != members[name]:
                self.wrong.append(f"{name}: it is not the file that was handed out.")
        for name in sorted(set(members) - self.members.names):
            self.wrong.append(f"{name}: it was handed out, and is missing.")
        head = self.at(CHECKPOINT, lambda: read_checkpoint(open_note(self.members.text(CHECKPOINT), self.key)))
        if EARLIER in self.members.names and head:
            self.at(EARLIER, self.earlier, head)
        for call in calls:
            self.call(head, *call)
        self.tell(head, calls, members)

    def manifest(self) -> tuple[list[Call], dict[str, str]]:
        """The calls and the files of the signed list."""
        text = open_note(self.members.text(MANIFEST), self.key)
        opening, *lines = text.split("\n")
        calls = [found for found in map(CALL.fullmatch, lines) if found]
        files = [found for found in map(LINE.fullmatch, lines) if found]
        is_all = len(lines) == len(calls) + len(files) + 1 and not lines[-1]
        if not opening.startswith(OPENING) or not calls or not is_all:
            raise Wrong("it is not a list that On Record writes")
        listed = []
        for one in calls:
            withheld = [] if one[3] == "-" else [int(number) for number in one[3].split(",") if number]
            listed.append((one[1], int(one[2]), withheld, "" if one[4] == "." else one[4]))
        return listed, {one[2]: one[1] for one in files}

    def earlier(self, head: Head) -> None:
        """The log only grew since the earlier head."""
        earlier = read_checkpoint(open_note(self.members.text(EARLIER), self.key))
        proof = [bytes.fromhex(one) for one in json.loads(self.members.text(CONSISTENCY))]
        if earlier[0] != head[0]:
            raise Wrong("it is the head of another log")
        if earlier[3] and head[3] and head[3] < earlier[3]:
            raise Wrong("the later head was signed first")
        check_consistency(earlier[1], earlier[2], head[1], head[2], proof)
        self.said.append(f"The log has only grown since it had {earlier[1]} entries ({earlier[3]}).")

    def call(self, head: Head | None, call_id: str, count: int, withheld: list[int], folder: str) -> None:
        """One call: each entry follows the one before, is in the log, and its content is what was entered."""
        place = f"{folder}{PROOF}entries.jsonl"
        text = self.at(place, self.members.text, place)
        lines = (text or "").split("\n")
        if text is not None and lines.pop():
            self.wrong.append(f"{place}: it was cut off.")
        if text is not None and len(lines) != count:
            self.wrong.append(f"{place}: the record had {count} entries when this was made, and {len(lines)} are here.")
        before: bytes | None = bytes(32)
        contents: dict[int, str] = {}  # by number, the SHA-256 of the file that it added
        for number, line in enumerate(lines):
            where = f"entry {number} of call {call_id}"
            before = self.at(where, self.entry, head, call_id, number, line, before, folder, contents)
            if number in withheld and number in contents:
                self.wrong.append(f"{where}: its content is there, and the list says that it stays out.")
        self.entries += len(lines)
        out = sum(number not in contents and number < len(lines) for number in withheld)
        self.withheld += out
        self.erased += len(lines) - len(contents) - out
        begins = f"{folder}{PROOF}contents/"
        mine = {f"{begins}{number:04d}.json" for number in range(len(lines))}
        for name in sorted(self.members.names - mine):
            if name.startswith(begins):
                self.wrong.append(f"{name}: it is the content of no entry.")
        self.files(call_id, folder, contents)

    def entry(
        self,
        head: Head | None,
        call_id: str,
        number: int,
        line: str,
        before: bytes | None,
        folder: str,
        contents: dict[int, str],
    ) -> bytes:
        """The hash of one entry, once everything about it was looked at."""
        written = json.loads(line)
        if not isinstance(written, dict) or set(written) != {"entry", "position", "proof"}:
            raise Wrong("it is no line of an entry")
        encoded = str(written["entry"]).encode("ascii")
        entry = json.loads(encoded)
        if not isinstance(entry, dict):
            raise Wrong("it is no line of an entry")
        if json.dumps(entry, ensure_ascii=True, sort_keys=True, separators=(",", ":")).encode() != encoded:
            raise Wrong("it is spelt otherwise than On Record spells entries")
        leaf = hashlib.sha256(b"\x00" + encoded).digest()
        place = f"entry {number} of call {call_id}"
        if entry.get("number") != number or entry.get("call") != call_id:
            self.wrong.append(f"{place}: it is another entry.")
        if before is not None and entry.get("before") != before.hex():
            self.wrong.append(f"{place}: it does not follow the entry before.")
        if head:
            proof = [bytes.fromhex(one) for one in written["proof"]]
            self.at(place, check_inclusion, leaf, written["position"], head[1], proof, head[2])
        name = f"{folder}{PROOF}contents/{number:04d}.json"
        if name in self.members.names:
            content = json.loads(self.members.text(name))
            body = content["body"].encode() if isinstance(content, dict) and set(content) == {"body", "salt"} else None
            if body is None:
                raise Wrong("its content has a salt and a body, and this has not")
            if hashlib.sha256(bytes.fromhex(content["salt"]) + body).hexdigest() != entry.get("content"):
                self.wrong.append(f"{place}: its content is not what was entered.")
            contents[number] = added_file(json.loads(body)) if entry.get("kind") == "added" else ""
        return leaf

    def files(self, call_id: str, folder: str, contents: dict[int, str]) -> None:
        """Files that somebody added are those of their entries."""
        for name in sorted(self.members.names):
            found = FILE.match(name[len(folder) :]) if name.startswith(folder) else None
            if found is None:
                continue
            if self.at(name, self.members.sha256, name) != contents.get(int(found[1])):
                self.wrong.append(f"{name}: it is not the file that entry {int(found[1])} of call {call_id} added.")
            else:
                self.proven.add(name)

    def tell(self, head: Head | None, calls: list[Call], members: dict[str, str]) -> None:
        """What was looked at, in words."""
        if head:
            self.said.insert(0, f"The log {head[0]} had {head[1]} entries when its head was signed ({head[3]}).")
        whose = ", ".join(one[0] for one in calls[:3]) + (" and others" if len(calls) > 3 else "")
        self.said.insert(0, f"{self.entries} entries of {len(calls)} call(s) ({whose}), each in its place in the log.")
        self.said.append(f"{len(members)} files are those that were handed out, by the signed list.")
        if self.proven:
            self.said.append(f"Files that entries prove: {', '.join(sorted(self.proven))}.")
        if self.withheld:
            self.said.append(f"{self.withheld} contents are not in it, because other persons are in them.")
        if self.erased:
            self.said.append(f"{self.erased} contents were erased; that something stood there can still be seen.")


def added_file(value: Any) -> str:
    """The SHA-256 of the file that the content of an entry added; empty where it added none."""
    for name in ("content", "file", "sha256"):
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""


NOT_CHECKED = """Not checked, because no file can show it:
- that what people said in the call is true, and who they are;
- pages, texts, captions and the sound beyond the company's signature on the list: they were made from the entries;
- the signature of record.vcon.json, which other programs check (it has its own key);
- entries that were added after this was made."""


def main() -> int:
    """Checks what the command line names."""
    about, _, rest = __doc__.partition("\n\n")
    parser = argparse.ArgumentParser(description=about, epilog=rest, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("package", nargs="?", type=Path, default=Path(__file__).resolve().parent)
    parser.add_argument("--key", type=Path, help="file with the public key, as the company publishes it")
    given = parser.parse_args()
    try:
        members = Members(given.package)
        own = read_key(members.text(KEY)) if KEY in members.names else None
        key = read_key(given.key.read_text("utf-8")) if given.key else own
    except (Wrong, *UNREADABLE) as error:
        print(f"This cannot be checked: {error if isinstance(error, Wrong) else type(error).__name__}.")
        return 1
    if key is None:
        print("This cannot be checked: it has no key (proof/log.pub). Give one with --key.")
        return 1
    check = Check(members, key)
    check.run()
    for line in check.wrong:
        print(f"WRONG  {''.join(sign if sign.isprintable() else '?' for sign in line)}")
    if check.wrong:
        print(f"\n{len(check.wrong)} found. What lies here is not what was handed out.")
        return 1
    print("Everything holds.\n\nChecked:")
    for line in check.said:
        print(f"- {line}")
    if given.key is None:
        print(f"\nThe key came from this package itself: {key[0]}+{key[1].hex()}. Compare it with the key that the")
        print("company publishes, or ask somebody else who has a package: then use --key.")
    print(f"\n{NOT_CHECKED}")
    return 0


if __name__ == "__main__":
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    sys.exit(main())
