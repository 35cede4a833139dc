"""Ids of this installation: random, short, and none taken for another when read aloud or typed."""

from __future__ import annotations

import secrets

from worker.record.tables.base import CALL_ID_LENGTH

ID_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's
MISREAD = str.maketrans("oil", "011", "- ")


def new_id(letters: int = CALL_ID_LENGTH) -> str:
    """A new id; each letter carries 5 bits."""
    return "".join(secrets.choice(ID_LETTERS) for _ in range(letters))


def as_meant(typed: str) -> str:
    """What somebody typed, with the signs that are easily taken for others put right."""
    return typed.lower().translate(MISREAD)
