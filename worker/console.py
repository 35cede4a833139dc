"""What the command line shows: progress while a call is worked, tables, and a short view of a record.

Everything here takes plain values and prints; it asks nothing and decides nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from worker.core.call import Party
from worker.core.record import CallRecord
from worker.core.sound import clock
from worker.core.summary import HEADINGS, Commitment, Due, Evidence, Statement, StatementKind, Summary
from worker.core.transcript import Participant
from worker.exchange.tokens import written_out
from worker.logs import line_in_short
from worker.record.standing import CallState, StageOfCall, Standing, StoredCall

out = Console(emoji=False, highlight=False)
err = Console(stderr=True, emoji=False, highlight=False)

MOST_NAMED = 20


class StageProgress:
    """A progress line per stage: its name, per cent, and how many seconds of the call's sound are done."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            TextColumn("{task.fields[stage]:<11}"),
            BarColumn(bar_width=30),
            TaskProgressColumn(),
            TextColumn("{task.fields[sound]}"),
            TimeElapsedColumn(),
            console=console,
        )
        self._lines: dict[str, TaskID] = {}

    def __enter__(self) -> StageProgress:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, stage: str, share: float, *, duration_s: float | None) -> None:
        """Moves a stage's line to a share of its work; stages appear as they begin."""
        if stage not in self._lines:
            self._lines[stage] = self._progress.add_task("", total=1.0, stage=stage, sound="")
        sound = f"{share * duration_s:5.0f} of {duration_s:.0f} s of sound" if duration_s else ""
        self._progress.update(self._lines[stage], completed=share, sound=sound)


class FetchProgress:
    """One line while a model's weights are fetched, by bytes."""

    def __init__(self, console: Console, name: str) -> None:
        self._progress = Progress(
            TextColumn(f"{name:<30}"), BarColumn(bar_width=30), DownloadColumn(), TimeElapsedColumn(), console=console
        )
        self._line = self._progress.add_task("", total=None)

    def __enter__(self) -> FetchProgress:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, done_bytes: int, total_bytes: int) -> None:
        """Moves the line to the bytes done of all."""
        self._progress.update(self._line, completed=done_bytes, total=total_bytes)


def print_record(record: CallRecord, *, console: Console = out, turns: int | None = None) -> None:
    """A record for people: head, statements, promises, then the conversation (the first ``turns`` of it)."""
    if record.summary.headline:
        console.print(_statement(record.summary.headline))
    console.print(_head(record))
    _print_summary(record.summary, console)
    console.print("\n[bold]The conversation[/bold]")
    console.print(_conversation(record, turns))
    for warning in record.warnings:
        at = f" (at {clock(warning.start_s)})" if warning.start_s is not None else ""
        console.print(Text(f"! {warning.message}{at}", style="yellow"))
    made = ", ".join(f"{made.stage} {made.seconds:.1f} s" for made in record.made_by)
    console.print(Text(f"Heard by machine{_writers(record.summary)}. {made}.", style="dim"))


def _print_summary(summary: Summary, console: Console) -> None:
    console.print(_with_times(f"Where it ended: {summary.ending.state}", summary.ending.evidence))
    for kind in StatementKind:
        group = [statement for statement in summary.statements if statement.kind is kind]
        if group:
            console.print(f"\n[bold]{HEADINGS[kind]}[/bold]")
        for statement in group:
            console.print(Padding(_statement(statement), (0, 0, 0, 2)))
    if summary.commitments:
        console.print("\n[bold]Promises[/bold]")
    for commitment in summary.commitments:
        console.print(Padding(_commitment(commitment), (0, 0, 0, 2)))


def _writers(summary: Summary) -> str:
    sentences = (*((summary.headline,) if summary.headline else ()), *summary.statements)
    counts = Counter(f"written by {one.written_by}" if one.written_by else "quoted" for one in sentences)
    return "".join(f", {count} {how}" for how, count in counts.items())


def _head(record: CallRecord) -> Text:
    recording = record.recording
    hold_s = sum(hold.end_s - hold.start_s for hold in record.holds)
    waited = f", of which {clock(hold_s)} on hold" if hold_s else ""
    when = f"{record.started_at:%A %-d %B %Y, %H:%M %Z}, " if record.started_at else ""
    channels = "1 channel" if recording.channels == 1 else f"{recording.channels} channels"
    language = record.language or "language unknown"
    who = "; ".join(_participant(part) for part in record.parties) or "nobody was heard"
    return Text.assemble(
        (f"{when}{clock(recording.duration_s)}{waited}", "bold"),
        f"\n{channels}, {recording.sample_rate_hz / 1000:g} kHz {recording.codec}, {language}",
        f"\n{who}",
    )


def _participant(part: Participant) -> str:
    name = f" {part.name}" if part.name else ""
    return f"{part.party}{name} = {part.speaker} ({part.reason})"


def _statement(statement: Statement) -> Text:
    how = "quoted" if statement.quoted else f"support {statement.support:.2f}"
    return _with_times(statement.text, statement.evidence, how)


def _commitment(one: Commitment) -> Text:
    words = " … ".join(piece.quote for piece in one.evidence)
    return Text.assemble(
        f"{one.promisor} to {one.beneficiary}: {written_out(one.what)}, {_due(one.due)}\n  ",
        _with_times(f"“{words}”", one.evidence),
    )


def _due(due: Due | None) -> str:
    match due:
        case None:
            return "no time said"
        case Due(instant=datetime() as instant):
            return f"by {instant:%A %-d %B %Y, %H:%M %Z}"
        case Due(day=date() as day):
            return f"by {day:%A %-d %B %Y}"
        case _:
            return f"“{due.words}”, of an unknown date"


def _with_times(text: str, evidence: Sequence[Evidence], *how: str) -> Text:
    at = ", ".join(clock(piece.start_s) for piece in evidence)
    notes = [*([f"▸ {at}"] if at else []), *how]
    return Text.assemble(written_out(text), (f" {' · '.join(notes)}" if notes else "", "dim"))


def _conversation(record: CallRecord, limit: int | None) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(justify="right", style="dim", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    names = {part.speaker: part.name for part in record.parties if part.name}
    shown = record.turns if limit is None else record.turns[:limit]
    lines: list[tuple[float, str, str]] = [
        (turn.start_s, names.get(turn.speaker or "") or _party_name(turn.party), written_out(turn.text))
        for turn in shown
    ]
    lines += [
        (hold.start_s, "", f"[hold, {hold.kind}, {hold.end_s - hold.start_s:.0f} s]")
        for hold in record.holds
        if limit is None or not shown or hold.start_s < shown[-1].end_s
    ]
    for start_s, who, text in sorted(lines):
        table.add_row(clock(start_s), who, Text(text))
    if len(shown) < len(record.turns):
        table.add_row("", "", f"… and {len(record.turns) - len(shown)} more turns")
    return table


def _party_name(party: Party) -> str:
    return {Party.UNKNOWN: "somebody", Party.OTHER: "another voice"}.get(party, party.value)


def printable(text: str) -> str:
    """Text from outside without what a terminal would act on."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def standing_text(standing: Standing) -> str:
    """Where a call stands, in one line for operators."""
    at = f"{standing.stage}, attempt {standing.attempts}"
    match standing.state:
        case CallState.RECEIVED if standing.not_before:
            return f"received: waiting for its other recordings until {standing.not_before:%H:%M:%S} UTC at the latest"
        case CallState.RUNNING:
            return f"running: {at}, {standing.progress:.0%}"
        case CallState.WAITING if standing.not_before:
            return f"waiting until {standing.not_before:%H:%M:%S} UTC: {at}, {standing.reason}: {standing.message}"
        case CallState.WAITING:
            return f"waiting: {standing.stage}"
        case CallState.FAILED:
            return f"failed: {at}, {standing.reason}: {standing.message}"
        case _:
            return standing.state.value


def print_calls(calls: Iterable[StoredCall], *, console: Console = out) -> None:
    """Calls with their ids, when they were received, their first files, and where they stand."""
    for call in calls:
        head = f"  {call.received_at:%Y-%m-%d %H:%M} UTC  {printable(call.legs[0].file_name)}"
        stands = standing_text(call.standing)
        is_ready = call.standing.state is CallState.READY
        console.print(Text.assemble((call.id, "bold"), head, f"  {stands}" if is_ready else ""), soft_wrap=True)
        if not is_ready:
            console.print(_beneath(stands))


def calls_as_json(calls: Iterable[StoredCall]) -> str:
    """The same for programs: a list of calls without names, instants as RFC 3339."""

    def data(call: StoredCall) -> dict[str, object]:
        at = call.standing
        return {
            "id": call.id,
            "external_id": call.details.external_id,
            "line": call.details.line,
            "sender": call.sender,
            "received_at": call.received_at.isoformat(),
            "state": at.state,
            "stage": at.stage,
            "attempts": at.attempts,
            "takeovers": at.takeovers,
            "reason": at.reason,
            "message": at.message,
            "last_line": at.last_line,
            "next_try_at": at.not_before.isoformat() if at.not_before else None,
        }

    return json.dumps([data(call) for call in calls], indent=2)


def print_failed_calls(calls: Sequence[StoredCall], *, console: Console = out) -> None:
    """Failed calls with what is needed to put them right: where, why, how often it was tried, what was logged last.

    Nobody's name and no name of a file, which may have one in it.
    """
    for call in calls:
        at = call.standing
        tries = "1 try" if at.attempts == 1 else f"{at.attempts} tries"
        came_with = {"line": call.details.line, "sender": call.sender, "external id": call.details.external_id}
        said = [f"{name} {value}" for name, value in came_with.items() if value]
        head = [f"{at.stage}, {tries}", *said, f"received {call.received_at:%Y-%m-%d %H:%M:%S} UTC"]
        console.print(Text.assemble((call.id, "bold"), f"  {at.reason}"))
        for line in (" · ".join(head), at.message, line_in_short(at.last_line) if at.last_line else None):
            if line:
                console.print(_beneath(line))
    _print_reasons(calls, console)


def _beneath(line: str) -> Padding:
    """A line that belongs to the one above it."""
    return Padding(Text(printable(line)), (0, 0, 0, 2), expand=False)


def _print_reasons(calls: Sequence[StoredCall], console: Console) -> None:
    if not calls:
        console.print("No such call has failed.")
        return
    counts = Counter(call.standing.reason or "" for call in calls).most_common()
    console.print(f"{len(calls)} shown: " + ", ".join(f"{count} {reason}" for reason, count in counts), markup=False)


def print_retried(again: Sequence[StageOfCall], *, console: Console = out) -> None:
    """How many calls are tried again, and from which stages; each by its id while they are few."""
    if not again:
        console.print("Nothing failed among these calls.")
        return
    if len(again) <= MOST_NAMED:
        for call_id, stage in again:
            console.print(f"{call_id}  is tried again from {stage}", markup=False)
    stages = Counter(stage for _call_id, stage in again).most_common()
    calls = "1 call is" if len(again) == 1 else f"{len(again)} calls are"
    at = ", ".join(f"{count} from {stage}" for stage, count in stages)
    console.print(f"{calls} tried again: {at}.", markup=False)
