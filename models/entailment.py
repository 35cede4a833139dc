"""Reads whether words carry a sentence, by asking the model that writes: no entailment model of its own is needed.

A small model that writes poorly still reads usefully: asked whether a sentence is true by a few words of talk, it leans
to yes for what was said and to no for what was not. What it leans to is measured, not trusted: the rules of
``worker.core.support`` come first, and the threshold is that of ``worker.stages.check``.
"""

from __future__ import annotations

from math import exp

from models.instructed_model import InstructedModel
from worker.core.evidence import NO_MODEL
from worker.core.ports import MadeWith, Summarizer

YES, NO = "Yes", "No"


def question(sentence: str) -> str:
    """What the model is asked about a passage."""
    claim = " ".join(sentence.split())
    return f"Claim: {claim}\n\nIs the claim true according to the conversation? Answer yes or no."


class ScoredEntailment:
    """An ``Entailment`` by how much more probable a model that runs here holds "Yes" than "No"."""

    def __init__(self, model: InstructedModel) -> None:
        self._model = model

    @property
    def made_with(self) -> MadeWith:
        """The model that answers."""
        return self._model.made_with

    def entails(self, passage: str, sentence: str) -> float:
        """See ``Entailment``. Raises as the model's ``weigh`` does."""
        yes, no = self._model.weigh(passage, question(sentence), (YES, NO))
        return 1.0 / (1.0 + exp(min(60.0, no - yes)))


class AnsweredEntailment:
    """An ``Entailment`` by the one word that a model answers: for servers, which tell no probabilities for sure."""

    def __init__(self, model: Summarizer) -> None:
        self._model = model

    @property
    def made_with(self) -> MadeWith:
        """The model that answers."""
        return self._model.made_with

    def entails(self, passage: str, sentence: str) -> float:
        """See ``Entailment``: 1 for yes, 0 for anything else, an answer that cannot be read included. Raises as
        ``write`` does."""
        answer = self._model.write(question(sentence), passage, max_words=1).strip(".,!").lower()
        return 1.0 if answer == "yes" else 0.0


class NoEntailment:
    """An ``Entailment`` for those who want no model: only rules write then, and they doubt nothing beyond the rules."""

    made_with = MadeWith(NO_MODEL, "1")

    def entails(self, passage: str, sentence: str) -> float:  # noqa: ARG002  # the port has them
        """Always sure."""
        return 1.0
