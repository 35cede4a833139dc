"""Commitments: who promised what to whom, until when, in which words. Found by rule; English only.

A promise is said in so many words ("I'll call you back by Friday", "a technician will be with you on Tuesday"), or
made by taking up an offer or a request ("Could you send me a copy?" — "Yes, I'll do that."). What is done at once on
the line, offered, guessed, refused, or told of others is none. What the rules do not understand they leave out: a
promise that is missed can be added by either side, one that was never made would be held against somebody. Later words
count: another number or day takes the place of the earlier, and what its promisor takes back is gone. What a promise
waits for is told with it, or it is left out.

``clauses`` finds the clauses that speak of an act to come, ``spoken`` decides which are promises, by the tables in
``acts`` (what is done) and ``signs`` (how it is said). ``accepted`` knows offers, requests and assents, ``answers``
times that answer "when?". ``words`` makes the evidence and tells what was promised. ``find`` goes through the call with
them, and ``later`` merges, replaces and withdraws what it found.
"""

from worker.core.commitments.find import find_commitments

__all__ = ["find_commitments"]
