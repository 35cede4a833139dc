"""The secrets of one log: its name, the key under which the calls' keys are sealed, the key that signs checkpoints."""

from __future__ import annotations

import os
import re
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from filelock import FileLock

from worker.core.errors import BrokenRecord, Invalid, Unavailable

KEY_BYTES = 32
ORIGIN = re.compile(r"[^\s+]+")


@dataclass(frozen=True)
class Keys:
    """What a process must have to read and write the log. All processes of an installation have the same.

    ``origin`` names the log in its checkpoints, as an address without its scheme: ``records.example.com/log``.
    ``master`` and ``signing`` (the private key of Ed25519) have 32 bytes each. Raises Invalid for others.
    """

    origin: str
    master: bytes = field(repr=False)
    signing: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not ORIGIN.fullmatch(self.origin):
            raise Invalid("The name of the log has no spaces and no plus sign, such as records.example.com/log.")
        if len(self.master) != KEY_BYTES or len(self.signing) != KEY_BYTES:
            raise Invalid("The keys of the log have 32 bytes each.")

    @classmethod
    def generate(cls, origin: str) -> Keys:
        """New keys for a new log."""
        return cls(origin, secrets.token_bytes(KEY_BYTES), secrets.token_bytes(KEY_BYTES))

    @classmethod
    def in_folder(
        cls,
        folder: Path,
        default_origin: str,
        *,
        origin: str | None = None,
        master: bytes | None = None,
        signing: bytes | None = None,
    ) -> Keys:
        """What is given, and for the rest what this folder holds, readable for its owner alone and made the first time.

        A log knows its own keys: one that was begun under others refuses these, so nothing is lost by making them. The
        name too is kept from the first time on, whatever the default is later. Raises BrokenRecord for files that hold
        no keys, Unavailable for a folder that cannot be written.
        """
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with FileLock(folder / "keys.lock"):
                return cls(
                    origin or kept_once(folder / "log.name", default_origin.encode()).decode(),
                    master or _kept_key(folder / "master.key"),
                    signing or _kept_key(folder / "signing.key"),
                )
        except OSError as error:
            raise Unavailable(f"The folder of the log's keys cannot be used: {error.strerror}. Free it.") from error

    @property
    def public(self) -> bytes:
        """The public key of Ed25519, 32 bytes, with which anybody can check the log's checkpoints."""
        return Ed25519PrivateKey.from_private_bytes(self.signing).public_key().public_bytes_raw()


def decode_key(encoded: str | bytes, *, of: str) -> bytes:
    """A key from base64. Raises BrokenRecord, naming where it stands, for anything else."""
    try:
        key = b64decode(encoded, validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise BrokenRecord(f"{of} does not hold 32 bytes in base64. Restore it from a copy: without it nothing opens.")
    return key


def _kept_key(path: Path) -> bytes:
    return decode_key(kept_once(path, b64encode(secrets.token_bytes(KEY_BYTES))), of=str(path))


def kept_once(path: Path, fresh: bytes) -> bytes:
    """What the file holds; a new one, readable for its owner alone, is given what is fresh, whole or not at all.

    Whoever asks holds a lock that others ask for too."""
    if not path.exists():
        new = path.with_suffix(".new")
        new.touch(mode=0o600)
        with new.open("wb") as file:
            file.write(fresh)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    return path.read_bytes().strip()
