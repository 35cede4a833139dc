"""The tree over all entries: its root, its growth and its proofs, against RFC 9162's own recursive definition."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trees import nodes_over
from worker.core.errors import BrokenRecord, Invalid
from worker.core.log.merkle import (
    EMPTY_ROOT,
    Frontier,
    check_consistency,
    check_inclusion,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_of,
)


def naive_root(data: list[bytes]) -> bytes:
    """RFC 9162, section 2.1.1, word for word: MTH(D[n])."""
    if not data:
        return hashlib.sha256().digest()
    if len(data) == 1:
        return hashlib.sha256(b"\x00" + data[0]).digest()
    k = 1
    while k * 2 < len(data):
        k *= 2
    return hashlib.sha256(b"\x01" + naive_root(data[:k]) + naive_root(data[k:])).digest()


def naive_path(m: int, data: list[bytes]) -> list[bytes]:
    """Section 2.1.3.1: PATH(m, D[n])."""
    if len(data) == 1:
        return []
    k = 1
    while k * 2 < len(data):
        k *= 2
    if m < k:
        return [*naive_path(m, data[:k]), naive_root(data[k:])]
    return [*naive_path(m - k, data[k:]), naive_root(data[:k])]


def naive_subproof(m: int, data: list[bytes], whole: bool) -> list[bytes]:
    """Section 2.1.4.1: SUBPROOF(m, D[n], b)."""
    if m == len(data):
        return [] if whole else [naive_root(data)]
    k = 1
    while k * 2 < len(data):
        k *= 2
    if m <= k:
        return [*naive_subproof(m, data[:k], whole), naive_root(data[k:])]
    return [*naive_subproof(m - k, data[k:], False), naive_root(data[:k])]


DATA = [b"entry %d" % number for number in range(70)]
LEAVES = [leaf_hash(one) for one in DATA]
few = settings(max_examples=40, deadline=None)  # a machine may be busy


def test_the_empty_tree_has_the_hash_of_nothing():
    assert Frontier().root == EMPTY_ROOT == root_of([])
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_a_tree_that_grows_has_at_each_size_the_root_of_the_definition():
    tree = Frontier()
    for size, leaf in enumerate(LEAVES, start=1):
        tree = tree.append(leaf)
        assert tree.size == size
        assert tree.root == naive_root(DATA[:size])
        assert len(tree.roots) == size.bit_count()


def test_growing_gives_each_final_node_once_and_in_its_place():
    tree, nodes = Frontier(), {}
    for leaf in LEAVES[:16]:
        tree, made = tree.grow(leaf)
        for node in made:
            assert (node.level, node.index) not in nodes
            nodes[node.level, node.index] = node.hash
    assert len(nodes) == 31
    assert nodes[2, 1] == naive_root(DATA[4:8])
    assert nodes[4, 0] == tree.root


def test_a_tree_goes_on_from_what_was_kept_of_it():
    half = Frontier()
    for leaf in LEAVES[:37]:
        half = half.append(leaf)
    again = Frontier(half.size, half.roots)
    for leaf in LEAVES[37:]:
        again = again.append(leaf)
    assert again.root == naive_root(DATA)


@pytest.mark.parametrize(("size", "roots"), [(3, 1), (-1, 0), (0, 1), (4, 2)])
def test_what_was_kept_of_a_tree_fits_its_size(size: int, roots: int):
    with pytest.raises(BrokenRecord, match="does not fit its size"):
        Frontier(size, (bytes(32),) * roots)


def test_every_leaf_of_every_size_is_proven_as_the_definition_says():
    for size in range(1, 34):
        node, root = nodes_over(LEAVES[:size]), naive_root(DATA[:size])
        for index in range(size):
            proof = inclusion_proof(index, size, node)
            assert list(proof) == naive_path(index, DATA[:size])
            check_inclusion(LEAVES[index], index, size, proof, root)


def test_every_pair_of_sizes_is_proven_consistent_as_the_definition_says():
    for size in range(1, 34):
        node, root = nodes_over(LEAVES[:size]), naive_root(DATA[:size])
        for old in range(size + 1):
            proof = consistency_proof(old, size, node)
            assert list(proof) == (naive_subproof(old, DATA[:size], True) if old else [])
            check_consistency(old, naive_root(DATA[:old]), size, root, proof)


def test_a_proof_for_an_older_size_comes_from_the_nodes_of_the_larger_tree():
    node = nodes_over(LEAVES)
    check_inclusion(LEAVES[20], 20, 41, inclusion_proof(20, 41, node), naive_root(DATA[:41]))


@few
@given(st.integers(1, 60), st.data())
def test_an_inclusion_proof_with_anything_altered_does_not_hold(size: int, data: st.DataObject):
    index = data.draw(st.integers(0, size - 1))
    proof = list(inclusion_proof(index, size, nodes_over(LEAVES[:size])))
    leaf, root = LEAVES[index], naive_root(DATA[:size])
    flips = [*range(len(proof)), "leaf", "root", "longer", "shorter", "size 0"]
    what = data.draw(st.sampled_from(flips))
    bit = data.draw(st.integers(0, 255))
    if what == "leaf":
        leaf = flipped(leaf, bit)
    elif what == "root":
        root = flipped(root, bit)
    elif what == "longer":
        proof.append(bytes(32))
    elif what == "shorter":
        if not proof:
            return
        proof.pop()
    elif what == "size 0":
        size = index
    else:
        proof[what] = flipped(proof[what], bit)
    with pytest.raises(BrokenRecord):
        check_inclusion(leaf, index, size, proof, root)


def test_a_leaf_is_not_proven_at_another_place():
    node, root = nodes_over(LEAVES[:8]), naive_root(DATA[:8])
    for index in range(8):
        proof = inclusion_proof(index, 8, node)
        for other in set(range(8)) - {index}:
            with pytest.raises(BrokenRecord, match=r"expected [0-9a-f]{64}, got [0-9a-f]{64}"):
                check_inclusion(LEAVES[index], other, 8, proof, root)


@few
@given(st.integers(1, 60), st.data())
def test_a_consistency_proof_with_anything_altered_does_not_hold(size: int, data: st.DataObject):
    old = data.draw(st.integers(1, size))
    proof = list(consistency_proof(old, size, nodes_over(LEAVES[:size])))
    old_root, root = naive_root(DATA[:old]), naive_root(DATA[:size])
    what = data.draw(st.sampled_from([*range(len(proof)), "old root", "root", "longer", "shorter"]))
    bit = data.draw(st.integers(0, 255))
    if what == "old root":
        old_root = flipped(old_root, bit)
    elif what == "root":
        root = flipped(root, bit)
    elif what == "longer":
        proof.append(bytes(32))
    elif what == "shorter":
        if not proof:
            return
        proof.pop()
    else:
        proof[what] = flipped(proof[what], bit)
    with pytest.raises(BrokenRecord):
        check_consistency(old, old_root, size, root, proof)


def test_a_forked_tree_is_not_consistent_with_the_old_one():
    forked = [*LEAVES[:5], leaf_hash(b"another"), *LEAVES[6:]]
    proof = consistency_proof(10, 70, nodes_over(forked))
    with pytest.raises(BrokenRecord, match="earlier tree"):
        check_consistency(10, naive_root(DATA[:10]), 70, root_of(forked), proof)


def test_a_tree_that_shrank_is_not_consistent():
    with pytest.raises(BrokenRecord, match="expected at least 10, got 9"):
        check_consistency(10, naive_root(DATA[:10]), 9, naive_root(DATA[:9]), ())


def test_an_empty_tree_has_but_one_root():
    check_consistency(0, EMPTY_ROOT, 5, naive_root(DATA[:5]), ())
    with pytest.raises(BrokenRecord):
        check_consistency(0, bytes(32), 5, naive_root(DATA[:5]), ())
    with pytest.raises(BrokenRecord):
        check_consistency(0, EMPTY_ROOT, 0, bytes(32), ())


def test_what_is_not_in_the_tree_has_no_proof():
    node = nodes_over(LEAVES[:5])
    with pytest.raises(Invalid):
        inclusion_proof(5, 5, node)
    with pytest.raises(Invalid):
        consistency_proof(6, 5, node)


def flipped(data: bytes, bit: int) -> bytes:
    altered = bytearray(data)
    altered[bit // 8] ^= 1 << bit % 8
    return bytes(altered)
