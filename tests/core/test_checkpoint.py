"""Signed notes and checkpoints: what is written, and that nothing else is read."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.core.errors import BrokenRecord, Invalid
from worker.core.log.checkpoint import Checkpoint, make_checkpoint, read_checkpoint
from worker.core.log.note import VerifierKey, open_note, read_key, read_note, sign_note

AT = datetime(2026, 3, 10, 9, 14, 0, 5, UTC)
ROOT = bytes(range(32))
ROOT_TEXT = base64.b64encode(ROOT).decode()
OF_31_BYTES, OF_32_BYTES = (base64.b64encode(b"\x01" + bytes(size)).decode() for size in (31, 32))
KEY = VerifierKey("calls.example.com/log", bytes(32))
few = settings(max_examples=40, deadline=None)  # a machine may be busy


def sign(text: bytes) -> bytes:
    """Sixty-four bytes that only this text has: no signature, but all that a note knows of one."""
    return hashlib.sha512(text).digest()


def is_signed(text: bytes, signature: bytes) -> bool:
    return signature == sign(text)


def test_a_checkpoint_is_written_as_origin_size_root_and_instant():
    text = make_checkpoint("calls.example.com/log", 42, ROOT, AT).encode()
    assert text == f"calls.example.com/log\n42\n{ROOT_TEXT}\ntime 2026-03-10T09:14:00.000005Z\n"


def test_a_checkpoint_reads_back():
    checkpoint = make_checkpoint("calls.example.com/log", 42, ROOT, AT)
    assert read_checkpoint(checkpoint.encode()) == checkpoint
    assert checkpoint.at == AT


def test_a_checkpoint_of_another_writer_needs_no_instant_and_may_say_more():
    checkpoint = read_checkpoint(f"origin\n0\n{ROOT_TEXT}\nanother line\n")
    assert checkpoint == Checkpoint("origin", 0, ROOT, ("another line",))
    assert checkpoint.at is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "cut off"),
        (f"origin\n3\n{ROOT_TEXT}", "cut off"),
        ("origin\n3\n", "a line for its origin, its size and its root"),
        (f"\n3\n{ROOT_TEXT}\n", "origin"),
        (f"origin\n03\n{ROOT_TEXT}\n", "size"),
        (f"origin\n-3\n{ROOT_TEXT}\n", "size"),
        (f"origin\n+3\n{ROOT_TEXT}\n", "size"),
        (f"origin\n 3\n{ROOT_TEXT}\n", "size"),
        (f"origin\n٣\n{ROOT_TEXT}\n", "size"),
        (f"origin\n3.0\n{ROOT_TEXT}\n", "size"),
        (f"origin\n\n{ROOT_TEXT}\n", "size"),
        (f"origin\n9999999999999999999\n{ROOT_TEXT}\n", "size"),
        (f"origin\n{2**63}\n{ROOT_TEXT}\n", "size"),
        (f"origin\n3\n{ROOT_TEXT[:-4]}\n", "root of 32 bytes"),
        (f"origin\n3\n{ROOT_TEXT}AAAA\n", "root"),
        (f"origin\n3\n{ROOT_TEXT[:-2]}9=\n", "base64"),
        (f"origin\n3\n {ROOT_TEXT}\n", "base64"),
        ("origin\n3\n*\n", "base64"),
        ("origin\n3\nü\n", "base64"),
        (f"origin\n3\n{ROOT_TEXT}\n\n", "not empty"),
        (f"origin\n3\n{ROOT_TEXT}\ntime 2026-03-10\n", "instant"),
        (f"origin\n3\n{ROOT_TEXT}\ntime 2026-02-30T09:14:00.000005Z\n", "instant"),
        (f"origin\n3\n{ROOT_TEXT}\ntime 2026-03-10T09:14:00.000005+01:00\n", "instant"),
        (f"origin\n3\n{ROOT_TEXT}\n" + "time 2026-03-10T09:14:00.000005Z\n" * 2, "at most one"),
    ],
)
def test_what_is_no_checkpoint_is_refused_by_the_field_that_is_wrong(text: str, why: str):
    with pytest.raises(BrokenRecord, match=why):
        read_checkpoint(text)


def test_a_checkpoint_is_signed_at_an_instant_in_utc():
    with pytest.raises(Invalid, match="UTC"):
        make_checkpoint("origin", 1, ROOT, AT.astimezone(timezone(timedelta(hours=1))))


@few
@given(st.text())
def test_whatever_is_read_is_a_checkpoint_that_is_written_the_same(text: str):
    try:
        found = read_checkpoint(text)
    except BrokenRecord:
        return
    assert found.encode() == text


# Signed notes


def test_a_note_is_its_text_an_empty_line_and_a_line_for_each_signature():
    note = sign_note("one\ntwo\n", KEY, sign)
    signed = base64.b64encode(KEY.id + sign(b"one\ntwo\n")).decode()
    assert note.encode() == f"one\ntwo\n\n— calls.example.com/log {signed}\n"


def test_a_key_is_named_by_four_bytes_of_its_name_its_kind_and_itself():
    typed = b"\x01" + bytes(32)
    key_id = hashlib.sha256(b"calls.example.com/log\n" + typed).digest()[:4]
    assert KEY.id == key_id
    assert KEY.text == f"calls.example.com/log+{key_id.hex()}+{base64.b64encode(typed).decode()}"
    assert read_key(f"{KEY.text}\n") == KEY


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no public key"),
        ("name+00000000", "no public key"),
        (KEY.text[:-1], "not whole"),
        (KEY.text.replace("+", "+0", 1), "altered"),
        ("another" + KEY.text, "altered"),
        (f"name+00000000+{base64.b64encode(bytes(33)).decode()}", "Ed25519"),
        ("name+00000000+", "Ed25519"),
        (f"name+00000000+{OF_31_BYTES}", "32 bytes"),
        (f"a name+00000000+{OF_32_BYTES}", "without white space"),
    ],
)
def test_what_is_no_key_is_refused(text: str, why: str):
    with pytest.raises(Invalid, match=why):
        read_key(text)


def test_a_note_opens_for_the_key_that_signed_it():
    assert open_note(sign_note("one\n", KEY, sign).encode(), KEY, is_signed) == "one\n"


def test_signatures_of_others_are_passed_over():
    ours = sign_note("one\n", KEY, sign).encode()
    witness = "— witness.example.org " + base64.b64encode(b"abcd" + b"any bytes").decode() + "\n"
    assert open_note(ours + witness, KEY, is_signed) == "one\n"
    text, ours_alone = ours.rsplit("\n\n", 1)
    assert open_note(f"{text}\n\n{witness}{ours_alone}", KEY, is_signed) == "one\n"


def test_a_note_that_another_key_signed_does_not_open():
    with pytest.raises(BrokenRecord, match=r"expected calls\.example\.com/log\+[0-9a-f]{8}, got other\+[0-9a-f]{8}"):
        open_note(sign_note("one\n", VerifierKey("other", bytes(32)), sign).encode(), KEY, is_signed)


def test_a_signature_in_our_name_that_does_not_hold_is_refused_even_beside_one_that_does():
    good = sign_note("one\n", KEY, sign).encode()
    bad = f"— {KEY.name} {base64.b64encode(KEY.id + bytes(64)).decode()}\n"
    short = f"— {KEY.name} {base64.b64encode(KEY.id + bytes(3)).decode()}\n"
    for line in (bad, short):
        with pytest.raises(BrokenRecord, match="does not hold"):
            open_note(good + line, KEY, is_signed)


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("", "empty line"),
        ("text\n", "empty line"),
        ("text\n\n", "cut off"),
        ("text\n\n— name AAAAAAAA", "cut off"),
        ("text\n\n- name AAAAAAAA\n", "a dash, a name"),
        ("text\n\n— name\n", "a dash, a name"),
        ("text\n\n—  AAAAAAAA\n", "a dash, a name"),
        ("text\n\n— na+me AAAAAAAA\n", "a dash, a name"),
        ("text\n\n— name AAAA AAAA\n", "base64"),
        ("text\n\n— name AAAAAAA\n", "base64"),
        ("text\n\n— name ÄÄÄÄ\n", "base64"),
        ("text\n\n— name AAAAAA==\n", "shorter"),
        ("te\txt\n\n— name AAAAAAAA\n", "control"),
        ("te\0xt\n\n— name AAAAAAAA\n", "control"),
        ("text\r\n\r\n— name AAAAAAAA\r\n", "control"),
        ("te\ud800xt\n\n— name AAAAAAAA\n", "control"),
        ("text\n\n" + "— name AAAAAAAA\n" * 65, "at most 64"),
        ("t" * 1_000_001, "at most 1000000"),
    ],
)
def test_what_is_no_note_is_refused(written: str, why: str):
    with pytest.raises(BrokenRecord, match=why):
        read_note(written)


@pytest.mark.parametrize("text", ["", "no end", "a\ttab\n", "half a letter \ud800\n"])
def test_what_no_note_can_hold_is_not_signed(text: str):
    with pytest.raises(Invalid):
        sign_note(text, KEY, sign)


@few
@given(st.text())
def test_whatever_is_read_is_a_note_that_is_written_the_same(written: str):
    try:
        found = read_note(written)
    except BrokenRecord:
        return
    assert found.encode() == written


@few
@given(st.data())
def test_one_flipped_bit_of_a_note_is_found(data: st.DataObject):
    written = bytearray(sign_note(make_checkpoint("origin", 7, ROOT, AT).encode(), KEY, sign).encode().encode())
    bit = data.draw(st.integers(0, len(written) * 8 - 1))
    written[bit // 8] ^= 1 << bit % 8
    try:
        altered = written.decode()
    except UnicodeDecodeError:
        return
    with pytest.raises(BrokenRecord):
        open_note(altered, KEY, is_signed)
