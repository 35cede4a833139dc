"""What somebody wrote into a form of a record's page, as an annotation."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from starlette.requests import Request

from worker.core.call import Party
from worker.core.dialogue.selecting import parse_target
from worker.core.dialogue.values import Act, Annotation, Correction, NewSentence, NewSpeaker, NewWords
from worker.core.errors import Invalid
from worker.core.record import CallRecord
from worker.web.media_types import media_type
from worker.web.typed import without_cards

FIELDS = ("text", "words", "speaker", "sentence", "day")
"""What people fill in; the rest of a form says what it is about and what is done."""


LONGEST_FORM_BYTES = 64_000  # several times the longest text, in any script


async def written_in(request: Request) -> tuple[str, ...]:
    """What somebody wrote into a form of a record that nobody has read yet; empty for every other request.

    Only of forms that say how long they are and are short: whoever sends this need not be known here.
    """
    length = request.headers.get("content-length", "")
    is_form = media_type(request.headers) == "application/x-www-form-urlencoded"
    if not is_form or not length.isdecimal() or int(length) > LONGEST_FORM_BYTES:
        return ()
    form = await request.form()
    values = (form.get(name) for name in ("text", "words", "sentence"))
    return tuple(value for value in values if isinstance(value, str) and value.strip())


def annotation_of(form: Mapping[str, str], record: CallRecord) -> Annotation:
    """The annotation that this form makes, without the cards in it. Raises Invalid for what makes no sense."""
    return without_cards(
        Annotation(
            act=act_of(form),
            target=parse_target(form.get("target", ""), record),
            text=_lines(form.get("text")),
            correction=_correction(form),
            day=_day(form.get("day")),
        )
    )


def act_of(form: Mapping[str, str]) -> Act:
    """What is done. Raises Invalid for nothing that can be."""
    try:
        return Act(form.get("act", ""))
    except ValueError as error:
        raise Invalid(
            "It is not known what is to be said. Open the record again and use one of its buttons."
        ) from error


def _lines(text: str | None) -> str | None:
    """Browsers send CRLF for each new line."""
    return text.replace("\r\n", "\n").strip() if text else None


def _correction(form: Mapping[str, str]) -> Correction | None:
    if "words" in form:
        return NewWords(" ".join(form["words"].split()))
    if "sentence" in form:
        return NewSentence(" ".join(form["sentence"].split()))
    if "speaker" in form:
        try:
            return NewSpeaker(Party(form["speaker"]))
        except ValueError as error:
            raise Invalid("Say who it was: the agent, the customer, or another voice.") from error
    return None


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid("This is no day. Give it as in 2026-03-13.") from error
