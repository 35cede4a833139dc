"""The rules by which a sentence stands or falls, read in this order: ``claims`` takes sentences and speech apart,
``contradictions`` is what no sentence may do, ``rules`` and ``framing`` what a statement has to keep besides, ``judge``
the verdict."""

from worker.core.support.claims import Spoken
from worker.core.support.complaints import Complaint
from worker.core.support.contradictions import find_contradictions
from worker.core.support.judge import LEAST_SUPPORT, MAX_WORDS, Verdict, judge

__all__ = ["LEAST_SUPPORT", "MAX_WORDS", "Complaint", "Spoken", "Verdict", "find_contradictions", "judge"]
