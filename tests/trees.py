"""Trees that lie in memory: their nodes, all made at once, from which proofs are made."""

from __future__ import annotations

from collections.abc import Sequence

from worker.core.log.merkle import Frontier, NodeAt


def nodes_over(leaves: Sequence[bytes]) -> NodeAt:
    """The nodes of the tree of these leaves."""
    nodes: dict[tuple[int, int], bytes] = {}
    tree = Frontier()
    for leaf in leaves:
        tree, made = tree.grow(leaf)
        nodes.update(((node.level, node.index), node.hash) for node in made)
    return lambda level, index: nodes[level, index]
