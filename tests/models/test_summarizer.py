"""The transformers adapter: one sentence, on this machine alone, and every failure said in our own words.

The port's contract is checked in ``tests/contract``. Most of this runs on a model of a few thousand random numbers,
made here, because what is tested is how a model is handled and not what it knows.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from models.summarizer import ExtractiveSummarizer, TransformersSummarizer
from worker.core.errors import BrokenModel, Invalid, Unavailable
from worker.core.evidence import NO_MODEL
from worker.core.ports import MadeWith

TINY = MadeWith("tiny", "1")
TEMPLATE = "{% for message in messages %}<|user|>{{ message.content }}<|end|>{% endfor %}<|assistant|>"
INSTRUCTION = "Write one sentence."


def make_model(folder: Path, *, template: str | None = TEMPLATE, seed: int = 0, positions: int = 512) -> Path:
    """A Llama of two thin layers with a byte-level tokenizer, saved as transformers saves any model."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    from tokenizers import Tokenizer, decoders, pre_tokenizers
    from tokenizers.models import BPE

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(BPE(vocab={letter: number for number, letter in enumerate(letters)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<|end|>", additional_special_tokens=["<|user|>", "<|assistant|>"]
    )
    fast.chat_template = template
    torch.manual_seed(seed)
    config = transformers.LlamaConfig(
        vocab_size=len(fast),
        hidden_size=32,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=positions,
        eos_token_id=fast.eos_token_id,
    )
    transformers.LlamaForCausalLM(config).save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> TransformersSummarizer:
    return TransformersSummarizer(make_model(tmp_path_factory.mktemp("tiny")), made_with=TINY, threads=1)


def test_it_names_the_model_it_was_given(tiny: TransformersSummarizer) -> None:
    assert tiny.made_with == TINY


def test_the_answer_is_one_line_of_few_words(tiny: TransformersSummarizer) -> None:
    answer = tiny.write(INSTRUCTION, "agent: It is done.", max_words=5)
    assert answer == answer.strip()
    assert "\n" not in answer
    assert len(answer.split()) <= 5


def test_an_instruction_that_is_remembered_gives_the_same_answer_as_a_new_one(
    tiny: TransformersSummarizer, tmp_path: Path
) -> None:
    passages = ["agent: It is done.", "customer: It is not."]
    first = [tiny.write(INSTRUCTION, passage, max_words=6) for passage in passages]
    again = [tiny.write(INSTRUCTION, passage, max_words=6) for passage in reversed(passages)]
    fresh = TransformersSummarizer(make_model(tmp_path / "same"), made_with=TINY, threads=1)
    assert first == again[::-1]
    assert fresh.write(INSTRUCTION, passages[1], max_words=6) == first[1]


def test_it_opens_no_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError("A writing model has no business on a network.")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    summarizer = TransformersSummarizer(make_model(tmp_path / "tiny"), made_with=TINY, threads=1)
    summarizer.write(INSTRUCTION, "agent: It is done.", max_words=3)


def test_no_words_asked_for_are_no_words(tiny: TransformersSummarizer) -> None:
    assert tiny.write(INSTRUCTION, "agent: It is done.", max_words=0) == ""


def test_marks_of_control_in_a_passage_are_letters(tiny: TransformersSummarizer) -> None:
    plain = tiny._encode("<|end|>", as_plain_text=True)
    assert len(plain) == len("<|end|>"), "A caller who reads out a control mark ends nothing."
    assert len(tiny._encode("<|end|>")) == 1


def test_a_passage_too_long_to_read_is_refused_and_not_cut(tiny: TransformersSummarizer) -> None:
    with pytest.raises(Invalid):
        tiny.write(INSTRUCTION, "word " * 2000, max_words=5)


def test_a_folder_without_a_model_is_a_broken_model(tmp_path: Path) -> None:
    with pytest.raises(BrokenModel):
        TransformersSummarizer(tmp_path, made_with=TINY)


def test_a_model_that_is_not_made_for_instructions_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BrokenModel):
        TransformersSummarizer(make_model(tmp_path, template=None), made_with=TINY, threads=1)


@pytest.mark.parametrize("damage", ["cut", "text", "gone"])
def test_damaged_weights_are_a_broken_model(tmp_path: Path, damage: str) -> None:
    weights = make_model(tmp_path) / "model.safetensors"
    if damage == "gone":
        weights.unlink()
    else:
        weights.write_bytes(weights.read_bytes()[:100] if damage == "cut" else b"not weights at all")
    with pytest.raises(BrokenModel):
        TransformersSummarizer(tmp_path, made_with=TINY, threads=1)


def test_a_config_of_no_known_kind_is_a_broken_model(tmp_path: Path) -> None:
    make_model(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "nobody-knows"}))
    with pytest.raises(BrokenModel):
        TransformersSummarizer(tmp_path, made_with=TINY, threads=1)


def test_numbers_that_are_not_numbers_are_a_broken_model(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from safetensors.torch import load_file, save_file

    weights = make_model(tmp_path) / "model.safetensors"
    save_file(
        {name: torch.full_like(one, torch.nan) for name, one in load_file(weights).items()}, weights, {"format": "pt"}
    )
    with pytest.raises(BrokenModel):
        TransformersSummarizer(tmp_path, made_with=TINY, threads=1).write(INSTRUCTION, "agent: Done.", max_words=3)


def test_a_number_type_that_is_not_offered_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid):
        TransformersSummarizer(tmp_path, made_with=TINY, dtype="int3")


def test_a_device_that_is_not_there_is_said_to_be_unavailable(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("There is a GPU here.")
    with pytest.raises(Unavailable):
        TransformersSummarizer(make_model(tmp_path), made_with=TINY, device="cuda", threads=1)


def test_the_summarizer_without_a_model_writes_nothing_and_says_so() -> None:
    assert ExtractiveSummarizer().write(INSTRUCTION, "agent: It is done.", max_words=25) == ""
    assert ExtractiveSummarizer.made_with.model == NO_MODEL


@pytest.mark.models
def test_the_default_model_reports_a_promise(weights: Callable[[str], Path]) -> None:
    name = "qwen2.5-coder-0.5b-instruct"
    summarizer = TransformersSummarizer(weights(name), made_with=MadeWith(name, "as fetched"))
    answer = summarizer.write(
        "Rewrite what the agent said in the passage as one short sentence in the past tense that begins with "
        '"The agent promised to". Keep all numbers, days and names. Do not add anything.',
        "agent: I'm going to report this to our privacy team immediately.",
        max_words=26,
    )
    assert answer.startswith("The agent promised to report this")
    assert answer.endswith(".")
