"""What every model that runs here shares, whichever library runs it: how it writes, and how it weighs answers.

It is asked with the message of ``models.prompting`` inside the frame of its own chat template, and a passage is encoded
so that the model's control marks are letters in it. The decoding is greedy and our own to end, because exactly one line
is needed, ended at its first sentence, and the same answer for the same input.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from models.prompting import defuse, first_sentence, frame, frame_question, is_complete, most_tokens
from worker.core.errors import BrokenModel, Invalid
from worker.core.ports import MadeWith

if TYPE_CHECKING:
    import numpy as np

REMEMBERED_INSTRUCTIONS = 16
"""A stage uses a dozen instructions, each over and over; what the model made of one is some 3 MB for a small model."""


@dataclass(frozen=True)
class ChatFrame:
    """What a chat template puts before and behind a user's message; empty for a model that needs none."""

    before: str = ""
    after: str = ""

    @classmethod
    def read(cls, tokenizer: Any) -> ChatFrame:
        """The frame of a transformers tokenizer's chat template. Raises BrokenModel if the message is lost in it."""
        mark = "\x00"
        prompt = tokenizer.apply_chat_template(
            [{"role": "user", "content": mark}], tokenize=False, add_generation_prompt=True
        )
        before, found, after = str(prompt).partition(mark)
        if not found:
            raise BrokenModel("The writing model's chat template drops what it is given.")
        return cls(before, after)


class Question(NamedTuple):
    """Token ids: what other questions begin with too, which is worth remembering, and all that follows."""

    beginning: list[int]
    rest: list[int]


class InstructedModel(ABC):
    """A ``Summarizer`` around any model that follows instructions, and that says how probable answers are to it.

    ``longest`` is how many tokens the model can read and write together, 0 where nothing is known of a limit.
    """

    def __init__(self, *, made_with: MadeWith, chat: ChatFrame, longest: int) -> None:
        self._made_with, self._chat, self._longest = made_with, chat, longest

    @property
    def made_with(self) -> MadeWith:
        """The model that answers."""
        return self._made_with

    def write(self, instruction: str, passage: str, *, max_words: int) -> str:
        """One line, ended at its first sentence, at most ``max_words`` words; the most probable token at each step.

        The same input gives the same answer: what is remembered of an instruction does not depend on what came before.
        Raises Invalid if the passage is longer than the model can read, BrokenModel for numbers that are not numbers,
        Unavailable if the memory runs out.
        """
        if max_words < 1:
            return ""
        question = self._ask(frame(instruction), passage)
        most = most_tokens(max_words)
        self._check_length(question, most)
        written = self._continue(question, most, lambda tokens: is_complete(self._decode(tokens), max_words))
        return first_sentence(self._decode(written), max_words)

    def weigh(self, passage: str, question: str, answers: Sequence[str]) -> tuple[float, ...]:
        """How probable it is that the model's answer begins as each of these does, from one reading of the passage.

        The natural logarithm of the probability of each answer's first token, at most 0, in the order of the answers.
        Raises as ``write`` does, and Invalid if an answer is empty or two begin with the same token.
        """
        import numpy as np

        asked = self._ask(frame_question(question), passage)
        self._check_length(asked, 1)
        firsts = [self._encode(answer, as_plain_text=True)[:1] for answer in answers]
        tokens = {token for first in firsts for token in first}
        if len(tokens) < len(answers):
            raise Invalid("Answers can only be weighed against each other if each begins in its own way.")
        if not answers:
            return ()
        scores = self._score_next(asked).astype(np.float64)  # (vocabulary,)
        if not np.isfinite(scores).all():
            raise BrokenModel("The writing model gave numbers that are not numbers. Fetch it again.")
        scores -= scores.max()
        log_probs = scores - np.log(np.exp(scores).sum())
        return tuple(float(log_probs[first]) for (first,) in firsts)

    def _ask(self, framed: tuple[str, str], passage: str) -> Question:
        before, after = framed
        behind = self._encode(f"{after}{self._chat.after}")
        said = self._encode(defuse(passage), as_plain_text=True)
        return Question(self._encode(f"{self._chat.before}{before}"), [*said, *behind])

    def _check_length(self, question: Question, more: int) -> None:
        if self._longest and len(question.beginning) + len(question.rest) + more > self._longest:
            raise Invalid("The passage is longer than the writing model can read at once.")

    @abstractmethod
    def _encode(self, text: str, *, as_plain_text: bool = False) -> list[int]:
        """Token ids, none added. As plain text, a model's own control marks in the text are letters, not marks."""

    @abstractmethod
    def _decode(self, tokens: Sequence[int]) -> str:
        """The text of tokens, control marks left out."""

    @abstractmethod
    def _continue(self, question: Question, most: int, is_enough: Callable[[list[int]], bool]) -> list[int]:
        """The most probable tokens one by one: up to the model's own end, or ``most``, or until they are enough."""

    @abstractmethod
    def _score_next(self, question: Question) -> np.ndarray[Any, Any]:
        """Of each token of the vocabulary, how much speaks for it as the answer's first: (vocabulary,) logits."""
