"""The parts of ``scripts.bench_hearing``: references, what was heard, scores, and how they are shown."""
