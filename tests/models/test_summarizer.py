"""The writing models that run here: one sentence, on this machine alone, and every failure said in our own words.

The port's contract is checked in ``tests/contract``. Most of this runs on models of a few thousand random numbers, made
here, because what is tested is how a model is handled and not what it knows: a causal one as transformers runs it, the
same one as CTranslate2 runs it, and two encoder-decoders.
"""

from __future__ import annotations

import json
import math
import socket
import string
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
from models.prompting import frame_question
from models.summarizer import ExtractiveSummarizer, TransformersSummarizer, _Causal, load_summarizer
from worker.core.errors import BrokenModel, Invalid, Unavailable
from worker.core.evidence import NO_MODEL
from worker.core.ports import MadeWith

TINY = MadeWith("tiny", "1")
TEMPLATE = "{% for message in messages %}<|user|>{{ message.content }}<|end|>{% endfor %}<|assistant|>"
INSTRUCTION = "Write one sentence."
PASSAGE = "agent: It is done."
ANSWERS = ("Yes", "No", "<|end|>")


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
            **marks,
        )
        model = transformers.BartForConditionalGeneration(config)
        model.generation_config.forced_bos_token_id = begin
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
        model.weigh("word " * 2000, INSTRUCTION, ANSWERS)


# Answers weighed against each other


def test_each_answer_has_a_logarithm_of_a_probability_and_all_beginnings_together_have_one_at_most(
    tiny: InstructedModel,
) -> None:
    weighed = tiny.weigh(PASSAGE, INSTRUCTION, ANSWERS)
    assert len(weighed) == len(ANSWERS)
    assert all(math.isfinite(log_prob) and log_prob <= 0 for log_prob in weighed)
    letters = tiny.weigh(PASSAGE, INSTRUCTION, string.printable)
    assert 0.1 < sum(map(math.exp, letters)) <= 1.0, "A model of random numbers knows no favourites."


def test_only_the_beginning_of_an_answer_is_weighed_and_each_by_itself(tiny: InstructedModel) -> None:
    yes, no, _ = tiny.weigh(PASSAGE, INSTRUCTION, ANSWERS)
    assert tiny.weigh(PASSAGE, INSTRUCTION, ("Never", "Yet")) == (no, yes)
    assert tiny.weigh(PASSAGE, INSTRUCTION, ("Yes",)) == (yes,)
    assert tiny.weigh(PASSAGE, INSTRUCTION, ()) == ()


@pytest.mark.parametrize("answers", [("Yes", "Yesterday"), ("Yes", "Yes"), ("Yes", ""), ("",)])
def test_answers_that_cannot_be_told_apart_are_refused(tiny: InstructedModel, answers: tuple[str, ...]) -> None:
    with pytest.raises(Invalid):
        tiny.weigh(PASSAGE, INSTRUCTION, answers)


def test_an_answer_is_weighed_the_same_whatever_came_before(kind: str, tiny: InstructedModel, tmp_path: Path) -> None:
    instructions = [f"Is claim {number} true?" for number in range(instructed_model.REMEMBERED_INSTRUCTIONS + 2)]
    first = [tiny.weigh(PASSAGE, instruction, ANSWERS) for instruction in instructions]
    tiny.write(instructions[0], PASSAGE, max_words=2)
    assert [tiny.weigh(PASSAGE, instruction, ANSWERS) for instruction in reversed(instructions)] == first[::-1]
    assert load(kind, tmp_path).weigh(PASSAGE, instructions[1], ANSWERS) == first[1]


def test_weighing_takes_one_place_of_those_for_instructions_however_many_it_is_asked(tmp_path: Path) -> None:
    causal, ct2 = load("causal", tmp_path / "causal"), load("ct2", tmp_path / "ct2")
    for number in range(3):
        causal.weigh(PASSAGE, f"Is claim {number} true?", ANSWERS)
        ct2.weigh(PASSAGE, f"Is claim {number} true?", ANSWERS)
    assert isinstance(causal, TransformersSummarizer)
    assert isinstance(causal._reader, _Causal)
    assert isinstance(ct2, Ct2Summarizer)
    assert len(causal._reader._read) == len(ct2._remembered) == 1


def test_instruction_and_passage_tell_in_what_an_answer_weighs(tiny: InstructedModel) -> None:
    weighed = tiny.weigh(PASSAGE, INSTRUCTION, ANSWERS)
    assert tiny.weigh("", INSTRUCTION, ANSWERS) != weighed
    assert tiny.weigh(PASSAGE, "Is it done?", ANSWERS) != weighed


def test_answers_weigh_what_the_library_itself_finds(tmp_path: Path) -> None:
    """Parity: one plain forward of the whole text through the model, without anything remembered."""
    torch = pytest.importorskip("torch")
    model, tokenizer = make_causal()
    causal, ct2 = load("causal", tmp_path / "causal"), load("ct2", tmp_path / "ct2")
    asked = [token for part in causal._ask(frame_question(INSTRUCTION), PASSAGE) for token in part]
    with torch.inference_mode():
        log_probs = model.eval()(torch.tensor([asked])).logits[0, -1].log_softmax(dim=-1)  # (vocabulary,)
    expected = [float(log_probs[tokenizer(answer[0])["input_ids"][0]]) for answer in ANSWERS]
    assert causal.weigh(PASSAGE, INSTRUCTION, ANSWERS) == pytest.approx(expected, abs=1e-3)
    assert ct2.weigh(PASSAGE, INSTRUCTION, ANSWERS) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("family", ["t5", "bart"])
def test_an_encoder_decoder_weighs_the_first_step_of_its_answer(tmp_path: Path, family: str) -> None:
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    folder = make_encoder_decoder(tmp_path, family)
    adapter = TransformersSummarizer(folder, made_with=TINY, threads=1)
    model = transformers.AutoModelForSeq2SeqLM.from_pretrained(folder).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    asked = [token for part in adapter._ask(frame_question(INSTRUCTION), PASSAGE) for token in part]
    opening = [] if family == "t5" else [tokenizer.bos_token_id]
    with torch.inference_mode():
        logits = model(
            input_ids=torch.tensor([[*opening, *asked, tokenizer.eos_token_id]]),
            decoder_input_ids=torch.tensor([[model.config.decoder_start_token_id, *opening]]),
        ).logits
    log_probs = logits[0, -1].log_softmax(dim=-1)  # (vocabulary,)
    expected = [float(log_probs[adapter._encode(answer, as_plain_text=True)[0]]) for answer in ANSWERS]
    assert adapter.weigh(PASSAGE, INSTRUCTION, ANSWERS) == pytest.approx(expected, abs=1e-3)


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
            model.weigh(PASSAGE, INSTRUCTION, ANSWERS)


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
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="The memory is read from /proc.")
def test_a_loaded_model_holds_little_more_memory_than_its_file(weights: Callable[[str], Path]) -> None:
    folder = weights("smollm2-135m-instruct-int8")
    script = (
        "import re, ctranslate2, numpy, tokenizers; from pathlib import Path; import models.ct2_summarizer as quick;"
        "from worker.core.ports import MadeWith;"
        "held = lambda: int(re.search(r'RssAnon:\\s+(\\d+)', Path('/proc/self/status').read_text())[1]) * 1024;"
        f"before, folder = held(), Path({str(folder)!r});"
        "model = quick.Ct2Summarizer(folder, made_with=MadeWith('quick', '1'), threads=1);"
        "print((held() - before) / (folder / 'model.bin').stat().st_size)"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], check=True, cwd=Path(__file__).parents[2], capture_output=True, text=True
    )
    assert float(run.stdout) < 1.6, "The weights are laid out anew when they are loaded, and lie there once only."


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
