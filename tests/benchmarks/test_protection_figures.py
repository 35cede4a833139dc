"""The benchmark of protection: its examples, its scores, and that the finders keep what they reach."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from scripts.protection.hearing import audible_s
from scripts.protection.reading import SETS, read_examples
from scripts.protection.scores import score_text
from scripts.protection.voices import Heard
from worker.core.protection import Action, Cut, Kind

LINE = {"id": "a", "language": "en", "turns": [["customer", "My card is {{card_number: 4242 4242 4242 4242}}, ok."]]}


def _folder(tmp_path: Path, *rows: dict[str, object]) -> Path:
    (tmp_path / "some_dev.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return tmp_path


def test_there_are_at_least_150_examples_and_half_of_them_were_not_tuned_on() -> None:
    dev, test = (len(read_examples(set_name=name)) for name in SETS)
    assert dev + test >= 150
    assert test >= dev


def test_cards_and_codes_are_found_and_look_alikes_stay() -> None:
    score = score_text(read_examples())
    figures = score.figures()
    for kind in (Kind.CARD_NUMBER, Kind.CARD_CODE, Kind.CARD_EXPIRY):
        recall = figures[kind]["recall"]
        assert recall is not None
        assert recall >= 0.99, [miss for miss in score.misses if kind in miss]
    assert score.lookalikes_cut <= 0.05 * score.lookalikes


def test_a_mark_is_read_with_the_words_that_it_holds(tmp_path: Path) -> None:
    (example,) = read_examples(_folder(tmp_path, LINE))
    assert example.turns[0].words[3:7] == ("4242", "4242", "4242", "4242,")
    assert (example.marks[0].first, example.marks[0].end) == (3, 7)
    assert example.spoken is not None
    assert " ".join(example.spoken.turns[0].words) == "My card is 4 2 4 2, 4 2 4 2, 4 2 4 2, 4 2 4 2, ok."


@pytest.mark.parametrize("text", ["My {{card_number: 4242", "{{cards: 42}}"])
def test_a_line_that_is_not_as_it_should_be_is_named(tmp_path: Path, text: str) -> None:
    with pytest.raises(ValueError, match=r"some_dev\.jsonl, line 2"):
        read_examples(_folder(tmp_path, LINE, {**LINE, "id": "b", "turns": [["customer", text]]}))


def test_what_is_missed_and_what_is_wrongly_cut_is_counted(tmp_path: Path) -> None:
    turns = [["customer", "My card is {{keep: 4242 4242 4242 4242}}, and {{card_code: nothing}} else."]]
    score = score_text(read_examples(_folder(tmp_path, {**LINE, "turns": turns})))
    assert (score.lookalikes, score.lookalikes_cut) == (1, 1)
    assert score.figures()["card_code"] == {"precision": None, "recall": 0.0, "marked": 1}
    assert score.figures()["card_number"]["precision"] == 0.0


def test_a_digit_outside_of_the_cuts_can_be_heard() -> None:
    track = np.zeros(8000 * 3)
    track[8000:16000] = np.sin(np.arange(8000))
    cut = Cut(Kind.CARD_CODE, Action.CUT, "t0", 0, (0,), 0.9, 1.7)
    left_s, whole_s = audible_s(track, Heard(0, 0, 1.0, 2.0), [cut])
    assert (round(left_s, 2), round(whole_s, 2)) == (0.3, 1.0)


def test_the_script_prints_figures_for_programs() -> None:
    command = [sys.executable, "-m", "scripts.bench_protect", "--json", "--set", "dev", "--only", "cards-en-dev-0"]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout)
    assert found["text"]["card_number"]["recall"] == 1.0
    assert found["dev"]["examples"] == 9


def test_speaking_needs_the_voices() -> None:
    command = [sys.executable, "-m", "scripts.bench_protect", "--spoken", "nowhere"]
    refused = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert refused.returncode == 2
    assert "--packages" in refused.stderr
