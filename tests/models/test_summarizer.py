"""The writing models that run here: one sentence, on this machine alone, and every failure said in our own words.

The port's contract is checked in ``tests/contract``. Most of this runs on models of a few thousand random numbers, made
here, because what is tested is how a model is handled and not what it knows: a causal one as transformers runs it, the
same one as CTranslate2 runs it, and two encoder-decoders.
"""

from __future__ import annotations

import json
import math
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from models import instructed_model
from models.conversion import PROMPT_FILE, save_for_ctranslate2
from models.ct2_summarizer import Ct2Summarizer
from models.instructed_model import InstructedModel
from models.summarizer import ExtractiveSummarizer, TransformersSummarizer, load_summarizer
from worker.core.errors import BrokenModel, Invalid, Unavailable
from worker.core.evidence import NO_MODEL
from worker.core.ports import MadeWith

TINY = MadeWith("tiny", "1")
TEMPLATE = "{% for message in messages %}<|user|>{{ message.content }}<|end|>{% endfor %}<|assistant|>"
INSTRUCTION = "Write one sentence."


PASSAGE = "agent: It is done."


def make_tokenizer(**marks: str) -> Any:
    """A letter a token, and three marks of control."""
    transformers = pytest.importorskip("transformers")
    from tokenizers import Tokenizer, decoders, pre_tokenizers
    from tokenizers.models import BPE

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(BPE(vocab={letter: number for number, letter in enumerate(letters)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        eos_token="<|end|>",
        additional_special_tokens=["<|user|>", "<|assistant|>"],
        **marks,
    )


def make_causal(
    *, template: str | None = TEMPLATE, seed: int = 0, positions: int = 512, spoiled: bool = False
) -> tuple[Any, Any]:
    """A Llama of two thin layers, and its tokenizer. A spoiled one holds no numbers."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    tokenizer = make_tokenizer()
    tokenizer.chat_template = template
    torch.manual_seed(seed)
    config = transformers.LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=positions,
        eos_token_id=tokenizer.eos_token_id,
    )
    model = transformers.LlamaForCausalLM(config)
    if spoiled:
        model.model.norm.weight.data.fill_(torch.nan)
    return model, tokenizer


def make_model(folder: Path, **options: Any) -> Path:
    """A causal model, saved as transformers saves any model."""
    model, tokenizer = make_causal(**options)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def make_ct2_model(folder: Path, *, quantization: str = "float32", **options: Any) -> Path:
    """The same model as a folder for CTranslate2."""
    pytest.importorskip("ctranslate2")
    model, tokenizer = make_causal(**options)
    save_for_ctranslate2(model, tokenizer, folder, quantization=quantization)
    return folder


def make_encoder_decoder(folder: Path, family: str) -> Path:
    """A T5, which knows no longest text, or a BART, which begins each answer with a mark. Neither has a template."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    from tokenizers.processors import TemplateProcessing

    tokenizer = make_tokenizer(bos_token="<|begin|>", pad_token="<|pad|>")  # no password
    begin, end, pad = tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
        single="$A <|end|>" if family == "t5" else "<|begin|> $A <|end|>",
        special_tokens=[("<|begin|>", begin), ("<|end|>", end)],
    )
    torch.manual_seed(0)
    marks = {"vocab_size": len(tokenizer), "pad_token_id": pad, "eos_token_id": end, "decoder_start_token_id": pad}
    if family == "t5":
        config = transformers.T5Config(d_model=32, d_kv=16, d_ff=32, num_layers=2, num_heads=2, **marks)
        model = transformers.T5ForConditionalGeneration(config)
    else:
        config = transformers.BartConfig(
            d_model=32,
            encoder_layers=2,
            decoder_layers=2,
            encoder_attention_heads=2,
            decoder_attention_heads=2,
            encoder_ffn_dim=32,
            decoder_ffn_dim=32,
            bos_token_id=begin,
            forced_bos_token_id=begin,
            **marks,
        )
        model = transformers.BartForConditionalGeneration(config)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def load(kind: str, folder: Path) -> InstructedModel:
    """A model of a kind, the same every time."""
    if kind == "ct2":
        return Ct2Summarizer(make_ct2_model(folder), made_with=TINY, threads=1)
    made = make_model(folder) if kind == "causal" else make_encoder_decoder(folder, kind)
    return TransformersSummarizer(made, made_with=TINY, threads=1)


@pytest.fixture(scope="module", params=["causal", "ct2", "t5", "bart"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def tiny(kind: str, tmp_path_factory: pytest.TempPathFactory) -> InstructedModel:
    return load(kind, tmp_path_factory.mktemp("tiny"))


def test_it_names_the_model_it_was_given(tiny: InstructedModel) -> None:
    assert tiny.made_with == TINY


def test_the_answer_is_one_line_of_few_words(tiny: InstructedModel) -> None:
    answer = tiny.write(INSTRUCTION, PASSAGE, max_words=5)
    assert answer == answer.strip()
    assert "\n" not in answer
    assert len(answer.split()) <= 5


def test_an_instruction_that_is_remembered_gives_the_same_answer_as_a_new_one(
    kind: str, tiny: InstructedModel, tmp_path: Path
) -> None:
    passages = [PASSAGE, "customer: It is not."]
    first = [tiny.write(INSTRUCTION, passage, max_words=6) for passage in passages]
    again = [tiny.write(INSTRUCTION, passage, max_words=6) for passage in reversed(passages)]
    assert first == again[::-1]
    assert load(kind, tmp_path).write(INSTRUCTION, passages[1], max_words=6) == first[1]


def test_more_instructions_than_are_remembered_change_nothing(tiny: InstructedModel) -> None:
    instructions = [f"Write sentence {number}." for number in range(instructed_model.REMEMBERED_INSTRUCTIONS + 2)]
    first = [tiny.write(instruction, PASSAGE, max_words=2) for instruction in instructions]
    assert [tiny.write(instruction, PASSAGE, max_words=2) for instruction in instructions] == first


def test_it_opens_no_connection(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError("A writing model has no business on a network.")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    load(kind, tmp_path).write(INSTRUCTION, PASSAGE, max_words=3)


def test_no_words_asked_for_are_no_words(tiny: InstructedModel) -> None:
    assert tiny.write(INSTRUCTION, PASSAGE, max_words=0) == ""


def test_marks_of_control_in_a_passage_are_letters(tiny: InstructedModel) -> None:
    plain = tiny._encode("<|end|>", as_plain_text=True)
    assert len(plain) == len("<|end|>"), "A caller who reads out a control mark ends nothing."
    assert len(tiny._encode("<|end|>")) == 1
    assert tiny._decode(plain) == "<|end|>"


@pytest.mark.parametrize("kind", ["causal", "ct2", "bart"])
def test_a_passage_too_long_to_read_is_refused_and_not_cut(kind: str, tmp_path: Path) -> None:
    model = load(kind, tmp_path)
    with pytest.raises(Invalid):
        model.write(INSTRUCTION, "word " * 2000, max_words=5)
    with pytest.raises(Invalid):
        model.score(INSTRUCTION, "word " * 2000, ["A sentence."])


# Scores


def test_a_sentence_is_scored_token_by_token_and_its_pieces_join_to_it(tiny: InstructedModel) -> None:
    sentences = ["It is done.", "", "Größe 🙂", "<|end|>"]
    scored = tiny.score(INSTRUCTION, PASSAGE, sentences)
    assert ["".join(token.text for token in one) for one in scored] == sentences
    assert [len(one) for one in scored] == [len(sentence.encode()) for sentence in sentences]  # a byte a token here
    assert all(math.isfinite(token.log_prob) and token.log_prob <= 0 for one in scored for token in one)


def test_sentences_scored_together_score_as_each_alone(tiny: InstructedModel) -> None:
    sentences = ["It is done.", "No."]
    together = tiny.score(INSTRUCTION, PASSAGE, sentences)
    for sentence, scored in zip(sentences, together, strict=True):
        (alone,) = tiny.score(INSTRUCTION, PASSAGE, [sentence])
        assert [token.log_prob for token in alone] == pytest.approx([token.log_prob for token in scored], abs=1e-4)


def test_no_sentences_have_no_scores(tiny: InstructedModel) -> None:
    assert tiny.score(INSTRUCTION, PASSAGE, []) == ()


def test_what_comes_later_in_a_sentence_does_not_change_the_scores_before(tiny: InstructedModel) -> None:
    short, long = tiny.score(INSTRUCTION, PASSAGE, ["It is", "It is done."])
    assert [token.log_prob for token in long[:5]] == pytest.approx([token.log_prob for token in short], abs=1e-4)


def test_the_passage_tells_in_the_scores(tiny: InstructedModel) -> None:
    assert tiny.score(INSTRUCTION, PASSAGE, ["It is done."]) != tiny.score(INSTRUCTION, "", ["It is done."])


def test_the_scores_are_those_of_the_library_itself(tmp_path: Path) -> None:
    """Parity: one plain forward of the whole text through the model, without anything remembered."""
    torch = pytest.importorskip("torch")
    model, tokenizer = make_causal()
    question = TransformersSummarizer(make_model(tmp_path), made_with=TINY, threads=1)._ask(INSTRUCTION, PASSAGE)
    asked, answer = [*question.instruction, *question.passage], tokenizer("Done.")["input_ids"]
    with torch.inference_mode():
        log_probs = model.eval()(torch.tensor([asked + answer])).logits[0].log_softmax(dim=-1)
    expected = [float(log_probs[len(asked) - 1 + number, token]) for number, token in enumerate(answer)]
    (scored,) = load("causal", tmp_path / "causal").score(INSTRUCTION, PASSAGE, ["Done."])
    assert [token.log_prob for token in scored] == pytest.approx(expected, abs=1e-3)
    (by_ct2,) = load("ct2", tmp_path / "ct2").score(INSTRUCTION, PASSAGE, ["Done."])
    assert [token.log_prob for token in by_ct2] == pytest.approx(expected, abs=1e-3)


def test_both_libraries_write_the_same(tmp_path: Path) -> None:
    causal, ct2 = load("causal", tmp_path / "causal"), load("ct2", tmp_path / "ct2")
    passages = [PASSAGE, "customer: It is not.", ""]
    assert [causal.write(INSTRUCTION, passage, max_words=4) for passage in passages] == [
        ct2.write(INSTRUCTION, passage, max_words=4) for passage in passages
    ]


# What cannot be loaded or run


@pytest.mark.parametrize("adapter", [TransformersSummarizer, Ct2Summarizer, load_summarizer])
def test_a_folder_without_a_model_is_a_broken_model(tmp_path: Path, adapter: Callable[..., object]) -> None:
    with pytest.raises(BrokenModel):
        adapter(tmp_path, made_with=TINY)


def test_a_folder_is_run_by_the_library_that_it_was_made_for(tmp_path: Path) -> None:
    full, quick = make_model(tmp_path / "full"), make_ct2_model(tmp_path / "quick", quantization="int8")
    assert isinstance(load_summarizer(full, made_with=TINY, threads=1), TransformersSummarizer)
    assert isinstance(load_summarizer(quick, made_with=TINY, threads=1), Ct2Summarizer)


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


@pytest.mark.parametrize("name", ["model.bin", "tokenizer.json", PROMPT_FILE, "vocabulary.json"])
@pytest.mark.parametrize("damage", ["cut", "text", "gone"])
def test_a_damaged_folder_for_ctranslate2_is_a_broken_model(tmp_path: Path, name: str, damage: str) -> None:
    file = make_ct2_model(tmp_path) / name
    if damage == "gone":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:20] if damage == "cut" else b"not what it was")
    with pytest.raises(BrokenModel):
        Ct2Summarizer(tmp_path, made_with=TINY, threads=1)


def test_a_config_of_no_known_kind_is_a_broken_model(tmp_path: Path) -> None:
    make_model(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "nobody-knows"}))
    with pytest.raises(BrokenModel):
        TransformersSummarizer(tmp_path, made_with=TINY, threads=1)


def test_numbers_that_are_not_numbers_are_a_broken_model(tmp_path: Path) -> None:
    for model in (
        TransformersSummarizer(make_model(tmp_path / "full", spoiled=True), made_with=TINY, threads=1),
        Ct2Summarizer(make_ct2_model(tmp_path / "ct2", spoiled=True), made_with=TINY, threads=1),
    ):
        with pytest.raises(BrokenModel):
            model.write(INSTRUCTION, PASSAGE, max_words=3)
        with pytest.raises(BrokenModel):
            model.score(INSTRUCTION, PASSAGE, ["Done."])


def test_a_number_type_that_is_not_offered_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid):
        TransformersSummarizer(tmp_path, made_with=TINY, dtype="int3")
    with pytest.raises(Invalid):
        Ct2Summarizer(make_ct2_model(tmp_path), made_with=TINY, compute_type="int3")


def test_a_device_that_is_not_there_is_said_to_be_unavailable(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    if torch.cuda.is_available():
        pytest.skip("There is a GPU here.")
    with pytest.raises(Unavailable):
        TransformersSummarizer(make_model(tmp_path / "full"), made_with=TINY, device="cuda", threads=1)
    with pytest.raises(Unavailable):
        Ct2Summarizer(make_ct2_model(tmp_path / "ct2"), made_with=TINY, device="cuda", threads=1)


def test_the_quick_model_loads_neither_torch_nor_transformers(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from models.summarizer import load_summarizer;"
        "from worker.core.ports import MadeWith;"
        f"load_summarizer(Path({str(make_ct2_model(tmp_path))!r}), made_with=MadeWith('tiny', '1'));"
        "loaded = {'torch', 'transformers'} & sys.modules.keys(); sys.exit(str(loaded) if loaded else 0)"
    )
    subprocess.run([sys.executable, "-c", script], check=True, cwd=Path(__file__).parent.parent.parent)


def test_a_process_that_ends_right_after_an_answer_ends_well(tmp_path: Path) -> None:
    """A thread of CTranslate2 once still held the callback of the answer then, and the process was aborted."""
    folder = make_ct2_model(tmp_path)
    script = (
        "from pathlib import Path; from models.summarizer import load_summarizer;"
        "from worker.core.ports import MadeWith;"
        f"model = load_summarizer(Path({str(folder)!r}), made_with=MadeWith('tiny', '1'), threads=1);"
        "model.write('Write.', 'agent: Yes.', max_words=2)"
    )
    for _ in range(4):
        subprocess.run([sys.executable, "-c", script], check=True, cwd=Path(__file__).parent.parent.parent)


def test_the_summarizer_without_a_model_writes_nothing_and_says_so() -> None:
    assert ExtractiveSummarizer().write(INSTRUCTION, PASSAGE, max_words=25) == ""
    assert ExtractiveSummarizer.made_with.model == NO_MODEL


@pytest.mark.models
def test_the_default_model_reports_a_promise(weights: Callable[[str], Path]) -> None:
    name = "qwen2.5-coder-0.5b-instruct-int8"
    summarizer = load_summarizer(weights(name), made_with=MadeWith(name, "as fetched"))
    answer = summarizer.write(
        "Rewrite what the agent said in the passage as one short sentence in the past tense that begins with "
        '"The agent promised to". Keep all numbers, days and names. Do not add anything.',
        "agent: I'm going to report this to our privacy team immediately.",
        max_words=26,
    )
    assert answer.startswith("The agent promised to report this")
    assert answer.endswith(".")
