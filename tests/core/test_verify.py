"""Checking a whole installation: what holds is left alone, and whatever is altered is found where it was altered."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from worker.core.log.checkpoint import make_checkpoint
from worker.core.log.entry import BEFORE_THE_FIRST, Actor, Entry, EntryKind, Role, decode, hash_of_content
from worker.core.log.findings import Finding
from worker.core.log.merkle import Frontier, root_of
from worker.core.log.note import VerifierKey, open_note, sign_note
from worker.core.log.verify import KeptEntry
from worker.core.log.whole import KeptCall, KeptCheckpoint, KeptLeaf, KeptNode, Report, check_installation

BEGAN = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
KEY = VerifierKey("log", bytes(32))
OTHER = VerifierKey("log", bytes([1]) * 32)
few = settings(max_examples=40, deadline=None)  # a machine may be busy


def seal(text: bytes) -> bytes:
    """Stands for a signature: nobody else here makes one."""
    return hashlib.sha512(b"secret" + text).digest()


def signed(size: int, leaves: list[KeptLeaf], minute: int, key: VerifierKey = KEY) -> KeptCheckpoint:
    root = root_of([leaf.hash for leaf in leaves[:size]])
    checkpoint = make_checkpoint("log", size, root, BEGAN + timedelta(minutes=minute))
    return KeptCheckpoint(size, sign_note(checkpoint.encode(), key, seal).encode())


@dataclass
class Log:
    """An installation in memory, as an attacker has it: everything can be altered but the key."""

    calls: dict[str, list[KeptEntry]]
    leaves: list[KeptLeaf]
    checkpoints: list[KeptCheckpoint]
    nodes: list[KeptNode] | None = None

    def check(self, since: str | None = None) -> Report:
        positions: dict[str, dict[int, int]] = {call_id: {} for call_id in self.calls}
        for leaf in self.leaves:
            positions.setdefault(leaf.call_id, {})[leaf.number] = leaf.position
        return check_installation(
            checkpoints=self.checkpoints,
            leaves=self.leaves,
            calls=[KeptCall(call_id, kept, positions[call_id]) for call_id, kept in self.calls.items()],
            open_note=lambda note: open_note(note, KEY, lambda text, signature: signature == seal(text)),
            nodes=self.nodes,
            since=since,
        )

    def places(self) -> list[tuple[str, int]]:
        return [(call_id, index) for call_id, kept in self.calls.items() for index in range(len(kept))]


def entry_of(kept: KeptEntry) -> Entry:
    return decode(kept.encoded)


def build(order: list[int], *, waiting: int = 0) -> Log:
    """A log to which the calls 0, 1 … of ``order`` append in turn, one a minute; the last ones wait to be taken in.

    A checkpoint is signed after every third entry that was taken in, and after the last one.
    """
    calls: dict[str, list[KeptEntry]] = {}
    leaves: list[KeptLeaf] = []
    checkpoints: list[KeptCheckpoint] = []
    included = len(order) - waiting
    for minute, which in enumerate(order):
        call_id = f"call{which}"
        kept = calls.setdefault(call_id, [])
        salt, body = bytes([minute]) * 32, b'{"by":null,"content":%d}' % minute
        entry = Entry(
            call_id=call_id,
            number=len(kept),
            actor=Actor(Role.CUSTOMER, "p1"),
            at=BEGAN + timedelta(minutes=minute),
            kind=EntryKind.ANNOTATED,
            content_hash=hash_of_content(salt, body),
            before=entry_of(kept[-1]).hash if kept else BEFORE_THE_FIRST,
        )
        kept.append(KeptEntry(entry.number, entry.encode(), salt, body))
        if minute < included:
            leaves.append(KeptLeaf(len(leaves), entry.hash, call_id, entry.number))
            if len(leaves) % 3 == 0 or minute == included - 1:
                checkpoints.append(signed(len(leaves), leaves, minute))
    return Log(calls, leaves, checkpoints)


orders = st.lists(st.integers(0, 3), min_size=2, max_size=20)


def names(report: Report, call_id: str, number: int) -> bool:
    return any((one.call, one.number) == (call_id, number) for one in report.findings)


def flipped(data: bytes, bit: int) -> bytes:
    altered = bytearray(data)
    bit %= len(data) * 8
    altered[bit // 8] ^= 1 << bit % 8
    return bytes(altered)


@pytest.mark.parametrize(("minutes", "findings"), [(10, 0), (90, 1)])
def test_an_entry_that_waits_is_no_finding_for_a_clock_that_is_a_little_behind(minutes: int, findings: int):
    log = build([0, 0, 1], waiting=1)
    log.checkpoints[-1] = signed(2, log.leaves, minutes)
    assert len(log.check().findings) == findings


@few
@given(orders, st.integers(0, 2))
def test_a_log_that_nobody_altered_has_no_finding(order: list[int], waiting: int):
    waiting = min(waiting, len(order))
    report = build(order, waiting=waiting).check()
    assert report.findings == ()
    assert (report.calls, report.entries) == (len(set(order)), len(order))
    assert (report.leaves, report.unsigned, report.erased) == (len(order) - waiting, waiting, 0)


def test_an_empty_installation_has_no_finding():
    assert Log({}, [], []).check() == Report((), 0, 0, 0, 0, 0, 0, None)


@few
@given(orders, st.data())
def test_erased_contents_are_counted_and_are_no_fault(order: list[int], data: st.DataObject):
    log = build(order)
    erased = data.draw(st.sets(st.sampled_from(log.places())))
    for call_id, index in erased:
        log.calls[call_id][index] = replace(log.calls[call_id][index], salt=None, body=None)
    report = log.check()
    assert report.findings == ()
    assert report.erased == len(erased)


@few
@given(orders, st.data())
def test_one_flipped_bit_of_an_entry_is_found_at_that_entry(order: list[int], data: st.DataObject):
    log = build(order)
    call_id, index = data.draw(st.sampled_from(log.places()))
    kept = log.calls[call_id][index]
    log.calls[call_id][index] = replace(kept, encoded=flipped(kept.encoded, data.draw(st.integers(0, 10_000))))
    assert names(log.check(), call_id, index)


@few
@given(orders, st.data(), st.sampled_from(["salt", "body"]))
def test_one_flipped_bit_of_a_content_is_found_at_its_entry(order: list[int], data: st.DataObject, part: str):
    log = build(order)
    call_id, index = data.draw(st.sampled_from(log.places()))
    kept = log.calls[call_id][index]
    bit = data.draw(st.integers(0, 10_000))
    log.calls[call_id][index] = replace(kept, **{part: flipped(getattr(kept, part), bit)})
    (finding,) = log.check().findings
    assert (finding.call, finding.number) == (call_id, index)
    assert finding.expected == entry_of(kept).content_hash.hex() != finding.got


@few
@given(orders, st.data(), st.booleans())
def test_an_entry_that_was_made_to_fit_again_is_found_by_the_tree(order: list[int], data: st.DataObject, relink: bool):
    """An attacker who writes another content, its hash, and even every link after it, cannot sign the tree again."""
    log = build(order)
    call_id, index = data.draw(st.sampled_from(log.places()))
    kept = log.calls[call_id]
    entry = replace(entry_of(kept[index]), content_hash=hash_of_content(bytes(32), b"forged"))
    kept[index] = replace(kept[index], encoded=entry.encode(), salt=bytes(32), body=b"forged")
    if relink:
        for after in range(index + 1, len(kept)):
            entry = replace(entry_of(kept[after]), before=entry.hash)
            kept[after] = replace(kept[after], encoded=entry.encode())
    assert names(log.check(), call_id, index)


@few
@given(orders, st.data())
def test_an_entry_forged_with_all_its_leaves_is_found_by_the_checkpoint(order: list[int], data: st.DataObject):
    log = build(order)
    position = data.draw(st.integers(0, len(log.leaves) - 1))
    leaf = log.leaves[position]
    kept = log.calls[leaf.call_id]
    entry = replace(entry_of(kept[leaf.number]), content_hash=hash_of_content(bytes(32), b"forged"))
    kept[leaf.number] = replace(kept[leaf.number], encoded=entry.encode(), salt=bytes(32), body=b"forged")
    log.leaves[position] = replace(leaf, hash=entry.hash)
    for after in range(leaf.number + 1, len(kept)):
        entry = replace(entry_of(kept[after]), before=entry.hash)
        kept[after] = replace(kept[after], encoded=entry.encode())
        at = next(i for i, one in enumerate(log.leaves) if (one.call_id, one.number) == (leaf.call_id, after))
        log.leaves[at] = replace(log.leaves[at], hash=entry.hash)
    (finding,) = log.check().findings
    assert finding.checkpoint == next(one.size for one in log.checkpoints if one.size > position)


@few
@given(orders, st.data())
def test_one_flipped_bit_of_a_leaf_is_found_at_its_entry_and_by_the_checkpoint(order: list[int], data: st.DataObject):
    log = build(order)
    position = data.draw(st.integers(0, len(log.leaves) - 1))
    leaf = log.leaves[position]
    log.leaves[position] = replace(leaf, hash=flipped(leaf.hash, data.draw(st.integers(0, 255))))
    report = log.check()
    assert names(report, leaf.call_id, leaf.number)
    assert any(one.checkpoint is not None for one in report.findings)


@few
@given(orders, st.data())
def test_a_removed_entry_is_found(order: list[int], data: st.DataObject):
    log = build(order)
    call_id, index = data.draw(st.sampled_from(log.places()))
    position = next(leaf.position for leaf in log.leaves if (leaf.call_id, leaf.number) == (call_id, index))
    is_last = index == len(log.calls[call_id]) - 1
    del log.calls[call_id][index]
    report = log.check()
    assert any(one.leaf == position and "missing" in one.what for one in report.findings)
    assert is_last or any("missing" in one.what and one.number == index for one in report.findings)


@few
@given(orders, st.data())
def test_a_removed_entry_is_found_though_its_leaf_went_with_it(order: list[int], data: st.DataObject):
    log = build(order)
    position = data.draw(st.integers(0, len(log.leaves) - 1))
    leaf = log.leaves.pop(position)
    log.calls[leaf.call_id] = [one for one in log.calls[leaf.call_id] if one.number != leaf.number]
    report = log.check()
    if position < len(log.leaves):
        assert any(one.leaf == position for one in report.findings)
    assert any(one.checkpoint is not None for one in report.findings)


@few
@given(orders, st.data())
def test_a_removed_entry_is_found_though_all_places_were_closed_up(order: list[int], data: st.DataObject):
    log = build(order)
    position = data.draw(st.integers(0, len(log.leaves) - 1))
    leaf = log.leaves.pop(position)
    log.leaves = [replace(one, position=place) for place, one in enumerate(log.leaves)]
    log.calls[leaf.call_id] = [one for one in log.calls[leaf.call_id] if one.number != leaf.number]
    first = next(one.size for one in log.checkpoints if one.size > position)
    assert any(one.checkpoint == first for one in log.check().findings)


@few
@given(orders, st.data())
def test_a_whole_call_removed_is_found(order: list[int], data: st.DataObject):
    log = build(order)
    call_id = data.draw(st.sampled_from(sorted(log.calls)))
    del log.calls[call_id]
    gone = {leaf.position for leaf in log.leaves if leaf.call_id == call_id}
    assert min(gone) in {one.leaf for one in log.check().findings}


@few
@given(orders, st.data())
def test_two_entries_that_changed_places_are_found(order: list[int], data: st.DataObject):
    log = build(order)
    call_id = max(log.calls, key=lambda one: len(log.calls[one]))
    kept = log.calls[call_id]
    if len(kept) < 2:
        return
    index = data.draw(st.integers(0, len(kept) - 2))
    first, second = kept[index : index + 2]
    kept[index : index + 2] = [replace(second, number=first.number), replace(first, number=second.number)]
    report = log.check()
    assert names(report, call_id, index)
    assert names(report, call_id, index + 1)


@few
@given(orders, st.data())
def test_two_leaves_that_changed_places_are_found(order: list[int], data: st.DataObject):
    log = build(order)
    index = data.draw(st.integers(0, len(log.leaves) - 2))
    first, second = log.leaves[index : index + 2]
    log.leaves[index : index + 2] = [replace(second, position=index), replace(first, position=index + 1)]
    report = log.check()
    first_size = next(one.size for one in log.checkpoints if one.size > index)
    if first_size == index + 1:  # the checkpoint ends between the two: its tree has the wrong one
        assert any(one.checkpoint == first_size for one in report.findings)
    assert any(one.checkpoint is not None for one in report.findings)


@few
@given(orders, st.data())
def test_an_entry_added_between_others_is_found(order: list[int], data: st.DataObject):
    log = build(order)
    call_id, index = data.draw(st.sampled_from(log.places()))
    kept = log.calls[call_id]
    kept.insert(index, replace(kept[index]))
    assert names(log.check(), call_id, index)


@few
@given(orders)
def test_an_entry_added_behind_the_tree_with_an_old_instant_is_found(order: list[int]):
    log = build(order)
    kept = log.calls[f"call{order[0]}"]
    last = entry_of(kept[-1])
    forged = replace(last, number=last.number + 1, before=last.hash, at=BEGAN - timedelta(hours=2))
    kept.append(KeptEntry(forged.number, forged.encode(), None, None))
    (finding,) = log.check().findings
    assert (finding.call, finding.number) == (last.call_id, forged.number)


@few
@given(orders)
def test_an_entry_that_two_places_of_the_tree_hold_is_found(order: list[int]):
    log = build(order)
    log.leaves.append(replace(log.leaves[0], position=len(log.leaves)))
    assert log.check().findings


@few
@given(orders, st.data())
def test_one_flipped_bit_of_a_checkpoint_is_found_at_that_checkpoint(order: list[int], data: st.DataObject):
    log = build(order)
    index = data.draw(st.integers(0, len(log.checkpoints) - 1))
    kept = log.checkpoints[index]
    altered = flipped(kept.note.encode(), data.draw(st.integers(0, 10_000))).decode("utf-8", "replace")
    log.checkpoints[index] = replace(kept, note=altered)
    assert any(one.checkpoint == kept.size for one in log.check().findings)


@few
@given(orders)
def test_a_checkpoint_by_another_key_is_found(order: list[int]):
    log = build(order)
    size = log.checkpoints[-1].size
    log.checkpoints[-1] = signed(size, log.leaves, len(order), OTHER)
    assert any(one.checkpoint == size and "expected log+" in one.what for one in log.check().findings)


@few
@given(orders)
def test_a_log_without_any_checkpoint_is_found(order: list[int]):
    log = build(order)
    log.checkpoints.clear()
    (finding,) = log.check().findings
    assert "no checkpoint" in finding.what


def test_a_forked_tree_is_found_where_it_forks():
    """The company itself, with its key, shows another tree than the one it signed before."""
    log = build([0, 1, 0, 1, 0, 1])
    other = build([0, 1, 0, 0, 0, 1])
    log.checkpoints[-1] = other.checkpoints[-1]
    (finding,) = log.check().findings
    assert finding.checkpoint == 6
    assert finding.expected != finding.got


def test_the_checkpoint_that_the_checker_kept_shows_a_fork_that_was_signed_all_through():
    kept = build([0, 1, 0, 1, 0, 1]).checkpoints[-1].note
    (finding,) = build([0, 1, 0, 0, 0, 1, 2]).check(since=kept).findings
    assert "forked" in finding.what
    assert finding.checkpoint == 6


@few
@given(orders, st.data())
def test_the_checkpoint_that_the_checker_kept_shows_a_log_put_back(order: list[int], data: st.DataObject):
    newest = build(order).checkpoints[-1].note
    earlier = data.draw(st.integers(1, len(order) - 1))
    (finding,) = build(order[:earlier]).check(since=newest).findings
    assert "put back" in finding.what
    assert (finding.expected, finding.got) == (f"at least {len(order)}", str(earlier))


@few
@given(orders, st.data())
def test_every_checkpoint_of_a_log_that_only_grew_holds_later(order: list[int], data: st.DataObject):
    earlier = build(order[: data.draw(st.integers(1, len(order)))]).checkpoints[-1]
    assert build(order).check(since=earlier.note).findings == ()


def test_an_older_signature_of_the_same_tree_is_told_from_the_newer_one():
    log = build([0, 1, 0])
    newer = signed(3, log.leaves, 30)
    (finding,) = log.check(since=newer.note).findings
    assert "older than the one kept" in finding.what


def test_a_checkpoint_from_elsewhere_is_no_checkpoint_of_this_log():
    log = build([0, 1, 0])
    (finding,) = log.check(since=signed(3, log.leaves, 3, OTHER).note).findings
    assert "kept from before" in finding.what


def test_checkpoints_that_go_back_in_time_are_found():
    log = build([0, 1, 0, 1, 0, 1])
    log.checkpoints[0] = signed(3, log.leaves, 60)
    (finding,) = log.check().findings
    assert finding.checkpoint == 6
    assert "before a checkpoint of a smaller tree" in finding.what


def with_nodes(order: list[int]) -> Log:
    log, tree = build(order), Frontier()
    log.nodes = []
    for leaf in log.leaves:
        tree, made = tree.grow(leaf.hash)
        log.nodes += [KeptNode(node.level, node.index, node.hash) for node in made[1:]]
    return log


@few
@given(orders)
def test_kept_nodes_of_the_tree_that_hold_are_no_finding(order: list[int]):
    assert with_nodes(order).check().findings == ()


@few
@given(orders, st.data())
def test_a_kept_node_that_was_altered_or_removed_is_found(order: list[int], data: st.DataObject):
    log = with_nodes(order)
    assert log.nodes
    index = data.draw(st.integers(0, len(log.nodes) - 1))
    node = log.nodes.pop(index)
    is_altered = data.draw(st.booleans())
    if is_altered:
        log.nodes.insert(index, replace(node, hash=flipped(node.hash, data.draw(st.integers(0, 255)))))
    (finding,) = log.check().findings
    assert finding.leaf == (node.index + 1 << node.level) - 1
    assert ("altered" if is_altered else "missing") in finding.what


def test_a_node_too_many_is_found():
    log = with_nodes([0, 1, 0])
    log.nodes = [*(log.nodes or []), KeptNode(1, 1, bytes(32))]
    assert [one.leaf for one in log.check().findings] == [3]


def test_what_is_kept_beside_a_checkpoint_is_checked():
    log = build([0, 1, 0])
    kept = log.checkpoints[0]
    log.checkpoints[0] = replace(kept, root=bytes(32), at=BEGAN)
    assert [one.checkpoint for one in log.check().findings] == [3]


def test_a_content_that_cannot_be_opened_is_found():
    log = build([0, 1, 0])
    log.calls["call0"][1] = replace(log.calls["call0"][1], salt=None, body=None, fault="its content was altered")
    (finding,) = log.check().findings
    assert finding.sentence == "call call0, entry 1: its content was altered."


def test_a_hash_kept_beside_an_entry_is_checked_too():
    log = build([0, 1, 0])
    kept = log.calls["call0"][0]
    log.calls["call0"][0] = replace(kept, hash=flipped(entry_of(kept).hash, 3))
    (finding,) = log.check().findings
    assert (finding.call, finding.number) == ("call0", 0)


def test_a_finding_says_where_and_what_was_expected():
    finding = Finding("it is another", "c", 3, expected="aa", got="bb")
    assert finding.sentence == "call c, entry 3: it is another; expected aa, got bb."
