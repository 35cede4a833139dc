"""Where a record stands, in a few lines: what is disputed, waits, or is late. Each leads to its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from worker.core.dialogue.state import Agreement, PromiseState
from worker.web.pages.annotations import Reading
from worker.web.texts import _, plural


@dataclass(frozen=True)
class StandLine:
    """One thing that is not settled: how many there are, and the first of them. ``is_late`` is said in colour too."""

    text: str
    href: str
    is_late: bool = False


def where_it_stands(reading: Reading) -> tuple[StandLine, ...]:
    """What is not settled, what waits for the reader first. Empty where nothing waits for anybody."""
    return (*_waiting(reading), *_late(reading), *_not_kept(reading), *_disputed(reading), *_to_look_at(reading))


def _waiting(reading: Reading) -> list[StandLine]:
    dialogue = reading.dialogue
    side = {one.number: one.actor.role for one in dialogue.said}
    you = reading.reader.actor.role
    for_you = [number for number in dialogue.open_proposals if side[number] is not you and reading.reader.party]
    for_other = [number for number in dialogue.open_proposals if number not in for_you]
    found = []
    if questions := dialogue.open_questions:
        text = plural("{count} question waits for an answer", "{count} questions wait for an answer", len(questions))
        found.append(_line(text, questions))
    if for_you:
        text = plural("{count} proposal waits for you", "{count} proposals wait for you", len(for_you))
        found.append(_line(text, for_you))
    if for_other:
        text = plural(
            "{count} proposal waits for the other side", "{count} proposals wait for the other side", len(for_other)
        )
        found.append(_line(text, for_other))
    return found


def _line(text: str, numbers: Sequence[int]) -> StandLine:
    return StandLine(text.format(count=len(numbers)), f"#entry-{numbers[0]}")


def _late(reading: Reading) -> list[StandLine]:
    late = [name for name, one in reading.dialogue.promises.items() if one.state is PromiseState.LATE]
    text = plural(
        "{count} promise is past its day and nobody has said that it was kept",
        "{count} promises are past their day and nobody has said that they were kept",
        len(late),
    )
    return [StandLine(text.format(count=len(late)), f"#{late[0]}", is_late=True)] if late else []


def _not_kept(reading: Reading) -> list[StandLine]:
    broken = [name for name, one in reading.dialogue.promises.items() if one.state is PromiseState.NOT_KEPT]
    text = plural(
        "{count} promise was not kept, says the one to whom it was made",
        "{count} promises were not kept, say those to whom they were made",
        len(broken),
    )
    return [StandLine(text.format(count=len(broken)), f"#{broken[0]}")] if broken else []


def _disputed(reading: Reading) -> list[StandLine]:
    statements = reading.dialogue.statements
    disputed = [name for name, one in statements.items() if one.agreement is Agreement.DISPUTED]
    found = []
    if disputed:
        text = plural("{count} sentence is disputed", "{count} sentences are disputed", len(disputed))
        found.append(StandLine(text.format(count=len(disputed)), f"#{disputed[0]}"))
    if reading.dialogue.call is Agreement.DISPUTED:
        found.append(StandLine(_("The record as a whole is disputed"), "#whole"))
    return found


def _to_look_at(reading: Reading) -> list[StandLine]:
    again = [name for name, one in reading.dialogue.statements.items() if one.look_again]
    text = plural(
        "{count} sentence is to be looked at again", "{count} sentences are to be looked at again", len(again)
    )
    return [StandLine(text.format(count=len(again)), f"#{again[0]}")] if again else []
