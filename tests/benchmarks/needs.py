"""The benchmarks score with libraries of their own: without them their tests are skipped, and in CI they fail."""

from __future__ import annotations

import os
from importlib.util import find_spec

import pytest


def need_scoring() -> None:
    """Skips the module that asks where `make bench` was not run; a failure in CI."""
    if all(find_spec(name) is not None for name in ("kaldialign", "meeteval", "whisper_normalizer")):
        return
    reason = "What the benchmarks score with is not installed. Run `make bench`."
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason, allow_module_level=True)
