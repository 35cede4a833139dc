"""The parts of ``scripts.bench_statements``: texts, what is written about them, scores, and how they are shown."""
