"""What somebody wrote for a record or in a request, as it may be kept: without the cards in it."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from worker.core.dialogue.values import Added, Annotation, NewSentence, NewWords
from worker.stages.protecting.typed import protect_typed
from worker.web.texts import language

Written = TypeVar("Written", Annotation, Added)


def without_cards(written: Written) -> Written:
    """The same with a token for each card number, code and expiry that was written. Raises Invalid as its values do."""
    if isinstance(written, Added):
        return replace(written, text=text_without_cards(written.text))
    correction = written.correction
    if isinstance(correction, NewWords | NewSentence):
        correction = replace(correction, text=protect_typed(correction.text, language()))
    return replace(written, text=text_without_cards(written.text), correction=correction)


def text_without_cards(text: str | None) -> str | None:
    """The same of a text that stands by itself, such as what a request says. Browsers send CRLF for each new line."""
    return protect_typed(text.replace("\r\n", "\n"), language()) if text else None
