"""A stage: a plain function from values to a value that says what it needs and what it gives.

A stage knows no queue and no database. ``run_stage`` is the one place where a stage is called, whether by a job, by
``onrecord process`` or by a test, so timing and the note of which model answered are the same everywhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from worker.core.errors import Invalid
from worker.core.ports import Adapter, Load, MadeWith, Progress
from worker.core.record import MadeBy


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One step on the way of a call.

    ``run`` gets each value of ``requires`` and each port of ``ports`` under its own name, and ``progress`` (see
    ``ports.Progress``); it returns a new value of type ``gives`` and changes nothing. A value ``on_scratch`` points at
    files of this machine and is made again where they are missing, for a stage that ``hears``: that reads those files.
    What a stage ``forgets`` is nowhere any more once it is done: no stage after it may ask for it.
    """

    name: str
    requires: tuple[str, ...]
    produces: str
    gives: type
    run: Callable[..., object]
    ports: tuple[str, ...] = ()
    timeout_s: float = 600.0
    on_scratch: bool = False
    hears: bool = False
    forgets: tuple[str, ...] = ()


def check_order(stages: Sequence[Stage], *, given: Sequence[str]) -> None:
    """Raises Invalid if a stage needs what nothing before it gives, or gives what is already there."""
    there = list(given)
    for stage in stages:
        for need in stage.requires:
            if need not in there:
                raise Invalid(f"The stage {stage.name} needs {need!r}, but before it there is only {', '.join(there)}.")
        for gone in stage.forgets:
            there.remove(gone)
        if stage.produces in there:
            raise Invalid(f"The stage {stage.name} gives {stage.produces!r}, which is already there.")
        there.append(stage.produces)


@dataclass(frozen=True)
class Made:
    """What a stage made, and the note of how."""

    value: object
    made_by: MadeBy


def run_stage(
    stage: Stage,
    values: Mapping[str, object],
    ports: Mapping[str, object],
    *,
    code_revision: str,
    progress: Progress,
) -> Made:
    """Runs one stage on the values it requires. Whatever it raises goes through.

    A model is named in the note only if the stage asked for it: a stereo call is not said to have been diarized.
    """
    used: list[MadeWith] = []
    handed = {name: _noting(ports[name], used) for name in stage.ports}
    started = time.perf_counter()
    value = stage.run(**{name: values[name] for name in stage.requires}, **handed, progress=progress)
    seconds = time.perf_counter() - started
    if not isinstance(value, stage.gives):
        raise TypeError(f"The stage {stage.name} gives {stage.gives.__name__}, not {type(value).__name__}.")
    model = " + ".join(made.model for made in used) or None
    revision = " + ".join(made.revision for made in used) or code_revision
    return Made(value, MadeBy(stage.name, model, revision, round(seconds, 3)))


def _noting(port: object, used: list[MadeWith]) -> object:
    """A loader that notes what it loaded; a port that is no loader (a folder, say) is handed on as it is."""
    return partial(_load_and_note, port, used) if callable(port) else port


def _load_and_note(load: Load[Adapter], used: list[MadeWith]) -> Adapter:
    adapter = load()
    if adapter.made_with not in used:
        used.append(adapter.made_with)
    return adapter
