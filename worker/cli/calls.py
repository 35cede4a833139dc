"""Where calls stand, their records, and trying failed ones again."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated

import typer

from worker.cli.options import AsJson, open_installation
from worker.core.errors import Invalid, NotFound, Unavailable

app = typer.Typer()


@app.command()
def calls(
    failed: Annotated[bool, typer.Option("--failed", help="Only calls that failed, with the reason.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 50,
) -> None:
    """List calls and where each stands."""
    from worker.console import print_calls
    from worker.record.standing import CallState

    print_calls(open_installation().store.calls(state=CallState.FAILED if failed else None, limit=limit))


@app.command()
def show(
    call: Annotated[str, typer.Argument(help="The call's id, or as much of its beginning as is unique.")],
    as_json: AsJson = False,
) -> None:
    """Show the record of a call, or where it stands."""
    from worker.console import out, print_record, standing_text
    from worker.exchange.result_json import record_to_json
    from worker.record.standing import CallState

    store = open_installation().store
    stored = store.call(call)
    if stored.standing.state is not CallState.READY:
        raise NotFound(f"There is no record of {stored.id} yet. It is {standing_text(stored.standing)}")
    record = store.record(stored.id)
    if as_json:
        typer.echo(record_to_json(record, indent=2))
    else:
        print_record(record, console=out)


@app.command()
def retry(
    call: Annotated[list[str] | None, typer.Argument(help="Ids of failed calls, or their beginnings.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every failed call.")] = False,
    reason: Annotated[str | None, typer.Option(help="Every call that failed for this reason.")] = None,
) -> None:
    """Put failed calls back on the queue; each goes on at the stage where it failed."""
    from worker.console import out

    if sum((bool(call), every, reason is not None)) != 1:
        raise Invalid("Say one of: ids of calls, --all, or --reason BrokenModel.")
    installation = open_installation()
    store, queue = installation.store, installation.queue_if_any()
    if call:
        again = tuple(stage for one in call for stage in store.retry(store.call(one).id))
    else:
        again = store.retry_all(reason=reason)
    for call_id, stage in again:
        if queue is not None:
            with suppress(Unavailable):  # the sweeper of any worker puts it there
                queue.put(call_id, stage)
        out.print(f"{call_id}  is tried again from {stage}", markup=False)
    if not again:
        out.print("Nothing failed among these calls.")
