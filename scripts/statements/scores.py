"""The figures: how well a judge tells faithful summaries, how near texts are to what people wrote, what is carried."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from torchmetrics.functional.text import rouge_score

from scripts.statements.carried import missing
from scripts.statements.lexical import PLAIN_THRESHOLD, best_threshold, overlap
from scripts.statements.texts import SIDES, Judged, Talk, lead
from scripts.statements.writers import Bare, Written, side_texts, turns_of
from worker.core.summary import Evidence

ROUGE = ("rouge1", "rouge2", "rougeL")
LEAD_SENTENCES = 3


def share(part: float, whole: float) -> float | None:
    """A share in four digits; None of nothing."""
    return round(part / whole, 4) if whole else None


# --- the checker -----------------------------------------------------------------------------------------------------


def judged(rows: Sequence[Judged], refused: Sequence[bool]) -> dict[str, float | None]:
    """Balanced accuracy and its two halves; None where there are only faithful rows, or none of them.

    ``recall_unfaithful`` is the share of unfaithful summaries that are refused, ``true_refused`` that of faithful ones.
    """
    caught = [no for row, no in zip(rows, refused, strict=True) if not row.is_faithful]
    lost = [no for row, no in zip(rows, refused, strict=True) if row.is_faithful]
    recall, refused_true = share(sum(caught), len(caught)), share(sum(lost), len(lost))
    both = recall is not None and refused_true is not None
    return {
        "balanced_accuracy": round((recall + 1 - refused_true) / 2, 4) if both else None,  # type: ignore[operator]
        "recall_unfaithful": recall,
        "true_refused": refused_true,
    }


def checker_figures(
    sets: Mapping[str, Sequence[Judged]],
    refused: Mapping[str, Sequence[bool]],
    by_rules: Mapping[str, Sequence[bool]],
) -> dict[str, dict[str, Any]]:
    """The judge's figures for each set and for "all" rows together, the lexical baseline's beside them.

    ``by_rules`` is what the rules refuse alone, shown as ``rules_…``. The baseline's threshold is one for all sets, the
    best for these very rows; ``lexical_plain_…`` is the one that nobody chose by looking at them.
    """
    shares = {name: [overlap(row.turns, row.summary) for row in rows] for name, rows in sets.items()}
    groups = {**{name: [name] for name in sets}, "all": list(sets)}
    every = [row for name in sets for row in sets[name]]
    threshold = best_threshold(every, [one for name in sets for one in shares[name]])
    figures = {}
    for group, names in groups.items():
        rows = [row for name in names for row in sets[name]]
        near = [one for name in names for one in shares[name]]
        lexical = judged(rows, [one < threshold for one in near])
        plain = judged(rows, [one < PLAIN_THRESHOLD for one in near])
        figures[group] = {
            "rows": len(rows),
            **judged(rows, [no for name in names for no in refused[name]]),
            **{
                f"rules_{key}": value
                for key, value in judged(rows, [no for name in names for no in by_rules[name]]).items()
            },
            **{f"lexical_{key}": value for key, value in lexical.items()},
            "lexical_plain_balanced_accuracy": plain["balanced_accuracy"],
            "lexical_threshold": round(threshold, 4),
        }
    return figures


# --- coverage --------------------------------------------------------------------------------------------------------


class Encodes(Protocol):
    """Gives texts vectors of length 1, or of nothing but zeros."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]: ...


def nearness(
    texts: Sequence[str], references: Sequence[Sequence[str]], encoder: Encodes | None
) -> dict[str, float | None]:
    """ROUGE F1 (no stemming) and cosine, each to the nearest of a dialogue's references, as the mean over dialogues.

    ``…_mean``: to its references in the mean. ``words``: how long the texts are.
    """
    found: dict[str, float | None] = {}
    targets = [list(told) for told in references]
    for suffix, accumulate in (("", "best"), ("_mean", "avg")):
        for key in ROUGE:  # one at a time, as the best reference would else be the best by the first alone
            scores = rouge_score(list(texts), targets, accumulate=accumulate, rouge_keys=key)  # type: ignore[arg-type]
            found[f"{key}{suffix}"] = round(float(scores[f"{key}_fmeasure"]), 4)
    if encoder is not None:
        best, mean = _cosines(texts, references, encoder)
        found |= {"embedding": best, "embedding_mean": mean}
    return found | {"words": round(statistics.fmean(len(text.split()) for text in texts), 1)}


def _cosines(texts: Sequence[str], references: Sequence[Sequence[str]], encoder: Encodes) -> tuple[float, float]:
    ours = encoder.encode(texts)  # (dialogues, size)
    theirs = encoder.encode([told for some in references for told in some])
    best, mean, at = [], [], 0
    for vector, some in zip(ours, references, strict=True):
        near = theirs[at : at + len(some)] @ vector  # (references,)
        best.append(float(near.max()))
        mean.append(float(near.mean()))
        at += len(some)
    return round(statistics.fmean(best), 4), round(statistics.fmean(mean), 4)


def coverage_figures(
    talks: Sequence[Talk], written: Sequence[Written], bare: Mapping[int, Bare], encoder: Encodes | None
) -> dict[str, dict[str, Any]]:
    """For each side: our figures, those of the first sentences (``lead3_…``), and the bare model's (``bare_…``).

    ``bare`` is what the bare model wrote of the dialogue in that place, for as many as it was asked of;
    ``beside_bare_…`` are our figures for those alone. A side that no dialogue has a reference for is left out.
    """
    figures: dict[str, dict[str, Any]] = {}
    for side in SIDES:
        places = [place for place, talk in enumerate(talks) if side in talk.references]
        if not places:
            continue
        with_bare = [place for place in places if place in bare]
        ours = {place: side_texts(written[place].summary)[side] for place in places}
        systems = {
            "": (places, ours),
            "lead3_": (places, {place: lead(turns_of(talks[place], side), LEAD_SENTENCES) for place in places}),
            "bare_": (with_bare, {place: bare[place].texts[side] for place in with_bare}),
            "beside_bare_": (with_bare, ours),
        }
        figures[side] = {"dialogues": len(places)} | ({"bare_dialogues": len(with_bare)} if with_bare else {})
        for prefix, (where, texts) in systems.items():
            if where:
                references = [talks[place].references[side] for place in where]
                scored = nearness([texts[place] for place in where], references, encoder)
                figures[side] |= {f"{prefix}{key}": value for key, value in scored.items()}
    return figures


# --- what is published ----------------------------------------------------------------------------------------------


@dataclass
class Published:
    """What was published, counted. ``offenders`` are the texts whose evidence lacks something, and what it lacks.

    Promises are counted apart: what was promised, without the words around it.
    """

    statements: int = 0
    quoted: int = 0
    sentences: int = 0  # statements and headlines
    carried: int = 0
    written: int = 0  # of the sentences, those that are no quotations
    written_carried: int = 0
    promises: int = 0
    promises_carried: int = 0
    calls: int = 0
    call_s: float = 0.0
    seconds: float = 0.0
    slowest: float | None = None  # the most seconds per second of one call
    offenders: list[dict[str, Any]] = field(default_factory=list)

    def add(self, name: str, written: Written) -> None:
        """Counts one more summary."""
        summary = written.summary
        self.calls += 1
        self.call_s += written.length_s
        self.seconds += written.seconds
        ratio = share(written.seconds, written.length_s)
        self.slowest = max((one for one in (self.slowest, ratio) if one is not None), default=None)
        self.statements += len(summary.statements)
        self.quoted += sum(statement.quoted for statement in summary.statements)
        for sentence in (*([summary.headline] if summary.headline else ()), *summary.statements):
            carried = self._is_carried(name, sentence.text, sentence.evidence, written)
            self.sentences += 1
            self.carried += carried
            self.written += not sentence.quoted
            self.written_carried += carried and not sentence.quoted
        for promise in summary.commitments:
            self.promises += 1
            self.promises_carried += self._is_carried(name, promise.what, promise.evidence, written)

    def _is_carried(self, name: str, text: str, evidence: Sequence[Evidence], written: Written) -> bool:
        lacking = lacks(text, evidence, written.turn_texts)
        if lacking:
            self.offenders.append({"of": name, "text": text, "lacks": lacking})
        return not lacking


def lacks(text: str, evidence: Sequence[Evidence], turn_texts: Mapping[str, str]) -> list[str]:
    """What a published text says that its evidence does not, and evidence that was not said in its turn."""
    unsaid = [one.quote for one in evidence if one.quote not in turn_texts.get(one.turn, "")]
    return unsaid + missing(text, [one.quote for one in evidence])
