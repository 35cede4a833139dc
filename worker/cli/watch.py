"""Watching folders and buckets."""

from __future__ import annotations

import signal
import threading
from typing import Annotated

import typer

from worker.cli.options import open_installation
from worker.core.errors import Invalid

app = typer.Typer()


@app.command()
def watch(
    places: Annotated[
        list[str] | None,
        typer.Argument(help="Folders, or buckets (s3://…); ONRECORD_WATCH_FOLDER and _BUCKET if none is named."),
    ] = None,
    sender: Annotated[
        str | None, typer.Option(help="Whose external ids these are, instead of ONRECORD_WATCH_SENDER.")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Take what lies there now, and end.")] = False,
    refused: Annotated[bool, typer.Option("--refused", help="Show what was refused out of buckets, and why.")] = False,
) -> None:
    """Hand over whatever is put into a folder or a bucket: recordings, with their details beside them, and vCons.

    Out of a folder, what was accepted is moved into its folder `accepted` (or removed), what was refused into `refused`
    with the reason beside it. Out of a bucket nothing is moved.
    """
    from worker.console import out, printable
    from worker.intake import watching

    installation = open_installation(log_level="error" if once or refused else None)
    if refused:
        found = installation.store.watched.refused()
        for one in found:
            line = f"{one.at:%Y-%m-%d %H:%M}  {printable(one.bucket)}  {printable(one.path)}  {one.reason}"
            out.print(line, markup=False, soft_wrap=True)
        if not found:
            out.print("Nothing was refused.")
        return
    looked_at = installation.watched_places(*places or (), sender=sender)
    if not looked_at:
        raise Invalid("Nothing is named that could be watched. Name a folder, or set ONRECORD_WATCH_FOLDER.")
    ending = threading.Event()
    for stop_signal in (signal.SIGINT, signal.SIGTERM):
        signal.signal(stop_signal, lambda *_: ending.set())
    every_s = installation.settings.watch_every_s
    if not once:
        watching.watch(looked_at, every_s=every_s, ending=ending)
        return
    look = watching.watch_once(looked_at, every_s=every_s, ending=ending)
    out.print(f"{look.accepted} accepted, {look.refused} refused.", markup=False)
