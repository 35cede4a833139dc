"""transcript.pdf: a document to print that screen readers read in its order (PDF/UA-1), set by typst.

What it says is handed in as data; how it looks stands in ``transcript.typ``. Fonts are those that typst brings, and
those of this machine for scripts that they lack; nothing is downloaded.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from worker.core.errors import BrokenModel

FOR_ALL = "ua-1"


def pdf_of(document: Mapping[str, Any]) -> bytes:
    """The PDF of a document (``worker.web.packing.document``). Its own clock is left out: the same gives the same.

    Where letters of a script are in no font here, they are shown as boxes, and the file does not claim the standard,
    which forbids that; it is tagged all the same. Raises BrokenModel if it cannot be set.
    """
    import typst

    source = files("worker.exchange.package").joinpath("transcript.typ").read_bytes()
    inputs = {"data": json.dumps(document, ensure_ascii=False).encode(errors="replace").decode()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", typst.TypstWarning)  # of a font that this machine lacks
        try:
            return _compiled(source, inputs, [FOR_ALL])
        except typst.TypstError:
            try:
                return _compiled(source, inputs, [])
            except typst.TypstError as error:
                raise BrokenModel(f"The document could not be set ({type(error).__name__}).") from None


def _compiled(source: bytes, inputs: Mapping[str, str], standards: list[Any]) -> bytes:
    import typst

    made = typst.compile(source, format="pdf", sys_inputs=dict(inputs), pdf_standards=standards, timestamp=0)
    if not isinstance(made, bytes):
        raise BrokenModel("The document came out as no PDF.")
    return made
