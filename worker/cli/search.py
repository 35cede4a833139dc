"""Words of calls that can be looked for: taking in records that were made before they were."""

from __future__ import annotations

import typer

from worker.cli.options import open_installation

app = typer.Typer()
search_app = typer.Typer(help="Words across calls, as people look for them on their pages.")
app.add_typer(search_app, name="search")


@search_app.callback()
def search() -> None:
    """Words across calls, as people look for them on their pages."""


@search_app.command()
def index() -> None:
    """Take in the words of every record that lacks them: once after an update, and whenever they were lost."""
    from rich.progress import Progress

    from worker.console import err, out

    store = open_installation().store
    with Progress(console=err, transient=True) as progress:
        task = progress.add_task("Reading records", total=store.search.behind())
        taken = store.search.index(counted=lambda number: progress.update(task, completed=number))
    out.print(f"Taken in: {taken}.")
