"""All stages in this process, with nothing stored and no queue: the quickest look, and what benchmarks use."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from worker.core.call import CallDetails, Recording
from worker.core.record import CallRecord, MadeBy
from worker.core.stage import Stage, run_stage
from worker.intake.accept import check_file
from worker.stages import STAGES

ShowStage = Callable[[str, float], None]
"""Called with a stage's name and the share of its work that is done."""


def process_file(
    path: Path,
    details: CallDetails,
    *,
    ports: Mapping[str, object],
    scratch: Path,
    code_revision: str,
    show: ShowStage,
) -> CallRecord:
    """The record of one recording.

    Raises Invalid if there is no such file, and whatever a stage raises.
    """
    values, _ = work_stages(
        path, details, stages=STAGES, ports=ports, scratch=scratch, code_revision=code_revision, show=show
    )
    record = values[STAGES[-1].produces]
    if not isinstance(record, CallRecord):
        raise TypeError("The last stage gives the record.")
    return record


def work_stages(
    path: Path,
    details: CallDetails,
    *,
    stages: Sequence[Stage],
    ports: Mapping[str, object],
    scratch: Path,
    code_revision: str,
    show: ShowStage,
) -> tuple[dict[str, object], list[MadeBy]]:
    """What the stages give, by name, and how each was made: all of them, or the first few to look at these alone.

    Raises as ``process_file``.
    """
    check_file(path)
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    made_by: list[MadeBy] = []
    values: dict[str, object] = {
        "recordings": (Recording(sha256, path.name, path.stat().st_size, path),),
        "details": details,
        "made_by": made_by,
    }
    for stage in stages:
        show(stage.name, 0.0)
        result = run_stage(
            stage,
            values,
            {**ports, "scratch": scratch},
            code_revision=code_revision,
            progress=partial(show, stage.name),
        )
        show(stage.name, 1.0)
        values[stage.produces] = result.value
        made_by.append(result.made_by)
    return values, made_by
