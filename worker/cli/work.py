"""Running a worker."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from worker.cli.options import open_installation

app = typer.Typer()


@app.command()
def work(
    stage: Annotated[
        list[str] | None,
        typer.Option(help="Take this stage alone, such as transcribe; may be given several times. All if not given."),
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="Where models run, instead of ONRECORD_DEVICE: auto, cpu, cuda, cuda:1 …")
    ] = None,
) -> None:
    """Run one worker: takes stages from the queue until it is stopped.

    SIGTERM lets it finish the stage under way for ONRECORD_GRACE_S seconds, then that is handed back to the others.
    """
    from worker.courier import Couriers
    from worker.owed.daily_run import DailyRun
    from worker.owed.packing import Packers
    from worker.running.work import Beside, run_worker

    if device is not None:
        os.environ["ONRECORD_DEVICE"] = device  # checked as a setting is, and kept by a process that replaces this
    installation = open_installation(log_level=None)
    beside: list[Beside] = [Couriers(installation.courier()), DailyRun(installation.keeper())]
    beside.append(Packers(installation.packer()))
    run_worker(installation.work(), installation.terms(stage or ()), beside=beside)
