"""Where calls stand, their records, and trying failed ones again."""

from __future__ import annotations

from typing import Annotated

import typer

from worker.cli.options import AsJson, open_installation
from worker.core.errors import Invalid, NotFound

app = typer.Typer()


@app.command()
def calls(
    failed: Annotated[
        bool, typer.Option("--failed", help="Only calls that failed, with reason, tries and last log line.")
    ] = False,
    reason: Annotated[str | None, typer.Option(help="Only calls with this reason, such as Unavailable.")] = None,
    line: Annotated[str | None, typer.Option(help="Only calls of this line.")] = None,
    sender: Annotated[str | None, typer.Option(help="Only calls of this sender.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List calls and where each stands."""
    from worker.console import calls_as_json, print_calls, print_failed_calls
    from worker.record.standing import CallState

    state = CallState.FAILED if failed else None
    found = open_installation().store.calls(state=state, limit=limit, reason=reason, line=line, sender=sender)
    if as_json:
        typer.echo(calls_as_json(found))
    elif failed:
        print_failed_calls(found)
    else:
        print_calls(found)


@app.command()
def show(
    call: Annotated[str, typer.Argument(help="The call's id, or as much of its beginning as is unique.")],
    as_json: AsJson = False,
) -> None:
    """Show the record of a call, or where it stands."""
    from worker.console import out, print_record, standing_text
    from worker.core.keeping.values import KeptKind
    from worker.exchange.result_json import record_to_json
    from worker.record.standing import CallState

    store = open_installation().store
    stored = store.call(call)
    if any(one.what is KeptKind.RECORD for one in store.keeping.receipts(stored.id)):
        raise NotFound(f"{stored.id} was erased. `onrecord receipt {stored.id}` says what was destroyed.")
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
    stage: Annotated[str | None, typer.Option(help="Every call that failed at this stage.")] = None,
    line: Annotated[str | None, typer.Option(help="Every failed call of this line.")] = None,
    sender: Annotated[str | None, typer.Option(help="Every failed call of this sender.")] = None,
) -> None:
    """Let failed calls be tried again; each goes on at the stage where it failed, and a worker takes it by itself.

    Of --reason, --stage, --line and --sender all that are given must hold.
    """
    from worker.console import out, print_retried
    from worker.record.operations import Which

    common = Which(reason=reason, stage=stage, line=line, sender=sender)
    if sum((bool(call), every, common != Which())) != 1:
        raise Invalid("Say one of: ids of calls, --all, or what they have in common, such as --reason BrokenModel.")
    store = open_installation().store
    if call:
        common = Which(call_ids=tuple(store.call(one).id for one in call))
    print_retried(store.retry_all(common), console=out)
