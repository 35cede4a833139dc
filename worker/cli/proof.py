"""The log: checking that nothing was altered, its key and its checkpoints."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from worker.cli.options import EXIT_OUR_ERROR, AsJson, open_installation
from worker.core.errors import Invalid, NotFound

app = typer.Typer()
log_app = typer.Typer(help="The log of all entries: its public key and its newest checkpoint.", no_args_is_help=True)
app.add_typer(log_app, name="log")


@app.command()
def verify(
    package: Annotated[Path | None, typer.Argument(help="A copy to check, without network or database.")] = None,
    key: Annotated[
        Path | None, typer.Option(help="File with the log's public key, as `onrecord log key` prints it.")
    ] = None,
    since: Annotated[
        Path | None, typer.Option(help="File with a checkpoint that you kept: the log has only grown since.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check that nothing was altered, removed or added: in this whole installation, or in a copy of one call."""
    from worker.proof import Found, check_copy, check_log, in_words, read_proof, to_json

    key_text = None if key is None else read_proof(key)
    since_text = None if since is None else read_proof(since)
    found: Found
    if package is None:
        found = check_log(open_installation().store_to_check().log, key=key_text, since=since_text)
    elif key_text is None:
        raise Invalid("A copy is checked with the key that the company publishes: --key FILE.")
    else:
        found = check_copy(package, key=key_text, since=since_text)
    if as_json:
        typer.echo(to_json(found))
    else:
        for line in in_words(found):
            typer.echo(line)
    if found.findings:
        raise typer.Exit(EXIT_OUR_ERROR)


@log_app.command("key")
def log_key() -> None:
    """Print the public key of this log, to be published where others find it without asking you."""
    typer.echo(open_installation().store.log.verifier_key)


@log_app.command("checkpoint")
def log_checkpoint() -> None:
    """Print the newest signed checkpoint. Whoever keeps it can show later that the log has only grown."""
    newest = open_installation().store.log.latest_checkpoint()
    if newest is None:
        raise NotFound("Nothing is signed yet. A checkpoint is signed within a minute of the first entry.")
    typer.echo(newest.note, nl=False)
