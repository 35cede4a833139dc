"""How near two texts are in meaning: the cosine of their all-MiniLM-L6-v2 vectors, mean-pooled.

Apart from the models of the stages on purpose: a benchmark that asked the same adapter would not see it break.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoModel, AutoTokenizer
from transformers.utils import logging as transformers_logging

MODEL = "minilm-l6-v2"
LONGEST_TOKENS = 256  # what it was trained on
SIZE = 384
BATCH = 32


class Encoder:
    """Texts as vectors of length 1. Each text is worked once: references come again for every model and set."""

    def __init__(self, folder: Path) -> None:
        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # transformers leaves it untyped
        # transformers gives one of many classes; what is used of them here, all have.
        self._tokenizer = cast(Any, AutoTokenizer.from_pretrained(folder, local_files_only=True))
        self._model = cast(Any, AutoModel.from_pretrained(folder, local_files_only=True)).eval()
        self._known: dict[str, NDArray[np.float32]] = {}

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """(texts, 384). A text with nothing in it is all zeros, near to nothing."""
        fresh = sorted(
            {text for text in texts if text.strip()} - self._known.keys(), key=lambda text: (len(text), text)
        )
        for at in range(0, len(fresh), BATCH):
            some = fresh[at : at + BATCH]
            self._known |= dict(zip(some, self._encode(some), strict=True))
        nothing = np.zeros(SIZE, np.float32)
        return np.stack([self._known.get(text, nothing) for text in texts])

    def _encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        tokens = self._tokenizer(
            list(texts), padding=True, truncation=True, max_length=LONGEST_TOKENS, return_tensors="pt"
        )
        with torch.inference_mode():
            states = self._model(**tokens).last_hidden_state  # (texts, tokens, 384)
        mask = tokens["attention_mask"].unsqueeze(-1)
        pooled = (states * mask).sum(1) / mask.sum(1).clamp(min=1)
        return cast("NDArray[np.float32]", torch.nn.functional.normalize(pooled, dim=1).numpy())
