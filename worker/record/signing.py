"""The key that signs checkpoints and copies: Ed25519, as the signed notes of ``worker.core.log.note`` have it."""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from worker.core.errors import Invalid
from worker.core.log.note import VerifierKey, open_note, read_key, sign_note

PRIVATE_BYTES = 32


class Signer:
    """Signs texts as notes, under a name that says whose log it is, such as ``onrecord.example.com``.

    ``private`` are the 32 bytes of an Ed25519 key. Raises Invalid for other bytes, or a name that no note can hold.
    """

    def __init__(self, name: str, private: bytes) -> None:
        if len(private) != PRIVATE_BYTES:
            raise Invalid(f"The key that signs the log has {PRIVATE_BYTES} bytes; this one has not. Restore it.")
        self._private = Ed25519PrivateKey.from_private_bytes(private)
        self._key = VerifierKey(name, self._private.public_key().public_bytes_raw())

    @property
    def name(self) -> str:
        """The name of the key, which is the origin of the log."""
        return self._key.name

    @property
    def verifier_key(self) -> str:
        """The public half, as it is given to those who check."""
        return self._key.text

    def sign(self, text: str) -> str:
        """The text as a note with this key's signature. Raises Invalid for a text that no note can hold."""
        return sign_note(text, self._key, self._private.sign).encode()


class Verifier:
    """Opens notes that one key signed."""

    def __init__(self, key: VerifierKey) -> None:
        self.key = key
        self._public = Ed25519PublicKey.from_public_bytes(key.public)

    @classmethod
    def from_key(cls, text: str) -> Verifier:
        """The verifier of a key as ``Signer.verifier_key`` gives it. Raises Invalid for a text that is none."""
        return cls(read_key(text))

    def open(self, note: str) -> str:
        """The text of a note. Raises BrokenRecord if it is none, or if this key did not sign exactly this."""
        return open_note(note, self.key, self._holds)

    def _holds(self, text: bytes, signature: bytes) -> bool:
        try:
            self._public.verify(signature, text)
        except InvalidSignature:
            return False
        return True
