"""Has a small bundle of words put into one sentence, and once more with what was wrong with the first.

The model never sees the whole call, so a small one serves and a long call works. What it writes is judged here by the
same rules as in the ``check`` stage, only so that a second try can be asked for; that stage decides.
"""

from __future__ import annotations

import re

from worker.core.cues import speaks_to_the_machine
from worker.core.evidence import NAMED
from worker.core.passage import SPEAKERS, as_passage
from worker.core.ports import Summarizer
from worker.core.reported import to_reported
from worker.core.summary import Commitment, StatementKind
from worker.core.support import MAX_WORDS, Complaint, judge
from worker.stages.summarising.bundle import Bundle

HEADLINE_WORDS = 16
"""A headline is one line: so many words at most."""

RUNS_ON = 15
"""So many words more than may stand are waited for."""

LEAST_LEFT = 8
"""A sentence that was cut has at least so many words."""

_PART_ENDS = re.compile(r"[,;](?= )| (?:and|but|so) (?=they\b|the (?:agent|customer)\b)")


def write_statement(writer: Summarizer, bundle: Bundle) -> str | None:
    """One sentence that the bundle's words carry, by the rules; None where two tries gave none."""
    if bundle.choice.kind is StatementKind.DISAGREED:
        return None  # which side is right is nobody's to sum up: both are quoted
    label, verb = NAMED[bundle.choice.party], _opening(bundle)
    return _write(
        writer,
        bundle,
        f"Rewrite what the {SPEAKERS[bundle.choice.party]} said in the passage as one short sentence in the past tense "
        f'that begins with "{label} {verb}". Use at most {MAX_WORDS - 7} words: keep the point, all numbers, days and '
        "names, and leave out the rest. Use the speaker's own words. Do not add anything.",
        most_words=MAX_WORDS,
    )


def write_headline(writer: Summarizer, bundle: Bundle) -> str | None:
    """The matter of the call in one line, from the words in which it was told."""
    label, verb = NAMED[bundle.choice.party], _opening(bundle)
    return _write(
        writer,
        bundle,
        f"Say in one short sentence of at most {HEADLINE_WORDS - 3} words, in the past tense, what the matter of the "
        f'{SPEAKERS[bundle.choice.party]} is in the passage. Begin with "{label} {verb}". '
        "Use the speaker's own words and leave out the details. Do not add anything.",
        most_words=HEADLINE_WORDS,
    )


def report_promise(promise: Commitment) -> str:
    """A promise as a sentence, made by rule of the words that made it; it is judged like any other."""
    due = f" {promise.due.words}" if promise.due is not None else ""
    who, will, act = promise.what.partition(" will ")
    what = f"that {who} would {act}" if will else f"to {promise.what}"
    return f"{NAMED[promise.promisor]} promised {what}{due}."


def _write(writer: Summarizer, bundle: Bundle, instruction: str, *, most_words: int) -> str | None:
    """The first of two answers that the words carry."""
    if any(speaks_to_the_machine(turn.text) for turn, _ in bundle.said):
        return None
    first = _answer(writer, instruction, bundle, most_words)
    complaints = complain(first, bundle, most_words=most_words)
    if not complaints:
        return first
    wrong = "; ".join(complaint.value for complaint in complaints)
    again = f"{instruction} Your first answer was refused because of this: {wrong}."
    second = _answer(writer, again, bundle, most_words)
    return None if complain(second, bundle, most_words=most_words) else second


def _answer(writer: Summarizer, instruction: str, bundle: Bundle, most_words: int) -> str:
    # It may run on, so that what is too long is seen whole and can be cut where a part of it ends.
    written = writer.write(instruction, as_passage(bundle.spoken), max_words=most_words + RUNS_ON).strip()
    if not written:
        return ""
    reported = to_reported(written if written.endswith((".", "!", "?")) else f"{written}.", bundle.choice.party)
    return _cut(reported, most_words)


def _cut(sentence: str, most_words: int) -> str:
    """A sentence without its last parts, where it is too long with them; as it is where no part ends early enough.

    What is cut off may have been a condition: whether the rest still says what was said, the rules decide.
    """
    if len(sentence.split()) <= most_words:
        return sentence
    ends = [match.start() for match in _PART_ENDS.finditer(sentence)]
    short_enough = [end for end in ends if LEAST_LEFT <= len(sentence[:end].split()) <= most_words]
    return f"{sentence[: short_enough[-1]].rstrip(' ,;')}." if short_enough else sentence


def complain(text: str, bundle: Bundle, *, most_words: int) -> tuple[Complaint, ...]:
    """What is wrong with a sentence written of a bundle."""
    if len(text.split()) > most_words:
        return (Complaint.LENGTH,)
    return judge(text, bundle.choice.party, bundle.spoken).complaints


def _opening(bundle: Bundle) -> str:
    """The verb of saying that the words themselves support; the check would refuse a stronger one."""
    text = bundle.choice.sentence.text.replace("’", "'")
    if text.rstrip().endswith("?"):
        return "asked"
    plain = text.lower()
    intends = any(start in plain for start in ("i'll ", "we'll ", "i will ", "we will ", "going to "))
    if bundle.choice.kind is StatementKind.PROMISED and "i promise" in plain:
        return "promised that"
    if bundle.choice.kind is StatementKind.PROMISED and intends:
        return "promised to"
    return "said that"
