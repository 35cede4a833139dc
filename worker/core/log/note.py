"""Signed notes: a text with signatures under it, each by a named key, as C2SP's signed-note describes them.

Who signs and who checks is handed in: nothing here knows Ed25519, only where its bytes stand.
Source: https://c2sp.org/signed-note.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from worker.core.errors import BrokenRecord, Invalid

ED25519 = 0x01
KEY_BYTES = 32
SIGNATURE_BYTES = 64
KEY_ID_BYTES = 4
DASH = "— "
MOST_SIGNATURES = 64
LONGEST_NOTE = 1_000_000  # letters

_NAME = re.compile(r"[^\s+\x00-\x1f\x7f]+")
_NOT_IN_TEXT = re.compile(r"[\x00-\x09\x0b-\x1f\ud800-\udfff]")

Sign: TypeAlias = Callable[[bytes], bytes]
"""Signs the bytes of a text."""

IsSigned: TypeAlias = Callable[[bytes, bytes], bool]
"""Whether a signature (second) of the bytes of a text (first) holds."""

OpenNote: TypeAlias = Callable[[str], str]
"""Gives the text of a note that the log's key signed; raises BrokenRecord for any other."""


@dataclass(frozen=True)
class VerifierKey:
    """The public half of a key under the name of who signs with it. ``public`` has 32 bytes.

    Raises Invalid for a name with white space or ``+``, and for other bytes.
    """

    name: str
    public: bytes

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or _NOT_IN_TEXT.search(self.name):
            raise Invalid("The name of a key is a word without white space and without a plus sign.")
        if len(self.public) != KEY_BYTES:
            raise Invalid(f"A public key has {KEY_BYTES} bytes.")

    @property
    def id(self) -> bytes:
        """Four bytes by which a signature says which key made it."""
        return hashlib.sha256(self.name.encode() + b"\n" + self._typed).digest()[:KEY_ID_BYTES]

    @property
    def text(self) -> str:
        """The key as it is given to others: name, id and key."""
        return f"{self.name}+{self.id.hex()}+{_to_base64(self._typed)}"

    @property
    def _typed(self) -> bytes:
        return bytes([ED25519]) + self.public


def read_key(text: str) -> VerifierKey:
    """The key of a text that ``VerifierKey.text`` gave, white space around it ignored. Raises Invalid for another."""
    parts = text.strip().split("+", 2)
    if len(parts) != 3:
        raise Invalid("This is no public key of a log. It has a name, an id and a key, with plus signs between.")
    name, key_id, key = parts
    try:
        typed = _from_base64(key)
    except ValueError:
        raise Invalid("The public key of the log is not whole: its last part is not base64.") from None
    if not typed or typed[0] != ED25519:
        raise Invalid("The public key of the log is not one for Ed25519.")
    found = VerifierKey(name, typed[1:])
    if found.id.hex() != key_id:
        raise Invalid("The public key of the log was altered: its id belongs to another key.")
    return found


@dataclass(frozen=True)
class Signature:
    """One signature under a note, by the key of this name and id."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True)
class Note:
    """A text that ends with a line's end, and its signatures, at least one."""

    text: str
    signatures: tuple[Signature, ...]

    def encode(self) -> str:
        """The note as it is written."""
        lines = (f"{DASH}{one.name} {_to_base64(one.key_id + one.signature)}\n" for one in self.signatures)
        return f"{self.text}\n{''.join(lines)}"


def sign_note(text: str, key: VerifierKey, sign: Sign) -> Note:
    """The text with one signature by this key. Raises Invalid for a text that no note can hold."""
    if not text.endswith("\n") or _NOT_IN_TEXT.search(text):
        raise Invalid("The text of a note ends with a line's end and has no other control signs.")
    return Note(text, (Signature(key.name, key.id, sign(text.encode())),))


def read_note(written: str) -> Note:
    """The note of a text. Checks no signature. Raises BrokenRecord for what is none."""
    if len(written) > LONGEST_NOTE:
        raise BrokenRecord(f"A signed note has at most {LONGEST_NOTE} letters.")
    if _NOT_IN_TEXT.search(written):
        raise BrokenRecord("A signed note has no control signs but line ends.")
    text, between, signed = written.rpartition("\n\n")
    if not between:
        raise BrokenRecord("A signed note has an empty line before its signatures.")
    if not signed.endswith("\n"):
        raise BrokenRecord("A signed note ends with a line's end; this one was cut off.")
    lines = signed[:-1].split("\n")
    if len(lines) > MOST_SIGNATURES:
        raise BrokenRecord(f"A signed note has at most {MOST_SIGNATURES} signatures.")
    return Note(f"{text}\n", tuple(_read_signature(line) for line in lines))


def open_note(written: str, key: VerifierKey, is_signed: IsSigned) -> str:
    """The text of a note that this key signed. Signatures by other keys are passed over.

    Raises BrokenRecord for what is no note, if this key did not sign it, or if a signature in its name does not hold.
    """
    note = read_note(written)
    ours = [one for one in note.signatures if (one.name, one.key_id) == (key.name, key.id)]
    if not ours:
        names = ", ".join(f"{one.name}+{one.key_id.hex()}" for one in note.signatures)
        raise BrokenRecord(
            f"This is not signed by the key of this log: expected {key.name}+{key.id.hex()}, got {names}."
        )
    for one in ours:
        if len(one.signature) != SIGNATURE_BYTES or not is_signed(note.text.encode(), one.signature):
            raise BrokenRecord("The signature does not hold: the text was altered, or somebody else signed it.")
    return note.text


def _read_signature(line: str) -> Signature:
    name, space, encoded = line.removeprefix(DASH).partition(" ")
    if not line.startswith(DASH) or not space or not _NAME.fullmatch(name):
        raise BrokenRecord("A line of signature is a dash, a name and a signature.")
    try:
        signed = _from_base64(encoded)
    except ValueError:
        raise BrokenRecord("A signature is written in base64; this one is not.") from None
    if len(signed) <= KEY_ID_BYTES:
        raise BrokenRecord(f"A signature begins with {KEY_ID_BYTES} bytes of its key's id; this one is shorter.")
    return Signature(name, signed[:KEY_ID_BYTES], signed[KEY_ID_BYTES:])


def _to_base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _from_base64(text: str) -> bytes:
    """Raises ValueError for anything but the one spelling of the bytes."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError from error
    if _to_base64(data) != text:
        raise ValueError
    return data
