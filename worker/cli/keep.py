"""What is kept and for how long: erasing a call, legal holds, the daily run."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from worker.cli.options import EXIT_OUR_ERROR, AsJson, open_installation, without_cards
from worker.core.errors import Invalid
from worker.core.now import now_utc

if TYPE_CHECKING:
    from worker.core.log.entry import Actor
    from worker.record.store import Store

app = typer.Typer()
hold_app = typer.Typer(help="Legal holds: nothing of a held call is erased, whoever asks and whatever its time.")
keep_app = typer.Typer(help="For how long calls are kept.")
app.add_typer(hold_app, name="hold")
app.add_typer(keep_app, name="keep")

Call = Annotated[str, typer.Argument(help="The call's id, or as much of its beginning as is unique.")]
Why = Annotated[str, typer.Option(help="Why, in a line that stands in the record.", callback=without_cards)]
By = Annotated[str, typer.Option(help="E-mail address of who does it: one of `onrecord people`.")]


@app.command()
def erase(
    call: Call,
    by: By,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether it is meant.")] = False,
    sound: Annotated[bool, typer.Option("--sound", help="The sound alone: what was written of it stays.")] = False,
    as_json: AsJson = False,
) -> None:
    """Erase a call for good: its keys, sound, text, search words and packages; prints the receipt.

    Where a store does not answer, it says which, and is to be run again until nothing is left.
    """
    from worker.core.keeping.values import KeptKind, Why
    from worker.owed.erasing import erase_call
    from worker.owed.receipts import in_words, to_json

    installation = open_installation()
    store = installation.store
    actor, name = _who(store, by)
    call_id = store.call(call).id
    if not yes:
        typer.confirm(f"Everything of {call_id} will be destroyed, and nobody can undo it. Erase it?", abort=True)
    what = KeptKind.RECORDING if sound else KeptKind.RECORD
    stores = installation.erasing()
    receipt = erase_call(call_id, why=Why.COMMAND, by=actor, name=name, stores=stores, what=what)
    typer.echo(to_json(receipt) if as_json else in_words(receipt))


@app.command()
def receipt(call: Call, as_json: AsJson = False) -> None:
    """Print the receipts of what was erased of a call."""
    from worker.owed.receipts import in_words, to_json

    store = open_installation().store
    for one in store.keeping.receipts(store.call(call).id):
        typer.echo(to_json(one) if as_json else in_words(one))


@hold_app.command("put")
def put(call: Call, why: Why, by: By) -> None:
    """Put a legal hold on a call."""
    _hold(call, why, by, is_on=True)


@hold_app.command("release")
def release(call: Call, why: Why, by: By) -> None:
    """Take the legal hold from a call."""
    _hold(call, why, by, is_on=False)


@hold_app.command("list")
def held(as_json: AsJson = False) -> None:
    """List the calls that are held, and since when."""
    found = {call: since.isoformat() for call, since in open_installation().store.keeping.held().items()}
    if as_json:
        typer.echo(json.dumps(found, indent=2))
    for call, since in found.items() if not as_json else ():
        typer.echo(f"{call}  since {since}")


@keep_app.command()
def run(as_json: AsJson = False) -> None:
    """Make the daily run now: erase what was kept long enough, and finish what was left. Workers make it by themselves.

    Exit status 1 where something is left; a store that did not answer is named.
    """
    ran = open_installation().keeper().run()
    if as_json:
        typer.echo(json.dumps(vars(ran), indent=2))
    else:
        typer.echo(
            f"Erased: {ran.erased} calls, and the sound alone of {ran.sounds_erased}. Ended: {ran.packages_ended} "
            f"packages. Sealed: {ran.sealed} recordings of earlier versions. Removed: {ran.cleared} that became "
            f"nobody's. Forgotten: {ran.forgotten} customers without a call."
        )
        for line in ran.left:
            typer.echo(line, err=True)
    if ran.left:
        sys.exit(EXIT_OUR_ERROR)


@keep_app.command()
def rules() -> None:
    """Show for how long what is kept, by ONRECORD_KEEP."""
    found = open_installation().keeper().rules
    for where, kinds in (("all lines", found.for_all), *((f"line {line}", of) for line, of in found.of_line.items())):
        for kind, time in kinds.items():
            several = "" if time.number == 1 else "s"
            typer.echo(f"{where}: {kind} for {time.number} {UNITS[time.unit]}{several}")
    if not found.for_all and not found.of_line:
        typer.echo("Nothing is erased because of its age: ONRECORD_KEEP is not set.")


UNITS = {"d": "day", "m": "month", "y": "year"}


def _hold(call: str, why: str, by: str, *, is_on: bool) -> None:
    store = open_installation().store
    actor, name = _who(store, by)
    call_id = store.call(call).id
    change = store.keeping.hold if is_on else store.keeping.release
    if not change(call_id, why, by=actor, name=name, now=now_utc()):
        raise Invalid(f"There is {'already a' if is_on else 'no'} legal hold on {call_id}. Nothing was changed.")
    typer.echo(f"{call_id} is {'held' if is_on else 'held no more'}.")


def _who(store: Store, address: str) -> tuple[Actor, str | None]:
    """Who does it: it stands in the record."""
    from worker.core.log.entry import Actor, Role

    person = store.people.find(address)
    return Actor(Role.OPERATOR, person.id), person.name or address
