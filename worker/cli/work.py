"""Running a worker."""

from __future__ import annotations

import typer

from worker.cli.options import open_installation

app = typer.Typer()


@app.command()
def work() -> None:
    """Run one worker: takes stages from the queue until it is stopped (SIGTERM finishes the stage under way)."""
    from worker.work import run_worker

    run_worker(open_installation(log_level=None).work())
