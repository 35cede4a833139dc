"""The package that somebody keeps: it holds as it was made, and whatever was altered in it is found and named, by
`onrecord verify` and by the program that lies in it alike."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pyzipper
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.trees import nodes_over
from worker.core.errors import BrokenRecord, Invalid, NotFound
from worker.core.log.checkpoint import make_checkpoint
from worker.core.log.entry import BEFORE_THE_FIRST, SYSTEM, Actor, Entry, EntryKind, Role, hash_of_content
from worker.core.log.merkle import consistency_proof, inclusion_proof, leaf_hash, root_of
from worker.exchange.package import (
    Attached,
    Contents,
    CopiedCall,
    CopiedEntry,
    Earlier,
    PackageReport,
    package_blocks,
    verify_package,
    write_package,
)
from worker.exchange.package import standalone as verify
from worker.exchange.package.form import MANIFEST, ListedCall, read_manifest, safe_name
from worker.record.signing import Signer, Verifier

AT = datetime(2026, 3, 10, 9, 14, tzinfo=UTC)
SIGNER = Signer("records.example.com/log", bytes(range(32)))
SOUND = b"fLaC" + bytes(1000)
RECORDING = b"RIFF" + bytes(range(250)) * 8
INVOICE = b"%PDF-1.7 an invoice"


def attached(name: str, data: bytes, sha256: str | None = None) -> Attached:
    def blocks() -> Iterator[bytes]:
        for start in range(0, len(data), 100):
            yield data[start : start + 100]

    return Attached(name, len(data), blocks, sha256)


def body(content: object, by: str | None = None) -> bytes:
    return json.dumps({"by": by, "content": content}, ensure_ascii=False, separators=(",", ":")).encode()


BODIES = [
    (EntryKind.RECEIVED, body({"sha256": hashlib.sha256(RECORDING).hexdigest(), "file_name": "Anruf März.wav"})),
    (EntryKind.MADE, body({"summary": "words"})),
    (EntryKind.LOOKED, body({"way": "page"}, "Ada")),
    (EntryKind.ADDED, body({"file": {"sha256": hashlib.sha256(INVOICE).hexdigest(), "name": "invoice.pdf"}}, "Ada")),
    (EntryKind.ANNOTATED, body({"act": "dispute", "text": "That is not what I said: größer"}, "Ada")),
]
OTHERS = [leaf_hash(b"an entry of another call %d" % number) for number in range(9)]


def entries(count: int = len(BODIES)) -> list[Entry]:
    made: list[Entry] = []
    for number, (kind, said) in enumerate(BODIES[:count]):
        made.append(
            Entry(
                call_id="c4llc4llc4llc4ll",
                number=number,
                actor=SYSTEM if number < 2 else Actor(Role.CUSTOMER, "p1"),
                at=AT + timedelta(minutes=number),
                kind=kind,
                content_hash=hash_of_content(bytes([number]) * 32, said),
                before=made[-1].hash if made else BEFORE_THE_FIRST,
            )
        )
    return made


LEAVES = [hashed for pair in zip(OTHERS, [one.hash for one in entries()], strict=False) for hashed in pair] + OTHERS[5:]
POSITIONS = (1, 3, 5, 7, 9)


def note(size: int, minute: int, signer: Signer = SIGNER, leaves: list[bytes] = LEAVES) -> str:
    at = AT + timedelta(minutes=minute)
    return signer.sign(make_checkpoint(signer.name, size, root_of(leaves[:size]), at).encode())


def call_of(count: int = len(BODIES), **changed: object) -> CopiedCall:
    size, node = len(LEAVES), nodes_over(LEAVES)
    copied = tuple(
        CopiedEntry(one.encode(), bytes([one.number]) * 32, said, at, inclusion_proof(at, size, node))
        for one, at, (_, said) in zip(entries(count), POSITIONS, BODIES, strict=False)
    )
    parts = {
        "call_id": "c4llc4llc4llc4ll",
        "entries": copied,
        "sound": attached("listening", SOUND),
        "files": {3: attached("invoice.pdf", INVOICE, hashlib.sha256(INVOICE).hexdigest())},
        "texts": {
            "annotations.json": b'{"@context":"http://www.w3.org/ns/anno.jsonld"}',
            "transcript.txt": b"Hello.\n",
        },
    }
    return CopiedCall(**{**parts, **changed})  # type: ignore[arg-type]


OF_CALL = ("entries", "sound", "files", "texts", "withheld")


def copy(count: int = len(BODIES), **changed: object) -> Contents:
    """A package of one call; what is changed is changed of the call or of the package, by its name."""
    size, node = len(LEAVES), nodes_over(LEAVES)
    parts = {
        "key": SIGNER.verifier_key,
        "checkpoint": note(size, 60),
        "calls": [call_of(count, **{name: value for name, value in changed.items() if name in OF_CALL})],
        "readme": "What this is.\n",
        "earlier": Earlier(note(6, 30), consistency_proof(6, size, node)),
    }
    return Contents(**{**parts, **{name: value for name, value in changed.items() if name not in OF_CALL}})  # type: ignore[arg-type]


def packed(one: Contents, signer: Signer = SIGNER) -> bytes:
    return b"".join(package_blocks(one, signer.sign))


WHOLE = packed(copy())
OPEN = Verifier.from_key(SIGNER.verifier_key).open


@pytest.fixture
def check(tmp_path: Path) -> Callable[..., PackageReport]:
    def checked(
        data: bytes, since: str | None = None, key: str = SIGNER.verifier_key, *, by_both: bool = True
    ) -> PackageReport:
        path = tmp_path / "copy.zip"
        path.write_bytes(data)
        report = verify_package(path, Verifier.from_key(key).open, since=since)
        if since is None and by_both:
            own = standalone(path, key)
            assert bool(own) == bool(report.findings), (own, report.findings)
        return report

    return checked


def standalone(path: Path, key: str) -> list[str]:
    """What the program in the package says is wrong with it."""
    try:
        checked = verify.Check(verify.Members(path), verify.read_key(key))
    except (verify.Wrong, *verify.UNREADABLE) as error:
        return [str(error) or type(error).__name__]
    checked.run()
    return checked.wrong


def members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rezipped(parts: dict[str, bytes], *more: tuple[str, bytes]) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in (*parts.items(), *more):
            archive.writestr(name, data)
    return held.getvalue()


def resigned(parts: dict[str, bytes], signer: Signer, **changed: object) -> dict[str, bytes]:
    """As whoever alters a copy and writes its list again, with a key of their own or, worse, with the real one."""
    verifier = Verifier.from_key(SIGNER.verifier_key)
    manifest = read_manifest(verifier.open(parts[MANIFEST].decode()))
    hashes = {name: hashlib.sha256(data).hexdigest() for name, data in parts.items() if name != MANIFEST}
    manifest = replace(manifest, members=hashes, **changed)
    return parts | {MANIFEST: signer.sign(manifest.encode()).encode()}


def test_a_copy_holds_as_it_was_made(check):
    report = check(WHOLE)
    assert report.findings == ()
    assert (report.call_id, report.entries, report.erased) == ("c4llc4llc4llc4ll", 5, 0)
    assert report.checkpoint is not None
    assert report.earlier is not None
    assert (report.checkpoint.size, report.earlier.size) == (14, 6)


def test_what_stands_in_an_entry_is_proven_and_the_rest_is_not_said_to_be(check):
    report = check(WHOLE)
    assert report.proven == ("files/0003-invoice.pdf",)
    assert report.listed == ("annotations.json", "sound.flac", "transcript.txt")


def test_the_same_copy_has_the_same_bytes():
    assert packed(copy()) == WHOLE


def test_a_copy_is_written_to_a_path_and_to_a_stream_alike(tmp_path):
    write_package(copy(), tmp_path / "copy.zip", SIGNER.sign)
    stream = io.BytesIO()
    write_package(copy(), stream, SIGNER.sign)
    assert (tmp_path / "copy.zip").read_bytes() == stream.getvalue() == WHOLE


def test_large_files_pass_through_in_blocks():
    megabyte = bytes(2**20)
    huge = Attached("long.wav", 50 * 2**20, lambda: iter([megabyte] * 50))
    assert max(map(len, package_blocks(copy(sound=huge), SIGNER.sign))) < 2 * 2**20


def test_the_program_that_checks_it_lies_in_it():
    assert members(WHOLE)["verify.py"] == Path(verify.__file__).read_bytes()


def test_what_stays_out_for_others_is_told_from_what_was_erased(check):
    one = call_of()
    entries_ = (*one.entries[:4], replace(one.entries[4], salt=None, body=None))
    report = check(packed(copy(entries=entries_, withheld=frozenset({4}))))
    assert (report.findings, report.withheld, report.erased) == ((), 1, 0)
    there = check(packed(copy(withheld=frozenset({4}))))
    assert [finding.number for finding in there.findings] == [4], "the list says that it stays out"


def test_several_calls_lie_in_folders_under_one_list_and_each_is_checked(check):
    more = packed(copy(calls=[call_of(), call_of()], index=b"<!doctype html>"))
    names = set(members(more))
    assert {"index.html", "calls/1/proof/entries.jsonl", "calls/2/sound.flac", "proof/log.pub"} <= names
    report = check(more)
    assert (report.findings, report.entries, report.call_id) == ((), 10, None)
    parts = members(more)
    parts["calls/2/proof/contents/0004.json"] = parts["calls/2/proof/contents/0004.json"].replace(b"not what", b"what")
    (finding,) = check(rezipped(resigned(parts, SIGNER))).findings
    assert (finding.call, finding.number) == ("c4llc4llc4llc4ll", 4)


def test_a_call_taken_out_of_several_is_found(check):
    parts = members(packed(copy(calls=[call_of(), call_of()], index=b"<!doctype html>")))
    less = {name: data for name, data in parts.items() if not name.startswith("calls/2/")}
    assert any("missing" in one.what for one in check(rezipped(resigned(less, SIGNER))).findings)


def test_a_folder_that_was_unpacked_is_checked_as_its_zip_is(tmp_path):
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(io.BytesIO(WHOLE)) as archive:
        archive.extractall(folder)
    (folder / ".DS_Store").write_bytes(b"what a system puts there")
    assert verify_package(folder, OPEN).findings == ()
    assert standalone(folder, SIGNER.verifier_key) == []
    (folder / "transcript.txt").write_bytes(b"Jello.\n")
    assert [one.file for one in verify_package(folder, OPEN).findings] == ["transcript.txt"]
    assert standalone(folder, SIGNER.verifier_key) == ["transcript.txt: it is not the file that was handed out."]


def test_the_program_in_it_runs_by_itself_and_says_what_it_checked_and_what_not(tmp_path):
    with zipfile.ZipFile(io.BytesIO(WHOLE)) as archive:
        archive.extractall(tmp_path)

    def run(*more: str) -> subprocess.CompletedProcess[str]:
        alone = [sys.executable, "-I", "-S", str(tmp_path / "verify.py"), *more]  # nothing but the standard library
        return subprocess.run(alone, capture_output=True, text=True, check=False, cwd="/")

    (tmp_path / "key").write_text(SIGNER.verifier_key)
    (tmp_path / "key").rename(tmp_path.parent / "key.pub")
    well = run("--key", str(tmp_path.parent / "key.pub"))
    assert well.returncode == 0, well.stdout + well.stderr
    assert "Everything holds." in well.stdout
    assert "5 entries of 1 call(s)" in well.stdout
    assert "Not checked" in well.stdout
    assert "came from this package itself" not in well.stdout
    assert "came from this package itself" in run().stdout
    (tmp_path / "sound.flac").write_bytes(b"fLaC" + bytes(999) + b"\1")
    wrong = run()
    assert wrong.returncode == 1
    assert "WRONG  sound.flac: it is not the file that was handed out." in wrong.stdout


def test_signatures_are_checked_as_rfc_8032_has_them():
    """The test vectors of section 7.1: TEST 1 and TEST 3, whole and altered."""
    vectors = (
        (
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
            "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
            "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
    )
    for public, text, signature in vectors:
        key, said, signed = bytes.fromhex(public), bytes.fromhex(text), bytes.fromhex(signature)
        assert verify.is_signed(key, said, signed)
        assert not verify.is_signed(key, said + b"x", signed)
        assert not verify.is_signed(key, said, signed[:-1] + bytes([signed[-1] ^ 1]))
        more = (int.from_bytes(signed[32:], "little") + verify.L).to_bytes(32, "little")
        assert not verify.is_signed(key, said, signed[:32] + more), "the same signature spelt otherwise is none"


def test_an_encrypted_package_opens_with_its_code_alone_and_is_checked_unpacked(tmp_path):
    path = tmp_path / "package.zip"
    write_package(copy(), path, SIGNER.sign, code="k3f9-2m4x")
    assert SOUND[:100] not in path.read_bytes()
    (finding,) = verify_package(path, OPEN).findings
    assert "Unpack it with its code" in finding.sentence
    with pyzipper.AESZipFile(path) as archive:
        with pytest.raises(RuntimeError):
            archive.read("transcript.txt", pwd=b"another")
        archive.extractall(tmp_path / "open", pwd=b"k3f9-2m4x")
        assert {one.wz_aes_strength for one in archive.infolist()} == {3}, "AES-256"
    assert verify_package(tmp_path / "open", OPEN).findings == ()


def test_what_earlier_versions_handed_out_is_still_checked():
    report = verify_package(Path(__file__).parent / "copy_form_1.zip", OPEN)
    assert report.findings == ()
    assert (report.call_id, report.entries) == ("c4llc4llc4llc4ll", 5)
    assert report.proven == ("files/0003-invoice.pdf", "recording/Anruf_M_rz.wav")
    assert report.listed == ("annotations.json", "sound.flac")


def test_what_earlier_versions_handed_out_and_was_altered_is_found(tmp_path):
    parts = members((Path(__file__).parent / "copy_form_1.zip").read_bytes())
    for name in parts:
        altered = parts | {name: parts[name][:-2] + b"!" + parts[name][-1:]}
        (tmp_path / "copy.zip").write_bytes(rezipped(altered))
        assert any(one.file == name for one in verify_package(tmp_path / "copy.zip", OPEN).findings), name


def test_contents_are_the_sealed_envelope_word_for_word():
    content = json.loads(members(WHOLE)["proof/contents/0004.json"])
    assert content == {"body": BODIES[4][1].decode(), "salt": (bytes([4]) * 32).hex()}


def test_an_erased_content_is_counted_and_is_no_fault(check):
    one = call_of()
    erased = replace(one.entries[4], salt=None, body=None)
    report = check(packed(copy(entries=(*one.entries[:4], erased))))
    assert (report.findings, report.erased) == ((), 1)


def test_a_copy_of_little_needs_no_more_than_that(check):
    report = check(packed(copy(1, earlier=None, sound=None, files={}, texts={})))
    assert (report.findings, report.entries, report.earlier) == ((), 1, None)


def test_an_entry_that_no_checkpoint_covers_goes_into_no_copy():
    with pytest.raises(Invalid, match="Entry 4 is not yet signed"):
        package_blocks(copy(checkpoint=note(8, 60)), SIGNER.sign)


def test_a_file_that_is_not_what_was_added_ends_the_copy():
    with pytest.raises(BrokenRecord):
        packed(copy(files={3: attached("invoice.pdf", b"another", hashlib.sha256(INVOICE).hexdigest())}))


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("invoice.pdf", "invoice.pdf"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("..", "file"),
        ("", "file"),
        ("Größe\x1b[2J.pdf", "Gr__e__2J.pdf"),
        ("a" * 200 + ".pdf", "a" * 96 + ".pdf"),
    ],
)
def test_names_of_files_come_in_letters_that_harm_nobody(name: str, safe: str):
    assert safe_name(name) == safe


# What was altered


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.integers(0, len(WHOLE) * 8 - 1))
def test_one_flipped_bit_of_the_zip_is_found_or_changes_nothing_in_it(check, bit: int):
    altered = bytearray(WHOLE)
    altered[bit // 8] ^= 1 << bit % 8
    if check(bytes(altered)).findings == ():
        assert members(bytes(altered)) == members(WHOLE)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.sampled_from(sorted(members(WHOLE))), st.integers(0, 100_000))
def test_one_flipped_bit_of_any_file_is_found_and_the_file_is_named(check, name: str, bit: int):
    parts = members(WHOLE)
    altered = bytearray(parts[name])
    bit %= len(altered) * 8
    altered[bit // 8] ^= 1 << bit % 8
    found = check(rezipped(parts | {name: bytes(altered)})).findings
    assert any(one.file == name for one in found)


@pytest.mark.parametrize("name", sorted(members(WHOLE)))
def test_a_removed_file_is_found_and_named(check, name: str):
    parts = members(WHOLE)
    del parts[name]
    assert any(one.file == name for one in check(rezipped(parts)).findings)


def test_a_content_that_was_altered_is_found_at_its_entry_even_with_a_new_list(check):
    parts = members(WHOLE)
    parts["proof/contents/0004.json"] = parts["proof/contents/0004.json"].replace(b"not what", b"what")
    (finding,) = check(rezipped(resigned(parts, SIGNER))).findings
    assert (finding.call, finding.number) == ("c4llc4llc4llc4ll", 4)
    assert finding.expected == entries()[4].content_hash.hex() != finding.got


def test_an_entry_that_was_altered_is_found_at_its_entry_even_with_a_new_list(check):
    parts = members(WHOLE)
    lines = parts["proof/entries.jsonl"].splitlines(keepends=True)
    lines[2] = lines[2].replace(b"customer", b"reviewer")
    parts["proof/entries.jsonl"] = b"".join(lines)
    found = check(rezipped(resigned(parts, SIGNER))).findings
    assert {(one.number, one.leaf) for one in found} == {(2, 5), (3, None)}  # not in the tree; 3 does not follow it


def test_an_entry_cut_off_at_the_end_is_found_by_the_signed_list(check):
    parts = members(WHOLE)
    parts["proof/entries.jsonl"] = b"".join(parts["proof/entries.jsonl"].splitlines(keepends=True)[:4])
    del parts["proof/contents/0004.json"]
    found = check(rezipped(parts)).findings
    assert any((one.number, one.expected, one.got) == (4, "5", "4") for one in found)


def test_an_entry_taken_out_of_the_middle_is_found(check):
    parts = members(WHOLE)
    lines = parts["proof/entries.jsonl"].splitlines(keepends=True)
    parts["proof/entries.jsonl"] = b"".join(lines[:2] + lines[3:])
    assert any(
        one.number == 2
        for one in check(rezipped(resigned(parts, SIGNER, calls=[ListedCall("c4llc4llc4llc4ll", 4)]))).findings
    )


def test_entries_that_changed_places_are_found(check):
    parts = members(WHOLE)
    lines = parts["proof/entries.jsonl"].splitlines(keepends=True)
    lines[2], lines[3] = lines[3], lines[2]
    parts["proof/entries.jsonl"] = b"".join(lines)
    assert {2, 3} <= {one.number for one in check(rezipped(resigned(parts, SIGNER))).findings}


def test_swapped_proofs_are_found_at_both_entries(check):
    parts = members(WHOLE)
    lines = [json.loads(line) for line in parts["proof/entries.jsonl"].splitlines()]
    lines[1]["proof"], lines[2]["proof"] = lines[2]["proof"], lines[1]["proof"]
    parts["proof/entries.jsonl"] = b"".join(json.dumps(line).encode() + b"\n" for line in lines)
    assert [one.number for one in check(rezipped(resigned(parts, SIGNER))).findings] == [1, 2]


def test_a_copy_signed_by_another_key_is_found(check):
    other = Signer(SIGNER.name, bytes(32))
    forged = packed(copy(checkpoint=note(14, 60, other), earlier=None, key=other.verifier_key), other)
    found = check(forged).findings
    assert {one.file for one in found} == {"proof/checkpoint.txt", "MANIFEST.txt"}
    assert check(forged, key=other.verifier_key).findings == ()


def test_a_checkpoint_of_a_forked_tree_is_found_by_the_proofs_and_the_earlier_one(check):
    forked = [*LEAVES[:4], leaf_hash(b"another"), *LEAVES[5:]]
    parts = members(WHOLE)
    parts["proof/checkpoint.txt"] = note(14, 60, leaves=forked).encode()
    found = check(rezipped(resigned(parts, SIGNER))).findings
    assert any(one.file == "proof/consistency.json" and "earlier tree" not in one.what for one in found)
    assert {one.number for one in found if one.checkpoint == 14} == {0, 1, 2, 3, 4}


def test_an_earlier_checkpoint_that_the_tree_does_not_begin_with_is_found(check):
    forked = [leaf_hash(b"another"), *LEAVES[1:]]
    one = copy(earlier=Earlier(note(6, 30, leaves=forked), consistency_proof(6, 14, nodes_over(LEAVES))))
    (finding,) = check(packed(one)).findings
    assert (finding.file, finding.checkpoint) == ("proof/consistency.json", 6)


def test_checkpoints_in_the_wrong_order_are_found(check):
    one = copy(earlier=Earlier(note(6, 90), consistency_proof(6, 14, nodes_over(LEAVES))))
    assert "signed first" in check(packed(one)).findings[0].what


def test_a_file_that_nobody_added_is_found(check):
    found = check(packed(copy(files={2: attached("x.pdf", INVOICE), 3: attached("y.pdf", b"y")}))).findings
    assert {(one.file, one.number) for one in found} == {("files/0002-x.pdf", 2), ("files/0003-y.pdf", 3)}


# The checkpoint that the checker kept


def test_a_kept_checkpoint_that_the_copy_is_tied_to_holds(check):
    assert check(WHOLE, since=note(6, 20)).findings == ()
    assert check(WHOLE, since=note(14, 60)).findings == ()


@pytest.mark.parametrize(
    ("since", "why"),
    [
        (note(6, 20, leaves=[leaf_hash(b"x"), *LEAVES[1:]]), "forked"),
        (note(20, 90, leaves=LEAVES * 2), "older than the checkpoint kept"),
        (note(14, 90), "signed first"),
        (note(9, 40), "no proof that ties it"),
        (note(6, 20, signer=Signer("other", bytes(32))), "not signed by the key"),
        ("no note", "empty line"),
    ],
)
def test_a_kept_checkpoint_that_the_copy_does_not_fit_is_found(check, since: str, why: str):
    (finding,) = check(WHOLE, since=since).findings
    assert why in finding.what


# Zips of strangers


def one_finding(report: PackageReport) -> str:
    (finding,) = report.findings
    return finding.sentence


@pytest.mark.parametrize("length", [0, 1, 100, len(WHOLE) // 2, len(WHOLE) - 1])
def test_a_copy_that_was_cut_off_is_refused(check, length: int):
    assert "damaged or cut off" in one_finding(check(WHOLE[:length]))


def test_what_is_no_zip_is_refused(check):
    assert "damaged or cut off" in one_finding(check(b"%PDF-1.7" * 100))


@pytest.mark.parametrize(
    "name",
    [
        "../evil.txt",
        "/etc/passwd",
        "proof/contents/0001.json/",
        "proof/contents/1.json",
        "a\x1b[2J",
        "files\\0001-a",
        "ä.txt",
    ],
)
def test_odd_names_are_refused_and_not_repeated(check, name: str):
    sentence = one_finding(check(rezipped(members(WHOLE), (name, b"x"))))
    assert "has a name that no copy has" in sentence
    assert name not in sentence


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_names_that_are_there_twice_are_refused(check):
    assert "entries.jsonl is in the copy twice" in one_finding(
        check(rezipped(members(WHOLE), ("proof/entries.jsonl", b"")))
    )


def test_a_zip_bomb_is_refused_before_it_is_read(check):
    assert "zip bomb" in one_finding(check(rezipped(members(WHOLE) | {"proof/entries.jsonl": bytes(50 * 2**20)})))


def test_an_odd_way_of_packing_is_refused(check):
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("README.txt", "x")
    assert "packed in a way that no copy is" in one_finding(check(held.getvalue()))


def test_too_many_files_are_refused(check, monkeypatch):
    monkeypatch.setattr("worker.exchange.package.form.MOST_MEMBERS", 5)
    assert "at most 5 files" in one_finding(check(WHOLE, by_both=False))


def test_too_much_is_refused(check, monkeypatch):
    monkeypatch.setattr("worker.exchange.package.form.MOST_BYTES", 1000)
    assert "at most 1000 bytes" in one_finding(check(WHOLE, by_both=False))


def test_text_too_large_to_be_read_at_once_is_refused(check, monkeypatch):
    monkeypatch.setattr("worker.exchange.package.form.LARGEST_TEXT", 100)
    assert any("larger than 100 bytes" in one.what for one in check(WHOLE, by_both=False).findings)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("proof/entries.jsonl", b"[" * 100_000 + b"\n"),
        ("proof/entries.jsonl", b'{"entry":"\\ud800","position":1,"proof":[]}\n'),
        ("proof/entries.jsonl", b'{"entry":1,"position":1,"proof":[]}\n'),
        ("proof/entries.jsonl", b'{"entry":"x","position":-1,"proof":["zz"]}\n'),
        ("proof/entries.jsonl", b"null\n"),
        ("proof/entries.jsonl", b"\xff\n"),
        ("proof/consistency.json", b'{"a":1}'),
        ("proof/contents/0001.json", b'{"body":"\\ud800","salt":"00"}'),
        ("proof/contents/0001.json", b"[]"),
        ("proof/contents/0099.json", b"[]"),
        ("MANIFEST.txt", SIGNER.sign("On Record copy, form 1, of x\ncall c\nentries 05\n").encode()),
        ("MANIFEST.txt", SIGNER.sign("another text\n").encode()),
        ("proof/checkpoint.txt", b"\xff"),
    ],
)
def test_odd_contents_are_findings_and_never_a_crash(check, name: str, data: bytes):
    report = check(rezipped(members(WHOLE) | {name: data}))
    assert report.findings
    assert all(one.sentence.isprintable() for one in report.findings)


def test_a_copy_that_is_not_there_is_said_to_be(tmp_path):
    with pytest.raises(NotFound, match="cannot be opened"):
        verify_package(tmp_path / "none.zip", OPEN)
