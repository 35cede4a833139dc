"""What the proofs under scripts/ are made of: real services that can be disturbed, real processes, and calls to send.

``chaos``, ``load``, ``fuzz_intake`` and ``two_hosts`` put these together. Only the models are fakes.
"""
