"""The command ``onrecord``: reads arguments, hands over to the parts, prints what they give; one module a group.

Every import that is not needed to show the help is inside the command that needs it, so that ``onrecord --help``
answers at once and loads no model.
"""

from __future__ import annotations

import sys

import typer

from worker.cli import (
    add,
    calls,
    events,
    export,
    keep,
    keys,
    models,
    people,
    proof,
    requests,
    search,
    serve,
    watch,
    work,
)
from worker.cli.options import EXIT_OUR_ERROR
from worker.core.errors import CallError

app = typer.Typer(
    help="Turns recorded customer calls into records that both sides can read, check and add to.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for group in (serve, work, watch, add, calls, export, people, requests, keep, keys, events, proof, models, search):
    app.add_typer(group.app)


def main() -> None:
    """Runs the command; our own errors end it with one line that says what is wrong, and exit status 1."""
    try:
        app()
    except CallError as error:
        sys.stderr.write(f"{error.message}\n")
        sys.exit(EXIT_OUR_ERROR)
