"""The key that signs: what it signs opens with its public half, and with nothing else."""

from __future__ import annotations

import base64
import os

import pytest

from worker.core.errors import BrokenRecord, Invalid
from worker.record.signing import Signer, Verifier

# RFC 8032, section 7.1, test 1: the private key and its public half.
PRIVATE = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
PUBLIC = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")


def test_what_is_signed_opens_with_the_public_half():
    signer = Signer("calls.example.com", os.urandom(32))
    verifier = Verifier.from_key(signer.verifier_key)
    assert verifier.open(signer.sign("what stands there\n")) == "what stands there\n"
    assert verifier.key.name == signer.name == "calls.example.com"


def test_the_verifier_key_carries_the_public_key_of_the_standard():
    name, _, encoded = Signer("log", PRIVATE).verifier_key.split("+", 2)
    assert name == "log"
    assert base64.b64decode(encoded) == b"\x01" + PUBLIC


def test_the_same_text_is_signed_the_same_so_that_copies_are_the_same():
    assert Signer("log", PRIVATE).sign("a\n") == Signer("log", PRIVATE).sign("a\n")


def test_an_altered_text_does_not_open():
    signer = Signer("log", os.urandom(32))
    with pytest.raises(BrokenRecord, match="does not hold"):
        Verifier.from_key(signer.verifier_key).open(signer.sign("two apples\n").replace("two", "ten"))


def test_another_key_of_the_same_name_does_not_open():
    note = Signer("log", os.urandom(32)).sign("a\n")
    other = Verifier.from_key(Signer("log", os.urandom(32)).verifier_key)
    with pytest.raises(BrokenRecord, match="expected log"):
        other.open(note)


@pytest.mark.parametrize("private", [b"", bytes(31), bytes(33)])
def test_a_damaged_key_is_refused(private: bytes):
    with pytest.raises(Invalid, match="32 bytes"):
        Signer("log", private)


def test_a_name_with_white_space_is_refused():
    with pytest.raises(Invalid, match="without white space"):
        Signer("our log", os.urandom(32))


def test_a_text_that_is_no_key_is_refused():
    with pytest.raises(Invalid):
        Verifier.from_key("not a key")
