"""Those who write about a dialogue: our own stages with one writing model, and that model bare, asked for a summary.

Both are asked in turn in a process of their own, one for each model, so that the next one finds the memory free.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tokenizers import Tokenizer

from scripts.statements.texts import SIDES, Said, Talk, parties_of, speak
from worker.bootstrap import code_revision
from worker.bootstrap.adapters import model_folder, ports
from worker.core.call import CallDetails, Party
from worker.core.evidence import NO_MODEL
from worker.core.ports import Entailment, Summarizer
from worker.core.stage import run_stage
from worker.core.summary import Statement, Summary
from worker.core.transcript import Conversation
from worker.settings import read_settings
from worker.stages import PROTECT, STAGES

_NAMES = [stage.name for stage in STAGES]
WRITING_STAGES = STAGES[_NAMES.index(PROTECT) + 1 : _NAMES.index("check") + 1]

BARE_WORDS = 40
"""What the bare model may write of each side: people took 13 to 40 words for one."""

BARE_INSTRUCTION = "Summarise in one sentence what the {side} said and wanted in this conversation."


@dataclass(frozen=True)
class Written:
    """What our stages made of one dialogue or call, and what that took."""

    summary: Summary
    turn_texts: dict[str, str]
    length_s: float
    seconds: float


@dataclass(frozen=True)
class Bare:
    """What the bare model wrote of one dialogue, a text for each side that it was asked for."""

    texts: dict[str, str]
    length_s: float
    seconds: float


class Counting:
    """A writing model that notes what it wrote and how long it took; all else is the model's own."""

    def __init__(self, model: Summarizer) -> None:
        self._model = model
        self.texts: list[str] = []
        self.seconds = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def write(self, instruction: str, passage: str, *, max_words: int) -> str:
        """As the model writes."""
        started = time.perf_counter()
        text = self._model.write(instruction, passage, max_words=max_words)
        self.seconds += time.perf_counter() - started
        self.texts.append(text)
        return text


class Writer:
    """Our stages after the transcript, up to the check, with the writing model of that name; everything loaded."""

    def __init__(self, model: str) -> None:
        self._settings = read_settings().model_copy(update={"writing_model": model})
        self._ports = ports(self._settings)
        started = time.perf_counter()
        for name in dict.fromkeys(port for stage in WRITING_STAGES for port in stage.ports):
            load: Any = self._ports[name]
            load()
        self.loading_s = time.perf_counter() - started
        read: Any = self._ports["entailment"]
        self.entailment: Entailment = read()
        build: Any = self._ports["summarizer"]
        self.model = Counting(build())
        self._ports["summarizer"] = lambda: self.model

    def summarise(self, conversation: Conversation, *, length_s: float) -> Written:
        """The one place where the stages are called: whatever of these values they ask for, they get."""
        values: dict[str, object] = {
            "conversation": conversation,
            "details": CallDetails(),
        }
        started = time.perf_counter()
        for stage in WRITING_STAGES:
            made = run_stage(stage, values, self._ports, code_revision=code_revision(), progress=_unseen)
            values[stage.produces] = made.value
        seconds = time.perf_counter() - started
        summary = values["summary"]
        if not isinstance(summary, Summary):
            raise TypeError("The check gives a summary.")
        return Written(summary, {turn.id: turn.text for turn in conversation.turns}, length_s, seconds)

    def summarise_text(self, talk: Talk) -> Written:
        """The same for a written dialogue, as if it had been spoken."""
        conversation = speak(talk.turns)
        return self.summarise(conversation, length_s=_length_s(conversation))

    def ask_bare(self, talk: Talk) -> Bare:
        """The model alone, with the whole dialogue before it, asked for one sentence on each of the two sides."""
        parties = parties_of(talk.turns)
        labels = {speaker: str(party) if party in SIDES else speaker for speaker, party in parties.items()}
        passage = "\n".join(f"{labels[turn.speaker]}: {turn.text}" for turn in talk.turns)
        # Who is asked about: the two who say most, the customer before the agent where they are known.
        counts = {speaker: sum(len(turn.text) for turn in talk.turns if turn.speaker == speaker) for speaker in labels}
        main = sorted(counts, key=lambda speaker: -counts[speaker])[:2]
        main.sort(key=lambda speaker: parties[speaker] is not Party.CUSTOMER)
        started = time.perf_counter()
        told = {
            labels[speaker]: self.model.write(
                BARE_INSTRUCTION.format(side=labels[speaker]), passage, max_words=BARE_WORDS
            )
            for speaker in main
        }
        seconds = time.perf_counter() - started
        texts = {side: told.get(side, "") for side in ("customer", "agent")} | {"overall": " ".join(told.values())}
        return Bare(texts, _length_s(speak(talk.turns)), seconds)

    def tokens_written(self) -> int | None:
        """How many tokens of its own the model wrote so far; None where it wrote none or its tokens are not known."""
        if self._settings.writing_model == NO_MODEL or self._settings.summarizer_url:
            return None
        file = model_folder(self._settings, self._settings.writing_model) / "tokenizer.json"
        if not file.is_file():
            return None
        tokenizer = Tokenizer.from_file(str(file))
        return sum(len(tokenizer.encode(text, add_special_tokens=False).ids) for text in self.model.texts)


def side_texts(summary: Summary) -> dict[str, str]:
    """The published statements as one text for each side. The headline, which names the matter again, is left out."""

    def of(statements: Sequence[Statement]) -> str:
        return " ".join(statement.text for statement in statements)

    return {
        "customer": of([one for one in summary.statements if one.party is Party.CUSTOMER]),
        "agent": of([one for one in summary.statements if one.party is Party.AGENT]),
        "overall": of(summary.statements),
    }


def turns_of(talk: Talk, side: str) -> tuple[Said, ...]:
    """The turns of one side of a dialogue; all of them for the whole."""
    parties = parties_of(talk.turns)
    return tuple(turn for turn in talk.turns if side == "overall" or parties[turn.speaker] == side)


def _length_s(conversation: Conversation) -> float:
    return max((turn.end_s for turn in conversation.turns), default=0.0)


def _unseen(share: float) -> None:
    """Progress that nobody watches."""
