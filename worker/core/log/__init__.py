"""The log that proves itself: entries, the tree over all of them, signed heads of it, and the checking of all three."""
