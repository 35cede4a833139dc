"""The log in the database: entries are appended, taken into the one tree, and published under signed checkpoints.

``log`` is what others use; ``append`` writes, ``read`` reads, ``tree`` holds the tree, ``publisher`` keeps it growing.
"""

from worker.record.log.log import Log
from worker.record.log.publisher import Publisher
from worker.record.log.read import Held
from worker.record.log.tree import Leaf, Published

__all__ = ["Held", "Leaf", "Log", "Published", "Publisher"]
