"""The API keys of those who hand recordings over, and of operators' programs."""

from __future__ import annotations

from typing import Annotated

import typer

from worker.cli.options import open_installation
from worker.core.now import now_utc

app = typer.Typer()
keys_app = typer.Typer(help="API keys: for telephony systems that hand recordings over, and for operators' programs.")
app.add_typer(keys_app, name="keys")

USUAL_SCOPES = ["calls:write", "calls:read"]


@keys_app.command("add")
def add_key(
    sender: Annotated[
        str, typer.Argument(help="In whose name: a telephony system or a customer of the service, such as pbx-berlin.")
    ],
    scope: Annotated[
        list[str],
        typer.Option(
            help="What it opens: calls:write, calls:read, requests, operate or metrics. May be given several times."
        ),
    ] = USUAL_SCOPES,
) -> None:
    """Make a key and show it, this once. The same external id from one sender is one call."""
    from worker.console import err
    from worker.core.errors import Invalid
    from worker.record.senders import Scope

    known = [one.value for one in Scope]
    if wrong := [one for one in scope if one not in known]:
        raise Invalid(f"There is no scope {wrong[0]}. There are: {', '.join(known)}.")
    key = open_installation().store.senders.add(sender, (Scope(one) for one in scope), now=now_utc())
    typer.echo(key)
    err.print("Keep it: it is shown this once. It goes into the header Authorization: Bearer …", markup=False)


@keys_app.command("list")
def list_keys() -> None:
    """Show the keys that were made, without their secrets."""
    from datetime import datetime

    from rich.table import Table

    from worker.console import out, printable

    def day(instant: datetime | None) -> str:
        return "" if instant is None else f"{instant.astimezone():%Y-%m-%d %H:%M}"

    table = Table("id", "sender", "scopes", "made", "last used", "revoked")
    for key in open_installation().store.senders.all():
        instants = (day(one) for one in (key.made_at, key.last_used_at, key.revoked_at))
        table.add_row(key.id, printable(key.sender), " ".join(sorted(key.scopes)), *instants)
    out.print(table)


@keys_app.command()
def revoke(key: Annotated[str, typer.Argument(help="The key's id, as `onrecord keys list` shows it.")]) -> None:
    """Close a key for good. What was handed over with it stays."""
    from worker.console import out

    open_installation().store.senders.revoke(key, now=now_utc())
    out.print("The key opens nothing any more.")
